/* What a plugin declares, caught while it loads.
 *
 * A catching function stands in front of each that declares. It reads what is
 * declared into the check's own model, as far as it makes sense, then calls the
 * real one; where that refuses, the refusal is kept and loading goes on, so that
 * the next declaration is heard too. A key that nobody knows is taken out and
 * the declaration tried again: one misspelling must not hide another. */
#include "script/check_internal.h"

#include <string.h>

#include "baton/base/text.h"
#include "script/check_read_internal.h"

enum { CAPTURE_TRIES = 24 };
enum capture_kind { CAPTURE_WORKFLOW, CAPTURE_OTHER };

static const struct {
    const char *module, *name, *what;
} capture_calls[] = {
    { NULL, "workflow", "workflow" },
    { NULL, "on", "handler" },
    { NULL, "field", "field" },
    { NULL, "command", "command" },
    { NULL, "report", "report" },
    { NULL, "job", "job" },
    { "messages", "template", "template" },
};

/* Where the plugin's code is that makes the call. */
static void capture_place(lua_State *L, struct check *c, const char **file, int *line)
{
    lua_Debug ar;
    const struct plugin *p = script__plugin(L);
    *file = arena_printf(c->memory, "%s/init.lua", p ? p->name : "?");
    *line = 0;
    for (int level = 1; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.currentline <= 0)
            continue;
        *file = arena_dup(c->memory, ar.source[0] == '@' ? ar.source + 1 : ar.short_src);
        *line = ar.currentline;
        return;
    }
}

/* ---- refusals ---- */

/* A copy of the value on top, without `key` in any table of it. */
static void capture_copy(lua_State *L, const char *key, int depth)
{
    if (!lua_istable(L, -1) || depth > 8)
        return;
    luaL_checkstack(L, 8, NULL);
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, -3);) {
        if (lua_type(L, -2) == LUA_TSTRING && !strcmp(lua_tostring(L, -2), key)) {
            lua_pop(L, 1);
            continue;
        }
        capture_copy(L, key, depth + 1);
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
    lua_replace(L, -2);
}

/* `…: unknown key "tite", did you mean …`: the key, in the arena; NULL for another refusal. */
static const char *capture_unknown_key(struct check *c, const struct error *e)
{
    const char *at = strstr(e->message, "unknown key \"");
    if (!at)
        return NULL;
    at += strlen("unknown key \"");
    return arena_dupn(c->memory, at, strcspn(at, "\""));
}

static void capture_where(const struct error *e, const char **file, int *line, struct check *c)
{
    const char *colon = strrchr(e->where, ':');
    int found = 0, used = 0;
    if (!colon || sscanf(colon, ":%d%n", &found, &used) != 1 || colon[used])
        return;
    *file = arena_dupn(c->memory, e->where, (size_t)(colon - e->where));
    *line = found;
}

static void capture_refused(lua_State *L, struct check *c, const char *what, const struct error *e)
{
    struct plugin *p = script__plugin(L);
    const char *file;
    int line;
    capture_place(L, c, &file, &line);
    capture_where(e, &file, &line, c);
    if (!p || !check__wants(c, p))
        return;
    const char *code = "declaration-refused";
    if (strstr(e->message, "unknown key"))
        code = "key-unknown";
    else if (strstr(e->message, "unknown event"))
        code = "event-unknown";
    else if (!strcmp(what, "job") && strstr(e->message, "a minute at least"))
        code = "job-interval";
    check__add(c, code, p, file, line, "%s", e->message);
}

/* ---- the call ---- */

/* Calls the real function with the arguments that are on the stack. */
static bool capture_try(lua_State *L, int count, struct error *e)
{
    luaL_checkstack(L, count + 4, NULL);
    lua_pushvalue(L, lua_upvalueindex(1));
    for (int i = 1; i <= count; i++)
        lua_pushvalue(L, i);
    int status = lua_pcall(L, count, 0, 0);
    script__of(L)->place[0] = '\0';
    if (status == LUA_OK)
        return true;
    budget__rethrow(L);
    script__read_error(L, -1, e);
    lua_settop(L, count);
    return false;
}

static void capture_declared(lua_State *L, struct check *c, const char *what)
{
    struct check_declared d = { .plugin = script__plugin(L), .what = what };
    if (lua_type(L, 1) != LUA_TSTRING)
        return;
    d.name = arena_dup(c->memory, lua_tostring(L, 1));
    if (!strcmp(what, "field") && lua_type(L, 2) == LUA_TSTRING)
        d.name = arena_dup(c->memory, lua_tostring(L, 2));
    capture_place(L, c, &d.file, &d.line);
    c->declared = check__grow(c->memory, c->declared, c->declared_count, &c->declared_room,
                              sizeof *c->declared);
    c->declared[c->declared_count++] = d;
}

static int capture_call(lua_State *L)
{
    struct check *c = script__of(L)->check;
    size_t index = (size_t)lua_tointeger(L, lua_upvalueindex(2));
    int count = lua_gettop(L);
    struct check_workflow *w = NULL;
    struct error e;
    if (!c || !script__plugin(L)) { /* kept and called when the check is over */
        lua_pushvalue(L, lua_upvalueindex(1));
        lua_insert(L, 1);
        lua_call(L, count, 0);
        return 0;
    }
    if (index == CAPTURE_WORKFLOW) {
        struct check_workflow read = { .plugin = script__plugin(L) };
        capture_place(L, c, &read.file, &read.line);
        bool room = c->workflow_count < LIMIT_WORKFLOWS; /* loading refuses the next */
        if (room && lua_istable(L, 1) && read__workflow(L, c, &read)) {
            c->workflows = check__grow(c->memory, c->workflows, c->workflow_count,
                                       &c->workflow_room, sizeof *c->workflows);
            w = &c->workflows[c->workflow_count++];
            *w = read;
        }
    } else {
        capture_declared(L, c, capture_calls[index].what);
    }
    for (int tries = 0; tries < CAPTURE_TRIES; tries++) {
        if (capture_try(L, count, &e))
            return 0;
        const char *key = capture_unknown_key(c, &e);
        if (!key || !w) {
            if (w)
                w->refused = e;
            else
                capture_refused(L, c, capture_calls[index].what, &e);
            return 0;
        }
        capture_refused(L, c, "workflow", &e);
        for (int i = 1; i <= count; i++) {
            lua_pushvalue(L, i);
            capture_copy(L, key, 0);
            lua_replace(L, i);
        }
    }
    return 0;
}

void check__catch(lua_State *L, struct plugin *p)
{
    (void)p;
    int env = lua_gettop(L);
    for (size_t i = 0; i < sizeof capture_calls / sizeof *capture_calls; i++) {
        const char *module = capture_calls[i].module;
        lua_getfield(L, env, module ? module : "baton");
        lua_getfield(L, -1, capture_calls[i].name);
        lua_pushinteger(L, (lua_Integer)i);
        lua_pushcclosure(L, capture_call, 2);
        lua_setfield(L, -2, capture_calls[i].name);
        lua_pop(L, 1);
    }
}

/* ---- places ---- */

/* The line of `name = "NAME"` in that file at or behind `line`; 0: none. */
static int places_find(const struct check_source *s, int line, const char *name)
{
    for (size_t t = 0; t + 2 < s->token_count; t++) {
        const struct check_token *k = &s->tokens[t];
        if (k->line >= line && k[0].kind == TOKEN_NAME && !strcmp(k[0].text, "name") &&
            k[1].kind == TOKEN_SIGN && !strcmp(k[1].text, "=") && k[2].kind == TOKEN_STRING &&
            !strcmp(k[2].text, name))
            return k[2].line;
    }
    return 0;
}

/* In the file of the call first, behind the part before it; then in the plugin's other files. */
static void places_part(struct check *c, const struct check_workflow *w, int *after,
                        const char *name, const char **file, int *line)
{
    *file = w->file;
    *line = w->line;
    for (size_t i = 0; i < c->source_count; i++) {
        const struct check_source *s = &c->sources[i];
        int found = strcmp(s->file, w->file) ? 0 : places_find(s, *after, name);
        if (found) {
            *after = *line = found;
            return;
        }
    }
    for (size_t i = 0; i < c->source_count; i++) {
        const struct check_source *s = &c->sources[i];
        int found = s->plugin == w->plugin && !s->spec ? places_find(s, 1, name) : 0;
        if (found) {
            *file = s->file;
            *line = found;
            return;
        }
    }
}

static int places_key(struct check *c, const struct check_workflow *w, const char *key)
{
    for (size_t i = 0; i < c->source_count; i++)
        for (size_t t = 0; !strcmp(c->sources[i].file, w->file) && t < c->sources[i].token_count;
             t++) {
            const struct check_token *k = &c->sources[i].tokens[t];
            if (k->line >= w->line && k->kind == TOKEN_NAME && !strcmp(k->text, key))
                return k->line;
        }
    return w->line;
}

void check__places(struct check *c)
{
    for (size_t i = 0; i < c->workflow_count; i++) {
        struct check_workflow *w = &c->workflows[i];
        int after = places_key(c, w, "stages");
        for (size_t j = 0; j < w->stage_count; j++)
            places_part(c, w, &after, w->stages[j].name, &w->stages[j].file, &w->stages[j].line);
        after = places_key(c, w, "transitions");
        for (size_t j = 0; j < w->transition_count; j++)
            places_part(c, w, &after, w->transitions[j].name, &w->transitions[j].file,
                        &w->transitions[j].line);
    }
}
