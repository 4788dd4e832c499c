/* Export: every row of an entity, by id, written as it is read.
 *
 * CSV takes two passes, because its header names the custom fields and those
 * that no plugin declares any more are found only by looking. Values are
 * written so that an import of the file finds nothing to change: times as ISO
 * instants, references as O-3, lists as JSON. JSON Lines are row_json's. */
#include "baton/base/buf.h"
#include "baton/base/csv.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/base/zone.h"
#include "domain/transfer_internal.h"
#include "domain/walk_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { EXPORT_BLOCK = 64 * 1024, EXPORT_PROGRESS_LINES = 1000 };

struct export
{
    struct domain *d;
    const struct transfer *t;
    const struct schema *schema;
    char **fields; /* names of custom fields, in the order of their columns */
    size_t field_count;
    struct buf out, cell;
    struct transfer_report report;
    struct error *e;
};

static int export_flush(struct export *ex)
{
    size_t at = 0;
    while (at < ex->out.len) {
        ssize_t n = write(ex->t->fd, ex->out.data + at, ex->out.len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(ex->e, ERROR_IO, "cannot write the export: %s", strerror(errno));
        at += (size_t)n;
    }
    ex->report.bytes_done += (int64_t)ex->out.len;
    buf_clear(&ex->out);
    return 0;
}

static int export_walk(struct export *ex, store_each each)
{
    return domain__walk(domain_store(ex->d), ex->schema->entity, each, ex, ex->e);
}

static int export_line_done(struct export *ex)
{
    ex->report.lines++;
    int rc = ex->out.len >= EXPORT_BLOCK ? export_flush(ex) : 0;
    if (rc || ex->report.lines % EXPORT_PROGRESS_LINES || !ex->t->progress)
        return rc;
    if (ex->t->progress(ex->t->context, &ex->report, ex->report.lines, NULL))
        return error_set(ex->e, ERROR_CANCELLED, "the export was stopped on request");
    return 0;
}

/* ---- header ---- */

static void export_add_field(struct export *ex, const char *name, size_t n)
{
    for (size_t i = 0; i < ex->field_count; i++)
        if (strlen(ex->fields[i]) == n && !memcmp(ex->fields[i], name, n))
            return;
    ex->fields = mem_resize(ex->fields, (ex->field_count + 1) * sizeof *ex->fields);
    ex->fields[ex->field_count++] = mem_dupn(name, n);
}

static int export_find_fields(void *context, const struct row *row)
{
    struct export *ex = context;
    const char *key;
    size_t at = 0, n;
    struct json_slice value;
    while (row->fields.len && jsons_next(row->fields.s, row->fields.len, &at, &key, &n, &value))
        if (key[0] != '_') /* the engine's own: see pause_internal.h */
            export_add_field(ex, key, n);
    return 0;
}

static void export_declared_fields(struct export *ex)
{
    const struct field *f;
    for (size_t i = 0; (f = domain_field_at(ex->d, ex->schema->entity, i)); i++)
        export_add_field(ex, f->name, strlen(f->name));
    for (size_t i = 0; ex->schema->entity == ENTITY_REFERRAL && i < domain_graph_count(ex->d);
         i++) {
        const struct graph *g = domain_graph_at(ex->d, i);
        for (size_t j = 0; j < graph_field_count(g); j++)
            export_add_field(ex, graph_field_at(g, j)->name, strlen(graph_field_at(g, j)->name));
    }
}

/* What the caller's map calls a column (the map of the import read backwards), NULL: left out. */
static const char *export_header(const struct export *ex, const char *name)
{
    const char *header = name;
    for (size_t i = 0; i < ex->t->map_count; i++) {
        const struct transfer_map *entry = &ex->t->map[i];
        if (!strcmp(entry->to, name))
            return entry->from;
        if (!*entry->to && !strcmp(entry->from, name))
            header = NULL;
    }
    return header;
}

static void export_put(struct export *ex, const char *name, const char *text, size_t n, bool *first)
{
    if (!export_header(ex, name))
        return;
    csv_write(&ex->out, text, n, *first);
    *first = false;
}

static void export_put_header(struct export *ex, const char *name, bool *first)
{
    const char *header = export_header(ex, name);
    if (header)
        export_put(ex, name, header, strlen(header), first);
}

static void export_csv_header(struct export *ex)
{
    bool first = true;
    export_put_header(ex, "id", &first);
    export_put_header(ex, "version", &first);
    for (size_t i = 0; i < ex->schema->count; i++)
        export_put_header(ex, ex->schema->columns[i].name, &first);
    for (size_t i = 0; i < ex->field_count; i++) {
        struct buf name = BUF_INIT;
        buf_printf(&name, "fields.%s", ex->fields[i]);
        export_put_header(ex, buf_text(&name), &first);
        buf_free(&name);
    }
    export_put_header(ex, "created_at_ms", &first);
    export_put_header(ex, "updated_at_ms", &first);
    csv_write_end(&ex->out);
}

/* ---- CSV rows ---- */

static void export_text(struct buf *out, const char *text, size_t n)
{
    if (transfer__guard(text))
        buf_putc(out, '\'');
    buf_add(out, text, n);
}

/* What a calendar cannot show stays a number, which an import takes as well. */
static void export_time(struct buf *out, int64_t at_ms)
{
    if (at_ms >= -62135596800000 && at_ms <= 253402300799999) /* years 1 to 9999 */
        zone_format_iso(at_ms, out);
    else
        buf_int(out, at_ms);
}

static void export_value(const struct column *column, const struct value *v, struct buf *out)
{
    char id[32];
    struct jsonw w;
    switch (v->type) {
    case VALUE_NULL:
        break;
    case VALUE_TEXT:
        export_text(out, v->s, v->len);
        break;
    case VALUE_REAL:
        jsonw_start(&w, out);
        jsonw_real(&w, v->r);
        break;
    case VALUE_INT:
        if (column->type == COLUMN_TIME)
            export_time(out, v->i);
        else if (column->type == COLUMN_REF) {
            row_id_format(column->ref, v->i, id);
            buf_puts(out, id);
        } else
            buf_int(out, v->i);
        break;
    }
}

static void export_field(const struct field *f, const struct json_slice *value, struct buf *out)
{
    char id[32];
    if (value->type == JSON_T_NULL)
        return;
    if (value->type == JSON_T_TEXT) {
        struct buf text = BUF_INIT;
        jsons_text(value, &text);
        export_text(out, buf_text(&text), text.len);
        buf_free(&text);
    } else if (f && f->type == FIELD_TIME && value->type == JSON_T_INT)
        export_time(out, jsons_int(value));
    else if (f && f->type == FIELD_REF && value->type == JSON_T_INT) {
        row_id_format(f->ref, jsons_int(value), id);
        buf_puts(out, id);
    } else
        buf_add(out, value->text, value->len);
}

static void export_fields(struct export *ex, const struct row *row, bool *first)
{
    const char *workflow = row->entity == ENTITY_REFERRAL ? row_text(row, REFERRAL_WORKFLOW) : NULL;
    for (size_t i = 0; i < ex->field_count; i++) {
        char name[2 * LIMIT_NAME_BYTES] = "fields.";
        strncat(name, ex->fields[i], sizeof name - strlen(name) - 1);
        struct json_slice value;
        buf_clear(&ex->cell);
        if (row->fields.len &&
            jsons_get(row->fields.s, row->fields.len, ex->fields[i], strlen(ex->fields[i]), &value))
            export_field(transfer__field(ex->d, row->entity, workflow, ex->fields[i]), &value,
                         &ex->cell);
        export_put(ex, name, buf_text(&ex->cell), ex->cell.len, first);
    }
}

static void export_int(struct export *ex, const char *name, int64_t i, bool time, bool *first)
{
    buf_clear(&ex->cell);
    if (time)
        export_time(&ex->cell, i);
    else
        buf_int(&ex->cell, i);
    export_put(ex, name, ex->cell.data, ex->cell.len, first);
}

static int export_csv_row(void *context, const struct row *row)
{
    struct export *ex = context;
    bool first = true;
    char id[32];
    row_id_format(row->entity, row->id, id);
    export_put(ex, "id", id, strlen(id), &first);
    export_int(ex, "version", row->version, false, &first);
    for (size_t i = 0; i < ex->schema->count; i++) {
        buf_clear(&ex->cell);
        export_value(&ex->schema->columns[i], &row->v[i], &ex->cell);
        export_put(ex, ex->schema->columns[i].name, buf_text(&ex->cell), ex->cell.len, &first);
    }
    export_fields(ex, row, &first);
    export_int(ex, "created_at_ms", row->created_at_ms, true, &first);
    export_int(ex, "updated_at_ms", row->updated_at_ms, true, &first);
    csv_write_end(&ex->out);
    return export_line_done(ex);
}

/* ---- JSON Lines ---- */

static int export_json_row(void *context, const struct row *row)
{
    struct export *ex = context;
    struct jsonw w;
    jsonw_start(&w, &ex->out);
    row_json(row, &w);
    buf_putc(&ex->out, '\n');
    return export_line_done(ex);
}

int domain_export(struct domain *d, const struct transfer *t, struct transfer_report *out,
                  struct error *e)
{
    struct error own;
    error_clear(&own);
    struct export ex = { .d = d, .t = t, .e = &own };
    bool csv = t->format == TRANSFER_CSV;
    int rc = 0;
    if (t->entity <= ENTITY_NONE || t->entity >= ENTITY_END)
        rc = error_set(&own, ERROR_INVALID, "there is no entity %d to export", (int)t->entity);
    else if (!csv && t->map_count)
        rc = error_set(&own, ERROR_INVALID, "a map renames columns of CSV, not of JSON Lines");
    else if (csv && t->separator && t->separator != ',')
        rc = error_set(&own, ERROR_INVALID, "an export separates columns by commas");
    if (rc)
        goto out;
    ex.schema = schema_of(t->entity);
    if (csv) {
        export_declared_fields(&ex);
        rc = export_walk(&ex, export_find_fields);
        if (!rc)
            export_csv_header(&ex);
    }
    if (!rc)
        rc = export_walk(&ex, csv ? export_csv_row : export_json_row);
    if (!rc)
        rc = export_flush(&ex);
    if (!rc)
        *out = ex.report;
out:
    for (size_t i = 0; i < ex.field_count; i++)
        mem_free(ex.fields[i]);
    mem_free(ex.fields);
    buf_free(&ex.out);
    buf_free(&ex.cell);
    if (rc && e)
        *e = own;
    return rc;
}
