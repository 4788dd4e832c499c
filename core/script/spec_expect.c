/* expect(value):equals(…): each method looks at the value and, where it is not
 * as expected, raises with what was expected, what there was, and the line. */
#include "script/spec_internal.h"

#include <string.h>

#include "baton/base/calendar.h"
#include "baton/base/when.h"
#include "baton/base/zone.h"

#define EXPECT_NAME "baton.expect"

/* The value at index 1 instead of the object; one argument at index 2, nil where there is none. */
static struct spec *expect_begin(lua_State *L, const char *what)
{
    struct spec *s = spec__of(L, what);
    if (!luaL_testudata(L, 1, EXPECT_NAME))
        script__raisef(L, ERROR_INVALID, "%s: write expect(value):%s(…), with a colon", what, what);
    lua_getiuservalue(L, 1, 1);
    lua_replace(L, 1);
    return s;
}

static int expect_held(struct spec *s)
{
    s->expectations++;
    return 0;
}

/* "expected …" and "got …", on lines of their own. */
static int expect_refuse(lua_State *L, const char *expected, int got)
{
    struct buf *text = script__hold_buf(L);
    buf_printf(text, "expected %s\n     got ", expected);
    spec__show(L, got, text);
    spec__fail(L, text);
}

static const char *expect_shown(lua_State *L, int index)
{
    struct buf *text = script__hold_buf(L);
    spec__show(L, index, text);
    const char *shown = arena_dup(value__arena(L), buf_text(text));
    lua_pop(L, 1);
    return shown;
}

/* ---- plain values ---- */

static int expect_equals(lua_State *L)
{
    struct spec *s = expect_begin(L, "equals");
    lua_settop(L, 2);
    if (spec__equal(L, 1, 2))
        return expect_held(s);
    if (lua_istable(L, 1) && lua_istable(L, 2)) {
        struct buf *text = script__hold_buf(L);
        buf_puts(text,
                 "expected the same table, got another one: same_as compares what is in them");
        spec__fail(L, text);
    }
    return expect_refuse(L, expect_shown(L, 2), 1);
}

static int expect_isnt(lua_State *L)
{
    struct spec *s = expect_begin(L, "isnt");
    lua_settop(L, 2);
    if (!spec__equal(L, 1, 2))
        return expect_held(s);
    return expect_refuse(L, arena_printf(value__arena(L), "anything but %s", expect_shown(L, 2)),
                         1);
}

static int expect_that(lua_State *L, bool holds, const char *expected, struct spec *s)
{
    return holds ? expect_held(s) : expect_refuse(L, expected, 1);
}

static int expect_is_nil(lua_State *L)
{
    struct spec *s = expect_begin(L, "is_nil");
    return expect_that(L, lua_isnil(L, 1), "nil", s);
}

static int expect_is_something(lua_State *L)
{
    struct spec *s = expect_begin(L, "is_something");
    return expect_that(L, !lua_isnil(L, 1), "anything but nil", s);
}

static int expect_is_true(lua_State *L)
{
    struct spec *s = expect_begin(L, "is_true");
    return expect_that(L, lua_isboolean(L, 1) && lua_toboolean(L, 1), "true", s);
}

static int expect_is_false(lua_State *L)
{
    struct spec *s = expect_begin(L, "is_false");
    return expect_that(L, lua_isboolean(L, 1) && !lua_toboolean(L, 1), "false", s);
}

static int expect_bound(lua_State *L, const char *what, bool least)
{
    struct spec *s = expect_begin(L, what);
    double wanted = luaL_checknumber(L, 2);
    bool holds = lua_type(L, 1) == LUA_TNUMBER &&
                 (least ? lua_tonumber(L, 1) >= wanted : lua_tonumber(L, 1) <= wanted);
    if (holds)
        return expect_held(s);
    return expect_refuse(
        L,
        arena_printf(value__arena(L), "%s %s", least ? "at least" : "at most", expect_shown(L, 2)),
        1);
}

static int expect_at_least(lua_State *L)
{
    return expect_bound(L, "at_least", true);
}

static int expect_at_most(lua_State *L)
{
    return expect_bound(L, "at_most", false);
}

/* ---- times ---- */

static int expect_is_at(lua_State *L)
{
    struct spec *s = expect_begin(L, "is_at");
    const struct calendar *calendar = domain_calendar(script__domain(L));
    const struct zone *zone = calendar_zone(calendar);
    struct error e;
    int64_t wanted;
    if (lua_type(L, 2) == LUA_TSTRING) {
        if (when_parse(lua_tostring(L, 2), calendar, domain_now(script__domain(L)), &wanted, &e) <
            0)
            script__raisef(L, e.code, "is_at: %s", e.message);
    } else {
        wanted = script__check_time(L, 2);
    }
    if (lua_isinteger(L, 1) && lua_tointeger(L, 1) == wanted)
        return expect_held(s);
    struct buf *text = script__hold_buf(L);
    buf_puts(text, "expected ");
    zone_format(zone, wanted, true, text);
    buf_puts(text, "\n     got ");
    if (lua_isinteger(L, 1))
        zone_format(zone, lua_tointeger(L, 1), true, text);
    else
        spec__show(L, 1, text);
    spec__fail(L, text);
}

/* ---- texts and tables ---- */

static bool expect_finds(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TSTRING) {
        size_t n, m;
        const char *text = lua_tolstring(L, 1, &n), *part = luaL_checklstring(L, 2, &m);
        return m == 0 || memmem(text, n, part, m) != NULL;
    }
    if (!lua_istable(L, 1))
        return spec__fits(L, 1, 2);
    lua_Integer n = (lua_Integer)lua_rawlen(L, 1);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, 1, i);
        bool fits = spec__fits(L, -1, 2);
        lua_settop(L, 2);
        if (fits)
            return true;
    }
    return n == 0 && lua_istable(L, 2) && lua_rawlen(L, 2) == 0 && spec__fits(L, 1, 2);
}

static int expect_contains(lua_State *L)
{
    struct spec *s = expect_begin(L, "contains");
    lua_settop(L, 2);
    if (expect_finds(L))
        return expect_held(s);
    return expect_refuse(
        L, arena_printf(value__arena(L), "something that contains %s", expect_shown(L, 2)), 1);
}

static int expect_lacks(lua_State *L)
{
    struct spec *s = expect_begin(L, "lacks");
    lua_settop(L, 2);
    if (!expect_finds(L))
        return expect_held(s);
    return expect_refuse(L, arena_printf(value__arena(L), "nothing like %s", expect_shown(L, 2)),
                         1);
}

static int expect_matches(lua_State *L)
{
    struct spec *s = expect_begin(L, "matches");
    luaL_checkstring(L, 2);
    lua_settop(L, 2);
    if (lua_type(L, 1) == LUA_TSTRING) {
        lua_getfield(L, 1, "find");
        lua_pushvalue(L, 1);
        lua_pushvalue(L, 2);
        lua_call(L, 2, 1);
        if (!lua_isnil(L, -1))
            return expect_held(s);
        lua_settop(L, 2);
    }
    return expect_refuse(
        L, arena_printf(value__arena(L), "a text that matches %s", expect_shown(L, 2)), 1);
}

static int expect_same_as(lua_State *L)
{
    struct spec *s = expect_begin(L, "same_as");
    lua_settop(L, 2);
    struct buf *text = script__hold_buf(L);
    buf_puts(text, "not the same:");
    if (!spec__differences(L, 2, 1, text))
        return expect_held(s);
    spec__fail(L, text);
}

static int expect_has_length(lua_State *L)
{
    struct spec *s = expect_begin(L, "has_length");
    lua_Integer wanted = luaL_checkinteger(L, 2);
    bool has = lua_istable(L, 1) || lua_type(L, 1) == LUA_TSTRING;
    lua_Integer n = has ? (lua_Integer)lua_rawlen(L, 1) : -1;
    if (n == wanted)
        return expect_held(s);
    if (!has)
        return expect_refuse(L, "a table or a text", 1);
    struct buf *text = script__hold_buf(L);
    buf_printf(text, "expected a length of %lld\n     got %lld: ", (long long)wanted, (long long)n);
    spec__show(L, 1, text);
    spec__fail(L, text);
}

/* ---- functions ---- */

static int expect_fails(lua_State *L)
{
    struct spec *s = expect_begin(L, "fails");
    struct error e;
    int parts = lua_gettop(L);
    luaL_checktype(L, 1, LUA_TFUNCTION);
    size_t held = s->expectations;
    lua_pushvalue(L, 1);
    int status = lua_pcall(L, 0, 0, 0);
    struct buf *text = script__hold_buf(L);
    if (status == LUA_OK) {
        buf_puts(text, "expected a failure, but it went well");
        spec__fail(L, text);
    }
    budget__rethrow(L);
    script__read_error(L, parts + 1, &e);
    if (s->brief && !strcmp(s->brief, e.message)) { /* an expectation inside: that is the failure */
        lua_settop(L, parts + 1);
        return lua_error(L);
    }
    s->expectations = held;
    for (int i = 2; i <= parts; i++) {
        const char *part = luaL_checkstring(L, i);
        if (strstr(e.message, part) || !strcmp(part, error_code_name(e.code)))
            continue;
        buf_printf(text, "expected a failure that says \"%s\"\n     got \"%s\"", part, e.message);
        spec__fail(L, text);
    }
    return expect_held(s);
}

/* ---- expect ---- */

static int expect_new(lua_State *L)
{
    spec__of(L, "expect");
    lua_settop(L, 1);
    lua_newuserdatauv(L, 0, 1);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, 2, 1);
    luaL_setmetatable(L, EXPECT_NAME);
    return 1;
}

static const luaL_Reg expect_methods[] = {
    { "equals", expect_equals },     { "isnt", expect_isnt },
    { "is_nil", expect_is_nil },     { "is_something", expect_is_something },
    { "is_true", expect_is_true },   { "is_false", expect_is_false },
    { "at_least", expect_at_least }, { "at_most", expect_at_most },
    { "is_at", expect_is_at },       { "contains", expect_contains },
    { "lacks", expect_lacks },       { "matches", expect_matches },
    { "same_as", expect_same_as },   { "has_length", expect_has_length },
    { "fails", expect_fails },       { NULL, NULL },
};

static int expect_no_method(lua_State *L)
{
    const char *names[sizeof expect_methods / sizeof *expect_methods];
    size_t n = 0;
    for (; expect_methods[n].name; n++)
        names[n] = expect_methods[n].name;
    names[n] = NULL;
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
        return 1;
    script__unknown(L, "expect", "expectation", luaL_tolstring(L, 2, NULL), names);
}

void spec__add_expect(lua_State *L)
{
    if (luaL_newmetatable(L, EXPECT_NAME)) {
        luaL_newlib(L, expect_methods);
        lua_pushcclosure(L, expect_no_method, 1);
        lua_setfield(L, -2, "__index");
        lua_pushliteral(L, "expect");
        lua_setfield(L, -2, "__metatable");
    }
    lua_pop(L, 1);
    lua_pushcfunction(L, expect_new);
    lua_setfield(L, -2, "expect");
}

static const struct script_function expect_functions[] = {
    { ":equals", NULL, "expect(value):equals(wanted)", "the same value, or the same row",
      "expect(r.subject):equals(ada)\n"
      "expect(r.stage):equals(\"accepted\")  --> error: expected \"accepted\"\n"
      "-->      got \"requested\"" },
    { ":isnt", NULL, "expect(value):isnt(other)", "another value",
      "expect(r.stage):isnt(\"declined\")" },
    { ":is_nil", NULL, "expect(value):is_nil()", "nothing", "expect(r.closed_at_ms):is_nil()" },
    { ":is_something", NULL, "expect(value):is_something()", "not nil",
      "expect(r.due_at_ms):is_something()" },
    { ":is_true", NULL, "expect(value):is_true()", "true itself", "expect(r.open):is_true()" },
    { ":is_false", NULL, "expect(value):is_false()", "false itself",
      "expect(r.overdue):is_false()" },
    { ":at_least", NULL, "expect(number):at_least(wanted)", "that, or more",
      "expect(r.fields.hours):at_least(1)" },
    { ":at_most", NULL, "expect(number):at_most(wanted)", "that, or less",
      "expect(r.fields.hours):at_most(40)" },
    { ":is_at", NULL, "expect(ms):is_at(time)", "an instant, in the organisation's zone",
      "expect(r.due_at_ms):is_at(\"2026-03-05 09:00\")" },
    { ":contains", NULL, "expect(text or array or row):contains(part)",
      "a text has it in it; an array has an element that is it, or that has all members of the "
      "table; a row has these columns",
      "expect(r.title):contains(\"help\")\n"
      "expect(r:possible()):contains(\"accept\")\n"
      "expect(r):contains{ stage = \"requested\", owner = ines }" },
    { ":lacks", NULL, "expect(text or array or row):lacks(part)", "the opposite of contains",
      "expect(r:possible()):lacks(\"finish\")" },
    { ":matches", NULL, "expect(text):matches(pattern)", "a pattern of Lua occurs in it",
      "expect(r.ref):matches(\"^R%-%d+$\")" },
    { ":same_as", NULL, "expect(table):same_as(wanted)",
      "a table with the same members, all the way down; says which differ",
      "expect({ r:can(\"accept\") }):same_as{ true }" },
    { ":has_length", NULL, "expect(array or text):has_length(n)", "so many elements or bytes",
      "expect(r:tasks{}):has_length(1)" },
    { ":fails", NULL, "expect(function() … end):fails(part, …)",
      "it raises an error whose message has each part, or whose code is the part (\"denied\")",
      "expect(function() r:advance(\"finish\") end):fails(\"finish\")" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__expect = { "expect", "what a spec expects of a value",
                                              expect_functions };
