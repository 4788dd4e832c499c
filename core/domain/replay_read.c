/* A recorded event, read back into what somebody gave: who acted, columns and
 * custom fields, with ids as they are where it is replayed. */
#include <string.h>

#include "baton/base/arena.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "domain/replay_internal.h"

static int64_t read_here(const struct replaying *r, enum entity entity, int64_t there)
{
    return r->what->ids->here(r->what->ids->context, entity, there);
}

static const char *read_text(struct replaying *r, const struct json_slice *v, uint32_t *len)
{
    struct buf text = BUF_INIT;
    if (!v->escaped) {
        *len = (uint32_t)v->len;
        return arena_dupn(r->memory, v->text, v->len);
    }
    jsons_text(v, &text);
    *len = (uint32_t)text.len;
    const char *kept = arena_dupn(r->memory, buf_text(&text), text.len);
    buf_free(&text);
    return kept;
}

/* ---- who ---- */

/* Members of staff have the roles that they hold here, which at this point of the history are those
 * that they held then. */
static int read_actor(struct replaying *r, struct error *e)
{
    const char *name = r->what->event->actor;
    enum entity entity = ENTITY_NONE;
    int64_t id;
    const struct row *staff;
    r->actor = (struct actor){ .name = arena_dup(r->memory, name) };
    if (strncmp(name, "S-", 2) != 0 || row_id_parse(name, &entity, &id) < 0 ||
        entity != ENTITY_STAFF)
        return 0;
    int rc = store_get(r->d->store, ENTITY_STAFF, read_here(r, ENTITY_STAFF, id), &staff, e);
    if (rc < 0)
        return rc;
    char here[32];
    row_id_format(ENTITY_STAFF, staff->id, here);
    r->actor = (struct actor){ .staff_id = staff->id,
                               .name = arena_dup(r->memory, here),
                               .roles = arena_dup(r->memory, row_text(staff, STAFF_ROLES)) };
    return 0;
}

/* ---- columns ---- */

static int read_missing(enum entity entity, int64_t id, struct error *e)
{
    char ref[32];
    row_id_format(entity, id, ref);
    return error_set(e, ERROR_NOT_FOUND, "%s did not come about", ref);
}

static int read_ref(struct replaying *r, enum entity entity, struct value *v, struct error *e)
{
    int64_t there = v->i;
    v->i = read_here(r, entity, there);
    return v->i ? 0 : read_missing(entity, there, e);
}

/* "R-12", by the id that it has here. */
static int read_any(struct replaying *r, struct value *v, struct error *e)
{
    enum entity entity = ENTITY_NONE;
    int64_t id;
    char ref[32];
    if (!r->what->ids->moved || row_id_parse(v->s, &entity, &id) < 0 || entity == ENTITY_NONE)
        return 0;
    int64_t here = read_here(r, entity, id);
    if (!here)
        return read_missing(entity, id, e);
    row_id_format(entity, here, ref);
    *v = value_text(arena_dup(r->memory, ref));
    return 0;
}

static int read_value(struct replaying *r, const struct column *c, const struct json_slice *in,
                      struct value *out, struct error *e)
{
    *out = value_null();
    if (in->type == JSON_T_TEXT) {
        out->s = read_text(r, in, &out->len);
        out->type = VALUE_TEXT;
        return c->type == COLUMN_ANY ? read_any(r, out, e) : 0;
    }
    if (in->type == JSON_T_REAL || (in->type == JSON_T_INT && c->type == COLUMN_REAL))
        *out = value_real(jsons_real(in));
    else if (in->type != JSON_T_NULL)
        *out = value_int(in->type == JSON_T_INT ? jsons_int(in) : in->type == JSON_T_TRUE);
    if (c->type == COLUMN_REF && out->type == VALUE_INT)
        return read_ref(r, c->ref, out, e);
    return 0;
}

static int read_set(struct replaying *r, const struct json_slice *set, struct error *e)
{
    const struct schema *s = schema_of(r->what->event->entity);
    struct json_slice v;
    const char *key;
    size_t at = 0, key_n;
    while (jsons_next(set->text, set->len, &at, &key, &key_n, &v)) {
        int column = -1;
        for (size_t i = 0; i < s->count && column < 0; i++)
            if (strlen(s->columns[i].name) == key_n && !memcmp(s->columns[i].name, key, key_n))
                column = (int)i;
        if (column < 0 || r->set_count == SCHEMA_COLUMNS_MAX)
            continue;
        struct store_set *to = &r->set[r->set_count++];
        to->column = column;
        int rc = read_value(r, &s->columns[column], &v, &to->value, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

const struct value *replay__column(const struct replaying *r, int column)
{
    for (size_t i = 0; i < r->set_count; i++)
        if (r->set[i].column == column)
            return r->set[i].value.type == VALUE_NULL ? NULL : &r->set[i].value;
    return NULL;
}

size_t replay__keep_users(struct replaying *r)
{
    const struct schema *s = schema_of(r->what->event->entity);
    size_t kept = 0;
    for (size_t i = 0; i < r->set_count; i++)
        if (!(s->columns[r->set[i].column].flags & COLUMN_ENGINE))
            r->set[kept++] = r->set[i];
    r->set_count = kept;
    return kept;
}

/* ---- fields ---- */

/* The workflow of the referral that it is about; "" for other entities. */
static const char *read_workflow(const struct replaying *r)
{
    const struct value *given = replay__column(r, REFERRAL_WORKFLOW);
    const struct row *row;
    if (r->what->event->entity != ENTITY_REFERRAL)
        return "";
    if (!r->id)
        return given && given->type == VALUE_TEXT ? given->s : "";
    return store_get(r->d->store, ENTITY_REFERRAL, r->id, &row, NULL) == 0
               ? row_text(row, REFERRAL_WORKFLOW)
               : "";
}

static const struct field *read_field(const struct replaying *r, const struct graph *g,
                                      const char *name)
{
    const struct field *f = g ? graph_field(g, name) : NULL;
    return f ? f : domain_field(r->d, r->what->event->entity, name);
}

static void read_put_field(struct replaying *r, const struct graph *g, const struct migration *m,
                           const char *there, const struct json_slice *v, struct jsonw *w)
{
    const char *name = replay__field(m, there);
    if (!*name)
        return;
    const struct field *f = read_field(r, g, name);
    jsonw_key(w, name);
    if (f && f->type == FIELD_REF && v->type == JSON_T_INT)
        jsonw_int(w, read_here(r, f->ref, jsons_int(v)));
    else if (v->type == JSON_T_TEXT)
        jsonw_raw(w, v->text - 1, v->len + 2); /* with its quotes */
    else
        jsonw_raw(w, v->text, v->len);
}

/* Fields that begin with "_" are the engine's: it keeps its own here. */
static void read_fields(struct replaying *r, const struct json_slice *fields)
{
    const char *workflow = read_workflow(r);
    const struct graph *g = *workflow ? domain_graph(r->d, workflow) : NULL;
    const struct migration *m = *workflow ? replay__names(r->d, workflow, r->what->version) : NULL;
    struct buf patch = BUF_INIT;
    struct json_slice v;
    struct jsonw w;
    const char *key;
    size_t at = 0, key_n;
    bool any = false;
    jsonw_start(&w, &patch);
    jsonw_open_object(&w);
    while (jsons_next(fields->text, fields->len, &at, &key, &key_n, &v)) {
        if (key_n == 0 || key[0] == '_')
            continue;
        read_put_field(r, g, m, arena_dupn(r->memory, key, key_n), &v, &w);
        any = true;
    }
    jsonw_close(&w);
    if (any) {
        r->fields = arena_dupn(r->memory, patch.data, patch.len);
        r->fields_len = patch.len;
    }
    buf_free(&patch);
}

/* ---- the whole ---- */

const char *replay__detail(struct replaying *r, const char *key)
{
    const struct event *event = r->what->event;
    struct json_slice v;
    uint32_t len;
    if (!jsons_get(event->payload, event->payload_len, key, strlen(key), &v) ||
        v.type != JSON_T_TEXT)
        return NULL;
    return read_text(r, &v, &len);
}

static bool read_is_detail(const char *key, size_t n)
{
    static const char *const others[] = { "set", "fields", "trace" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strlen(others[i]) == n && !memcmp(others[i], key, n))
            return false;
    return true;
}

void replay__details(const struct replaying *r, struct buf *out)
{
    const struct event *event = r->what->event;
    struct json_slice v;
    struct jsonw w;
    const char *key;
    size_t at = 0, n;
    jsonw_start(&w, out);
    jsonw_open_object(&w);
    while (jsons_next(event->payload, event->payload_len, &at, &key, &n, &v)) {
        bool text = v.type == JSON_T_TEXT; /* the slice has no quotes */
        if (!read_is_detail(key, n))
            continue;
        jsonw_keyn(&w, key, n);
        jsonw_raw(&w, v.text - text, v.len + (text ? 2 : 0));
    }
    jsonw_close(&w);
}

static bool read_makes_row(const struct event *event)
{
    const char *dot = strchr(event->kind, '.');
    return dot && (!strcmp(dot, ".created") || !strcmp(event->kind, "referral.opened"));
}

int replay__read(struct replaying *r, struct error *e)
{
    const struct event *event = r->what->event;
    struct json_slice v;
    int rc = read_actor(r, e);
    if (rc < 0 || event->entity == ENTITY_NONE)
        return rc;
    if (!read_makes_row(event) && !(r->id = read_here(r, event->entity, event->entity_id)))
        return read_missing(event->entity, event->entity_id, e);
    if (jsons_get(event->payload, event->payload_len, "set", 3, &v) && v.type == JSON_T_OBJECT)
        rc = read_set(r, &v, e);
    if (rc == 0 && jsons_get(event->payload, event->payload_len, "fields", 6, &v) &&
        v.type == JSON_T_OBJECT)
        read_fields(r, &v);
    return rc;
}
