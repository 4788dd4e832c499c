/* Endings in a stage graph: reasons that forbid a repetition for a while, and
 * what closing a referral does with its children. */
#include <string.h>

#include "baton/base/arena.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "domain/graph_internal.h"

int graph__finish_reasons(struct graph *g, const struct transition *t, struct error *e)
{
    bool ends = t->to >= 0 && g->stages[t->to].final;
    for (size_t i = 0; i < t->reason_count; i++) {
        if (span_is_zero(&t->reasons[i].cooling_off))
            continue;
        if (!ends) {
            error_set(e, ERROR_INVALID,
                      "transition \"%s\": reason \"%s\" has a cooling-off, which begins when a "
                      "referral ends; this transition does not end it",
                      t->name, t->reasons[i].code);
            if (t->where)
                error_at(e, "%s", t->where);
            return -ERROR_INVALID;
        }
        g->cools = true;
    }
    return 0;
}

bool graph_cools(const struct graph *g)
{
    return g->cools;
}

static int child_check(const struct graph *g, const struct child_rule *r, struct error *e)
{
    if (g->finished)
        return error_set(e, ERROR_INVALID, "workflow \"%s\" is finished and cannot change",
                         g->name);
    if (!r->workflow || (strcmp(r->workflow, "*") != 0 && !text_is_name(r->workflow)))
        return error_set(e, ERROR_INVALID,
                         "children \"%.80s\": name a workflow, or \"*\" for those not named",
                         r->workflow ? r->workflow : "");
    if ((r->action == CHILD_ADVANCE) != (r->transition != NULL))
        return error_set(e, ERROR_INVALID,
                         r->transition ? "children \"%s\": a transition is given, but it is not to "
                                         "be taken"
                                       : "children \"%s\": which transition is taken in the child?",
                         r->workflow);
    if (r->transition && !text_is_name(r->transition))
        return error_set(e, ERROR_INVALID, "children \"%s\": \"%.80s\" is no name of a transition",
                         r->workflow, r->transition);
    for (size_t i = 0; i < g->child_count; i++)
        if (!strcmp(g->children[i].workflow, r->workflow))
            return error_set(e, ERROR_INVALID, "children \"%s\" is there twice", r->workflow);
    if (g->child_count > LIMIT_WORKFLOWS)
        return error_set(e, ERROR_LIMIT, "workflow \"%s\" names more than %d kinds of children",
                         g->name, LIMIT_WORKFLOWS);
    return 0;
}

int graph_add_child(struct graph *g, const struct child_rule *r, struct error *e)
{
    int rc = child_check(g, r, e);
    if (rc < 0) {
        if (r->where)
            error_at(e, "%s", r->where);
        return rc;
    }
    g->children = mem_resize(g->children, (g->child_count + 1) * sizeof *g->children);
    g->children[g->child_count++] =
        (struct child_rule){ .workflow = arena_dup(g->memory, r->workflow),
                             .action = r->action,
                             .transition =
                                 r->transition ? arena_dup(g->memory, r->transition) : NULL,
                             .where = r->where ? arena_dup(g->memory, r->where) : NULL };
    return 0;
}

const struct child_rule *graph_child(const struct graph *g, const char *workflow)
{
    const struct child_rule *others = NULL;
    for (size_t i = 0; i < g->child_count; i++) {
        if (!strcmp(g->children[i].workflow, workflow))
            return &g->children[i];
        if (!strcmp(g->children[i].workflow, "*"))
            others = &g->children[i];
    }
    return others;
}

const struct child_rule *graph_child_at(const struct graph *g, size_t index)
{
    return index < g->child_count ? &g->children[index] : NULL;
}

/* A child of the same kind can be looked at here; those of other workflows by
 * domain_check_children. */
int graph__finish_children(const struct graph *g, struct error *e)
{
    for (size_t i = 0; i < g->child_count; i++) {
        const struct child_rule *r = &g->children[i];
        bool found = r->action != CHILD_ADVANCE || strcmp(r->workflow, g->name) != 0;
        for (size_t j = 0; j < g->transition_count && !found; j++)
            found = !strcmp(g->transitions[j].name, r->transition);
        if (found)
            continue;
        error_set(e, ERROR_INVALID, "children \"%s\": it has no transition \"%.80s\"", r->workflow,
                  r->transition);
        if (r->where)
            error_at(e, "%s", r->where);
        return -ERROR_INVALID;
    }
    return 0;
}
