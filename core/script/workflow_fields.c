/* Declarations of custom fields: those of a workflow, and baton.field. */
#include "script/workflow_internal.h"

#include <string.h>

#include "baton/base/text.h"

static const char *const field_types[] = { "text", "int",  "real", "bool", "time",
                                           "date", "list", "ref",  NULL };

static enum field_type field_read_type(lua_State *L, const char *type, const char *what)
{
    for (int i = 0; field_types[i]; i++)
        if (!strcmp(type, field_types[i]))
            return (enum field_type)i;
    return (enum field_type)script__unknown(L, what, "type", type, field_types);
}

static enum entity field_read_entity(lua_State *L, const char *name, const char *what)
{
    const struct schema *schema = schema_named(name);
    if (schema)
        return schema->entity;
    const char *known[ENTITY_END + 1];
    size_t count = 0;
    for (int e = 1; e < ENTITY_END; e++)
        known[count++] = schema_of((enum entity)e)->name;
    known[count] = NULL;
    return (enum entity)script__unknown(L, what, "entity", name, known);
}

/* { type = "int", min = 1, max = 40, index = true, values = { … }, to = "partner", help = "…" } */
static void field_read_table(lua_State *L, int index, struct field *f, const char *what)
{
    static const char *const known[] = {
        "type", "values", "min", "max", "index", "help", "to", NULL
    };
    table_check(L, index, known, what);
    const char *type = table_text(L, index, "type", what), *to = table_text(L, index, "to", what);
    f->values = table_words(L, index, "values", what);
    if (!type)
        type = to ? "ref" : "text";
    f->type = field_read_type(L, type, what);
    if (f->type == FIELD_REF && !to)
        script__raisef(L, ERROR_INVALID, "%s: a ref says to what: to = \"partner\"", what);
    if (to)
        f->ref = field_read_entity(L, to, what);
    if (to && f->type != FIELD_REF)
        script__raisef(L, ERROR_INVALID, "%s: to = \"%s\" is for type = \"ref\" only", what, to);
    f->has_min = table_number(L, index, "min", &f->min, what);
    f->has_max = table_number(L, index, "max", &f->max, what);
    f->indexed = table_bool(L, index, "index", false, what);
    f->help = table_text(L, index, "help", what);
}

void workflow_read_field(lua_State *L, int index, const char *name, struct field *out)
{
    const char *what = arena_printf(script__arena(script__of(L)), "field \"%.64s\"", name);
    *out = (struct field){ .name = name };
    if (lua_type(L, index) == LUA_TSTRING)
        out->type = field_read_type(L, lua_tostring(L, index), what);
    else if (lua_istable(L, index))
        field_read_table(L, index, out, what);
    else
        script__raisef(
            L, ERROR_INVALID,
            "%s takes a type such as \"text\", or a table { type = \"int\", min = 1 }, got a %s",
            what, luaL_typename(L, index));
    if (out->type == FIELD_REF && !out->ref)
        script__raisef(L, ERROR_INVALID,
                       "%s: a ref says to what: { type = \"ref\", to = \"partner\" }", what);
}

int workflow_field(lua_State *L)
{
    struct plugin *p = plugin_loading(L, "baton.field");
    struct field f;
    struct error e;
    const char *entity = luaL_checkstring(L, 1);
    const char *name = table_to_name(L, 2, "baton.field");
    lua_settop(L, 3);
    enum entity of = field_read_entity(L, entity, "baton.field");
    workflow_read_field(L, 3, name, &f);
    if (domain_add_field(script__domain(L), p->name, of, &f, &e) < 0)
        script__raise(L, &e);
    return 0;
}
