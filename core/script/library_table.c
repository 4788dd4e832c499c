/* table.insert, remove, move and concat: like Lua's own, metamethods included,
 * but a table that lies about its length, or a range of 2^52, is refused before
 * the work begins, and long work looks at the budget. */
#include "script/library_internal.h"

enum { LIBRARY_LOOK = 4096, LIBRARY_ELEMENT_BYTES = 16 };

void library__check_elements(lua_State *L, const char *what, lua_Unsigned count)
{
    lua_Integer most = (lua_Integer)(script__of(L)->limit_bytes / LIBRARY_ELEMENT_BYTES);
    if (count > (lua_Unsigned)most)
        script__raisef(L, ERROR_LIMIT, "%s of %llu elements: at most %lld", what,
                       (unsigned long long)count, (long long)most);
}

static inline void library_look(lua_State *L, lua_Integer i)
{
    if (i % LIBRARY_LOOK == 0)
        budget__look(L);
}

/* A table, or what can stand for one: read, written and measured through its metatable. */
static void library_check_table(lua_State *L, int index)
{
    if (lua_type(L, index) == LUA_TTABLE)
        return;
    static const char *const needed[] = { "__index", "__newindex", "__len" };
    for (int i = 0; i < 3; i++) {
        if (luaL_getmetafield(L, index, needed[i]) == LUA_TNIL)
            luaL_checktype(L, index, LUA_TTABLE); /* raises */
        lua_pop(L, 1);
    }
}

static lua_Integer library_length(lua_State *L)
{
    library_check_table(L, 1);
    return luaL_len(L, 1);
}

/* t[to] = t[from]; both are tables on the stack. */
static inline void library_copy(lua_State *L, int from, lua_Integer i, int to, lua_Integer k)
{
    lua_geti(L, from, i);
    lua_seti(L, to, k);
}

static int table_insert(lua_State *L)
{
    lua_Integer last = (lua_Integer)((lua_Unsigned)library_length(L) + 1); /* wraps, as Lua's own */
    int top = lua_gettop(L);
    if (top == 2) {
        lua_seti(L, 1, last);
        return 0;
    }
    if (top != 3)
        return luaL_error(L, "wrong number of arguments to 'insert'");
    lua_Integer at = luaL_checkinteger(L, 2);
    luaL_argcheck(L, (lua_Unsigned)at - 1u < (lua_Unsigned)last, 2, "position out of bounds");
    library__check_elements(L, "table.insert: a move", (lua_Unsigned)last - (lua_Unsigned)at);
    for (lua_Integer i = last; i > at; i--) {
        library_copy(L, 1, i - 1, 1, i);
        library_look(L, i);
    }
    lua_seti(L, 1, at);
    return 0;
}

static int table_remove(lua_State *L)
{
    lua_Integer last = library_length(L), at = luaL_optinteger(L, 2, last);
    if (at != last) {
        luaL_argcheck(L, (lua_Unsigned)at - 1u <= (lua_Unsigned)last, 2, "position out of bounds");
        if (at < last)
            library__check_elements(L, "table.remove: a move",
                                    (lua_Unsigned)last - (lua_Unsigned)at);
    }
    lua_geti(L, 1, at);
    for (; at < last; at++) {
        library_copy(L, 1, at + 1, 1, at);
        library_look(L, at);
    }
    lua_pushnil(L);
    lua_seti(L, 1, at);
    return 1;
}

/* table.move(from, first, last, at, to) */
static int table_move(lua_State *L)
{
    lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3),
                at = luaL_checkinteger(L, 4);
    int to = lua_isnoneornil(L, 5) ? 1 : 5;
    library_check_table(L, 1);
    library_check_table(L, to);
    if (last >= first) {
        library__check_elements(L, "table.move", (lua_Unsigned)last - (lua_Unsigned)first);
        lua_Integer count = last - first + 1;
        luaL_argcheck(L, at <= LUA_MAXINTEGER - count + 1, 4, "destination wrap around");
        bool upwards = at > last || at <= first ||
                       (to != 1 && !lua_compare(L, 1, to, LUA_OPEQ)); /* nothing is overwritten */
        for (lua_Integer i = 0; i < count; i++) {
            lua_Integer k = upwards ? i : count - 1 - i;
            library_copy(L, 1, first + k, to, at + k);
            library_look(L, i);
        }
    }
    lua_pushvalue(L, to);
    return 1;
}

static void concat_add(lua_State *L, luaL_Buffer *out, lua_Integer i)
{
    if (lua_geti(L, 1, i) != LUA_TSTRING && !lua_isnumber(L, -1))
        luaL_error(L, "invalid value (at index %I) in table for 'concat'", (LUAI_UACINT)i);
    luaL_addvalue(out);
}

static int table_concat(lua_State *L)
{
    size_t between_n;
    lua_Integer last = library_length(L);
    const char *between = luaL_optlstring(L, 2, "", &between_n);
    lua_Integer i = luaL_optinteger(L, 3, 1);
    last = luaL_optinteger(L, 4, last);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    for (; i < last; i++) {
        concat_add(L, &out, i);
        luaL_addlstring(&out, between, between_n);
        library_look(L, i);
    }
    if (i == last)
        concat_add(L, &out, i);
    luaL_pushresult(&out);
    return 1;
}

void library__add_table(lua_State *L)
{
    static const luaL_Reg functions[] = { { "concat", table_concat },
                                          { "insert", table_insert },
                                          { "move", table_move },
                                          { "remove", table_remove },
                                          { NULL, NULL } };
    luaL_setfuncs(L, functions, 0);
}
