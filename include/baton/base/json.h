/* JSON: a writer of ours (fast, canonical), a scanner for text that our writer
 * wrote, and jansson for everything that comes from outside. */
#ifndef BATON_BASE_JSON_H
#define BATON_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;
struct json_t; /* jansson's; include <jansson.h> to look inside */

/* Writer: jsonw_open_object(w); jsonw_key(w, "a"); jsonw_int(w, 1); jsonw_close(w); Commas are its
 * business. Compact: no spaces. Doubles in the shortest form that reads back; NaN and infinities
 * become null. Text must be UTF-8; other bytes are written as U+FFFD. */
struct jsonw {
    struct buf *out;
    uint64_t is_array; /* a bit per depth */
    unsigned depth;
    bool need_comma;
};

void jsonw_start(struct jsonw *w, struct buf *out);
void jsonw_open_object(struct jsonw *w);
void jsonw_open_array(struct jsonw *w);
void jsonw_close(struct jsonw *w);
void jsonw_key(struct jsonw *w, const char *key);
void jsonw_keyn(struct jsonw *w, const char *key, size_t n);
void jsonw_null(struct jsonw *w);
void jsonw_bool(struct jsonw *w, bool v);
void jsonw_int(struct jsonw *w, int64_t v);
void jsonw_real(struct jsonw *w, double v);
void jsonw_text(struct jsonw *w, const char *text); /* NULL writes null */
void jsonw_textn(struct jsonw *w, const char *text, size_t n);
void jsonw_raw(struct jsonw *w, const char *json, size_t n); /* a whole value already in JSON */
void jsonw_value(struct jsonw *w, const struct json_t *v);   /* a jansson tree, keys in its order */
/* {"error":{"code","message","where"}}: how every room tells a failure in JSON. Appends to
 * `out`. */
void json_error(const struct error *error, struct buf *out);

/* Scanner, for objects that jsonw wrote (no checks beyond memory safety). */
enum json_type {
    JSON_T_NULL,
    JSON_T_FALSE,
    JSON_T_TRUE,
    JSON_T_INT,
    JSON_T_REAL,
    JSON_T_TEXT,
    JSON_T_ARRAY,
    JSON_T_OBJECT
};
struct json_slice {
    enum json_type type;
    const char *text; /* raw JSON; for text without its quotes, still escaped */
    size_t len;
    bool escaped; /* text holds backslashes */
};
/* Finds a top-level member; false if absent. 12 short members: about 100 ns. */
bool jsons_get(const char *object, size_t n, const char *key, size_t key_n, struct json_slice *out);
/* Iterates over members; *at starts at 0. Keys never need unescaping (field names are plain). */
bool jsons_next(const char *object, size_t n, size_t *at, const char **key, size_t *key_n,
                struct json_slice *value);
void jsons_text(const struct json_slice *s, struct buf *out); /* appends, unescaped */
int64_t jsons_int(const struct json_slice *s);                /* 0 if not a number */
double jsons_real(const struct json_slice *s);

/* Merges the top-level members of `patch` into `object` (RFC 7396, one level: null removes).
 * Members keep their order, new ones go to the end. Both were written by jsonw. "" counts as {}. */
void json_merge(const char *object, size_t n, const char *patch, size_t patch_n, struct buf *out);

/* Reads from outside: strict, duplicates and depth over LIMIT_JSON_DEPTH refused, NUL refused in
 * keys and text. Any value may be the outermost one. Error with line:column in `where`. The caller
 * owns *out (json_decref). */
int json_read(const char *text, size_t n, struct json_t **out, struct error *e);

#endif
