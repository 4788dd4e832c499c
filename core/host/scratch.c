/* Scratch organisations: an organisation on a private database. What needs its
 * folder (org.pid, the outbox, opening again after a failure) asks o->scratch. */
#include "baton/host/scratch.h"

#include <string.h>
#include <unistd.h>

#include "baton/base/calendar.h"
#include "baton/base/ini.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "host/org_internal.h"

/* Of one that is never idle: lists, which look at every row that is not settled, stay cheap. */
enum { SCRATCH_DIRTY_ROWS = 4096 };

static char **scratch_copy_dirs(const char *const *dirs)
{
    size_t n = 0;
    while (dirs && dirs[n])
        n++;
    char **copy = mem_zero((n + 1) * sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = mem_dup(dirs[i]);
    return copy;
}

static struct org *scratch_new(const char *name, char **dirs, org_notice notice, void *context)
{
    struct org *o = mem_new(struct org);
    o->name = mem_dup(name ? name : "scratch");
    o->dir = mem_dup("(scratch)");
    o->plugin_dirs = dirs;
    o->scratch = true;
    o->notice = notice;
    o->context = context;
    o->names = arena_new(0);
    return o;
}

static int scratch_check_plugins(struct org *o, struct error *e)
{
    struct plugin_info info;
    for (size_t i = 0; i < script_plugin_count(o->world.script); i++) {
        script_plugin_at(o->world.script, i, &info);
        if (!info.loaded)
            return error_set(e, ERROR_INVALID, "plugin %s does not load: %s", info.name,
                             info.problem);
    }
    return 0;
}

/* The config is there. */
static int scratch_start(struct org *o, struct store *copy_of, size_t dirty_rows, struct error *e)
{
    struct store_options so = {
        .path = o->name, .scratch = true, .copy_of = copy_of, .dirty_rows = dirty_rows
    };
    o->world.config.clock_movable = true;
    int rc = store_open(&o->store, &so, e);
    return rc ? rc : world__load(&o->world, o, e);
}

int scratch_open(struct org **out, const struct scratch_options *options, org_notice notice,
                 void *context, struct error *e)
{
    struct org *o =
        scratch_new(options->name, scratch_copy_dirs(options->plugin_dirs), notice, context);
    int rc = config__parse(&o->world.config, options->ini, options->ini_name, o->name, e);
    if (!rc)
        rc = scratch_start(o, NULL, 0, e);
    if (!rc)
        rc = scratch_check_plugins(o, e);
    if (rc)
        org_close(o);
    else
        *out = o;
    return rc;
}

int scratch_copy(struct org **out, struct org *of, org_notice notice, void *context,
                 struct error *e)
{
    int rc = org__alive(of, e);
    if (rc)
        return rc;
    char **dirs = of->plugin_dirs ? scratch_copy_dirs((const char *const *)of->plugin_dirs)
                                  : home__plugin_dirs(of->home, of->dir);
    struct org *o = scratch_new(of->name, dirs, notice, context);
    o->clock = of->clock;
    o->page = of->page;
    if (of->scratch) {
        rc = error_set(e, ERROR_INVALID, "a scratch organisation is not copied again");
    } else {
        char *path = home__path(of->dir, "org.ini");
        rc = config__load(&o->world.config, path, o->name, e);
        mem_free(path);
    }
    if (!rc)
        rc = scratch_start(o, of->store, 0, e);
    if (rc)
        org_close(o);
    else
        *out = o;
    return rc;
}

static char **scratch_dirs_with(const char *const *plugins, char **then)
{
    size_t n = 0, m = 0;
    while (plugins[n])
        n++;
    while (then[m])
        m++;
    char **dirs = mem_zero((n + m + 1) * sizeof *dirs);
    for (size_t i = 0; i < n; i++)
        dirs[i] = mem_dup(plugins[i]);
    memcpy(dirs + n, then, m * sizeof *then);
    mem_free(then);
    return dirs;
}

int scratch_changed(struct org **out, struct org *of, const char *const *plugins, int64_t at_ms,
                    struct error *e)
{
    if (of->scratch)
        return error_set(e, ERROR_INVALID, "a scratch organisation is not copied again");
    char *path = home__path(of->dir, "org.ini");
    struct org *o = scratch_new(
        of->name, scratch_dirs_with(plugins, home__plugin_dirs(of->home, of->dir)), NULL, NULL);
    int rc = config__load(&o->world.config, path, o->name, e);
    clock_stop_at(&o->clock, at_ms); /* before jobs are declared: they count from now */
    if (!rc)
        rc = scratch_start(o, NULL, SCRATCH_DIRTY_ROWS, e);
    if (!rc)
        rc = scratch_check_plugins(o, e);
    mem_free(path);
    if (rc)
        org_close(o);
    else
        *out = o;
    return rc;
}

void scratch_stop_clock(struct org *o, int64_t at_ms)
{
    o->clock = (struct clock){ 0 };
    clock_stop_at(&o->clock, at_ms);
}

/* ---- requirements ---- */

static bool requirements_has(const struct buf *names, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = buf_text(names); (p = strstr(p, name)); p += n)
        if ((p == names->data || p[-1] == ' ') && (p[n] == '\0' || p[n] == ','))
            return true;
    return false;
}

/* plugin.ini of it, from the first folder that has one; NULL: none, or it can't be read. */
static struct ini *requirements_ini(const char *const *dirs, const char *name)
{
    struct ini *ini = NULL;
    for (; *dirs && !ini; dirs++) {
        struct buf path = BUF_INIT;
        buf_printf(&path, "%s/%s/plugin.ini", *dirs, name);
        if (access(path.data, R_OK) == 0 && ini_load(&ini, path.data, NULL) != 0)
            ini = NULL;
        buf_free(&path);
    }
    return ini;
}

/* What it requires comes first. `met`: those looked at; a ring is left to the loading to refuse. */
static void requirements_add(const char *const *dirs, const char *name, struct buf *met,
                             struct buf *out)
{
    if (requirements_has(met, name))
        return;
    buf_printf(met, "%s%s", met->len ? ", " : "", name);
    struct ini *ini = text_is_name(name) ? requirements_ini(dirs, name) : NULL;
    char **list = NULL;
    if (ini)
        ini_list(ini, "plugin", "requires", &list, NULL);
    for (char **p = list; p && *p; p++) {
        char *other = mem_dupn(*p, strcspn(*p, " \t<>="));
        requirements_add(dirs, other, met, out);
        mem_free(other);
    }
    mem_free(list);
    ini_free(ini);
    buf_printf(out, "%s%s", out->len ? ", " : "", name);
}

void scratch_requirements(const char *const *plugin_dirs, const char *names, struct buf *out)
{
    struct buf own = BUF_INIT, met = BUF_INIT;
    while (*names) {
        names += strspn(names, ", \t");
        size_t n = strcspn(names, ", \t");
        if (!n)
            break;
        char *name = mem_dupn(names, n);
        requirements_add(plugin_dirs, name, &met, &own);
        mem_free(name);
        names += n;
    }
    buf_add(out, buf_text(&own), own.len);
    buf_free(&own);
    buf_free(&met);
}
