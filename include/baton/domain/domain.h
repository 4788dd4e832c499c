/* The rules that hold for every organisation: what a record must be, who may
 * write it, and the workflows and fields that its plugins declared. No Lua, no
 * loop, no SQL. */
#ifndef BATON_DOMAIN_DOMAIN_H
#define BATON_DOMAIN_DOMAIN_H

#include "baton/domain/graph.h"
#include "baton/store/store.h"

struct approval_now;
struct arena;
struct calendar;
struct clock;
struct domain;
struct error;

/* Who acts. The operator of the machine (no --as) has every role. */
struct actor {
    int64_t staff_id;  /* 0: not a member of staff */
    const char *name;  /* as events keep it: "S-3", "operator", "timer", "plugin pre_referral" */
    const char *roles; /* "senior, teacher"; NULL: every role */
};
/* Built-in roles form a ladder: junior < specialist < senior < lead < admin; who holds a higher one
 * satisfies a lower. A role that an organisation adds is satisfied by itself only. */
bool actor_has_role(const struct actor *a, const char *role);
bool actor_has_any_role(const struct actor *a, const char *const *roles); /* NULL: yes */

/* What code outside the core does for us: set by the script room. Each returns 0 or an error. */
struct domain_call {            /* of one transition, for guard and effect */
    const struct row *referral; /* guard: as it is; effect: as it became */
    const struct graph *graph;
    const struct transition *transition;
    const char *from;          /* stage it leaves */
    const char *reason, *note; /* may be NULL */
    const char *changes;       /* JSON of the fields set along with it, terminated; or NULL */
    const struct approval_now *approval; /* the votes on it (approval.h); NULL: it needs none */
    const struct actor *actor;
    int64_t now_ms;
};
struct domain_hooks {
    void *context;
    /* A guard refuses by ERROR_DENIED with its message; if it errs, that refuses too (DESIGN 5). */
    int (*guard)(void *context, const struct domain_call *call, struct error *e);
    int (*effect)(void *context, const struct domain_call *call, struct error *e);
    /* Every event about a row, after it was written and in the same command: "referral.advanced",
     * "referral.overdue", "person.created", "timer.NAME", ... `detail` is a JSON object with
     * braces: of "referral.advanced" {"transition","from","to","reason"?,"note"?}, of the clock's
     * {"step", "due_at_ms", "role"?} and {"at_ms"}, of domain_emit what was given; NULL for others.
     * An error undoes the command. Depth is bounded by LIMIT_EFFECT_DEPTH. The row is NULL for an
     * event about nothing. */
    int (*event)(void *context, const char *kind, const struct row *row, const char *detail,
                 size_t detail_len, struct error *e);
    /* Whether anybody listens: saves building what nobody reads. NULL: yes. */
    bool (*listens)(void *context, const char *kind);
    /* Whether that plugin works: 0, or why it is switched off (ERROR_DENIED) or not there
     * (ERROR_NOT_FOUND). Then its workflows stand still, only locked transitions go, and its timers
     * wait. *again_ms: when it is tried again by itself, INT64_MAX: never. NULL: it works. */
    int (*serves)(void *context, const char *plugin, int64_t *again_ms, struct error *e);
};

/* Borrows store, calendar and clock. */
struct domain *domain_new(struct store *store, const struct calendar *calendar,
                          const struct clock *clock);
void domain_free(struct domain *d); /* frees its graphs */
void domain_set_hooks(struct domain *d, const struct domain_hooks *hooks);
struct store *domain_store(struct domain *d);
const struct calendar *domain_calendar(const struct domain *d);
int64_t domain_now(const struct domain *d);

/* A command of the store, ended by one who remembers: a verb that failed after it had written (its
 * effect or a handler erred) spoils the command, even where code caught the error. Spoiled, every
 * further write is refused, and keep=true ends as keep=false with ERROR_CANCELLED (the turn goes
 * on; any other error means that the turn is lost). Whoever ends commands by store_command_end
 * alone must drop them whenever any verb failed. */
void domain_command_begin(struct domain *d);
int domain_command_end(struct domain *d, bool keep, struct error *e);

/* Workflows. domain_add_graph takes a finished graph and owns it from then on (not where it fails),
 * domain_remove_plugin drops what a plugin declared (graphs and fields), all of it. */
int domain_add_graph(struct domain *d, struct graph *g, struct error *e);
const struct graph *domain_graph(const struct domain *d, const char *name); /* NULL if none */
size_t domain_graph_count(const struct domain *d);
const struct graph *domain_graph_at(const struct domain *d, size_t index);
/* "unknown workflow "x", did you mean "y"?" */
int domain_find_graph(const struct domain *d, const char *name, const struct graph **out,
                      struct error *e);
int domain_add_field(struct domain *d, const char *plugin, enum entity entity,
                     const struct field *f, struct error *e);
const struct field *domain_field(const struct domain *d, enum entity entity, const char *name);
/* NULL at the end */
const struct field *domain_field_at(const struct domain *d, enum entity entity, size_t index);
void domain_remove_plugin(struct domain *d, const char *plugin);

/* Roles that the organisation adds, for checks of staff and workflows ([roles] extra = …). */
int domain_set_roles(struct domain *d, const char *const *names, struct error *e);
/* One more, that a plugin brings; known already is fine. */
int domain_add_role(struct domain *d, const char *name, struct error *e);
bool domain_knows_role(const struct domain *d, const char *name);
/* Error with a near name. */
int domain_check_role(const struct domain *d, const char *name, struct error *e);

/* Records: any entity; a referral's change goes to domain_set. Engine columns are refused, but for
 * the status "cancelled" of a message. A timer made by actor "plugin NAME" belongs to that plugin.
 * Both run inside a command, check custom fields against their declarations, fill defaults (status
 * active, open, waiting, ...; note.author_id) and raise "<entity>.created" / ".changed". Only admin
 * and the operator write staff. */
struct record {
    enum entity entity;
    int64_t id;       /* 0: create */
    int64_t based_on; /* 0: any */
    const struct store_set *set;
    size_t set_count;
    const char *fields; /* JSON patch of custom fields, by jsonw; or NULL */
    size_t fields_len;
};
int domain_write(struct domain *d, const struct actor *actor, const struct record *r,
                 const struct row **out, struct error *e);
/* Checks one JSON patch of custom fields against declarations: of the workflow for referrals
 * (graph non-NULL), of the entity else. */
int domain_check_fields(const struct domain *d, enum entity entity, const struct graph *graph,
                        const char *fields, size_t n, struct error *e);

/* Raises an event of a plugin's own on a row or on nothing (ENTITY_NONE, 0). `detail` is a JSON
 * object by jsonw, with braces, or NULL. Kinds that begin with an entity's name are refused: they
 * are the engine's. */
int domain_emit(struct domain *d, const struct actor *actor, const char *kind, enum entity entity,
                int64_t id, const char *detail, size_t detail_len, struct error *e);

/* Does a consent for that purpose hold at now? P46. */
int domain_consent_holds(struct domain *d, int64_t person_id, const char *purpose, bool *out,
                         struct error *e);

#endif
