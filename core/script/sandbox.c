/* Environments: what a plugin or a session sees of Lua.
 *
 * An allow-list of globals over fresh tables: an environment can change its own
 * copies only. Three things are shared by all and out of reach: the metatable
 * of strings, whose methods are a private table; the metatables of handles and
 * error values, locked by __metatable; and C functions, which hold no state
 * (math is opened anew for each, because its generator does). */
#include "script/library_internal.h"
#include "script/plugin_internal.h"

#include <string.h>

#include "baton/base/calendar.h"
#include "baton/base/text.h"
#include "baton/base/zone.h"

static const char *const sandbox_globals[] = { "assert", "error",        "ipairs",   "next",
                                               "pairs",  "rawequal",     "rawget",   "rawlen",
                                               "rawset", "select",       "tonumber", "tostring",
                                               "type",   "getmetatable", "_VERSION", NULL };

/* Private originals hang in the registry under these addresses. */
static const char sandbox_base_key, sandbox_string_key;

void script__open_libs(lua_State *L)
{
    lua_pushcfunction(L, luaopen_base); /* fills the state's globals, which no environment sees */
    lua_call(L, 0, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &sandbox_base_key);

    lua_pushcfunction(
        L, luaopen_string); /* gives strings their metatable, with this table as __index */
    lua_call(L, 0, 1);
    lua_pushnil(L);
    lua_setfield(L, -2, "dump");
    library__add_patterns(L);
    library__add_string(L);
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &sandbox_string_key);
}

/* ---- globals of our own ---- */

/* A finalizer would run outside any budget. Lua marks an object for one only here, so that adding
 * __gc to the metatable later has no effect. */
static int sandbox_setmetatable(lua_State *L)
{
    int type = lua_type(L, 2);
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    if (type == LUA_TTABLE) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL)
            return luaL_error(L, "setmetatable: __gc is not available here");
        lua_pop(L, 1);
    }
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "cannot change a protected metatable");
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

static int sandbox_collectgarbage(lua_State *L)
{
    const char *option = luaL_optstring(L, 1, "");
    if (strcmp(option, "count") != 0)
        return luaL_error(L, "collectgarbage takes \"count\" only, got \"%s\"", option);
    lua_pushnumber(L, (double)script_memory(script__of(L)) / 1024);
    return 1;
}

static int sandbox_print(lua_State *L)
{
    int count = lua_gettop(L);
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    for (int i = 1; i <= count; i++) {
        if (i > 1)
            luaL_addchar(&text, '\t');
        luaL_tolstring(L, i, NULL);
        luaL_addvalue(&text);
    }
    luaL_pushresult(&text);
    size_t n;
    const char *line = lua_tolstring(L, -1, &n);
    script__output(L, SCRIPT_PRINT, line, n);
    return 0;
}

/* ---- strict names: reading what is not there is a slip of the pen, not a nil. For modules, and
 * for the globals of a plugin; a session may write `t = t or {}`. ---- */

enum { STRICT_NAMES_MAX = 512 };

/* The text keys of the table, ended by NULL. */
static const char *const *strict_names(lua_State *L, int table)
{
    struct arena *memory = script__arena(script__of(L));
    const char **names = arena_alloc(memory, (STRICT_NAMES_MAX + 1) * sizeof(*names));
    size_t n = 0;
    lua_pushnil(L);
    while (lua_next(L, table)) {
        if (n < STRICT_NAMES_MAX && lua_type(L, -2) == LUA_TSTRING)
            names[n++] = arena_dup(memory, lua_tostring(L, -2));
        lua_pop(L, 1);
    }
    return names;
}

static int strict_index(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TTABLE || lua_type(L, 2) != LUA_TSTRING)
        return 0;
    const char *name = lua_tostring(L, 2);
    if (!strcmp(name, "settings") && !script__plugin(L))
        return script__raisef(L, ERROR_INVALID, "baton.settings is there in a plugin only");
    struct buf *near = script__hold_buf(L);
    text_suggest(name, strict_names(L, 1), near);
    return script__raisef(L, ERROR_INVALID, "there is no \"%.64s\" here%s", name, buf_text(near));
}

/* For the table on top of the stack. rawget reads without it. */
static void sandbox_make_strict(lua_State *L)
{
    static const char key;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 2);
        lua_pushcfunction(L, strict_index);
        lua_setfield(L, -2, "__index");
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
    }
    lua_setmetatable(L, -2);
}

/* ---- building an environment: the table is on top of the stack ---- */

static void sandbox_add_globals(lua_State *L)
{
    static const luaL_Reg own[] = { { "setmetatable", sandbox_setmetatable },
                                    { "collectgarbage", sandbox_collectgarbage },
                                    { "print", sandbox_print },
                                    { NULL, NULL } };
    lua_rawgetp(L, LUA_REGISTRYINDEX, &sandbox_base_key);
    for (size_t i = 0; sandbox_globals[i]; i++) {
        lua_getfield(L, -1, sandbox_globals[i]);
        lua_setfield(L, -3, sandbox_globals[i]);
    }
    lua_pop(L, 1);
    luaL_setfuncs(L, own, 0);
    lua_pushvalue(L, -1);
    lua_pushcclosure(L, script__lua_load, 1);
    lua_setfield(L, -2, "load");
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "_G");
}

static void sandbox_add_libs(lua_State *L)
{
    static const luaL_Reg fresh[] = { { "math", luaopen_math },
                                      { "table", luaopen_table },
                                      { "utf8", luaopen_utf8 },
                                      { NULL, NULL } };
    for (size_t i = 0; fresh[i].name; i++) {
        lua_pushcfunction(L, fresh[i].func);
        lua_call(L, 0, 1);
        lua_setfield(L, -2, fresh[i].name);
    }
    lua_getfield(L, -1, "table");
    library__add_table(L);
    library__add_sort(L);
    lua_pop(L, 1);
    lua_createtable(L, 0, 16); /* string is copied: opening it anew would change the metatable */
    lua_rawgetp(L, LUA_REGISTRYINDEX, &sandbox_string_key);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -5);
    }
    lua_pop(L, 1);
    lua_setfield(L, -2, "string");
}

static void sandbox_add_org(lua_State *L)
{
    const struct script_options *o = script__options(script__of(L));
    const struct calendar *calendar = domain_calendar(script__domain(L));
    lua_createtable(L, 0, 3);
    lua_pushstring(L, o->org);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, o->org_title);
    lua_setfield(L, -2, "title");
    lua_pushstring(L, calendar ? zone_name(calendar_zone(calendar)) : "UTC");
    lua_setfield(L, -2, "zone");
    lua_setfield(L, -2, "org");
}

/* baton.settings and baton.plugin; a session has neither. */
static void sandbox_add_plugin(lua_State *L, const struct plugin *plugin)
{
    if (!plugin)
        return;
    settings_push(L, plugin);
    script__push_read_only(L, "baton.settings");
    lua_setfield(L, -2, "settings");
    lua_createtable(L, 0, 2);
    lua_pushstring(L, plugin->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, plugin->version);
    lua_setfield(L, -2, "version");
    lua_setfield(L, -2, "plugin");
}

static bool sandbox_has_functions(const struct script_module *m)
{
    for (const struct script_function *f = m->functions; f->name; f++)
        if (f->function && f->name[0] != ':')
            return true;
    return false;
}

/* Each module is a global and a member of `baton`. */
static void sandbox_add_modules(lua_State *L, const struct plugin *plugin)
{
    script__push_module(L, &script__baton);
    for (size_t i = 0; script__modules[i]; i++) {
        const struct script_module *m = script__modules[i];
        if (m == &script__baton || !sandbox_has_functions(m))
            continue;
        script__push_module(L, m);
        sandbox_make_strict(L);
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, m->name);
        lua_setfield(L, -3, m->name);
    }
    lua_pushlightuserdata(L, script__none());
    lua_setfield(L, -2, "none");
    sandbox_add_org(L);
    sandbox_add_plugin(L, plugin);
    sandbox_make_strict(L);
    lua_setfield(L, -2, "baton");
}

void script__push_env(lua_State *L, struct plugin *plugin, struct session *session)
{
    (void)session; /* what only a session has (arg, progress) the session adds itself */
    luaL_checkstack(L, 12, NULL);
    lua_createtable(L, 0, 64);
    sandbox_add_globals(L);
    sandbox_add_libs(L);
    script__add_protected_calls(L);
    sandbox_add_modules(L, plugin);
    if (plugin)
        sandbox_make_strict(L);
}

/* ---- read-only views: an empty table whose metatable holds the real one ---- */

/* A member that is declared but has no value is kept as baton.none, and read as nil. */
static void sandbox_view_value(lua_State *L)
{
    if (lua_islightuserdata(L, -1) && lua_touserdata(L, -1) == script__none()) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
}

static int sandbox_view_index(lua_State *L)
{
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL || lua_type(L, 2) != LUA_TSTRING) {
        sandbox_view_value(L);
        return 1;
    }
    const char *what = lua_tostring(L, lua_upvalueindex(2));
    return script__unknown(L, what, "name", lua_tostring(L, 2),
                           table_keys(L, lua_upvalueindex(1), what));
}

static int sandbox_view_newindex(lua_State *L)
{
    return luaL_error(L, "%s is read-only", lua_tostring(L, lua_upvalueindex(2)));
}

static int sandbox_view_next(lua_State *L)
{
    lua_settop(L, 2);
    if (lua_next(L, lua_upvalueindex(1))) {
        sandbox_view_value(L);
        return 2;
    }
    lua_pushnil(L);
    return 1;
}

static int sandbox_view_pairs(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushcclosure(L, sandbox_view_next, 1);
    lua_pushnil(L);
    lua_pushnil(L);
    return 3;
}

void script__push_read_only(lua_State *L, const char *what)
{
    static const luaL_Reg methods[] = { { "__index", sandbox_view_index },
                                        { "__newindex", sandbox_view_newindex },
                                        { "__pairs", sandbox_view_pairs },
                                        { NULL, NULL } };
    lua_newtable(L);
    lua_createtable(L, 0, 4);
    lua_pushvalue(L, -3);
    lua_pushstring(L, what);
    luaL_setfuncs(L, methods, 2);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_remove(L, -2);
}
