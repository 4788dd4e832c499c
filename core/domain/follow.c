/* What follows from a move besides its effect: another route that a reason asks
 * for, the children (children.c), and the word to the parent that a child has
 * ended. */
#include <stdio.h>
#include <string.h>

#include "baton/base/error.h"
#include "baton/base/json.h"
#include "domain/approval_internal.h"
#include "domain/trace_internal.h"

const struct reason *follow__reason(const struct move *m)
{
    for (size_t i = 0; m->a->reason && i < m->t->reason_count; i++)
        if (!strcmp(m->t->reasons[i].code, m->a->reason))
            return &m->t->reasons[i];
    return NULL;
}

bool follow__is_refusal(int rc)
{
    return rc == -ERROR_DENIED || rc == -ERROR_INVALID || rc == -ERROR_NOT_FOUND ||
           rc == -ERROR_CONFLICT || rc == -ERROR_SCRIPT;
}

bool follow__ends(const struct move *m)
{
    return m->t->to >= 0 && graph_stage(m->graph, m->t->to)->final;
}

int follow__task(struct domain *d, const struct actor *actor, const struct row *referral,
                 const struct stage *stage, const char *kind, const char *title, struct error *e)
{
    const struct row *owner;
    char about[32];
    int64_t owner_id = row_int(referral, REFERRAL_OWNER);
    const char *role = stage && stage->owner_roles ? stage->owner_roles[0] : "lead";
    struct store_set to = { TASK_ROLE, value_text(role) };
    if (owner_id > 0 && store_get(d->store, ENTITY_STAFF, owner_id, &owner, NULL) == 0 &&
        strcmp(row_text(owner, STAFF_STATUS), "inactive") != 0)
        to = (struct store_set){ TASK_ASSIGNEE, value_int(owner_id) };
    row_id_format(ENTITY_REFERRAL, referral->id, about);
    const struct store_set set[] = { { TASK_TITLE, value_text(title) },
                                     { TASK_ABOUT, value_text(about) },
                                     { TASK_KIND, value_text(kind) },
                                     to,
                                     { TASK_STATUS, value_text("open") } };
    struct store_change change = { .entity = ENTITY_TASK,
                                   .kind = "task.created",
                                   .actor = actor->name,
                                   .at_ms = domain_now(d),
                                   .set = set,
                                   .set_count = sizeof set / sizeof *set };
    return domain__change(d, &change, NULL, 0, NULL, e);
}

/* An event about a referral that changes nothing of it, and its handlers. `detail` is an object. */
static int follow_tell(struct domain *d, const struct actor *actor, const char *kind, int64_t id,
                       const struct buf *detail, struct error *e)
{
    const struct row *row;
    const struct store_change record = { .entity = ENTITY_REFERRAL,
                                         .id = id,
                                         .kind = kind,
                                         .actor = actor->name,
                                         .at_ms = domain_now(d),
                                         .detail = detail->data + 1,
                                         .detail_len = detail->len - 2 };
    struct trace_event outer = trace__save(d);
    int rc = domain__record(d, &record, e);
    if (rc == 0)
        rc = store_get(d->store, ENTITY_REFERRAL, id, &row, e);
    if (rc == 0)
        rc = domain__raise(d, kind, row, detail->data, detail->len, e);
    trace__restore(d, outer);
    return rc;
}

/* ---- another route ---- */

static void reroute_detail(const struct move *m, struct buf *out)
{
    struct jsonw w;
    jsonw_start(&w, out);
    jsonw_open_object(&w);
    jsonw_key(&w, "transition");
    jsonw_text(&w, m->t->name);
    jsonw_key(&w, "from");
    jsonw_text(&w, m->from);
    jsonw_key(&w, "reason");
    jsonw_text(&w, m->a->reason);
    jsonw_close(&w);
}

static int follow_reroute(const struct move *m, struct error *e)
{
    const struct reason *r = follow__reason(m);
    const struct row *row;
    struct buf detail = BUF_INIT, title = BUF_INIT;
    if (!r || !r->reroute)
        return 0;
    int64_t id = m->a->referral_id;
    int stage = graph_find_stage(m->graph, m->from);
    buf_printf(&title, "R-%lld needs another route: \"%s\" for reason \"%s\" (%s)", (long long)id,
               m->t->title, r->code, r->title);
    int rc = store_get(m->d->store, ENTITY_REFERRAL, id, &row, e);
    if (rc == 0)
        rc = follow__task(m->d, m->actor, row, graph_stage(m->graph, stage), "reroute",
                          buf_text(&title), e);
    reroute_detail(m, &detail);
    if (rc == 0)
        rc = follow_tell(m->d, m->actor, "referral.reroute", id, &detail, e);
    buf_free(&title);
    buf_free(&detail);
    return rc;
}

/* ---- the parent ---- */

static void parent_detail(const struct row *child, const char *workflow, struct buf *out)
{
    struct jsonw w;
    char id[32];
    row_id_format(ENTITY_REFERRAL, child->id, id);
    jsonw_start(&w, out);
    jsonw_open_object(&w);
    jsonw_key(&w, "child");
    jsonw_text(&w, id);
    jsonw_key(&w, "workflow");
    jsonw_text(&w, workflow);
    jsonw_key(&w, "stage");
    jsonw_text(&w, row_text(child, REFERRAL_STAGE));
    jsonw_key(&w, "outcome");
    jsonw_text(&w, row_text(child, REFERRAL_OUTCOME));
    jsonw_close(&w);
}

/* Only an open one hears of it: what is closed has nothing more to decide. */
static int follow_parent(const struct move *m, struct error *e)
{
    const struct row *child, *parent;
    struct buf detail = BUF_INIT;
    int rc = store_get(m->d->store, ENTITY_REFERRAL, m->a->referral_id, &child, e);
    if (rc < 0 || row_is_null(child, REFERRAL_PARENT))
        return rc;
    int64_t id = row_int(child, REFERRAL_PARENT);
    parent_detail(child, graph_name(m->graph), &detail);
    rc = store_get(m->d->store, ENTITY_REFERRAL, id, &parent, e);
    if (rc == 0 && row_is_null(parent, REFERRAL_CLOSED_AT_MS))
        rc = follow_tell(m->d, m->actor, "referral.child_closed", id, &detail, e);
    buf_free(&detail);
    return rc;
}

bool follow__has(const struct move *m)
{
    return follow__ends(m) || m->t->reason_count > 0;
}

int follow__move(const struct move *m, struct error *e)
{
    int rc = follow_reroute(m, e);
    if (rc == 0 && follow__ends(m))
        rc = children__close(m, e);
    if (rc == 0 && follow__ends(m))
        rc = follow_parent(m, e);
    return rc;
}
