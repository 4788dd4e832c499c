/* The clock of a replay. Stories that are as recorded have their steps fired
 * where the history has them; those that differ wait in a heap, by instant. An
 * entry counts only while its row still says so. */
#include "baton/domain/due.h"
#include "host/replay_internal.h"

void replay__forward(struct replay *r, int64_t at_ms)
{
    if (at_ms > org_now(r->org))
        clock_stop_at(&r->org->clock, at_ms);
}

int replay__fire(struct replay *r, enum entity entity, int64_t id, int64_t at_ms, struct error *e)
{
    int due = schema_of(entity)->due;
    const struct row *row;
    bool fired;
    int rc = store_get(r->org->store, entity, id, &row, e);
    if (rc < 0)
        return rc;
    if (!row_is_null(row, due) && replay__near(row_int(row, due), at_ms) &&
        row_int(row, due) > at_ms)
        at_ms = row_int(row, due);
    replay__forward(r, at_ms);
    rc = domain_fire_row(r->org->world.domain, entity, id, org_now(r->org), &fired, e);
    return rc < 0 ? rc : replay__read_here(r, e);
}

/* ---- the heap ---- */

static void heap_swap(struct replay *r, size_t i, size_t j)
{
    struct replay_firing t = r->heap[i];
    r->heap[i] = r->heap[j];
    r->heap[j] = t;
}

/* Of two at the same instant the lower id first, as the store has it. */
static bool heap_before(const struct replay *r, size_t i, size_t j)
{
    const struct replay_firing *a = &r->heap[i], *b = &r->heap[j];
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms;
    return a->entity != b->entity ? a->entity < b->entity : a->id < b->id;
}

void replay__push(struct replay *r, int64_t at_ms, enum entity entity, int64_t id)
{
    if (r->heap_count == r->heap_room) {
        r->heap_room = r->heap_room ? 2 * r->heap_room : 64;
        r->heap = mem_resize(r->heap, r->heap_room * sizeof *r->heap);
    }
    size_t i = r->heap_count++;
    r->heap[i] = (struct replay_firing){ at_ms, id, entity };
    for (; i && heap_before(r, i, (i - 1) / 2); i = (i - 1) / 2)
        heap_swap(r, i, (i - 1) / 2);
}

static struct replay_firing heap_pop(struct replay *r)
{
    struct replay_firing first = r->heap[0];
    r->heap[0] = r->heap[--r->heap_count];
    for (size_t i = 0;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < r->heap_count; child++)
            least = heap_before(r, child, least) ? child : least;
        if (least == i)
            return first;
        heap_swap(r, i, least);
        i = least;
    }
}

/* ---- its own clock ---- */

static int clock_push_timer(void *context, const struct row *timer)
{
    if (!row_is_null(timer, TIMER_AT_MS))
        replay__push(context, row_int(timer, TIMER_AT_MS), ENTITY_TIMER, timer->id);
    return 0;
}

int replay__push_timers(struct replay *r, const struct story *s, struct error *e)
{
    char about[32];
    row_id_format(ENTITY_REFERRAL, s->here, about);
    const struct store_filter filters[] = {
        { TIMER_ABOUT, FILTER_EQ, value_text(about), NULL },
        { TIMER_STATUS, FILTER_EQ, value_text("waiting"), NULL },
    };
    const struct store_query q = {
        .entity = ENTITY_TIMER, .filters = filters, .filter_count = 2, .limit = LIMIT_LIST_ROWS
    };
    return store_list(r->org->store, &q, clock_push_timer, r, e);
}

/* Does the story still go by its own clock, and is the row still due then? */
static bool clock_counts(struct replay *r, const struct replay_firing *f)
{
    int64_t id = replay__story_here(r, f->entity, f->id);
    const struct story *s = replay__story(r, id);
    int due = schema_of(f->entity)->due;
    const struct row *row;
    if (!id || !s->own || s->unknown || s->rec.closed_at_ms != INT64_MIN)
        return false;
    return store_get(r->org->store, f->entity, f->id, &row, NULL) == 0 && !row_is_null(row, due) &&
           row_int(row, due) == f->at_ms;
}

static int clock_jobs(struct replay *r, int64_t at_ms, struct error *e)
{
    replay__forward(r, at_ms);
    int rc = script_run_jobs(r->org->world.script, org_now(r->org), NULL, NULL, e);
    return rc < 0 ? rc : replay__read_here(r, e);
}

int replay__own_clock(struct replay *r, int64_t until_ms, struct error *e)
{
    int rc = 0;
    for (size_t n = 0; rc == 0; n++) {
        int64_t jobs_ms = script_jobs_at(r->org->world.script);
        int64_t heap_ms = r->heap_count ? r->heap[0].at_ms : INT64_MAX;
        if (jobs_ms > until_ms && heap_ms > until_ms)
            return 0;
        if (n > LIMIT_MOVE_FIRINGS)
            return error_set(e, ERROR_LIMIT, "the clock does not get on: something is due still");
        if (jobs_ms < heap_ms) {
            rc = clock_jobs(r, jobs_ms, e);
        } else {
            struct replay_firing f = heap_pop(r);
            if (clock_counts(r, &f))
                rc = replay__fire(r, f.entity, f.id, f.at_ms, e);
        }
        if (rc == 0)
            rc = replay__end_block(r, e);
    }
    return rc;
}
