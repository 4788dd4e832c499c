/* r:pause, r:resume, r:clock, r.paused, stages with clock = "paused". */
#include "plugin_fixture.h"

/* Monday 2026-03-02 09:00 UTC; weeks are Mon-Fri 09:00-17:00. */
static const char job[] =
    "baton.workflow{\n"
    "  name = 'job', fields = { need = 'text' },\n"
    "  stages = {\n"
    "    { name = 'work', owner_roles = { 'specialist' },\n"
    "      deadline = { within = '2 working days', escalate = { after = '1 day', to = 'lead' } } "
    "},\n"
    "    { name = 'hold', clock = 'paused' },\n"
    "    { name = 'open', clock = 'runs' },\n"
    "    { name = 'done', final = true },\n"
    "  },\n"
    "  transitions = {\n"
    "    { name = 'wait', from = 'work', to = 'hold' },\n"
    "    { name = 'return', from = 'hold', to = 'work' },\n"
    "    { name = 'ease', from = 'work', to = 'open' },\n"
    "    { name = 'finish', from = '*', to = 'done' },\n"
    "  },\n"
    "}\n"
    "baton.on('referral.paused', function(event, r)\n"
    "  log.info('%s %s %d %s', event.kind, event.stage, event.left_ms, event.reason)\n"
    "end)\n";

static void pausing(void **state)
{
    struct fix *f = *state;
    fix_use(f, "", job);
    ok(fix_run(f, "staff.add{name='Grace', roles='specialist'}\n"
                  "r = referrals.open{workflow='job'} r:assign('S-1')"));
    gives("return tostring(r.paused) .. clock.format(r.due_at_ms)", "false2026-03-04 09:00");
    buf_clear(&f->output);
    ok(fix_run(f, "r:pause{reason='snow', note='three days'}"));
    assert_contains(buf_text(&f->output), "referral.paused work 57600000 snow");
    gives("return tostring(r.paused) .. tostring(r.due_at_ms) .. tostring(r.overdue)",
          "truenilfalse");
    gives("local h = r:history()[1] return h.kind .. h.note .. h.fields._clock.unit",
          "referral.pausedthree daysworking");
    clock_move(&f->clock, 4 * 86400000); /* Friday 09:00 */
    gives("return r:resume() == r and clock.format(r.due_at_ms)", "2026-03-09 17:00");
    gives("return tostring(r.paused) .. r:history()[1].kind", "falsereferral.resumed");
    ok(fix_run(f, "r:advance('wait')"));
    gives("return tostring(r.paused)", "true");
    clock_move(&f->clock, 3 * 86400000); /* Monday */
    ok(fix_run(f, "r:advance('return')"));
    gives("return clock.format(r.due_at_ms)", "2026-03-10 17:00");
}

static void refusals(void **state)
{
    struct fix *f = *state;
    static const struct {
        const char *lua;
        enum error_code code;
        const char *message;
    } cases[] = {
        { "r:resume()", ERROR_DENIED, "R-1: it is not paused" },
        { "r:pause() r:pause()", ERROR_DENIED, "its clock stands still already" },
        { "r:pause{raeson='x'}", ERROR_INVALID, "did you mean \"reason\"?" },
        { "r:pause{reason={}}", ERROR_INVALID, "reason" },
        { "r:pause{version=1}", ERROR_CONFLICT, "somebody changed it meanwhile" },
        { "r:pause{version='x'}", ERROR_INVALID, "a whole number" },
        { "r.pause()", ERROR_INVALID, "is a method of a referral: r:pause(…)" },
        { "r:set{fields={_clock=1}}", ERROR_INVALID, "_clock" },
        { "r:advance('ease') r:pause()", ERROR_DENIED, "no deadline runs in stage \"open\"" },
        { "r:advance('wait') r:resume()", ERROR_DENIED, "goes on when it returns there" },
        { "r:advance('finish') r:pause()", ERROR_DENIED, "it is closed" },
        { "return tasks.add{title='x'}.paused", ERROR_INVALID, "unknown column or method" },
    };
    fix_use(f, "", job);
    ok(fix_run(f, "r = referrals.open{workflow='job'}"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refused(fix_run(f, cases[i].lua), cases[i].code, cases[i].message);
}

static void record(void **state)
{
    struct fix *f = *state;
    fix_use(f, "", job);
    ok(fix_run(f, "staff.add{name='Grace', roles='specialist'}\n"
                  "r = referrals.open{workflow='job'}"));
    clock_move(&f->clock, 3600000);
    ok(fix_run(f, "r:assign('S-1')"));
    clock_move(&f->clock, 86400000);
    ok(fix_run(f, "r:pause()"));
    clock_move(&f->clock, 3600000);
    gives(
        "local out = {}\n"
        "for i, h in ipairs(r:clock()) do\n"
        "  out[i] = tostring(h.holder) .. ' ' .. h.stage .. ' ' .. h.ms // 3600000 .. ' ' ..\n"
        "    h.working_ms // 3600000 .. ' ' .. tostring(h.paused) .. ' ' .. tostring(h.to_at_ms)\n"
        "end\n"
        "return table.concat(out, ';')",
        "specialist work 1 1 nil 1772445600000;S-1 work 24 8 nil 1772532000000;"
        "S-1 work 1 1 true nil");
}

static void declarations(void **state)
{
    struct fix *f = *state;
    fix_plugin(f, "p", "",
               "baton.workflow{ name = 'x', stages = { { name = 'a', clock = 'pased' } },\n"
               "  transitions = {} }");
    assert_contains(fix_load_one(f, "p"), "clock = \"pased\": it is \"paused\" or \"runs\"");
    fix_reopen(f);
    fix_use(f, "", job);
    const struct graph *g = domain_graph(f->d, "job");
    assert_true(graph_stage(g, 1)->clock_paused && !graph_stage(g, 2)->clock_paused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pausing, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(refusals, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(record, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(declarations, fix_setup, fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
