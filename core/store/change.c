/* The one way to write: an event, and the row that follows from it. */
#include <assert.h>
#include <string.h>

#include "baton/base/json.h"
#include "store/store_internal.h"

static void change_write_value(struct jsonw *w, const struct column *c, const struct value *v)
{
    if (v->type == VALUE_TEXT)
        jsonw_textn(w, v->s, v->len);
    else if (v->type == VALUE_NULL)
        jsonw_null(w);
    else if (v->type == VALUE_REAL)
        jsonw_real(w, v->r);
    else if (c->type == COLUMN_REAL)
        jsonw_real(w, (double)v->i);
    else
        jsonw_int(w, v->i);
}

void store_annotate(struct store *s, const char *json, size_t n)
{
    buf_clear(&s->annotation);
    if (n)
        buf_add(&s->annotation, json, n);
}

static void change_annotate(const struct store *s, const struct store_change *c, struct jsonw *w)
{
    static const char key[] = "\"trace\":";
    if (!s->annotation.len || (c->detail && memmem(c->detail, c->detail_len, key, sizeof key - 1)))
        return;
    jsonw_key(w, "trace");
    jsonw_raw(w, s->annotation.data, s->annotation.len);
}

static int change_payload(struct store *s, const struct store_change *c, struct error *e)
{
    struct jsonw w;
    buf_clear(&s->payload);
    jsonw_start(&w, &s->payload);
    jsonw_open_object(&w);
    if (c->detail && c->detail_len) {
        buf_add(&s->payload, c->detail, c->detail_len);
        w.need_comma = true;
    }
    if (c->set_count) {
        const struct schema *sc = schema_of(c->entity);
        jsonw_key(&w, "set");
        jsonw_open_object(&w);
        for (size_t i = 0; i < c->set_count; i++) {
            const struct column *column = &sc->columns[c->set[i].column];
            jsonw_key(&w, column->name);
            change_write_value(&w, column, &c->set[i].value);
        }
        jsonw_close(&w);
    }
    if (c->fields && c->fields_len) {
        jsonw_key(&w, "fields");
        jsonw_raw(&w, c->fields, c->fields_len);
    }
    change_annotate(s, c, &w);
    jsonw_close(&w);
    if (s->payload.len > LIMIT_EVENT_BYTES)
        return error_set(e, ERROR_LIMIT, "a change of %zu bytes is over the limit of %d",
                         s->payload.len, (int)LIMIT_EVENT_BYTES);
    if (s->staged_text.len + s->payload.len > LIMIT_TURN_BYTES)
        return error_set(e, ERROR_LIMIT, "one turn may write %d MB: this is more",
                         LIMIT_TURN_BYTES / (1024 * 1024));
    return 0;
}

/* The row as it will be, in `v` and *fields (which may point into s->scratch). */
static int change_apply(struct store *s, const struct store_change *c, const struct row *before,
                        struct value *v, struct value *fields, uint32_t *mask, struct error *e)
{
    const struct schema *sc = schema_of(c->entity);
    *mask = 0;
    *fields = before ? before->fields : value_textn("", 0);
    for (size_t i = 0; i < sc->count; i++)
        v[i] = before ? before->v[i] : value_null();
    for (size_t i = 0; i < c->set_count; i++) {
        const struct store_set *set = &c->set[i];
        assert(set->column >= 0 && (size_t)set->column < sc->count);
        struct value *to = &v[set->column];
        if (value_equal(to, &set->value))
            continue;
        int result = store__check_set(s, c, set, e);
        if (result)
            return result;
        *to = set->value;
        if (sc->columns[set->column].type == COLUMN_REAL && to->type == VALUE_INT)
            *to = value_real((double)to->i);
        if (to->type == VALUE_REAL && to->r == 0)
            to->r = 0; /* JSON has no -0, and the row must be the fold of its events */
        *mask |= 1u << set->column;
    }
    if (c->fields && c->fields_len) {
        buf_clear(&s->scratch);
        json_merge(fields->s, fields->len, c->fields, c->fields_len, &s->scratch);
        if (s->scratch.len > LIMIT_FIELDS_BYTES)
            return error_set(e, ERROR_LIMIT,
                             "the fields of a %s take %zu bytes, at most %d are allowed", sc->name,
                             s->scratch.len, (int)LIMIT_FIELDS_BYTES);
        *fields = value_textn(buf_text(&s->scratch), s->scratch.len);
        *mask |= FIELDS_BIT;
    }
    return store__check_row(sc, v, e);
}

static bool change_is_direct(const struct store_change *c, uint32_t mask)
{
    if (c->entity != ENTITY_REFERRAL || !c->id)
        return true;
    return (mask & (1u << REFERRAL_EXTERNAL_ID)) != 0;
}

static int change_keep_dirty(struct store *s, struct row *r, uint32_t mask)
{
    struct dirty *d = store__dirty_find(&s->dirty, r->id);
    store__undo_note(s, r->id, d);
    if (!d)
        d = store__dirty_put(&s->dirty, r->id);
    d->row = r;
    d->mask |= mask;
    store__cache_drop(s, ENTITY_REFERRAL, r->id);
    if (mask & (1u << REFERRAL_WAKE_AT_MS) && !row_is_null(r, REFERRAL_WAKE_AT_MS))
        store__due_push(s, row_int(r, REFERRAL_WAKE_AT_MS), r->id);
    return 0;
}

static int change_write_direct(struct store *s, struct row *r, bool is_new, uint32_t mask,
                               struct error *e)
{
    const struct schema *sc = schema_of(r->entity);
    int result = store__savepoint(s, e);
    if (!result && r->entity == ENTITY_REFERRAL && !is_new) {
        struct dirty *d = store__dirty_find(&s->dirty, r->id);
        if (d) {
            mask |= d->mask;
            store__undo_note(s, r->id, d);
            store__dirty_remove(&s->dirty, r->id);
        }
    }
    if (!result)
        result = is_new ? store__table_insert(s, r, e) : store__table_update(s, r, mask, e);
    if (!result && sc->due >= 0 && (is_new || mask & (1u << sc->due)) && !row_is_null(r, sc->due))
        result = store__due_add(s, r->entity, r->id, row_int(r, sc->due), e);
    if (!result && sc->searched)
        result = store__search_feed(s, r, is_new, e);
    if (!result && mask & FIELDS_BIT)
        result = store__index_fields(s, r, e);
    if (!result) {
        store__cache_drop(s, r->entity, r->id);
        store__cache_put(s, r);
    }
    return result;
}

static int change_check_version(const struct store_change *c, const struct row *before,
                                struct error *e)
{
    if (!c->based_on || before->version == c->based_on)
        return 0;
    char shown[32];
    row_id_format(c->entity, c->id, shown);
    return error_set(
        e, ERROR_CONFLICT,
        "%s has version %lld, this was based on %lld: somebody changed it meanwhile; look again",
        shown, (long long)before->version, (long long)c->based_on);
}

static int change_check_appended(const struct store_change *c, struct error *e)
{
    const struct schema *sc = schema_of(c->entity);
    char shown[32];
    if (!sc->appended || (!c->set_count && !c->fields_len))
        return 0;
    row_id_format(c->entity, c->id, shown);
    return error_set(e, ERROR_DENIED,
                     "%s: %s are never changed; what is wrong is set right by a further one", shown,
                     sc->plural);
}

int store_change(struct store *s, const struct store_change *c, const struct row **out,
                 struct error *e)
{
    assert(s->in_command && c->kind && c->actor);
    const struct row *before = NULL;
    int result = 0;
    if (s->failed)
        return store__failed_error(s, e);
    if (c->id && (result = store_get(s, c->entity, c->id, &before, e)))
        return result;
    if (before &&
        ((result = change_check_version(c, before, e)) || (result = change_check_appended(c, e))))
        return result;
    struct value v[SCHEMA_COLUMNS_MAX], fields;
    uint32_t mask;
    if ((result = change_apply(s, c, before, v, &fields, &mask, e)) ||
        (result = change_payload(s, c, e)))
        return result;
    int64_t id = c->id ? c->id : s->next_id[c->entity]++;
    struct row *r = store__row_new(c->entity, v, &fields);
    r->id = id;
    r->version = before ? before->version + 1 : 2;
    r->created_at_ms = before ? before->created_at_ms : c->at_ms;
    r->updated_at_ms = c->at_ms;
    r->last_event = store__stage(s, c, id, r->version, before ? before->last_event : 0);
    result = change_is_direct(c, mask) ? change_write_direct(s, r, !before, mask, e)
                                       : change_keep_dirty(s, r, mask);
    if (result)
        mem_free(r);
    else if (out)
        *out = r;
    return result;
}

/* About a row it joins that row's history: the row's last_event and version move, nothing else. */
int store_record(struct store *s, const struct store_change *c, struct error *e)
{
    assert(s->in_command && c->kind && c->actor);
    struct store_change bare = *c;
    bare.set_count = 0;
    bare.fields_len = 0;
    if (c->entity != ENTITY_NONE && c->id)
        return store_change(s, &bare, NULL, e);
    int result = change_payload(s, &bare, e);
    if (!result)
        store__stage(s, &bare, 0, 0, 0);
    return result;
}
