/* The sandbox: what environments have, have not, and cannot do to each other. */
#include "plugin_fixture.h"

struct state_case {
    const char *lua;
    const char *wanted; /* "!…": fails with a message that has this */
};

static void run_cases(struct fix *f, const struct state_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int rc = fix_lua(f, 2000, cases[i].lua);
        if (cases[i].wanted[0] == '!') {
            if (rc == 0)
                fail_msg("%s: went well", cases[i].lua);
            assert_contains(f->e.message, cases[i].wanted + 1);
            continue;
        }
        if (rc)
            fail_msg("%s: %s", cases[i].lua, f->e.message);
        if (strcmp(buf_text(&f->output), cases[i].wanted) != 0)
            fail_msg("%s: \"%s\" instead of \"%s\"", cases[i].lua, buf_text(&f->output),
                     cases[i].wanted);
    }
}
#define RUN(cases) run_cases(f, cases, sizeof(cases) / sizeof *(cases))

static void absent_globals(void **state)
{
    struct fix *f = *state;
    static const char *const absent[] = { "_G, 'os'",           "_G, 'io'",        "_G, 'debug'",
                                          "_G, 'require'",      "_G, 'package'",   "_G, 'dofile'",
                                          "_G, 'loadfile'",     "_G, 'warn'",      "string, 'dump'",
                                          "coroutine, 'close'", "_G, 'loadstring'" };
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        char text[128];
        snprintf(text, sizeof text, "return tostring(rawget(%s))", absent[i]);
        ok(fix_lua(f, 0, text));
        assert_string_equal(buf_text(&f->output), "nil");
    }
}

static void present_globals(void **state)
{
    struct fix *f = *state;
    static const struct state_case cases[] = {
        { "return ('x'):upper() .. string.rep('ab', 2) .. #utf8.char(228)", "Xabab2" },
        { "return math.max(1, 7) .. table.concat({1, 2}, '-')", "71-2" },
        { "return _G.people == baton.people and tostring(people.get ~= nil)", "true" },
        { "return tostring(collectgarbage('count') > 10)", "true" },
        { "return collectgarbage('collect')", "!takes \"count\" only" },
        { "return collectgarbage()", "!takes \"count\" only" },
        { "return baton.org.name .. '/' .. baton.org.title .. '/' .. baton.org.zone",
          "test/Test organisation/UTC" },
        { "return select('#', 1, nil, 3) .. tostring(next({}))", "3nil" },
        { "return load('return 1 + 1')()", "2" },
        { "x = 5; return load('return x')()", "5" },
        { "return load('return x', 'c', 't', {x = 6})()", "6" },
        { "local n = 0; return load(function() n = n + 1; return ({'return ', '4', '2'})[n] end)()",
          "42" },
        { "return tostring(select(2, load('return +', '=c')))", "c:1: unexpected symbol near '+'" },
        { "return tostring(select(2, load(function() return {} end)):find('reader must return a "
          "string') ~= nil)",
          "true" },
        { "return select(2, load('\\27Lua'))", "attempt to load a binary chunk (mode is 't')" },
        { "return load(string.rep(' ', 2000000))", "!longer than" },
        { "return tostring(_ENV == _G)", "true" },
    };
    RUN(cases);
}

static void metatables_are_out_of_reach(void **state)
{
    struct fix *f = *state;
    static const struct state_case cases[] = {
        { "return tostring(getmetatable(''))", "false" },
        { "getmetatable('').__index = nil", "!attempt to index a boolean" },
        { "return setmetatable({}, {__gc = function() end})", "!__gc is not available" },
        { "local m = {}; local t = setmetatable({}, m); m.__gc = error; return type(t)", "table" },
        { "local ok, e = pcall(people.get, {}); return tostring(getmetatable(e))", "false" },
        { "local ok, e = pcall(people.get, {}); setmetatable(e, {})", "!protected metatable" },
        { "local t = setmetatable({}, {__metatable = 1}); setmetatable(t, nil)",
          "!protected metatable" },
        { "return setmetatable(1, {})", "!table expected" },
        { "return setmetatable({}, {__index = {a = 7}}).a", "7" },
        { "return getmetatable(setmetatable({}, {a = 8})).a", "8" },
    };
    RUN(cases);
}

/* What one environment does to its copies another must not see. */
static void environments_are_apart(void **state)
{
    struct fix *f = *state;
    ok(fix_lua(f, 0,
               "string.upper = nil; math.pi = 3; table.insert = nil; people.get = nil; baton.on = "
               "nil; pcall = nil;"
               "print = nil; baton.people.find = nil; coroutine.wrap = nil; math.randomseed(1)"));
    f->env = LUA_NOREF;
    static const struct state_case cases[] = {
        { "return string.upper('a') .. ('b'):upper()", "AB" },
        { "return tostring(math.pi > 3.1)", "true" },
        { "return type(table.insert) .. type(people.get) .. type(baton.on) .. type(pcall) .. "
          "type(people.find)",
          "functionfunctionfunctionfunctionfunction" },
    };
    RUN(cases);
}

static void random_is_apart(void **state)
{
    struct fix *f = *state;
    ok(fix_lua(f, 0, "math.randomseed(42); a = math.random(1 << 40); return a"));
    char first[64];
    snprintf(first, sizeof first, "%s", buf_text(&f->output));
    ok(fix_lua(f, 0, "math.randomseed(42)"));
    int env = f->env;
    f->env = LUA_NOREF;
    ok(fix_lua(f, 0, "math.randomseed(7); return math.random(1 << 40)"));
    f->env = env;
    ok(fix_lua(f, 0, "return math.random(1 << 40)"));
    assert_string_equal(buf_text(&f->output), first);
}

static void protected_calls(void **state)
{
    struct fix *f = *state;
    static const struct state_case cases[] = {
        { "return tostring(pcall(error, 'x'))", "false" },
        { "return select(2, pcall(error, 'x', 0))", "x" },
        { "return select('#', pcall(function() return 1, 2, nil end))", "4" },
        { "return select(2, xpcall(function(a) return a end, print, 9))", "9" },
        { "return select(2, xpcall(error, function(m) return m .. '!' end, 'x', 0))", "x!" },
        { "pcall()", "!bad argument #1" },
        { "local co = coroutine.wrap(function() return pcall(function() coroutine.yield(1); return "
          "2 end) end); co(); "
          "return select(2, co())",
          "2" },
        { "local co = coroutine.wrap(function() return xpcall(function() coroutine.yield(1); "
          "error('x', 0) end, "
          "function(m) return m .. '?' end) end); co(); return select(2, co())",
          "x?" },
        { "local co = coroutine.wrap(function() return baton.try(function() coroutine.yield(1); "
          "return 5 end) end); co(); "
          "return co()",
          "5" },
        { "local a, b, c = baton.try(error, 'why', 0); return tostring(a) .. b .. c",
          "nilwhyscript" },
        { "local a, b, c = baton.try(people.get, {}); return tostring(a) .. c", "nilinvalid" },
        { "local ok, e = pcall(people.get, {}); return type(e) .. ' ' .. e.code .. ' ' .. "
          "tostring('got: ' .. e ~= '')",
          "table invalid true" },
    };
    RUN(cases);
}

static void coroutines(void **state)
{
    struct fix *f = *state;
    static const struct state_case cases[] = {
        { "local co = coroutine.create(function(a) local b = coroutine.yield(a + 1); return b * 2 "
          "end);"
          "local _, x = coroutine.resume(co, 1); local _, y = coroutine.resume(co, 10);"
          "return x .. ' ' .. y .. ' ' .. coroutine.status(co)",
          "2 20 dead" },
        { "local co = coroutine.create(print); return coroutine.status(co)", "suspended" },
        { "local co; co = coroutine.create(function() return coroutine.status(co) end); "
          "return select(2, coroutine.resume(co))",
          "running" },
        { "local co; co = coroutine.create(function() return coroutine.wrap(function() return "
          "coroutine.status(co) end)() "
          "end); return select(2, coroutine.resume(co))",
          "normal" },
        { "local co = coroutine.create(error); coroutine.resume(co, 'x'); return select(2, "
          "coroutine.resume(co))",
          "cannot resume dead coroutine" },
        { "return select(2, coroutine.resume(coroutine.create(error), 'x'))", "x" },
        { "coroutine.wrap(function() error('inside') end)()", "!inside" },
        { "local co, main = coroutine.running(); return tostring(co) .. tostring(main)",
          "niltrue" },
        { "return coroutine.wrap(function() local co, main = coroutine.running(); return type(co) "
          ".. tostring(main) end)()",
          "threadfalse" },
        { "return tostring(coroutine.isyieldable())", "false" },
        { "coroutine.yield()", "!outside a coroutine" },
        { "coroutine.resume(1)", "!coroutine expected" },
    };
    RUN(cases);
}

static void memory_quota(void **state)
{
    struct fix *f = *state;
    f->options.limit_bytes = 4 * 1024 * 1024;
    fix_reopen(f);
    for (int round = 0; round < 3; round++) {
        int rc =
            fix_lua(f, 5000, "local t = {}; while true do t[#t + 1] = ('x'):rep(1000) .. #t end");
        refused(rc, ERROR_LIMIT, "may hold 4 MB");
        assert_true(script_memory(f->s) <= f->options.limit_bytes);
        ok(fix_lua(f, 0, "return 'well again'"));
        assert_string_equal(buf_text(&f->output), "well again");
    }
    refused(fix_lua(f, 0, "return ('x'):rep(1 << 30)"), ERROR_LIMIT, "larger than the 4 MB");
    f->options.limit_bytes = 1000;
    script_close(f->s);
    f->s = NULL;
    assert_int_equal(script_open(&f->s, f->d, &f->options, &f->e), -ERROR_LIMIT);
    assert_null(f->s);
    for (size_t bytes = 5000; bytes < 200000;
         bytes += 5000) { /* fails at every stage of setting up */
        f->options.limit_bytes = bytes;
        if (script_open(&f->s, f->d, &f->options, &f->e) == 0) {
            fix_lua(f, 0, "return 1");
            script_close(f->s);
            f->s = NULL;
        }
    }
    f->options.limit_bytes = 0;
    fix_open_script(f);
}

static void printing(void **state)
{
    struct fix *f = *state;
    ok(fix_lua(f, 0, "print(1, nil, setmetatable({}, {__tostring = function() return 'T' end}))"));
    fix_use(f, "", "print('hello', 2)");
    assert_contains(buf_text(&f->output), "0 p hello\t2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(absent_globals, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(present_globals, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(metatables_are_out_of_reach, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(environments_are_apart, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(random_is_apart, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(protected_calls, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(coroutines, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(memory_quota, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(printing, fix_setup, fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
