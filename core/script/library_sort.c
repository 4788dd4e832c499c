/* table.sort: a merge sort between two lists of its own, written back at the end.
 *
 * Every comparison, by the caller's function or Lua's own of two long texts, is
 * followed by a look at the budget. An order that contradicts itself gives some
 * order; an error in the middle leaves the table as it was. */
#include "script/library_internal.h"

/* Where things stand on the stack. */
enum { SORT_TABLE = 1, SORT_LESS = 2, SORT_FROM = 3, SORT_TO = 4, SORT_A = 5, SORT_B = 6 };

/* Is the element at SORT_B less than that at SORT_A? Equal ones keep their order. */
static bool sort_less(lua_State *L, bool by_function)
{
    bool less;
    if (by_function) {
        lua_pushvalue(L, SORT_LESS);
        lua_pushvalue(L, SORT_B);
        lua_pushvalue(L, SORT_A);
        lua_call(L, 2, 1);
        less = lua_toboolean(L, -1);
        lua_pop(L, 1);
    } else {
        less = lua_compare(L, SORT_B, SORT_A, LUA_OPLT);
    }
    budget__look(L);
    return less;
}

static void sort_load(lua_State *L, int slot, lua_Integer i)
{
    lua_rawgeti(L, SORT_FROM, i);
    lua_replace(L, slot);
}

static void sort_store(lua_State *L, int slot, lua_Integer i)
{
    lua_pushvalue(L, slot);
    lua_rawseti(L, SORT_TO, i);
}

/* [a, middle) and [middle, end) of one list into [a, end) of the other. */
static void sort_merge(lua_State *L, lua_Integer a, lua_Integer middle, lua_Integer end,
                       bool by_function)
{
    lua_Integer b = middle, to = a;
    if (b < end) {
        sort_load(L, SORT_A, a);
        sort_load(L, SORT_B, b);
    }
    while (a < middle && b < end) {
        if (sort_less(L, by_function)) {
            sort_store(L, SORT_B, to++);
            if (++b < end)
                sort_load(L, SORT_B, b);
        } else {
            sort_store(L, SORT_A, to++);
            if (++a < middle)
                sort_load(L, SORT_A, a);
        }
    }
    for (; a < middle; a++, to++) {
        lua_rawgeti(L, SORT_FROM, a);
        lua_rawseti(L, SORT_TO, to);
    }
    for (; b < end; b++, to++) {
        lua_rawgeti(L, SORT_FROM, b);
        lua_rawseti(L, SORT_TO, to);
    }
}

static void sort_lists(lua_State *L, lua_Integer n, bool by_function)
{
    for (lua_Integer width = 1; width < n; width *= 2) {
        for (lua_Integer a = 1; a <= n; a += 2 * width) {
            lua_Integer middle = a + width < n + 1 ? a + width : n + 1;
            lua_Integer end = a + 2 * width < n + 1 ? a + 2 * width : n + 1;
            sort_merge(L, a, middle, end, by_function);
        }
        lua_pushvalue(L, SORT_FROM); /* the lists change places */
        lua_copy(L, SORT_TO, SORT_FROM);
        lua_replace(L, SORT_TO);
    }
}

static int table_sort(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer n = luaL_len(L, 1);
    if (n < 2)
        return 0;
    library__check_elements(L, "table.sort", (lua_Unsigned)n);
    bool by_function = !lua_isnoneornil(L, 2);
    if (by_function)
        luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    lua_createtable(L, (int)n, 0);
    lua_createtable(L, (int)n, 0);
    lua_pushnil(L);
    lua_pushnil(L);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_geti(L, SORT_TABLE, i);
        lua_rawseti(L, SORT_FROM, i);
    }
    sort_lists(L, n, by_function);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, SORT_FROM, i);
        lua_seti(L, SORT_TABLE, i);
    }
    return 0;
}

void library__add_sort(lua_State *L)
{
    lua_pushcfunction(L, table_sort);
    lua_setfield(L, -2, "sort");
}
