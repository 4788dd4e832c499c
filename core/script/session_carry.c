/* The variables of a session, taken along into another world: a reload makes a
 * new Lua state, and whoever edits a plugin beside the prompt wants to go on with
 * what they had in hand.
 *
 * Plain values go: texts, numbers, records (by their id), tables of these, the
 * same table as the same one. What is made of code stays behind, because it
 * belongs to the old state: functions, iterators, tables with a metatable. The
 * new state is written to under protection; of the old one only reads that
 * cannot raise are done. */
#include "script/session_internal.h"

#include <stdio.h>
#include <string.h>

#include "baton/base/buf.h"
#include "script/state_internal.h"

enum { CARRY_DEPTH = 32, CARRY_VALUES = 100000 };

struct carry {
    struct session *to;
    const struct session *from;
    lua_State *source;
    struct buf *left; /* "f, t (in part)" */
    size_t values;
    int seen;     /* stack index of copies by their originals */
    bool in_part; /* something of this variable stayed behind */
};

static bool carry_value(lua_State *L, struct carry *c, unsigned depth);

/* A table on top of the source; its copy, or nothing. */
static bool carry_table(lua_State *L, struct carry *c, unsigned depth)
{
    lua_State *S = c->source;
    const void *original = lua_topointer(S, -1);
    if (lua_rawgetp(L, c->seen, original) == LUA_TTABLE)
        return true;
    lua_pop(L, 1);
    if (depth == CARRY_DEPTH || lua_getmetatable(S, -1)) {
        if (depth < CARRY_DEPTH)
            lua_pop(S, 1);
        return false;
    }
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, c->seen, original);
    lua_pushnil(S);
    while (lua_next(S, -2)) {
        lua_pushvalue(S, -2);
        bool key = carry_value(L, c, depth + 1);
        lua_pop(S, 1);
        bool value = key && carry_value(L, c, depth + 1);
        if (value)
            lua_rawset(L, -3);
        else if (key)
            lua_pop(L, 1);
        c->in_part = c->in_part || !value;
        lua_pop(S, 1);
    }
    return true;
}

/* What is on top of the source, pushed; false: it stays behind, and nothing is pushed. */
static bool carry_value(lua_State *L, struct carry *c, unsigned depth)
{
    lua_State *S = c->source;
    enum entity entity;
    int64_t id;
    size_t n;
    if (c->values++ >= CARRY_VALUES || !lua_checkstack(S, 8))
        return false;
    luaL_checkstack(L, 8, NULL);
    switch (lua_type(S, -1)) {
    case LUA_TBOOLEAN:
        lua_pushboolean(L, lua_toboolean(S, -1));
        return true;
    case LUA_TNUMBER:
        if (lua_isinteger(S, -1))
            lua_pushinteger(L, lua_tointeger(S, -1));
        else
            lua_pushnumber(L, lua_tonumber(S, -1));
        return true;
    case LUA_TSTRING: {
        const char *text = lua_tolstring(S, -1, &n);
        lua_pushlstring(L, text, n);
        return true;
    }
    case LUA_TLIGHTUSERDATA: /* baton.none */
        lua_pushlightuserdata(L, lua_touserdata(S, -1));
        return true;
    case LUA_TUSERDATA:
        if (!script__is_handle(S, -1, &entity, &id))
            return false;
        script__push_handle(L, entity, id);
        return true;
    case LUA_TTABLE:
        return carry_table(L, c, depth);
    default:
        return false;
    }
}

static void carry_tell(struct carry *c, const char *name, const char *what)
{
    if (c->left->len < 200)
        buf_printf(c->left, "%s%.40s%s", c->left->len ? ", " : "", name, what);
    else if (c->left->data[c->left->len - 1] != '.')
        buf_puts(c->left, ", ...");
}

/* Every variable whose name the new environment does not have by itself. */
static int carry_run(lua_State *L)
{
    struct carry *c = lua_touserdata(L, 1);
    lua_State *S = c->source;
    lua_newtable(L);
    c->seen = lua_gettop(L);
    session__push_env(L, c->to);
    session__push_env(S, c->from);
    lua_pushnil(S);
    while (lua_next(S, -2)) {
        const char *name = lua_type(S, -2) == LUA_TSTRING ? lua_tostring(S, -2) : NULL;
        bool own = name && lua_getfield(L, -1, name) == LUA_TNIL;
        lua_settop(L, c->seen + 1);
        c->in_part = false;
        if (own && carry_value(L, c, 0))
            lua_setfield(L, -2, name);
        else if (own && strcmp(name, "_") != 0) /* the last result is nobody's variable */
            carry_tell(c, name, "");
        if (c->in_part && (!name || strcmp(name, "_") != 0))
            carry_tell(c, name ? name : "?", " (in part)");
        lua_pop(S, 1);
    }
    return 0;
}

int session_carry(struct session *to, const struct session *from, struct buf *left, struct error *e)
{
    lua_State *S = script__main(from->script);
    int top = lua_gettop(S);
    struct carry c = { .to = to, .from = from, .source = S, .left = left };
    struct script_frame frame = { .session = to, .actor = &to->actor, .what = "going on" };
    if (!lua_checkstack(S, LUA_MINSTACK))
        return error_set(e, ERROR_LIMIT, "Lua's stack is full");
    int rc = script__protect(script__main(to->script), &frame, carry_run, &c, e);
    lua_settop(S, top);
    to->as_json = from->as_json;
    to->timing = from->timing;
    to->may_switch = from->may_switch;
    return rc;
}

struct session_options session_same(const struct session *s)
{
    return (struct session_options){ .actor = &s->actor,
                                     .output = s->output,
                                     .context = s->context,
                                     .cwd = s->cwd,
                                     .files = (const char *const *)s->files,
                                     .args = (const char *const *)s->args,
                                     .script_name = s->script_name };
}
