/* Typed INI files, read by inih as a whole or not at all.
 *
 * A line over LIMIT_INI_LINE_BYTES, a duplicate key, a line that is neither
 * section nor key nor comment: the file is refused with file:line. Reading a
 * value marks it as known; ini_unknown then names what nobody asked for, with
 * a near name where there is one. Comments start with ; or # at the start of
 * a line only: a value may hold both characters. */
#ifndef BATON_BASE_INI_H
#define BATON_BASE_INI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct ini;

struct ini_entry {
    const char *section, *key, *value; /* owned by the ini */
    int line;
    bool known;
};

int ini_load(struct ini **out, const char *path, struct error *e);
int ini_parse_text(struct ini **out, const char *text, const char *file_name, struct error *e);
void ini_free(struct ini *ini);

const char *ini_file(const struct ini *ini);
size_t ini_count(const struct ini *ini);
struct ini_entry *ini_at(struct ini *ini, size_t index);
/* Marks it known. */
struct ini_entry *ini_find(struct ini *ini, const char *section, const char *key);
bool ini_has_section(const struct ini *ini, const char *section);
void ini_know_section(struct ini *ini, const char *section); /* marks all of its entries */

/* Each leaves *out alone when the key is absent (return 0) and refuses a value
 * of another type or outside its range with file:line, key, value, range. */
int ini_text(struct ini *ini, const char *section, const char *key, const char **out,
             struct error *e);
int ini_int(struct ini *ini, const char *section, const char *key, int64_t low, int64_t high,
            int64_t *out, struct error *e);
int ini_bool(struct ini *ini, const char *section, const char *key, bool *out, struct error *e);
/* "a, b, c" split and trimmed into a NULL-terminated array; freed by the caller with
 * one mem_free. Absent: *out = NULL. */
int ini_list(struct ini *ini, const char *section, const char *key, char ***out, struct error *e);

/* An error that names the first entry that nobody asked for, or 0. */
int ini_unknown(struct ini *ini, struct error *e);

#endif
