/* Inside a stage graph: what graph.c builds and graph_check.c resolves. */
#ifndef DOMAIN_GRAPH_INTERNAL_H
#define DOMAIN_GRAPH_INTERNAL_H

#include "baton/base/limits.h"
#include "baton/domain/graph.h"

struct arena;
struct migration;

/* Transitions name stages that may be declared later; graph_finish turns them into indices. */
struct graph_pending {
    const char *const *from;
    const char *to; /* NULL: stays */
};

struct graph_expire {
    const char *stage, *transition, *where;
    struct span after;
};

struct graph_leaving { /* of one stage */
    const char *where;
    int *out; /* transitions that leave it */
    size_t out_count;
};

struct graph {
    struct arena *memory; /* all that is pointed to from below, but the arrays */
    const char *name, *title, *plugin;
    const char *origin; /* origin.c; NULL: nobody said */
    int version;
    bool finished;
    int initial; /* -1 until finished */
    struct stage *stages;
    struct graph_leaving *leaving; /* one per stage */
    size_t stage_count;
    struct transition *transitions;
    struct graph_pending *pending; /* one per transition */
    size_t transition_count;
    struct graph_expire *expires;
    size_t expire_count;
    struct field *fields;
    size_t field_count;
    struct child_rule *children;
    size_t child_count;
    bool cools;
    bool votes; /* a transition needs an approval */
    /* What settings took away: still part of the version that a snapshot keeps. */
    struct transition *disabled;
    struct graph_pending *disabled_pending;
    size_t disabled_count;
    struct migration *migrations; /* version.h */
    size_t migration_count;
};

/* Shared with entities' fields (domain.c): checks a declaration, deep copies it. */
int field__check(const struct field *f, enum entity entity, struct error *e);
void field__copy(struct arena *memory, const struct field *from, struct field *to);

/* Transitions that leave a stage, as indices. */
const int *graph__leaving(const struct graph *g, int stage, size_t *count);
/* graph_approval.c: what an approval must be by itself, a deep copy, and what it must be in its
 * graph. */
int graph__check_approval(const struct transition *t, struct error *e);
const struct approval *graph__copy_approval(struct arena *memory, const struct approval *from);
int graph__finish_approval(struct graph *g, const struct transition *t, struct error *e);
/* Is it "owner_id", or a field of the workflow that names a member of staff? `what` begins the
 * message. */
int graph__check_staff_field(const struct graph *g, const char *what, const char *field,
                             struct error *e);
/* graph_children.c: cooling-offs where a referral ends, children that a transition can close. */
int graph__finish_reasons(struct graph *g, const struct transition *t, struct error *e);
int graph__finish_children(const struct graph *g, struct error *e);
/* Has it reasons, and not this one without a comment? Then who is no person cannot take it. */
bool graph__lacks_reason(const struct transition *t, const char *code);
/* Is it the name of a field of the workflow, or of a column of a referral that users fill? */
bool graph__knows_field(const struct graph *g, const char *name);

#endif
