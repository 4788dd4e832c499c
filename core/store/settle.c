/* Settling: dirty referrals written into their table, in key order.
 *
 * A sweep goes once through the dirty ids in their order, like a lift, and each
 * turn takes it some rows further inside its own commit, so that no turn pays
 * for all. When it ends, every event up to its beginning is in the table: that
 * is the settled mark. Recovery folds the events behind the mark; a row that
 * is newer than an event ignores it. */
#include <stdlib.h>
#include <string.h>

#include "baton/base/json.h"
#include "store/store_internal.h"

enum { SETTLE_PER_COMMAND = 3, SETTLE_LEAST = 64 };

static void settle_start_sweep(struct store *s)
{
    s->sweeping = true;
    s->sweep_at = 0;
    s->sweep_seq = s->next_seq - 1;
}

static int settle_end_sweep(struct store *s, struct error *e)
{
    struct buf b = BUF_INIT;
    buf_int(&b, s->sweep_seq);
    int result = store_meta_set(s, "settled", buf_text(&b), e);
    buf_free(&b);
    if (!result) {
        s->settled_seq = s->sweep_seq;
        s->sweeping = false;
        if (!s->dirty.used)
            store__dirty_free(&s->dirty);
        store__due_prune(s);
    }
    return result;
}

int store__index_fields(struct store *s, const struct row *r, struct error *e)
{
    bool any = false;
    for (size_t i = 0; i < s->indexed_count; i++)
        any = any || s->indexed[i].entity == r->entity;
    if (!any)
        return 0;
    sqlite3_stmt *st = store__statement(s, SQL_FIELD_INDEX_DELETE, e);
    if (!st)
        return s->unprepared;
    sqlite3_bind_int64(st, 1, r->entity);
    sqlite3_bind_int64(st, 2, r->id);
    int result = store__run(s, st, e);
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < s->indexed_count && !result; i++) {
        struct json_slice v;
        if (s->indexed[i].entity != r->entity ||
            !jsons_get(r->fields.s, r->fields.len, s->indexed[i].name, strlen(s->indexed[i].name),
                       &v) ||
            v.type == JSON_T_NULL)
            continue;
        buf_clear(&text);
        store__field_text(&v, &text);
        if (!(st = store__statement(s, SQL_FIELD_INDEX_INSERT, e))) {
            result = s->unprepared;
            break;
        }
        sqlite3_bind_int64(st, 1, r->entity);
        sqlite3_bind_text(st, 2, s->indexed[i].name, -1, SQLITE_STATIC);
        sqlite3_bind_text(st, 3, buf_text(&text), (int)text.len, SQLITE_STATIC);
        sqlite3_bind_int64(st, 4, r->id);
        result = store__run(s, st, e);
    }
    buf_free(&text);
    return result;
}

static int settle_write(struct store *s, const struct dirty *d, struct error *e)
{
    const struct row *r = d->row;
    uint32_t mask = d->mask;
    int result = store__table_update(s, r, mask, e);
    if (!result && mask & FIELDS_BIT)
        result = store__index_fields(s, r, e);
    if (!result && mask & (1u << REFERRAL_WAKE_AT_MS) && !row_is_null(r, REFERRAL_WAKE_AT_MS))
        result = store__due_add(s, ENTITY_REFERRAL, r->id, row_int(r, REFERRAL_WAKE_AT_MS), e);
    return result;
}

static int settle_row(struct store *s, const struct dirty *d, struct error *e)
{
    struct row *r = d->row;
    int result = settle_write(s, d, e);
    if (!result) {
        store__retire(s, r);
        store__dirty_remove(&s->dirty, r->id);
    }
    return result;
}

/* Some rows of the sweep; ends it with its last. */
static int settle_some(struct store *s, size_t rows, struct error *e)
{
    int result = 0;
    int64_t id = 0;
    for (size_t n = 0;
         n < rows && !result && (id = store__dirty_after(&s->dirty, s->sweep_at)) != 0; n++) {
        result = settle_row(s, store__dirty_find(&s->dirty, id), e);
        s->sweep_at = id;
    }
    if (!result && !store__dirty_after(&s->dirty, s->sweep_at))
        result = settle_end_sweep(s, e);
    return result;
}

/* Called before each commit: begins when three quarters of the room are used, and then settles
 * faster than commands can make rows dirty. */
int store__settle_paced(struct store *s, size_t commands, struct error *e)
{
    if (!s->sweeping) {
        if (s->dirty.used < s->dirty_limit / 4 * 3)
            return 0;
        settle_start_sweep(s);
    }
    size_t rows = commands * SETTLE_PER_COMMAND;
    if (rows < SETTLE_LEAST && commands * 8 > SETTLE_LEAST)
        rows = SETTLE_LEAST;
    if (s->dirty.used > s->dirty_limit)
        rows += s->dirty.used - s->dirty_limit;
    return settle_some(s, rows, e);
}

/* All of them: the rest of a sweep that is under way, then one more for what it left behind. */
static int settle_all(struct store *s, struct error *e)
{
    int result = s->sweeping ? settle_some(s, SIZE_MAX, e) : 0;
    if (!result && s->settled_seq != s->next_seq - 1) {
        settle_start_sweep(s);
        result = settle_some(s, SIZE_MAX, e);
    }
    return result;
}

int store_settle(struct store *s, size_t rows, struct error *e)
{
    if (!s->dirty.used && !s->sweeping && s->settled_seq == s->next_seq - 1)
        return 0;
    int result = store_turn_begin(s, e);
    if (result)
        return result;
    store_command_begin(s);
    if (!rows) {
        result = settle_all(s, e);
    } else {
        if (!s->sweeping)
            settle_start_sweep(s);
        result = settle_some(s, rows, e);
    }
    int ended = store_command_end(s, !result, result ? NULL : e);
    if (result || ended) {
        store_turn_abort(s);
        s->failed = true; /* memory is ahead of the file */
        return result ? result : ended;
    }
    return store_turn_commit(s, e);
}

/* Rows are written, but stay in the map with nothing left to write, because an undo may bring back
 * what they were; the mark does not move. */
int store__settle_now(struct store *s, struct error *e)
{
    int result = s->in_command ? store__savepoint(s, e) : 0;
    for (size_t i = 0; i < s->dirty.capacity && !result; i++)
        if (s->dirty.slots[i].id)
            result = settle_write(s, &s->dirty.slots[i], e);
    return result;
}

size_t store_dirty(const struct store *s)
{
    return s->dirty.used;
}

/* ---- recovery ---- */

struct recovery {
    struct store *store;
    struct error *error;
};

static int recover_event(void *context, const struct event *event)
{
    struct recovery *r = context;
    struct store *s = r->store;
    const struct row *before;
    if (event->entity != ENTITY_REFERRAL)
        return 0;
    int result = store_get(s, ENTITY_REFERRAL, event->entity_id, &before, r->error);
    if (result || before->version >= event->version)
        return result;
    struct row *after;
    result = store_fold(before, event, &after, r->error);
    if (result)
        return result;
    struct dirty *d = store__dirty_find(&s->dirty, after->id);
    if (d)
        store__retire(s, d->row);
    else
        d = store__dirty_put(&s->dirty, after->id);
    d->row = after;
    /* Which columns differ from the table is not known here: all of them may. */
    d->mask = FIELDS_BIT | ((1u << schema_of(ENTITY_REFERRAL)->count) - 1);
    store__cache_drop(s, ENTITY_REFERRAL, after->id);
    return 0;
}

int store__recover(struct store *s, struct error *e)
{
    struct buf mark = BUF_INIT;
    int result = store_meta_get(s, "settled", &mark, e);
    s->settled_seq = mark.len ? strtoll(mark.data, NULL, 10) : 0;
    buf_free(&mark);
    struct recovery r = { s, e };
    if (!result)
        result = store_events(s, s->settled_seq, 0, recover_event, &r, e);
    for (size_t i = 0; i < s->dirty.capacity && !result; i++) {
        const struct dirty *d = &s->dirty.slots[i];
        if (d->id && !row_is_null(d->row, REFERRAL_WAKE_AT_MS))
            store__due_push(s, row_int(d->row, REFERRAL_WAKE_AT_MS), d->id);
    }
    store__retired_free(s);
    return result;
}
