/* What import and export share.
 *
 * A file is read by a transfer__reader, whose headers (or member names) a
 * transfer__map has turned into targets; it hands out one transfer__line at a
 * time, whose cells import_value.c turns into values and import_row.c into one
 * command. All memory of a line is in the reader's arena until the next. */
#ifndef BATON_DOMAIN_TRANSFER_INTERNAL_H
#define BATON_DOMAIN_TRANSFER_INTERNAL_H

#include "baton/domain/transfer.h"
#include "domain/idmap_internal.h"

struct arena;
struct buf;
struct json_t;
struct jsonw;

/* One value as the file has it. A CSV file knows CELL_NULL and CELL_TEXT only. */
enum cell_type {
    CELL_ABSENT,
    CELL_NULL,
    CELL_TEXT,
    CELL_INT,
    CELL_REAL,
    CELL_BOOL, /* in i */
    CELL_TREE  /* an array or object */
};
struct transfer__cell {
    enum cell_type type;
    const char *text; /* terminated */
    size_t len;
    int64_t i;
    double r;
    const struct json_t *tree;
};

/* Where a header's values go: a column of the schema, or one of these. */
enum { TARGET_DROP = -1, TARGET_ID = -2, TARGET_VERSION = -3, TARGET_FIELD = -4 };
struct transfer__target {
    int column;
    const char *field; /* of TARGET_FIELD */
};

struct transfer__line {
    int64_t number;
    struct transfer__cell id, version;
    struct transfer__cell columns[SCHEMA_COLUMNS_MAX];
    struct transfer__line_field {
        const char *name;
        struct transfer__cell cell;
    } * fields;
    size_t field_count, field_room;
};

/* transfer_map.c */
struct transfer__map;
int transfer__map_new(struct transfer__map **out, struct domain *d, const struct transfer *t,
                      struct error *e);
void transfer__map_free(struct transfer__map *m);
/* The header (trimmed by the caller) under the map; unknown: an error that names what exists. */
int transfer__map_find(const struct transfer__map *m, const char *header,
                       struct transfer__target *out, struct error *e);
/* Whether t->map names this header. */
bool transfer__map_names(const struct transfer__map *m, const char *header);
const struct schema *transfer__map_schema(const struct transfer__map *m);
/* How a target is called, for messages: "name", "fields.x". */
const char *transfer__target_name(const struct schema *s, const struct transfer__target *target,
                                  char *buffer, size_t size);
/* The declaration of a custom field: of that workflow (NULL: of any) for referrals, of the entity
 * for all. NULL if none. */
const struct field *transfer__field(const struct domain *d, enum entity entity,
                                    const char *workflow, const char *name);

/* transfer_read.c: CSV reads its header on opening. */
struct transfer__reader;
int transfer__reader_open(struct transfer__reader **out, const struct transfer *t,
                          const struct transfer__map *map, struct error *e);
void transfer__reader_close(struct transfer__reader *r);
/* 1: a line; 0: the end; negative: this line is refused (out->number is set) and the next call goes
 * on behind it, unless the code is ERROR_IO or the reader gave up. */
int transfer__reader_next(struct transfer__reader *r, struct transfer__line *out, struct error *e);
/* A line was so long that its end was not looked for. */
bool transfer__reader_gave_up(const struct transfer__reader *r);
struct arena *transfer__reader_arena(struct transfer__reader *r);
int64_t transfer__reader_bytes(const struct transfer__reader *r);

/* import_value.c */
/* In all of these `name` is what messages call the value. */
int transfer__id(enum entity entity, const char *name, const struct transfer__cell *cell,
                 int64_t *out, struct error *e);
int transfer__int(const char *name, const struct transfer__cell *cell, int64_t *out,
                  struct error *e);
int transfer__value(struct domain *d, const struct column *column,
                    const struct transfer__cell *cell, struct arena *arena, struct value *out,
                    struct error *e);
/* Writes the value of a custom field. */
int transfer__field_value(struct domain *d, const struct field *f,
                          const struct transfer__cell *cell, struct jsonw *w, struct error *e);

/* import_row.c */
enum import_result { IMPORT_CREATED, IMPORT_CHANGED, IMPORT_UNCHANGED };
struct import__rows {
    struct domain *d;
    const struct actor *actor;
    const struct schema *schema;
    struct domain__idmap touched; /* id → the line that made or named the row; kept by the caller */
};
/* Does one line, inside a command that the caller undoes if it fails; *id is the row. */
int import__row(struct import__rows *im, const struct transfer__line *line, struct arena *arena,
                enum import_result *result, int64_t *id, struct error *e);

/* A spreadsheet takes '=1+1 as the text =1+1, and csv_write guards formulas that way. A text that
 * begins with such a guard of its own gets another one on export, so that an import, which takes
 * one away, gives back what was there. Length of the guard in front of `text`: 0 or 1. */
size_t transfer__guard(const char *text);

#endif
