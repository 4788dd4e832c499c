/* From a cell of a file to a value of a column or a custom field.
 *
 * A cell is text (all of CSV) or typed (JSON Lines); each type of column says
 * here what it accepts, and its message shows the value and what would do. The
 * store and the declarations check the rest: lengths, words allowed, ranges,
 * whether the row referred to exists. */
#include "baton/base/arena.h"
#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/text.h"
#include "baton/base/when.h"
#include "domain/transfer_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_SHOWN = 60, VALUE_NUMBER = 64 };

/* "NAME takes …, not "…"". */
static int value_refuse(struct error *e, const char *name, const char *takes,
                        const struct transfer__cell *cell)
{
    struct buf seen = BUF_INIT;
    switch (cell->type) {
    case CELL_TEXT:
        buf_putc(&seen, '"');
        text_printable(cell->text, cell->len > VALUE_SHOWN ? VALUE_SHOWN : cell->len, false, &seen);
        buf_puts(&seen, cell->len > VALUE_SHOWN ? "…\"" : "\"");
        break;
    case CELL_INT:
        buf_int(&seen, cell->i);
        break;
    case CELL_REAL:
        buf_printf(&seen, "%g", cell->r);
        break;
    case CELL_BOOL:
        buf_puts(&seen, cell->i ? "true" : "false");
        break;
    case CELL_TREE:
        buf_puts(&seen, json_is_array(cell->tree) ? "an array" : "an object");
        break;
    default:
        buf_puts(&seen, "nothing");
    }
    int rc = error_set(e, ERROR_INVALID, "%s takes %s, not %s", name, takes, buf_text(&seen));
    buf_free(&seen);
    return rc;
}

/* Copies a text cell without the blanks around it; false where it does not fit: no number does. */
static bool value_trim(const struct transfer__cell *cell, char out[VALUE_NUMBER])
{
    if (cell->type != CELL_TEXT)
        return false;
    const char *from = cell->text, *to = cell->text + cell->len;
    while (from < to && strchr(" \t\r\n", *from))
        from++;
    while (to > from && strchr(" \t\r\n", to[-1]))
        to--;
    if (from == to || to - from >= VALUE_NUMBER)
        return false;
    memcpy(out, from, (size_t)(to - from));
    out[to - from] = '\0';
    return true;
}

int transfer__int(const char *name, const struct transfer__cell *cell, int64_t *out,
                  struct error *e)
{
    char text[VALUE_NUMBER];
    if (cell->type == CELL_INT) {
        *out = cell->i;
        return 0;
    }
    if (value_trim(cell, text) && text[strspn(text, "+-0123456789")] == '\0') {
        char *end;
        errno = 0;
        int64_t i = strtoll(text, &end, 10);
        if (!errno && end != text && !*end) {
            *out = i;
            return 0;
        }
    }
    return value_refuse(e, name, "a whole number", cell);
}

static int value_number(const char *name, const struct transfer__cell *cell, double *out,
                        struct error *e)
{
    char text[VALUE_NUMBER];
    if (cell->type == CELL_INT || cell->type == CELL_REAL) {
        *out = cell->type == CELL_INT ? (double)cell->i : cell->r;
        return 0;
    }
    /* The set leaves out what strtod knows besides: infinity, nan, hexadecimal. */
    if (value_trim(cell, text) && text[strspn(text, "+-0123456789.eE")] == '\0') {
        char *end;
        double r = strtod(text, &end);
        if (end != text && !*end && r - r == 0) {
            *out = r + 0.0; /* no negative zero: JSON forgets its sign */
            return 0;
        }
    }
    return value_refuse(e, name, "a number such as 12.5", cell);
}

static int value_bool(const char *name, const struct transfer__cell *cell, bool *out,
                      struct error *e)
{
    static const char *const words[] = { "false", "true", "no", "yes", "0", "1" };
    char text[VALUE_NUMBER];
    if (cell->type == CELL_BOOL || (cell->type == CELL_INT && (cell->i == 0 || cell->i == 1))) {
        *out = cell->i != 0;
        return 0;
    }
    if (value_trim(cell, text)) {
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            if (!strcasecmp(text, words[i])) {
                *out = i % 2;
                return 0;
            }
        }
    }
    return value_refuse(e, name, "true or false, yes or no, 1 or 0", cell);
}

static int value_time(struct domain *d, const char *name, const struct transfer__cell *cell,
                      int64_t *out, struct error *e)
{
    if (cell->type == CELL_INT) {
        *out = cell->i;
        return 0;
    }
    char text[VALUE_NUMBER];
    if (!value_trim(cell, text))
        return value_refuse(e, name, "a time such as 2026-03-01 09:00", cell);
    int rc = when_parse(text, domain_calendar(d), domain_now(d), out, e);
    if (rc)
        error_prefix(e, "%s", name);
    return rc;
}

int transfer__id(enum entity entity, const char *name, const struct transfer__cell *cell,
                 int64_t *out, struct error *e)
{
    char takes[96], text[VALUE_NUMBER];
    snprintf(takes, sizeof takes, "the id of a %s, such as %c-12", schema_of(entity)->name,
             schema_of(entity)->letter);
    int64_t id = 0;
    enum entity given = entity;
    if (cell->type == CELL_INT)
        id = cell->i;
    else if (!value_trim(cell, text) || row_id_parse(text, &given, &id))
        return value_refuse(e, name, takes, cell);
    if (given != entity || id <= 0)
        return value_refuse(e, name, takes, cell);
    *out = id;
    return 0;
}

static int value_external(struct domain *d, enum entity entity, const char *name, const char *text,
                          int64_t *out, struct error *e)
{
    const struct schema *s = schema_of(entity);
    int column = schema_column(s, "external_id");
    if (column < 0)
        return error_set(e, ERROR_INVALID, "%s: a %s has no external_id; name it by its id", name,
                         s->name);
    const struct row *row;
    struct error found;
    int rc = store_find_by(domain_store(d), entity, column, text, &row, &found);
    if (rc == -ERROR_NOT_FOUND)
        return error_set(e, ERROR_NOT_FOUND, "%s: no %s has the external_id \"%.*s\"", name,
                         s->name, VALUE_SHOWN, text);
    if (rc) {
        if (e)
            *e = found;
        return rc;
    }
    *out = row->id;
    return 0;
}

static int value_ref(struct domain *d, enum entity entity, const char *name,
                     const struct transfer__cell *cell, int64_t *out, struct error *e)
{
    static const char external[] = "external:";
    size_t n = sizeof external - 1;
    if (cell->type == CELL_TEXT && cell->len > n && !strncmp(cell->text, external, n))
        return value_external(d, entity, name, cell->text + n, out, e);
    return transfer__id(entity, name, cell, out, e);
}

/* "R-12", or "person external:ID" for a row of another system. */
static int value_any(struct domain *d, const char *name, const struct transfer__cell *cell,
                     struct arena *arena, struct value *out, struct error *e)
{
    char text[VALUE_NUMBER], id_text[32];
    enum entity entity = ENTITY_NONE;
    int64_t id = 0;
    const char *external = cell->type == CELL_TEXT ? strstr(cell->text, " external:") : NULL;
    if (external) {
        char *kind = arena_dupn(arena, cell->text, (size_t)(external - cell->text));
        const struct schema *s = schema_named(kind);
        if (!s)
            return value_refuse(e, name, "an id such as R-12, or \"person external:ID\"", cell);
        entity = s->entity;
        int rc = value_external(d, entity, name, external + strlen(" external:"), &id, e);
        if (rc)
            return rc;
    } else if (!value_trim(cell, text) || row_id_parse(text, &entity, &id) ||
               entity == ENTITY_NONE || id <= 0)
        return value_refuse(e, name, "an id such as R-12, or \"person external:ID\"", cell);
    row_id_format(entity, id, id_text);
    *out = value_text(arena_dup(arena, id_text));
    return 0;
}

/* Text, and whole numbers for it: JSON from elsewhere likes to write ids as numbers. */
static int value_words(const char *name, const struct transfer__cell *cell, struct arena *arena,
                       struct value *out, struct error *e)
{
    if (cell->type == CELL_INT)
        *out = value_text(arena_printf(arena, "%" PRId64, cell->i));
    else if (cell->type != CELL_TEXT)
        return value_refuse(e, name, "text", cell);
    else if (!text_is_utf8(cell->text, cell->len))
        return error_set(e, ERROR_INVALID, "%s is not UTF-8; save the file as UTF-8", name);
    else
        *out = value_textn(cell->text, cell->len);
    return 0;
}

int transfer__value(struct domain *d, const struct column *column,
                    const struct transfer__cell *cell, struct arena *arena, struct value *out,
                    struct error *e)
{
    const char *name = column->name;
    int64_t i = 0;
    double r = 0;
    bool b = false;
    int rc = 0;
    if (cell->type == CELL_NULL || cell->type == CELL_ABSENT) {
        *out = value_null();
        return 0;
    }
    switch (column->type) {
    case COLUMN_TEXT:
        return value_words(name, cell, arena, out, e);
    case COLUMN_ANY:
        return value_any(d, name, cell, arena, out, e);
    case COLUMN_REAL:
        rc = value_number(name, cell, &r, e);
        if (!rc)
            *out = value_real(r);
        return rc;
    case COLUMN_INT:
        rc = transfer__int(name, cell, &i, e);
        break;
    case COLUMN_BOOL:
        rc = value_bool(name, cell, &b, e);
        i = b;
        break;
    case COLUMN_TIME:
        rc = value_time(d, name, cell, &i, e);
        break;
    case COLUMN_REF:
        rc = value_ref(d, column->ref, name, cell, &i, e);
        break;
    }
    if (!rc)
        *out = value_int(i);
    return rc;
}

/* "[1, 2]" as JSON, or "a; b" as a list of words. */
static int value_list(const char *name, const struct transfer__cell *cell, struct jsonw *w,
                      struct error *e)
{
    if (cell->type == CELL_TREE && json_is_array(cell->tree)) {
        jsonw_value(w, cell->tree);
        return 0;
    }
    if (cell->type != CELL_TEXT)
        return value_refuse(e, name, "a list", cell);
    const char *at = cell->text + strspn(cell->text, " \t\n");
    if (*at == '[') {
        json_t *tree = NULL;
        int rc = json_read(cell->text, cell->len, &tree, e);
        if (rc) {
            error_prefix(e, "%s", name);
            if (e)
                e->where[0] = '\0'; /* a place within the cell is no place in the file */
        } else
            jsonw_value(w, tree);
        json_decref(tree);
        return rc;
    }
    jsonw_open_array(w);
    while (*at) {
        size_t n = strcspn(at, ";"), used = n;
        while (used && strchr(" \t\r\n", at[used - 1]))
            used--;
        if (used)
            jsonw_textn(w, at, used);
        at += n + (at[n] != '\0');
        at += strspn(at, " \t\r\n");
    }
    jsonw_close(w);
    return 0;
}

static int value_field_text(const char *name, const struct transfer__cell *cell, struct jsonw *w,
                            struct error *e)
{
    if (cell->type == CELL_INT) {
        char text[VALUE_NUMBER];
        snprintf(text, sizeof text, "%" PRId64, cell->i);
        jsonw_text(w, text);
        return 0;
    }
    if (cell->type != CELL_TEXT)
        return value_refuse(e, name, "text", cell);
    if (!text_is_utf8(cell->text, cell->len))
        return error_set(e, ERROR_INVALID, "%s is not UTF-8; save the file as UTF-8", name);
    jsonw_textn(w, cell->text, cell->len);
    return 0;
}

int transfer__field_value(struct domain *d, const struct field *f,
                          const struct transfer__cell *cell, struct jsonw *w, struct error *e)
{
    char name[2 * 64];
    snprintf(name, sizeof name, "fields.%s", f->name);
    int64_t i = 0;
    double r = 0;
    bool b = false;
    int rc = 0;
    if (cell->type == CELL_NULL) {
        jsonw_null(w);
        return 0;
    }
    switch (f->type) {
    case FIELD_TEXT:
    case FIELD_DATE:
        return value_field_text(name, cell, w, e);
    case FIELD_LIST:
        return value_list(name, cell, w, e);
    case FIELD_BOOL:
        rc = value_bool(name, cell, &b, e);
        if (!rc)
            jsonw_bool(w, b);
        return rc;
    case FIELD_REAL:
        rc = value_number(name, cell, &r, e);
        if (!rc)
            jsonw_real(w, r);
        return rc;
    case FIELD_INT:
        rc = transfer__int(name, cell, &i, e);
        break;
    case FIELD_TIME:
        rc = value_time(d, name, cell, &i, e);
        break;
    case FIELD_REF:
        rc = value_ref(d, f->ref, name, cell, &i, e);
        break;
    }
    if (!rc)
        jsonw_int(w, i);
    return rc;
}
