/* One line of an import: finds its row, compares, and writes what differs.
 *
 * An id names a row that must exist; an external_id names a row or makes one.
 * What is equal is left alone, so importing a file twice changes nothing the
 * second time, and raises no event. Columns of the engine (stage, deadlines,
 * ...) come back in an export's own file and must then be what the row has: an
 * import does not move referrals, and does not send messages again. */
#include "baton/base/arena.h"
#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/limits.h"
#include "baton/base/text.h"
#include "baton/domain/advance.h"
#include "domain/transfer_internal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct row_changes {
    struct store_set set[SCHEMA_COLUMNS_MAX];
    size_t count;
    int engine; /* first column of the engine that differs, or -1 */
    struct value engine_value;
    struct buf given, patch; /* custom fields: of the line; of those, what differs */
};

static bool row_given(const struct transfer__cell *cell)
{
    return cell->type != CELL_ABSENT && cell->type != CELL_NULL;
}

/* *out is NULL where the line makes a new row. */
static int row_find(struct import__rows *im, const struct transfer__line *line, struct arena *arena,
                    const struct row **out, struct error *e)
{
    struct store *store = domain_store(im->d);
    int64_t id;
    int rc;
    if (row_given(&line->id)) {
        rc = transfer__id(im->schema->entity, "id", &line->id, &id, e);
        if (!rc)
            rc = store_get(store, im->schema->entity, id, out, e);
        if (rc == -ERROR_NOT_FOUND)
            error_prefix(e, "an id names what exists (leave it out to create)");
        return rc;
    }
    int column = schema_column(im->schema, "external_id");
    if (column < 0 || !row_given(&line->columns[column]))
        return 0;
    struct value external;
    rc = transfer__value(im->d, &im->schema->columns[column], &line->columns[column], arena,
                         &external, e);
    if (rc)
        return rc;
    struct error none;
    rc = store_find_by(store, im->schema->entity, column, external.s, out, &none);
    if (rc == -ERROR_NOT_FOUND)
        return 0;
    if (rc && e)
        *e = none;
    return rc;
}

static int row_check_touched(const struct import__rows *im, int64_t id, struct error *e)
{
    uint64_t line;
    if (!domain__idmap_get(&im->touched, (uint64_t)id, &line))
        return 0;
    char text[32];
    row_id_format(im->schema->entity, id, text);
    return error_set(e, ERROR_CONFLICT, "%s was on line %" PRIu64 " of the file already", text,
                     line);
}

/* The fields of the line as one JSON object in c->given. `workflow` NULL: no referral. */
static int row_fields(struct import__rows *im, const struct transfer__line *line,
                      const char *workflow, bool creating, struct row_changes *c, struct error *e)
{
    struct jsonw w;
    jsonw_start(&w, &c->given);
    jsonw_open_object(&w);
    for (size_t i = 0; i < line->field_count; i++) {
        const struct transfer__line_field *given = &line->fields[i];
        if (given->cell.type == CELL_ABSENT || (creating && given->cell.type == CELL_NULL))
            continue;
        const struct field *f = transfer__field(im->d, im->schema->entity, workflow, given->name);
        if (!f && given->cell.type == CELL_NULL)
            continue; /* one file, several workflows: each leaves the others' columns empty */
        if (!f)
            return error_set(e, ERROR_INVALID, "the workflow %s has no field \"%s\"",
                             workflow ? workflow : "", given->name);
        jsonw_key(&w, given->name);
        int rc = transfer__field_value(im->d, f, &given->cell, &w, e);
        if (rc)
            return rc;
    }
    jsonw_close(&w);
    return 0;
}

/* ---- comparing with what is there ---- */

static bool row_same_value(const struct value *old, const struct value *new)
{
    /* An empty cell cannot say whether it means "" or nothing. */
    if (new->type == VALUE_NULL && old->type == VALUE_TEXT && !old->len)
        return true;
    return value_equal(old, new);
}

static bool row_is_number(const struct json_slice *s)
{
    return s->type == JSON_T_INT || s->type == JSON_T_REAL;
}

static bool row_same_json(const struct json_slice *old, const struct json_slice *new)
{
    if (new->type == JSON_T_NULL && old->type == JSON_T_TEXT && !old->len)
        return true; /* as with columns */
    if (row_is_number(old) && row_is_number(new) && old->type != new->type)
        return jsons_real(old) == jsons_real(new);
    return old->type == new->type && old->len == new->len &&
           !memcmp(old->text, new->text, old->len);
}

static void row_compare_fields(const struct row *row, struct row_changes *c)
{
    struct jsonw w;
    jsonw_start(&w, &c->patch);
    jsonw_open_object(&w);
    const char *key;
    size_t at = 0, key_n, changed = 0;
    struct json_slice value, old;
    while (jsons_next(c->given.data, c->given.len, &at, &key, &key_n, &value)) {
        bool had = row->fields.len && jsons_get(row->fields.s, row->fields.len, key, key_n, &old);
        if (had ? row_same_json(&old, &value) : value.type == JSON_T_NULL)
            continue;
        bool quoted = value.type == JSON_T_TEXT;
        jsonw_keyn(&w, key, key_n);
        jsonw_raw(&w, value.text - quoted, value.len + 2 * quoted);
        changed++;
    }
    jsonw_close(&w);
    if (!changed)
        buf_clear(&c->patch);
}

static int row_at(struct error *e, int rc, const struct transfer__line *line, const char *column)
{
    error_at(e, "line %" PRId64 ", column %s", line->number, column);
    return rc;
}

static int row_compare(struct import__rows *im, const struct transfer__line *line,
                       const struct row *row, struct arena *arena, struct row_changes *c,
                       struct error *e)
{
    for (size_t i = 0; i < im->schema->count; i++) {
        const struct column *column = &im->schema->columns[i];
        if (line->columns[i].type == CELL_ABSENT)
            continue;
        struct value value;
        int rc = transfer__value(im->d, column, &line->columns[i], arena, &value, e);
        if (rc)
            return row_at(e, rc, line, column->name);
        if (row_same_value(&row->v[i], &value))
            continue;
        if (!(column->flags & COLUMN_ENGINE))
            c->set[c->count++] = (struct store_set){ (int)i, value };
        else if (c->engine < 0) {
            c->engine = (int)i;
            c->engine_value = value;
        }
    }
    const char *workflow = row->entity == ENTITY_REFERRAL ? row_text(row, REFERRAL_WORKFLOW) : NULL;
    int rc = row_fields(im, line, workflow, false, c, e);
    if (!rc)
        row_compare_fields(row, c);
    return rc;
}

/* ---- columns of the engine ---- */

static void row_show(const struct column *column, const struct value *v, struct buf *out)
{
    if (v->type == VALUE_NULL)
        buf_puts(out, "nothing");
    else if (v->type == VALUE_TEXT) {
        buf_putc(out, '"');
        text_printable(v->s, v->len > 60 ? 60 : v->len, false, out);
        buf_putc(out, '"');
    } else if (v->type == VALUE_INT && column->type == COLUMN_REF) {
        char text[32];
        row_id_format(column->ref, v->i, text);
        buf_puts(out, text);
    } else if (v->type == VALUE_INT)
        buf_int(out, v->i);
    else
        buf_printf(out, "%g", v->r);
}

static int row_refuse_engine(const struct import__rows *im, const struct transfer__line *line,
                             const struct row *row, int at, const struct value *given,
                             bool creating, struct error *e)
{
    const struct column *column = &im->schema->columns[at];
    bool stage = row->entity == ENTITY_REFERRAL && at == REFERRAL_STAGE;
    struct buf text = BUF_INIT;
    char id[32];
    row_id_format(row->entity, row->id, id);
    buf_printf(&text, "%s is %s, not by import: ", column->name,
               stage ? "moved by transitions" : "kept by the engine");
    if (creating)
        buf_printf(&text, "a new %s starts with ", im->schema->name);
    else
        buf_printf(&text, "%s has ", id);
    row_show(column, &row->v[at], &text);
    buf_puts(&text, ", the line has ");
    row_show(column, given, &text);
    buf_puts(&text, "; drop the column to leave it alone");
    int rc = error_set(e, ERROR_INVALID, "%s", text.data);
    buf_free(&text);
    return row_at(e, rc, line, column->name);
}

/* What a new row became must be what the line says where it matters: a stage or status that the
 * engine sets. Otherwise "sent" would come in as "waiting" and be sent again. */
static int row_check_created(struct import__rows *im, const struct transfer__line *line,
                             const struct row *row, struct arena *arena, struct error *e)
{
    for (size_t i = 0; i < im->schema->count; i++) {
        const struct column *column = &im->schema->columns[i];
        if (!(column->flags & COLUMN_ENGINE) || !(column->flags & COLUMN_REQUIRED) ||
            column->type != COLUMN_TEXT || !row_given(&line->columns[i]))
            continue;
        struct value value;
        int rc = transfer__value(im->d, column, &line->columns[i], arena, &value, e);
        if (rc)
            return row_at(e, rc, line, column->name);
        if (!value_equal(&row->v[i], &value))
            return row_refuse_engine(im, line, row, (int)i, &value, true, e);
    }
    return 0;
}

/* ---- writing ---- */

static int row_change(struct import__rows *im, const struct transfer__line *line,
                      const struct row *row, struct row_changes *c, enum import_result *result,
                      struct error *e)
{
    int64_t based_on = 0;
    if (row_given(&line->version)) {
        int rc = transfer__int("version", &line->version, &based_on, e);
        if (rc)
            return row_at(e, rc, line, "version");
    }
    *result = IMPORT_UNCHANGED;
    if (!c->count && !c->patch.len && c->engine < 0)
        return 0;
    char id[32];
    row_id_format(row->entity, row->id, id);
    if (based_on && based_on != row->version)
        return error_set(e, ERROR_CONFLICT,
                         "%s has version %" PRId64
                         " by now, the line was made from version %" PRId64
                         "; export again, or drop the column version",
                         id, row->version, based_on);
    if (c->engine >= 0)
        return row_refuse_engine(im, line, row, c->engine, &c->engine_value, false, e);
    struct record record = { .entity = row->entity,
                             .id = row->id,
                             .based_on = row->version,
                             .set = c->set,
                             .set_count = c->count,
                             .fields = c->patch.len ? c->patch.data : NULL,
                             .fields_len = c->patch.len };
    *result = IMPORT_CHANGED;
    if (row->entity == ENTITY_REFERRAL)
        return domain_set(im->d, im->actor, &record, NULL, e);
    return domain_write(im->d, im->actor, &record, NULL, e);
}

static int row_create(struct import__rows *im, const struct transfer__line *line,
                      struct arena *arena, struct row_changes *c, const struct row **out,
                      struct error *e)
{
    bool referral = im->schema->entity == ENTITY_REFERRAL;
    struct value workflow = value_null(), parent = value_null();
    for (size_t i = 0; i < im->schema->count; i++) {
        const struct column *column = &im->schema->columns[i];
        bool opening = referral && ((int)i == REFERRAL_WORKFLOW || (int)i == REFERRAL_PARENT);
        if (!row_given(&line->columns[i]) || (column->flags & COLUMN_ENGINE && !opening))
            continue;
        struct value value;
        int rc = transfer__value(im->d, column, &line->columns[i], arena, &value, e);
        if (rc)
            return row_at(e, rc, line, column->name);
        if (opening)
            *((int)i == REFERRAL_WORKFLOW ? &workflow : &parent) = value;
        else
            c->set[c->count++] = (struct store_set){ (int)i, value };
    }
    if (referral && workflow.type == VALUE_NULL)
        return error_set(e, ERROR_INVALID, "a new referral takes the name of its workflow");
    const struct graph *graph;
    int rc = referral ? domain_find_graph(im->d, workflow.s, &graph, e) : 0;
    if (rc)
        return row_at(e, rc, line, "workflow");
    rc = row_fields(im, line, referral ? workflow.s : NULL, true, c, e);
    if (rc)
        return rc;
    bool fields = c->given.len > 2; /* more than {} */
    if (!referral) {
        struct record record = { .entity = im->schema->entity,
                                 .set = c->set,
                                 .set_count = c->count,
                                 .fields = fields ? c->given.data : NULL,
                                 .fields_len = fields ? c->given.len : 0 };
        return domain_write(im->d, im->actor, &record, out, e);
    }
    struct referral_open open = { .workflow = workflow.s,
                                  .parent_id = parent.type == VALUE_INT ? parent.i : 0,
                                  .set = c->set,
                                  .set_count = c->count,
                                  .fields = fields ? c->given.data : NULL,
                                  .fields_len = fields ? c->given.len : 0 };
    return domain_open(im->d, im->actor, &open, out, e);
}

int import__row(struct import__rows *im, const struct transfer__line *line, struct arena *arena,
                enum import_result *result, int64_t *id, struct error *e)
{
    struct row_changes c = { .engine = -1 };
    const struct row *row = NULL;
    int rc = row_find(im, line, arena, &row, e);
    if (rc)
        goto out;
    if (row) {
        *id = row->id;
        rc = row_check_touched(im, *id, e);
        if (!rc)
            rc = row_compare(im, line, row, arena, &c, e);
        if (!rc)
            rc = row_change(im, line, row, &c, result, e);
    } else {
        *result = IMPORT_CREATED;
        rc = row_create(im, line, arena, &c, &row, e);
        if (rc)
            goto out;
        assert(row);
        *id = row->id;
        rc = row_check_created(im, line, row, arena, e);
    }
out:
    buf_free(&c.given);
    buf_free(&c.patch);
    if (rc)
        error_at(e, "line %" PRId64, line->number);
    return rc;
}
