/* A row is the fold of its events: applies one event's payload to a row.
 * Recovery, and the audit that proves it, use the same code. */
#include <string.h>

#include "baton/base/json.h"
#include "store/store_internal.h"

struct fold {
    const struct schema *schema;
    struct value v[SCHEMA_COLUMNS_MAX];
    size_t text_at[SCHEMA_COLUMNS_MAX]; /* offset in `text` + 1 where the value is a new text */
    struct buf text, fields;
};

static int fold_value(struct fold *f, int column, const struct json_slice *in)
{
    struct value *v = &f->v[column];
    f->text_at[column] = 0;
    switch (in->type) {
    case JSON_T_NULL:
        *v = value_null();
        return 0;
    case JSON_T_TRUE:
    case JSON_T_FALSE:
        *v = value_int(in->type == JSON_T_TRUE);
        return 0;
    case JSON_T_INT:
        *v = f->schema->columns[column].type == COLUMN_REAL ? value_real(jsons_real(in))
                                                            : value_int(jsons_int(in));
        return 0;
    case JSON_T_REAL:
        *v = value_real(jsons_real(in));
        return 0;
    case JSON_T_TEXT: {
        size_t at = f->text.len;
        jsons_text(in, &f->text);
        *v = value_textn(NULL, f->text.len - at);
        buf_putc(&f->text, '\0');
        f->text_at[column] = at + 1;
        return 0;
    }
    default:
        return -1;
    }
}

static int fold_set(struct fold *f, const struct json_slice *set, struct error *e)
{
    size_t at = 0, key_n;
    const char *key;
    struct json_slice value;
    while (jsons_next(set->text, set->len, &at, &key, &key_n, &value)) {
        char name[LIMIT_NAME_BYTES + 1];
        int column = -1;
        if (key_n <= LIMIT_NAME_BYTES) {
            memcpy(name, key, key_n);
            name[key_n] = '\0';
            column = schema_column(f->schema, name);
        }
        if (column < 0 || fold_value(f, column, &value))
            return error_set(e, ERROR_CORRUPT,
                             "an event sets \"%.*s\" of %s, which is no column of this version",
                             (int)key_n, key, f->schema->name);
    }
    return 0;
}

static void fold_point_texts(struct fold *f)
{
    for (size_t i = 0; i < f->schema->count; i++)
        if (f->text_at[i])
            f->v[i].s = f->text.data + f->text_at[i] - 1;
}

int store_fold(const struct row *before, const struct event *event, struct row **out,
               struct error *e)
{
    struct fold f = { .schema = schema_of(event->entity), .text = BUF_INIT, .fields = BUF_INIT };
    struct value fields = value_textn("", 0);
    if (before) {
        memcpy(f.v, before->v, f.schema->count * sizeof *f.v);
        fields = before->fields;
    }
    int result = 0;
    struct json_slice part;
    if (event->payload && jsons_get(event->payload, event->payload_len, "set", 3, &part) &&
        part.type == JSON_T_OBJECT)
        result = fold_set(&f, &part, e);
    if (result)
        goto out;
    fold_point_texts(&f);
    if (event->payload && jsons_get(event->payload, event->payload_len, "fields", 6, &part) &&
        part.type == JSON_T_OBJECT) {
        json_merge(fields.s, fields.len, part.text, part.len, &f.fields);
        fields = value_textn(buf_text(&f.fields), f.fields.len);
    }
    struct row *r = store__row_new(event->entity, f.v, &fields);
    r->id = event->entity_id;
    r->version = event->version;
    r->last_event = event->seq;
    r->created_at_ms = before ? before->created_at_ms : event->at_ms;
    r->updated_at_ms = event->at_ms;
    *out = r;
out:
    buf_free(&f.text);
    buf_free(&f.fields);
    return result;
}
