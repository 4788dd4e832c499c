/* The calendar has changed: deadlines that were computed by the old one are
 * computed anew.
 *
 * A deadline that comes from its stage is recomputed from when the stage was
 * entered, one that went on after a pause from then, with what remained. One
 * that neither explains (a migration kept it) keeps what remains by the old
 * calendar, counted by the new one. Plain instants and paused ones stay. A
 * deadline that had passed and now lies ahead again is as if it had not passed. */
#ifndef BATON_DOMAIN_RESCHEDULE_H
#define BATON_DOMAIN_RESCHEDULE_H

#include "baton/domain/domain.h"

struct reschedule_move {
    const struct row *referral; /* during the call */
    int64_t due_from_ms, due_to_ms;
    bool due_moves;    /* false: only its next step does, a reminder or an escalation */
    const char *error; /* it cannot be computed anew, and stays; else NULL */
};
typedef int (*reschedule_each)(void *context, const struct reschedule_move *move);

struct reschedule {
    const struct calendar *old_calendar, *new_calendar;
    int64_t after_id; /* looked at so far; start with 0 */
    int64_t looked, moved, steps, failed;
    bool done;
    reschedule_each each; /* NULL: nobody wants to hear */
    void *context;
};
/* Looks at the next `limit` open referrals. Nothing is written. */
int domain_reschedule_preview(struct domain *d, struct reschedule *r, size_t limit,
                              struct error *e);
/* The same, inside a command: "referral.rescheduled" {from, to} for each that moves. */
int domain_reschedule(struct domain *d, struct reschedule *r, size_t limit, struct error *e);

#endif
