/* The check of plugins on what nobody writes by hand: sources and declarations
 * whose parts repeat ten thousand times take memory in proportion to their
 * length, and their findings are told in a number that can be read. */
#include "plugin_fixture.h"

#include "baton/base/arena.h"
#include "baton/script/check.h"
#include "script/check_internal.h"

enum { REPEATED = 10000, MEMORY_PER_BYTE = 512, MEMORY_BASE = 4 * 1024 * 1024 };

#define WORKFLOW "baton.workflow{ name = 'x', version = 1, title = 'X', "
#define STAGES "stages = { { name = 'a' }, { name = 'b', final = true } }, "

/* `part` may hold %d: which one it is. */
static const struct bound_case {
    const char *name, *before, *part, *after;
} cases[] = {
    { "a path", "local x = a", ".b", "" },
    { "a path of texts", "local x = a", "['b']", "" },
    { "the name of a function", "function a", ".b", "() end" },
    { "methods in a row", "local x = a", ":b()", "" },
    { "texts on one line", "local x = { ", "\"a\", ", "}" },
    { "escapes in one text", "local x = '", "\\'", "'" },
    { "a long comment", "--[[", "]=", "]]" },
    { "tables side by side", "local x = { ", "{ {} }, ", "}" },
    { "functions", "local M = { ", "f%d = function() end, ", "} return M" },
    { "locals", "", "do local a%d = 1 end ", "" },
    { "globals", "", "x%d = y%d\n", "" },
    { "settings that there are not", "", "local _ = baton.settings.s%d ;(function() end)()\n", "" },
    { "columns that there are not", "local function f() ", "people.find{ x%d = 1 }\n", "end" },
    { "the same stage", WORKFLOW "stages = { ", "{ name = 'a' }, ", "}, transitions = {} }" },
    { "stages", WORKFLOW "stages = { ", "{ name = 'a%d' }, ",
      "}, transitions = { { name = 't', from = 'a1', to = 'a2' } } }" },
    { "transitions", WORKFLOW STAGES "transitions = { ", "{ name = 't%d', from = 'a', to = 'c' }, ",
      "} }" },
    { "stages of a transition", WORKFLOW STAGES "transitions = { { name = 't', to = 'b', from = { ",
      "'a%d', ", "} } } }" },
    { "reasons", WORKFLOW STAGES "transitions = { { name = 't', from = 'a', to = 'b', reasons = { ",
      "'r%d', ", "} } } }" },
    { "seats",
      WORKFLOW STAGES "transitions = { { name = 't', from = 'a', to = 'b', approval = { seats = { ",
      "'r%d', ", "} } } } }" },
    { "fields", WORKFLOW "fields = { ", "f%d = 'text', ",
      "}, " STAGES "transitions = { { name = 't', from = 'a', to = 'b' } } }" },
    { "reminders", WORKFLOW "stages = { { name = 'a', deadline = { within = '9 days', remind = { ",
      "'1 day', ",
      "} } }, { name = 'b', final = true } }, transitions = { { name = 't', from = 'a', to = 'b' } "
      "} }" },
    { "one stage of a computed list",
      "local s, l = { name = 'a' }, {} for i = 1, 100000 do l[i] = s end -- ", "x",
      "\n" WORKFLOW "stages = l, transitions = l }" },
    { "workflows", "",
      WORKFLOW STAGES "transitions = { { name = 't%d', from = 'a', to = 'b' } } }\n", "" },
};

static void repeat(const char *part, struct buf *out)
{
    for (int i = 0; i < REPEATED; i++)
        for (const char *at = part; *at; at++)
            if (at[0] == '%' && at[1] == 'd')
                buf_printf(out, "%d", i), at++;
            else
                buf_putc(out, *at);
}

/* Findings of each kind. */
static void counted(const struct check *c, const char *name)
{
    const struct check_kind *kind;
    for (size_t k = 0; (kind = check_kind_at(k)); k++) {
        size_t count = 0;
        bool more = false;
        for (size_t i = 0; i < check_count(c); i++) {
            const struct check_finding *f = check_at(c, i);
            count += f->kind == kind;
            more = more || (f->kind == kind && strstr(f->message, "and more of this kind"));
        }
        if (count > 201 || more != (count == 201))
            fail_msg("%s: %zu findings of %s, more: %d", name, count, kind->code, more);
    }
}

static void in_proportion(void **state)
{
    struct fix *f = *state;
    static const char *const names[] = { "p", NULL };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf text = BUF_INIT;
        char dir[96];
        buf_puts(&text, cases[i].before);
        repeat(cases[i].part, &text);
        buf_puts(&text, cases[i].after);
        fix_write(f, "plugins/p/plugin.ini", "[plugin]\nname = p\nversion = 1.0\napi = 1\n");
        fix_write(f, "plugins/p/init.lua", buf_text(&text));
        snprintf(dir, sizeof dir, "%s/plugins", f->dir);
        const char *const dirs[] = { dir, NULL };
        struct check *c = check_new();
        fix_reopen(f);
        ok(check_plugins(c, f->s, names, NULL, dirs, f->org_ini, NULL, &f->e));
        size_t bytes = arena_bytes(c->memory);
        if (bytes > MEMORY_BASE + MEMORY_PER_BYTE * text.len)
            fail_msg("%s: %zu bytes take %zu of memory", cases[i].name, text.len, bytes);
        counted(c, cases[i].name);
        check_free(c);
        buf_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(in_proportion, fix_setup, fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
