/* Deadlines that stand still.
 *
 * r:pause keeps what remains of the deadline that runs, in the unit that it
 * counts: working time for "3 working days", school time for "30 school days",
 * plain time else. Nothing fires meanwhile; tasks that the clock has made stay
 * open. r:resume lets it go on with what remained; steps that have fired do not
 * fire again. A deadline that goes by a field is not moved by a pause: it is due
 * when the field says. Moving to another stage ends a pause.
 *
 * A stage with clock = "paused" (on hold) does the same by itself: entering it
 * keeps what remains, returning to the stage that was left resumes it, and going
 * elsewhere drops it. Such a stage may have a deadline of its own. */
#ifndef BATON_DOMAIN_PAUSE_H
#define BATON_DOMAIN_PAUSE_H

#include "baton/base/calendar.h"
#include "baton/base/limits.h"
#include "baton/domain/domain.h"

struct buf;

struct pause {
    int64_t referral_id;
    int64_t based_on;          /* version, 0: any */
    const char *reason, *note; /* or NULL */
};
/* "referral.paused" {stage, due_at_ms, left_ms, unit, reason?, note?}. ERROR_DENIED where no
 * deadline runs, it is paused already or the referral is closed. */
int domain_pause(struct domain *d, const struct actor *actor, const struct pause *p,
                 const struct row **out, struct error *e);
/* "referral.resumed" {stage, due_at_ms, paused_ms, reason?, note?}. ERROR_DENIED where it is not
 * paused. */
int domain_resume(struct domain *d, const struct actor *actor, const struct pause *p,
                  const struct row **out, struct error *e);

struct pause_state {
    int64_t since_ms, left_ms; /* left: negative where it was overdue */
    enum calendar_unit unit;
    bool by_field;                    /* a field says when it is due: left_ms is only what it was */
    char stage[LIMIT_NAME_BYTES + 1]; /* whose deadline it is */
};
/* Does the deadline of its stage stand still (`held` false), or that of the stage which it left for
 * one whose clock is paused (true)? *out may be NULL. */
bool domain_paused(const struct row *referral, bool held, struct pause_state *out);
/* "paused since 2026-03-01 09:00, 2 working hours remain"; nothing if nothing stands still. */
void domain_paused_text(const struct domain *d, const struct row *referral, struct buf *out);

#endif
