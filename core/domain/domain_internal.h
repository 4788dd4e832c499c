/* Inside the domain room: the state of one organisation's rules, and what its
 * files share. */
#ifndef DOMAIN_DOMAIN_INTERNAL_H
#define DOMAIN_DOMAIN_INTERNAL_H

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/domain/advance.h"
#include "baton/domain/domain.h"

struct approval_now;
struct arena;
struct json_slice;

struct declared { /* a field of an entity, by baton.field */
    struct arena *memory;
    const char *plugin;
    enum entity entity;
    struct field field;
};

struct domain {
    struct store *store;
    const struct calendar *calendar;
    const struct clock *clock;
    struct domain_hooks hooks;

    struct graph **graphs;
    size_t graph_count;
    const struct graph **last_graph; /* a cell of its own: the last one found by name */
    struct declared **fields;
    size_t field_count;
    char **roles; /* the organisation's own, ended by NULL; or NULL */

    struct versions *versions; /* graphs of versions that are not loaded: version.c */
    struct trace *trace;       /* what ran for the event at hand: trace.c */

    bool firing; /* the clock is at work: now is firing_at_ms */
    int64_t firing_at_ms;
    struct due_wait *waiting; /* what is due and waits for its plugin: due_waiting.c */
    unsigned depth;           /* of handlers, guards and effects */
    unsigned guarding;
    unsigned silent; /* no effect and no handler runs: locked.c */
    bool commanding; /* between domain_command_begin and _end */
    bool spoiled;    /* a verb failed after it had written: the command cannot be kept */
    char spoiled_why[256];
    struct buf detail[LIMIT_EFFECT_DEPTH + 1]; /* payload of the event being built, by depth */
};

/* Roles that every organisation has, lowest first; ended by NULL. */
extern const char *const actor__ladder[];
/* Calls `each` for each of the comma-separated words. Returns the first non-zero answer. */
typedef int (*actor__each)(void *context, const char *word, size_t n);
int actor__each_role(const char *roles, actor__each each, void *context);

/* Every verb that writes begins with this: inside a command, not in a guard, nothing spoiled. */
int domain__writable(struct domain *d, struct error *e);
/* A verb failed after it had written: whoever catches that error must not keep the command. */
void domain__spoil(struct domain *d, const struct error *why);
/* Around a call into a hook; ERROR_LIMIT where handlers raise too deep. */
int domain__enter(struct domain *d, const char *what, struct error *e);
int domain__leave(struct domain *d, int rc, struct error *e);
/* Tells the handlers. `detail` is a JSON object, or NULL. The row may be NULL. */
int domain__raise(struct domain *d, const char *kind, const struct row *row, const char *detail,
                  size_t detail_len, struct error *e);
/* store_change, with the members of the object `detail` in its event. */
int domain__store(struct domain *d, struct store_change *change, const char *detail,
                  size_t detail_len, const struct row **out, struct error *e);
/* store_record, likewise an event for which handlers may run. */
int domain__record(struct domain *d, const struct store_change *record, struct error *e);
/* After a write: raises `kind` on the row, then gives the row as it is after the handlers. Spoils
 * the command if `rc` (what went on since the write) or a handler failed. `out` may be NULL. */
int domain__tell(struct domain *d, int rc, const char *kind, const struct row *row,
                 const char *detail, size_t detail_len, const struct row **out, struct error *e);
/* Both, one after the other. */
int domain__change(struct domain *d, struct store_change *change, const char *detail,
                   size_t detail_len, const struct row **out, struct error *e);

/* Column values of a write in the making: the caller's, then what the engine adds. */
struct columns {
    enum entity entity;
    struct store_set set[SCHEMA_COLUMNS_MAX];
    size_t count;
    char about[32]; /* room for an id in canonical form */
    char code[33];  /* and for a code in capitals */
    int64_t now_ms;
};
/* Takes over what a user gives; refuses columns that are the engine's, unknown ones, ones given
 * twice. */
int columns__take(struct columns *c, const struct store_set *set, size_t count, struct error *e);
struct value *columns__get(struct columns *c, int column); /* NULL: not given */
void columns__put(struct columns *c, int column, struct value value);
void columns__default(struct columns *c, int column, struct value value); /* unless given */
/* What each column of an entity must look like beyond its type. `before` NULL: a new row. */
int columns__check(struct domain *d, const struct actor *actor, struct columns *c,
                   const struct row *before, struct error *e);
int columns__programme(struct columns *c, const struct row *before, struct error *e);
int columns__code(struct columns *c, const struct row *before, struct error *e);
/* The staff member exists, is active and holds one of the roles (NULL: any). */
int columns__check_staff(struct domain *d, int64_t staff_id, const char *const *roles,
                         const char *what, struct error *e);

/* "YYYY-MM-DD" of a day that exists. */
bool fields__date(const char *text, size_t n, int64_t *day);
bool fields__filled(const struct json_slice *v); /* neither null nor "" nor [] nor {} */
/* The member of staff whom a field of a referral names ("owner_id": its owner); 0: nobody. */
int64_t fields__staff(const struct row *referral, const char *field);

/* Deadlines of the stage that a referral is in. */
struct deadline {
    const struct stage *stage;
    const struct row *row; /* as it is; NULL: a new one */
    const char *fields;    /* patch set along with it, or NULL */
    size_t fields_len;
    int64_t entered_ms; /* when it entered, or enters, the stage */
    int64_t now_ms;
};
/* Adds due_at_ms, wake_at_ms, wake_step for the stage; null only where it was not null. */
int deadline__set(struct domain *d, const struct deadline *dl, struct columns *c, struct error *e);
/* When the stage says that it is due. *has false: the field that says so is empty, or it has none.
 */
int deadline__due(struct domain *d, const struct deadline *dl, bool *has, int64_t *due_ms,
                  struct error *e);
/* The three columns for that instant; steps before from_step have fired (-1: all). */
int deadline__put(struct domain *d, const struct deadline *dl, bool has, int64_t due_ms,
                  int from_step, struct columns *c, struct error *e);
/* The same where it stays in its stage: only if the patch changes the deadline's field; says so. */
int deadline__follow(struct domain *d, const struct deadline *dl, struct columns *c, bool *moved,
                     struct error *e);
/* The step behind `step` and its instant; *step = -1: none is left. */
int deadline__next(struct domain *d, const struct stage *stage, int64_t due_ms, int64_t entered_ms,
                   int *step, int64_t *at_ms, struct error *e);
/* Has a step fired, so that tasks of the clock may be open? */
bool deadline__has_fired(const struct row *referral);
/* The same of the one that runs alone, not of one that stands still. */
bool deadline__step_fired(const struct row *referral);
/* Cancels the open tasks that the clock made about it after that instant. */
int deadline__cancel_tasks(struct domain *d, const struct actor *actor, int64_t referral_id,
                           int64_t after_ms, struct error *e);

/* record.c: ends a task, "done" or "cancelled", with the event that says so. */
int task__end(struct domain *d, const struct actor *actor, int64_t task_id, const char *status,
              const char *outcome, struct error *e);

/* "R-12: message". */
int referral__refuse(int64_t id, struct error *e, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int referral__check_version(const struct row *referral, int64_t based_on, struct error *e);
/* The graph that a referral runs, which may be of another version than the loaded one, and the
 * index of its stage. */
int referral__place(const struct domain *d, const struct row *referral, const struct graph **graph,
                    int *stage, struct error *e);

/* 0, or why the plugin, or that of the workflow, is switched off or not there; *again_ms: see
 * domain_hooks. */
int domain__works(const struct domain *d, const char *plugin, int64_t *again_ms, struct error *e);
int domain__serves(const struct domain *d, const struct graph *g, struct error *e);

/* A move, while domain_advance looks at it. */
struct move {
    struct domain *d;
    const struct actor *actor;
    const struct advance *a;
    const struct row *row;
    const struct graph *graph;
    int stage;
    const char *from; /* name of the stage that it is in; the graph may lack it: see place */
    char gone[LIMIT_NAME_BYTES + 1];
    const struct transition *t;
    int64_t now_ms;
    struct arena *memory;          /* of what follows; NULL: nothing yet */
    struct approval_now *approval; /* of its transition, once that was looked at; or NULL */
    bool cools;                    /* its reason forbids a repetition until then: see cooling.c */
    int64_t cooling_until_ms;
};
/* One question of the way, and a word for it. Each looks only; 0, or the refusal. */
struct advance__rule {
    const char *name;
    int (*check)(struct move *m, struct error *e);
};
extern const struct advance__rule advance__rules[]; /* in order; ends with name NULL */
/* Finds graph and stage. A referral pinned to another version than the loaded one goes nowhere but
 * by a locked transition. */
int advance__place(struct move *m, struct error *e);
int advance__check(struct move *m, struct error *e); /* place, then every rule */
int advance__find(struct move *m, struct error *e);  /* place, then the transition alone */
void advance__call(const struct move *m, struct domain_call *call);
void advance__end(struct move *m); /* after any of these: frees what it holds */

#endif
