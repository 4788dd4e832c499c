/* The part of an organisation that holds no truth: settings, domain, Lua.
 *
 * A reload makes a second world beside the first, on the same store, and swaps
 * them when the new one is whole. A plugin that fails to load is left out; that
 * is told by world__report, and a reload refuses it (world__check_plugins). */
#include "baton/base/ini.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "host/org_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { WORLD_SPARE_FILES = 8 }; /* more than reading a plugin takes */

static int world_advance_clock(void *context, int64_t to_ms, struct error *e)
{
    struct org *o = context;
    return store_in_turn(o->store) ? org__move_inside(o, to_ms, e) : org_move_clock(o, to_ms, e);
}

static void world_poll(void *context)
{
    org__poll(context);
}

/* Whether the process could not open a few files now. */
static bool world_is_short(void)
{
    int fds[WORLD_SPARE_FILES], count = 0;
    while (count < WORLD_SPARE_FILES && (fds[count] = open("/", O_RDONLY | O_CLOEXEC)) >= 0)
        count++;
    bool is_short =
        count < WORLD_SPARE_FILES && (errno == EMFILE || errno == ENFILE || errno == ENOMEM);
    while (count)
        close(fds[--count]);
    return is_short;
}

/* A plugin that could not be read because the machine has no more of something now will be read
 * later: leaving it out for that would make its referrals those of an unknown workflow. */
static int world_check_short(const struct script *s, struct error *e)
{
    struct plugin_info info;
    for (size_t i = 0; i < script_plugin_count(s); i++) {
        script_plugin_at(s, i, &info);
        if (!info.loaded && world_is_short())
            return error_set(e, ERROR_IO, "too many open files: plugin %s: %s", info.name,
                             info.problem);
    }
    return 0;
}

static int world_load_script(struct org_world *w, struct org *o, struct error *e)
{
    static const char *const no_plugins[] = { NULL };
    struct script_options options = { .org = o->name,
                                      .org_title = w->config.title,
                                      .clock = &o->clock,
                                      .clock_movable = w->config.clock_movable,
                                      .limit_bytes = w->config.lua_bytes,
                                      .call_ms = w->config.call_ms,
                                      .call_output_bytes = w->config.call_output_bytes,
                                      .call_effects = w->config.call_effects,
                                      .call_rows = w->config.call_rows,
                                      .call_bytes = w->config.call_bytes,
                                      .output = output__plugin,
                                      .context = o,
                                      .advance_clock = world_advance_clock,
                                      .poll = world_poll,
                                      .page = o->page,
                                      .anew = o->reloading,
                                      .trial = o->scratch };
    int rc = script_open(&w->script, w->domain, &options, e);
    if (rc)
        return rc;
    char **dirs = o->plugin_dirs ? o->plugin_dirs : home__plugin_dirs(o->home, o->dir);
    const char *const *names =
        w->config.plugins ? (const char *const *)w->config.plugins : no_plugins;
    rc = script_load_plugins(w->script, names, (const char *const *)dirs, w->config.ini, e);
    w->saved_at_ns = saved__at_ns(w->script);
    if (dirs != o->plugin_dirs)
        home__free_list(dirs);
    return rc ? rc : world_check_short(w->script, e);
}

int world__load(struct org_world *w, struct org *o, struct error *e)
{
    static const char *const no_roles[] = { NULL };
    w->domain = domain_new(o->store, w->config.calendar, &o->clock);
    int rc = domain_set_roles(w->domain,
                              w->config.roles ? (const char *const *)w->config.roles : no_roles, e);
    if (!rc)
        rc = world_load_script(w, o, e);
    if (rc)
        world__unload(w);
    return rc;
}

void world__unload(struct org_world *w)
{
    script_close(w->script);
    domain_free(w->domain);
    w->script = NULL;
    w->domain = NULL;
}

void world__close(struct org_world *w)
{
    world__unload(w);
    config__free(&w->config);
}

static void world_report_workflow(struct org *o, const struct org_world *w,
                                  const struct ini_entry *entry)
{
    const char *name = entry->section + 9;
    if (domain_graph(w->domain, name))
        return;
    struct error e = { 0 };
    const struct graph *graph;
    domain_find_graph(w->domain, name, &graph, &e);
    org__say(o, LOG_WARN, "%s:%d: [%s] has no effect: %s", ini_file(w->config.ini), entry->line,
             entry->section, e.message);
}

static void world_warn(void *context, const struct script_warning *w)
{
    org__say(context, LOG_WARN, "plugin %s: %s: %s", w->plugin, w->where, w->text);
}

void world__report(struct org *o, const struct org_world *w)
{
    struct plugin_info info;
    bool left_out = false;
    for (size_t i = 0; i < script_plugin_count(w->script); i++) {
        script_plugin_at(w->script, i, &info);
        if (!info.loaded)
            org__say(o, LOG_ERROR, "plugin %s is left out: %s", info.name, info.problem);
        else if (*info.problem)
            org__say(o, LOG_WARN, "plugin %s: %s", info.name, info.problem);
        left_out = left_out || !info.loaded;
    }
    if (left_out) /* its workflows are missing because of that: no mistake of their own */
        return;
    script_warnings(w->script, world_warn, o);
    const char *last = "";
    for (size_t i = 0; i < ini_count(w->config.ini); i++) {
        const struct ini_entry *entry = ini_at(w->config.ini, i);
        if (strncmp(entry->section, "workflow ", 9) || !strcmp(entry->section, last))
            continue;
        last = entry->section;
        world_report_workflow(o, w, entry);
    }
    versions__report(o, w);
}

static bool world_was_missing(const struct org_world *w, const char *plugin)
{
    struct plugin_info info;
    for (size_t i = 0; i < script_plugin_count(w->script); i++) {
        script_plugin_at(w->script, i, &info);
        if (!strcmp(info.name, plugin))
            return !info.loaded;
    }
    return false;
}

int world__check_plugins(const struct org_world *old, const struct org_world *new, struct error *e)
{
    struct plugin_info info;
    for (size_t i = 0; i < script_plugin_count(new->script); i++) {
        script_plugin_at(new->script, i, &info);
        if (!info.loaded && !(old->script && world_was_missing(old, info.name)))
            return error_set(e, ERROR_SCRIPT, "plugin %s: %s; everything stays as it was",
                             info.name, info.problem);
    }
    return 0;
}
