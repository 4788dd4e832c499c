/* Typed settings: declared by [setting NAME] of plugin.ini, given by
 * [plugin NAME] of org.ini, read as baton.settings. A value is kept as text,
 * checked against its type when the plugin is read. */
#include "script/plugin_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "baton/base/ini.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/base/when.h"

static const char *const setting_types[] = { "text", "int", "real", "bool", "span", "words", NULL };

static int setting_place(const struct ini *ini, int line, struct error *e)
{
    error_at(e, "%s:%d", ini_file(ini), line);
    return -(int)e->code;
}

/* ---- values ---- */

static bool setting_to_int(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    *out = n;
    return errno == 0 && end != text && !*end;
}

static bool setting_to_real(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && !*end && isfinite(*out);
}

/* 1, 0, or -1 for neither */
static int setting_to_bool(const char *text)
{
    static const char *const yes[] = { "true", "yes", "on", "1", NULL };
    static const char *const no[] = { "false", "no", "off", "0", NULL };
    for (size_t i = 0; yes[i]; i++) {
        if (!strcmp(text, yes[i]))
            return 1;
        if (!strcmp(text, no[i]))
            return 0;
    }
    return -1;
}

static int setting_refuse(const struct setting *s, const char *value, const char *takes,
                          struct error *e)
{
    return error_set(e, ERROR_INVALID, "%s = %.80s: takes %s", s->name, value, takes);
}

static int setting_check_range(const struct setting *s, const char *value, double n,
                               struct error *e)
{
    if ((!s->has_min || n >= s->min) && (!s->has_max || n <= s->max))
        return 0;
    if (s->has_min && s->has_max)
        return error_set(e, ERROR_INVALID, "%s = %.80s: takes %.14g to %.14g", s->name, value,
                         s->min, s->max);
    return error_set(e, ERROR_INVALID, "%s = %.80s: takes %s %.14g", s->name, value,
                     s->has_min ? "at least" : "at most", s->has_min ? s->min : s->max);
}

static int setting_check_word(const struct setting *s, const char *value, struct error *e)
{
    struct buf near = BUF_INIT;
    for (char **word = s->words; *word; word++)
        if (!strcmp(*word, value))
            return 0;
    text_suggest(value, (const char *const *)s->words, &near);
    bool list = !near.len;
    for (char **word = s->words; list && *word; word++)
        buf_printf(&near, "%s%s", word == s->words ? "; takes " : ", ", *word);
    int rc = error_set(e, ERROR_INVALID, "%s = %.80s%s", s->name, value, buf_text(&near));
    buf_free(&near);
    return rc;
}

int setting_check(const struct setting *s, const char *value, struct error *e)
{
    int64_t whole;
    double number;
    struct span span;
    switch (s->type) {
    case SETTING_INT:
        if (!setting_to_int(value, &whole))
            return setting_refuse(s, value, "a whole number", e);
        return setting_check_range(s, value, (double)whole, e);
    case SETTING_REAL:
        if (!setting_to_real(value, &number))
            return setting_refuse(s, value, "a number", e);
        return setting_check_range(s, value, number, e);
    case SETTING_BOOL:
        return setting_to_bool(value) < 0 ? setting_refuse(s, value, "true or false", e) : 0;
    case SETTING_SPAN:
        if (span_parse(value, &span, e) < 0) {
            error_prefix(e, "%s = %.80s", s->name, value);
            return -(int)e->code;
        }
        return 0;
    case SETTING_WORDS:
        return setting_check_word(s, value, e);
    case SETTING_TEXT:
        break;
    }
    return 0;
}

/* ---- plugin.ini ---- */

static int setting_read_type(struct setting *s, struct ini *ini, const struct ini_entry *entry,
                             struct error *e)
{
    const char *type = NULL;
    int rc = ini_text(ini, entry->section, "type", &type, e);
    if (rc < 0)
        return rc;
    for (int i = 0; type && setting_types[i]; i++)
        if (!strcmp(type, setting_types[i])) {
            s->type = (enum setting_type)i;
            return 0;
        }
    struct buf near = BUF_INIT;
    if (type)
        text_suggest(type, setting_types, &near);
    error_set(e, ERROR_INVALID, "[%s] type = %.80s%s; known: text, int, real, bool, span, words",
              entry->section, type ? type : "(missing)", buf_text(&near));
    buf_free(&near);
    return setting_place(ini, entry->line, e);
}

static int setting_read_bound(struct ini *ini, const char *section, const char *key, bool *has,
                              double *out, struct error *e)
{
    struct ini_entry *entry = ini_find(ini, section, key);
    if (!entry)
        return 0;
    *has = setting_to_real(entry->value, out);
    if (*has)
        return 0;
    error_set(e, ERROR_INVALID, "[%s] %s = %.80s: takes a number", section, key, entry->value);
    return setting_place(ini, entry->line, e);
}

static int setting_read_default(struct setting *s, struct ini *ini, const char *section,
                                struct error *e)
{
    struct ini_entry *entry = ini_find(ini, section, "default");
    if (!entry)
        return 0;
    if (setting_check(s, entry->value, e) < 0) {
        error_prefix(e, "[%s] default", section);
        return setting_place(ini, entry->line, e);
    }
    s->value = mem_dup(entry->value);
    return 0;
}

int setting_read(struct plugin *p, struct ini *ini, const struct ini_entry *first, struct error *e)
{
    const char *section = first->section, *name = section + strlen("setting "), *help = NULL;
    struct setting *s = &p->settings[p->setting_count];
    int rc;
    if (!text_is_name(name)) {
        error_set(e, ERROR_INVALID, "[%s]: \"%.80s\" is no name: a-z, then a-z, 0-9 and _", section,
                  name);
        return setting_place(ini, first->line, e);
    }
    *s = (struct setting){ .name = mem_dup(name) };
    p->setting_count++;
    if ((rc = setting_read_type(s, ini, first, e)) < 0 ||
        (rc = ini_text(ini, section, "help", &help, e)) < 0 ||
        (rc = setting_read_bound(ini, section, "min", &s->has_min, &s->min, e)) < 0 ||
        (rc = setting_read_bound(ini, section, "max", &s->has_max, &s->max, e)) < 0 ||
        (rc = ini_list(ini, section, "values", &s->words, e)) < 0)
        return rc;
    if (s->words && s->type == SETTING_TEXT)
        s->type = SETTING_WORDS; /* a text with values is one of them */
    if (s->type == SETTING_WORDS && !s->words) {
        error_set(e, ERROR_INVALID, "[%s]: type = words needs values = a, b, …", section);
        return setting_place(ini, first->line, e);
    }
    return setting_read_default(s, ini, section, e);
}

struct setting *setting_find(const struct plugin *p, const char *name)
{
    for (size_t i = 0; i < p->setting_count; i++)
        if (!strcmp(p->settings[i].name, name))
            return &p->settings[i];
    return NULL;
}

int settings_read(struct plugin *p, struct ini *ini, struct error *e)
{
    p->settings = mem_zero(LIMIT_SETTINGS * sizeof *p->settings);
    for (size_t i = 0; i < ini_count(ini); i++) {
        const struct ini_entry *entry = ini_at(ini, i);
        if (strncmp(entry->section, "setting ", 8) != 0 || setting_find(p, entry->section + 8))
            continue;
        if (p->setting_count == LIMIT_SETTINGS)
            return error_set(e, ERROR_LIMIT, "%s: more than %d settings", ini_file(ini),
                             LIMIT_SETTINGS);
        int rc = setting_read(p, ini, entry, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- org.ini ---- */

int setting_unknown(const struct plugin *p, const struct ini_entry *entry, struct error *e)
{
    const char *names[LIMIT_SETTINGS + 1];
    struct buf near = BUF_INIT;
    for (size_t i = 0; i < p->setting_count; i++)
        names[i] = p->settings[i].name;
    names[p->setting_count] = NULL;
    text_suggest(entry->key, names, &near);
    int rc = error_set(e, ERROR_INVALID, "plugin %s has no setting \"%.80s\"%s", p->name,
                       entry->key, buf_text(&near));
    buf_free(&near);
    return rc;
}

int settings_configure(struct plugin *p, struct ini *org_ini, struct error *e)
{
    char section[LIMIT_NAME_BYTES + 16];
    snprintf(section, sizeof section, "plugin %s", p->name);
    if (!org_ini)
        return 0;
    ini_know_section(org_ini, section);
    for (size_t i = 0; i < ini_count(org_ini); i++) {
        const struct ini_entry *entry = ini_at(org_ini, i);
        if (strcmp(entry->section, section) != 0)
            continue;
        struct setting *s = setting_find(p, entry->key);
        int rc = s ? setting_check(s, entry->value, e) : setting_unknown(p, entry, e);
        if (!s || rc < 0)
            return setting_place(org_ini, entry->line, e);
        mem_free(s->value);
        s->value = mem_dup(entry->value);
    }
    return 0;
}

/* ---- to Lua ---- */

void settings_push(lua_State *L, const struct plugin *p)
{
    lua_createtable(L, 0, (int)p->setting_count);
    for (size_t i = 0; i < p->setting_count; i++) {
        const struct setting *s = &p->settings[i];
        int64_t whole = 0;
        double number = 0;
        if (!s->value)
            lua_pushlightuserdata(L, script__none());
        else if (s->type == SETTING_INT && setting_to_int(s->value, &whole))
            lua_pushinteger(L, whole);
        else if (s->type == SETTING_REAL && setting_to_real(s->value, &number))
            lua_pushnumber(L, number);
        else if (s->type == SETTING_BOOL)
            lua_pushboolean(L, setting_to_bool(s->value) == 1);
        else
            lua_pushstring(L, s->value);
        lua_setfield(L, -2, s->name);
    }
}

void settings_free(struct plugin *p)
{
    for (size_t i = 0; i < p->setting_count; i++) {
        mem_free(p->settings[i].name);
        mem_free(p->settings[i].value);
        mem_free(p->settings[i].words);
    }
    mem_free(p->settings);
}
