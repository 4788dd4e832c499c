/* What the clock does: reminders, deadlines, escalations, timers, outbox. */
#ifndef BATON_DOMAIN_DUE_H
#define BATON_DOMAIN_DUE_H

#include "baton/base/error.h"
#include "baton/domain/domain.h"

/* Fires everything due at or before `now_ms`, oldest first, at most `limit`, each as a command of
 * its own in the open turn, at its own time where that matters. A step of a referral raises
 * "referral.reminder", "referral.overdue", "referral.escalated" and makes a task for the owner or
 * the role; expiry takes its transition as the actor "timer". A timer raises "timer.NAME". Messages
 * are not fired here: see outbox. A handler that fails does not lose the firing: the step is
 * recorded with its error ("referral.step_failed", "timer.failed"), its task is made all the same,
 * and the next goes on. What needs a plugin that is not there or is switched off (a timer of it, an
 * expiry, any step of a workflow that is not loaded) waits: it stays due, nothing is written, and
 * it fires when the plugin is back. The first that waits for one is reported. During a firing
 * domain_now is the instant at which it was due (or that of the last event, if later), so a clock
 * that was moved ahead gives the same history as one that ran. Negative: the turn is lost. */
struct due_fired {
    int64_t at_ms;
    const char *kind; /* "referral.overdue", "timer.NAME", ...; valid during the call */
    enum entity entity;
    int64_t id;
    const char *text;          /* a line for people: "R-12 overdue since …" */
    const struct error *error; /* NULL: went well */
    bool waits;                /* nothing fired: `text` says what waits, and `error` why */
};
typedef bool (*due_report)(void *context, const struct due_fired *fired); /* false: no more now */
int domain_fire_due(struct domain *d, int64_t now_ms, size_t limit, due_report report,
                    void *context, size_t *fired, struct error *e);

/* Fires the step or the timer of one row alone, at `now_ms`, if it is due by then. */
int domain_fire_row(struct domain *d, enum entity entity, int64_t id, int64_t now_ms, bool *fired,
                    struct error *e);

/* Which plugins work has changed: what waits is looked at anew. Graphs that are added do that by
 * themselves. */
void domain_due_again(struct domain *d);
/* What is due and waits. */
struct due_waiting {
    int64_t timers, referrals;
    struct error why; /* of the first */
};
int domain_due_waiting(struct domain *d, int64_t now_ms, struct due_waiting *out, struct error *e);

/* The next instant at which domain_fire_due or the outbox has work; INT64_MAX: none. */
int domain_due_at(struct domain *d, int64_t *at_ms, struct error *e);

#endif
