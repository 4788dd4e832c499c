/* A kill cannot be escaped, wherever a plugin's code stands and whatever it
 * hides behind; nor can one be forged, nor can errors pose as the machine's. */
#include "plugin_fixture.h"

#include "baton/domain/advance.h"
#include "baton/store/store.h"

static int64_t now_ms(void)
{
    return (int64_t)(clock_monotonic_ns() / 1000000);
}

static bool report_job(void *context, const char *plugin, const char *job,
                       const struct error *error)
{
    struct fix *f = context;
    (void)plugin;
    (void)job;
    if (error)
        f->e = *error;
    return true;
}

enum place { MAIN, REQUIRED, GUARD, EFFECT, HANDLER, JOB, COMMAND, REPORT, PLACES };
static const char *const place_names[] = { "main",    "required", "guard",   "effect",
                                           "handler", "job",      "command", "report" };

static void write_plugin(struct fix *f, enum place place, const char *body)
{
    static const char *const formats[] = {
        [MAIN] = "%s",
        [REQUIRED] = "%s baton.require('more')",
        [GUARD] = "baton.workflow{ name = 'w', stages = { {name = 'a'}, {name = 'z', final = true} "
                  "},\n transitions = { { name = 'go', from = 'a', to = 'z', guard = function(...) "
                  "%s end } } }",
        [EFFECT] =
            "baton.workflow{ name = 'w', stages = { {name = 'a'}, {name = 'z', final = true} "
            "},\n transitions = { { name = 'go', from = 'a', to = 'z', effect = "
            "function(...) %s end } } }",
        [HANDLER] = "baton.on('person.created', function(...) %s end)",
        [JOB] = "baton.job('j', {every = '1 hour'}, function(...) %s end)",
        [COMMAND] = "baton.command('c', {}, function(...) %s end)",
        [REPORT] = "baton.report('c', {}, function(...) %s end)",
    };
    char lua[2048];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(lua, sizeof lua, formats[place], place == REQUIRED ? "" : body);
#pragma GCC diagnostic pop
    fix_plugin(f, "p", "permissions = people, messages\n", lua);
    fix_write(f, "plugins/p/more.lua", body);
}

static int run_job(struct fix *f)
{
    f->e = (struct error){ 0 };
    for (int i = 0; i < 2; i++) {
        ok(store_turn_begin(f->store, NULL));
        struct error e;
        assert_int_equal(script_run_jobs(f->s, clock_now_ms(&f->clock), report_job, f, &e), 0);
        ok(store_turn_commit(f->store, NULL));
        clock_move(&f->clock, 3600000);
    }
    return -(int)f->e.code;
}

/* Loads the plugin and makes it run. f->e is what came of it. */
static int strike(struct fix *f, enum place place)
{
    const char *const names[] = { "p", NULL };
    struct plugin_info info;
    ok(fix_load(f, names));
    script_plugin_at(f->s, 0, &info);
    if (place == MAIN || place == REQUIRED) {
        int rc = info.loaded ? 0 : -ERROR_LIMIT;
        error_set(&f->e, ERROR_LIMIT, "%s", info.problem);
        return rc;
    }
    if (!info.loaded)
        fail_msg("%s: %s", place_names[place], info.problem);
    switch (place) {
    case GUARD:
    case EFFECT:
        return fix_run(f, "referrals.open{workflow = 'w', title = 'T'}:advance('go')");
    case HANDLER:
        return fix_run(f, "people.add{name = 'A'}");
    case JOB:
        return run_job(f);
    case COMMAND:
        return fix_run(f, "baton.call('c')");
    default:
        return fix_run(f, "baton.run_report('c')");
    }
}

static void endless(void **state)
{
    struct fix *f = *state;
    static const char *const bodies[] = {
        "while true do end",
        "pcall(function() while true do end end) return true",
        "xpcall(function() while true do end end, function() while true do end end) return true",
        "coroutine.wrap(function() pcall(function() while true do end end) end)() return true",
        "baton.try(function() while true do end end) return true",
        "for _ in function() return 1 end, nil, nil, setmetatable({}, {__close = function() while "
        "true do end end}) do break end return true",
        "local t = setmetatable({}, {__index = function() while true do end end}) return t.x",
        "table.sort({3, 1, 2}, function() while true do end end) return true",
        "('x'):gsub('.', function() while true do end end) return true",
        "local co = coroutine.create(function() while true do coroutine.yield() end end) while "
        "true "
        "do coroutine.resume(co) end",
        "local function deep(n) return pcall(coroutine.wrap(deep), n + 1) end while true do "
        "deep(1) end",
    };
    f->options.call_ms = 10;
    for (enum place place = MAIN; place < PLACES; place++)
        for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
            if ((place > HANDLER || place == REQUIRED) && i > 1)
                continue; /* the same call, and longer budgets */
            write_plugin(f, place, bodies[i]);
            fix_reopen(f);
            script_rewind(f->s);
            int64_t began = now_ms();
            int rc = strike(f, place);
            if (rc != -ERROR_LIMIT || !strstr(f->e.message, "ran longer than its"))
                fail_msg("%s: %s: %d %s", place_names[place], bodies[i], rc, f->e.message);
            if (!strstr(f->e.message, "plugin p, "))
                fail_msg("%s: it names no plugin: %s", place_names[place], f->e.message);
            if (now_ms() - began > 4000)
                fail_msg("%s: %s: %lld ms", place_names[place], bodies[i],
                         (long long)(now_ms() - began));
            gives("return people.count{}", "0");
        }
}

/* A coroutine made while the plugin loads belongs to no call: resumed later it is stopped all the
 * same, and is dead then. */
static void coroutines_of_the_load(void **state)
{
    struct fix *f = *state;
    f->options.call_ms = 20;
    fix_reopen(f);
    fix_use(f, "permissions = people\n",
            "local co = coroutine.create(function() while true do coroutine.yield('one')\n"
            "  while true do pcall(error) end end end)\n"
            "local first = coroutine.resume(co)\n"
            "baton.on('person.created', function() pcall(coroutine.resume, co) end)\n"
            "baton.command('status', {}, function() return coroutine.status(co) end)");
    gives("return baton.call('status')", "suspended");
    refused(fix_run(f, "people.add{name = 'A'}"), ERROR_LIMIT, "longer than its 20 ms");
    gives("return baton.call('status')", "dead");
    ok(fix_run(f, "people.add{name = 'A'}"));
}

/* What C code reads of a plugin's tables it reads raw, or stops with them. */
static void tables_that_answer(void **state)
{
    struct fix *f = *state;
    static const char trap[] =
        "local function trap(t) local function loop() while true do end end return setmetatable(t, "
        "{__index = loop, __len = loop, __pairs = loop, __eq = loop, __lt = loop, __tostring = "
        "loop, "
        "__call = loop}) end\n";
    static const char *const harmless[] = {
        "baton.workflow(trap{ name = 'w', title = 'W', fields = trap{ x = trap{ type = 'text' } "
        "},\n"
        "  stages = trap{ trap{ name = 'a', deadline = trap{ within = '1 day' } }, trap{ name = "
        "'z', final = true } },\n"
        "  transitions = trap{ trap{ name = 'go', from = trap{ 'a' }, to = 'z', reasons = trap{ "
        "'r' } } } })",
        "baton.on('person.created', function() end, trap{ priority = 1 })",
        "baton.job('j', trap{ every = '1 hour' }, function() end)",
        "baton.command('c', trap{ help = 'h', args = trap{ trap{ name = 'x' } } }, function() end)",
        "baton.field('person', 'x', trap{ type = 'text' })",
        "assert(json.encode(trap{ 1, 2 }) == '[1,2]')",
        "assert(json.encode(trap{ a = trap{} }) == '{\"a\":{}}')",
        "people.count(trap{})",
    };
    static const char *const stopped[] = {
        "messages.send{to = 'a@example.org', template = 't', values = trap{}}",
        "print(trap{})",
        "log.info('%s', trap{})",
        "error(tostring(trap{}))",
    };
    char lua[2048];
    f->options.call_ms = 20;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
        fix_reopen(f);
        snprintf(lua, sizeof lua, "%s%s", trap, harmless[i]);
        fix_use(f, "permissions = people\n", lua);
    }
    for (size_t i = 0; i < sizeof stopped / sizeof *stopped; i++) {
        fix_reopen(f);
        snprintf(lua, sizeof lua,
                 "%smessages.template('t', 'Dear {{name}}')\n"
                 "baton.on('person.created', function() pcall(function() %s end) end)",
                 trap, stopped[i]);
        fix_use(f, "permissions = people, messages\n", lua);
        int rc = fix_run(f, "people.add{name = 'A'}");
        if (rc != -ERROR_LIMIT || !strstr(f->e.message, "longer than its 20 ms"))
            fail_msg("%s: %d %s", stopped[i], rc, f->e.message);
    }
}

/* A locked transition fails where disk or database fail, and a plugin may say that they did. */
static void forged_codes(void **state)
{
    struct fix *f = *state;
    static const char *const codes[] = { "io", "corrupt", "busy", "cancelled", "limit", "denied" };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char lua[1024];
        snprintf(
            lua, sizeof lua,
            "baton.workflow{ name = 'w', stages = { {name = 'a'}, {name = 'z', final = true} },\n"
            "  transitions = { { name = 'go', from = 'a', to = 'z' },\n"
            "    { name = 'law', from = '*', to = 'z', locked = true, source = 'the law',\n"
            "      effect = function() error{code = '%s', message = 'forged'} end } } }\n"
            "baton.on('person.created', function() local ok, e = pcall(people.get, {})\n"
            "  e.code = '%s' error(e) end)",
            codes[i], codes[i]);
        fix_reopen(f);
        fix_use(f, "permissions = people\n", lua);
        gives("return referrals.open{workflow = 'w', title = 'T'}:advance('law').stage", "z");
        assert_true(fix_run(f, "people.add{name = 'A'}") < 0);
        assert_null(script_lost(f->s));
        assert_false(f->e.code == ERROR_IO || f->e.code == ERROR_CORRUPT ||
                     f->e.code == ERROR_BUSY);
    }
}

/* A plugin that does not end while it loads is not tried again at every opening. */
static void endless_loading(void **state)
{
    struct fix *f = *state;
    const char *const names[] = { "p", NULL };
    struct plugin_info info;
    f->options.call_ms = 20;
    fix_plugin(f, "p", "", "while true do end");
    fix_reopen(f);
    ok(fix_load(f, names));
    assert_true(script_has_news(f->s));
    ok(store_turn_begin(f->store, &f->e));
    store_command_begin(f->store);
    ok(script_write_news(f->s, &f->e));
    ok(store_command_end(f->store, true, &f->e));
    ok(store_turn_commit(f->store, &f->e));
    fix_reopen(f);
    int64_t began = now_ms();
    ok(fix_load(f, names));
    assert_true(now_ms() - began < 300); /* of 400 that it would take */
    script_plugin_at(f->s, 0, &info);
    assert_false(info.loaded);
    assert_contains(info.problem, "switched off since");
    assert_contains(info.problem, "p/init.lua:1: plugin p, loading: stopped");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(endless, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(coroutines_of_the_load, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(tables_that_answer, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(forged_codes, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(endless_loading, fix_setup, fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
