/* Approvals, and what else stands before or follows an ending: shared by the
 * files of the domain room. */
#ifndef DOMAIN_APPROVAL_INTERNAL_H
#define DOMAIN_APPROVAL_INTERNAL_H

#include "baton/domain/approval.h"
#include "domain/domain_internal.h"

/* ---- approval.c ---- */
/* Before the transition is taken: its approval, if it needs one; kept in m->approval. */
int approval__check(struct move *m, struct error *e);
/* Counts the votes of a move's transition; `arena` NULL: without notes. */
int approval__count(const struct move *m, struct arena *arena, struct approval_now *out,
                    struct error *e);
/* The roles of its seats are known. */
int approval__check_roles(const struct domain *d, const struct transition *t, struct error *e);

/* ---- vote_task.c ---- */
/* Makes the tasks about votes fit the referral as it is. `entered`: it has just come into its
 * stage. *row: the referral's, before and afterwards. */
int vote__tasks(struct domain *d, const struct actor *actor, const struct row **row, bool entered,
                struct error *e);

/* ---- delegate.c ---- */
/* Declares the fields of staff that approvals use. */
void delegate__declare(struct domain *d);
/* A change of a member's fields keeps them sensible. `before` NULL: a new member. */
int delegate__check_staff(const struct row *before, const struct record *r, struct error *e);
/* May `by` act in the place of this member of staff now? */
int delegate__check(const struct domain *d, const struct row *staff, int64_t by, int64_t now_ms,
                    struct error *e);

/* ---- cooling.c ---- */
/* Refuses a referral that ended with a cooling-off that still lasts. Values as the columns hold
 * them; `self`: a referral that is not looked at, or 0. */
struct cooling {
    const struct graph *graph;
    const struct value *subject, *partner, *service;
    int64_t self, now_ms;
};
int cooling__check(struct domain *d, const struct cooling *c, struct error *e);
/* The same for the row that `c` makes of `before` (NULL: a new one). */
int cooling__check_columns(struct domain *d, const struct graph *g, struct columns *c,
                           const struct row *before, struct error *e);
/* Until when the move's reason forbids a repetition: for its event. *has: whether it does. */
int cooling__until(const struct move *m, bool *has, int64_t *until_ms, struct error *e);

/* ---- children.c ---- */
/* May it close, as far as its open children are concerned? */
int children__check(struct move *m, struct error *e);
/* It has closed: so do they, where the workflow says so. */
int children__close(const struct move *m, struct error *e);

/* ---- follow.c ---- */
/* Does the move end its referral? */
bool follow__ends(const struct move *m);
/* Is there anything of the below to do? Cheap, for every move. */
bool follow__has(const struct move *m);
/* After event and effect: another route, children, the parent. */
int follow__move(const struct move *m, struct error *e);
/* A task about a referral: its owner's, or that of the role that owns `stage` (NULL: the lead). */
int follow__task(struct domain *d, const struct actor *actor, const struct row *referral,
                 const struct stage *stage, const char *kind, const char *title, struct error *e);
/* The reason that the move gives, as declared; NULL if none is. */
const struct reason *follow__reason(const struct move *m);
/* Is it a refusal by a rule, rather than something broken? */
bool follow__is_refusal(int rc);

#endif
