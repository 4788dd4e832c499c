/* Children of a referral that closes: the workflow's word on each kind of them.
 * One that must not be open refuses the closing beforehand; one that is closed
 * along with its parent is asked beforehand whether it can be. */
#include <stdio.h>
#include <string.h>

#include "baton/base/error.h"
#include "domain/approval_internal.h"
#include "domain/graph_internal.h"
#include "domain/locked_internal.h"

enum { CHILDREN_AT_ONCE = 64 }; /* collected at once: rows do not outlive a change */

struct children {
    int64_t id[CHILDREN_AT_ONCE];
    const struct child_rule *rule[CHILDREN_AT_ONCE];
    size_t count;
    int64_t last_id;
    const struct graph *graph;
};

static int children_collect(void *context, const struct row *row)
{
    struct children *c = context;
    const struct child_rule *rule = graph_child(c->graph, row_text(row, REFERRAL_WORKFLOW));
    c->last_id = row->id;
    if (!rule || rule->action == CHILD_KEEP)
        return 0;
    c->rule[c->count] = rule;
    c->id[c->count++] = row->id;
    return c->count == CHILDREN_AT_ONCE;
}

/* The next of the open children for which something is declared; c->count 0: no more. */
static int children_next(const struct move *m, struct children *c, struct error *e)
{
    const struct store_filter filters[] = {
        { REFERRAL_PARENT, FILTER_EQ, value_int(m->a->referral_id), NULL },
        { REFERRAL_CLOSED_AT_MS, FILTER_NULL, value_null(), NULL },
    };
    int64_t before;
    c->graph = m->graph;
    c->count = 0;
    do {
        const struct store_query q = { .entity = ENTITY_REFERRAL,
                                       .filters = filters,
                                       .filter_count = 2,
                                       .after_id = c->last_id,
                                       .limit = LIMIT_LIST_ROWS };
        before = c->last_id;
        int rc = store_list(m->d->store, &q, children_collect, c, e);
        if (rc < 0)
            return rc;
    } while (c->count == 0 && c->last_id != before);
    return 0;
}

static struct advance children_advance(int64_t id, const struct child_rule *rule)
{
    return (struct advance){ .referral_id = id,
                             .transition = rule->transition,
                             .reason = "parent_closed" };
}

/* Who closes the parent closes the child, by the workflow's word and not by a role of theirs. */
static struct actor children_actor(const struct move *m)
{
    return (struct actor){ m->actor->staff_id, m->actor->name, NULL };
}

static int children_may(const struct move *m, const struct children *c, size_t i, struct error *e)
{
    const struct actor actor = children_actor(m);
    const struct advance a = children_advance(c->id[i], c->rule[i]);
    int rc = domain__enter(m->d, "closing a child", e);
    if (rc < 0)
        return rc;
    rc = domain_may_advance(m->d, &actor, &a, e);
    m->d->depth--;
    if (rc < 0)
        error_prefix(e, "R-%lld: \"%s\" closes its child", (long long)m->a->referral_id,
                     m->t->name);
    return rc;
}

static int children_refuse(const struct move *m, const struct buf *open, size_t count,
                           struct error *e)
{
    return referral__refuse(m->a->referral_id, e, ERROR_DENIED,
                            "\"%s\" would close it while %s open: %s; close %s first", m->t->name,
                            count == 1 ? "a child is" : "children are", buf_text(open),
                            count == 1 ? "it" : "them");
}

static void children_name(const struct children *c, size_t i, size_t *named, const struct row *row,
                          struct buf *out)
{
    if (*named < LIMIT_REFUSED_SHOWN)
        buf_printf(out, "%sR-%lld (%s)", *named ? ", " : "", (long long)c->id[i],
                   row ? row_text(row, REFERRAL_WORKFLOW) : "");
    else if (*named == LIMIT_REFUSED_SHOWN)
        buf_puts(out, ", ...");
    ++*named;
}

int children__check(struct move *m, struct error *e)
{
    struct children c = { .last_id = 0 };
    struct buf open = BUF_INIT;
    size_t named = 0;
    int rc = 0;
    if (!graph_child_at(m->graph, 0) || m->t->locked || !follow__ends(m))
        return 0;
    do {
        rc = children_next(m, &c, e);
        for (size_t i = 0; rc == 0 && i < c.count; i++) {
            const struct row *row;
            if (c.rule[i]->action == CHILD_ADVANCE)
                rc = children_may(m, &c, i, e);
            else if ((rc = store_get(m->d->store, ENTITY_REFERRAL, c.id[i], &row, e)) == 0)
                children_name(&c, i, &named, row, &open);
        }
    } while (rc == 0 && c.count > 0);
    if (rc == 0 && named > 0)
        rc = children_refuse(m, &open, named, e);
    buf_free(&open);
    return rc;
}

/* A locked transition goes, whatever a child says; then somebody is told of the child. */
static int children_kept(const struct move *m, int64_t id, const struct error *why, struct error *e)
{
    const struct row *row;
    char title[ERROR_MESSAGE_BYTES + 120];
    int rc = store_get(m->d->store, ENTITY_REFERRAL, id, &row, e);
    if (rc < 0)
        return rc;
    snprintf(title, sizeof title,
             "R-%lld is still open, and R-%lld, from which it came, is closed%s%s", (long long)id,
             (long long)m->a->referral_id, why ? ": " : "", why ? why->message : "");
    return follow__task(m->d, m->actor, row, NULL, "child", title, e);
}

static int children_take(const struct move *m, const struct children *c, size_t i, struct error *e)
{
    const struct actor actor = children_actor(m);
    const struct advance a = children_advance(c->id[i], c->rule[i]);
    struct error why = { 0 };
    if (c->rule[i]->action == CHILD_REFUSE)
        return children_kept(m, c->id[i], NULL, e);
    int rc = domain__enter(m->d, "closing a child", &why);
    if (rc < 0 && m->t->locked)
        return children_kept(m, c->id[i], &why, e);
    if (rc < 0) {
        if (e)
            *e = why;
        return rc;
    }
    int may = m->t->locked ? domain_may_advance(m->d, &actor, &a, &why) : 0;
    if (may < 0)
        rc = locked__may_go_on(may) ? children_kept(m, c->id[i], &why, e) : may;
    else
        rc = domain_advance(m->d, &actor, &a, NULL, e);
    if (may < 0 && rc == may && e)
        *e = why;
    rc = domain__leave(m->d, rc, e);
    if (rc < 0)
        error_prefix(e, "R-%lld closes its child", (long long)m->a->referral_id);
    return rc;
}

int children__close(const struct move *m, struct error *e)
{
    struct children c = { .last_id = 0 };
    int rc;
    if (!graph_child_at(m->graph, 0))
        return 0;
    do {
        rc = children_next(m, &c, e);
        for (size_t i = 0; rc == 0 && i < c.count; i++) {
            const struct row *child; /* a handler may have closed it meanwhile */
            rc = store_get(m->d->store, ENTITY_REFERRAL, c.id[i], &child, e);
            if (rc == 0 && row_is_null(child, REFERRAL_CLOSED_AT_MS))
                rc = children_take(m, &c, i, e);
        }
    } while (rc == 0 && c.count > 0);
    return rc;
}

/* ---- declarations against what is loaded ---- */

static int children_unknown(const struct domain *d, const struct child_rule *r, struct error *e)
{
    const struct graph *ignored;
    int rc = domain_find_graph(d, r->workflow, &ignored, e);
    if (rc < 0)
        error_prefix(e, "children \"%s\"", r->workflow);
    return rc < 0 ? -ERROR_INVALID : 0;
}

/* The transition in one kind of child: it leaves every stage that is open, and asks for nothing. */
static int children_fit(const struct child_rule *r, const struct graph *child, struct error *e)
{
    for (size_t i = 0; i < graph_stage_count(child); i++) {
        const struct stage *s = graph_stage(child, (int)i);
        int index = s->final ? -1 : graph_find_transition(child, (int)i, r->transition);
        const struct transition *t = graph_transition(child, index);
        if (s->final)
            continue;
        if (!t)
            return error_set(e, ERROR_INVALID,
                             "children \"%s\": workflow \"%s\" has no transition \"%s\" from stage "
                             "\"%s\": a child there would keep its parent open",
                             r->workflow, graph_name(child), r->transition, s->name);
        if (t->note_required || t->approval || graph__lacks_reason(t, "parent_closed"))
            return error_set(e, ERROR_INVALID,
                             "children \"%s\": \"%s\" of workflow \"%s\" is taken by closing the "
                             "parent: it must not need a note or an approval, and must have "
                             "\"parent_closed\" among its reasons",
                             r->workflow, r->transition, graph_name(child));
    }
    return 0;
}

int domain_check_children(const struct domain *d, const struct graph *g, struct error *e)
{
    const struct child_rule *r;
    int rc = 0;
    for (size_t i = 0; rc == 0 && (r = graph_child_at(g, i)); i++) {
        bool others = !strcmp(r->workflow, "*");
        if (!others)
            rc = children_unknown(d, r, e);
        if (rc == 0 && !others && r->action == CHILD_ADVANCE)
            rc = children_fit(r, domain_graph(d, r->workflow), e);
        if (rc < 0) {
            error_prefix(e, "workflow \"%s\"", graph_name(g));
            if (r->where)
                error_at(e, "%s", r->where);
        }
    }
    return rc;
}
