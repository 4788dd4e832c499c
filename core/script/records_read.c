/* Tables that say what to write: columns checked against the schema, fields
 * against their declarations, and the write itself. Columns go to the store in
 * the schema's order, so that the same table always makes the same event. */
#include "script/records_internal.h"

#include "baton/domain/advance.h"

#include <stdio.h>
#include <string.h>

int records__column(const struct schema *s, const char *name)
{
    static const char *const endings[] = { "", "_id", "_at_ms", "_ms" };
    char full[LIMIT_NAME_BYTES + 8];
    if (strlen(name) > LIMIT_NAME_BYTES)
        return -1;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(full, sizeof full, "%s%s", name, endings[i]);
        int column = schema_column(s, full);
        if (column >= 0)
            return column;
    }
    return -1;
}

static bool read_is_one_of(const char *word, const char *const *words)
{
    for (; words && *words; words++)
        if (!strcmp(*words, word))
            return true;
    return false;
}

static int read_unknown(lua_State *L, const struct schema *s, const char *what,
                        const char *const *also, const char *word)
{
    const char *all[SCHEMA_COLUMNS_MAX + 16];
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++)
        all[n++] = s->columns[i].name;
    all[n++] = "fields";
    for (; also && *also && n < sizeof all / sizeof *all - 1; also++)
        all[n++] = *also;
    all[n] = NULL;
    script__unknown(L, what, "column", word, all);
}

static void read_fields(lua_State *L, int index, enum entity entity, const struct graph *graph,
                        struct records_input *out)
{
    index = lua_absindex(L, index);
    struct buf *json = script__hold_buf(L);
    script__to_fields(L, index, entity, graph, json);
    out->fields = arena_dupn(value__arena(L), buf_text(json), json->len);
    out->fields_len = json->len;
    value__release(L, -1);
    lua_pop(L, 1);
}

void records__put(struct records_input *in, int column, struct value v)
{
    size_t i = 0;
    while (i < in->count && in->set[i].column != column)
        i++;
    if (i == in->count)
        in->count++;
    in->set[i] = (struct store_set){ column, v };
}

const struct value *records__get(const struct records_input *in, int column)
{
    for (size_t i = 0; i < in->count; i++)
        if (in->set[i].column == column)
            return &in->set[i].value;
    return NULL;
}

static void read_sort(struct records_input *in)
{
    for (size_t i = 1; i < in->count; i++)
        for (size_t k = i; k > 0 && in->set[k].column < in->set[k - 1].column; k--) {
            struct store_set swap = in->set[k];
            in->set[k] = in->set[k - 1];
            in->set[k - 1] = swap;
        }
}

void records__read(lua_State *L, int index, enum entity entity, const struct graph *graph,
                   const char *what, const char *const *also, struct records_input *out)
{
    const struct schema *s = schema_of(entity);
    index = lua_absindex(L, index);
    out->count = 0;
    out->fields = NULL;
    out->fields_len = 0;
    out->based_on = 0;
    if (!lua_istable(L, index))
        script__raisef(L, ERROR_INVALID, "%s takes a table: %s{%s=…}", what, what,
                       s->columns[0].name);
    luaL_checkstack(L, 10, what);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            script__raisef(L, ERROR_INVALID, "%s takes names and values: %s{%s=…}", what, what,
                           s->columns[0].name);
        const char *key = lua_tostring(L, -2);
        if (read_is_one_of(key, also))
            continue;
        int column = records__column(s, key);
        if (column >= 0) {
            if (records__get(out, column))
                script__raisef(L, ERROR_INVALID, "%s: \"%s\" is given twice", what,
                               s->columns[column].name);
            records__put(out, column, script__convert(L, -1, &s->columns[column], what, key));
        } else if (!strcmp(key, "fields")) {
            read_fields(L, -1, entity, graph, out);
        } else if (!strcmp(key, "version") && lua_isinteger(L, -1)) {
            out->based_on = lua_tointeger(L, -1);
        } else {
            read_unknown(L, s, what, also, key);
        }
    }
    read_sort(out);
}

/* What plugins may always write is what referral work consists of. */
static void write_check_permission(lua_State *L, enum entity entity)
{
    if (entity != ENTITY_REFERRAL && entity != ENTITY_TASK && entity != ENTITY_NOTE)
        script__require_permission(L, schema_of(entity)->plural);
}

int64_t records__write(lua_State *L, enum entity entity, int64_t id, const struct records_input *in)
{
    struct script_write w;
    struct error e;
    const struct row *row = NULL;
    struct record r = { entity, id, in->based_on, in->set, in->count, in->fields, in->fields_len };
    write_check_permission(L, entity);
    if (entity == ENTITY_MESSAGE && id == 0)
        script__charge(L, QUOTA_EFFECTS, 1);
    script__write_begin(L, &w);
    int rc = entity == ENTITY_REFERRAL
                 ? domain_set(script__domain(L), script__actor(L), &r, &row, &e)
                 : domain_write(script__domain(L), script__actor(L), &r, &row, &e);
    int64_t written = rc < 0 || !row ? id : row->id; /* the commit may take the row away */
    script__write_end(L, &w, rc, &e);
    return written;
}

const char *records__text(lua_State *L, int index, const char *key, const char *what)
{
    struct column c = { key, COLUMN_TEXT, 0, ENTITY_NONE, NULL, "" };
    lua_getfield(L, index, key);
    struct value v = script__convert(L, -1, &c, what, key);
    lua_pop(L, 1);
    return v.type == VALUE_TEXT ? v.s : NULL;
}

void records__check_options(lua_State *L, int index, const char *what, const char *const *known)
{
    if (lua_isnoneornil(L, index))
        return;
    index = lua_absindex(L, index);
    if (!lua_istable(L, index))
        script__raisef(L, ERROR_INVALID, "%s: options are a table such as {%s=…}, got a %s", what,
                       known[0], luaL_typename(L, index));
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            script__raisef(L, ERROR_INVALID, "%s: options have names: {%s=…}", what, known[0]);
        if (!read_is_one_of(lua_tostring(L, -2), known))
            script__unknown(L, what, "option", lua_tostring(L, -2), known);
    }
}
