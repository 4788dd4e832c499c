/* The attacks of groups 2 to 9 inside one process: each in a command of a plugin (or in its main
 * chunk), with a short budget. Each ends as its list says, names the plugin and a line, and leaves
 * the organisation at work. `baton doctor --attack` runs them where they belong, in a server. */
#include "script/plugin_fixture.h"

#include "cli/attack_internal.h"

enum { BUDGET_MS = 60, LATE_MS = 5000 }; /* late: a busy machine must not fail this */

static const char permissions[] =
    "permissions = people, partners, services, staff, messages, timers\n";

struct outcome {
    int rc;
    int64_t ms;
    char text[2048]; /* the result, or the error */
};

static int64_t now_ms(void)
{
    return (int64_t)(clock_monotonic_ns() / 1000000);
}

static void attack_write(struct fix *f, const struct attack *a)
{
    struct buf lua = BUF_INIT;
    const char *form = a->place == ATTACK_MAIN
                           ? "%s"
                           : "baton.command('attack', {}, function(args)\n%s\nend)\n"
                             "baton.command('well', {}, function() return 'well' end)\n";
    buf_printf(&lua, form, a->lua);
    fix_plugin(f, "p", permissions, buf_text(&lua));
    buf_free(&lua);
}

static void attack_run(struct fix *f, const struct attack *a, struct outcome *out)
{
    int64_t began = now_ms();
    attack_write(f, a);
    const char *problem = fix_load_one(f, "p");
    out->rc = 0;
    if (*problem) {
        out->rc = -ERROR_INVALID;
        snprintf(out->text, sizeof out->text, "%s", problem);
    } else if (a->place != ATTACK_MAIN) {
        began = now_ms();
        out->rc = fix_lua(f, a->end == ATTACK_STOPPED ? BUDGET_MS : LIMIT_STATEMENT_MS,
                          "return tostring(baton.call('attack'))");
        if (out->rc)
            error_format(&f->e, out->text, sizeof out->text);
        else
            snprintf(out->text, sizeof out->text, "%.2000s", buf_text(&f->output));
    }
    out->ms = now_ms() - began;
}

static void attack_check(struct fix *f, const struct attack *a, const struct outcome *o)
{
    bool failed = o->rc < 0;
    if (failed != (a->end != ATTACK_HARMLESS))
        fail_msg("%d %s: %s: %.600s", a->group, a->name, failed ? "failed" : "went well", o->text);
    if (a->end == ATTACK_STOPPED && o->rc != -ERROR_LIMIT)
        fail_msg("%d %s: code %d: %.600s", a->group, a->name, o->rc, o->text);
    if (a->says && !strstr(o->text, a->says))
        fail_msg("%d %s: \"%s\" is not in \"%.600s\"", a->group, a->name, a->says, o->text);
    if (failed && !strstr(o->text, "plugin p") && !strstr(o->text, "p/init.lua:"))
        fail_msg("%d %s: the plugin is not named: %.600s", a->group, a->name, o->text);
    if (o->ms > BUDGET_MS + LATE_MS)
        fail_msg("%d %s: %lld ms", a->group, a->name, (long long)o->ms);
    if (a->place == ATTACK_MAIN)
        return;
    if (fix_lua(f, 5000, "return baton.call('well')") < 0)
        fail_msg("%d %s: the next command: %s", a->group, a->name, f->e.message);
    assert_string_equal(buf_text(&f->output), "well");
}

/* An error of code has its line: `p/init.lua:N`, except where the code gave an error no place, and
 * where memory was short. */
static size_t attack_has_line(const struct outcome *o)
{
    return o->rc == 0 || strstr(o->text, "p/init.lua:") != NULL;
}

static void attack_list_runs(struct fix *f, const struct attack_list *list)
{
    size_t placed = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct attack *a = &list->attacks[i];
        struct outcome o;
        if (a->place == ATTACK_SESSION) /* what it shows is tests/script/test_show.c's */
            continue;
        fix_reopen(f);
        attack_run(f, a, &o);
        if (getenv("BATON_ATTACKS"))
            print_message("%d %-50s %5lld ms %.200s\n", a->group, a->name, (long long)o.ms, o.text);
        attack_check(f, a, &o);
        placed += attack_has_line(&o);
    }
    assert_true(placed * 10 >= list->count * 8);
}

#define LIST(name)                                                                                 \
    static void name##_attacks(void **state)                                                       \
    {                                                                                              \
        attack_list_runs(*state, &attack_list_##name);                                             \
    }
LIST(library)
LIST(memory)
LIST(source)
LIST(reach)
LIST(data)
LIST(errors)

#define RUN(name) cmocka_unit_test_setup_teardown(name##_attacks, fix_setup, fix_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = { RUN(library), RUN(memory), RUN(source),
                                        RUN(reach),   RUN(data),   RUN(errors) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
