/* Commands and reports: functions that a plugin offers by name, baton.command
 * and baton.report, and calling them.
 *
 * Arguments are checked against their declaration and converted. Between the
 * caller and the plugin, values go as JSON: no table, function or metatable of
 * one environment reaches another. A report may only read. */
#include "script/commands_internal.h"
#include "script/value_internal.h"

#include <string.h>
#include <strings.h>

#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/store/row.h"

const char *const commands__types[] = {
    "any", "text", "int", "real", "bool", "time", "table", NULL
};

/* ---- declaring ---- */

static void arg_read_type(lua_State *L, struct command_arg *arg, const char *type, const char *what)
{
    const char *known[ENTITY_END + ARG_REF + 1];
    size_t count = 0;
    for (; commands__types[count]; count++) {
        known[count] = commands__types[count];
        if (!strcmp(type, commands__types[count])) {
            arg->type = (enum command_type)count;
            return;
        }
    }
    const struct schema *schema = schema_named(type);
    if (schema) {
        arg->type = ARG_REF;
        arg->ref = schema->entity;
        return;
    }
    for (int e = 1; e < ENTITY_END; e++)
        known[count++] = schema_of((enum entity)e)->name;
    known[count] = NULL;
    script__unknown(L, what, "type", type, known);
}

/* {name=, type=, required=} on top of the stack. */
static void arg_read(lua_State *L, struct command_arg *arg, const char *what)
{
    static const char *const known[] = { "name", "type", "required", "help", NULL };
    if (!lua_istable(L, -1))
        script__raisef(L, ERROR_INVALID, "%s: args is a list of {name=, type=, required=}", what);
    table_check(L, -1, known, what);
    const char *name = table_need_text(L, -1, "name", what);
    const char *type = table_text(L, -1, "type", what);
    if (!text_is_name(name))
        script__raisef(L, ERROR_INVALID, "%s: argument \"%.60s\" is no name", what, name);
    arg->name = (char *)name; /* of the arena until the command is whole */
    arg->required = table_bool(L, -1, "required", false, what);
    arg->help = (char *)table_text(L, -1, "help", what);
    if (type)
        arg_read_type(L, arg, type, what);
}

static void command_read_args(lua_State *L, struct command *c, const char *what)
{
    static const char *const known[] = { "help", "args", NULL };
    static const char *const known_of_report[] = { "help", "args", "columns", NULL };
    c->any_args = true;
    if (lua_isnil(L, 2))
        return;
    luaL_checktype(L, 2, LUA_TTABLE);
    table_check(L, 2, c->report ? known_of_report : known, what);
    c->help = (char *)table_text(L, 2, "help", what);
    if (c->report)
        commands__read_columns(L, c, what);
    if (!table_table(L, 2, "args", what)) {
        lua_pop(L, 1);
        return;
    }
    c->any_args = false;
    c->arg_count = lua_rawlen(L, -1);
    if (c->arg_count > LIMIT_COMMAND_ARGS || *table_keys(L, -1, what))
        script__raisef(L, ERROR_INVALID,
                       "%s: args is a list of at most %d {name=, type=, required=}", what,
                       LIMIT_COMMAND_ARGS);
    c->args = arena_alloc(script__arena(script__of(L)), (c->arg_count + 1) * sizeof *c->args);
    for (size_t i = 0; i < c->arg_count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        arg_read(L, &c->args[i], what);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* Moves what was read to the heap. */
static void command_keep(struct script *s, const struct command *read, const char *what)
{
    struct command c = *read;
    c.name = mem_dup(read->name);
    c.what = mem_dup(what);
    c.help = mem_dup(read->help);
    c.args = read->arg_count ? mem_alloc(read->arg_count * sizeof *c.args) : NULL;
    for (size_t i = 0; i < read->arg_count; i++) {
        c.args[i] = read->args[i];
        c.args[i].name = mem_dup(read->args[i].name);
        c.args[i].help = mem_dup(read->args[i].help);
    }
    commands__keep_columns(&c);
    s->commands = mem_resize(s->commands, (s->command_count + 1) * sizeof *s->commands);
    s->commands[s->command_count++] = c;
}

static struct command *command_find(const struct script *s, const char *name, bool report)
{
    for (size_t i = 0; i < s->command_count; i++)
        if (s->commands[i].report == report && !strcmp(s->commands[i].name, name))
            return &s->commands[i];
    return NULL;
}

static int command_declare(lua_State *L, bool report)
{
    const char *call = report ? "baton.report" : "baton.command";
    struct plugin *p = plugin_loading(L, call);
    struct script *s = script__of(L);
    const char *name = table_to_name(L, 1, call);
    const char *what = arena_printf(s->arena, "%s %s", report ? "report" : "command", name);
    struct command c = { .plugin = p, .report = report, .name = (char *)name };
    lua_settop(L, 3);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    command_read_args(L, &c, what);
    const struct command *other = command_find(s, name, report);
    if (other)
        script__raisef(L, ERROR_CONFLICT, "%s is already declared by plugin %s", what,
                       other->plugin->name);
    if (s->command_count >= LIMIT_HANDLERS)
        script__raisef(L, ERROR_LIMIT, "%s: an organisation has at most %d commands and reports",
                       what, LIMIT_HANDLERS);
    lua_pushvalue(L, 3);
    c.ref = luaL_ref(L, LUA_REGISTRYINDEX);
    command_keep(s, &c, what);
    return 0;
}

int commands_add(lua_State *L)
{
    return command_declare(L, false);
}

int commands_add_report(lua_State *L)
{
    return command_declare(L, true);
}

/* ---- arguments ---- */

static void arg_refuse(lua_State *L, const struct command *c, const struct command_arg *arg)
{
    static const char *const takes[] = {
        "any value", "text",   "a whole number", "a number", "true or false (or yes, no, 1, 0)",
        "a time",    "a table"
    };
    const char *seen = luaL_typename(L, -1);
    if (lua_type(L, -1) == LUA_TSTRING || lua_type(L, -1) == LUA_TNUMBER)
        seen = arena_printf(script__arena(script__of(L)), "\"%.60s\"", lua_tostring(L, -1));
    if (arg->type == ARG_REF)
        script__raisef(L, ERROR_INVALID, "%s: \"%s\" takes a %s such as \"%c-12\", got %s", c->what,
                       arg->name, schema_of(arg->ref)->name, schema_of(arg->ref)->letter, seen);
    script__raisef(L, ERROR_INVALID, "%s: \"%s\" takes %s, got %s", c->what, arg->name,
                   takes[arg->type], seen);
}

static bool arg_convert_bool(lua_State *L)
{
    static const char *const words[] = { "false", "true", "no", "yes", "0", "1", NULL };
    size_t i = 0;
    if (lua_isboolean(L, -1))
        return true;
    if (lua_type(L, -1) != LUA_TSTRING && !lua_isinteger(L, -1))
        return false;
    lua_pushvalue(L, -1); /* a number becomes text in its place */
    while (words[i] && strcasecmp(words[i], lua_tostring(L, -1)) != 0)
        i++;
    lua_pop(L, 1);
    if (!words[i])
        return false;
    lua_pop(L, 1);
    lua_pushboolean(L, i % 2 == 1);
    return true;
}

/* Text from a command line becomes what the argument is; replaces the value on top of the stack. */
static void arg_convert(lua_State *L, const struct command *c, const struct command_arg *arg)
{
    bool good = true;
    int whole = 0;
    switch (arg->type) {
    case ARG_ANY:
        break;
    case ARG_TEXT:
        good = lua_type(L, -1) == LUA_TSTRING || lua_type(L, -1) == LUA_TNUMBER;
        break;
    case ARG_INT:
        lua_pushinteger(L, lua_tointegerx(L, -1, &whole));
        good = whole && !lua_isboolean(L, -2);
        lua_remove(L, good ? -2 : -1);
        break;
    case ARG_REAL:
        lua_pushnumber(L, lua_tonumberx(L, -1, &whole));
        good = whole;
        lua_remove(L, good ? -2 : -1);
        break;
    case ARG_BOOL:
        good = arg_convert_bool(L);
        break;
    case ARG_TIME:
        lua_pushinteger(L, script__check_time(L, -1));
        lua_remove(L, -2);
        break;
    case ARG_TABLE:
        good = lua_istable(L, -1);
        break;
    case ARG_REF:
        script__push_handle(L, arg->ref, script__check_id(L, -1, arg->ref));
        lua_remove(L, -2);
        break;
    }
    if (!good)
        arg_refuse(L, c, arg);
}

static void args_refuse_unknown(lua_State *L, const struct command *c, int index)
{
    const char *known[LIMIT_COMMAND_ARGS + 1];
    for (size_t i = 0; i < c->arg_count; i++)
        known[i] = c->args[i].name;
    known[c->arg_count] = NULL;
    const char *const *keys = table_keys(L, index, c->what);
    for (; *keys; keys++) {
        size_t i = 0;
        while (i < c->arg_count && strcmp(known[i], *keys) != 0)
            i++;
        if (i == c->arg_count)
            script__unknown(L, c->what, "argument", *keys, known);
    }
}

/* Replaces the table of arguments on top of the stack by one that fits the declaration. */
static void args_check(lua_State *L, const struct command *c)
{
    if (c->any_args)
        return;
    int given = lua_gettop(L);
    args_refuse_unknown(L, c, given);
    lua_createtable(L, 0, (int)c->arg_count);
    for (size_t i = 0; i < c->arg_count; i++) {
        const struct command_arg *arg = &c->args[i];
        lua_pushstring(L, arg->name);
        lua_rawget(L, given);
        bool none = lua_isnil(L, -1) ||
                    (lua_islightuserdata(L, -1) && lua_touserdata(L, -1) == script__none());
        if (none && arg->required)
            script__raisef(L, ERROR_INVALID, "%s: argument \"%s\" is missing", c->what, arg->name);
        if (!none)
            arg_convert(L, c, arg);
        else
            lua_pop(L, 1);
        if (!none)
            lua_setfield(L, -2, arg->name);
    }
    lua_replace(L, given);
}

/* ---- calling ---- */

/* Replaces the value on top of the stack by a copy that shares nothing with it. */
static void command_copy(lua_State *L)
{
    int type = lua_type(L, -1);
    if (type != LUA_TTABLE && type != LUA_TUSERDATA && type != LUA_TFUNCTION && type != LUA_TTHREAD)
        return;
    enum entity entity;
    int64_t id;
    if (script__is_handle(L, -1, &entity, &id))
        return; /* immutable, and the same for all */
    struct buf *json = script__hold_buf(L);
    script__to_json(L, -2, json);
    struct error e;
    if (value__push_json(L, buf_text(json), json->len, &e) < 0)
        script__raise(L, &e);
    buf_free(json);
    lua_replace(L, -3);
    lua_pop(L, 1);
}

/* (light userdata, arguments) → one result, in the plugin's frame */
static int command_run(lua_State *L)
{
    const struct command *c = lua_touserdata(L, 1);
    lua_settop(L, 2);
    command_copy(L);
    args_check(L, c);
    lua_rawgeti(L, LUA_REGISTRYINDEX, c->ref);
    lua_insert(L, 2);
    lua_call(L, 1, 1);
    command_copy(L);
    return 1;
}

static int command_unknown(const struct script *s, const char *name, bool report, struct error *e)
{
    const char *known[LIMIT_HANDLERS + 1];
    size_t count = 0;
    struct buf near = BUF_INIT;
    for (size_t i = 0; i < s->command_count; i++)
        if (s->commands[i].report == report)
            known[count++] = s->commands[i].name;
    known[count] = NULL;
    text_suggest(name, known, &near);
    bool list = !near.len;
    for (size_t i = 0; list && i < count; i++)
        buf_printf(&near, "%s%s", i ? ", " : "; there are: ", known[i]);
    int rc = error_set(e, ERROR_NOT_FOUND, "no %s \"%.80s\"%s", report ? "report" : "command", name,
                       buf_text(&near));
    buf_free(&near);
    return rc;
}

int script__run_command(lua_State *L, struct session *session, const char *name, bool report,
                        struct error *e)
{
    struct script *s = script__of(L);
    const struct command *c = command_find(s, name, report);
    int rc = c ? breaker__refuse(c->plugin, e) : command_unknown(s, name, report, e);
    if (!c || rc < 0 || !lua_checkstack(L, LUA_MINSTACK)) {
        lua_pop(L, 1);
        return rc < 0 ? rc : error_set(e, ERROR_LIMIT, "the Lua stack is full");
    }
    struct script_frame frame = { .plugin = c->plugin,
                                  .session = session,
                                  .actor = s->call ? script__actor(s->call->base) : NULL,
                                  .what = c->what,
                                  .budget_ms = s->statement_ms,
                                  .read_only = report,
                                  .via = true };
    lua_pushcfunction(L, command_run);
    lua_pushlightuserdata(L, (void *)c);
    lua_rotate(L, -3, 2);
    return script__call(L, &frame, 2, 1, e);
}

/* (name, args): leaves the table of arguments on top, an empty one if none was given. */
static const char *commands_check_args(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    lua_settop(L, 2);
    if (lua_isnil(L, 2)) {
        lua_newtable(L);
        lua_replace(L, 2);
    }
    luaL_checktype(L, 2, LUA_TTABLE);
    return name;
}

/* baton.call(name, args): a command of a session outside a command is one write. */
int commands_call(lua_State *L)
{
    struct script_write w;
    struct error e;
    const char *name = commands_check_args(L);
    script__write_begin(L, &w);
    if (script__run_command(L, script__session(L), name, false, &e) < 0) {
        script__write_undo(L, &w);
        script__raise(L, &e);
    }
    script__write_end(L, &w, 0, &e);
    return script__pause(L, 1);
}

int commands_run_report(lua_State *L)
{
    struct error e;
    const char *name = commands_check_args(L);
    if (script__run_command(L, script__session(L), name, true, &e) < 0)
        script__raise(L, &e);
    return script__pause(L, 1);
}

/* ---- dropping ---- */

static void command_free(struct command *c)
{
    for (size_t i = 0; i < c->arg_count; i++) {
        mem_free(c->args[i].name);
        mem_free(c->args[i].help);
    }
    commands__free_columns(c);
    mem_free(c->args);
    mem_free(c->name);
    mem_free(c->what);
    mem_free(c->help);
}

void commands_drop(struct script *s, const struct plugin *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->command_count; i++) {
        if (s->commands[i].plugin != p) {
            s->commands[kept++] = s->commands[i];
            continue;
        }
        luaL_unref(s->L, LUA_REGISTRYINDEX, s->commands[i].ref);
        command_free(&s->commands[i]);
    }
    s->command_count = kept;
}

void commands_free(struct script *s)
{
    for (size_t i = 0; i < s->command_count; i++)
        command_free(&s->commands[i]);
    mem_free(s->commands);
    s->commands = NULL;
    s->command_count = 0;
}

size_t commands_count(const struct script *s, const struct plugin *p, bool report)
{
    size_t count = 0;
    for (size_t i = 0; i < s->command_count; i++)
        count += s->commands[i].plugin == p && s->commands[i].report == report;
    return count;
}
