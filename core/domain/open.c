/* Referrals: opening one, changing it in place, giving it to somebody. */
#include <string.h>

#include "baton/base/error.h"
#include "domain/approval_internal.h"
#include "domain/domain_internal.h"
#include "domain/version_internal.h"
#include "domain/words_internal.h"

int referral__refuse(int64_t id, struct error *e, enum error_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = error_setv(e, code, format, args);
    va_end(args);
    error_prefix(e, "R-%lld", (long long)id);
    return rc;
}

int referral__check_version(const struct row *referral, int64_t based_on, struct error *e)
{
    if (based_on == 0 || based_on == referral->version)
        return 0;
    return error_set(
        e, ERROR_CONFLICT,
        "R-%lld has version %lld, this was based on %lld: somebody changed it meanwhile",
        (long long)referral->id, (long long)referral->version, (long long)based_on);
}

static int referral_unknown_stage(const struct row *referral, const struct graph *graph,
                                  struct error *e)
{
    struct words known = WORDS_INIT;
    struct buf list = BUF_INIT;
    for (size_t i = 0; i < graph_stage_count(graph); i++)
        words__add(&known, graph_stage(graph, (int)i)->name);
    words__join(&known, &list);
    int rc = referral__refuse(
        referral->id, e, ERROR_INVALID,
        "it is in stage \"%s\", which version %d of workflow \"%s\" does not have; "
        "stages: %s",
        row_text(referral, REFERRAL_STAGE), graph_version(graph), graph_name(graph),
        buf_text(&list));
    buf_free(&list);
    words__free(&known);
    return rc;
}

int referral__place(const struct domain *d, const struct row *referral, const struct graph **graph,
                    int *stage, struct error *e)
{
    const char *name = row_text(referral, REFERRAL_WORKFLOW);
    const struct graph *g = domain_graph(d, name);
    if (!g)
        return referral__refuse(referral->id, e, ERROR_NOT_FOUND,
                                "its workflow \"%s\" is not loaded: is its plugin off?", name);
    g = version__graph(d, g, row_int(referral, REFERRAL_WORKFLOW_VERSION));
    int index = graph_find_stage(g, row_text(referral, REFERRAL_STAGE));
    if (index < 0)
        return referral_unknown_stage(referral, g, e);
    *graph = g;
    *stage = index;
    return 0;
}

/* Of a referral that is pinned to another version: the locked ones of the loaded graph. */
static size_t possible_pinned(const struct graph *g, const struct row *referral, int *out,
                              size_t room)
{
    int stage = graph_find_stage(g, row_text(referral, REFERRAL_STAGE));
    bool gone = stage < 0 || graph_stage(g, stage)->final;
    size_t count = 0;
    for (size_t i = 0; i < graph_transition_count(g) && count < room; i++) {
        const struct transition *t = graph_transition(g, (int)i);
        bool leaves = gone && t->from_count > 0;
        for (size_t j = 0; j < t->from_count && !leaves; j++)
            leaves = t->from[j] == stage;
        if (t->locked && leaves)
            out[count++] = (int)i;
    }
    return row_is_null(referral, REFERRAL_CLOSED_AT_MS) ? count : 0;
}

size_t domain_possible(const struct domain *d, const struct row *referral, int *out, size_t room)
{
    const struct graph *g = domain_graph(d, row_text(referral, REFERRAL_WORKFLOW));
    int stage = -1;
    if (g && row_int(referral, REFERRAL_WORKFLOW_VERSION) != graph_version(g))
        return possible_pinned(g, referral, out, room);
    if (referral__place(d, referral, &g, &stage, NULL) < 0)
        return 0;
    size_t count = 0;
    for (size_t i = 0; i < graph_transition_count(g) && count < room; i++) {
        const struct transition *t = graph_transition(g, (int)i);
        for (size_t j = 0; j < t->from_count; j++)
            if (t->from[j] == stage) {
                out[count++] = (int)i;
                break;
            }
    }
    return count;
}

/* A new owner is active and fits the stage. */
static int open_check_owner(struct domain *d, struct columns *c, const struct stage *stage,
                            struct error *e)
{
    const struct value *owner = columns__get(c, REFERRAL_OWNER);
    if (!owner || owner->type != VALUE_INT)
        return 0;
    return columns__check_staff(d, owner->i, stage ? stage->owner_roles : NULL, "owner_id", e);
}

static int open_check_parent(struct domain *d, int64_t parent_id, struct error *e)
{
    const struct row *parent;
    int rc = store_get(d->store, ENTITY_REFERRAL, parent_id, &parent, e);
    if (rc < 0)
        return rc;
    if (row_is_null(parent, REFERRAL_CLOSED_AT_MS))
        return 0;
    return referral__refuse(parent_id, e, ERROR_DENIED,
                            "it is closed (%s): nothing can be opened under it",
                            row_text(parent, REFERRAL_OUTCOME));
}

/* The engine's columns of a new referral. */
static int open_fill(struct domain *d, const struct referral_open *open, const struct graph *g,
                     struct columns *c, struct error *e)
{
    const struct stage *stage = graph_stage(g, graph_initial(g));
    const struct deadline dl = { .stage = stage,
                                 .fields = open->fields,
                                 .fields_len = open->fields_len,
                                 .entered_ms = c->now_ms,
                                 .now_ms = c->now_ms };
    columns__put(c, REFERRAL_WORKFLOW, value_text(graph_name(g)));
    columns__put(c, REFERRAL_WORKFLOW_VERSION, value_int(graph_version(g)));
    columns__put(c, REFERRAL_STAGE, value_text(stage->name));
    columns__put(c, REFERRAL_STAGE_AT_MS, value_int(c->now_ms));
    if (open->parent_id != 0)
        columns__put(c, REFERRAL_PARENT, value_int(open->parent_id));
    int rc = open_check_owner(d, c, stage, e);
    return rc < 0 ? rc : deadline__set(d, &dl, c, e);
}

int domain_open(struct domain *d, const struct actor *actor, const struct referral_open *open,
                const struct row **out, struct error *e)
{
    const struct graph *g;
    struct columns c = { .entity = ENTITY_REFERRAL, .now_ms = domain_now(d) };
    int rc = domain__writable(d, e);
    if (rc == 0)
        rc = domain_find_graph(d, open->workflow, &g, e);
    if (rc == 0)
        rc = domain__serves(d, g, e);
    if (rc == 0 && open->parent_id != 0)
        rc = open_check_parent(d, open->parent_id, e);
    if (rc == 0)
        rc = columns__take(&c, open->set, open->set_count, e);
    if (rc == 0)
        rc = columns__check(d, actor, &c, NULL, e);
    if (rc == 0 && open->fields)
        rc = domain_check_fields(d, ENTITY_REFERRAL, g, open->fields, open->fields_len, e);
    if (rc == 0)
        rc = cooling__check_columns(d, g, &c, NULL, e);
    if (rc == 0)
        rc = open_fill(d, open, g, &c, e);
    if (rc < 0)
        return rc;
    struct store_change change = { .entity = ENTITY_REFERRAL,
                                   .kind = "referral.opened",
                                   .actor = actor->name,
                                   .at_ms = c.now_ms,
                                   .set = c.set,
                                   .set_count = c.count,
                                   .fields = open->fields,
                                   .fields_len = open->fields_len };
    const struct row *row;
    struct error own;
    e = e ? e : &own;
    rc = domain__change(d, &change, NULL, 0, &row, e);
    if (rc == 0 && (rc = vote__tasks(d, actor, &row, true, e)) < 0)
        domain__spoil(d, e);
    if (rc == 0 && out)
        *out = row;
    return rc;
}

/* One that is pinned may be mended for the loaded version, or go on as its own says. */
static int set_check_fields(struct domain *d, const struct record *r, const struct row *before,
                            const struct graph *runs, struct error *e)
{
    const struct graph *loaded = domain_graph(d, row_text(before, REFERRAL_WORKFLOW));
    if (runs != loaded &&
        domain_check_fields(d, ENTITY_REFERRAL, runs, r->fields, r->fields_len, NULL) == 0)
        return 0;
    return domain_check_fields(d, ENTITY_REFERRAL, loaded, r->fields, r->fields_len, e);
}

/* Changing in place. Columns can be mended while the plugin is off; fields need its workflow. */
static int set_check(struct domain *d, const struct record *r, const struct row *before,
                     struct columns *c, bool *moved, struct error *e)
{
    const struct graph *g = NULL;
    int stage = -1;
    int rc = referral__place(d, before, &g, &stage, r->fields ? e : NULL);
    *moved = false;
    if (rc < 0 && r->fields)
        return rc;
    const struct stage *s = rc == 0 ? graph_stage(g, stage) : NULL;
    rc = open_check_owner(d, c, s, e);
    const struct graph *loaded = domain_graph(d, row_text(before, REFERRAL_WORKFLOW));
    if (rc == 0 && loaded)
        rc = cooling__check_columns(d, loaded, c, before, e);
    if (rc < 0 || !r->fields)
        return rc;
    rc = set_check_fields(d, r, before, g, e);
    if (rc < 0)
        return rc;
    const struct deadline dl = { .stage = s,
                                 .row = before,
                                 .fields = r->fields,
                                 .fields_len = r->fields_len,
                                 .entered_ms = row_int(before, REFERRAL_STAGE_AT_MS),
                                 .now_ms = c->now_ms };
    return deadline__follow(d, &dl, c, moved, e);
}

static int set_write(struct domain *d, const struct actor *actor, const struct record *r,
                     const char *kind, struct columns *c, bool cancel_tasks, const struct row **out,
                     struct error *e)
{
    struct store_change change = { .entity = ENTITY_REFERRAL,
                                   .id = r->id,
                                   .based_on = r->based_on,
                                   .kind = kind,
                                   .actor = actor->name,
                                   .at_ms = c->now_ms,
                                   .set = c->set,
                                   .set_count = c->count,
                                   .fields = r->fields,
                                   .fields_len = r->fields_len };
    const struct row *row;
    int rc = domain__store(d, &change, NULL, 0, &row, e);
    if (rc < 0)
        return rc;
    if (cancel_tasks)
        rc = deadline__cancel_tasks(d, actor, r->id, INT64_MIN, e);
    if (rc == 0 && cancel_tasks && d->hooks.event)
        rc = store_get(d->store, ENTITY_REFERRAL, r->id, &row, e);
    if (rc == 0)
        rc = vote__tasks(d, actor, &row, false, e);
    return domain__tell(d, rc, kind, row, NULL, 0, out, e);
}

int domain_set(struct domain *d, const struct actor *actor, const struct record *r,
               const struct row **out, struct error *e)
{
    struct columns c = { .entity = ENTITY_REFERRAL, .now_ms = domain_now(d) };
    const struct row *before;
    bool moved = false;
    if (r->entity != ENTITY_REFERRAL)
        return domain_write(d, actor, r, out, e);
    int rc = domain__writable(d, e);
    if (rc == 0)
        rc = store_get(d->store, ENTITY_REFERRAL, r->id, &before, e);
    if (rc == 0)
        rc = referral__check_version(before, r->based_on, e);
    if (rc == 0)
        rc = columns__take(&c, r->set, r->set_count, e);
    if (rc == 0)
        rc = columns__check(d, actor, &c, before, e);
    if (rc == 0)
        rc = set_check(d, r, before, &c, &moved, e);
    if (rc < 0)
        return rc;
    /* Tasks of a deadline that has moved are about the old one. */
    bool cancel = moved && deadline__has_fired(before);
    return set_write(d, actor, r, "referral.changed", &c, cancel, out, e);
}

int domain_assign(struct domain *d, const struct actor *actor, int64_t referral_id,
                  int64_t staff_id, const struct row **out, struct error *e)
{
    struct columns c = { .entity = ENTITY_REFERRAL, .now_ms = domain_now(d) };
    const struct row *before;
    const struct graph *g = NULL;
    int stage = 0;
    int rc = domain__writable(d, e);
    if (rc == 0)
        rc = store_get(d->store, ENTITY_REFERRAL, referral_id, &before, e);
    if (rc == 0 && !row_is_null(before, REFERRAL_CLOSED_AT_MS))
        rc = referral__refuse(referral_id, e, ERROR_DENIED, "it is closed (%s)",
                              row_text(before, REFERRAL_OUTCOME));
    if (rc == 0)
        rc = referral__place(d, before, &g, &stage, e);
    if (rc < 0)
        return rc;
    columns__put(&c, REFERRAL_OWNER, staff_id > 0 ? value_int(staff_id) : value_null());
    rc = open_check_owner(d, &c, graph_stage(g, stage), e);
    if (rc < 0) {
        error_prefix(e, "R-%lld", (long long)referral_id);
        return rc;
    }
    const struct record r = { .entity = ENTITY_REFERRAL, .id = referral_id };
    return set_write(d, actor, &r, "referral.assigned", &c, false, out, e);
}
