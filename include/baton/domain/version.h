/* Versions of workflows, and the move of open referrals from one to another.
 *
 * A referral is pinned to the version that it runs. While another one is
 * loaded it waits: nothing but a locked transition of the loaded version moves
 * it (into that version), and the clock goes by the steps of its own version.
 * So that these are known, each version that was ever loaded is kept in the
 * store as it was declared, as "workflow:NAME:VERSION". */
#ifndef BATON_DOMAIN_VERSION_H
#define BATON_DOMAIN_VERSION_H

#include "baton/base/buf.h"
#include "baton/domain/domain.h"

struct jsonw;

/* ---- declaring: baton.workflow{ migrate = … } ---- */

struct migration_name {
    const char *from, *to; /* to NULL: dropped (fields only) */
};
enum deadline_move {
    DEADLINE_KEEP,     /* what remains of it; the default */
    DEADLINE_RESTART,  /* the whole time, from now */
    DEADLINE_RECOMPUTE /* by the new definition, from when the stage was entered */
};
struct migration_deadline {
    const char *stage; /* as the new version calls it */
    enum deadline_move move;
};
struct migration { /* what becomes of a referral of version `from` */
    int from;
    const struct migration_name *stages;
    size_t stage_count;
    const struct migration_name *fields;
    size_t field_count;
    const struct migration_deadline *deadlines;
    size_t deadline_count;
};
/* For a finished graph; copied. New names must exist in it; one for each `from`. */
int graph_add_migration(struct graph *g, const struct migration *m, const char *where,
                        struct error *e);
const struct migration *graph_migration(const struct graph *g, int from); /* NULL: none declared */

/* The graph that a referral runs: the loaded one, or a kept one without guards and effects. NULL:
 * its workflow is not loaded. */
const struct graph *domain_graph_run(const struct domain *d, const struct row *referral);

/* Another version of the loaded graph, without guards and effects; NULL: it was not kept. */
const struct graph *domain_graph_kept(const struct domain *d, const struct graph *loaded,
                                      int version);

/* ---- keeping ---- */

/* How many versions domain_keep_versions has to write: of those loaded, the ones that are not in
 * the store, or differ from it while no open referral runs them. */
int domain_versions_unkept(struct domain *d, size_t *out, struct error *e);
int domain_keep_versions(struct domain *d, struct error *e); /* inside a command */
/* What the graphs of a plugin that has loaded were made from: origin.c says in which form. */
void domain_set_origin(struct domain *d, const char *plugin, const char *json);
/* 'workflow "x" version 1 differs from the one that 3 open referrals run …; raise its version': one
 * text for each loaded graph of which that is so. `by_setting`: the plugin is the same, a setting
 * of it changed; the text says which, and what holds. */
typedef void (*domain_version_problem)(void *context, const struct graph *g, bool by_setting,
                                       const char *text);
int domain_version_problems(struct domain *d, domain_version_problem each, void *context,
                            struct error *e);

/* "11 open referrals run version 3 of speech and wait: baton migrate speech --preview" for each
 * workflow and version; '… of workflow "x" wait: no plugin declares it' for each that is gone. */
typedef void (*domain_waiting_each)(void *context, const char *workflow, const char *text);
int domain_waiting(struct domain *d, domain_waiting_each each, void *context, struct error *e);
/* The same of one, for its card; nothing where it does not wait. */
void domain_waiting_text(const struct domain *d, const struct row *referral, struct buf *out);

/* ---- migrating ---- */

enum migration_kind {
    MIGRATION_CURRENT, /* runs the loaded version already, or is closed; of undo: was not migrated
                        */
    MIGRATION_FITS,    /* only the version changes, and maybe the deadline */
    MIGRATION_MAPPED,  /* its stage or fields change */
    MIGRATION_BLOCKED
};
struct migration_plan {
    int64_t id;
    enum migration_kind kind;
    int from_version, to_version;
    char from_stage[72], to_stage[72]; /* to_stage "" where it is not known */
    bool had_due, has_due, due_moves;
    bool due_outdated; /* the new version gives its stage another time, and nobody declared what
                          becomes of the old one: it is kept */
    int64_t due_from_ms, due_to_ms;
    struct buf fields; /* JSON patch of the fields; "" if they stay */
    struct buf why;    /* of blocked: every reason, separated by "; " */
};
void migration_plan_free(struct migration_plan *p);
/* The plan as one JSON object: referral, class, from_version, to_version, stage, to_stage,
 * due_from_ms, due_to_ms (null: none), due_outdated (if so), fields, why. */
void migration_plan_json(const struct migration_plan *p, struct jsonw *w);
const char *migration_kind_name(enum migration_kind kind);

/* Ids of open referrals behind `after_id`, in order: of the workflow, those on another version than
 * the loaded one, or (`all`) whatever they run. *count < room: these were the last. */
int domain_migration_list(struct domain *d, const char *workflow, bool all, int64_t after_id,
                          int64_t *ids, size_t room, size_t *count, struct error *e);
/* What would become of it. Overwrites *out; free it with migration_plan_free. */
int domain_migration_plan(struct domain *d, int64_t id, struct migration_plan *out,
                          struct error *e);
/* Does it, inside a command: "referral.migrated". ERROR_CONFLICT where it is blocked, ERROR_DENIED
 * unless the actor is an admin or the operator. */
int domain_migrate(struct domain *d, const struct actor *actor, int64_t id,
                   struct migration_plan *out, struct error *e);
/* Takes the last migration back that is not taken back yet and not older than since_ms (0: however
 * old): stage, version, deadline, fields, and the tasks of the clock that it cancelled. BLOCKED
 * where the referral was moved, its fields or its deadline changed since; then, or if `preview`,
 * nothing is written. The version that it returns to need not be loaded. */
int domain_migration_undo(struct domain *d, const struct actor *actor, int64_t id, int64_t since_ms,
                          bool preview, struct migration_plan *out, struct error *e);

/* All of them, planned before anything changes: of one workflow (NULL: of all), or, with `undo`,
 * those that were migrated. Calls `each` for those with something to do or in the way; non-zero
 * stops. */
struct migration_request {
    const char *workflow;
    bool undo;
    int64_t since_ms; /* of undo */
};
struct migration_totals {
    int64_t fits, mapped, blocked, deadline_moves;
    struct buf in_the_way; /* "R-1: why; R-2: why": the first of the blocked */
};
typedef int (*migration_each)(void *context, const struct migration_plan *p);
int domain_migration_survey(struct domain *d, const struct actor *actor,
                            const struct migration_request *r, migration_each each, void *context,
                            struct migration_totals *out, struct error *e);
/* ERROR_CONFLICT that names those in the way, if there are any. */
int migration_check_way(const struct migration_request *r, const struct migration_totals *t,
                        struct error *e);
/* domain_migrate or domain_migration_undo. */
int domain_migration_do(struct domain *d, const struct actor *actor,
                        const struct migration_request *r, int64_t id, struct migration_plan *out,
                        struct error *e);

#endif
