/* Custom fields: from a Lua table to a JSON patch, by their declarations.
 *
 * The declared fields are asked for in their order, so that the patch does not
 * depend on how Lua orders a table; what the table holds besides is refused
 * with a near name. Ranges, lengths and words are the domain's to check. */
#include "script/fields_internal.h"

#include "baton/base/calendar.h"
#include "baton/base/json.h"
#include "baton/base/text.h"
#include "baton/base/when.h"
#include "baton/base/zone.h"
#include "baton/domain/version.h"

#include <stdio.h>
#include <string.h>

size_t fields__count(const struct domain *d, enum entity entity, const struct graph *graph)
{
    size_t n = graph ? graph_field_count(graph) : 0;
    for (size_t i = 0; domain_field_at(d, entity, i); i++)
        n++;
    return n;
}

const struct field *fields__at(const struct domain *d, enum entity entity,
                               const struct graph *graph, size_t index)
{
    size_t n = graph ? graph_field_count(graph) : 0;
    return index < n ? graph_field_at(graph, index) : domain_field_at(d, entity, index - n);
}

const struct field *fields__find(const struct domain *d, enum entity entity,
                                 const struct graph *graph, const char *name)
{
    const struct field *f = graph ? graph_field(graph, name) : NULL;
    return f ? f : domain_field(d, entity, name);
}

const char *const *fields__names(lua_State *L, enum entity entity, const struct graph *graph)
{
    const struct domain *d = script__domain(L);
    size_t n = fields__count(d, entity, graph);
    const char **names = arena_alloc(value__arena(L), (n + 1) * sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = fields__at(d, entity, graph, i)->name;
    return names;
}

/* ---- one value ---- */

struct value fields__convert(lua_State *L, int index, const struct field *f, const char *what,
                             const char *name)
{
    static const enum column_type types[] = {
        [FIELD_TEXT] = COLUMN_TEXT, [FIELD_INT] = COLUMN_INT,   [FIELD_REAL] = COLUMN_REAL,
        [FIELD_BOOL] = COLUMN_BOOL, [FIELD_TIME] = COLUMN_TIME, [FIELD_DATE] = COLUMN_TEXT,
        [FIELD_LIST] = COLUMN_TEXT, [FIELD_REF] = COLUMN_REF,
    };
    struct column c = { f->name, types[f->type], 0, f->ref, f->values, "" };
    return script__convert(L, index, &c, what, name);
}

/* "2026-03-01" as it is; "3 working days", "tomorrow" or ms as the day in the org's zone. */
static void fields_date(lua_State *L, int index, const char *name, struct jsonw *w)
{
    size_t n;
    const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, &n) : NULL;
    if (text && n == 10 && text[4] == '-' && text[7] == '-') {
        jsonw_textn(w, text, n);
        return;
    }
    static const struct column time = { "date", COLUMN_TIME, 0, ENTITY_NONE, NULL, "" };
    struct value v = script__convert(L, index, &time, NULL, name);
    struct civil c;
    char day[40];
    zone_to_civil(calendar_zone(domain_calendar(script__domain(L))), v.i, &c);
    snprintf(day, sizeof day, "%04d-%02d-%02d", c.year, c.month, c.day);
    jsonw_text(w, day);
}

static void fields_list(lua_State *L, int index, const char *name, struct jsonw *w)
{
    if (!lua_istable(L, index) ||
        (lua_rawlen(L, index) == 0 && (lua_pushnil(L), lua_next(L, index))))
        value__refuse(L, index, NULL, name, "a list such as {\"a\", \"b\"}");
    if (lua_rawlen(L, index) == 0) {
        jsonw_raw(w, "[]", 2);
        return;
    }
    struct buf *json = script__hold_buf(L);
    script__to_json(L, index, json);
    jsonw_raw(w, buf_text(json), json->len);
    value__release(L, -1);
    lua_pop(L, 1);
}

/* The writer of JSON would replace what is not UTF-8, and the value would not be what was given. */
static void fields_text(lua_State *L, const char *name, const struct value *v, struct jsonw *w)
{
    if (!text_is_utf8(v->s, v->len))
        script__raisef(L, ERROR_INVALID, "%s is not UTF-8 text, or holds a NUL", name);
    jsonw_textn(w, v->s, v->len);
}

static void fields_write(lua_State *L, int index, const struct field *f, struct jsonw *w)
{
    char name[LIMIT_NAME_BYTES + 16];
    snprintf(name, sizeof name, "fields.%s", f->name);
    jsonw_key(w, f->name);
    if (value__is_null(L, index)) {
        jsonw_null(w);
    } else if (f->type == FIELD_DATE) {
        fields_date(L, index, name, w);
    } else if (f->type == FIELD_LIST) {
        fields_list(L, index, name, w);
    } else {
        struct value v = fields__convert(L, index, f, NULL, name);
        if (f->type == FIELD_BOOL)
            jsonw_bool(w, v.i != 0);
        else if (v.type == VALUE_INT)
            jsonw_int(w, v.i);
        else if (v.type == VALUE_REAL)
            jsonw_real(w, v.r);
        else
            fields_text(L, name, &v, w);
    }
}

/* ---- the patch ---- */

static void fields_check_known(lua_State *L, int index, enum entity entity,
                               const struct graph *graph)
{
    const struct domain *d = script__domain(L);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            script__raisef(L, ERROR_INVALID, "fields takes names and values: fields={x=1}");
        const char *name = lua_tostring(L, -2);
        if (fields__find(d, entity, graph, name))
            continue;
        const char *const *names = fields__names(L, entity, graph);
        if (!names[0] && graph)
            script__raisef(L, ERROR_INVALID,
                           "fields: unknown field \"%.64s\": workflow \"%s\" declares no fields",
                           name, graph_name(graph));
        if (!names[0])
            script__raisef(L, ERROR_INVALID,
                           "fields: unknown field \"%.64s\": no plugin declares fields of a %s",
                           name, schema_of(entity)->name);
        script__unknown(L, "fields", "field", name, names);
    }
}

void script__to_fields(lua_State *L, int index, enum entity entity, const struct graph *graph,
                       struct buf *out)
{
    const struct domain *d = script__domain(L);
    index = lua_absindex(L, index);
    if (!lua_istable(L, index))
        value__refuse(L, index, NULL, "fields", "a table such as {x=1}");
    luaL_checkstack(L, 8, "fields");
    fields_check_known(L, index, entity, graph);
    struct jsonw w;
    jsonw_start(&w, out);
    jsonw_open_object(&w);
    size_t n = fields__count(d, entity, graph);
    for (size_t i = 0; i < n; i++) {
        const struct field *f = fields__at(d, entity, graph, i);
        lua_pushstring(L, f->name);
        if (lua_rawget(L, index) != LUA_TNIL)
            fields_write(L, lua_gettop(L), f, &w);
        lua_pop(L, 1);
    }
    jsonw_close(&w);
}

/* ---- reading ---- */

const struct graph *fields__graph(struct domain *d, const struct row *row)
{
    return row->entity == ENTITY_REFERRAL ? domain_graph(d, row_text(row, REFERRAL_WORKFLOW))
                                          : NULL;
}

/* Do all names of the table at `index` belong to it? */
static bool fields_all_known(lua_State *L, int index, const struct graph *graph)
{
    const struct domain *d = script__domain(L);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        if (lua_type(L, -2) == LUA_TSTRING &&
            !fields__find(d, ENTITY_REFERRAL, graph, lua_tostring(L, -2))) {
            lua_pop(L, 2);
            return false;
        }
    return true;
}

const struct graph *fields__graph_to_set(lua_State *L, int index, const struct row *row)
{
    const struct graph *loaded = fields__graph(script__domain(L), row);
    const struct graph *runs = loaded ? domain_graph_run(script__domain(L), row) : NULL;
    const struct graph *found = loaded;
    if (runs == loaded || !lua_istable(L, index))
        return loaded;
    index = lua_absindex(L, index);
    lua_getfield(L, index, "fields");
    if (lua_istable(L, -1) && !fields_all_known(L, lua_gettop(L), loaded) &&
        fields_all_known(L, lua_gettop(L), runs))
        found = runs;
    lua_pop(L, 1);
    return found;
}

static void fields_push_int(lua_State *L, const struct row *row, const char *name, int64_t i)
{
    struct domain *d = script__domain(L);
    const struct field *f = fields__find(d, row->entity, fields__graph(d, row), name);
    if (f && f->type == FIELD_REF && i > 0)
        script__push_handle(L, f->ref, i);
    else
        lua_pushinteger(L, i);
}

static void fields_push_text(lua_State *L, const struct json_slice *s)
{
    if (!s->escaped) {
        lua_pushlstring(L, s->text, s->len);
        return;
    }
    struct buf *plain = script__hold_buf(L);
    jsons_text(s, plain);
    lua_pushlstring(L, buf_text(plain), plain->len);
    value__release(L, -2);
    lua_remove(L, -2);
}

void fields__push(lua_State *L, const struct row *row, const char *name, const struct json_slice *s)
{
    switch (s->type) {
    case JSON_T_TRUE:
    case JSON_T_FALSE:
        lua_pushboolean(L, s->type == JSON_T_TRUE);
        break;
    case JSON_T_INT:
        fields_push_int(L, row, name, jsons_int(s));
        break;
    case JSON_T_REAL:
        lua_pushnumber(L, jsons_real(s));
        break;
    case JSON_T_TEXT:
        fields_push_text(L, s);
        break;
    case JSON_T_ARRAY:
    case JSON_T_OBJECT:
        script__push_json_text(L, s->text, s->len);
        break;
    default:
        lua_pushnil(L);
    }
}
