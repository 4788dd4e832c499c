/* Referrals: opening, moving, ending (DESIGN "A transition, as data sees it").
 * All of these run inside a command and are all or nothing with it. */
#ifndef BATON_DOMAIN_ADVANCE_H
#define BATON_DOMAIN_ADVANCE_H

#include "baton/domain/domain.h"

/* Opens a referral of a workflow in its initial stage: "referral.opened". `set` holds columns that
 * are not the engine's (title, subject_id, ...). parent_id 0: none; a closed one: ERROR_DENIED. */
struct referral_open {
    const char *workflow;
    int64_t parent_id;
    const struct store_set *set;
    size_t set_count;
    const char *fields;
    size_t fields_len;
};
int domain_open(struct domain *d, const struct actor *actor, const struct referral_open *open,
                const struct row **out, struct error *e);

/* Moves a referral. Checked in this order, each with its own message: the referral exists and runs
 * the version that is loaded (a locked transition goes from any, into the loaded one); the
 * transition is known here (near names, and what is possible from this stage); version; role;
 * reason and comment; note; fields given are declared and well formed; required fields (of the
 * transition, and of the stage that it leaves unless it goes to a final stage or is locked); guard.
 * Then one event "referral.advanced" carries it all, deadlines of the new stage included; then the
 * effect and the handlers. A locked transition asks for neither role, required fields nor guard. */
struct advance {
    int64_t referral_id;
    int64_t based_on; /* version, 0: any */
    const char *transition;
    const char *reason, *note; /* or NULL */
    const char *fields;        /* JSON patch set along with it, or NULL */
    size_t fields_len;
    const char *outcome; /* overrides the outcome of a final stage; or NULL */
};
int domain_advance(struct domain *d, const struct actor *actor, const struct advance *a,
                   const struct row **out, struct error *e);

/* May it go? The checks of domain_advance without the writing. */
int domain_may_advance(struct domain *d, const struct actor *actor, const struct advance *a,
                       struct error *e);

/* Changes columns and fields without moving: "referral.changed". A changed due_field moves the
 * deadline along. */
int domain_set(struct domain *d, const struct actor *actor, const struct record *r,
               const struct row **out, struct error *e);

/* Gives it to a member of staff who is active and holds one of the stage's owner roles; staff_id 0:
 * to nobody. "referral.assigned". */
int domain_assign(struct domain *d, const struct actor *actor, int64_t referral_id,
                  int64_t staff_id, const struct row **out, struct error *e);

/* The transitions that leave its stage, locked ones too: indices into its graph. */
size_t domain_possible(const struct domain *d, const struct row *referral, int *out, size_t room);

#endif
