/* Errors between C and Lua.
 *
 * What C refuses becomes an error value: a table {code=, message=, where=} that
 * prints as "file:line: message" and can be joined to strings, so that scripts
 * treat it as text while its code survives pcall. What Lua raises (text with a
 * place in front, such a table, anything else) becomes a struct error again. */
#include "script/state_internal.h"

#include <ctype.h>
#include <string.h>

/* The metatable hangs in the registry under this address. */
static const char error_key;

static void error_push_text(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    lua_getfield(L, index, "where");
    lua_getfield(L, index, "message");
    const char *where = lua_tostring(L, -2), *message = lua_tostring(L, -1);
    if (where && *where)
        lua_pushfstring(L, "%s: %s", where, message ? message : "error");
    else
        lua_pushstring(L, message ? message : "error");
    lua_replace(L, -3);
    lua_pop(L, 1);
}

static bool error_is(lua_State *L, int index)
{
    if (!lua_istable(L, index) || !lua_getmetatable(L, index))
        return false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &error_key);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

static int error_tostring(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    error_push_text(L, 1);
    return 1;
}

static int error_concat(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    luaL_tolstring(L, 2, NULL);
    lua_concat(L, 2);
    return 1;
}

void error__open(lua_State *L)
{
    static const luaL_Reg methods[] = { { "__tostring", error_tostring },
                                        { "__concat", error_concat },
                                        { NULL, NULL } };
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &error_key);
}

bool error__place(lua_State *L, int level, char *out, size_t size)
{
    lua_Debug ar;
    for (; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.currentline > 0) {
            snprintf(out, size, "%s:%d", ar.short_src, ar.currentline);
            return true;
        }
    }
    return false;
}

int script__raise(lua_State *L, const struct error *e)
{
    char where[ERROR_WHERE_BYTES] = "";
    luaL_checkstack(L, 6, NULL);
    struct script *s = script__of(L);
    if (e->where[0])
        memcpy(where, e->where, sizeof where);
    else if (s->place[0])
        memcpy(where, s->place, sizeof where);
    else
        error__place(L, 1, where, sizeof where);
    s->place[0] = '\0';
    lua_createtable(L, 0, 3);
    lua_pushstring(L, error_code_name(e->code));
    lua_setfield(L, -2, "code");
    lua_pushstring(L, e->message);
    lua_setfield(L, -2, "message");
    lua_pushstring(L, where);
    lua_setfield(L, -2, "where");
    lua_rawgetp(L, LUA_REGISTRYINDEX, &error_key);
    lua_setmetatable(L, -2);
    lua_error(L);
    __builtin_unreachable();
}

int script__raisef(lua_State *L, enum error_code code, const char *format, ...)
{
    struct error e;
    va_list args;
    va_start(args, format);
    error_setv(&e, code, format, args);
    va_end(args);
    script__raise(L, &e);
}

/* ---- back again ---- */

static enum error_code error_code_of(const char *name)
{
    for (int code = ERROR_INVALID; name && code <= ERROR_CANCELLED; code++)
        if (!strcmp(name, error_code_name((enum error_code)code)))
            return (enum error_code)code;
    return ERROR_SCRIPT;
}

static const char *error_raw_text(lua_State *L, int index, const char *key)
{
    lua_pushstring(L, key);
    lua_rawget(L, index);
    /* The table keeps it alive; a number stays a number. */
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    lua_pop(L, 1);
    return text;
}

/* Only members that are there in the raw: no metamethod of a plugin runs here. */
static void error_read_table(lua_State *L, int index, struct error *e)
{
    const char *message = error_raw_text(L, index, "message");
    const char *where = error_raw_text(L, index, "where");
    if (!message) {
        error_set(e, ERROR_SCRIPT, "an error value that is a table without a message");
        return;
    }
    error_set(e, error_code_of(error_raw_text(L, index, "code")), "%s", message);
    if (error_is(L, index) && where && *where)
        error_at(e, "%s", where);
}

/* "init.lua:88: text": how long the place is, 0 if there is none. File names with a space have
 * none. */
static size_t error_place_length(const char *text)
{
    const char *p = text;
    while (*p && !isspace((unsigned char)*p)) {
        if (p > text && *p == ':' && isdigit((unsigned char)p[1])) {
            const char *q = p + 1;
            while (isdigit((unsigned char)*q))
                q++;
            if (q[0] == ':' && q[1] == ' ')
                return (size_t)(q - text);
        }
        p++;
    }
    return 0;
}

static void error_read_text(const char *text, struct error *e)
{
    size_t n = error_place_length(text);
    if (n >= ERROR_WHERE_BYTES)
        n = 0;
    error_set(e, ERROR_SCRIPT, "%s", n ? text + n + 2 : text);
    if (n)
        error_at(e, "%.*s", (int)n, text);
}

void script__read_error(lua_State *L, int index, struct error *e)
{
    index = lua_absindex(L, index);
    switch (lua_type(L, index)) {
    case LUA_TSTRING:
        error_read_text(lua_tostring(L, index), e);
        break;
    case LUA_TTABLE:
        error_read_table(L, index, e);
        break;
    case LUA_TNUMBER:
        error_set(e, ERROR_SCRIPT, "%.14g", (double)lua_tonumber(L, index));
        break;
    case LUA_TNIL:
        error_set(e, ERROR_SCRIPT, "an error without a message (error was called with nil)");
        break;
    default:
        error_set(e, ERROR_SCRIPT, "an error value that is a %s", luaL_typename(L, index));
    }
}
