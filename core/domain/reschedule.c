/* Deadlines after a change of the calendar: see reschedule.h.
 *
 * A referral whose deadline is what its definition gives by the old calendar is
 * told from one whose deadline came about otherwise by computing it by both.
 * So doing it twice moves nothing twice. */
#include "baton/domain/reschedule.h"

#include <string.h>

#include "baton/base/calendar.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "domain/pause_internal.h"

static const struct actor the_calendar = { 0, "calendar", NULL };

struct moving { /* one referral */
    struct domain *d;
    struct reschedule *r;
    const struct row *row;
    struct deadline dl;
    struct columns c;
    int64_t due_ms, to_ms;
    bool again; /* it had passed, and lies ahead now */
};

/* ---- when ---- */

/* What the definition says by one of the calendars; *has false: it says nothing. */
static int moving_due(const struct moving *m, const struct calendar *calendar, bool *has,
                      int64_t *out, struct error *e)
{
    struct domain *d = m->d;
    const struct calendar *own = d->calendar;
    int64_t from_ms, left_ms;
    int rc;
    *has = true;
    if (pause__resumed(m->row, &from_ms, &left_ms))
        return calendar_add(calendar, pause__unit(m->dl.stage), from_ms, left_ms, out, e);
    d->calendar = calendar;
    rc = deadline__due(d, &m->dl, has, out, e);
    d->calendar = own;
    return rc;
}

static int moving_target(struct moving *m, struct error *e)
{
    struct reschedule *r = m->r;
    bool had, has;
    int64_t was_ms = 0, is_ms = 0;
    int known = moving_due(m, r->old_calendar, &had, &was_ms, NULL);
    int rc = moving_due(m, r->new_calendar, &has, &is_ms, e);
    m->to_ms = m->due_ms;
    if (rc < 0)
        return rc;
    if (has && is_ms == m->due_ms)
        return 0;
    if (known == 0 && had && has && was_ms == m->due_ms) {
        m->to_ms = is_ms;
        return 0;
    }
    enum calendar_unit unit = pause__unit(m->dl.stage);
    if (unit == CALENDAR_ELAPSED)
        return 0;
    int64_t left_ms = calendar_measure(r->old_calendar, unit, m->dl.now_ms, m->due_ms);
    return calendar_add(r->new_calendar, unit, m->dl.now_ms, left_ms, &m->to_ms, e);
}

/* ---- what changes ---- */

static bool moving_passed(const struct moving *m)
{
    int64_t step = row_int(m->row, REFERRAL_WAKE_STEP);
    if (row_is_null(m->row, REFERRAL_WAKE_AT_MS))
        return true;
    return step >= 0 && (size_t)step < m->dl.stage->step_count &&
           m->dl.stage->steps[step].kind > STEP_DUE;
}

static bool moving_differs(const struct moving *m, const struct columns *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (!value_equal(&c->set[i].value, &m->row->v[c->set[i].column]))
            return true;
    return false;
}

/* Neither the deadline nor the next step moves. A step that is late must not be taken for one that
 * is left out. */
static bool moving_stays(const struct moving *m, int step)
{
    int64_t at_ms = 0;
    int before = step - 1;
    if (m->to_ms != m->due_ms)
        return false;
    return step < 0 || (deadline__next(m->d, m->dl.stage, m->due_ms, m->dl.entered_ms, &before,
                                       &at_ms, NULL) == 0 &&
                        before == step && at_ms == row_int(m->row, REFERRAL_WAKE_AT_MS));
}

/* The columns by the new calendar; none where nothing changes. */
static int moving_columns(struct moving *m, struct error *e)
{
    const struct calendar *own = m->d->calendar;
    struct columns c = { .entity = ENTITY_REFERRAL, .now_ms = m->dl.now_ms };
    int step =
        row_is_null(m->row, REFERRAL_WAKE_AT_MS) ? -1 : (int)row_int(m->row, REFERRAL_WAKE_STEP);
    int rc = 0;
    m->again = m->to_ms != m->due_ms && m->to_ms > m->dl.now_ms && moving_passed(m);
    m->d->calendar = m->r->new_calendar;
    if (!moving_stays(m, step))
        rc = deadline__put(m->d, &m->dl, true, m->to_ms, m->again ? 0 : step, &c, e);
    m->d->calendar = own;
    if (rc == 0 && moving_differs(m, &c))
        m->c = c;
    return rc;
}

/* 0 with m->c empty: it stays. */
static int moving_plan(struct moving *m, int64_t id, struct error *e)
{
    const struct graph *g = NULL;
    int index = 0;
    int rc = store_get(m->d->store, ENTITY_REFERRAL, id, &m->row, e);
    if (rc == 0)
        rc = referral__place(m->d, m->row, &g, &index, e);
    if (rc < 0)
        return rc;
    m->due_ms = m->to_ms = row_int(m->row, REFERRAL_DUE_AT_MS);
    m->dl = (struct deadline){ .stage = graph_stage(g, index),
                               .row = m->row,
                               .entered_ms = row_int(m->row, REFERRAL_STAGE_AT_MS),
                               .now_ms = domain_now(m->d) };
    rc = m->dl.stage->has_deadline ? moving_target(m, e) : 0;
    if (rc == 0 && m->dl.stage->has_deadline)
        rc = moving_columns(m, e);
    return rc;
}

static int moving_write(struct moving *m, struct error *e)
{
    struct buf detail = BUF_INIT;
    const struct row *row;
    struct jsonw w;
    int64_t id = m->row->id;
    jsonw_start(&w, &detail);
    jsonw_open_object(&w);
    jsonw_key(&w, "from");
    jsonw_int(&w, m->due_ms);
    jsonw_key(&w, "to");
    jsonw_int(&w, m->to_ms);
    jsonw_close(&w);
    struct store_change change = { .entity = ENTITY_REFERRAL,
                                   .id = id,
                                   .kind = "referral.rescheduled",
                                   .actor = the_calendar.name,
                                   .at_ms = m->dl.now_ms,
                                   .set = m->c.set,
                                   .set_count = m->c.count };
    int rc = m->again ? deadline__cancel_tasks(m->d, &the_calendar, id, INT64_MIN, e) : 0;
    if (rc == 0)
        rc = domain__change(m->d, &change, detail.data, detail.len, &row, e);
    buf_free(&detail);
    return rc;
}

/* ---- all of them ---- */

static int moving_tell(struct moving *m, const struct error *why)
{
    struct reschedule *r = m->r;
    const struct reschedule_move move = { .referral = m->row,
                                          .due_from_ms = m->due_ms,
                                          .due_to_ms = m->to_ms,
                                          .due_moves = m->due_ms != m->to_ms,
                                          .error = why ? why->message : NULL };
    r->failed += why ? 1 : 0;
    r->moved += !why && move.due_moves;
    r->steps += !why && !move.due_moves;
    return r->each ? r->each(r->context, &move) : 0;
}

static int reschedule_one(struct domain *d, struct reschedule *r, int64_t id, bool write,
                          struct error *e)
{
    struct moving m = { .d = d, .r = r };
    struct error why = { 0 };
    r->looked++;
    int rc = moving_plan(&m, id, &why);
    if (rc < 0 && !m.row) {
        if (e)
            *e = why;
        return rc;
    }
    if (rc < 0)
        return moving_tell(&m, &why);
    if (m.c.count == 0)
        return 0;
    rc = moving_tell(&m, NULL);
    return rc == 0 && write ? moving_write(&m, e) : rc;
}

struct reschedule_ids {
    int64_t *at;
    size_t count;
};

static int reschedule_collect(void *context, const struct row *row)
{
    struct reschedule_ids *ids = context;
    ids->at[ids->count++] = row->id;
    return 0;
}

static int reschedule_some(struct domain *d, struct reschedule *r, size_t limit, bool write,
                           struct error *e)
{
    const struct store_filter filters[] = {
        { REFERRAL_CLOSED_AT_MS, FILTER_NULL, value_null(), NULL },
        { REFERRAL_DUE_AT_MS, FILTER_NOT_NULL, value_null(), NULL },
    };
    limit = limit > LIMIT_LIST_ROWS ? LIMIT_LIST_ROWS : limit;
    const struct store_query q = { .entity = ENTITY_REFERRAL,
                                   .filters = filters,
                                   .filter_count = 2,
                                   .after_id = r->after_id,
                                   .limit = limit };
    struct reschedule_ids ids = { mem_alloc(limit * sizeof *ids.at), 0 };
    int rc = store_list(d->store, &q, reschedule_collect, &ids, e);
    for (size_t i = 0; rc == 0 && i < ids.count; i++) {
        r->after_id = ids.at[i];
        rc = reschedule_one(d, r, ids.at[i], write, e);
    }
    if (rc == 0)
        r->done = ids.count < limit;
    mem_free(ids.at);
    return rc;
}

int domain_reschedule_preview(struct domain *d, struct reschedule *r, size_t limit, struct error *e)
{
    return reschedule_some(d, r, limit, false, e);
}

int domain_reschedule(struct domain *d, struct reschedule *r, size_t limit, struct error *e)
{
    int rc = domain__writable(d, e);
    return rc < 0 ? rc : reschedule_some(d, r, limit, true, e);
}
