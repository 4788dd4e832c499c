/* The one way into Lua: errors, budgets that nothing swallows, cancelling,
 * giving way, who acts. */
#include "plugin_fixture.h"

#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "baton/store/store.h"

static int64_t now_ms(void)
{
    return (int64_t)(clock_monotonic_ns() / 1000000);
}

/* ---- errors ---- */

static void errors_have_place_and_code(void **state)
{
    struct fix *f = *state;
    static const struct {
        const char *lua;
        enum error_code code;
        const char *message, *where;
    } cases[] = {
        { "error('boom')", ERROR_SCRIPT, "boom", "test.lua:1" },
        { "\n\nlocal x = nil + 1", ERROR_SCRIPT, "attempt to perform arithmetic on a nil value",
          "test.lua:3" },
        { "error('no place', 0)", ERROR_SCRIPT, "no place", "test.lua:1" },
        { "error('late at 10:30: sorry', 0)", ERROR_SCRIPT, "late at 10:30: sorry", "test.lua:1" },
        { "error()", ERROR_SCRIPT, "called with nil", "" },
        { "error({code = 'denied', message = 'not you'})", ERROR_DENIED, "not you", "" },
        { "error({code = 'odd', message = 'm'})", ERROR_SCRIPT, "m", "" },
        { "error({})", ERROR_SCRIPT, "table without a message", "" },
        { "error(setmetatable({}, {__tostring = function() while true do end end}))", ERROR_SCRIPT,
          "table without a message", "" },
        { "error(12)", ERROR_SCRIPT, "12", "" },
        { "error(true)", ERROR_SCRIPT, "a boolean", "" },
        { "return 1 +", ERROR_SCRIPT, "unexpected symbol", "test.lua:1" },
        { "local function f() return f() + 1 end f()", ERROR_LIMIT, "endless recursion", "" },
        { "local s = ('('):rep(500) load('return ' .. s .. 1) error(select(2, load('return ' .. "
          "s)))",
          ERROR_SCRIPT, "C stack overflow", "" },
        { "local t = setmetatable({}, {}) getmetatable(t).__index = function(_, k) return t[k] end "
          "return t.x",
          ERROR_SCRIPT, "C stack overflow", "" },
        { "people.get({})", ERROR_INVALID, "", "test.lua:1" },
        { "local ok, e = pcall(people.get, {}) error(e)", ERROR_INVALID, "", "test.lua:1" },
        { "coroutine.wrap(function() people.get({}) end)()", ERROR_INVALID, "", "test.lua:1" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int rc = fix_lua(f, 1000, cases[i].lua);
        if (rc != -(int)cases[i].code || (int)f->e.code != (int)cases[i].code)
            fail_msg("%s: code %d: %s", cases[i].lua, rc, f->e.message);
        assert_contains(f->e.message, cases[i].message);
        assert_contains(f->e.where, cases[i].where);
    }
}

static void traceback_is_kept(void **state)
{
    struct fix *f = *state;
    refused(
        fix_lua(
            f, 0,
            "local function inner() error('x') end\nlocal function outer() inner() end\nouter()"),
        ERROR_SCRIPT, "test.lua:1: x");
    assert_contains(script__traceback(f->s), "test.lua:2: in ");
    refused(fix_lua(f, 0, "x = = 1"), ERROR_SCRIPT, "test.lua:1: ");
    assert_string_equal(script__traceback(f->s), ""); /* "[C]: in ?" tells nothing */
    refused(fix_lua(f, 0, "people.get({})"), ERROR_INVALID, "");
    assert_string_equal(script__traceback(f->s), ""); /* what is refused needs none */
}

/* ---- budgets ---- */

static void budget_is_sticky(void **state)
{
    struct fix *f = *state;
    static const char *const runaways[] = {
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "local function again() pcall(again) return again() end again()",
        "pcall(function() while true do end end) return 'swallowed'",
        "xpcall(function() while true do end end, function() while true do end end) return "
        "'swallowed'",
        "xpcall(function() while true do end end, function() return 1 end) return 'swallowed'",
        "xpcall(error, function() while true do end end) return 'swallowed'",
        "while true do baton.try(function() while true do end end) end",
        "baton.try(function() while true do end end) return 'swallowed'",
        "coroutine.resume(coroutine.create(function() while true do end end)) return 'swallowed'",
        "while true do pcall(coroutine.wrap(function() while true do end end)) end",
        "coroutine.wrap(function() pcall(function() coroutine.wrap(function() while true do end "
        "end)() end) end)() "
        "return 'swallowed'",
        "local t <close> = setmetatable({}, {__close = function() while true do end end}) while "
        "true do end",
        "pcall(function() local t <close> = setmetatable({}, {__close = function() while true do "
        "end end}) "
        "while true do end end) return 'swallowed'",
        "coroutine.wrap(function() local t <close> = setmetatable({}, {__close = function() while "
        "true do end end}) "
        "while true do end end)() return 'swallowed'",
        "local co = coroutine.create(function() while true do coroutine.yield() end end) "
        "while true do coroutine.resume(co) end",
        "while true do local co = coroutine.wrap(function() end) co() end",
        "table.sort({3, 2, 1, 5, 4}, function(a, b) while true do end end) return 'swallowed'",
        "('x'):rep(100):gsub('.', function() while true do end end) return 'swallowed'",
        "load(function() while true do end end) return 'swallowed'",
        "return setmetatable({}, {__index = function() while true do end end}).undefined_name",
        "for i = 1, math.huge do local s = 'a' .. i end",
        "goto a ::a:: goto a",
    };
    for (size_t i = 0; i < sizeof runaways / sizeof *runaways; i++) {
        int64_t began = now_ms();
        f->env = LUA_NOREF;
        int rc = fix_lua(f, 30, runaways[i]);
        if (rc != -ERROR_LIMIT)
            fail_msg("%s: %d %s", runaways[i], rc, rc ? f->e.message : buf_text(&f->output));
        assert_contains(f->e.message, "longer than its 30 ms");
        assert_contains(f->e.where, "test.lua:1");
        if (now_ms() - began > 2000)
            fail_msg("%s: took %lld ms", runaways[i], (long long)(now_ms() - began));
        ok(fix_lua(f, 1000, "local n = 0 for i = 1, 1000 do n = n + i end return n"));
        assert_string_equal(buf_text(&f->output), "500500");
    }
}

static void budget_spares_what_keeps_it(void **state)
{
    struct fix *f = *state;
    for (int i = 0; i < 20; i++)
        ok(fix_lua(f, 1000, "local n = 0 for i = 1, 200000 do n = n + 1 end return n"));
    ok(fix_lua(f, 0,
               "local n = 0 for i = 1, 20000000 do n = n + 1 end return n")); /* no budget: as long
                                                                                 as it takes */
    struct timespec idle = { 0, 400 * 1000000L };
    nanosleep(&idle, NULL); /* the timer has stopped itself by now */
    refused(fix_lua(f, 20, "while true do end"), ERROR_LIMIT, "longer than its 20 ms");
}

/* ---- nested budgets ---- */

static int nested_inner(lua_State *L)
{
    struct fix *f = lua_touserdata(L, lua_upvalueindex(1));
    struct script_frame frame = { .what = "inner", .budget_ms = (unsigned)lua_tointeger(L, 1) };
    struct error e;
    lua_settop(L, 2);
    int rc = script__call(L, &frame, 0, 0, &e);
    (void)f;
    if (rc < 0)
        script__raise(L, &e);
    return 0;
}

static int nested_install(lua_State *L)
{
    struct fix *f = lua_touserdata(L, 1);
    script__push_env(L, NULL, NULL);
    lua_pushlightuserdata(L, f);
    lua_pushcclosure(L, nested_inner, 1);
    lua_setfield(L, -2, "within");
    f->env = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

static void inner_budget_leaves_outer_alive(void **state)
{
    struct fix *f = *state;
    struct script_frame frame = { .what = "test" };
    ok(script__protect(script__main(f->s), &frame, nested_install, f, &f->e));
    ok(fix_lua(f, 5000,
               "local ok, e = pcall(within, 20, function() while true do pcall(error) end end)\n"
               "local n = 0 for i = 1, 100000 do n = n + 1 end\n"
               "return tostring(ok) .. ' ' .. e.code .. ' ' .. e.message .. ' ' .. n"));
    assert_string_equal(buf_text(&f->output),
                        "false limit stopped: it ran longer than its 20 ms 100000");
    /* In a coroutine of the outer call too. */
    ok(fix_lua(f, 5000,
               "return coroutine.wrap(function() local ok, e = pcall(within, 20, function() while "
               "true do end end) "
               "coroutine.yield(tostring(ok) .. e.code) end)()"));
    assert_string_equal(buf_text(&f->output), "falselimit");
    /* The outer one ends first, and takes the inner one with it. */
    refused(
        fix_lua(f, 30, "pcall(within, 5000, function() while true do end end) return 'swallowed'"),
        ERROR_LIMIT, "longer than its 30 ms");
    refused(fix_lua(f, 30, "while true do pcall(within, 0, function() while true do end end) end"),
            ERROR_LIMIT, "longer than its 30 ms");
    ok(fix_lua(f, 1000, "return 1"));
}

/* ---- cancelling ---- */

static struct script *cancel_script;

static void cancel_on_alarm(int signal_number)
{
    (void)signal_number;
    script_cancel(cancel_script);
}

static void cancelling(void **state)
{
    struct fix *f = *state;
    struct sigaction action = { .sa_handler = cancel_on_alarm, .sa_flags = SA_RESTART };
    const struct itimerval soon = { .it_value = { 0, 50000 } };
    cancel_script = f->s;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    refused(fix_lua(f, 0, "while true do pcall(function() while true do end end) end"),
            ERROR_CANCELLED, "stopped on request");
    script_cancel(f->s); /* nothing runs: nothing happens */
    ok(fix_lua(f, 0, "local n = 0 for i = 1, 1000000 do n = n + 1 end return n"));
}

/* ---- scripts ---- */

static lua_State *resume_new(struct fix *f, const char *text)
{
    lua_State *L = script__main(f->s), *co = lua_newthread(L);
    ok(fix_lua(f, 0, "return 1")); /* makes the environment */
    assert_int_equal(luaL_loadbufferx(co, text, strlen(text), "@script.lua", "t"), LUA_OK);
    lua_rawgeti(co, LUA_REGISTRYINDEX, f->env);
    lua_setupvalue(co, -2, 1);
    return co; /* stays on the main stack */
}

static void resuming(void **state)
{
    struct fix *f = *state;
    struct script_frame frame = { .what = "script", .budget_ms = 2000, .actor = &fix_operator };
    lua_State *L = script__main(f->s);
    bool yielded = true;
    int results = 0;

    /* One that only computes gives way, again and again, and loses nothing. */
    lua_State *co = resume_new(f, "local n = 0 for i = 1, 30000000 do n = n + 1 end return n");
    int steps = 0;
    while (yielded) {
        ok(script__resume(L, co, &frame, 0, &results, &yielded, &f->e));
        steps++;
        assert_true(steps < 10000);
    }
    assert_true(steps > 1);
    assert_int_equal(results, 1);
    assert_int_equal(lua_tointeger(co, -1), 30000000);

    /* Inside pcall, metamethods, iterators and a sort it loses nothing either. */
    co = resume_new(
        f,
        "local sum, t = 0, setmetatable({}, {__add = function(_, n) for i = 1, 20000000 do n = n + "
        "1 end "
        "return n end})\n"
        "local ok, got = pcall(function() for _, v in ipairs{1, 2, 3} do sum = sum + (t + v) end "
        "local list = {} for i = 1, 20000 do list[i] = (i * 7919) % 20011 end "
        "table.sort(list, function(a, b) return a < b end) return sum + list[1] end)\n"
        "return ok and got");
    yielded = true;
    steps = 0;
    while (yielded) {
        ok(script__resume(L, co, &frame, 0, &results, &yielded, &f->e));
        steps++;
    }
    assert_true(steps > 1);
    assert_int_equal(lua_tointeger(co, -1), 60000006 + 1);

    /* It does not from a coroutine of its own; that would resume the wrong one. */
    co = resume_new(
        f, "local co = coroutine.wrap(function() local n = 0 for i = 1, 10000000 do n = n + 1 end "
           "coroutine.yield(n) return 7 end) local a = co() return a + co()");
    yielded = true;
    while (yielded)
        ok(script__resume(L, co, &frame, 0, &results, &yielded, &f->e));
    assert_int_equal(lua_tointeger(co, -1), 10000007);

    /* An error ends it, with its place. */
    co = resume_new(f, "\n\nlocal x = nil; x()");
    refused(script__resume(L, co, &frame, 0, &results, &yielded, &f->e), ERROR_SCRIPT,
            "script.lua:3: attempt to call");
    assert_contains(script__traceback(f->s), "script.lua:3");
    co = resume_new(f, "people.get({})");
    refused(script__resume(L, co, &frame, 0, &results, &yielded, &f->e), ERROR_INVALID,
            "script.lua:1: ");

    /* Inside a turn it may not give way, so its budget ends it. */
    frame.budget_ms = 50;
    co = resume_new(f, "baton.turn(function() people.add{name = 'A'} while true do end end)");
    refused(script__resume(L, co, &frame, 0, &results, &yielded, &f->e), ERROR_LIMIT,
            "longer than its 50 ms");
    assert_false(store_in_turn(f->store));
    ok(fix_run(f, "assert(people.count{} == 0)"));
}

/* ---- writes of scripts ---- */

static int64_t count_people(struct fix *f)
{
    struct store_query q = { .entity = ENTITY_PERSON };
    int64_t n = -1;
    ok(store_count(f->store, &q, &n, &f->e));
    return n;
}

static void writes_have_turns(void **state)
{
    struct fix *f = *state;
    ok(fix_lua(f, 0, "people.add{name = 'A'} pcall(people.add, {}) people.add{name = 'B'}"));
    assert_int_equal(count_people(f), 2);
    assert_false(store_in_turn(f->store));
    refused(fix_lua(f, 0, "people.add{name = 'C'} error('half')"), ERROR_SCRIPT, "half");
    assert_int_equal(count_people(f), 3);
    ok(fix_lua(f, 0,
               "assert(baton.turn(function() people.add{name = 'D'} people.add{name = 'E'} return "
               "5 end) == 5)"));
    assert_int_equal(count_people(f), 5);
    refused(fix_lua(f, 0, "baton.turn(function() people.add{name = 'F'} error('half') end)"),
            ERROR_SCRIPT, "half");
    assert_int_equal(count_people(f), 5);
    ok(fix_lua(f, 0,
               "pcall(baton.turn, function() people.add{name = 'F'} error('half') end) "
               "people.add{name = 'G'}"));
    assert_int_equal(count_people(f), 6);
    /* A turn inside a turn that fails cannot be undone alone. */
    refused(fix_lua(f, 0,
                    "baton.turn(function() people.add{name = 'H'}"
                    " pcall(baton.turn, function() people.add{name = 'I'} error('half') end) end)"),
            ERROR_CANCELLED, "nothing is kept");
    assert_int_equal(count_people(f), 6);
    ok(fix_lua(f, 0,
               "baton.turn(function() people.add{name = 'H'}"
               " pcall(baton.turn, function() error('wrote nothing') end) end)"));
    assert_int_equal(count_people(f), 7);
    refused(fix_run(f, "people.add{name = 'J'} pcall(baton.turn, function() people.add{name = 'K'} "
                       "error('half') end)"),
            ERROR_CANCELLED, "nothing is kept");
    assert_int_equal(count_people(f), 7);
    refused(fix_lua(f, 0, "baton.turn(5)"), ERROR_SCRIPT, "function expected");
}

/* ---- read only, who acts ---- */

static int actor_check(lua_State *L)
{
    assert_string_equal(script__actor(L)->name, lua_touserdata(L, 1));
    return 0;
}

static int actor_nested(lua_State *L)
{
    struct fix *f = lua_touserdata(L, 1);
    struct script_frame via = {
        .plugin = f->s->plugins[0], .actor = script__actor(L), .what = "x", .via = true
    };
    char wanted[] = "operator via p";
    ok(script__protect(L, &via, actor_check, wanted, &f->e));
    return 0;
}

static void actors(void **state)
{
    struct fix *f = *state;
    fix_use(f, "", "");
    lua_State *L = script__main(f->s);
    struct script_frame frame = { .actor = &fix_operator, .what = "test" };
    char plain[] = "operator", nobody[] = "script", plugin[] = "plugin p";
    ok(script__protect(L, &frame, actor_check, plain, &f->e));
    ok(script__protect(L, &frame, actor_nested, f, &f->e));
    struct script_frame via = {
        .plugin = f->s->plugins[0], .actor = &fix_operator, .what = "x", .via = true
    };
    ok(script__protect(L, &via, actor_nested, f, &f->e)); /* not "operator via p via p" */
    via.actor = NULL;
    ok(script__protect(L, &via, actor_check, plugin, &f->e));
    assert_string_equal(script__actor(L)->name, nobody);
    assert_null(script__plugin(L));
    assert_null(script__session(L));
    assert_false(script__read_only(L));
}

static void read_only_calls(void **state)
{
    struct fix *f = *state;
    struct script_frame frame = { .what = "guard of x", .read_only = true, .actor = &fix_operator };
    struct fix_chunk chunk = { f, "people.add{name = 'A'}" };
    refused(script__protect(script__main(f->s), &frame, fix_push_chunk, &chunk, &f->e),
            ERROR_DENIED, "a guard may only read");
    frame.what = "report x";
    refused(script__protect(script__main(f->s), &frame, fix_push_chunk, &chunk, &f->e),
            ERROR_DENIED, "a report may only read");
    assert_false(store_in_turn(f->store));
}

static void calls_are_cheap(void **state)
{
    struct fix *f = *state;
    struct script_frame frame = {
        .what = "guard of x", .read_only = true, .budget_ms = 250, .actor = &fix_operator
    };
    lua_State *L = script__main(f->s);
    enum { CALLS = 200000 };
    assert_int_equal(luaL_loadstring(L, "return function(a) return a == nil end"), LUA_OK);
    lua_call(L, 0, 1);
    uint64_t began = clock_thread_cpu_ns();
    for (int i = 0; i < CALLS; i++) {
        lua_pushvalue(L, -1);
        ok(script__call(L, &frame, 0, 1, &f->e));
        lua_pop(L, 1);
    }
    uint64_t each = (clock_thread_cpu_ns() - began) / CALLS;
    print_message("a call: %llu ns\n", (unsigned long long)each);
    assert_true(each < 20000); /* far above what it is: a busy machine must not fail this */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(errors_have_place_and_code, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(traceback_is_kept, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(budget_is_sticky, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(budget_spares_what_keeps_it, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(inner_budget_leaves_outer_alive, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(cancelling, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(resuming, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(writes_have_turns, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(actors, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(read_only_calls, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(calls_are_cheap, fix_setup, fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
