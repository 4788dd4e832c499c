/* Findings in plugin.ini and org.ini: every mistake, where loading tells the
 * first. */
#include "script/check_internal.h"

#include <stdlib.h>
#include <string.h>

#include "baton/base/ini.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"

struct look {
    struct check *c;
    struct plugin *p;
    struct ini *ini;
    const char *file;
};

static int look_line(const struct look *l, const char *key)
{
    const struct ini_entry *entry = ini_find(l->ini, "plugin", key);
    return entry ? entry->line : 0;
}

static void look_names(const struct look *l)
{
    const struct ini_entry *name = ini_find(l->ini, "plugin", "name");
    const struct ini_entry *version = ini_find(l->ini, "plugin", "version");
    const struct ini_entry *api = ini_find(l->ini, "plugin", "api");
    if (!name || strcmp(name->value, l->p->name) != 0)
        check__add(l->c, "ini-name", l->p, l->file, look_line(l, "name"),
                   "name = %.80s: it must be the name of its folder, %s",
                   name ? name->value : "(missing)", l->p->name);
    if (!version || !version_is_good(version->value))
        check__add(l->c, "ini-version", l->p, l->file, look_line(l, "version"),
                   "version = %.80s: write numbers with dots, such as 1.0.0",
                   version ? version->value : "(missing)");
    if (api && strcmp(api->value, "1") != 0)
        check__add(l->c, "ini-api", l->p, l->file, api->line, "api = %.80s: this baton has api = 1",
                   api->value);
}

static void look_permissions(const struct look *l)
{
    char **list = NULL;
    struct check_names known = { 0 };
    for (size_t i = 0; plugin_permissions[i]; i++)
        check__name(l->c, &known, plugin_permissions[i]);
    if (ini_list(l->ini, "plugin", "permissions", &list, NULL) < 0)
        return;
    for (size_t i = 0; list && list[i]; i++)
        if (!check__has(&known, list[i]))
            check__add(l->c, "permission-unknown", l->p, l->file, look_line(l, "permissions"),
                       "unknown permission \"%.80s\"%s", list[i],
                       check__near(l->c, &known, list[i]));
    mem_free(list);
}

static void look_requirement(const struct look *l, const char *text)
{
    struct requirement r = { 0 };
    struct error e;
    int line = look_line(l, "requires");
    const struct script *s = l->c->script;
    const struct plugin *other = NULL;
    if (requirement_read(text, &r, &e) < 0) {
        check__add(l->c, "requires-malformed", l->p, l->file, line, "%s", e.message);
    } else {
        struct check_names there = { 0 };
        for (size_t i = 0; i < s->plugin_count; i++) {
            if (*s->plugins[i]->dir && s->plugins[i] != l->p)
                check__name(l->c, &there, s->plugins[i]->name);
            if (!strcmp(s->plugins[i]->name, r.plugin))
                other = s->plugins[i];
        }
        if (!other || !*other->dir)
            check__add(l->c, "requires-missing", l->p, l->file, line,
                       "it requires the plugin %s, which is not there%s", r.plugin,
                       check__near(l->c, &there, r.plugin));
        else if (*other->version && !version_satisfies(other->version, r.op, r.version))
            check__add(l->c, "requires-version", l->p, l->file, line,
                       "it requires %s %s %s, there is %s", r.plugin, r.op, r.version,
                       other->version);
    }
    mem_free(r.plugin);
    mem_free(r.version);
}

static void look_requires(const struct look *l)
{
    char **list = NULL;
    if (ini_list(l->ini, "plugin", "requires", &list, NULL) < 0)
        return;
    for (size_t i = 0; list && list[i]; i++)
        look_requirement(l, list[i]);
    mem_free(list);
}

/* Each section by itself, into a plugin that is only a place to put them. */
static void look_settings(const struct look *l)
{
    struct plugin probe = { .name = l->p->name };
    struct error e;
    probe.settings = mem_zero(LIMIT_SETTINGS * sizeof *probe.settings);
    for (size_t i = 0; i < ini_count(l->ini); i++) {
        const struct ini_entry *entry = ini_at(l->ini, i);
        if (strncmp(entry->section, "setting ", 8) != 0 ||
            setting_find(&probe, entry->section + 8) || probe.setting_count == LIMIT_SETTINGS - 1)
            continue;
        size_t before = probe.setting_count;
        if (setting_read(&probe, l->ini, entry, &e) < 0) {
            const char *colon = strrchr(e.where, ':');
            check__add(l->c, "setting-malformed", l->p, l->file,
                       colon ? atoi(colon + 1) : entry->line, "%s", e.message);
        }
        if (probe.setting_count == before) /* refused before it had a name: not again */
            probe.settings[probe.setting_count++].name = mem_dup(entry->section + 8);
        const struct setting *s = &probe.settings[before];
        if (s->has_min && s->has_max && s->min > s->max)
            check__add(l->c, "setting-bounds", l->p, l->file, entry->line,
                       "[setting %s]: min = %.14g is above max = %.14g: no value fits", s->name,
                       s->min, s->max);
    }
    settings_free(&probe);
}

static void look_unknown(const struct look *l)
{
    static const char *const plugin_keys[] = { "name",     "version",     "title", "api",
                                               "requires", "permissions", "roles", NULL };
    static const char *const setting_keys[] = { "type",   "default", "min", "max",
                                                "values", "help",    NULL };
    struct check_names in_plugin = { 0 }, in_setting = { 0 }, sections = { 0 };
    for (size_t i = 0; plugin_keys[i]; i++)
        check__name(l->c, &in_plugin, plugin_keys[i]);
    for (size_t i = 0; setting_keys[i]; i++)
        check__name(l->c, &in_setting, setting_keys[i]);
    check__name(l->c, &sections, "plugin");
    for (size_t i = 0; i < ini_count(l->ini); i++) {
        const struct ini_entry *entry = ini_at(l->ini, i);
        bool plugin = !strcmp(entry->section, "plugin");
        bool setting = !strncmp(entry->section, "setting ", 8);
        const struct check_names *keys = plugin ? &in_plugin : &in_setting;
        if (!plugin && !setting)
            check__add(l->c, "ini-key-unknown", l->p, l->file, entry->line,
                       "unknown section [%.80s]: there are [plugin] and [setting NAME]",
                       entry->section);
        else if (!check__has(keys, entry->key))
            check__add(l->c, "ini-key-unknown", l->p, l->file, entry->line,
                       "unknown key \"%.80s\" in [%s]%s", entry->key, entry->section,
                       check__near(l->c, keys, entry->key));
    }
}

void check__ini(struct check *c, struct plugin *p)
{
    struct look l = { .c = c, .p = p };
    struct error e;
    l.file = arena_printf(c->memory, "%s/plugin.ini", p->name);
    if (!*p->dir) {
        check__add(c, "ini-unreadable", p, l.file, 0, "%s", p->problem ? p->problem : "not found");
        return;
    }
    if (ini_load(&l.ini, arena_printf(c->memory, "%s/plugin.ini", p->dir), &e) < 0) {
        const char *colon = strrchr(e.where, ':');
        check__add(c, "ini-unreadable", p, l.file, colon ? atoi(colon + 1) : 0, "%s", e.message);
        return;
    }
    look_names(&l);
    look_permissions(&l);
    look_requires(&l);
    look_settings(&l);
    look_unknown(&l);
    ini_free(l.ini);
}

/* ---- org.ini ---- */

static void org_setting(struct check *c, struct plugin *p, const struct ini_entry *entry)
{
    struct error e;
    struct setting *s = setting_find(p, entry->key);
    if ((s ? setting_check(s, entry->value, &e) : setting_unknown(p, entry, &e)) < 0)
        check__add(c, "org-setting", NULL, ini_file(c->org_ini), entry->line, "%s", e.message);
}

static void org_disable(struct check *c, const struct check_workflow *w,
                        const struct ini_entry *entry)
{
    char **list = NULL;
    struct check_names known = { 0 };
    for (size_t i = 0; i < w->transition_count; i++)
        check__name(c, &known, w->transitions[i].name);
    if (ini_list(c->org_ini, entry->section, "disable", &list, NULL) < 0)
        return;
    for (size_t i = 0; list && list[i]; i++) {
        if (!check__has(&known, list[i]))
            check__add(c, "org-disable-unknown", NULL, ini_file(c->org_ini), entry->line,
                       "workflow \"%s\" has no transition \"%.80s\"%s", w->name, list[i],
                       check__near(c, &known, list[i]));
        for (size_t j = 0; j < w->transition_count; j++) {
            const struct check_transition *t = &w->transitions[j];
            if (t->locked && !strcmp(t->name, list[i]))
                check__add(c, "org-disable-locked", NULL, ini_file(c->org_ini), entry->line,
                           "transition \"%s\" of \"%s\" is locked and cannot be taken away: %s",
                           t->name, w->name, t->source ? t->source : "its plugin says so");
        }
    }
    mem_free(list);
}

static void org_workflow(struct check *c, const struct ini_entry *entry)
{
    const char *name = entry->section + strlen("workflow ");
    struct check_names known = { 0 };
    for (size_t i = 0; i < c->workflow_count; i++) {
        check__name(c, &known, c->workflows[i].name);
        if (!strcmp(c->workflows[i].name, name)) {
            if (!strcmp(entry->key, "disable"))
                org_disable(c, &c->workflows[i], entry);
            return;
        }
    }
    if (c->whole)
        check__add(c, "org-workflow-unknown", NULL, ini_file(c->org_ini), entry->line,
                   "[%.80s]: no plugin here declares that workflow%s", entry->section,
                   check__near(c, &known, name));
}

void check__org_ini(struct check *c)
{
    for (size_t i = 0; c->org_ini && i < ini_count(c->org_ini); i++) {
        const struct ini_entry *entry = ini_at(c->org_ini, i);
        if (!strncmp(entry->section, "workflow ", 9))
            org_workflow(c, entry);
        for (size_t j = 0; j < c->script->plugin_count; j++) {
            struct plugin *p = c->script->plugins[j];
            if (!strncmp(entry->section, "plugin ", 7) && !strcmp(entry->section + 7, p->name) &&
                *p->dir && check__wants(c, p))
                org_setting(c, p, entry);
        }
    }
}
