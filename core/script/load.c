/* Compiling Lua: text only, and within the budget.
 *
 * Lua's compiler needs time in the square of its source in places (elseif after
 * elseif, a name looked up through 80 nested functions of 200 locals), and no
 * hook runs in it: 6 seconds for one megabyte. It reads its source piece by
 * piece, so the pieces are small, and before each we look at the budget. */
#include "script/state_internal.h"
#include "script/value_internal.h"

#include <string.h>

enum { LOAD_PIECE_BYTES = 1024 };

struct load_reader {
    const char *text;
    size_t left;
};

static const char *load_piece(lua_State *L, void *context, size_t *n)
{
    struct load_reader *r = context;
    const char *piece = r->text;
    budget__look(L);
    *n = r->left < LOAD_PIECE_BYTES ? r->left : LOAD_PIECE_BYTES;
    r->text += *n;
    r->left -= *n;
    return piece;
}

/* One label may resolve all that wait for it, in the square of their number and within one piece.
 */
static bool load_jumps_much(const char *text, size_t n)
{
    const char *end = text + n;
    int count = 0;
    while (count <= LIMIT_GOTOS && (text = memmem(text, (size_t)(end - text), "goto", 4)) != NULL) {
        text += 4;
        count++;
    }
    return count > LIMIT_GOTOS;
}

int script__load_text(lua_State *L, const char *text, size_t n, const char *name)
{
    if (load_jumps_much(text, n)) {
        lua_pushfstring(L, "the source has more than %d gotos", LIMIT_GOTOS);
        return LUA_ERRSYNTAX;
    }
    struct load_reader reader = { text, n };
    return lua_load(L, load_piece, &reader, name, "t");
}

/* Pieces from the function at index 1 until it returns nothing, joined at index 5; or false and a
 * message. */
static bool load_join(lua_State *L)
{
    struct buf *all = script__hold_buf(L);
    lua_replace(L, 5);
    for (size_t n = 1; n > 0; lua_settop(L, 5)) {
        budget__look(L);
        lua_pushvalue(L, 1);
        if (lua_pcall(L, 0, 1, 0) != LUA_OK) {
            budget__rethrow(L);
            return false;
        }
        if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TSTRING) {
            lua_pushfstring(L, "load: the reader must return a string, got a %s",
                            luaL_typename(L, -1));
            return false;
        }
        n = lua_rawlen(L, -1); /* of nil: 0 */
        if (all->len + n > LIMIT_SOURCE_BYTES)
            break;
        if (n > 0)
            buf_add(all, lua_tostring(L, -1), n);
    }
    if (lua_gettop(L) > 5) {
        lua_pushfstring(L, "load: the source is longer than %d bytes", LIMIT_SOURCE_BYTES);
        return false;
    }
    lua_pushlstring(L, buf_text(all), all->len);
    value__release(L, 5);
    lua_replace(L, 5);
    return true;
}

int script__lua_load(lua_State *L)
{
    bool has_env = !lua_isnone(L, 4), text = lua_type(L, 1) == LUA_TSTRING;
    lua_settop(L, 5);
    const char *name = luaL_optstring(L, 2, text ? lua_tostring(L, 1) : "=(load)");
    if (text)
        lua_copy(L, 1, 5);
    else
        luaL_checktype(L, 1, LUA_TFUNCTION);
    if (!text && !load_join(L)) {
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    size_t n;
    const char *source = lua_tolstring(L, 5, &n);
    if (n > LIMIT_SOURCE_BYTES)
        return luaL_error(L, "load: the source is longer than %d bytes", LIMIT_SOURCE_BYTES);
    if (script__load_text(L, source, n, name) != LUA_OK) {
        budget__rethrow(L); /* it may have been killed */
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    lua_pushvalue(L, has_env ? 4 : lua_upvalueindex(1));
    if (!lua_setupvalue(L, -2, 1))
        lua_pop(L, 1);
    return 1;
}
