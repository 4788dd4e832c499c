/* org.ini: read as a whole, every key typed and bounded, unknown ones refused.
 *
 * Sections [plugin X] and [workflow X] belong to the script room: those of
 * listed plugins are handed on, one of a plugin that is not listed is a
 * misspelling and is refused here. */
#include "baton/base/buf.h"
#include "baton/base/calendar.h"
#include "baton/base/error.h"
#include "baton/base/ini.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "host/home_internal.h"

#include <string.h>

#define CONFIG_LUA_BYTES_MIN (1024 * 1024)
#define CONFIG_LUA_BYTES_MAX (INT64_C(4) * 1024 * 1024 * 1024)

static int config_refuse(struct ini *ini, const struct ini_entry *entry, struct error *e,
                         const char *why)
{
    int rc = error_set(e, ERROR_INVALID, "%s = %s: %s", entry->key, entry->value, why);
    error_at(e, "%s:%d", ini_file(ini), entry->line);
    return rc;
}

static bool config_lists(char **list, const char *name)
{
    for (char **p = list; p && *p; p++)
        if (!strcmp(*p, name))
            return true;
    return false;
}

/* Names as baton has them, none twice, at most `limit`. */
static int config_check_names(struct ini *ini, const char *section, const char *key, char **list,
                              size_t limit, struct error *e)
{
    const struct ini_entry *entry = list ? ini_find(ini, section, key) : NULL;
    struct buf why = BUF_INIT;
    for (char **p = list; entry && *p && !why.len; p++) {
        if (!text_is_name(*p))
            buf_printf(&why, "\"%.80s\" is no name: a-z, 0-9 and _ after a first letter", *p);
        else if ((size_t)(p - list) >= limit)
            buf_printf(&why, "more than %zu names", limit);
        else if (config_lists(p + 1, *p))
            buf_printf(&why, "\"%s\" is there twice", *p);
    }
    int rc = why.len ? config_refuse(ini, entry, e, why.data) : 0;
    buf_free(&why);
    return rc;
}

static int config_read_org(struct org_config *c, const char *org, struct error *e)
{
    const char *clock = "system";
    int rc;
    c->title = org;
    c->zone = "UTC";
    if ((rc = ini_text(c->ini, "org", "title", &c->title, e)) ||
        (rc = ini_text(c->ini, "org", "zone", &c->zone, e)) ||
        (rc = ini_text(c->ini, "org", "clock", &clock, e)) ||
        (rc = ini_list(c->ini, "org", "plugins", &c->plugins, e)) ||
        (rc = ini_list(c->ini, "roles", "extra", &c->roles, e)) ||
        (rc = config_check_names(c->ini, "org", "plugins", c->plugins, LIMIT_PLUGINS, e)) ||
        (rc = config_check_names(c->ini, "roles", "extra", c->roles, LIMIT_PLUGINS, e)))
        return rc;
    c->clock_movable = !strcmp(clock, "movable");
    if (!c->clock_movable && strcmp(clock, "system"))
        return config_refuse(c->ini, ini_find(c->ini, "org", "clock"), e,
                             "system or movable is needed");
    return 0;
}

static int config_read_limits(struct org_config *c, struct error *e)
{
    int64_t bytes = 0, call_ms = 0;
    const struct {
        const char *key;
        int64_t low, high, *out;
    } limits[] = {
        { "lua_bytes", CONFIG_LUA_BYTES_MIN, CONFIG_LUA_BYTES_MAX, &bytes },
        { "call_ms", 1, LIMIT_CALL_MS_HIGH, &call_ms },
        { "call_output_bytes", 1024, LIMIT_CALL_OUTPUT_BYTES_HIGH, &c->call_output_bytes },
        { "call_effects", 1, LIMIT_CALL_EFFECTS_HIGH, &c->call_effects },
        { "call_rows", 1, LIMIT_CALL_ROWS_HIGH, &c->call_rows },
        { "call_bytes", 1024, LIMIT_CALL_BYTES_HIGH, &c->call_bytes },
    };
    int rc = 0;
    for (size_t i = 0; !rc && i < sizeof limits / sizeof *limits; i++)
        rc = ini_int(c->ini, "limits", limits[i].key, limits[i].low, limits[i].high, limits[i].out,
                     e);
    c->lua_bytes = (size_t)bytes;
    c->call_ms = (unsigned)call_ms;
    return rc;
}

/* Marks what the script room reads. The settings of a plugin that is not listed stay as they are,
 * so that a plugin can be taken out for a while; a name near a listed one is a slip of the pen. */
static int config_check_sections(struct org_config *c, struct error *e)
{
    static const char *const none[] = { NULL };
    for (size_t i = 0; i < ini_count(c->ini); i++) {
        struct ini_entry *entry = ini_at(c->ini, i);
        if (!strncmp(entry->section, "workflow ", 9))
            entry->known = true;
        if (strncmp(entry->section, "plugin ", 7))
            continue;
        const char *plugin = entry->section + 7;
        const char *const *listed = c->plugins ? (const char *const *)c->plugins : none;
        const char *near = config_lists(c->plugins, plugin) ? NULL : text_nearest(plugin, listed);
        entry->known = true;
        if (!near)
            continue;
        int rc = error_set(e, ERROR_INVALID,
                           "[%.80s]: plugins = … does not list \"%.64s\", did you mean \"%s\"?",
                           entry->section, plugin, near);
        error_at(e, "%s:%d", ini_file(c->ini), entry->line);
        return rc;
    }
    return 0;
}

/* Takes c->ini over, reads the rest. */
static int config_read(struct org_config *out, struct ini *ini, const char *org, struct error *e)
{
    struct org_config c = { .ini = ini };
    int rc;
    if ((rc = config_read_org(&c, org, e)) || (rc = config_read_limits(&c, e)) ||
        (rc = calendar_new(&c.calendar, ini, e)) || (rc = config_check_sections(&c, e)) ||
        (rc = ini_unknown(ini, e)))
        config__free(&c);
    else
        *out = c;
    return rc;
}

int config__load(struct org_config *out, const char *path, const char *org, struct error *e)
{
    struct ini *ini;
    int rc = ini_load(&ini, path, e);
    return rc ? rc : config_read(out, ini, org, e);
}

int config__parse(struct org_config *out, const char *text, const char *file_name, const char *org,
                  struct error *e)
{
    struct ini *ini;
    int rc = ini_parse_text(&ini, text, file_name, e);
    return rc ? rc : config_read(out, ini, org, e);
}

void config__free(struct org_config *c)
{
    calendar_free(c->calendar);
    mem_free(c->plugins);
    mem_free(c->roles);
    ini_free(c->ini);
    memset(c, 0, sizeof *c);
}
