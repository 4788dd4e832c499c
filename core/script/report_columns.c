/* What is told of commands and reports without calling them: the columns that a
 * report declares, and the list of everything that is declared. */
#include "script/commands_internal.h"

#include <string.h>

#include "baton/base/json.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"

/* ---- declaring ---- */

/* "review" or {name="due", type="time"} on top of the stack. */
static void column_read(lua_State *L, struct report_column *column, const char *what)
{
    static const char *const known[] = { "name", "type", NULL };
    if (lua_type(L, -1) == LUA_TSTRING) {
        column->name = arena_dup(script__arena(script__of(L)), lua_tostring(L, -1));
        return;
    }
    if (!lua_istable(L, -1))
        script__raisef(L, ERROR_INVALID,
                       "%s: columns is a list of names and of {name=, type=\"time\"}", what);
    table_check(L, -1, known, what);
    column->name = (char *)table_need_text(L, -1, "name", what);
    const char *type = table_text(L, -1, "type", what);
    for (size_t i = 0; type && strcmp(type, commands__types[i]) != 0; i++)
        if (!commands__types[i + 1])
            script__unknown(L, what, "type", type, commands__types);
    column->time = type && !strcmp(type, "time");
}

void commands__read_columns(lua_State *L, struct command *c, const char *what)
{
    if (!table_table(L, 2, "columns", what)) {
        lua_pop(L, 1);
        return;
    }
    c->column_count = lua_rawlen(L, -1);
    if (c->column_count > LIMIT_REPORT_COLUMNS || *table_keys(L, -1, what))
        script__raisef(L, ERROR_INVALID, "%s: columns is a list of at most %d names", what,
                       LIMIT_REPORT_COLUMNS);
    struct arena *a = script__arena(script__of(L));
    c->columns = arena_alloc(a, (c->column_count + 1) * sizeof *c->columns);
    for (size_t i = 0; i < c->column_count; i++) {
        c->columns[i] = (struct report_column){ NULL, false };
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        column_read(L, &c->columns[i], what);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

void commands__keep_columns(struct command *c)
{
    const struct report_column *read = c->columns;
    c->columns = c->column_count ? mem_alloc(c->column_count * sizeof *c->columns) : NULL;
    for (size_t i = 0; i < c->column_count; i++)
        c->columns[i] = (struct report_column){ mem_dup(read[i].name), read[i].time };
}

void commands__free_columns(struct command *c)
{
    for (size_t i = 0; i < c->column_count; i++)
        mem_free(c->columns[i].name);
    mem_free(c->columns);
}

/* ---- telling ---- */

static void told_text(struct jsonw *w, const char *key, const char *text)
{
    jsonw_key(w, key);
    jsonw_text(w, text);
}

static void told_args(struct jsonw *w, const struct command *c)
{
    jsonw_open_array(w);
    for (size_t i = 0; i < c->arg_count; i++) {
        const struct command_arg *arg = &c->args[i];
        jsonw_open_object(w);
        told_text(w, "name", arg->name);
        told_text(w, "type",
                  arg->type == ARG_REF ? schema_of(arg->ref)->name : commands__types[arg->type]);
        jsonw_key(w, "required");
        jsonw_bool(w, arg->required);
        told_text(w, "help", arg->help ? arg->help : "");
        jsonw_close(w);
    }
    jsonw_close(w);
}

static void told_columns(struct jsonw *w, const struct command *c)
{
    jsonw_open_array(w);
    for (size_t i = 0; i < c->column_count; i++) {
        jsonw_open_object(w);
        told_text(w, "name", c->columns[i].name);
        told_text(w, "type", c->columns[i].time ? "time" : "any");
        jsonw_close(w);
    }
    jsonw_close(w);
}

void script_declared(const struct script *s, struct jsonw *w)
{
    jsonw_open_array(w);
    for (size_t i = 0; i < s->command_count; i++) {
        const struct command *c = &s->commands[i];
        jsonw_open_object(w);
        told_text(w, "kind", c->report ? "report" : "command");
        told_text(w, "name", c->name);
        told_text(w, "plugin", c->plugin->name);
        told_text(w, "help", c->help ? c->help : "");
        jsonw_key(w, "args");
        if (c->any_args)
            jsonw_null(w);
        else
            told_args(w, c);
        jsonw_close(w);
    }
    jsonw_close(w);
}

void script_report_columns(const struct script *s, const char *name, struct jsonw *w)
{
    for (size_t i = 0; i < s->command_count; i++) {
        const struct command *c = &s->commands[i];
        if (c->report && !strcmp(c->name, name)) {
            told_columns(w, c);
            return;
        }
    }
    jsonw_open_array(w);
    jsonw_close(w);
}
