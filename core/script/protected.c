/* pcall, xpcall and coroutines that a kill goes through (DESIGN 5).
 *
 * Each does what Lua's own does, yields across pcall included, with two
 * additions: an error that comes back while a kill is under way is raised
 * again, and the coroutine that runs is always known, because the tick timer
 * sets its hook there. A kill leaves the close handlers of a dead coroutine
 * alone: nothing could stop them. */
#include "script/state_internal.h"

static int protected_finish(lua_State *L, int status, lua_KContext extra)
{
    if (status == LUA_OK || status == LUA_YIELD)
        return lua_gettop(L) - (int)extra;
    budget__rethrow(L);
    quota__check_memory(L, status);
    lua_pushboolean(L, 0);
    lua_pushvalue(L, -2);
    return 2;
}

static int protected_pcall(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, protected_finish);
    return protected_finish(L, status, 0);
}

/* The handler of xpcall runs where hooks are off, if it was a hook that raised: a kill skips it. */
static int protected_handler(lua_State *L)
{
    if (script__of(L)->kill != KILL_NONE)
        return 1;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

static int protected_xpcall(lua_State *L)
{
    int n = lua_gettop(L);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, protected_handler, 1);
    lua_replace(L, 2);
    lua_pushboolean(L, 1);
    lua_pushvalue(L, 1);
    lua_rotate(L, 3, 2);
    int status = lua_pcallk(L, n - 2, LUA_MULTRET, 2, 2, protected_finish);
    return protected_finish(L, status, 2);
}

/* ---- coroutines ---- */

static lua_State *coroutine_check(lua_State *L)
{
    lua_State *co = lua_tothread(L, 1);
    luaL_argexpected(L, co, 1, "coroutine");
    return co;
}

/* Results on L and their number, or -1 and the error value. */
static int coroutine_run(lua_State *L, lua_State *co, int nargs)
{
    struct script *s = script__of(L);
    int count;
    if (!lua_checkstack(co, nargs)) {
        lua_pushliteral(L, "too many arguments to resume");
        return -1;
    }
    lua_xmove(L, co, nargs);
    lua_State *before = s->running;
    s->running = co;
    int status = lua_resume(co, L, nargs, &count);
    s->running = before;
    if (status != LUA_OK && status != LUA_YIELD) {
        budget__rethrow(L);
        quota__check_memory(L, status);
        lua_xmove(co, L, 1);
        return -1;
    }
    if (!lua_checkstack(L, count + 1)) {
        lua_pop(co, count);
        lua_pushliteral(L, "too many results to resume");
        return -1;
    }
    lua_xmove(co, L, count);
    return count;
}

static int coroutine_resume(lua_State *L)
{
    lua_State *co = coroutine_check(L);
    int count = coroutine_run(L, co, lua_gettop(L) - 1);
    if (count < 0) {
        lua_pushboolean(L, 0);
        lua_insert(L, -2);
        return 2;
    }
    lua_pushboolean(L, 1);
    lua_insert(L, -(count + 1));
    return count + 1;
}

static int coroutine_wrapped(lua_State *L)
{
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));
    int count = coroutine_run(L, co, lua_gettop(L));
    if (count >= 0)
        return count;
    if (lua_type(L, -1) == LUA_TSTRING) { /* as Lua does: where it was resumed */
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int coroutine_create(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    return 1;
}

static int coroutine_wrap(lua_State *L)
{
    coroutine_create(L);
    lua_pushcclosure(L, coroutine_wrapped, 1);
    return 1;
}

static int coroutine_yield(lua_State *L)
{
    return lua_yield(L, lua_gettop(L));
}

/* Where a call of ours began is nobody's coroutine: a plugin holding it could resume a session. */
static int coroutine_running(lua_State *L)
{
    const struct script_call *c = script__of(L)->call;
    bool base = !c || c->base == L;
    if (base)
        lua_pushnil(L);
    else
        lua_pushthread(L);
    lua_pushboolean(L, base);
    return 2;
}

static int coroutine_isyieldable(lua_State *L)
{
    lua_State *co = lua_isthread(L, 1) ? lua_tothread(L, 1) : L;
    lua_pushboolean(L, lua_isyieldable(co));
    return 1;
}

static int coroutine_status(lua_State *L)
{
    lua_State *co = coroutine_check(L);
    lua_Debug ar;
    const char *status = "dead";
    if (co == L)
        status = "running";
    else if (lua_status(co) == LUA_YIELD)
        status = "suspended";
    else if (lua_status(co) == LUA_OK && lua_getstack(co, 0, &ar))
        status = "normal";
    else if (lua_status(co) == LUA_OK && lua_gettop(co) > 0)
        status = "suspended";
    lua_pushstring(L, status);
    return 1;
}

void script__add_protected_calls(lua_State *L)
{
    static const luaL_Reg globals[] = { { "pcall", protected_pcall },
                                        { "xpcall", protected_xpcall },
                                        { NULL, NULL } };
    static const luaL_Reg coroutines[] = {
        { "create", coroutine_create }, { "isyieldable", coroutine_isyieldable },
        { "resume", coroutine_resume }, { "running", coroutine_running },
        { "status", coroutine_status }, { "wrap", coroutine_wrap },
        { "yield", coroutine_yield },   { NULL, NULL }
    };
    luaL_setfuncs(L, globals, 0);
    luaL_newlib(L, coroutines);
    lua_setfield(L, -2, "coroutine");
}
