/* Moving a referral: check, one event, then effect and handlers.
 *
 * This is the hot path: without fields it allocates nothing, and the event's
 * payload is built in a buffer that the domain keeps, one for each depth of
 * handlers, because an effect may move another referral in between. */
#include <string.h>

#include "baton/base/error.h"
#include "baton/base/json.h"
#include "domain/approval_internal.h"
#include "domain/domain_internal.h"
#include "domain/locked_internal.h"
#include "domain/pause_internal.h"
#include "domain/trace_internal.h"

static void advance_detail(const struct move *m, struct buf *out)
{
    struct jsonw w;
    buf_clear(out);
    jsonw_start(&w, out);
    jsonw_open_object(&w);
    jsonw_key(&w, "transition");
    jsonw_text(&w, m->t->name);
    jsonw_key(&w, "from");
    jsonw_text(&w, m->from);
    jsonw_key(&w, "to");
    jsonw_text(&w, m->t->to >= 0 ? graph_stage(m->graph, m->t->to)->name : m->from);
    if (m->a->reason) {
        jsonw_key(&w, "reason");
        jsonw_text(&w, m->a->reason);
    }
    if (m->a->note) {
        jsonw_key(&w, "note");
        jsonw_text(&w, m->a->note);
    }
    if (m->cools) {
        jsonw_key(&w, "cooling_off_until_ms");
        jsonw_int(&w, m->cooling_until_ms);
    }
    jsonw_close(&w);
}

/* What a move writes, and which tasks of the clock go with it: those made after it, INT64_MAX:
 * none.
 */
struct advancing {
    struct columns c;
    struct buf fields; /* the engine's own, as a patch; mostly empty */
    int64_t cancel_after_ms;
};

/* Columns of a move into another stage. */
static int advance_enter(const struct move *m, struct advancing *w, struct error *e)
{
    const struct stage *to = graph_stage(m->graph, m->t->to);
    const struct deadline dl = { .stage = to,
                                 .row = m->row,
                                 .fields = m->a->fields,
                                 .fields_len = m->a->fields_len,
                                 .entered_ms = m->now_ms,
                                 .now_ms = m->now_ms };
    struct columns *c = &w->c;
    columns__put(c, REFERRAL_STAGE, value_text(to->name));
    columns__put(c, REFERRAL_STAGE_AT_MS, value_int(m->now_ms));
    if (to->final) {
        columns__put(c, REFERRAL_OUTCOME, value_text(m->a->outcome ? m->a->outcome : to->outcome));
        columns__put(c, REFERRAL_CLOSED_AT_MS, value_int(m->now_ms));
    }
    int rc = pause__enter(m, &dl, c, &w->fields, &w->cancel_after_ms, e);
    if (rc == 0 || m->d->silent == 0 || !locked__may_go_on(rc))
        return rc;
    columns__put(c, REFERRAL_DUE_AT_MS, value_null()); /* locked: rather without a deadline */
    columns__put(c, REFERRAL_WAKE_AT_MS, value_null());
    columns__put(c, REFERRAL_WAKE_STEP, value_null());
    return 0;
}

/* The engine's columns. */
static int advance_columns(const struct move *m, struct advancing *w, struct error *e)
{
    /* Only a locked transition moves a referral of another version: into the loaded one. */
    bool pinned = row_int(m->row, REFERRAL_WORKFLOW_VERSION) != graph_version(m->graph);
    int rc = 0;
    bool moved = false;
    if (m->t->to >= 0) {
        if (pinned)
            columns__put(&w->c, REFERRAL_WORKFLOW_VERSION, value_int(graph_version(m->graph)));
        rc = advance_enter(m, w, e);
    } else if (!pinned) {
        const struct deadline dl = { .stage = graph_stage(m->graph, m->stage),
                                     .row = m->row,
                                     .fields = m->a->fields,
                                     .fields_len = m->a->fields_len,
                                     .entered_ms = row_int(m->row, REFERRAL_STAGE_AT_MS),
                                     .now_ms = m->now_ms };
        rc = deadline__follow(m->d, &dl, &w->c, &moved, e);
        if (moved && deadline__has_fired(m->row))
            w->cancel_after_ms = INT64_MIN;
    }
    if (rc < 0)
        error_prefix(e, "R-%lld", (long long)m->row->id);
    return rc;
}

static int advance_effect(struct move *m, struct error *e)
{
    struct domain *d = m->d;
    struct domain_call call;
    if (!d->hooks.effect)
        return referral__refuse(m->row->id, e, ERROR_DENIED,
                                "the effect of \"%s\" cannot be run: no plugin is loaded",
                                m->t->name);
    int rc = domain__enter(d, "an effect", e);
    if (rc < 0)
        return rc;
    int64_t id = m->row->id; /* the effect may change the row */
    advance__call(m, &call);
    rc = domain__leave(d, d->hooks.effect(d->hooks.context, &call, e), e);
    if (rc < 0) {
        error_prefix(e, "R-%lld: the effect of \"%s\" failed", (long long)id, m->t->name);
        if (m->t->where)
            error_at(e, "%s", m->t->where);
    }
    return rc;
}

/* What follows the event in the same command: tasks of the old deadline, the effect, tasks for
 * those whose vote is wanted now. */
static int advance_follow(struct move *m, int64_t cancel_after_ms, struct error *e)
{
    int64_t id = m->row->id;
    int rc = 0;
    if (cancel_after_ms != INT64_MAX) {
        rc = deadline__cancel_tasks(m->d, m->actor, id, cancel_after_ms, e);
        if (rc == 0)
            rc = store_get(m->d->store, ENTITY_REFERRAL, id, &m->row, e);
    }
    if (rc == 0 && m->t->effect >= 0 && m->d->silent == 0) {
        rc = advance_effect(m, e);
        if (rc == 0)
            rc = store_get(m->d->store, ENTITY_REFERRAL, id, &m->row, e);
    }
    if (rc == 0 && follow__has(m)) {
        rc = follow__move(m, e);
        if (rc == 0)
            rc = store_get(m->d->store, ENTITY_REFERRAL, id, &m->row, e);
    }
    return rc == 0 ? vote__tasks(m->d, m->actor, &m->row, m->t->to >= 0, e) : rc;
}

/* The event, and all that follows it. */
static int advance_store(struct move *m, struct advancing *w, const struct row **out,
                         struct error *e)
{
    struct domain *d = m->d;
    struct buf *detail = &d->detail[d->depth];
    struct store_change change = { .entity = ENTITY_REFERRAL,
                                   .id = m->row->id,
                                   .kind = "referral.advanced",
                                   .actor = m->actor->name,
                                   .at_ms = m->now_ms,
                                   .set = w->c.set,
                                   .set_count = w->c.count,
                                   .fields = m->a->fields,
                                   .fields_len = m->a->fields_len };
    pause__patch(&w->fields, &change);
    advance_detail(m, detail);
    struct trace_event outer = trace__save(d);
    int rc = domain__store(d, &change, detail->data, detail->len, &m->row, e);
    if (rc < 0)
        return rc;
    rc = advance_follow(m, w->cancel_after_ms, e);
    rc = domain__tell(d, rc, "referral.advanced", m->row, detail->data, detail->len, out, e);
    trace__restore(d, outer);
    return rc;
}

static int advance_write(struct move *m, const struct row **out, struct error *e)
{
    struct advancing w = { .c = { .entity = ENTITY_REFERRAL }, .cancel_after_ms = INT64_MAX };
    int rc = advance_columns(m, &w, e);
    if (rc == 0)
        rc = cooling__until(m, &m->cools, &m->cooling_until_ms, e);
    if (rc == 0)
        rc = advance_store(m, &w, out, e);
    buf_free(&w.fields);
    return rc;
}

int domain_advance(struct domain *d, const struct actor *actor, const struct advance *a,
                   const struct row **out, struct error *e)
{
    struct move m = { .d = d, .actor = actor, .a = a, .now_ms = domain_now(d) };
    int rc = domain__writable(d, e);
    if (rc == 0)
        rc = store_get(d->store, ENTITY_REFERRAL, a->referral_id, &m.row, e);
    if (rc == 0)
        rc = advance__check(&m, e);
    if (rc == 0)
        rc = m.t->locked ? locked__take(&m, advance_write, out, e) : advance_write(&m, out, e);
    advance__end(&m);
    return rc;
}

int domain_may_advance(struct domain *d, const struct actor *actor, const struct advance *a,
                       struct error *e)
{
    struct move m = { .d = d, .actor = actor, .a = a, .now_ms = domain_now(d) };
    int rc = store_get(d->store, ENTITY_REFERRAL, a->referral_id, &m.row, e);
    if (rc == 0)
        rc = advance__check(&m, e);
    advance__end(&m);
    return rc;
}
