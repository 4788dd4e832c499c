/* Reads the file of an import, line by line, into cells with targets.
 *
 * CSV: the header decides the targets once; a row must have as many cells as
 * the header, because a short one is a truncated one and its missing cells
 * would clear columns. JSON Lines: each line is an object with targets of its
 * own; what it leaves out is left alone. Bytes come in blocks of 64 kB, so a
 * file may be of any size and a pipe too. */
#include "baton/base/arena.h"
#include "baton/base/buf.h"
#include "baton/base/csv.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "domain/transfer_internal.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BLOCK = 64 * 1024, READ_SKIP_BYTES = 8 * LIMIT_JSON_LINE_BYTES };

struct transfer__reader {
    const struct transfer__map *map;
    const struct schema *schema;
    struct arena *kept;  /* lives as long as the reader */
    struct arena *arena; /* of the line handed out last */

    struct csv_reader *csv; /* NULL: JSON Lines */
    struct transfer__target *targets;
    size_t target_count;

    int fd;
    struct buf in;
    size_t at; /* in `in`: consumed */
    bool ended, gave_up;
    int64_t lines, bytes;
    json_t *tree; /* likewise */
};

static const char *read_name(const struct transfer__reader *r,
                             const struct transfer__target *target, char *buffer)
{
    return transfer__target_name(r->schema, target, buffer, 2 * LIMIT_NAME_BYTES);
}

/* ---- CSV ---- */

static char *read_trimmed(struct arena *a, const struct csv_cell *cell)
{
    const char *from = cell->text, *to = cell->text + cell->len;
    while (from < to && strchr(" \t\r\n", *from))
        from++;
    while (to > from && strchr(" \t\r\n", to[-1]))
        to--;
    return arena_dupn(a, from, (size_t)(to - from));
}

static int read_header_cell(struct transfer__reader *r, size_t index, const char *name,
                            struct error *e)
{
    struct transfer__target *target = &r->targets[index];
    int rc = transfer__map_find(r->map, name, target, e);
    if (rc) {
        if (r->target_count == 1 && strpbrk(name, ";\t|"))
            error_prefix(e, "the header is one column; another separator than \",\"?");
        error_at(e, "line 1, column %zu", index + 1);
        return rc;
    }
    if (target->column == TARGET_DROP)
        return 0;
    if (target->field)
        target->field = arena_dup(r->kept, target->field);
    for (size_t i = 0; i < index; i++) {
        const struct transfer__target *other = &r->targets[i];
        if (other->column != target->column ||
            (target->field && strcmp(target->field, other->field)))
            continue;
        char buffer[2 * LIMIT_NAME_BYTES];
        rc = error_set(e, ERROR_INVALID, "columns %zu and %zu of the file both give \"%s\"", i + 1,
                       index + 1, read_name(r, target, buffer));
        error_at(e, "line 1");
        return rc;
    }
    return 0;
}

/* A map that names what is not there is a slip of the pen, and would lose a column. */
static int read_check_map(const struct transfer *t, char **headers, struct error *e)
{
    for (size_t i = 0; i < t->map_count; i++) {
        size_t j = 0;
        while (headers[j] && strcmp(headers[j], t->map[i].from))
            j++;
        if (headers[j])
            continue;
        struct buf text = BUF_INIT;
        buf_printf(&text, "the map names \"%s\", which is no column of the file; it has ",
                   t->map[i].from);
        for (j = 0; headers[j]; j++)
            buf_printf(&text, "%s%s", j ? ", " : "", headers[j]);
        int rc = error_set(e, ERROR_INVALID, "%s", text.data);
        buf_free(&text);
        error_at(e, "line 1");
        return rc;
    }
    return 0;
}

static int read_header(struct transfer__reader *r, const struct transfer *t, struct error *e)
{
    const struct csv_cell *cells;
    int rc = csv_next(r->csv, &cells, &r->target_count, e);
    if (rc < 0)
        return rc;
    if (!rc)
        return error_set(e, ERROR_INVALID,
                         "the file is empty: its first line must name the columns");
    r->targets = mem_zero(r->target_count * sizeof *r->targets);
    char **headers = mem_zero((r->target_count + 1) * sizeof *headers);
    struct arena *names = arena_new(0);
    for (size_t i = 0; i < r->target_count; i++)
        headers[i] = read_trimmed(names, &cells[i]);
    rc = read_check_map(t, headers, e);
    for (size_t i = 0; !rc && i < r->target_count; i++)
        rc = read_header_cell(r, i, headers[i], e);
    arena_free(names);
    mem_free(headers);
    return rc;
}

static void read_put(struct transfer__line *line, const struct transfer__target *target,
                     const struct transfer__cell *cell)
{
    if (target->column == TARGET_ID)
        line->id = *cell;
    else if (target->column == TARGET_VERSION)
        line->version = *cell;
    else if (target->column >= 0)
        line->columns[target->column] = *cell;
    else if (target->column == TARGET_FIELD) {
        if (line->field_count == line->field_room) {
            line->field_room = line->field_room ? line->field_room * 2 : 16;
            line->fields = mem_resize(line->fields, line->field_room * sizeof *line->fields);
        }
        line->fields[line->field_count++] = (struct transfer__line_field){ target->field, *cell };
    }
}

static int read_csv(struct transfer__reader *r, struct transfer__line *out, struct error *e)
{
    const struct csv_cell *cells;
    size_t count;
    int rc = csv_next(r->csv, &cells, &count, e);
    out->number = (int64_t)csv_line(r->csv);
    if (rc <= 0)
        return rc;
    if (count != r->target_count)
        return error_set(e, ERROR_INVALID, "%zu cells, but the header names %zu columns", count,
                         r->target_count);
    for (size_t i = 0; i < count; i++) {
        struct transfer__cell cell = { .type = CELL_NULL };
        if (memchr(cells[i].text, '\0', cells[i].len))
            return error_set(e, ERROR_INVALID, "column %zu holds a NUL byte", i + 1);
        if (cells[i].len) {
            size_t guard = transfer__guard(cells[i].text);
            cell.type = CELL_TEXT;
            cell.text = cells[i].text + guard;
            cell.len = cells[i].len - guard;
        }
        read_put(out, &r->targets[i], &cell);
    }
    return 1;
}

/* ---- JSON Lines ---- */

/* Adds a block to r->in; r->ended at the end of the file. */
static int read_more(struct transfer__reader *r, struct error *e)
{
    if (r->at) {
        buf_cut(&r->in, r->at);
        r->at = 0;
    }
    buf_reserve(&r->in, READ_BLOCK);
    ssize_t n;
    do
        n = read(r->fd, r->in.data + r->in.len, READ_BLOCK);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_set(e, ERROR_IO, "cannot read the file: %s", strerror(errno));
    r->in.len += (size_t)n;
    r->in.data[r->in.len] = '\0';
    r->ended = n == 0;
    return 0;
}

/* Finds the next line: 1 with its bytes in r->in, 0 at the end. A line over the limit is skipped to
 * its end and refused; without an end in sight we give up. */
static int read_line(struct transfer__reader *r, const char **text, size_t *n, struct error *e)
{
    size_t seen = 0;    /* bytes of the line that hold no newline */
    size_t skipped = 0; /* of a line that is too long */
    bool too_long = false;
    for (;;) {
        const char *from = r->in.data ? r->in.data + r->at : "";
        size_t have = r->in.len - r->at;
        const char *end = have > seen ? memchr(from + seen, '\n', have - seen) : NULL;
        if (end || (r->ended && have)) {
            size_t length = end ? (size_t)(end - from) : have;
            r->at += length + (end ? 1 : 0);
            r->bytes += (int64_t)(length + (end ? 1 : 0));
            r->lines++;
            if (too_long || length > LIMIT_JSON_LINE_BYTES)
                return error_set(e, ERROR_LIMIT, "the line is longer than %d bytes",
                                 LIMIT_JSON_LINE_BYTES);
            *text = from;
            *n = length;
            return 1;
        }
        if (r->ended && !too_long)
            return 0;
        if (r->ended || skipped > READ_SKIP_BYTES) {
            r->gave_up = !r->ended;
            r->lines++;
            return error_set(e, ERROR_LIMIT, "the line is longer than %d bytes",
                             LIMIT_JSON_LINE_BYTES);
        }
        too_long = too_long || have > LIMIT_JSON_LINE_BYTES;
        if (too_long) {
            skipped += have;
            r->bytes += (int64_t)have;
            r->at = r->in.len;
        }
        seen = too_long ? 0 : have;
        int rc = read_more(r, e);
        if (rc)
            return rc;
    }
}

static struct transfer__cell read_cell(const json_t *v)
{
    struct transfer__cell cell = { .type = CELL_NULL };
    switch (json_typeof(v)) {
    case JSON_NULL:
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        cell.type = CELL_BOOL;
        cell.i = json_is_true(v);
        break;
    case JSON_INTEGER:
        cell.type = CELL_INT;
        cell.i = json_integer_value(v);
        break;
    case JSON_REAL:
        cell.type = CELL_REAL;
        cell.r = json_real_value(v);
        break;
    case JSON_STRING:
        cell.type = CELL_TEXT;
        cell.text = json_string_value(v);
        cell.len = json_string_length(v);
        break;
    default:
        cell.type = CELL_TREE;
        cell.tree = v;
    }
    return cell;
}

static bool read_given(const struct transfer__line *line, const struct transfer__target *target)
{
    if (target->column == TARGET_ID)
        return line->id.type != CELL_ABSENT;
    if (target->column == TARGET_VERSION)
        return line->version.type != CELL_ABSENT;
    if (target->column >= 0)
        return line->columns[target->column].type != CELL_ABSENT;
    for (size_t i = 0; target->column == TARGET_FIELD && i < line->field_count; i++)
        if (!strcmp(line->fields[i].name, target->field))
            return true;
    return false;
}

static int read_member(struct transfer__reader *r, struct transfer__line *out, const char *name,
                       const json_t *value, struct error *e)
{
    struct transfer__target target;
    int rc = transfer__map_find(r->map, name, &target, e);
    if (rc)
        return rc;
    if (read_given(out, &target)) {
        char buffer[2 * LIMIT_NAME_BYTES];
        return error_set(e, ERROR_INVALID, "two members give \"%s\", one of them \"%s\"",
                         read_name(r, &target, buffer), name);
    }
    if (target.field)
        target.field = arena_dup(r->arena, target.field);
    struct transfer__cell cell = read_cell(value);
    read_put(out, &target, &cell);
    return 0;
}

static int read_fields(struct transfer__reader *r, struct transfer__line *out, json_t *fields,
                       struct error *e)
{
    if (json_is_null(fields))
        return 0;
    if (!json_is_object(fields))
        return error_set(e, ERROR_INVALID, "\"fields\" takes an object of custom fields");
    const char *key;
    json_t *value;
    json_object_foreach(fields, key, value)
    {
        int rc = read_member(r, out, arena_printf(r->arena, "fields.%s", key), value, e);
        if (rc)
            return rc;
    }
    return 0;
}

static int read_object(struct transfer__reader *r, struct transfer__line *out, struct error *e)
{
    if (!json_is_object(r->tree))
        return error_set(e, ERROR_INVALID, "not an object: a line is {\"name\": …, …}");
    const char *key;
    json_t *value;
    json_object_foreach(r->tree, key, value)
    {
        bool fields = !strcmp(key, "fields") && !transfer__map_names(r->map, key);
        int rc = fields ? read_fields(r, out, value, e) : read_member(r, out, key, value, e);
        if (rc)
            return rc;
    }
    return 1;
}

static bool read_is_blank(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strchr(" \t\r", text[i]) || !text[i])
            return false;
    return true;
}

/* json_read knows the place within the line that it was given. */
static void read_place(const struct transfer__reader *r, struct error *e)
{
    const char *colon = e ? strchr(e->where, ':') : NULL;
    int column = colon ? atoi(colon + 1) : 0;
    if (column > 0)
        snprintf(e->where, sizeof e->where, "line %lld, character %d", (long long)r->lines, column);
}

static int read_jsonl(struct transfer__reader *r, struct transfer__line *out, struct error *e)
{
    const char *text = "";
    size_t n = 0;
    do {
        int rc = read_line(r, &text, &n, e);
        out->number = r->lines;
        if (rc <= 0)
            return rc;
        if (r->lines == 1 && n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
            text += 3;
            n -= 3;
        }
    } while (read_is_blank(text, n));
    json_decref(r->tree);
    r->tree = NULL;
    int rc = json_read(text, n, &r->tree, e);
    if (!rc)
        return read_object(r, out, e);
    read_place(r, e);
    return rc;
}

/* ---- both ---- */

int transfer__reader_open(struct transfer__reader **out, const struct transfer *t,
                          const struct transfer__map *map, struct error *e)
{
    struct transfer__reader *r = mem_new(struct transfer__reader);
    r->map = map;
    r->schema = transfer__map_schema(map);
    r->kept = arena_new(0);
    r->arena = arena_new(0);
    r->fd = t->fd;
    int rc = 0;
    if (t->format == TRANSFER_CSV) {
        r->csv = csv_open_fd(t->fd, t->separator ? t->separator : ',');
        rc = read_header(r, t, e);
    }
    if (rc)
        transfer__reader_close(r);
    else
        *out = r;
    return rc;
}

void transfer__reader_close(struct transfer__reader *r)
{
    if (!r)
        return;
    if (r->csv)
        csv_close(r->csv);
    mem_free(r->targets);
    buf_free(&r->in);
    json_decref(r->tree);
    arena_free(r->arena);
    arena_free(r->kept);
    mem_free(r);
}

int transfer__reader_next(struct transfer__reader *r, struct transfer__line *out, struct error *e)
{
    struct transfer__line_field *fields = out->fields;
    size_t room = out->field_room;
    arena_reset(r->arena);
    *out = (struct transfer__line){ .fields = fields, .field_room = room };
    return r->csv ? read_csv(r, out, e) : read_jsonl(r, out, e);
}

bool transfer__reader_gave_up(const struct transfer__reader *r)
{
    return r->csv ? csv_gave_up(r->csv) : r->gave_up;
}

struct arena *transfer__reader_arena(struct transfer__reader *r)
{
    return r->arena;
}

int64_t transfer__reader_bytes(const struct transfer__reader *r)
{
    return r->csv ? (int64_t)csv_bytes(r->csv) : r->bytes;
}
