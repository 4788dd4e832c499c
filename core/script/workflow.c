/* baton.workflow{…}: a table of Lua becomes a stage graph of the domain.
 *
 * Keys that are not known are refused with a near name, and the place of an
 * error is the line of the stage or transition at fault. Lua keeps no lines for
 * tables, so the line is looked up in the source: the first `name = "decide"`
 * behind the part before it; the line of the call where there is none. */
#include "script/workflow_internal.h"

#include <ctype.h>
#include <string.h>

#include "baton/base/ini.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"

/* ---- places ---- */

/* Does the line say `name = "NAME"`? */
static bool place_names(const char *line, const char *end, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = line; (p = memmem(p, (size_t)(end - p), "name", 4)); p += 4) {
        const char *q = p + 4;
        if (p > line && (isalnum((unsigned char)p[-1]) || p[-1] == '_'))
            continue;
        while (q < end && isspace((unsigned char)*q))
            q++;
        if (q == end || *q++ != '=')
            continue;
        while (q < end && isspace((unsigned char)*q))
            q++;
        if ((size_t)(end - q) > n + 1 && (*q == '"' || *q == '\'') && !memcmp(q + 1, name, n) &&
            q[n + 1] == *q)
            return true;
    }
    return false;
}

static int place_find(const struct workflow_read *w, int after, const char *name)
{
    const char *line = w->source;
    for (int number = 1; line && *line; number++) {
        const char *end = strchrnul(line, '\n');
        if (number >= after && place_names(line, end, name))
            return number;
        line = *end ? end + 1 : end;
    }
    return 0;
}

const char *workflow_where(struct workflow_read *w)
{
    return arena_printf(script__arena(script__of(w->L)), "%s:%d", w->chunk, w->shown);
}

void workflow_place(struct workflow_read *w, const char *name)
{
    struct script *s = script__of(w->L);
    int found = name ? place_find(w, w->at, name) : 0;
    if (found)
        w->at = found;
    w->shown = found ? found : w->line;
    snprintf(s->place, sizeof s->place, "%s:%d", w->chunk, w->shown);
}

/* From here on parts are looked for behind the key that lists them. */
static void place_list(struct workflow_read *w, const char *key)
{
    const char *line = w->source;
    workflow_place(w, NULL);
    w->at = w->line;
    for (int number = 1; line && *line; number++) {
        const char *end = strchrnul(line, '\n');
        if (number >= w->line && memmem(line, (size_t)(end - line), key, strlen(key))) {
            w->at = number;
            return;
        }
        line = *end ? end + 1 : end;
    }
}

/* The line that made the call, and its file if it is one of the plugin's. */
static void workflow_open_source(struct workflow_read *w)
{
    lua_State *L = w->L;
    lua_Debug ar = { 0 };
    struct error ignored;
    struct buf *text = script__hold_buf(L);
    int level = 1;
    w->chunk = w->plugin->name;
    while (lua_getstack(L, level++, &ar)) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.currentline > 0)
            break;
    }
    if (ar.currentline <= 0)
        return;
    struct arena *arena = script__arena(script__of(L));
    w->line = w->at = ar.currentline;
    w->chunk = arena_dup(arena, ar.short_src);
    size_t n = strlen(w->plugin->name), length = strlen(ar.source);
    if (length < n + 6 || ar.source[0] != '@' || strncmp(ar.source + 1, w->plugin->name, n) != 0 ||
        ar.source[n + 1] != '/')
        return;
    const char *file = arena_dupn(arena, ar.source + n + 2, length - n - 2 - strlen(".lua"));
    if (plugin_source(w->plugin, file, text, &ignored) == 0)
        w->source = buf_text(text);
}

void workflow_check(struct workflow_read *w, int rc, struct error *e)
{
    if (rc < 0)
        script__raise(w->L, e);
}

/* ---- the parts, each a list ---- */

static void workflow_fields(struct workflow_read *w)
{
    lua_State *L = w->L;
    struct error e;
    if (table_table(L, 1, "fields", w->name)) {
        const char *const *names =
            table_keys(L, -1, arena_printf(script__arena(script__of(L)), "%s: fields", w->name));
        for (; *names; names++) {
            struct field f;
            lua_pushstring(L, *names);
            lua_rawget(L, -2);
            workflow_read_field(L, lua_gettop(L), *names, &f);
            lua_pop(L, 1);
            workflow_check(w, graph_add_field(w->graph, &f, &e), &e);
        }
    }
    lua_pop(L, 1);
}

/* Calls `read` with each table of the list on top of the stack. */
static void workflow_each(struct workflow_read *w, const char *key,
                          void (*read)(struct workflow_read *, bool), bool argument)
{
    lua_State *L = w->L;
    place_list(w, key);
    if (!table_table(L, 1, key, w->name))
        script__raisef(L, ERROR_INVALID, "%s: %s is missing", w->name, key);
    size_t count = lua_rawlen(L, -1);
    bool keyed = *table_keys(L, -1, w->name) != NULL;
    if (count == 0 && !keyed)
        script__raisef(L, ERROR_INVALID,
                       "%s: %s is empty: a workflow has at least one: { { name = \"…\" }, … }",
                       w->name, key);
    if (count == 0 || keyed)
        script__raisef(L, ERROR_INVALID, "%s: %s is a list of tables: { { name = \"…\" }, … }",
                       w->name, key);
    for (size_t i = 1; i <= count; i++) {
        if (lua_rawgeti(L, -1, (lua_Integer)i) != LUA_TTABLE)
            script__raisef(L, ERROR_INVALID, "%s: entry %d of %s is a %s, it must be a table",
                           w->name, (int)i, key, luaL_typename(L, -1));
        read(w, argument);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void workflow_read_expire(struct workflow_read *w, bool ignored)
{
    (void)ignored;
    workflow_add_expire(w);
}

static void workflow_read_transition(struct workflow_read *w, bool ignored)
{
    (void)ignored;
    workflow_add_transition(w);
}

/* Is there a stage that says initial = true? The list of stages is read raw. */
static bool workflow_has_initial(lua_State *L)
{
    bool found = false;
    lua_pushliteral(L, "stages");
    lua_rawget(L, 1);
    int top = lua_gettop(L);
    size_t count = lua_istable(L, top) ? lua_rawlen(L, top) : 0;
    for (size_t i = 1; i <= count && !found; i++) {
        if (lua_rawgeti(L, top, (lua_Integer)i) == LUA_TTABLE) {
            lua_pushliteral(L, "initial");
            lua_rawget(L, -2);
            found = lua_toboolean(L, -1);
        }
        lua_settop(L, top);
    }
    lua_pop(L, 1);
    return found;
}

/* [workflow NAME] disable = a, b of org.ini. */
static void workflow_disable(struct workflow_read *w, const char *name)
{
    struct ini *ini = script__of(w->L)->org_ini;
    char section[LIMIT_NAME_BYTES + 16];
    char **list = NULL;
    struct error e;
    snprintf(section, sizeof section, "workflow %s", name);
    const struct ini_entry *entry = ini ? ini_find(ini, section, "disable") : NULL;
    if (!entry)
        return;
    if (ini_list(ini, section, "disable", &list, &e) < 0)
        script__raise(w->L, &e);
    script__hold(w->L, list, mem_free);
    for (; list && *list; list++)
        if (graph_disable_transition(w->graph, *list, &e) < 0) {
            e.where[0] = '\0';
            error_at(&e, "%s:%d", ini_file(ini), entry->line);
            if (e.code != ERROR_DENIED)
                script__raise(w->L, &e);
            plugin_warn(w->plugin, &e); /* locked: it stays, and org.ini is wrong */
        }
    lua_pop(w->L, 1);
}

/* ---- the whole ---- */

struct workflow_held {
    struct graph *graph;
};

static int workflow_release(lua_State *L)
{
    struct workflow_held *held = lua_touserdata(L, 1);
    graph_free(held->graph);
    held->graph = NULL;
    return 0;
}

/* An error jumps over us: the collector frees the graph, unless the domain took it. */
static struct workflow_held *workflow_hold(lua_State *L)
{
    struct workflow_held *held = lua_newuserdatauv(L, sizeof *held, 0);
    held->graph = NULL;
    if (luaL_newmetatable(L, "baton.graph")) {
        lua_pushcfunction(L, workflow_release);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return held;
}

static void workflow_build(struct workflow_read *w, const char *name)
{
    lua_State *L = w->L;
    struct error e;
    bool first_is_initial = !workflow_has_initial(L);
    workflow_fields(w);
    workflow_each(w, "stages", workflow_add_stage, first_is_initial);
    workflow_each(w, "transitions", workflow_read_transition, false);
    workflow_each(w, "stages", workflow_read_expire, false);
    workflow_read_children(w);
    workflow_place(w, NULL);
    workflow_disable(w, name);
    if (graph_finish(w->graph, &e) < 0) {
        if (!strstr(e.message, name))
            error_prefix(&e, "%s", w->name);
        script__raise(L, &e);
    }
    workflow_read_migrations(w);
}

int workflow_add(lua_State *L)
{
    static const char *const known[] = { "name",   "version",     "title",    "help",    "fields",
                                         "stages", "transitions", "children", "migrate", NULL };
    struct plugin *p = plugin_loading(L, "baton.workflow");
    struct script *s = script__of(L);
    struct error e;
    luaL_checktype(L, 1, LUA_TTABLE);
    const char *name = table_need_text(L, 1, "name", "baton.workflow");
    if (!text_is_name(name))
        script__raisef(L, ERROR_INVALID,
                       "baton.workflow: name = \"%.80s\" is no name: a-z, then a-z, 0-9 and _",
                       name);
    const char *what = arena_printf(s->arena, "workflow \"%s\"", name);
    table_check(L, 1, known, what);
    int64_t version = table_int(L, 1, "version", 1, what);
    if (version < 1 || version > INT32_MAX)
        script__raisef(L, ERROR_INVALID, "%s: version takes a whole number from 1", what);
    const char *title = table_text(L, 1, "title", what);
    lua_settop(L, 1);

    /* Index 1 is the table, behind it lie the graph and the source text, held for errors. */
    struct workflow_read w = { .L = L, .plugin = p, .name = what };
    struct workflow_held *held = workflow_hold(L);
    workflow_open_source(&w);
    w.graph = held->graph = graph_new(name, (int)version, p->name);
    if (title)
        graph_title(w.graph, title);
    workflow_build(&w, name);
    if (domain_add_graph(s->domain, held->graph, &e) < 0)
        script__raise(L, &e);
    held->graph = NULL;
    p->workflows++;
    s->place[0] = '\0';
    return 0;
}
