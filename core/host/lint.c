/* The scratch organisation of `baton check`.
 *
 * Its store has no file. Where an organisation is asked for, its settings are
 * read anew and its database copied, so that versions of workflows and roles
 * that people hold are known; if another process has it open, the check goes on
 * without. Plugins that the checked ones require are loaded too, not checked. */
#include "baton/host/lint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/arena.h"
#include "baton/base/buf.h"
#include "baton/base/calendar.h"
#include "baton/base/clock.h"
#include "baton/base/error.h"
#include "baton/base/ini.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/domain/version.h"
#include "baton/script/script.h"
#include "host/home_internal.h"

struct lint {
    struct arena *memory;
    struct store *store;
    struct calendar *calendar; /* without an organisation */
    struct org_config config;  /* with one */
    struct clock clock;
    struct domain *domain;
    struct script *script;
    struct check *check;
    const char *note;
    const char **dirs;
    size_t dir_count;
    const char **names; /* loaded */
    size_t name_count;
    const char **only; /* checked */
    size_t only_count;
    const char **held; /* roles of active staff */
    size_t held_count;
    bool held_known;
};

enum { LINT_NAMES_MAX = 256 };

/* ---- what is loaded ---- */

static void lint_add_dir(struct lint *l, const char *dir)
{
    if (dir && l->dir_count < LINT_NAMES_MAX)
        l->dirs[l->dir_count++] = arena_dup(l->memory, dir);
}

static void lint_dirs(struct lint *l, const struct lint_options *o)
{
    for (size_t i = 0; o->dirs && o->dirs[i]; i++) {
        lint_add_dir(l, o->dirs[i]);
        if (access(arena_printf(l->memory, "%s/plugin.ini", o->dirs[i]), F_OK) == 0)
            lint_add_dir(l, arena_printf(l->memory, "%s/..", o->dirs[i])); /* what it requires */
    }
    if (o->home) {
        char *org_dir = home__org_dir(o->home, o->org ? o->org : "");
        char **dirs = home__plugin_dirs(o->home, org_dir);
        for (size_t i = o->org ? 0 : 1; dirs[i]; i++) /* [0] is of the organisation */
            lint_add_dir(l, dirs[i]);
        home__free_list(dirs);
        mem_free(org_dir);
    }
    lint_add_dir(l, o->shipped);
}

static bool lint_names(const char *const *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(list[i], name))
            return true;
    return false;
}

/* plugin.ini of it, by the first folder that has one; NULL: none, or no INI file. */
static struct ini *lint_ini(const struct lint *l, const char *name)
{
    struct ini *ini = NULL;
    const char *called = NULL;
    for (size_t i = 0; i < l->dir_count; i++) {
        const char *path = arena_printf(l->memory, "%s/plugin.ini", l->dirs[i]);
        if (access(path, F_OK) == 0) { /* a plugin itself: this one, or none */
            if (ini_load(&ini, path, NULL) == 0 &&
                ini_text(ini, "plugin", "name", &called, NULL) == 0 && called &&
                !strcmp(called, name))
                return ini;
            ini_free(ini);
            ini = NULL;
            continue;
        }
        path = arena_printf(l->memory, "%s/%s/plugin.ini", l->dirs[i], name);
        if (access(path, F_OK) == 0)
            return ini_load(&ini, path, NULL) == 0 ? ini : NULL;
    }
    return NULL;
}

/* The plugin and, in front of it or behind, what it requires: those that are there. */
static void lint_add_name(struct lint *l, const char *name, bool required)
{
    char **list = NULL;
    if (l->name_count >= LIMIT_PLUGINS || !text_is_name(name) ||
        lint_names(l->names, l->name_count, name))
        return;
    struct ini *ini = lint_ini(l, name);
    if (required && !ini)
        return; /* the check says that it is missing */
    l->names[l->name_count++] = arena_dup(l->memory, name);
    if (ini && ini_list(ini, "plugin", "requires", &list, NULL) == 0)
        for (size_t i = 0; list && list[i]; i++)
            lint_add_name(l, arena_dupn(l->memory, list[i], strcspn(list[i], " <>=")), true);
    mem_free(list);
    ini_free(ini);
}

static void lint_plugins(struct lint *l, const struct lint_options *o)
{
    const char *const *wanted = o->plugins ? o->plugins : (const char *const *)l->config.plugins;
    for (size_t i = 0; wanted && wanted[i] && l->only_count < LIMIT_PLUGINS; i++)
        l->only[l->only_count++] = arena_dup(l->memory, wanted[i]);
    for (char **p = l->config.plugins; p && *p; p++)
        lint_add_name(l, *p, false);
    for (size_t i = 0; i < l->only_count; i++)
        lint_add_name(l, l->only[i], false);
}

/* ---- the organisation ---- */

static int lint_staff(void *context, const struct row *row)
{
    struct lint *l = context;
    char *roles, *rest, *role;
    if (strcmp(row_text(row, STAFF_STATUS), "active") != 0)
        return 0;
    roles = arena_dup(l->memory, row_text(row, STAFF_ROLES));
    for (role = strtok_r(roles, ", ", &rest); role; role = strtok_r(NULL, ", ", &rest))
        if (l->held_count < LINT_NAMES_MAX && !lint_names(l->held, l->held_count, role))
            l->held[l->held_count++] = role;
    return 0;
}

/* A copy of its database; without, an empty one and a note that says why. */
static int lint_store(struct lint *l, const struct lint_options *o, struct error *e)
{
    struct store_options scratch = { .path = "the check", .scratch = true };
    struct store *real = NULL;
    struct error why;
    if (o->org) {
        char *dir = home__org_dir(o->home, o->org), *path = home__path(dir, "org.db");
        const struct store_options options = { .path = path };
        if (store_open(&real, &options, &why) < 0)
            l->note = arena_printf(
                l->memory,
                "versions and who holds which role were not looked at: %s. Of versions baton "
                "doctor "
                "tells after baton reload; of both the check where the server is stopped",
                why.message);
        mem_free(path);
        mem_free(dir);
    }
    scratch.copy_of = real;
    int rc = store_open(&l->store, &scratch, e);
    store_close(real);
    if (rc == 0 && real) {
        const struct store_query q = { .entity = ENTITY_STAFF, .limit = LIMIT_LIST_ROWS };
        rc = store_list(l->store, &q, lint_staff, l, e);
        l->held_known = rc == 0;
    }
    return rc;
}

static int lint_config(struct lint *l, const struct lint_options *o, struct error *e)
{
    if (!o->org)
        return calendar_new(&l->calendar, NULL, e);
    char *dir = home__org_dir(o->home, o->org), *path = home__path(dir, "org.ini");
    int rc = config__load(&l->config, path, o->org, e);
    mem_free(path);
    mem_free(dir);
    return rc;
}

static int lint_world(struct lint *l, const struct lint_options *o, struct error *e)
{
    static const char *const no_roles[] = { NULL };
    const struct calendar *calendar = o->org ? l->config.calendar : l->calendar;
    l->domain = domain_new(l->store, calendar, &l->clock);
    int rc = domain_set_roles(l->domain,
                              l->config.roles ? (const char *const *)l->config.roles : no_roles, e);
    const struct script_options options = { .org = o->org ? o->org : "check",
                                            .org_title = o->org ? l->config.title : "Check",
                                            .clock = &l->clock,
                                            .limit_bytes = l->config.lua_bytes,
                                            .call_ms = l->config.call_ms };
    return rc < 0 ? rc : script_open(&l->script, l->domain, &options, e);
}

/* ---- the whole ---- */

static int lint_run(struct lint *l, const struct lint_options *o, struct error *e)
{
    int rc;
    lint_dirs(l, o);
    if ((rc = lint_config(l, o, e)) < 0 || (rc = lint_store(l, o, e)) < 0)
        return rc;
    lint_plugins(l, o);
    if (l->only_count == 0)
        return error_set(e, ERROR_NOT_FOUND,
                         "nothing to check: name a plugin or its folder, or list plugins = in "
                         "org.ini");
    if ((rc = lint_world(l, o, e)) < 0)
        return rc;
    const struct check_org org = { .roles_held = l->held_known ? l->held : NULL };
    l->check = check_new();
    return check_plugins(l->check, l->script, l->names, l->only, l->dirs, l->config.ini, &org, e);
}

int lint_open(struct lint **out, const struct lint_options *o, struct error *e)
{
    struct lint *l = mem_new(struct lint);
    l->memory = arena_new(0);
    l->note = "";
    l->dirs = arena_alloc(l->memory, (LINT_NAMES_MAX + 1) * sizeof *l->dirs);
    l->names = arena_alloc(l->memory, (LINT_NAMES_MAX + 1) * sizeof *l->names);
    l->only = arena_alloc(l->memory, (LINT_NAMES_MAX + 1) * sizeof *l->only);
    l->held = arena_alloc(l->memory, (LINT_NAMES_MAX + 1) * sizeof *l->held);
    int rc = lint_run(l, o, e);
    if (rc < 0)
        lint_close(l);
    else
        *out = l;
    return rc;
}

void lint_close(struct lint *l)
{
    if (!l)
        return;
    check_free(l->check);
    script_close(l->script);
    domain_free(l->domain);
    store_close(l->store);
    calendar_free(l->calendar);
    config__free(&l->config);
    arena_free(l->memory);
    mem_free(l);
}

const struct check *lint_check(const struct lint *l)
{
    return l->check;
}

const char *lint_note(const struct lint *l)
{
    return l->note;
}

size_t lint_plugin_count(const struct lint *l)
{
    return l->only_count;
}

const struct domain *lint_domain(const struct lint *l)
{
    return l->domain;
}

const char *lint_dir(const struct lint *l, const char *plugin)
{
    struct plugin_info info;
    for (size_t i = 0; i < script_plugin_count(l->script); i++) {
        script_plugin_at(l->script, i, &info);
        if (!strcmp(info.name, plugin))
            return info.dir;
    }
    return "";
}
