/* Typed INI files on top of inih.
 *
 * inih finds keys and values; this file feeds it one line at a time, so that it
 * knows the line number of each entry, and refuses beforehand what inih would
 * let pass: lines over the limit (it delivers a truncated value first), section
 * names over 49 bytes (it truncates them; we take the name from the line), text
 * after a section's bracket. Inline comments and continuation lines are off.
 *
 * Entries stay in the order of the file; an index sorted by section and key
 * finds duplicates and answers ini_find. Names that were asked for and absent
 * are remembered: they are what a misspelt key was meant to be. */
#include "baton/base/ini.h"

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct ini_asked {
    char *section, *key;
};

struct ini {
    char *file;
    char **sections;
    size_t section_count;
    struct ini_entry *entries;
    struct ini_entry **sorted;
    size_t count, cap;
    struct ini_asked *asked;
    size_t asked_count;
};

struct ini_feed {
    struct ini *ini;
    const char *at; /* rest of the text */
    int line;
    struct error *e;
    int rc;
};

const char *ini_file(const struct ini *ini)
{
    return ini->file;
}

size_t ini_count(const struct ini *ini)
{
    return ini->count;
}

struct ini_entry *ini_at(struct ini *ini, size_t index)
{
    return &ini->entries[index];
}

bool ini_has_section(const struct ini *ini, const char *section)
{
    for (size_t i = 0; i < ini->section_count; i++) {
        if (strcmp(ini->sections[i], section) == 0)
            return true;
    }
    return false;
}

static int ini_compare(const char *section, const char *key, const struct ini_entry *b)
{
    int order = strcmp(section, b->section);
    return order ? order : strcmp(key, b->key);
}

static void ini_remember_asked(struct ini *ini, const char *section, const char *key)
{
    for (size_t i = 0; i < ini->asked_count; i++) {
        if (!strcmp(ini->asked[i].section, section) && !strcmp(ini->asked[i].key, key))
            return;
    }
    ini->asked = mem_resize(ini->asked, (ini->asked_count + 1) * sizeof *ini->asked);
    ini->asked[ini->asked_count++] = (struct ini_asked){ mem_dup(section), mem_dup(key) };
}

struct ini_entry *ini_find(struct ini *ini, const char *section, const char *key)
{
    size_t low = 0, high = ini->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = ini_compare(section, key, ini->sorted[middle]);
        if (order == 0) {
            ini->sorted[middle]->known = true;
            return ini->sorted[middle];
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    ini_remember_asked(ini, section, key);
    return NULL;
}

void ini_know_section(struct ini *ini, const char *section)
{
    for (size_t i = 0; i < ini->count; i++) {
        if (strcmp(ini->entries[i].section, section) == 0)
            ini->entries[i].known = true;
    }
}

void ini_free(struct ini *ini)
{
    if (!ini)
        return;
    for (size_t i = 0; i < ini->count; i++) {
        mem_free((char *)ini->entries[i].key);
        mem_free((char *)ini->entries[i].value);
    }
    for (size_t i = 0; i < ini->section_count; i++)
        mem_free(ini->sections[i]);
    for (size_t i = 0; i < ini->asked_count; i++) {
        mem_free(ini->asked[i].section);
        mem_free(ini->asked[i].key);
    }
    mem_free(ini->asked);
    mem_free(ini->sections);
    mem_free(ini->entries);
    mem_free(ini->sorted);
    mem_free(ini->file);
    mem_free(ini);
}

/* Loading: refuses at a line. Only the first failure is kept. */
__attribute__((format(printf, 3, 4))) static void
ini_feed_refuse(struct ini_feed *feed, enum error_code code, const char *format, ...)
{
    if (feed->rc)
        return;
    va_list args;
    va_start(args, format);
    feed->rc = error_setv(feed->e, code, format, args);
    va_end(args);
    error_at(feed->e, "%s:%d", feed->ini->file, feed->line);
}

static const char *ini_feed_section(struct ini_feed *feed)
{
    struct ini *ini = feed->ini;
    if (ini->section_count == 0) {
        ini->sections = mem_alloc(sizeof *ini->sections);
        ini->sections[ini->section_count++] = mem_dup("");
    }
    return ini->sections[ini->section_count - 1];
}

static void ini_feed_open_section(struct ini_feed *feed, const char *start, const char *end)
{
    const char *close = memchr(start, ']', (size_t)(end - start));
    struct ini *ini = feed->ini;
    if (!close) {
        ini_feed_refuse(feed, ERROR_INVALID, "a section has no closing bracket: expected [name]");
        return;
    }
    for (const char *p = close + 1; p < end; p++) {
        if (!isspace((unsigned char)*p)) {
            ini_feed_refuse(feed, ERROR_INVALID,
                            "unexpected text after the section [%.*s] (comments go on a line of "
                            "their own)",
                            (int)(close - start - 1), start + 1);
            return;
        }
    }
    ini->sections = mem_resize(ini->sections, (ini->section_count + 1) * sizeof *ini->sections);
    ini->sections[ini->section_count++] = mem_dupn(start + 1, (size_t)(close - start - 1));
}

/* What inih would let pass is refused here, before it sees the line. */
static void ini_feed_check(struct ini_feed *feed, const char *start, size_t n)
{
    const char *end = start + n;
    if (n > LIMIT_INI_LINE_BYTES)
        ini_feed_refuse(feed, ERROR_LIMIT, "the line is longer than %d bytes",
                        (int)LIMIT_INI_LINE_BYTES);
    else if (!text_is_utf8(start, n))
        ini_feed_refuse(feed, ERROR_INVALID, "the line is not UTF-8 text");
    while (start < end && isspace((unsigned char)*start))
        start++;
    if (start < end && *start == '[')
        ini_feed_open_section(feed, start, end);
}

/* inih's reader, like fgets: hands over one line, NULL at the end or after a failure. */
static char *ini_feed_read(char *out, int size, void *user)
{
    struct ini_feed *feed = user;
    if (!*feed->at || feed->rc)
        return NULL;
    size_t n = strcspn(feed->at, "\n");
    feed->line++;
    if (feed->line == 1 && strncmp(feed->at, "\xEF\xBB\xBF", 3) == 0) {
        feed->at += 3;
        n -= 3;
    }
    ini_feed_check(feed, feed->at, n);
    if (feed->rc || n + 1 > (size_t)size)
        return NULL;
    memcpy(out, feed->at, n);
    out[n] = '\0';
    feed->at += n + (feed->at[n] == '\n');
    return out;
}

static int ini_feed_entry(void *user, const char *section, const char *key, const char *value)
{
    struct ini_feed *feed = user;
    struct ini *ini = feed->ini;
    (void)section; /* truncated to 49 bytes: ours is whole */
    if (!*key) {
        ini_feed_refuse(feed, ERROR_INVALID, "a value without a key: expected key = value");
        return 0;
    }
    if (ini->count == ini->cap) {
        ini->cap = ini->cap ? 2 * ini->cap : 32;
        ini->entries = mem_resize(ini->entries, ini->cap * sizeof *ini->entries);
    }
    ini->entries[ini->count++] = (struct ini_entry){
        .section = ini_feed_section(feed),
        .key = mem_dup(key),
        .value = mem_dup(value),
        .line = feed->line,
    };
    return 1;
}

static int ini_compare_entries(const void *a, const void *b)
{
    const struct ini_entry *x = *(struct ini_entry *const *)a, *y = *(struct ini_entry *const *)b;
    int order = ini_compare(x->section, x->key, y);
    return order ? order : x->line - y->line;
}

static int ini_sort(struct ini *ini, struct error *e)
{
    if (ini->count == 0)
        return 0;
    ini->sorted = mem_alloc(ini->count * sizeof *ini->sorted);
    for (size_t i = 0; i < ini->count; i++)
        ini->sorted[i] = &ini->entries[i];
    qsort(ini->sorted, ini->count, sizeof *ini->sorted, ini_compare_entries);
    for (size_t i = 1; i < ini->count; i++) {
        const struct ini_entry *first = ini->sorted[i - 1], *second = ini->sorted[i];
        if (ini_compare(first->section, first->key, second) == 0) {
            int rc = error_set(e, ERROR_INVALID, "[%s] %s is set twice: the first time on line %d",
                               second->section, second->key, first->line);
            error_at(e, "%s:%d", ini->file, second->line);
            return rc;
        }
    }
    return 0;
}

/* inih as packaged is set up by variables. They are set each time, always to the same values. */
static void ini_configure(void)
{
    ini_allow_inline_comments = false;
    ini_allow_multiline = false;
    ini_allow_no_value = false;
    ini_stop_on_first_error = true;
    ini_use_stack = false;
    ini_allow_realloc = false;
    ini_max_line = LIMIT_INI_LINE_BYTES + 3;
    ini_initial_alloc = LIMIT_INI_LINE_BYTES + 3;
}

int ini_parse_text(struct ini **out, const char *text, const char *file_name, struct error *e)
{
    struct ini *ini = mem_new(struct ini);
    struct ini_feed feed = { .ini = ini, .at = text, .e = e };
    ini->file = mem_dup(file_name);
    ini_configure();
    int failed = ini_parse_stream(ini_feed_read, &feed, ini_feed_entry, &feed);
    if (failed)
        ini_feed_refuse(&feed, ERROR_INVALID,
                        "expected key = value, [section], or a comment that starts with # or ;");
    if (!feed.rc)
        feed.rc = ini_sort(ini, e);
    if (feed.rc) {
        ini_free(ini);
        return feed.rc;
    }
    *out = ini;
    return 0;
}

int ini_load(struct ini **out, const char *path, struct error *e)
{
    struct buf text = BUF_INIT;
    int rc = buf_read_file(&text, path, LIMIT_INI_FILE_BYTES, e);
    if (!rc && strlen(buf_text(&text)) != text.len)
        rc = error_set(e, ERROR_INVALID, "%s holds NUL bytes: it is not a text file", path);
    if (!rc)
        rc = ini_parse_text(out, buf_text(&text), path, e);
    buf_free(&text);
    return rc;
}

/* The nearest of the names asked for in this section, or of the sections asked for. */
static const char *ini_unknown_near(const struct ini *ini, const struct ini_entry *entry,
                                    bool *is_section)
{
    const char **names = mem_zero((ini->asked_count + ini->count + 1) * sizeof *names);
    const char **sections = mem_zero((ini->asked_count + ini->count + 1) * sizeof *sections);
    size_t name_count = 0, section_count = 0;
    for (size_t i = 0; i < ini->asked_count + ini->count; i++) {
        bool is_asked = i < ini->asked_count;
        const struct ini_entry *known = is_asked ? NULL : &ini->entries[i - ini->asked_count];
        const char *section = is_asked ? ini->asked[i].section : known->section;
        if (!is_asked && !known->known)
            continue;
        if (strcmp(section, entry->section) == 0)
            names[name_count++] = is_asked ? ini->asked[i].key : known->key;
        else
            sections[section_count++] = section;
    }
    *is_section = name_count == 0;
    const char *near =
        *is_section ? text_nearest(entry->section, sections) : text_nearest(entry->key, names);
    mem_free(names);
    mem_free(sections);
    return near;
}

int ini_unknown(struct ini *ini, struct error *e)
{
    for (size_t i = 0; i < ini->count; i++) {
        const struct ini_entry *entry = &ini->entries[i];
        bool is_section = false;
        if (entry->known)
            continue;
        const char *near = ini_unknown_near(ini, entry, &is_section);
        struct buf hint = BUF_INIT;
        if (near)
            buf_printf(&hint, is_section ? ", did you mean [%s]?" : ", did you mean \"%s\"?", near);
        int rc = is_section ? error_set(e, ERROR_INVALID, "unknown section [%s] with \"%s\"%s",
                                        entry->section, entry->key, buf_text(&hint))
                            : error_set(e, ERROR_INVALID, "unknown key \"%s\" in [%s]%s",
                                        entry->key, entry->section, buf_text(&hint));
        error_at(e, "%s:%d", ini->file, entry->line);
        buf_free(&hint);
        return rc;
    }
    return 0;
}
