/* Moving a referral: check, one event, then effect and handlers.
 *
 * This is the hot path: without fields it allocates nothing, and the event's
 * payload is built in a buffer that the domain keeps, one for each depth of
 * handlers, because an effect may move another referral in between. */
#include <string.h>

#include "baton/base/error.h"
#include "baton/base/json.h"
#include "domain/domain_internal.h"

static void advance_detail(const struct move *m, struct buf *out)
{
    const char *from = graph_stage(m->graph, m->stage)->name;
    struct jsonw w;
    buf_clear(out);
    jsonw_start(&w, out);
    jsonw_open_object(&w);
    jsonw_key(&w, "transition");
    jsonw_text(&w, m->t->name);
    jsonw_key(&w, "from");
    jsonw_text(&w, from);
    jsonw_key(&w, "to");
    jsonw_text(&w, m->t->to >= 0 ? graph_stage(m->graph, m->t->to)->name : from);
    if (m->a->reason) {
        jsonw_key(&w, "reason");
        jsonw_text(&w, m->a->reason);
    }
    if (m->a->note) {
        jsonw_key(&w, "note");
        jsonw_text(&w, m->a->note);
    }
    jsonw_close(&w);
}

/* Columns of a move into another stage. */
static int advance_enter(const struct move *m, struct columns *c, struct error *e)
{
    const struct stage *to = graph_stage(m->graph, m->t->to);
    const struct deadline dl = { .stage = to,
                                 .row = m->row,
                                 .fields = m->a->fields,
                                 .fields_len = m->a->fields_len,
                                 .entered_ms = m->now_ms,
                                 .now_ms = m->now_ms };
    columns__put(c, REFERRAL_STAGE, value_text(to->name));
    columns__put(c, REFERRAL_STAGE_AT_MS, value_int(m->now_ms));
    if (to->final) {
        columns__put(c, REFERRAL_OUTCOME, value_text(m->a->outcome ? m->a->outcome : to->outcome));
        columns__put(c, REFERRAL_CLOSED_AT_MS, value_int(m->now_ms));
    }
    return deadline__set(m->d, &dl, c, e);
}

/* The engine's columns; *settled: the deadline of before is gone or another. */
static int advance_columns(const struct move *m, struct columns *c, bool *settled, struct error *e)
{
    int rc;
    if (row_int(m->row, REFERRAL_WORKFLOW_VERSION) != graph_version(m->graph))
        columns__put(c, REFERRAL_WORKFLOW_VERSION, value_int(graph_version(m->graph)));
    if (m->t->to >= 0) {
        *settled = true;
        rc = advance_enter(m, c, e);
    } else {
        const struct deadline dl = { .stage = graph_stage(m->graph, m->stage),
                                     .row = m->row,
                                     .fields = m->a->fields,
                                     .fields_len = m->a->fields_len,
                                     .entered_ms = row_int(m->row, REFERRAL_STAGE_AT_MS),
                                     .now_ms = m->now_ms };
        rc = deadline__follow(m->d, &dl, c, settled, e);
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

/* What follows the event in the same command: tasks of the old deadline, then the effect. */
static int advance_follow(struct move *m, bool cancel_tasks, struct error *e)
{
    int64_t id = m->row->id;
    int rc = 0;
    if (cancel_tasks) {
        rc = deadline__cancel_tasks(m->d, m->actor, id, e);
        if (rc == 0)
            rc = store_get(m->d->store, ENTITY_REFERRAL, id, &m->row, e);
    }
    if (rc == 0 && m->t->effect >= 0) {
        rc = advance_effect(m, e);
        if (rc == 0)
            rc = store_get(m->d->store, ENTITY_REFERRAL, id, &m->row, e);
    }
    return rc;
}

static int advance_write(struct move *m, const struct row **out, struct error *e)
{
    struct domain *d = m->d;
    struct columns c = { .entity = ENTITY_REFERRAL };
    struct buf *detail = &d->detail[d->depth];
    bool settled = false;
    int rc = advance_columns(m, &c, &settled, e);
    if (rc < 0)
        return rc;
    bool cancel_tasks = settled && deadline__has_fired(m->row);
    advance_detail(m, detail);
    struct store_change change = { .entity = ENTITY_REFERRAL,
                                   .id = m->row->id,
                                   .kind = "referral.advanced",
                                   .actor = m->actor->name,
                                   .at_ms = m->now_ms,
                                   .set = c.set,
                                   .set_count = c.count,
                                   .fields = m->a->fields,
                                   .fields_len = m->a->fields_len };
    rc = domain__store(d, &change, detail->data, detail->len, &m->row, e);
    if (rc < 0)
        return rc;
    rc = advance_follow(m, cancel_tasks, e);
    return domain__tell(d, rc, "referral.advanced", m->row, detail->data, detail->len, out, e);
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
        rc = advance_write(&m, out, e);
    return rc;
}

int domain_may_advance(struct domain *d, const struct actor *actor, const struct advance *a,
                       struct error *e)
{
    struct move m = { .d = d, .actor = actor, .a = a, .now_ms = domain_now(d) };
    int rc = store_get(d->store, ENTITY_REFERRAL, a->referral_id, &m.row, e);
    if (rc == 0)
        rc = advance__check(&m, e);
    return rc;
}
