/* Any Lua value as JSON, and back.
 *
 * Members are written in the order of their names, so that the same table
 * always gives the same text. A table is a list if its keys are 1..n, an object
 * if all are text; anything else is refused with the path to it. An empty table
 * is {} unless it came from a JSON list: such a one carries a mark. */
#include "script/state_internal.h"
#include "script/value_internal.h"

#include "baton/base/json.h"
#include "baton/base/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_LIST "baton.list" /* metatable of empty lists */

struct json_step { /* the way down to the value at hand */
    const char *key;
    lua_Integer index;
    const void *table;
};

struct json_walk {
    lua_State *L;
    struct jsonw w;
    struct buf *out;
    size_t values;
    unsigned depth;
    struct json_step steps[LIMIT_JSON_DEPTH + 1];
};

static void json_walk_value(struct json_walk *walk, int index);

static int json_refuse(struct json_walk *walk, const char *why)
{
    struct buf *path = script__hold_buf(walk->L);
    for (unsigned i = 0; i < walk->depth; i++) {
        const struct json_step *step = &walk->steps[i];
        if (step->key)
            buf_printf(path, "%s%.64s", path->len ? "." : "", step->key);
        else if (step->index)
            buf_printf(path, "[%lld]", (long long)step->index);
    }
    return script__raisef(walk->L, ERROR_INVALID, "no JSON%s%s: %s", path->len ? " at " : "",
                          buf_text(path), why);
}

/* What is longer could not be read again. */
static void json_walk_bound(struct json_walk *walk, size_t more)
{
    if (walk->out->len + more > LIMIT_JSON_TEXT_BYTES)
        json_refuse(walk, "more than 8 MB of text");
}

static int json_compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void json_enter(struct json_walk *walk, int index)
{
    const void *table = lua_topointer(walk->L, index);
    for (unsigned i = 0; i < walk->depth; i++)
        if (walk->steps[i].table == table)
            json_refuse(walk, "the table contains itself");
    if (walk->depth >= LIMIT_JSON_DEPTH)
        json_refuse(walk, "nested deeper than 32");
    walk->steps[walk->depth++] = (struct json_step){ .table = table };
    luaL_checkstack(walk->L, 8, "value to JSON");
}

static void json_walk_list(struct json_walk *walk, int index, lua_Integer count)
{
    jsonw_open_array(&walk->w);
    json_enter(walk, index);
    for (lua_Integer i = 1; i <= count; i++) {
        walk->steps[walk->depth - 1].index = i;
        lua_rawgeti(walk->L, index, i);
        json_walk_value(walk, lua_gettop(walk->L));
        lua_pop(walk->L, 1);
    }
    walk->depth--;
    jsonw_close(&walk->w);
}

static void json_walk_object(struct json_walk *walk, int index, size_t count)
{
    lua_State *L = walk->L;
    const char **keys = arena_alloc(value__arena(L), (count + 1) * sizeof *keys);
    size_t n = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        keys[n++] = lua_tostring(L, -2); /* the table keeps them alive */
    qsort(keys, n, sizeof *keys, json_compare_keys);
    jsonw_open_object(&walk->w);
    json_enter(walk, index);
    for (size_t i = 0; i < n; i++) {
        walk->steps[walk->depth - 1].key = keys[i];
        jsonw_key(&walk->w, keys[i]);
        lua_pushstring(L, keys[i]);
        lua_rawget(L, index);
        json_walk_value(walk, lua_gettop(L));
        lua_pop(L, 1);
    }
    walk->depth--;
    jsonw_close(&walk->w);
}

/* Counts the keys; refuses what is neither list nor object. */
static void json_walk_table(struct json_walk *walk, int index)
{
    lua_State *L = walk->L;
    size_t texts = 0;
    lua_Integer numbers = 0, highest = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        size_t n;
        if (lua_type(L, -2) == LUA_TSTRING) {
            const char *key = lua_tolstring(L, -2, &n);
            if (!text_is_utf8(key, n) || strlen(key) != n)
                json_refuse(walk, "a key is not UTF-8 text");
            json_walk_bound(walk, n);
            texts++;
        } else if (lua_isinteger(L, -2) && lua_tointeger(L, -2) > 0) {
            numbers++;
            highest = lua_tointeger(L, -2) > highest ? lua_tointeger(L, -2) : highest;
        } else {
            json_refuse(walk, "keys must be text, or 1, 2, 3, … of a list");
        }
    }
    if (texts && numbers)
        json_refuse(walk, "a table with both text keys and numbers");
    if (numbers && highest != numbers)
        json_refuse(walk, "a list with a hole");
    if (texts > LIMIT_JSON_MEMBERS)
        json_refuse(walk, "more than 50000 members");
    bool marked = false;
    if (!texts && !numbers && lua_getmetatable(L, index)) {
        luaL_getmetatable(L, VALUE_LIST);
        marked = lua_rawequal(L, -1, -2);
        lua_pop(L, 2);
    }
    if (numbers || marked)
        json_walk_list(walk, index, numbers);
    else
        json_walk_object(walk, index, texts);
}

static void json_walk_text(struct json_walk *walk, int index)
{
    size_t n;
    const char *text = lua_tolstring(walk->L, index, &n);
    if (!text_is_utf8(text, n))
        json_refuse(walk, "text that is not UTF-8");
    json_walk_bound(walk, n);
    jsonw_textn(&walk->w, text, n);
}

static void json_walk_number(struct json_walk *walk, int index)
{
    if (lua_isinteger(walk->L, index)) {
        jsonw_int(&walk->w, lua_tointeger(walk->L, index));
        return;
    }
    double d = lua_tonumber(walk->L, index);
    if (d - d != 0)
        json_refuse(walk, "a number that is not finite");
    jsonw_real(&walk->w, d);
}

/* Ten tables, each holding the next one twice, are a thousand values, and thirty a billion. */
static void json_walk_look(struct json_walk *walk)
{
    enum { LOOK = 1024 };
    if (++walk->values % LOOK)
        return;
    budget__look(walk->L);
}

static void json_walk_value(struct json_walk *walk, int index)
{
    lua_State *L = walk->L;
    enum entity entity;
    int64_t id;
    char ref[32];
    json_walk_look(walk);
    json_walk_bound(walk, 0);
    switch (lua_type(L, index)) {
    case LUA_TNIL:
        jsonw_null(&walk->w);
        break;
    case LUA_TBOOLEAN:
        jsonw_bool(&walk->w, lua_toboolean(L, index));
        break;
    case LUA_TNUMBER:
        json_walk_number(walk, index);
        break;
    case LUA_TSTRING:
        json_walk_text(walk, index);
        break;
    case LUA_TTABLE:
        json_walk_table(walk, index);
        break;
    default:
        if (value__is_null(L, index)) {
            jsonw_null(&walk->w);
        } else if (script__is_handle(L, index, &entity, &id)) {
            row_id_format(entity, id, ref);
            jsonw_text(&walk->w, ref);
        } else {
            json_refuse(walk, lua_isfunction(L, index) ? "a function"
                                                       : "a value that JSON does not know");
        }
    }
}

void script__to_json(lua_State *L, int index, struct buf *out)
{
    struct json_walk walk = { .L = L, .out = out };
    jsonw_start(&walk.w, out);
    json_walk_value(&walk, lua_absindex(L, index));
}

/* ---- and back ---- */

void value__mark_list(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    if (luaL_newmetatable(L, VALUE_LIST)) {
        lua_pushliteral(L, "list");
        lua_setfield(L, -2, "__metatable");
    }
    lua_setmetatable(L, index);
}

static void json_push_list(lua_State *L, const struct json_t *value)
{
    size_t n = json_array_size(value);
    lua_createtable(L, (int)n, 0);
    if (!n)
        value__mark_list(L, -1);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(value, i);
        if (json_is_null(item)) /* nil would leave a hole */
            lua_pushlightuserdata(L, script__none());
        else
            script__push_json(L, item);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

void script__push_json(lua_State *L, const struct json_t *value)
{
    luaL_checkstack(L, 6, "JSON");
    budget__look(L);
    const char *key;
    json_t *item;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        lua_createtable(L, 0, (int)json_object_size(value));
        json_object_foreach((json_t *)(uintptr_t)value, key, item)
        {
            script__push_json(L, item);
            lua_setfield(L, -2, key);
        }
        break;
    case JSON_ARRAY:
        json_push_list(L, value);
        break;
    case JSON_STRING:
        lua_pushlstring(L, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        lua_pushinteger(L, json_integer_value(value));
        break;
    case JSON_REAL:
        lua_pushnumber(L, json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        lua_pushboolean(L, json_is_true(value));
        break;
    default:
        lua_pushnil(L);
    }
}

static void json_release(void *tree)
{
    json_decref(tree);
}

static int json_push_text(lua_State *L, const char *json, size_t n, struct error *e)
{
    json_t *tree = NULL;
    lua_pushnil(L);
    int rc = json_read(json, n, &tree, e);
    if (rc < 0)
        return rc;
    script__hold(L, tree, json_release);
    script__push_json(L, tree);
    lua_replace(L, -3);
    value__release(L, -1);
    lua_pop(L, 1);
    return 0;
}

/* No budget reaches the parser, and its tree takes 16 times as much, outside Lua's quota. */
int value__push_json(lua_State *L, const char *json, size_t n, struct error *e)
{
    size_t most = script__plugin(L) ? LIMIT_JSON_PLUGIN_BYTES : LIMIT_JSON_TEXT_BYTES;
    if (n <= most)
        return json_push_text(L, json, n, e);
    lua_pushnil(L);
    return error_set(e, ERROR_LIMIT, "JSON of %zu bytes, at most %zu are read at once", n, most);
}

/* What the core wrote is as long as it has to be. */
void script__push_json_text(lua_State *L, const char *json, size_t n)
{
    json_push_text(L, json, n, NULL);
}
