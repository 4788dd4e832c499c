/* Our find, match, gmatch and gsub against those of Lua: the same results and the same messages for
 * random patterns; and what only ours do: they stop. */
#include "plugin_fixture.h"

#include "script/library_internal.h"

enum { ROUNDS = 60000, SUBJECT_BYTES = 14, PATTERN_BYTES = 64 };

static uint64_t random_state;

static unsigned random_below(unsigned n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state >> 11) % n);
}

/* ---- one call on both sides ---- */

static int patterns_open(lua_State *L)
{
    lua_newtable(L);
    library__add_patterns(L);
    lua_setfield(L, LUA_REGISTRYINDEX, "ours");
    return 0;
}

static const char helpers[] =
    "local string = ...\n"
    "local function all(...) local t = table.pack(...) for i = 1, t.n do t[i] = math.type(t[i]) "
    "and "
    "'#' .. t[i] or tostring(t[i]) end return table.concat(t, '|') end\n"
    "return {\n"
    "function(s, p, i) return all(string.find(s, p, i)) end,\n"
    "function(s, p, i) return all(string.match(s, p, i)) end,\n"
    "function(s, p, i) return all(string.find(s, p, i, true)) end,\n"
    "function(s, p, i) local t = {} for a, b, c in string.gmatch(s, p, i) do t[#t + 1] = all(a, b, "
    "c) if #t > 40 then break end end return table.concat(t, ';') end,\n"
    "function(s, p, i) return all(string.gsub(s, p, '<%0%1%%>', i)) end,\n"
    "function(s, p, i) return all(string.gsub(s, p, '%2', i)) end,\n"
    "function(s, p, i) return all(string.gsub(s, p, '%', i)) end,\n"
    "function(s, p, i) return all(string.gsub(s, p, function(...) local v = select('#', ...) % 3 "
    "return v == 1 and all(...) or v == 2 and 7 end, i)) end,\n"
    "function(s, p, i) return all(string.gsub(s, p, setmetatable({a = 'A', b = false, ab = 12}, "
    "{__index = function(_, k) return k == 'c' and {} or nil end}), i)) end,\n"
    "}\n";

/* Leaves the table of helpers on the stack; `ours` in a private table, or Lua's own. */
static void helpers_push(lua_State *L, bool ours)
{
    assert_int_equal(luaL_loadstring(L, helpers), LUA_OK);
    if (ours)
        lua_getfield(L, LUA_REGISTRYINDEX, "ours");
    else
        lua_getglobal(L, "string");
    lua_call(L, 1, 1);
}

static void call_one(lua_State *L, int helper, const char *s, size_t n, const char *p, size_t m,
                     lua_Integer i, struct buf *out)
{
    size_t len;
    int top = lua_gettop(L);
    lua_rawgeti(L, top, helper);
    lua_pushlstring(L, s, n);
    lua_pushlstring(L, p, m);
    if (i)
        lua_pushinteger(L, i);
    else
        lua_pushnil(L);
    buf_clear(out);
    if (lua_pcall(L, 3, 1, 0) != LUA_OK)
        buf_puts(out, "error: ");
    const char *text = lua_tolstring(L, -1, &len);
    assert_non_null(text);
    buf_add(out, text, len);
    lua_settop(L, top);
}

/* A pattern: pieces that make sense more often than not. */
static size_t random_pattern(char *out)
{
    static const char *const pieces[] = {
        "a",    "b",    "c",     ".",      "%a",     "%d",    "%s",  "%w",   "%p",   "%u",
        "%x",   "%A",   "[ab]",  "[^a]",   "[a-c]",  "[%a_]", "[]]", "[^]]", "[a-]", "[%]]",
        "%bab", "%b()", "%f[a]", "%f[%w]", "%f[^a]", "(",     "(",   ")",    ")",    "()",
        "%1",   "%2",   "$",     "^",      "-",      "*",     "+",   "?",    "%",    "[",
        "]",    "%%",   "%.",    "%z",     "%b",     "%f",    "[a",  "[^",   "[%",   "%0",
        "%9",   "(a*",  "(.-)",  "(b?)",   "a-",
    };
    size_t n = 0;
    for (unsigned left = 1 + random_below(6); left; left--) {
        const char *piece = pieces[random_below(sizeof pieces / sizeof *pieces)];
        memcpy(out + n, piece, strlen(piece));
        n += strlen(piece);
        if (random_below(4) == 0)
            out[n++] = "*+-?"[random_below(4)];
        if (random_below(40) == 0)
            out[n++] = '\0';
    }
    return n;
}

static size_t random_subject(char *out)
{
    size_t n = random_below(SUBJECT_BYTES);
    for (size_t i = 0; i < n; i++)
        out[i] = "aaabbbccc()1 ._A\0]"[random_below(18)];
    return n;
}

static void same_as_lua(void **state)
{
    struct fix *f = *state;
    struct script_frame frame = { .what = "test" };
    lua_State *ours = script__main(f->s), *stock = luaL_newstate();
    struct buf a = BUF_INIT, b = BUF_INIT;
    char s[SUBJECT_BYTES], p[PATTERN_BYTES];
    size_t good = 0;
    luaL_openlibs(stock);
    ok(script__protect(ours, &frame, patterns_open, NULL, &f->e));
    luaL_openlibs(ours); /* for the helpers only */
    helpers_push(ours, true);
    helpers_push(stock, false);
    int rounds = getenv("BATON_SOAK") ? ROUNDS * 50 : ROUNDS;
    random_state = 88172645463325252u;
    for (int round = 0; round < rounds; round++) {
        size_t n = random_subject(s), m = random_pattern(p);
        lua_Integer i = random_below(3) ? 0 : (lua_Integer)random_below(40) - 20;
        int helper = 1 + (int)random_below(9);
        call_one(ours, helper, s, n, p, m, i, &a);
        call_one(stock, helper, s, n, p, m, i, &b);
        if (a.len != b.len || memcmp(buf_text(&a), buf_text(&b), a.len) != 0)
            fail_msg("helper %d, subject \"%.*s\", pattern \"%.*s\", %d: \"%s\" instead of \"%s\"",
                     helper, (int)n, s, (int)m, p, (int)i, buf_text(&a), buf_text(&b));
        good += strncmp(buf_text(&a), "error: ", 7) != 0 && strcmp(buf_text(&a), "nil") != 0;
    }
    assert_true(good > (size_t)rounds / 4); /* the patterns do match things */
    lua_close(stock);
    lua_settop(ours, 0);
    buf_free(&a);
    buf_free(&b);
}

/* ---- arguments, limits ---- */

static void arguments_and_limits(void **state)
{
    struct fix *f = *state;
    static const struct {
        const char *lua, *wanted;
    } cases[] = {
        { "return ('abc'):find('b', 1, true)", "2" },
        { "return tostring(('abc'):find('', 10))", "nil" },
        { "return ('abc'):find('', 4)", "4" },
        { "return ('abc'):find('', -1)", "3" },
        { "return ('x'):rep(3000000):find('y', 1, true) == nil", "true" },
        { "return (('x'):rep(3000000) .. 'yz'):find('xyz', 1, true)", "3000000" },
        { "return (('x'):rep(1048575) .. 'yz'):find('xyz', 1, true)", "1048575" },
        { "return (('x'):rep(1048576) .. 'yz'):find('xyz', 1, true)", "1048576" },
        { "local w = ('ab'):rep(900000) return ('b' .. w):find(w, 1, true)", "2" },
        { "return string.rep(12, 2) .. string.gsub(1.5, '%.', ',')", "12121,5" },
        { "return ('a.b'):gsub('%.', '%%')", "a%b" },
        { "local s = ('a'):rep(31) return select('#', s:match(('(a)'):rep(31)))", "31" },
        { "return select(2, pcall(string.rep, 'x', 1 << 40)).code", "limit" },
        { "return select(2, pcall(string.find, ('a'):rep(40), ('(a)'):rep(33)))",
          "too many captures" },
        { "return select(2, pcall(string.find, ('a'):rep(300), ('a?'):rep(300)))",
          "pattern too complex" },
        { "return select(2, pcall(string.find))",
          "bad argument #1 to '?' (string expected, got no value)" },
        { "return select(2, pcall(string.gsub, 'a', 'a', true))",
          "bad argument #3 to '?' (string/function/table expected, got boolean)" },
        { "return select(2, pcall(string.gsub, 'a', 'a', '%2'))", "invalid capture index %2" },
        { "local t = {} for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do t[#t + 1] = k .. v end "
          "return table.concat(t)",
          "a1b2" },
        { "local g = ('abc'):gmatch('.') return coroutine.wrap(function() return g() .. g() end)() "
          ".. g()",
          "abc" },
        { "return select(2, pcall(coroutine.wrap(function() return ('a'):gsub('a', function() "
          "coroutine.yield() end) end)))",
          "attempt to yield across a C-call boundary" },
        { "return (('a b'):gsub('%w', function(c) return (c:gsub('.', c:upper())) end))", "A B" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (fix_lua(f, 5000, cases[i].lua) < 0)
            fail_msg("%s: %s", cases[i].lua, f->e.message);
        if (strcmp(buf_text(&f->output), cases[i].wanted) != 0)
            fail_msg("%s: %s", cases[i].lua, buf_text(&f->output));
    }
}

/* ---- speed: a ratio within one run ---- */

static const char speed_code[] =
    "local find, match, gmatch, gsub = ...\n"
    "local line = 'Referral R-1042 of 2026-03-01 09:00: \"Ada Lovelace\" <ada@example.org>, "
    "stage=accepted; owner = S-7, hours=12.5'\n"
    "local n = 0\n"
    "for i = 1, 3000 do\n"
    "  n = n + #match(line, '%d%d%d%d%-%d%d%-%d%d') + find(line, '[%w%.]+@[%w%.]+')\n"
    "  for k, v in gmatch(line, '(%w+)%s*=%s*([^,;]+)') do n = n + #k + #v end\n"
    "  n = n + #gsub(line, '%s+', ' ') + #gsub(line, '%a', '%0') + #match(line, '^(.-)%s*$')\n"
    "  n = n + (find(line, 'hours', 1, true) or 0)\n"
    "end return n\n";

static uint64_t speed_of(lua_State *L, bool ours)
{
    static const char *const names[] = { "find", "match", "gmatch", "gsub" };
    assert_int_equal(luaL_loadstring(L, speed_code), LUA_OK);
    for (int i = 0; i < 4; i++) {
        if (ours)
            lua_getfield(L, LUA_REGISTRYINDEX, "ours");
        else
            lua_getglobal(L, "string");
        lua_getfield(L, -1, names[i]);
        lua_remove(L, -2);
    }
    uint64_t began = clock_thread_cpu_ns();
    lua_call(L, 4, 0);
    return clock_thread_cpu_ns() - began;
}

static void as_fast_as_lua(void **state)
{
    struct fix *f = *state;
    struct script_frame frame = { .what = "test" };
    lua_State *L = script__main(f->s);
    double best = 100;
    luaL_openlibs(L);
    ok(script__protect(L, &frame, patterns_open, NULL, &f->e));
    for (int i = 0; i < 5; i++) {
        double stock = (double)speed_of(L, false), ratio = (double)speed_of(L, true) / stock;
        best = ratio < best ? ratio : best;
    }
    print_message("against Lua's own: %.2f\n", best);
    assert_true(best < 6); /* unoptimised builds are slower; what matters is the order */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(same_as_lua, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(arguments_and_limits, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(as_fast_as_lua, fix_setup, fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
