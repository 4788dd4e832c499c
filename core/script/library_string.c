/* string.rep and string.format, bounded by what the quota could hold.
 *
 * Their work is as long as what they make or read, so it is known beforehand.
 * Lua's own rep goes round 2^52 times for nothing, and its format reads the same
 * long text once for each of a million arguments. */
#include "script/library_internal.h"

#include <string.h>

static size_t library_quota(lua_State *L)
{
    return script__of(L)->limit_bytes;
}

static int string_rep(lua_State *L)
{
    size_t n, between_n;
    const char *text = luaL_checklstring(L, 1, &n);
    lua_Integer count = luaL_checkinteger(L, 2);
    const char *between = luaL_optlstring(L, 3, "", &between_n);
    size_t each = n + between_n, quota = library_quota(L);
    if (count <= 0 || each == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if ((lua_Unsigned)count > quota / each + 1)
        script__raisef(L, ERROR_LIMIT,
                       "string.rep: the result would be larger than the %zu MB that the "
                       "organisation's Lua state may hold",
                       quota / (1024 * 1024));
    size_t total = (size_t)count * each - between_n;
    luaL_Buffer out;
    char *to = luaL_buffinitsize(L, &out, total);
    memcpy(to, text, n);
    if (count > 1)
        memcpy(to + n, between, between_n);
    for (size_t done = each; done < total;) { /* what is there, again */
        size_t more = done < total - done ? done : total - done;
        memcpy(to + done, to, more);
        done += more;
    }
    luaL_pushresultsize(&out, total);
    return 1;
}

enum { FORMAT_FEW = 16, FORMAT_NUMBER_BYTES = 16 };

/* How many bytes an argument of format may make it read. */
static size_t format_weight(lua_State *L, int index)
{
    return FORMAT_NUMBER_BYTES + (lua_type(L, index) == LUA_TSTRING ? lua_rawlen(L, index) : 0);
}

/* Upvalue: Lua's own. */
static int string_format(lua_State *L)
{
    int top = lua_gettop(L);
    size_t weight = 0, quota = library_quota(L);
    luaL_checkstack(L, 2, NULL);
    for (int i = 1; i <= top; i++) {
        if (top > FORMAT_FEW && lua_type(L, i) >= LUA_TTABLE) { /* whose text may be long: now */
            luaL_tolstring(L, i, NULL);
            lua_replace(L, i);
            budget__look(L);
        }
        weight += format_weight(L, i);
    }
    if (weight > quota)
        script__raisef(L, ERROR_LIMIT,
                       "string.format: its arguments are %zu MB together, at most %zu",
                       weight / (1024 * 1024), quota / (1024 * 1024));
    lua_CFunction format = lua_tocfunction(L, lua_upvalueindex(1));
    return format(L);
}

void library__add_string(lua_State *L)
{
    lua_pushcfunction(L, string_rep);
    lua_setfield(L, -2, "rep");
    lua_getfield(L, -1, "format");
    lua_pushcclosure(L, string_format, 1);
    lua_setfield(L, -2, "format");
}
