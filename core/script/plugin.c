/* Plugins: in which order they load, each all or nothing.
 *
 * A plugin is read (plugin_ini.c), ordered behind those that it requires, then
 * its init.lua runs in an environment of its own and declares what it has.
 * One that fails leaves nothing behind but its problem; what requires it is
 * left out too. Nothing is unloaded later: the host opens a new script. */
#include "script/plugin_internal.h"

#include <stdlib.h>
#include <string.h>

#include "baton/base/ini.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"

enum { PLUGIN_FILE_BYTES = 128 };

static struct plugin *plugin_named(const struct script *s, const char *name)
{
    for (size_t i = 0; i < s->plugin_count; i++)
        if (!strcmp(s->plugins[i]->name, name))
            return s->plugins[i];
    return NULL;
}

void plugin_problem(struct plugin *p, const char *text)
{
    struct buf shown = BUF_INIT; /* its own words may be among it */
    text_printable(text, strlen(text), true, &shown);
    mem_free(p->problem);
    p->problem = buf_take(&shown);
}

static void plugin_failed(struct plugin *p, const struct error *e)
{
    char text[ERROR_MESSAGE_BYTES + ERROR_WHERE_BYTES + 4];
    error_format(e, text, sizeof text);
    plugin_problem(p, text);
}

void plugin_warn(struct plugin *p, const struct error *e)
{
    char text[ERROR_MESSAGE_BYTES + ERROR_WHERE_BYTES + 4];
    struct buf all = BUF_INIT;
    error_format(e, text, sizeof text);
    buf_printf(&all, "%s%s%s", p->warning ? p->warning : "", p->warning ? "; " : "", text);
    mem_free(p->warning);
    p->warning = buf_take(&all);
}

/* ---- sources ---- */

/* Names are words with slashes: nothing that climbs, nothing hidden. */
static bool source_name_is_good(const char *file)
{
    size_t n = strlen(file);
    return n > 0 && n < PLUGIN_FILE_BYTES &&
           strspn(file, "abcdefghijklmnopqrstuvwxyz0123456789_/") == n && file[0] != '/' &&
           file[n - 1] != '/' && !strstr(file, "//");
}

int plugin_source(const struct plugin *p, const char *file, struct buf *out, struct error *e)
{
    struct buf path = BUF_INIT;
    if (!source_name_is_good(file))
        return error_set(e, ERROR_INVALID,
                         "\"%.80s\" is no name of a file of the plugin: a-z, 0-9, _ and / only, "
                         "without .lua",
                         file);
    buf_printf(&path, "%s/%s.lua", p->dir, file);
    char *resolved = realpath(buf_text(&path), NULL);
    size_t n = strlen(p->dir);
    int rc;
    if (!resolved)
        rc = error_set(e, ERROR_NOT_FOUND, "plugin %s has no file %s.lua", p->name, file);
    else if (strncmp(resolved, p->dir, n) != 0 || resolved[n] != '/')
        rc = error_set(e, ERROR_DENIED, "%s.lua leads out of the folder of plugin %s", file,
                       p->name);
    else
        rc = buf_read_file(out, resolved, LIMIT_SOURCE_BYTES, e);
    free(resolved);
    buf_free(&path);
    return rc;
}

/* Pushes the compiled file, in the plugin's environment. */
static void source_push(lua_State *L, struct plugin *p, const char *file)
{
    struct error e;
    struct buf *source = script__hold_buf(L);
    if (plugin_source(p, file, source, &e) < 0)
        script__raise(L, &e);
    if (p->loading)
        origin__add(p, buf_text(source), source->len);
    const char *name = lua_pushfstring(L, "@%s/%s.lua", p->name, file);
    int status = script__load_text(L, buf_text(source), source->len, name);
    buf_free(source);
    if (status == LUA_ERRSYNTAX) { /* nothing has run: no way to it, and no failure of its code */
        script__read_error(L, -1, &e);
        e.code = ERROR_INVALID;
        script__raise(L, &e);
    }
    if (status != LUA_OK)
        lua_error(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, p->env_ref);
    if (!lua_setupvalue(L, -2, 1))
        lua_pop(L, 1);
    lua_replace(L, -3); /* over the name; the held buffer stays below */
    lua_pop(L, 1);
}

static const char require_running; /* marks a file that is being loaded */

int plugin_require(lua_State *L)
{
    const char *file = luaL_checkstring(L, 1);
    struct plugin *p = script__plugin(L);
    if (!p)
        script__raisef(L, ERROR_DENIED, "baton.require loads files of a plugin; a script has none");
    lua_settop(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, p->files_ref);
    lua_pushvalue(L, 1);
    if (lua_rawget(L, 2) != LUA_TNIL) {
        if (lua_islightuserdata(L, -1) && lua_touserdata(L, -1) == &require_running)
            script__raisef(L, ERROR_INVALID, "baton.require(\"%s\"): it requires itself", file);
        return 1;
    }
    source_push(L, p, file);
    lua_pushvalue(L, 1);
    lua_pushlightuserdata(L, (void *)&require_running);
    lua_rawset(L, 2);
    int status = lua_pcall(L, 0, 1, 0);         /* a failure must not leave the mark */
    if (status == LUA_OK && lua_isnil(L, -1)) { /* loaded, with nothing to say */
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }
    lua_pushvalue(L, 1);
    if (status == LUA_OK)
        lua_pushvalue(L, -2);
    else
        lua_pushnil(L);
    lua_rawset(L, 2);
    return status == LUA_OK ? 1 : lua_error(L);
}

/* ---- loading one ---- */

struct plugin *plugin_loading(lua_State *L, const char *call)
{
    struct plugin *p = script__plugin(L);
    if (!p)
        script__raisef(L, ERROR_DENIED,
                       "%s belongs into a plugin: it declares what is there from the start", call);
    if (!p->loading)
        script__raisef(L, ERROR_DENIED, "%s works only while a plugin loads", call);
    return p;
}

static int plugin_run(lua_State *L)
{
    struct plugin *p = lua_touserdata(L, 1);
    script__push_env(L, p, NULL);
    if (p->script->check)
        check__catch(L, p);
    p->env_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_newtable(L);
    p->files_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    source_push(L, p, "init");
    lua_call(L, 0, 0);
    return 0;
}

static void plugin_drop(struct script *s, struct plugin *p)
{
    domain_remove_plugin(s->domain, p->name);
    hooks_drop(s, p);
    jobs_drop(s, p);
    commands_drop(s, p);
    luaL_unref(s->L, LUA_REGISTRYINDEX, p->env_ref);
    luaL_unref(s->L, LUA_REGISTRYINDEX, p->files_ref);
    p->env_ref = p->files_ref = LUA_NOREF;
    p->workflows = 0;
}

static void plugin_load(struct script *s, struct plugin *p)
{
    struct error e;
    struct script_frame frame = { .plugin = p,
                                  .actor = &p->actor,
                                  .what = "loading",
                                  .loading = true,
                                  .budget_ms = s->statement_ms,
                                  .read_only = true };
    const char *kept_out = breaker__keeps_out(p);
    if (kept_out) {
        plugin_problem(p, kept_out);
        return;
    }
    p->loading = true;
    origin__begin(p);
    int rc = script__protect(s->L, &frame, plugin_run, p, &e);
    p->loading = false;
    p->loaded = rc == 0;
    if (rc == 0) {
        origin__tell(p);
        return;
    }
    plugin_drop(s, p);
    plugin_failed(p, &e);
}

/* ---- order ---- */

/* Why it cannot load yet, or ever: about those that it requires. */
static int requires_check(const struct script *s, const struct plugin *p, struct error *e)
{
    for (size_t i = 0; i < p->require_count; i++) {
        const struct requirement *r = &p->requirements[i];
        const struct plugin *other = plugin_named(s, r->plugin);
        const char *space = *r->op ? " " : "";
        if (!other)
            return error_set(
                e, ERROR_NOT_FOUND,
                "plugin %s requires %s%s%s%s%s, which plugins = of org.ini does not name", p->name,
                r->plugin, space, r->op, space, r->version);
        if (*other->version && !version_satisfies(other->version, r->op, r->version))
            return error_set(e, ERROR_CONFLICT, "plugin %s requires %s %s %s, there is %s", p->name,
                             r->plugin, r->op, r->version, other->version);
        if (!other->loaded)
            return error_set(e, ERROR_INVALID, "plugin %s requires %s, which did not load: %.600s",
                             p->name, r->plugin, other->problem ? other->problem : "");
    }
    return 0;
}

enum order_mark { ORDER_NEW, ORDER_OPEN, ORDER_DONE };

struct order {
    struct script *s;
    enum order_mark marks[LIMIT_PLUGINS];
    size_t path[LIMIT_PLUGINS + 1], depth; /* for the message about a ring */
};

/* From where it begins on, the path is a ring: each of its members failed. */
static void order_ring(const struct order *o, size_t index)
{
    struct error e;
    struct buf ring = BUF_INIT;
    size_t first = 0;
    while (o->path[first] != index)
        first++;
    for (size_t i = first; i < o->depth; i++)
        buf_printf(&ring, "%s requires ", o->s->plugins[o->path[i]]->name);
    error_set(&e, ERROR_INVALID, "plugins require each other in a ring: %s%s", buf_text(&ring),
              o->s->plugins[index]->name);
    buf_free(&ring);
    for (size_t i = first; i < o->depth; i++) {
        struct plugin *p = o->s->plugins[o->path[i]];
        p->ringed = true;
        if (!p->problem)
            plugin_failed(p, &e);
    }
}

static void order_load(struct script *s, struct plugin *p)
{
    struct error why;
    int missing = p->ringed ? 0 : requires_check(s, p, &why);
    if (missing < 0)
        plugin_failed(p, &why);
    if ((missing == 0 && !p->ringed) || s->check) /* a check goes on as far as it can */
        plugin_load(s, p);
}

/* Depth first: what it requires, then itself. `load` false only looks for rings. */
static void order_visit(struct order *o, size_t index, bool load)
{
    struct script *s = o->s;
    struct plugin *p = s->plugins[index];
    if (o->marks[index] == ORDER_OPEN && !load)
        order_ring(o, index);
    if (o->marks[index] != ORDER_NEW)
        return;
    o->marks[index] = ORDER_OPEN;
    o->path[o->depth++] = index;
    for (size_t i = 0; p->usable && i < p->require_count; i++)
        for (size_t j = 0; j < s->plugin_count; j++)
            if (!strcmp(s->plugins[j]->name, p->requirements[i].plugin))
                order_visit(o, j, load);
    o->depth--;
    o->marks[index] = ORDER_DONE;
    if (load && p->usable)
        order_load(s, p);
}

static void order_walk(struct script *s, bool load)
{
    struct order o = { .s = s };
    for (size_t i = 0; i < s->plugin_count; i++)
        order_visit(&o, i, load);
}

/* ---- all of them ---- */

static struct plugin *plugin_new(struct script *s, const char *name)
{
    struct plugin *p = mem_new(struct plugin);
    struct buf actor = BUF_INIT;
    buf_printf(&actor, "plugin %s", name);
    p->script = s;
    p->name = mem_dup(name);
    p->version = mem_dup("");
    p->title = mem_dup(name);
    p->dir = mem_dup("");
    p->actor_name = buf_take(&actor);
    p->actor = (struct actor){ .name = p->actor_name };
    p->env_ref = p->files_ref = LUA_NOREF;
    s->plugins = mem_resize(s->plugins, (s->plugin_count + 1) * sizeof(struct plugin *));
    s->plugins[s->plugin_count++] = p;
    return p;
}

static int plugins_add(struct script *s, const char *const *names, struct error *e)
{
    for (; *names; names++) {
        if (s->plugin_count == LIMIT_PLUGINS)
            return error_set(e, ERROR_LIMIT, "plugins: an organisation has at most %d",
                             LIMIT_PLUGINS);
        if (!text_is_name(*names))
            return error_set(e, ERROR_INVALID,
                             "plugins: \"%.80s\" is no name: a-z, then a-z, 0-9 and _", *names);
        if (plugin_named(s, *names))
            return error_set(e, ERROR_CONFLICT, "plugins: \"%s\" is named twice", *names);
        plugin_new(s, *names);
    }
    return 0;
}

/* [workflow NAME] of a plugin that failed is nobody's mistake: it must not count as unknown. */
static void plugins_excuse_workflows(const struct script *s, struct ini *org_ini)
{
    bool failed = false;
    for (size_t i = 0; i < s->plugin_count; i++)
        failed = failed || !s->plugins[i]->loaded;
    for (size_t i = 0; failed && org_ini && i < ini_count(org_ini); i++)
        if (!strncmp(ini_at(org_ini, i)->section, "workflow ", 9))
            ini_know_section(org_ini, ini_at(org_ini, i)->section);
}

/* A check loads it although plugin.ini is wrong, without the requirement that could not be read. */
static void plugin_forgive(struct plugin *p)
{
    p->usable = p->script->check && *p->dir;
    while (p->require_count && !p->requirements[p->require_count - 1].plugin)
        p->require_count--;
}

int script_load_plugins(struct script *s, const char *const *names, const char *const *dirs,
                        struct ini *org_ini, struct error *e)
{
    int rc = plugins_add(s, names, e);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < s->plugin_count; i++) {
        struct error why;
        breaker__open(s->plugins[i], s->options.anew);
        if (plugin_ini_read(s->plugins[i], dirs, org_ini, &why) == 0)
            continue;
        plugin_failed(s->plugins[i], &why);
        plugin_forgive(s->plugins[i]);
    }
    order_walk(s, false);
    s->org_ini = org_ini;
    order_walk(s, true);
    s->org_ini = NULL;
    plugins_excuse_workflows(s, org_ini);
    return 0;
}

size_t script_plugin_count(const struct script *s)
{
    return s->plugin_count;
}

void script_plugin_at(const struct script *s, size_t index, struct plugin_info *out)
{
    const struct plugin *p = s->plugins[index];
    *out = (struct plugin_info){
        .name = p->name,
        .version = p->version,
        .title = p->title,
        .dir = p->dir,
        .loaded = p->loaded,
        .problem = p->problem        ? p->problem
                   : p->breaker.said ? p->breaker.said
                   : p->warning      ? p->warning
                                     : "",
        .off = p->breaker.state != BREAKER_ON,
        .off_why = p->breaker.why ? p->breaker.why : "",
        .off_since_ms = p->breaker.since_ms,
        .off_again_ms = p->breaker.again_ms,
        .calls = p->calls,
        .failures = p->failures,
        .cpu_ns = p->cpu_ns,
        .workflows = p->workflows,
        .handlers = hooks_count(s, p),
        .commands = commands_count(s, p, false),
        .jobs = jobs_count(s, p),
        .reports = commands_count(s, p, true),
    };
}

void script_rewind(struct script *s)
{
    buf_clear(&s->news);
    for (size_t i = 0; i < s->plugin_count; i++)
        breaker__rewind(s->plugins[i]);
    jobs_rewind(s);
}

/* ---- permissions ---- */

bool script__permitted(lua_State *L, const char *permission)
{
    const struct plugin *p = script__plugin(L);
    if (!p)
        return true;
    for (size_t bit = 0; plugin_permissions[bit]; bit++)
        if (!strcmp(plugin_permissions[bit], permission))
            return (p->permissions >> bit) & 1;
    return false;
}

void script__require_permission(lua_State *L, const char *permission)
{
    if (script__permitted(L, permission))
        return;
    script__raisef(
        L, ERROR_DENIED,
        "plugin %s writes or uses %s, but its plugin.ini does not list permission \"%s\"",
        script__plugin_name(L), permission, permission);
}
