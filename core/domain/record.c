/* Writing a record: people, partners, staff, tasks, timers, messages, ...
 * Referrals are opened by domain_open and changed by domain_set (open.c). */
#include <stdio.h>
#include <string.h>

#include "baton/base/error.h"
#include "baton/base/json.h"
#include "domain/approval_internal.h"
#include "domain/domain_internal.h"

static int record_refuse_referral(struct domain *d, const struct actor *actor,
                                  const struct record *r, const struct row **out, struct error *e)
{
    if (r->id > 0)
        return domain_set(d, actor, r, out, e);
    return error_set(e, ERROR_INVALID,
                     "a referral is opened in a workflow, not written as a record");
}

/* ---- tasks end ---- */

static const char *task_end_kind(const char *status)
{
    return !strcmp(status, "done")        ? "task.done"
           : !strcmp(status, "cancelled") ? "task.cancelled"
                                          : NULL;
}

/* {"outcome":"spoke to the parents"}: for handlers; the row has it too. What the engine ends by
 * itself says so, for a replay: the actor is the one whose command it followed from. */
static void task_end_detail(const char *outcome, bool engine, struct buf *out)
{
    struct jsonw w;
    bool has = outcome && *outcome;
    if (!has && !engine)
        return;
    jsonw_start(&w, out);
    jsonw_open_object(&w);
    if (has) {
        jsonw_key(&w, "outcome");
        jsonw_text(&w, outcome);
    }
    if (engine) {
        jsonw_key(&w, "engine");
        jsonw_bool(&w, true);
    }
    jsonw_close(&w);
}

int task__end(struct domain *d, const struct actor *actor, int64_t task_id, const char *status,
              const char *outcome, struct error *e)
{
    struct columns c = { .entity = ENTITY_TASK };
    struct buf detail = BUF_INIT;
    columns__put(&c, TASK_STATUS, value_text(status));
    if (outcome)
        columns__put(&c, TASK_OUTCOME, value_text(outcome));
    if (!strcmp(status, "done"))
        columns__put(&c, TASK_DONE_AT_MS, value_int(domain_now(d)));
    struct store_change change = { .entity = ENTITY_TASK,
                                   .id = task_id,
                                   .kind = task_end_kind(status),
                                   .actor = actor->name,
                                   .at_ms = domain_now(d),
                                   .set = c.set,
                                   .set_count = c.count };
    task_end_detail(outcome, true, &detail);
    int rc = domain__change(d, &change, detail.data, detail.len, NULL, e);
    buf_free(&detail);
    return rc;
}

/* "task.done" where this write ends a task; NULL: it does not. */
static const char *record_ends_task(struct columns *c, const struct row *before)
{
    const struct value *status =
        c->entity == ENTITY_TASK && before ? columns__get(c, TASK_STATUS) : NULL;
    if (!status || status->type != VALUE_TEXT || !strcmp(status->s, row_text(before, TASK_STATUS)))
        return NULL;
    return task_end_kind(status->s);
}

static const char *record_outcome(struct columns *c, const struct row *before)
{
    const struct value *given = columns__get(c, TASK_OUTCOME);
    return given ? given->s : row_text(before, TASK_OUTCOME);
}

int domain_write(struct domain *d, const struct actor *actor, const struct record *r,
                 const struct row **out, struct error *e)
{
    if (r->entity <= ENTITY_NONE || r->entity >= ENTITY_END)
        return error_set(e, ERROR_INVALID, "there is no entity %d", (int)r->entity);
    if (r->entity == ENTITY_REFERRAL)
        return record_refuse_referral(d, actor, r, out, e);
    if (schema_of(r->entity)->appended)
        return error_set(e, ERROR_DENIED,
                         "%s are written once, by the verbs that make them, and never changed",
                         schema_of(r->entity)->plural);
    struct columns c = { .entity = r->entity, .now_ms = domain_now(d) };
    const struct row *before = NULL;
    int rc = domain__writable(d, e);
    if (rc == 0 && r->id != 0)
        rc = store_get(d->store, r->entity, r->id, &before, e);
    if (rc == 0)
        rc = columns__take(&c, r->set, r->set_count, e);
    if (rc == 0)
        rc = columns__check(d, actor, &c, before, e);
    if (rc == 0 && r->fields)
        rc = domain_check_fields(d, r->entity, NULL, r->fields, r->fields_len, e);
    if (rc == 0 && r->entity == ENTITY_STAFF)
        rc = delegate__check_staff(before, r, e);
    if (rc < 0)
        return rc;
    char kind[LIMIT_NAME_BYTES];
    struct buf detail = BUF_INIT;
    const char *ends = record_ends_task(&c, before);
    snprintf(kind, sizeof kind, "%s.%s", schema_of(r->entity)->name,
             before ? "changed" : "created");
    if (ends)
        task_end_detail(record_outcome(&c, before), false, &detail);
    struct store_change change = { .entity = r->entity,
                                   .id = r->id,
                                   .based_on = r->based_on,
                                   .kind = ends ? ends : kind,
                                   .actor = actor->name,
                                   .at_ms = c.now_ms,
                                   .set = c.set,
                                   .set_count = c.count,
                                   .fields = r->fields,
                                   .fields_len = r->fields_len };
    rc = domain__change(d, &change, detail.data, detail.len, out, e);
    buf_free(&detail);
    return rc;
}
