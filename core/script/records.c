/* The verbs of record modules over any schema: get, find, first, each, count,
 * count_by, search, add.
 *
 * The store calls back for each row while its statement is at work, and Lua's
 * errors must not jump over it: the callbacks only gather ids, handles are made
 * afterwards. */
#include "script/records_internal.h"

#include <stdio.h>
#include <string.h>

enum { RECORDS_PAGE = 200 }; /* rows that `each` fetches at a time */

struct records_what {
    char text[LIMIT_NAME_BYTES];
};

static struct records_what records_named(enum entity entity, const char *verb)
{
    struct records_what what;
    snprintf(what.text, sizeof what.text, "%s.%s", schema_of(entity)->plural, verb);
    return what;
}

/* What a caller asks for, checked whole. */
static void records_conditions(lua_State *L, int index, enum entity entity, const char *verb,
                               struct records_query *out)
{
    struct records_what what = records_named(entity, verb);
    records__query(L, index, entity, what.text, out);
    records__check_names(L, out, what.text);
}

struct records_ids {
    int64_t *at;
    size_t count, room;
};

static int records_gather(void *context, const struct row *row)
{
    struct records_ids *ids = context;
    if (ids->count < ids->room)
        ids->at[ids->count++] = row->id;
    return 0;
}

static struct records_ids records_room(lua_State *L, size_t room)
{
    return (struct records_ids){ arena_alloc(value__arena(L), room * sizeof(int64_t)), 0, room };
}

static struct records_ids records_list(lua_State *L, const struct store_query *q)
{
    struct error e;
    struct records_ids ids = records_room(L, q->limit ? q->limit : LIMIT_LIST_DEFAULT);
    if (store_list(script__store(L), q, records_gather, &ids, &e) < 0)
        script__raise(L, &e);
    return ids;
}

static void records_push(lua_State *L, enum entity entity, const struct records_ids *ids)
{
    lua_createtable(L, (int)ids->count, 0);
    for (size_t i = 0; i < ids->count; i++) {
        script__push_handle(L, entity, ids->at[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

int records__fetch(lua_State *L, enum entity entity)
{
    int64_t id = script__check_id(L, 1, entity);
    if (store_has(script__store(L), entity, id))
        script__push_handle(L, entity, id);
    else
        lua_pushnil(L);
    return 1;
}

int records__find(lua_State *L, enum entity entity)
{
    struct records_query query;
    records_conditions(L, 1, entity, "find", &query);
    struct records_ids ids = records_list(L, &query.q);
    records_push(L, entity, &ids);
    return 1;
}

int records__first(lua_State *L, enum entity entity)
{
    struct records_query query;
    records_conditions(L, 1, entity, "first", &query);
    query.q.limit = 1;
    struct records_ids ids = records_list(L, &query.q);
    if (ids.count)
        script__push_handle(L, entity, ids.at[0]);
    else
        lua_pushnil(L);
    return 1;
}

/* ---- each ---- */

/* The iterator's upvalues: conditions, entity, page of handles, place in it, last id, rows left. */
enum { EACH_QUERY = 1, EACH_ENTITY, EACH_PAGE, EACH_AT, EACH_LAST, EACH_LEFT };

static void records_set_upvalue(lua_State *L, int upvalue, int64_t value)
{
    lua_pushinteger(L, value);
    lua_replace(L, lua_upvalueindex(upvalue));
}

/* The next page in EACH_PAGE; false at the end. */
static bool records_each_page(lua_State *L)
{
    enum entity entity = (enum entity)lua_tointeger(L, lua_upvalueindex(EACH_ENTITY));
    int64_t last = lua_tointeger(L, lua_upvalueindex(EACH_LAST)),
            left = lua_tointeger(L, lua_upvalueindex(EACH_LEFT));
    struct records_query query;
    lua_pushvalue(L, lua_upvalueindex(EACH_QUERY));
    records__query(L, lua_gettop(L), entity, records_named(entity, "each").text, &query);
    lua_pop(L, 1);
    if (last)
        query.q.after_id = last;
    query.q.limit = left < RECORDS_PAGE ? (size_t)left : RECORDS_PAGE;
    if (!query.q.limit)
        return false;
    struct records_ids ids = records_list(L, &query.q);
    if (!ids.count)
        return false;
    records_push(L, entity, &ids);
    lua_replace(L, lua_upvalueindex(EACH_PAGE));
    records_set_upvalue(L, EACH_LAST, ids.at[ids.count - 1]);
    records_set_upvalue(L, EACH_LEFT, left - (int64_t)ids.count);
    return true;
}

static int records_each_next(lua_State *L)
{
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(EACH_AT)) + 1;
    bool paged = false;
    if (lua_rawgeti(L, lua_upvalueindex(EACH_PAGE), at) == LUA_TNIL) {
        if (!records_each_page(L)) {
            lua_pushnil(L);
            return 1;
        }
        paged = true;
        at = 1;
        lua_rawgeti(L, lua_upvalueindex(EACH_PAGE), at);
    }
    records_set_upvalue(L, EACH_AT, at);
    return paged ? script__pause(L, 1) : 1;
}

/* The conditions are read again for each page, so keep a copy that the caller cannot change. */
static void records_push_copy(lua_State *L, int index)
{
    lua_newtable(L);
    if (!lua_istable(L, index))
        return;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, -5);
    }
}

void records__only_of(lua_State *L, const char *what, const char *column)
{
    if (!lua_isnoneornil(L, 2) && !lua_istable(L, 2))
        script__raisef(L, ERROR_INVALID, "%s takes conditions such as {limit=10}, got a %s", what,
                       luaL_typename(L, 2));
    records_push_copy(L, 2);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, column);
    lua_replace(L, 1);
    lua_settop(L, 1);
}

int records__each(lua_State *L, enum entity entity)
{
    struct records_query query; /* checked here, where the caller's line is known */
    records_conditions(L, 1, entity, "each", &query);
    records_push_copy(L, 1);
    lua_pushinteger(L, entity);
    lua_newtable(L);
    lua_pushinteger(L, 0);
    lua_pushinteger(L, 0);
    lua_pushinteger(L, query.limited ? (lua_Integer)query.q.limit : INT64_MAX);
    lua_pushcclosure(L, records_each_next, 6);
    return 1;
}

/* ---- counting ---- */

int records__count(lua_State *L, enum entity entity)
{
    struct records_query query;
    struct error e;
    int64_t n = 0;
    records_conditions(L, 1, entity, "count", &query);
    if (store_count(script__store(L), &query.q, &n, &e) < 0)
        script__raise(L, &e);
    lua_pushinteger(L, n);
    return 1;
}

struct records_tally {
    struct arena *arena;
    const struct column *column;
    struct records_group {
        const char *text; /* NULL: a number */
        int64_t i, count;
        struct records_group *next;
    } * first;
};

static int records_tally_one(void *context, const struct value *value, int64_t count)
{
    struct records_tally *t = context;
    struct records_group *g = arena_alloc(t->arena, sizeof *g);
    char ref[32];
    g->count = count;
    if (value->type == VALUE_NULL) {
        g->text = "none";
    } else if (value->type == VALUE_TEXT) {
        g->text = arena_dupn(t->arena, value->s, value->len);
    } else if (value->type == VALUE_REAL) {
        g->text = arena_printf(t->arena, "%.14g", value->r);
    } else if (t->column->type == COLUMN_REF) {
        row_id_format(t->column->ref, value->i, ref);
        g->text = arena_dup(t->arena, ref);
    } else {
        g->i = value->i;
    }
    g->next = t->first;
    t->first = g;
    return 0;
}

int records__count_by(lua_State *L, enum entity entity)
{
    const struct schema *s = schema_of(entity);
    struct records_what what = records_named(entity, "count_by");
    struct records_query query;
    struct error e;
    if (lua_type(L, 1) != LUA_TSTRING)
        script__raisef(L, ERROR_INVALID, "%s takes a column first: %s(\"%s\")", what.text,
                       what.text, s->columns[0].name);
    int column = records__column(s, lua_tostring(L, 1));
    if (column < 0)
        script__unknown(L, what.text, "column", lua_tostring(L, 1), handle__keys(L, entity));
    records_conditions(L, 2, entity, "count_by", &query);
    struct records_tally tally = { value__arena(L), &s->columns[column], NULL };
    if (store_count_by(script__store(L), &query.q, column, records_tally_one, &tally, &e) < 0)
        script__raise(L, &e);
    lua_newtable(L);
    for (const struct records_group *g = tally.first; g; g = g->next) {
        if (g->text)
            lua_pushstring(L, g->text);
        else
            lua_pushinteger(L, g->i);
        lua_pushinteger(L, g->count);
        lua_rawset(L, -3);
    }
    return 1;
}

/* ---- searching and adding ---- */

int records__search(lua_State *L, enum entity entity)
{
    static const char *const known[] = { "limit", NULL };
    struct records_what what = records_named(entity, "search");
    struct error e;
    lua_Integer limit = LIMIT_LIST_DEFAULT;
    if (lua_type(L, 1) != LUA_TSTRING)
        script__raisef(L, ERROR_INVALID, "%s takes words: %s(\"ada love\")", what.text, what.text);
    records__check_options(L, 2, what.text, known);
    if (lua_istable(L, 2) && lua_getfield(L, 2, "limit") != LUA_TNIL) {
        int whole;
        limit = lua_tointegerx(L, -1, &whole);
        if (!whole || limit < 1 || limit > LIMIT_LIST_ROWS)
            value__refuse(L, -1, what.text, "limit", "a whole number from 1 to 1000");
    }
    struct records_ids ids = records_room(L, (size_t)limit);
    if (store_search(script__store(L), entity, lua_tostring(L, 1), ids.room, records_gather, &ids,
                     &e) < 0)
        script__raise(L, &e);
    records_push(L, entity, &ids);
    return 1;
}

int records__add(lua_State *L, enum entity entity)
{
    struct records_input in;
    records__read(L, 1, entity, NULL, records_named(entity, "add").text, NULL, &in);
    script__push_handle(L, entity, records__write(L, entity, 0, &in));
    return script__pause(L, 1);
}
