/* A row in memory: one immutable allocation; a change makes a new one. */
#ifndef BATON_STORE_ROW_H
#define BATON_STORE_ROW_H

#include "baton/store/schema.h"

enum value_type { VALUE_NULL, VALUE_INT, VALUE_REAL, VALUE_TEXT };

struct value {
    union {
        int64_t i;
        double r;
        const char *s; /* terminated */
    };
    uint32_t len; /* of text */
    uint8_t type;
};

struct value value_null(void);
struct value value_int(int64_t i);
struct value value_real(double r);
struct value value_text(const char *s);            /* NULL becomes null; not copied */
struct value value_textn(const char *s, size_t n); /* s[n] must be NUL */
bool value_equal(const struct value *a, const struct value *b);

/* Every entity has these, and the columns of its schema in v[]. `fields` are its custom fields: a
 * JSON object that jsonw wrote, "" if none. */
struct row {
    enum entity entity;
    int64_t id;
    int64_t version;    /* starts at 2, one more with each change */
    int64_t last_event; /* its history, backwards (store_history) */
    int64_t created_at_ms, updated_at_ms;
    struct value fields; /* text */
    struct value v[];    /* schema_of(entity)->count of them */
};

/* Reads, for columns known to be of that type; null reads as 0 or "". */
int64_t row_int(const struct row *r, int column);
const char *row_text(const struct row *r, int column);
bool row_is_null(const struct row *r, int column);

/* "R-1042". `out` holds 32 bytes. Parsing accepts r-1042 and plain 1042 (then *entity is left
 * alone); 0 or -1. */
void row_id_format(enum entity e, int64_t id, char *out);
int row_id_parse(const char *text, enum entity *entity, int64_t *id);

/* The row as one JSON object, for --json and exports: id, version, columns, fields (an object). */
struct jsonw;
void row_json(const struct row *r, struct jsonw *w);

#endif
