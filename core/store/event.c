/* Events: staged while their command runs, chained and inserted when it is
 * kept. A row's history is linked backwards from the row: no index. */
#include <assert.h>
#include <string.h>

#include "store/store_internal.h"

static void event_put_i64(uint8_t **at, int64_t v)
{
    uint64_t u = (uint64_t)v;
    for (int i = 0; i < 8; i++)
        *(*at)++ = (uint8_t)(u >> (8 * i));
}

static void event_payload_digest(const struct event *event, uint8_t out[DIGEST_BYTES])
{
    struct digest_part parts[] = { { event->salt, STORE_SALT_BYTES },
                                   { event->payload, event->payload_len } };
    digest(parts, 2, out);
}

/* hash = SHA-256(previous hash, header, SHA-256(salt, payload)): with payload and salt erased, what
 * remains still proves the chain (DESIGN 10). The header is its integers, little endian, then kind
 * and actor, each ended by a NUL. */
void store_event_hash(const struct event *event, const uint8_t previous_hash[32], uint8_t out[32])
{
    uint8_t payload[DIGEST_BYTES], header[6 * 8], *at = header;
    if (event->payload) {
        event_payload_digest(event, payload);
    } else {
        assert(event->payload_digest); /* event_check has looked */
        memcpy(payload, event->payload_digest, sizeof payload);
    }
    event_put_i64(&at, event->seq);
    event_put_i64(&at, event->at_ms);
    event_put_i64(&at, event->entity);
    event_put_i64(&at, event->entity_id);
    event_put_i64(&at, event->version);
    event_put_i64(&at, event->previous);
    struct digest_part parts[] = { { previous_hash, DIGEST_BYTES },
                                   { header, sizeof header },
                                   { event->kind, strlen(event->kind) + 1 },
                                   { event->actor, strlen(event->actor) + 1 },
                                   { payload, sizeof payload } };
    digest(parts, sizeof parts / sizeof *parts, out);
}

static size_t event_keep_text(struct store *s, const char *text, size_t n)
{
    size_t at = s->staged_text.len;
    buf_add(&s->staged_text, text, n);
    buf_putc(&s->staged_text, '\0');
    return at;
}

int64_t store__stage(struct store *s, const struct store_change *c, int64_t id, int64_t version,
                     int64_t previous)
{
    if (s->staged_count == s->staged_capacity) {
        s->staged_capacity = s->staged_capacity ? s->staged_capacity * 2 : 16;
        s->staged = mem_resize(s->staged, s->staged_capacity * sizeof *s->staged);
    }
    struct staged_event *staged = &s->staged[s->staged_count++];
    staged->seq = s->next_seq++;
    staged->at_ms = c->at_ms;
    staged->entity = c->entity;
    staged->entity_id = id;
    staged->version = version;
    staged->previous = previous;
    staged->kind = event_keep_text(s, c->kind, strlen(c->kind));
    staged->actor = event_keep_text(s, c->actor, strlen(c->actor));
    staged->payload_len = s->payload.len;
    s->written_bytes += (int64_t)s->payload.len;
    staged->payload = event_keep_text(s, buf_text(&s->payload), s->payload.len);
    return staged->seq;
}

void store__staged_view(const struct store *s, size_t index, struct event *out)
{
    const struct staged_event *g = &s->staged[index];
    *out = (struct event){ .seq = g->seq,
                           .at_ms = g->at_ms,
                           .entity = g->entity,
                           .entity_id = g->entity_id,
                           .version = g->version,
                           .previous = g->previous,
                           .kind = s->staged_text.data + g->kind,
                           .actor = s->staged_text.data + g->actor,
                           .payload = s->staged_text.data + g->payload,
                           .payload_len = g->payload_len };
}

static int event_insert(struct store *s, const struct event *event, struct error *e)
{
    uint8_t salt[STORE_SALT_BYTES], hash[DIGEST_BYTES];
    random_bytes(salt, sizeof salt);
    struct event salted = *event;
    salted.salt = salt;
    store_event_hash(&salted, s->head, hash);
    sqlite3_stmt *st = store__statement(s, SQL_EVENT_INSERT, e);
    if (!st)
        return s->unprepared;
    sqlite3_bind_int64(st, 1, event->seq);
    sqlite3_bind_int64(st, 2, event->at_ms);
    sqlite3_bind_int64(st, 3, event->entity);
    sqlite3_bind_int64(st, 4, event->entity_id);
    sqlite3_bind_int64(st, 5, event->version);
    sqlite3_bind_int64(st, 6, event->previous);
    sqlite3_bind_text(st, 7, event->kind, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 8, event->actor, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 9, event->payload, (int)event->payload_len, SQLITE_STATIC);
    sqlite3_bind_blob(st, 10, salt, sizeof salt, SQLITE_STATIC);
    sqlite3_bind_blob(st, 11, hash, sizeof hash, SQLITE_STATIC);
    int result = store__run(s, st, e);
    if (!result)
        memcpy(s->head, hash, sizeof hash);
    return result;
}

int store__flush_events(struct store *s, struct error *e)
{
    int result = 0;
    for (size_t i = 0; i < s->staged_count && !result; i++) {
        struct event event;
        store__staged_view(s, i, &event);
        result = event_insert(s, &event, e);
    }
    s->staged_count = 0;
    buf_clear(&s->staged_text);
    return result;
}

void store__drop_staged(struct store *s)
{
    s->staged_count = 0;
    buf_clear(&s->staged_text);
}

void store__event_read(sqlite3_stmt *st, struct event *out)
{
    *out = (struct event){ .seq = sqlite3_column_int64(st, 0),
                           .at_ms = sqlite3_column_int64(st, 1),
                           .entity = (enum entity)sqlite3_column_int(st, 2),
                           .entity_id = sqlite3_column_int64(st, 3),
                           .version = sqlite3_column_int64(st, 4),
                           .previous = sqlite3_column_int64(st, 5) };
    out->kind = (const char *)sqlite3_column_text(st, 6);
    out->actor = (const char *)sqlite3_column_text(st, 7);
    out->payload = (const char *)sqlite3_column_text(st, 8);
    out->payload_len = (size_t)sqlite3_column_bytes(st, 8);
    if (sqlite3_column_bytes(st, 9) == STORE_SALT_BYTES)
        out->salt = sqlite3_column_blob(st, 9);
    if (sqlite3_column_bytes(st, 10) == DIGEST_BYTES)
        out->hash = sqlite3_column_blob(st, 10);
    if (sqlite3_column_bytes(st, 11) == DIGEST_BYTES)
        out->payload_digest = sqlite3_column_blob(st, 11);
}

/* A line that lacks what every line has was not written by us. */
static int event_check(struct store *s, const struct event *event, struct error *e)
{
    bool whole = event->kind && event->actor && event->hash &&
                 (event->payload ? event->salt != NULL : event->payload_digest != NULL) &&
                 event->entity >= ENTITY_NONE && event->entity < ENTITY_END;
    return whole ? 0
                 : error_set(e, ERROR_CORRUPT, "%s: event %lld is damaged", s->path,
                             (long long)event->seq);
}

/* `each` may itself read from the store: store__statement_for gives a nested reader a statement of
 * its own. */
static int event_give(struct store *s, sqlite3_stmt *st, store_each_event each, void *context,
                      int64_t *previous, struct error *e)
{
    struct event event;
    store__event_read(st, &event);
    if (store__out_of_memory(st))
        return store__sql_error(s, SQLITE_NOMEM, e);
    *previous = event.previous;
    int result = event_check(s, &event, e);
    return result ? result : each(context, &event);
}

static int event_get(struct store *s, int64_t seq, store_each_event each, void *context,
                     int64_t *previous, struct error *e)
{
    sqlite3_stmt *st = store__statement_for(s, store__statement_text(SQL_EVENT_GET), e);
    if (!st)
        return s->unprepared;
    sqlite3_bind_int64(st, 1, seq);
    int rc = sqlite3_step(st), result;
    if (rc == SQLITE_ROW)
        result = event_give(s, st, each, context, previous, e);
    else if (rc == SQLITE_DONE)
        result = error_set(e, ERROR_CORRUPT, "%s: event %lld is missing; run audit verify", s->path,
                           (long long)seq);
    else
        result = store__sql_error(s, rc, e);
    sqlite3_reset(st);
    return result;
}

int store_history(struct store *s, enum entity entity, int64_t id, size_t limit,
                  store_each_event each, void *context, struct error *e)
{
    const struct row *row;
    int result = store_get(s, entity, id, &row, e);
    if (result)
        return result;
    int64_t seq = row->last_event, previous = 0;
    for (size_t n = 0; seq && (!limit || n < limit); n++) {
        int64_t first_staged = s->next_seq - (int64_t)s->staged_count;
        if (seq >= first_staged) {
            struct event event;
            store__staged_view(s, (size_t)(seq - first_staged), &event);
            previous = event.previous;
            result = each(context, &event);
        } else {
            result = event_get(s, seq, each, context, &previous, e);
        }
        if (result)
            return result;
        if (previous >= seq)
            return error_set(e, ERROR_CORRUPT,
                             "%s: event %lld is linked forwards; run audit verify", s->path,
                             (long long)seq);
        seq = previous;
    }
    return 0;
}

int store_events(struct store *s, int64_t after_seq, size_t limit, store_each_event each,
                 void *context, struct error *e)
{
    sqlite3_stmt *st = store__statement_for(s, store__statement_text(SQL_EVENT_AFTER), e);
    if (!st)
        return s->unprepared;
    sqlite3_bind_int64(st, 1, after_seq);
    sqlite3_bind_int64(st, 2, limit ? (sqlite3_int64)limit : -1);
    int rc, result = 0;
    int64_t previous;
    while (!result && (rc = sqlite3_step(st)) == SQLITE_ROW)
        result = event_give(s, st, each, context, &previous, e);
    if (!result && rc != SQLITE_DONE)
        result = store__sql_error(s, rc, e);
    sqlite3_reset(st);
    return result;
}

struct event_erase {
    bool whole;
    uint8_t digest[DIGEST_BYTES];
};

static int event_erase_look(void *context, const struct event *event)
{
    struct event_erase *x = context;
    x->whole = event->payload != NULL;
    if (x->whole)
        event_payload_digest(event, x->digest);
    return 0;
}

int store_erase_event(struct store *s, int64_t seq, struct error *e)
{
    struct event_erase x = { 0 };
    int64_t previous;
    assert(s->in_command);
    int result = event_get(s, seq, event_erase_look, &x, &previous, e);
    if (result || !x.whole)
        return result;
    result = store__savepoint(s, e);
    sqlite3_stmt *st = result ? NULL : store__statement(s, SQL_EVENT_ERASE, e);
    if (!st)
        return result ? result : -(int)ERROR_IO;
    sqlite3_bind_blob(st, 1, x.digest, sizeof x.digest, SQLITE_STATIC);
    sqlite3_bind_int64(st, 2, seq);
    return store__run(s, st, e);
}

int64_t store_last_event(const struct store *s)
{
    return s->next_seq - 1;
}

int64_t store_written_bytes(const struct store *s)
{
    return s->written_bytes;
}
