/* The typed readers of ini.h: each marks its entry as known, and refuses with
 * file:line, section, key, value and what would be accepted. */
#include "baton/base/ini.h"

#include "baton/base/error.h"
#include "baton/base/memory.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int ini_refuse(const struct ini *ini, const struct ini_entry *entry, const char *expected,
                      struct error *e)
{
    int rc = error_set(e, ERROR_INVALID, "[%s] %s = \"%s\": expected %s", entry->section,
                       entry->key, entry->value, expected);
    error_at(e, "%s:%d", ini_file(ini), entry->line);
    return rc;
}

int ini_text(struct ini *ini, const char *section, const char *key, const char **out,
             struct error *e)
{
    const struct ini_entry *entry = ini_find(ini, section, key);
    (void)e; /* every value is text */
    if (entry)
        *out = entry->value;
    return 0;
}

int ini_int(struct ini *ini, const char *section, const char *key, int64_t low, int64_t high,
            int64_t *out, struct error *e)
{
    const struct ini_entry *entry = ini_find(ini, section, key);
    if (!entry)
        return 0;
    char *end = NULL;
    errno = 0;
    intmax_t value = strtoimax(entry->value, &end, 10);
    if (end != entry->value && !*end && errno == 0 && value >= low && value <= high) {
        *out = value;
        return 0;
    }
    int rc = error_set(e, ERROR_INVALID,
                       "[%s] %s = \"%s\": expected a whole number from %" PRId64 " to %" PRId64,
                       section, key, entry->value, low, high);
    error_at(e, "%s:%d", ini_file(ini), entry->line);
    return rc;
}

int ini_bool(struct ini *ini, const char *section, const char *key, bool *out, struct error *e)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = { { "yes", true }, { "true", true },   { "on", true },   { "1", true },
                  { "no", false }, { "false", false }, { "off", false }, { "0", false } };
    const struct ini_entry *entry = ini_find(ini, section, key);
    if (!entry)
        return 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(entry->value, words[i].word) == 0) {
            *out = words[i].value;
            return 0;
        }
    }
    return ini_refuse(ini, entry, "yes or no (also true, false, on, off, 1, 0)", e);
}

/* Pointers and text in one piece of memory: the pointers first. */
static char **ini_list_split(const char *value, size_t count)
{
    size_t bytes = strlen(value) + 1;
    char **list = mem_alloc((count + 1) * sizeof *list + bytes);
    char *at = memcpy(list + count + 1, value, bytes);
    for (size_t i = 0; i < count; i++) {
        char *comma = strchr(at, ',');
        char *end = comma ? comma : at + strlen(at);
        char *next = comma ? comma + 1 : end;
        while (at < end && isspace((unsigned char)*at))
            at++;
        while (end > at && isspace((unsigned char)end[-1]))
            end--;
        *end = '\0';
        list[i] = at;
        at = next;
    }
    list[count] = NULL;
    return list;
}

int ini_list(struct ini *ini, const char *section, const char *key, char ***out, struct error *e)
{
    const struct ini_entry *entry = ini_find(ini, section, key);
    if (!entry) {
        *out = NULL;
        return 0;
    }
    size_t count = *entry->value ? 1 : 0;
    for (const char *p = entry->value; *p; p++)
        count += *p == ',';
    char **list = ini_list_split(entry->value, count);
    for (size_t i = 0; i < count; i++) {
        if (!*list[i]) {
            mem_free(list);
            return ini_refuse(ini, entry, "values between the commas, as in: a, b, c", e);
        }
    }
    *out = list;
    return 0;
}
