/* The stage graph: a workflow as data, checked as a whole before it serves.
 *
 * Built by a plugin's baton.workflow{…} (script room) through graph_new,
 * graph_add_*, graph_finish; afterwards read-only. Guards and effects are
 * numbers here: what they mean is the business of whoever set them. */
#ifndef BATON_DOMAIN_GRAPH_H
#define BATON_DOMAIN_GRAPH_H

#include "baton/base/when.h"
#include "baton/store/schema.h"

struct error;
struct graph;

enum field_type {
    FIELD_TEXT,
    FIELD_INT,
    FIELD_REAL,
    FIELD_BOOL,
    FIELD_TIME,
    FIELD_DATE,
    FIELD_LIST,
    FIELD_REF
};

/* A custom field of a workflow or, declared by baton.field, of an entity. In JSON: text "…", int 3,
 * real 0.5, bool true, time ms since 1970, date "2026-03-01", list of plain values, reference the
 * id as a number. A name must not be a column's. */
struct field {
    const char *name;
    enum field_type type;
    enum entity ref;           /* of FIELD_REF */
    const char *const *values; /* words allowed, of FIELD_TEXT or a list's elements; or NULL */
    bool has_min, has_max;
    double min, max; /* of numbers; length of a list */
    bool indexed;
    const char *help;
};

/* One thing that happens by the clock while a referral stays in a stage. Steps are in the order in
 * which they are due: reminders before the deadline, the deadline, escalations after it. */
enum step_kind { STEP_REMIND, STEP_DUE, STEP_ESCALATE, STEP_EXPIRE };
struct step {
    enum step_kind kind;
    struct span span;     /* remind: before the deadline; escalate, expire: after it; due: zero */
    const char *to_role;  /* who gets the task: holders of a role, */
    const char *to_field; /* or the member of staff whom a field names; both NULL: the owner */
    int transition;       /* STEP_EXPIRE: taken by the clock; else -1 */
};

struct stage {
    const char *name, *title, *help;
    const char *const *owner_roles; /* roles whose holder may own the referral here; NULL: any */
    const char *const *required;    /* fields to be filled before leaving forwards, see advance.h */
    bool initial, final;
    const char *outcome; /* of a final stage, e.g. "completed" */
    bool has_deadline;
    struct span within;    /* deadline, from entering the stage */
    const char *due_field; /* or: a time or date field that says when (a date: 23:59 that day) */
    const struct step *steps;
    size_t step_count;
    bool
        clock_paused; /* what remains of the deadline that ran is kept while it is here (pause.h) */
};

struct reason {
    const char *code, *title;
    bool comment_required;
    struct span
        cooling_off; /* where it ends a referral: how long the same one may not be repeated */
    bool reroute;    /* another route is wanted: "referral.reroute" and a task */
};

/* A voice in an approval: a holder of the role, or the member of staff whom a field of the referral
 * names ("owner_id", or a reference to staff). Exactly one of the two is given. */
struct seat {
    const char *name, *title;
    const char *role;
    const char *field;
    int weight;     /* 1 to 1000 */
    bool mandatory; /* must say yes: its no refuses, and it cannot abstain */
    bool veto;      /* its no refuses; until it has spoken nothing is approved */
};

/* What must be agreed on before a transition may be taken (approval.h). */
struct approval {
    const struct seat *seats;
    size_t seat_count;
    int need;              /* weight of yes; 0: more than half of all */
    bool automatic;        /* the transition is taken once it is approved, reason "approved" */
    const char *otherwise; /* transition taken once it is refused, reason "refused"; or NULL */
    bool several;          /* one person may fill several seats */
};

/* What closing a referral does with an open child of a workflow ("*": of those not named). A kind
 * of child that is not declared is kept: nobody's interview ends unsaid. */
enum child_action { CHILD_KEEP, CHILD_REFUSE, CHILD_ADVANCE };
struct child_rule {
    const char *workflow;
    enum child_action action;
    const char *transition; /* of CHILD_ADVANCE: taken in the child, reason "parent_closed" */
    const char *where;
};

struct transition {
    const char *name, *title, *help;
    const int *from; /* stages, count below */
    size_t from_count;
    int to;                       /* stage; -1: stays where it is */
    const char *const *roles;     /* one of them is needed; NULL: anyone */
    const char *const *required;  /* fields that must be filled */
    const struct reason *reasons; /* one of them must be given; NULL: free or none */
    size_t reason_count;
    bool note_required;
    bool locked;             /* no configuration removes it, no guard or role stands before it */
    const char *source;      /* of a locked one: the act or standard that demands it */
    int guard, effect;       /* -1: none */
    const char *guard_where; /* "file:line" of the guard, for messages */
    const char *where;       /* "file:line" of the definition */
    const struct approval *approval; /* or NULL */
};

/* Creation. Everything given is copied. Each add checks what it can see alone; graph_finish checks
 * the whole: one initial stage, every stage reachable, a way from each to a final one, no
 * transition from a final stage, deadlines with a consequence, locked transitions open from every
 * stage that is not final, unknown stages and fields with a near name. Errors have `where`. */
struct graph *graph_new(const char *name, int version, const char *plugin);
void graph_title(struct graph *g, const char *title);
int graph_add_field(struct graph *g, const struct field *f, struct error *e);
int graph_add_stage(struct graph *g, const struct stage *s, const char *where, struct error *e);
/* `from` and `to` by name: ends with NULL; "*" is every stage that is not final; to NULL: stays.
 * The from, from_count and to members of `t` are ignored. Expire steps name a transition by name
 * too: graph_set_expire, once a stage; the clock takes it with the reason "expired", so where it
 * has reasons that must be one of them, and it cannot ask for a note. graph_finish sorts steps. */
int graph_add_transition(struct graph *g, const struct transition *t, const char *const *from,
                         const char *to, struct error *e);
int graph_set_expire(struct graph *g, const char *stage, const struct span *after,
                     const char *transition, const char *where, struct error *e);
/* Children: once a workflow. */
int graph_add_child(struct graph *g, const struct child_rule *r, struct error *e);
/* What an organisation's settings take away or change. A locked one: ERROR_DENIED and its
 * source. */
int graph_disable_transition(struct graph *g, const char *name, struct error *e);
int graph_finish(struct graph *g, struct error *e);
void graph_free(struct graph *g);

/* Reading. */
const char *graph_name(const struct graph *g);
const char *graph_title_of(const struct graph *g);
const char *graph_plugin(const struct graph *g);
int graph_version(const struct graph *g);
size_t graph_stage_count(const struct graph *g);
const struct stage *graph_stage(const struct graph *g, int index);
int graph_find_stage(const struct graph *g, const char *name); /* or -1 */
int graph_initial(const struct graph *g);
size_t graph_transition_count(const struct graph *g);
const struct transition *graph_transition(const struct graph *g, int index);
/* The transition of that name that leaves `stage`; -1 if none. Several may share a name with
 * different `from`. */
int graph_find_transition(const struct graph *g, int stage, const char *name);
const struct field *graph_field(const struct graph *g, const char *name); /* or NULL */
const struct field *graph_field_at(const struct graph *g, size_t index);
size_t graph_field_count(const struct graph *g);
/* What to do with a child of that workflow; NULL: nothing is declared, so it is kept. */
const struct child_rule *graph_child(const struct graph *g, const char *workflow);
const struct child_rule *graph_child_at(const struct graph *g, size_t index); /* NULL at the end */
bool graph_cools(const struct graph *g); /* has a reason with a cooling-off */

#endif
