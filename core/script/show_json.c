/* How values look to programs: a handle as the object of its row, a list of
 * handles as an array of those, what JSON does not know as the text that people
 * would see. */
#include "script/show_internal.h"

#include "script/state_internal.h"
#include "script/value_internal.h"

/* Pushes the row as a table: id, ref, version, columns (as h.column reads them), fields. */
static void json_push_row(lua_State *L, enum entity entity, int64_t id)
{
    char ref[32];
    const struct row *row;
    struct error e;
    const struct schema *s = schema_of(entity);
    luaL_checkstack(L, 8, "a row as JSON");
    if (store_get(script__store(L), entity, id, &row, &e) < 0)
        script__raise(L, &e);
    lua_createtable(L, 0, (int)s->count + 6);
    row_id_format(entity, id, ref);
    lua_pushstring(L, ref);
    lua_setfield(L, -2, "ref");
    lua_pushinteger(L, id);
    lua_setfield(L, -2, "id");
    lua_pushinteger(L, row->version);
    lua_setfield(L, -2, "version");
    lua_pushinteger(L, row->created_at_ms);
    lua_setfield(L, -2, "created_at_ms");
    lua_pushinteger(L, row->updated_at_ms);
    lua_setfield(L, -2, "updated_at_ms");
    for (size_t i = 0; i < s->count; i++) {
        script__push_value(L, &s->columns[i], &row->v[i]);
        lua_setfield(L, -2, s->columns[i].name);
    }
    handle__push_fields_table(L, row);
    lua_setfield(L, -2, "fields");
}

/* Replaces a list of handles, at `index`, by a list of tables; false: it is something else. */
static bool json_push_rows(lua_State *L, int index)
{
    enum entity entity;
    int64_t id;
    if (!lua_istable(L, index) || !show__is_handles(L, index, &entity))
        return false;
    lua_Integer n = (lua_Integer)lua_rawlen(L, index);
    lua_createtable(L, (int)n, 0);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, index, i);
        script__is_handle(L, -1, &entity, &id);
        lua_pop(L, 1);
        json_push_row(L, entity, id);
        lua_rawseti(L, -2, i);
    }
    return true;
}

/* An empty table on top of the stack: most likely a list in which nothing was found. */
static void json_mark_empty(lua_State *L)
{
    if (!lua_istable(L, -1))
        return;
    if (lua_getmetatable(L, -1)) {
        lua_pop(L, 1);
        return;
    }
    lua_pushnil(L);
    if (lua_next(L, -2)) {
        lua_pop(L, 2);
        return;
    }
    lua_newtable(L);
    value__mark_list(L, -1);
    lua_replace(L, -2);
}

static int json_convert(lua_State *L)
{
    script__to_json(L, 2, lua_touserdata(L, 1));
    return 0;
}

void show__json(lua_State *L, int index, struct buf *out)
{
    enum entity entity;
    int64_t id;
    const struct row *row;
    index = lua_absindex(L, index);
    int top = lua_gettop(L);
    luaL_checkstack(L, 8, "a value as JSON");
    if (script__is_handle(L, index, &entity, &id))
        json_push_row(L, entity, id);
    else if (handle__is_fields(L, index, &entity, &id) &&
             store_get(script__store(L), entity, id, &row, NULL) == 0)
        handle__push_fields_table(L, row);
    else if (!json_push_rows(L, index))
        lua_pushvalue(L, index);
    json_mark_empty(L);
    size_t len = out->len;
    lua_pushcfunction(L, json_convert);
    lua_pushlightuserdata(L, out);
    lua_pushvalue(L, top + 1);
    if (lua_pcall(L, 2, 0, 0) != LUA_OK) { /* a function, a table that holds itself, … */
        budget__rethrow(L);
        struct buf *text = script__hold_buf(L);
        script__show(L, index, text);
        out->len = len;
        lua_pushlstring(L, buf_text(text), text->len);
        script__to_json(L, -1, out);
    }
    lua_settop(L, top);
}
