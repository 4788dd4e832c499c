/* Guards, effects and handlers as the domain calls them. */
#include "plugin_fixture.h"

#include "baton/store/store.h"

/* One transition per way in which a guard or effect can go. */
static const char flow[] =
    "local keep\n"
    "local function t(name, guard, effect) return { name = name, from = 'a', to = 'b', guard = "
    "guard, effect = effect } end\n"
    "baton.workflow{ name = 'w', fields = { x = 'int', why = 'text' },\n"
    "  stages = { {name = 'a'}, {name = 'b'}, {name = 'z', final = true} },\n"
    "  transitions = {\n"
    "    t('yes', function(r) return true end),\n"
    "    t('no', function(r) return false end),\n"
    "    t('none', function(r) end),\n"
    "    t('why', function(r) return false, 'x is ' .. tostring(r.fields.x) end),\n"
    "    t('errs', function(r) local n = nil; return n.x end),\n"
    "    t('runs', function(r) while true do pcall(error) end end),\n"
    "    t('writes', function(r) r:set{title = 'from a guard'} return true end),\n"
    "    t('reads', function(r, call)\n"
    "      assert(call.transition == 'reads' and call.from == 'a' and call.to == 'b', 'names')\n"
    "      assert(call.reason == nil and call.note == 'a note' and call.fields.x == 7, 'what was "
    "given')\n"
    "      assert(call.actor == nil and call.now_ms == clock.now(), 'who and when')\n"
    "      assert(r.stage == 'a' and r.ref == 'R-1' and r.title == 'T', 'the row')\n"
    "      return true end),\n"
    "    t('does', nil, function(r, call) assert(r.stage == 'b') r:set{title = call.note or 'set'} "
    "end),\n"
    "    t('half', nil, function(r) r:set{title = 'half'} people.add{name = 'A'} error('in the "
    "middle') end),\n"
    "    t('catches', nil, function(r) pcall(r.advance, r, 'nonsense') r:set{title = 'caught'} "
    "end),\n"
    "    t('keeps', function(r) if keep then assert(keep == r) end keep = r return true end),\n"
    "    { name = 'back', from = 'b', to = 'a' }, { name = 'end', from = 'b', to = 'z' },\n"
    "    { name = 'always', from = '*', to = 'z', locked = true, source = 'the law',\n"
    "      effect = function() error('broken') end },\n"
    "  } }\n";

static int64_t opened(struct fix *f)
{
    ok(fix_run(f, "local r = referrals.open{workflow = 'w', title = 'T'} return r.id"));
    return strtoll(buf_text(&f->output), NULL, 10);
}

static int go(struct fix *f, int64_t id, const char *transition, const char *note,
              const char *fields)
{
    struct advance a = { .referral_id = id,
                         .transition = transition,
                         .note = note,
                         .fields = fields,
                         .fields_len = fields ? strlen(fields) : 0 };
    ok(store_turn_begin(f->store, &f->e));
    domain_command_begin(f->d);
    int rc = domain_advance(f->d, &fix_operator, &a, NULL, &f->e);
    struct error kept = f->e;
    ok(domain_command_end(f->d, rc == 0, &f->e));
    ok(store_turn_commit(f->store, &f->e));
    f->e = kept;
    return rc;
}

static void guards(void **state)
{
    struct fix *f = *state;
    static const struct {
        const char *transition;
        enum error_code code;
        const char *message;
    } cases[] = {
        { "no", ERROR_DENIED, "guard of \"no\" refused (return false, \"why\" to say so)" },
        { "none", ERROR_DENIED, "guard of \"none\" refused" },
        { "why", ERROR_DENIED, "x is 5" },
        { "errs", ERROR_SCRIPT, "p/init.lua:10: " },
        { "errs", ERROR_SCRIPT, "plugin p, guard of \"errs\": attempt to index a nil value" },
        { "runs", ERROR_LIMIT,
          "plugin p, guard of \"runs\": stopped: it ran longer than its 40 ms" },
        { "writes", ERROR_DENIED, "a guard may only read" },
    };
    f->options.call_ms = 40;
    fix_reopen(f);
    fix_use(f, "", flow);
    int64_t id = opened(f);
    ok(fix_run(f, "referrals.get(1):set{fields = {x = 5}}"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refused(go(f, id, cases[i].transition, NULL, NULL), cases[i].code, cases[i].message);
    refused(go(f, id, "reads", "wrong", "{\"x\":7}"), ERROR_SCRIPT, "what was given");
    ok(go(f, id, "reads", "a note", "{\"x\":7}"));
    gives("return referrals.get(1).stage", "b");
    ok(go(f, id, "back", NULL, NULL));
    ok(go(f, id, "yes", NULL, NULL));
    gives("local r = referrals.open{workflow = 'w'} local can, why = r:can('no') return "
          "tostring(can) .. ' ' .. why",
          "false R-2: \"no\" is refused: guard of \"no\" refused (return false, \"why\" "
          "to say so)");
}

/* The handle that a guard gets may be the one it got before, but never another row's. */
static void handles_are_of_their_row(void **state)
{
    struct fix *f = *state;
    fix_use(f, "", flow);
    int64_t one = opened(f), two = opened(f);
    ok(go(f, one, "keeps", NULL, NULL));
    ok(go(f, one, "back", NULL, NULL));
    ok(go(f, one, "keeps", NULL, NULL));
    refused(go(f, two, "keeps", NULL, NULL), ERROR_SCRIPT, "assertion failed");
}

static void effects(void **state)
{
    struct fix *f = *state;
    fix_use(f, "permissions = people\n", flow);
    int64_t id = opened(f);
    ok(go(f, id, "does", "hello", NULL));
    gives("return referrals.get(1).title", "hello");
    gives("local h = referrals.get(1):history() return h[1].kind .. ' ' .. h[1].actor",
          "referral.changed operator via p");
    ok(go(f, id, "back", NULL, NULL));
    refused(go(f, id, "half", NULL, NULL), ERROR_SCRIPT,
            "plugin p, effect of \"half\": in the middle");
    gives("local r = referrals.get(1) return r.stage .. r.title .. people.count{}", "ahello0");
    int rc = go(f, id, "catches", NULL, NULL);
    assert_true(rc == 0 ||
                f->e.code == ERROR_CANCELLED); /* the domain says which refusals spoil a command */
}

static void effects_that_keep_failing(void **state)
{
    struct fix *f = *state;
    fix_use(f, "permissions = people\n", flow);
    int64_t id = opened(f);
    for (int i = 0; i < LIMIT_BREAKER_ERRORS; i++)
        refused(go(f, id, "half", NULL, NULL), ERROR_SCRIPT, "in the middle");
    refused(go(f, id, "does", NULL, NULL), ERROR_DENIED,
            "R-1: plugin p is switched off since 2026-03-02 09:00, because of 20 errors within 10 "
            "minutes, the last: p/init.lua:20: an error (script) in effect of \"half\": `baton "
            "plugin on p` switches it on");
    refused(go(f, id, "yes", NULL, NULL), ERROR_DENIED, "switched off");
    refused(fix_run(f, "referrals.open{workflow = 'w', title = 'U'}"), ERROR_DENIED,
            "switched off");
    gives(
        "local ok, why = referrals.get(1):can('yes') return tostring(ok) .. why:match('switched')",
        "falseswitched");
    ok(go(f, id, "always", NULL,
          NULL)); /* what the law demands goes through without what follows from it */
    gives("return referrals.get(1).stage", "z");
    gives("local t = tasks.first{kind = 'effect_failed'} return t.role .. ' ' .. t.about.ref",
          "lead R-1");
    gives(
        "local e = referrals.get(1):history{limit = 1}[1] return e.kind .. ' ' .. e.plugin .. ' ' "
        ".. e.error.code .. ' ' .. e.error.message:match('^.-off')",
        "referral.effect_failed p denied R-1: the effect of \"always\" failed: plugin p is "
        "switched off");
}

/* Whatever effect and handlers do, it goes; nothing of what they wrote is left. */
static void locked_transitions_go(void **state)
{
    struct fix *f = *state;
    static const struct {
        const char *effect, *handler, *message;
    } cases[] = {
        { "people.add{name = 'A'} error('broken')", "", "broken" },
        { "people.add{name = 'A'} while true do end", "", "ran longer" },
        { "people.add{name = 'A'} r:advance('nothing')", "", "nothing leaves stage" },
        { "pcall(baton.turn, function() people.add{name = 'A'} error('x') end)", "", "half-way" },
        { "pcall(r.advance, r, 'nothing')", "people.add{name = 'A'} error('veto')", "veto" },
        { "people.add{name = 'A'}", "error{code = 'denied', message = 'no'}", "" },
    };
    f->options.call_ms = 40;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char lua[2048];
        snprintf(
            lua, sizeof lua,
            "baton.workflow{ name = 'w', stages = { {name = 'a'}, {name = 'z', final = true} },\n"
            "  transitions = { { name = 'end', from = 'a', to = 'z' },\n"
            "  { name = 'always', from = '*', to = 'z', locked = true, source = 'the law',\n"
            "    effect = function(r) %s end } } }\n"
            "baton.on('referral.advanced', function(e, r) %s end)\n",
            cases[i].effect, cases[i].handler);
        fix_reopen(f);
        fix_use(f, "permissions = people\n", lua);
        ok(fix_run(f, "local r = referrals.open{workflow = 'w', title = 'T'} r:advance('always')"));
        snprintf(lua, sizeof lua,
                 "local r = referrals.get(%zu) return r.stage .. people.count{} .. "
                 "tasks.count{about = r, role = 'lead'} .. r:history{limit = 1}[1].plugin",
                 i + 1);
        gives(lua, "z01p");
        snprintf(lua, sizeof lua, "return referrals.get(%zu):history{limit = 1}[1].error.message",
                 i + 1);
        ok(fix_run(f, lua));
        if (!strstr(buf_text(&f->output), cases[i].message))
            fail_msg("%zu: %s", i, buf_text(&f->output));
    }
}

/* Nor does a calendar stop it: a deadline that it cannot say is left out. */
static void locked_without_a_deadline(void **state)
{
    struct fix *f = *state;
    fix_use(
        f, "",
        "baton.workflow{ name = 'w', stages = { {name = 'a'}, {name = 'b', deadline = {within = "
        "'20000 school days'}}, {name = 'z', final = true} },\n"
        "  transitions = { { name = 'go', from = 'a', to = 'b' }, { name = 'end', from = 'b', to "
        "= 'z' },\n"
        "  { name = 'always', from = '*', to = 'b', locked = true, source = 'the law' } } }\n");
    int64_t id = opened(f);
    refused(go(f, id, "go", NULL, NULL), ERROR_LIMIT, "school days");
    ok(go(f, id, "always", NULL, NULL));
    gives("local r = referrals.get(1) return r.stage .. tostring(r.due_at_ms) .. "
          "tasks.count{kind = 'effect_failed'}",
          "bnil1");
}

static void handlers_in_order(void **state)
{
    struct fix *f = *state;
    fix_plugin(f, "a", "",
               "local function say(name) return function(event, row)\n"
               "  log.info('%s %s %s', name, event.kind, row and row.ref or 'nothing') end end\n"
               "baton.on('person.created', say('a1'))\n"
               "baton.on('person.created', say('late'), {priority = -1})\n"
               "baton.on('person.*', say('all'), {priority = 5})\n"
               "baton.on('partner.created', say('never'))\n"
               "baton.on('*', say('any'), {priority = -5})\n"
               "baton.on('my.thing', function(event, row) log.info('thing %s %s %s', event.n, "
               "event.row.ref, event.list[2]) end)\n");
    fix_plugin(f, "b", "",
               "baton.on('person.created', function(event, row) event.kind = 'spoilt'\n"
               "  log.info('b ' .. event.at_ms) end)\n");
    static const char *const names[] = { "a", "b", NULL };
    ok(fix_load(f, names));
    buf_clear(&f->output);
    ok(fix_run(f, "people.add{name = 'A'}"));
    assert_string_equal(
        buf_text(&f->output),
        "1 a all person.created P-1\n1 a a1 person.created P-1\n1 b b 1772442000000\n"
        "1 a late person.created P-1\n1 a any person.created P-1\n");
    buf_clear(&f->output);
    ok(fix_run(f, "baton.emit('my.thing', {n = 3, list = {1, 'two'}}, people.get(1))"));
    assert_string_equal(buf_text(&f->output), "1 a thing 3 P-1 two\n1 a any my.thing P-1\n");
    buf_clear(&f->output);
    ok(fix_run(f, "baton.emit('other.thing')"));
    assert_string_equal(buf_text(&f->output), "1 a any other.thing nothing\n");
    assert_true(f->s->handler_count == 7);
}

static void handlers_of_referrals(void **state)
{
    struct fix *f = *state;
    char lua[8192];
    snprintf(lua, sizeof lua, "%s%s", flow,
             "baton.on('referral.advanced', function(e, row)\n"
             "  log.info('%s %s>%s %s %s', e.transition, e.from, e.to, tostring(e.note), "
             "row.stage) end, {workflow = 'w'})\n"
             "baton.on('referral.advanced', function(e) log.info('in b') end, {stage = 'b'})\n"
             "baton.on('referral.advanced', function(e) log.info('never') end, {workflow = 'v'})\n"
             "baton.on('person.created', function(e) log.info('never') end, {workflow = 'w'})\n"
             "baton.on('referral.advanced', function(e, row) if e.transition == 'end' then "
             "error('veto') end end)\n");
    fix_use(f, "", lua);
    int64_t id = opened(f);
    buf_clear(&f->output);
    ok(go(f, id, "yes", "n", NULL));
    assert_string_equal(buf_text(&f->output), "1 p yes a>b n b\n1 p in b\n");
    buf_clear(&f->output);
    ok(go(f, id, "back", NULL, NULL));
    assert_string_equal(buf_text(&f->output), "1 p back b>a nil a\n");
    ok(go(f, id, "yes", NULL, NULL));
    refused(go(f, id, "end", NULL, NULL), ERROR_SCRIPT,
            "plugin p, handler of \"referral.advanced\": veto");
    gives("return referrals.get(1).stage", "b");
}

static void emitting(void **state)
{
    struct fix *f = *state;
    fix_use(f, "", "");
    static const struct {
        const char *lua;
        enum error_code code;
        const char *message;
    } cases[] = {
        { "baton.emit('referral.advanced')", ERROR_DENIED,
          "events \"referral.…\" are baton's own" },
        { "baton.emit('people.x')", ERROR_DENIED, "baton's own" },
        { "baton.emit('timer.x')", ERROR_DENIED, "baton's own" },
        { "baton.emit('thing')", ERROR_INVALID, "is no event" },
        { "baton.emit('.thing')", ERROR_INVALID, "is no event" },
        { "baton.emit('my.')", ERROR_INVALID, "is no event" },
        { "baton.emit('My.Thing')", ERROR_INVALID, "is no event" },
        { "baton.emit('my.thing', {1, 2})", ERROR_INVALID, "a table with names" },
        { "baton.emit('my.thing', {f = print})", ERROR_INVALID, "function" },
        { "baton.emit('my.thing', {}, 'nobody')", ERROR_INVALID, "a handle or a reference" },
        { "baton.emit('my.thing', 5)", ERROR_SCRIPT, "table expected" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refused(fix_run(f, cases[i].lua), cases[i].code, cases[i].message);
    ok(fix_run(f, "people.add{name = 'A'} baton.emit('my.thing', {n = 1}, 'P-1')"));
    gives("local e = events.recent{limit = 1}[1] return e.kind .. e.n", "my.thing1");
}

/* Events that raise themselves end by depth, and the command with them. */
static void endless_events(void **state)
{
    struct fix *f = *state;
    fix_use(f, "",
            "baton.on('my.ring', function(e, row) baton.emit('my.ring', {n = e.n + 1}, row) end)");
    refused(fix_run(f, "baton.emit('my.ring', {n = 1})"), ERROR_LIMIT, "deep");
    ok(fix_run(f, "assert(#events.recent{} == 0)"));
    assert_false(store_in_turn(f->store));
}

static void guards_are_cheap(void **state)
{
    struct fix *f = *state;
    fix_use(f, "", flow);
    int64_t id = opened(f);
    const struct graph *g = domain_graph(f->d, "w");
    const struct row *row;
    ok(store_get(f->store, ENTITY_REFERRAL, id, &row, &f->e));
    const struct domain_call call = { .referral = row,
                                      .graph = g,
                                      .transition =
                                          graph_transition(g, graph_find_transition(g, 0, "yes")),
                                      .from = "a",
                                      .actor = &fix_operator,
                                      .now_ms = fix_now_ms };
    enum { CALLS = 200000 };
    uint64_t began = clock_thread_cpu_ns();
    for (int i = 0; i < CALLS; i++)
        ok(hooks_guard(f->s, &call, &f->e));
    uint64_t each = (clock_thread_cpu_ns() - began) / CALLS;
    print_message("a guard: %llu ns\n", (unsigned long long)each);
    assert_true(each < 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(guards, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(handles_are_of_their_row, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(effects, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(effects_that_keep_failing, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(locked_transitions_go, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(locked_without_a_deadline, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(handlers_in_order, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(handlers_of_referrals, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(emitting, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(endless_events, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(guards_are_cheap, fix_setup, fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
