/* The audit: walks the chain of events once, folding each row beside it.
 *
 * It goes by slices, and turns may come between them: the walk ends where the
 * history ends then, and a row that changed behind its event is compared at its
 * new last one.
 *
 * The chain: numbers without a gap, each hash made from the one before, each
 * event linked to the event before it of the same row. The fold: a row is
 * compared with its table as soon as the event comes that the table names as
 * its last, and its memory is given back then, so that what is held is a small
 * entry for each row and the rows between their first and last event. At the
 * end every table is walked, for rows that no event made and rows that are
 * gone. Only the first finding of each kind is kept; the rest is counted.
 *
 * A payload may be missing where a later person.erased event, itself chained,
 * names it (erase.h). So the missing ones are noted, struck off as such events
 * come, and what is left at the end is broken. */
#include "baton/base/arena.h"
#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "domain/audit_internal.h"
#include "domain/erase_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { AUDIT_PAGE = 1000, AUDIT_SHOWN = 24 };

__attribute__((format(printf, 3, 4))) static void audit_broken(struct audit *a, int64_t seq,
                                                               const char *format, ...)
{
    if (a->result.broken_seq && a->result.broken_seq <= seq)
        return;
    a->result.broken_seq = seq;
    va_list args;
    va_start(args, format);
    vsnprintf(a->result.broken_why, sizeof a->result.broken_why, format, args);
    va_end(args);
}

__attribute__((format(printf, 4, 5))) static void audit_differs(struct audit *a, enum entity entity,
                                                                int64_t id, const char *format, ...)
{
    if (a->result.differing++)
        return;
    a->result.differs_entity = entity;
    a->result.differs_id = id;
    va_list args;
    va_start(args, format);
    vsnprintf(a->result.differs_why, sizeof a->result.differs_why, format, args);
    va_end(args);
}

/* ---- rows ---- */

static uint64_t audit_key(enum entity entity, int64_t id)
{
    return (uint64_t)entity << 56 | ((uint64_t)id & (UINT64_MAX >> 8));
}

static struct audit__row *audit_row(struct audit *a, enum entity entity, int64_t id)
{
    uint64_t *slot = domain__idmap_at(&a->map, audit_key(entity, id));
    if (!*slot) {
        struct audit__row *r = arena_alloc(a->arena, sizeof *r);
        r->entity = entity;
        r->id = id;
        *slot = (uint64_t)(uintptr_t)r;
    }
    return (struct audit__row *)(uintptr_t)*slot;
}

static const char *audit_show(const struct value *v, struct buf *out)
{
    buf_clear(out);
    if (v->type == VALUE_INT)
        buf_int(out, v->i);
    else if (v->type == VALUE_REAL)
        buf_printf(out, "%g", v->r);
    else if (v->type == VALUE_TEXT) {
        buf_putc(out, '"');
        text_printable(v->s, v->len > AUDIT_SHOWN ? AUDIT_SHOWN : v->len, false, out);
        buf_puts(out, v->len > AUDIT_SHOWN ? "…\"" : "\"");
    } else
        buf_puts(out, "nothing");
    return out->data;
}

static bool audit_same_fields(const struct value *a, const struct value *b)
{
    bool a_empty = a->len <= 2, b_empty = b->len <= 2; /* "" or {} */
    return (a_empty && b_empty) || value_equal(a, b);
}

static void audit_compare_columns(struct audit *a, const struct row *stored,
                                  const struct row *folded)
{
    const struct schema *s = schema_of(stored->entity);
    for (size_t i = 0; i < s->count; i++) {
        if (value_equal(&stored->v[i], &folded->v[i]))
            continue;
        struct buf has = BUF_INIT, says = BUF_INIT;
        audit_differs(a, stored->entity, stored->id, "%s is %s, its events say %s",
                      s->columns[i].name, audit_show(&stored->v[i], &has),
                      audit_show(&folded->v[i], &says));
        buf_free(&has);
        buf_free(&says);
        return;
    }
    if (!audit_same_fields(&stored->fields, &folded->fields))
        audit_differs(a, stored->entity, stored->id,
                      "its custom fields are not what its events say");
}

/* What is due must be on the due list, or it would never fire. */
static void audit_compare_due(struct audit *a, const struct row *stored)
{
    int column = schema_of(stored->entity)->due;
    bool listed = true;
    if (column < 0 || row_is_null(stored, column))
        return;
    int rc = store_due_listed(a->store, stored->entity, stored->id, row_int(stored, column),
                              &listed, NULL);
    if (rc || !listed)
        audit_differs(a, stored->entity, stored->id, "it is not on the list of what is due");
}

/* The event has come that the table calls the row's last. */
static void audit_compare(struct audit *a, const struct audit__row *r)
{
    const struct row *stored;
    struct error own;
    int rc = store_get(a->store, r->entity, r->id, &stored, &own);
    if (rc)
        audit_differs(a, r->entity, r->id, "%.120s", own.message);
    else if (stored->version != r->folded->version)
        audit_differs(a, r->entity, r->id, "version is %" PRId64 ", its events say %" PRId64,
                      stored->version, r->folded->version);
    else if (stored->updated_at_ms != r->folded->updated_at_ms ||
             stored->created_at_ms != r->folded->created_at_ms)
        audit_differs(a, r->entity, r->id,
                      "it was made or changed at another time than its events say");
    else
        audit_compare_columns(a, stored, r->folded);
    if (!rc)
        audit_compare_due(a, stored);
}

static void audit_release(struct audit__row *r)
{
    mem_free(r->folded);
    r->folded = NULL;
    r->done = true;
}

/* A turn came between, and changed the row: its last event is still to come. */
static bool audit_went_on(const struct audit *a, struct audit__row *r)
{
    const struct row *stored;
    if (store_get(a->store, r->entity, r->id, &stored, NULL) ||
        stored->last_event == r->stored_last)
        return false;
    r->stored_last = stored->last_event;
    return true;
}

static void audit_fold(struct audit *a, struct audit__row *r, const struct event *event)
{
    struct row *folded;
    struct error own;
    if (r->done) /* goes on behind what the table calls its last event: audit__rows says so */
        return;
    if (!r->stored_last) {
        const struct row *stored;
        int rc = store_get(a->store, r->entity, r->id, &stored, NULL);
        r->stored_last = rc ? -1 : stored->last_event;
    }
    if (store_fold(r->folded, event, &folded, &own)) {
        audit_differs(a, r->entity, r->id, "event %" PRId64 ": %.110s", event->seq, own.message);
        audit_release(r);
        return;
    }
    mem_free(r->folded);
    r->folded = folded;
    if (event->seq != r->stored_last || audit_went_on(a, r))
        return;
    audit_compare(a, r);
    audit_release(r);
}

/* ---- payloads that are gone ---- */

static void audit_miss(struct audit *a, int64_t seq)
{
    if (a->missing_count == a->missing_room) {
        a->missing_room = a->missing_room ? 2 * a->missing_room : 64;
        a->missing = mem_resize(a->missing, a->missing_room * sizeof *a->missing);
    }
    a->missing[a->missing_count++] = (struct audit__missing){ seq, false };
}

static void audit_strike(void *context, int64_t first, int64_t last)
{
    struct audit *a = context;
    size_t low = 0, high = a->missing_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (a->missing[middle].seq < first)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < a->missing_count && a->missing[low].seq <= last; low++)
        a->missing[low].named = true;
}

static void audit_named(struct audit *a, const struct event *event)
{
    a->result.erasures++;
    erase__each_range(event, audit_strike, a);
}

void audit__end_events(struct audit *a)
{
    a->walked = true;
    memcpy(a->result.head, a->previous_hash, sizeof a->result.head);
    for (size_t i = 0; i < a->missing_count; i++) {
        if (a->missing[i].named)
            a->result.erased++;
        else
            audit_broken(a, a->missing[i].seq,
                         "its payload is gone, and no event says that it was erased");
    }
}

/* ---- events ---- */

static void audit_chain(struct audit *a, const struct event *event)
{
    uint8_t hash[32];
    if (event->seq != a->expected)
        audit_broken(a, a->expected, "event %" PRId64 " is missing", a->expected);
    store_event_hash(event, a->previous_hash, hash);
    if (memcmp(hash, event->hash, sizeof hash))
        audit_broken(a, event->seq, "its hash differs: the event was changed");
    else if (!event->payload)
        audit_miss(a, event->seq);
    else if (!strcmp(event->kind, erase__kind))
        audit_named(a, event);
    if (event->seq == 1)
        memcpy(a->result.origin, event->hash, sizeof a->result.origin);
    if (event->seq == a->want_seq)
        memcpy(a->result.wanted, event->hash, sizeof a->result.wanted);
    /* From here on as if it were whole, or every line behind it would look broken too. */
    memcpy(a->previous_hash, event->hash, sizeof a->previous_hash);
    a->expected = event->seq + 1;
}

static void audit_link(struct audit *a, const struct audit__row *r, const struct event *event)
{
    if (event->previous != r->last_seq)
        audit_broken(a, event->seq,
                     "it links to event %" PRId64
                     ", but the event before it of the same row is %" PRId64,
                     event->previous, r->last_seq);
    else if (event->version != (r->version ? r->version + 1 : 2))
        audit_broken(a, event->seq,
                     "it makes version %" PRId64 " of a row that had version %" PRId64,
                     event->version, r->version);
}

int audit__event(void *audit, const struct event *event)
{
    struct audit *a = audit;
    a->result.events++;
    audit_chain(a, event);
    if (event->entity != ENTITY_NONE && event->version) { /* version 0: it changed no row */
        struct audit__row *r = audit_row(a, event->entity, event->entity_id);
        audit_link(a, r, event);
        audit_fold(a, r, event);
        r->last_seq = event->seq;
        r->version = event->version;
    }
    return 0;
}

/* A page. A line that cannot even be read is the next one, or hides behind a gap. */
static int audit_some_events(struct audit *a, struct error *e)
{
    struct error own;
    int64_t before = a->result.events;
    int64_t total = store_last_event(a->store);
    int rc = store_events(a->store, a->expected - 1, AUDIT_PAGE, audit__event, a, &own);
    if (rc == -ERROR_CORRUPT && !store_failed(a->store)) {
        audit_broken(a, a->expected, "%.150s", own.message);
        a->expected++;
    } else if (rc) {
        if (e)
            *e = own;
        return rc;
    } else if (a->result.events == before && a->expected <= total) {
        audit_broken(a, a->expected, "event %" PRId64 " is missing", a->expected);
        a->expected = total + 1;
    }
    return 0;
}

/* ---- tables ---- */

static int audit_table_row(void *context, const struct row *stored)
{
    struct audit *a = context;
    a->result.rows++;
    a->in_page++;
    a->row_id = stored->id;
    uint64_t found;
    if (!domain__idmap_get(&a->map, audit_key(stored->entity, stored->id), &found)) {
        if (stored->last_event < a->expected) /* else it was made meanwhile */
            audit_differs(a, stored->entity, stored->id, "no event made it");
        return 0;
    }
    struct audit__row *r = (struct audit__row *)(uintptr_t)found;
    r->stored = true;
    if (r->last_seq != stored->last_event && stored->last_event < a->expected)
        audit_differs(a, stored->entity, stored->id,
                      "its last event is %" PRId64 ", the history says %" PRId64,
                      stored->last_event, r->last_seq);
    return 0;
}

static void audit_end_rows(struct audit *a)
{
    for (size_t i = 0; i < a->map.room; i++) {
        const struct audit__row *r = (const struct audit__row *)(uintptr_t)a->map.slots[i].value;
        if (r && !r->stored)
            audit_differs(a, r->entity, r->id, "it has events, but is missing from its table");
    }
}

/* A page of the table at hand; ends with the last page of the last table. */
int audit__some_rows(struct audit *a, bool *done, struct error *e)
{
    if (a->entity == ENTITY_NONE)
        a->entity = ENTITY_NONE + 1;
    struct store_query query = { .entity = a->entity,
                                 .after_id = a->row_id,
                                 .limit = LIMIT_LIST_ROWS };
    a->in_page = 0;
    int rc = store_list(a->store, &query, audit_table_row, a, e);
    if (rc || a->in_page == LIMIT_LIST_ROWS)
        return rc;
    a->row_id = 0;
    *done = ++a->entity == ENTITY_END;
    if (*done)
        audit_end_rows(a);
    return 0;
}

/* ---- the whole ---- */

struct audit *audit_open(struct domain *d, int64_t want_seq)
{
    struct audit *a = mem_new(struct audit);
    a->store = domain_store(d);
    a->expected = 1;
    a->want_seq = want_seq;
    a->arena = arena_new(0);
    return a;
}

void audit_close(struct audit *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->map.room; i++)
        if (a->map.slots[i].value)
            mem_free(((struct audit__row *)(uintptr_t)a->map.slots[i].value)->folded);
    domain__idmap_free(&a->map);
    mem_free(a->missing);
    arena_free(a->arena);
    mem_free(a);
}

/* Rows that wait in memory are settled first, a slice at a time: their due times then stand in a
 * table with an index. What turns make dirty meanwhile is read as it is. */
static int audit_settle(struct audit *a, struct error *e)
{
    int rc = store_settle(a->store, LIMIT_SETTLE_SLICE, e);
    if (rc && store_failed(a->store))
        return rc;
    a->settled = rc != 0 || store_dirty(a->store) < LIMIT_SETTLE_SLICE;
    return 0; /* one that is open for reading only cannot settle: that costs time, nothing else */
}

int audit_step(struct audit *a, bool *done, struct error *e)
{
    *done = false;
    if (!a->settled)
        return audit_settle(a, e);
    if (a->walked)
        return audit__some_rows(a, done, e);
    int rc = audit_some_events(a, e);
    /* In the slice that catches up: in the next one turns may have gone further. */
    if (rc == 0 && a->expected > store_last_event(a->store))
        audit__end_events(a);
    return rc;
}

void audit_progress(const struct audit *a, int64_t *done, int64_t *total)
{
    *done = a->result.events;
    *total = store_last_event(a->store);
}

const struct audit_result *audit_result(const struct audit *a)
{
    return &a->result;
}

int domain_audit(struct domain *d, struct audit_result *out, struct error *e)
{
    struct audit *a = audit_open(d, 0);
    bool done = false;
    int rc = 0;
    while (!rc && !done)
        rc = audit_step(a, &done, e);
    if (!rc)
        *out = a->result;
    audit_close(a);
    return rc;
}
