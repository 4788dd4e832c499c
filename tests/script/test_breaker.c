/* The circuit breaker of a plugin: what counts, when it opens, how it closes,
 * what lasts. */
#include "plugin_fixture.h"

#include "baton/store/store.h"
#include "script/hooks_internal.h"

static struct plugin_info info_of(struct fix *f)
{
    struct plugin_info info;
    script_plugin_at(f->s, 0, &info);
    return info;
}

/* As the host does between commands. */
static void write_news(struct fix *f)
{
    if (!script_has_news(f->s))
        return;
    ok(store_turn_begin(f->store, &f->e));
    store_command_begin(f->store);
    ok(script_write_news(f->s, &f->e));
    ok(store_command_end(f->store, true, &f->e));
    ok(store_turn_commit(f->store, &f->e));
}

static int gather(void *context, const struct event *event)
{
    if (!strncmp(event->kind, "plugin.", 7))
        buf_printf(context, "%s by %s: %.*s\n", event->kind, event->actor, (int)event->payload_len,
                   event->payload);
    return 0;
}

static const char *history(struct fix *f)
{
    write_news(f);
    buf_clear(&f->output);
    ok(store_events(f->store, 0, 0, gather, &f->output, &f->e));
    return buf_text(&f->output);
}

static const char plugin[] =
    "baton.on('person.created', function(event, row)\n"
    "  if row.name == 'loop' then while true do pcall(error) end end\n"
    "  if row.name == 'fill' then local t = {} while true do t[#t + 1] = {} end end\n"
    "  if row.name == 'bad' then error('cannot') end\n"
    "  if row.name == 'wrong' then people.get({}) end\n"
    "  if row.name == 'no' then error({code = 'denied', message = 'not this one'}) end end)\n"
    "baton.on('timer.t', function() error({code = 'denied', message = 'no'}) end)\n"
    "baton.job('fine', {every = '1 hour'}, function() end)\n"
    "baton.command('errs', {}, function() error('user error') end)\n"
    "baton.command('loops', {}, function() while true do end end)\n"
    "baton.command('works', {}, function() return 'well' end)\n";

static int add(struct fix *f, const char *name)
{
    char lua[64];
    snprintf(lua, sizeof lua, "people.add{name = '%s'}", name);
    return fix_run(f, lua);
}

/* What counts, and how much of it is too much. */
static void what_counts(void **state)
{
    struct fix *f = *state;
    static const struct {
        const char *lua;
        enum error_code code;
        int many; /* switch it off; 0: never */
    } cases[] = {
        { "people.add{name = 'loop'}", ERROR_LIMIT, LIMIT_BREAKER_KILLS },
        { "people.add{name = 'fill'}", ERROR_LIMIT, LIMIT_BREAKER_KILLS },
        { "people.add{name = 'bad'}", ERROR_SCRIPT, LIMIT_BREAKER_ERRORS },
        { "people.add{name = 'wrong'}", ERROR_INVALID, LIMIT_BREAKER_ERRORS },
        { "people.add{name = 'no'}", ERROR_DENIED, 0 },
        { "baton.call('errs')", ERROR_SCRIPT, 0 },
    };
    f->options.call_ms = 20;
    f->options.limit_bytes = 4000000;
    fix_plugin(f, "p", "permissions = people\n", plugin);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int many = cases[i].many ? cases[i].many : LIMIT_BREAKER_ERRORS + 5;
        fix_reopen(f);
        assert_string_equal(fix_load_one(f, "p"), "");
        for (int n = 0; n < many; n++) {
            assert_false(info_of(f).off);
            refused(fix_run(f, cases[i].lua), cases[i].code, "");
            ok(add(f, "good")); /* what goes well in between does not help */
        }
        if (info_of(f).off != (cases[i].many > 0))
            fail_msg("%s: %s", cases[i].lua, info_of(f).problem);
    }
}

/* A refusal that nobody hears counts: of a timer. */
static void refusals_unheard(void **state)
{
    struct fix *f = *state;
    char detail[] = "{}";
    fix_use(f, "permissions = people\n", plugin);
    for (int n = 0; n < LIMIT_BREAKER_ERRORS; n++) {
        assert_false(info_of(f).off);
        refused(handlers_event(f->s, "timer.t", NULL, detail, 2, &f->e), ERROR_DENIED, "no");
    }
    assert_true(info_of(f).off);
}

static void only_within_the_window(void **state)
{
    struct fix *f = *state;
    fix_use(f, "permissions = people\n", plugin);
    for (int n = 0; n < 3 * LIMIT_BREAKER_ERRORS; n++) {
        refused(add(f, "bad"), ERROR_SCRIPT, "cannot");
        clock_move(&f->clock, LIMIT_BREAKER_WINDOW_MS / (LIMIT_BREAKER_ERRORS - 1) + 1);
        assert_false(info_of(f).off);
    }
}

static void fail_often(struct fix *f)
{
    for (int n = 0; n < LIMIT_BREAKER_ERRORS; n++)
        refused(add(f, "bad"), ERROR_SCRIPT, "cannot");
    assert_true(info_of(f).off);
}

static void off_and_on_again(void **state)
{
    struct fix *f = *state;
    struct buf kept = BUF_INIT;
    fix_use(f, "permissions = people\n", plugin);
    int64_t job_at = script_jobs_at(f->s);
    fail_often(f);
    assert_contains(buf_text(&f->output), "3 p switched off since 2026-03-02 09:00, because of 20");
    assert_contains(buf_text(&f->output), "cannot"); /* said, and not kept: it may name somebody */
    assert_contains(info_of(f).problem, "the last: p/init.lua:4: an error (script) in handler of");
    write_news(f);
    ok(store_meta_get(f->store, "breaker.p", &kept, &f->e));
    assert_contains(buf_text(&kept), "an error (script) in handler of");
    assert_null(strstr(buf_text(&kept), "cannot"));
    assert_null(strstr(info_of(f).problem, "cannot"));
    buf_free(&kept);
    ok(add(f, "bad")); /* nobody listens */
    refused(fix_run(f, "baton.call('works')"), ERROR_DENIED,
            "plugin p is switched off since 2026-03-02 09:00, because of 20 errors");
    assert_true(script_jobs_at(f->s) == fix_now_ms + LIMIT_BREAKER_PAUSE_MS &&
                job_at < fix_now_ms + 1);
    /* Tried again: one failure is enough, and a success closes it. */
    clock_move(&f->clock, LIMIT_BREAKER_PAUSE_MS);
    refused(add(f, "bad"), ERROR_SCRIPT, "cannot");
    assert_contains(info_of(f).problem, "it was tried again and failed: p/init.lua:4");
    ok(add(f, "bad"));
    clock_move(&f->clock, LIMIT_BREAKER_PAUSE_MS);
    gives("return baton.call('works')", "well");
    assert_false(info_of(f).off);
    assert_string_equal(info_of(f).problem, "");
    refused(add(f, "bad"), ERROR_SCRIPT, "cannot"); /* counted anew */
    assert_false(info_of(f).off);
    const char *all = history(f);
    assert_contains(all,
                    "plugin.switched_off by breaker: {\"plugin\":\"p\",\"why\":\"of 20 errors");
    assert_contains(all, "\"where\":\"p/init.lua:4\"}");
    assert_null(strstr(all, "cannot"));
    assert_contains(all, "plugin.switched_on by breaker: {\"plugin\":\"p\",\"why\":\"it was tried");
}

/* Off, and kills, survive a restart; a reload is a new beginning. */
static void it_lasts(void **state)
{
    struct fix *f = *state;
    f->options.call_ms = 20;
    fix_plugin(f, "p", "permissions = people\n", plugin);
    for (int n = 0; n < LIMIT_BREAKER_KILLS; n++) {
        fix_reopen(f);
        assert_string_equal(fix_load_one(f, "p"), "");
        refused(add(f, "loop"), ERROR_LIMIT, "longer than its 20 ms");
        write_news(f);
    }
    assert_contains(history(f), "plugin.blamed by breaker: {\"plugin\":\"p\",\"why\":\"plugin p, "
                                "handler of \\\"person.created\\\": stopped: it ran longer");
    for (int anew = 0; anew < 2; anew++) {
        const char *const names[] = { "p", NULL };
        f->options.anew = anew;
        fix_reopen(f);
        ok(fix_load(f, names));
        assert_true(info_of(f).loaded);
        assert_int_equal(info_of(f).off, !anew);
    }
    assert_contains(history(f), "\"why\":\"the organisation was reloaded\"}");
    /* What was undone as a whole did not happen. */
    refused(add(f, "loop"), ERROR_LIMIT, "");
    script_rewind(f->s);
    assert_false(script_has_news(f->s));
}

static void by_hand(void **state)
{
    struct fix *f = *state;
    static const struct actor lead = { .staff_id = 1, .name = "S-1", .roles = "lead" };
    fix_use(f, "permissions = people\n", plugin);
    refused(script_switch(f->s, "p", false, &lead, NULL, &f->e), ERROR_DENIED, "role admin; S-1");
    refused(script_switch(f->s, "q", false, &fix_operator, NULL, &f->e), ERROR_NOT_FOUND,
            "no plugin \"q\"; there is p");
    refused(script_switch(f->s, "p", true, &fix_operator, NULL, &f->e), ERROR_CONFLICT,
            "on already");
    ok(script_switch(f->s, "p", false, &fix_operator, "too loud", &f->e));
    clock_move(&f->clock, INT64_C(400) * 86400000);
    refused(fix_run(f, "baton.call('works')"), ERROR_DENIED, "operator switched it off: too loud");
    assert_true(script_jobs_at(f->s) == INT64_MAX);
    write_news(f);
    f->options.anew = true; /* a reload does not switch it on */
    fix_reopen(f);
    const char *const names[] = { "p", NULL };
    ok(fix_load(f, names));
    assert_true(info_of(f).off);
    ok(script_switch(f->s, "p", true, &fix_operator, NULL, &f->e));
    gives("return baton.call('works')", "well");
    assert_contains(history(f), "plugin.switched_on by operator");
}

/* One failure counts for the innermost plugin only, and not for who is told of it. */
static void the_one_at_fault(void **state)
{
    struct fix *f = *state;
    const char *const names[] = { "outer", "inner", NULL };
    f->options.call_ms = 20;
    fix_plugin(f, "inner", "permissions = people, partners\n",
               "baton.on('partner.created', function(e, row)\n"
               "  if row.name == 'bad' then error('inner') end while true do end end)");
    fix_plugin(f, "outer", "permissions = people, partners\n",
               "baton.on('person.created', function(e, row) partners.add{name = row.name} end)");
    ok(fix_load(f, names));
    for (int n = 0; n < LIMIT_BREAKER_ERRORS; n++)
        refused(add(f, "bad"), ERROR_SCRIPT, "inner");
    struct plugin_info info;
    script_plugin_at(f->s, 0, &info);
    assert_string_equal(info.name, "outer");
    assert_false(info.off);
    script_plugin_at(f->s, 1, &info);
    assert_true(info.off);
    /* Text does not forge a kill. */
    fix_plugin(f, "p", "permissions = people\n",
               "baton.on('person.created', function() error('not enough memory', 0) end)");
    fix_reopen(f);
    assert_string_equal(fix_load_one(f, "p"), "");
    for (int n = 0; n < LIMIT_BREAKER_KILLS + 2; n++)
        refused(add(f, "x"), ERROR_SCRIPT, "not enough memory");
    assert_false(info_of(f).off);
    assert_false(script_has_news(f->s));
}

/* Whoever catches them in one statement does not hide them. */
static void each_kill_counts(void **state)
{
    struct fix *f = *state;
    f->options.call_ms = 10;
    fix_reopen(f);
    fix_use(f, "permissions = people\n", plugin);
    fix_run(f, "for i = 1, 12 do pcall(baton.call, 'loops') end");
    assert_true(info_of(f).off);
    assert_contains(history(f), "of 5 kills within");
}

/* It went off in a year to come. */
static void a_clock_that_is_set_back(void **state)
{
    struct fix *f = *state;
    const int64_t year_ms = INT64_C(365) * 86400000;
    fix_use(f, "permissions = people\n", plugin);
    clock_move(&f->clock, year_ms);
    for (int n = 0; n < LIMIT_BREAKER_KILLS; n++)
        ok(script_blame(f->s, "p", "the process was killed", &f->e));
    assert_true(info_of(f).off);
    clock_move(&f->clock, -year_ms);
    gives("return baton.call('works')", "well");
    ok(script_blame(f->s, "p", "the process was killed", &f->e));
    assert_false(info_of(f).off);
    ok(script_switch(f->s, "p", false, &fix_operator, NULL, &f->e));
    clock_move(&f->clock, -year_ms);
    refused(fix_run(f, "baton.call('works')"), ERROR_DENIED, "switched it off");
}

static void blamed_from_outside(void **state)
{
    struct fix *f = *state;
    fix_use(f, "permissions = people\n", plugin);
    for (int n = 0; n < LIMIT_BREAKER_KILLS; n++) {
        assert_false(info_of(f).off);
        ok(script_blame(f->s, "p", "the process was killed", &f->e));
    }
    assert_true(info_of(f).off);
    ok(script_blame(f->s, "gone", "the process was killed", &f->e));
    refused(script_blame(f->s, "No Name", "x", &f->e), ERROR_INVALID, "no name of a plugin");
    assert_contains(history(f), "{\"plugin\":\"gone\",\"why\":\"the process was killed\"}");
}

static void died_while_loading(void **state)
{
    struct fix *f = *state;
    const char *const names[] = { "p", NULL };
    fix_plugin(f, "p", "permissions = people\n", plugin);
    ok(store_turn_begin(f->store, &f->e));
    store_command_begin(f->store);
    ok(script_blame_loading(f->store, fix_now_ms, "p", "the process crashed", &f->e));
    ok(store_command_end(f->store, true, &f->e));
    ok(store_turn_commit(f->store, &f->e));
    fix_reopen(f);
    ok(fix_load(f, names));
    assert_false(info_of(f).loaded);
    assert_contains(info_of(f).problem, "because the process crashed");
    clock_move(&f->clock, LIMIT_BREAKER_PAUSE_MS);
    fix_reopen(f);
    ok(fix_load(f, names));
    assert_true(info_of(f).loaded);
    gives("return baton.call('works')", "well");
    assert_false(info_of(f).off);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_counts, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(refusals_unheard, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(only_within_the_window, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(off_and_on_again, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(it_lasts, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(by_hand, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(the_one_at_fault, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(each_kill_counts, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_is_set_back, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(blamed_from_outside, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(died_while_loading, fix_setup, fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
