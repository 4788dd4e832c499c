/* r:explain, events.explain, baton.migrate and migrate = of baton.workflow. */
#include "plugin_fixture.h"

#include "baton/domain/version.h"

static const char care[] =
    "baton.workflow{ name = 'care', version = %s,\n"
    "  fields = { need = 'text', %s = { type = 'int', min = 1 } },\n"
    "  stages = { { name = 'new' }, { name = '%s' }, { name = 'done', final = true } },\n"
    "  transitions = {\n"
    "    { name = 'ask', from = 'new', to = '%s', roles = { 'lead' }, required = { 'need' },\n"
    "      reasons = { 'good' }, note = true,\n"
    "      guard = function(r)\n"
    "        if r.fields.need ~= 'care' then return false, 'nobody needs it' end\n"
    "        return true\n"
    "      end,\n"
    "      effect = function(r) r:note('effect') end },\n"
    "    { name = 'plain', from = 'new', to = '%s' },\n"
    "    { name = 'write', from = 'new', guard = function(r) r:note('x') return true end },\n"
    "    { name = 'stop', from = '*', to = 'done', locked = true, source = 'the law' } },\n"
    "%s }\n"
    "baton.on('referral.advanced', function(event, row)\n"
    "  local t = row:task{ title = 'first', role = 'lead' }\n"
    "  t:done('at once')\n"
    "end, { priority = 1 })\n"
    "baton.on('task.done', function(event, row) row:note('done') end)\n"
    "baton.on('referral.advanced', function() end)\n";

/* Loads it as version `version`, as after a reload. */
static void load(struct fix *f, const char *version, const char *hours, const char *second,
                 const char *migrate)
{
    char text[4096];
    snprintf(text, sizeof text, care, version, hours, second, second, second, migrate);
    domain_remove_plugin(f->d, "p");
    fix_reopen(f);
    fix_use(f, "", text);
    ok(store_turn_begin(f->store, &f->e));
    domain_command_begin(f->d);
    ok(domain_keep_versions(f->d, &f->e));
    ok(domain_command_end(f->d, true, &f->e));
    ok(store_turn_commit(f->store, &f->e));
}

/* "ok role; no guard: nobody needs it" */
static const char lines[] =
    "local function lines(x) local out = {}\n"
    "  for _, c in ipairs(x.checks) do\n"
    "    out[#out + 1] = c.ok and 'ok ' .. c.check or 'no ' .. c.check .. ': ' .. c.text end\n"
    "  return table.concat(out, '; ') end\n";

static void explains(struct fix *f, const char *code, const char *part)
{
    char text[2048];
    snprintf(text, sizeof text, "%s %s", lines, code);
    ok(fix_run(f, text));
    assert_contains(buf_text(&f->output), part);
}

static void every_reason(void **state)
{
    struct fix *f = *state;
    load(f, "1", "hours", "asked", "");
    ok(fix_run(f, "referrals.open{workflow='care'}; staff.add{name='J', roles='junior'}"));
    explains(f, "return lines(referrals.get(1):explain('ask'))",
             "ok transition; ok version; ok role; no reason: \"ask\" needs a reason, one of: good; "
             "no note: a note is needed; no required: \"ask\" needs field \"need\"; no guard: "
             "\"ask\" is refused: nobody needs it");
    explains(f, "return referrals.get(1):explain('ask').checks[7].where", "p/init.lua:7");
    explains(f, "return tostring(referrals.get(1):explain('ask').may)", "false");
    explains(
        f,
        "local x = referrals.get(1):explain('ask', {reason='good', note='n', "
        "fields={need='care', hours=0}}) return x.to .. ' ' .. lines(x)",
        "asked ok transition; ok version; ok role; ok reason; no fields: field \"hours\" takes "
        "a whole number of at least 1, not 0; ok required; no guard");
    explains(f, "return lines(referrals.get(1):explain('aks'))",
             "no transition: no transition \"aks\" from stage \"new\", did you mean \"ask\"?");
    explains(f, "return lines(referrals.get(1):explain('write'))", "no guard: ");
    explains(f, "return tostring(referrals.get(1):explain('plain').may)", "true");
    explains(f, "return referrals.get(1):notes()[1] == nil and 'nothing was written'",
             "nothing was written");
    explains(
        f,
        "local all = referrals.get(1):explain() local n = {} for i, x in ipairs(all) do n[i] = "
        "x.transition .. '=' .. tostring(x.may) end return table.concat(n, ' ')",
        "ask=false plain=true write=false stop=true");
    explains(f,
             "referrals.get(1):advance('stop') return #referrals.get(1):explain() .. "
             "lines(referrals.get(1):explain('ask'))",
             "0no transition: it is closed (done)");
    refused(fix_run(f, "referrals.get(1):explain(3)"), ERROR_INVALID,
            "takes the name of a transition, or nothing");
    refused(fix_run(f, "referrals.get(1):explain('ask', {raeson='x'})"), ERROR_INVALID, "reason");
}

static void pinned(void **state)
{
    struct fix *f = *state;
    load(f, "1", "hours", "asked", "");
    ok(fix_run(f, "referrals.open{workflow='care'}"));
    load(f, "2", "hours", "asked", "");
    explains(f, "return lines(referrals.get(1):explain('plain'))",
             "no version: R-1 runs version 1 of care, version 2 is loaded: baton migrate care");
    explains(f, "local all = referrals.get(1):explain() return #all .. lines(all[1])",
             "2no version: ");
    explains(f, "return lines(referrals.get(1):explain('stop'))", "ok version; ok role");
}

static void seats(void **state)
{
    struct fix *f = *state;
    fix_use(f, "",
            "baton.workflow{ name = 'care',\n"
            "  stages = { { name = 'new' }, { name = 'done', final = true } },\n"
            "  transitions = { { name = 'drop', from = 'new', to = 'done' },\n"
            "    { name = 'ask', from = 'new', to = 'done', approval = { need = 1,\n"
            "      seats = { { name = 'chair', role = 'lead', mandatory = true } } } } } }");
    ok(fix_run(f, "referrals.open{workflow='care'} staff.add{name='L', roles='lead'}"));
    explains(f, "return lines(referrals.get(1):explain('ask'))", "no approval: ");
    explains(f, "return lines(referrals.get(1):explain('ask'))", "chair");
    ok(fix_run(f, "referrals.get(1):vote('ask', 'yes', {for_staff='S-1'})"));
    explains(f, "return lines(referrals.get(1):explain('ask'))", "ok approval");
}

/* Order, nesting, and what each wrote itself. */
static void what_ran(void **state)
{
    struct fix *f = *state;
    static const char find[] = "local seq for _, e in ipairs(events.recent{limit=50}) do if e.kind "
                               "== 'referral.advanced' then seq = e.seq end end\n";
    char text[2048];
    load(f, "1", "hours", "asked", "");
    ok(fix_run(f, "referrals.open{workflow='care', fields={need='care'}}"));
    ok(fix_run(f, "referrals.get(1):advance('ask', {reason='good', note='n'})"));
    snprintf(text, sizeof text,
             "%s local out = {} for i, h in ipairs(events.explain(seq).handlers) do local w = {} "
             "for j, e in ipairs(h.wrote) do w[j] = e.kind .. ' ' .. (e.about or '-') end "
             "out[i] = h.what .. ' ' .. h.where .. ' [' .. table.concat(w, ', ') .. ']' end return "
             "table.concat(out, '\\n')",
             find);
    gives(text, "effect of \"ask\" p/init.lua:11 [note.created N-1]\n"
                "handler of \"referral.advanced\" p/init.lua:16 [task.created K-1, task.done K-1]\n"
                "handler of \"referral.advanced\" p/init.lua:21 []");
    snprintf(text, sizeof text,
             "%s local done = events.explain(seq).handlers[2].wrote[2].seq local x = "
             "events.explain(done) return x.kind .. ' by ' .. x.by .. ' for ' .. x.caused_by.kind "
             ".. ': ' .. x.handlers[1].wrote[1].kind .. ' ' .. math.type(x.handlers[1].us)",
             find);
    gives(text, "task.done by p/init.lua:16 for referral.advanced: note.created integer");
    snprintf(text, sizeof text, "%s explain(seq)", find);
    refused(fix_run(f, "events.explain(99999)"), ERROR_NOT_FOUND, "no event 99999; the last is");
    refused(fix_run(f, "events.explain('x')"), ERROR_INVALID, "takes the seq of an event");
    /* Where nothing listens nothing is written besides. */
    ok(fix_run(f, "people.add{name='A'}"));
    gives("local e = events.recent{limit=1}[1] return e.kind .. #events.explain(e.seq).handlers",
          "person.created0");
}

/* A detail with a "trace" of its own keeps it; a handler that fails leaves nothing behind. */
static void traces_stay_whole(void **state)
{
    struct fix *f = *state;
    fix_use(f, "",
            "baton.on('my.thing', function(e) if e.fail then error('no') end\n"
            "  baton.emit('my.other', { trace = 'mine', a = 1 }) end)\n");
    ok(fix_run(f, "baton.emit('my.thing', {})"));
    gives("local e = events.after(1)[1] return e.kind .. ' ' .. e.trace .. ' ' .. e.a",
          "my.other mine 1");
    gives("return events.explain(1).handlers[1].wrote[1].kind", "my.other");
    int64_t before = store_last_event(f->store);
    refused(fix_run(f, "baton.emit('my.thing', {fail=true})"), ERROR_SCRIPT, "no");
    assert_int_equal(store_last_event(f->store), before);
    ok(fix_run(f, "people.add{name='A'}"));
    gives("return tostring(events.recent{limit=1}[1].trace)", "nil");
}

static void migrating(void **state)
{
    struct fix *f = *state;
    load(f, "1", "hours", "asked", "");
    ok(fix_run(f, "local r = referrals.open{workflow='care', fields={hours=3}} r:advance('plain') "
                  "referrals.open{workflow='care'}"));
    load(f, "2", "time_needed", "waiting", "");
    gives("referrals.get(1):set{fields={hours=4}} referrals.get(1):set{fields={hours=3}} return "
          "referrals.get(1).fields.hours",
          "3"); /* a field of the version that it runs */
    gives("local rows = baton.migrate{preview=true} return #rows .. rows[1].class .. rows[2].class",
          "2blockedfits");
    refused(fix_run(f, "baton.migrate{workflow='care'}"), ERROR_CONFLICT,
            "1 referral is in the way (--skip-blocked leaves it as it is): R-1: version 2 has no "
            "stage \"asked\"");
    gives("baton.migrate{workflow='care', skip_blocked=true} return "
          "referrals.get(1).workflow_version .. ' ' .. referrals.get(2).workflow_version",
          "1 2");
    load(f, "3", "time_needed", "waiting",
         "migrate = { { from = 1, stages = { asked = 'waiting' }, fields = { hours = 'time_needed' "
         "}, deadlines = { waiting = 'restart' } }, { from = 2 } }");
    gives("local rows = baton.migrate() return rows[1].class .. ' ' .. rows[1].stage .. ' ' .. "
          "rows[1].to_stage .. ' ' .. referrals.get(1).fields.time_needed .. ' ' .. "
          "referrals.get(1).stage",
          "mapped asked waiting 3 waiting");
    gives("baton.migrate{workflow='care', undo=true} local a, b = referrals.get(1), "
          "referrals.get(2) return a.stage .. a.workflow_version .. ' ' .. b.workflow_version",
          "asked1 2");
    gives("return #baton.migrate{undo=true, preview=true}", "1"); /* R-2, from 1 */
    gives("return #baton.migrate{undo=true, preview=true, since='tomorrow'}", "0");
    refused(fix_run(f, "baton.migrate{workflow='car'}"), ERROR_NOT_FOUND, "did you mean \"care\"?");
    refused(fix_run(f, "baton.migrate{prevew=true}"), ERROR_INVALID, "preview");
}

static void declarations(void **state)
{
    struct fix *f = *state;
    static const struct {
        const char *migrate, *problem;
    } cases[] = {
        { "migrate = { from = 2 }", "from is another version than 2" },
        { "migrate = { stages = {} }", "from is another version than 2" },
        { "migrate = { from = 1, stage = {} }", "did you mean \"stages\"?" },
        { "migrate = { from = 1, stages = { x = 'askd' } }", "did you mean \"asked\"?" },
        { "migrate = { from = 1, stages = { x = false } }", "stages: x takes the new name" },
        { "migrate = { from = 1, fields = { x = 3 } }", "or false to drop it" },
        { "migrate = { from = 1, deadlines = { asked = 'kep' } }", "did you mean \"keep\"?" },
        { "migrate = { from = 1, deadlines = { askedd = 'keep' } }", "did you mean \"asked\"?" },
        { "migrate = { { from = 1 }, { from = 1 } }", "from version 1 is there twice" },
        { "migrate = 3", "migrate takes a table" },
        { "migrate = { 3 }", "migrate takes { from = 1" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[4096];
        snprintf(text, sizeof text, care, "2", "hours", "asked", "asked", "asked",
                 cases[i].migrate);
        fix_reopen(f);
        fix_plugin(f, "p", "", text);
        const char *problem = fix_load_one(f, "p");
        assert_contains(problem, cases[i].problem);
        assert_contains(problem, "p/init.lua:");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_reason, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(pinned, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(seats, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(what_ran, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(traces_stay_whole, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(migrating, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(declarations, fix_setup, fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
