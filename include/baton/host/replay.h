/* What would other rules have done? The history of an organisation, done again
 * in a scratch one with changed plugins, and how each finished referral would
 * have gone (`baton replay`).
 *
 * What people did is done again, at its time, by whom did it, with the roles
 * that they had then; what followed is left to the plugins. The clock: a referral
 * whose story is the recorded one so far has its steps fired where the record
 * has them; from its first difference it goes by its own. Where what was recorded
 * is refused, or comes in another stage, nobody knows what people would have done
 * instead: the story is unknown from there. Nothing is written but in memory. */
#ifndef BATON_HOST_REPLAY_H
#define BATON_HOST_REPLAY_H

#include "baton/host/org.h"

struct jsonw;
struct replay;

struct replay_options {
    const char *const *plugins; /* folders, or names of installed ones; ends with NULL */
    int64_t since_ms;           /* judged: those that ended at or after it */
};
/* The organisation must live until replay_close, and may work on between steps: what happens since
 * is left out. ERROR_NOT_FOUND (near names) where it does not use a plugin of that name. */
int replay_open(struct replay **out, struct org *of, const struct replay_options *options,
                struct error *e);
/* Some 10 ms of it. */
int replay_step(struct replay *r, bool *done, struct error *e);
void replay_progress(const struct replay *r, int64_t *done, int64_t *total); /* events */
/* How many would not have gone as they did. */
int64_t replay_differing(const struct replay *r);
/* After the last step: one object, see host/request.h; at most `rows` referrals are spelled out. */
int replay_report(struct replay *r, size_t rows, struct jsonw *w, struct error *e);
void replay_close(struct replay *r);

#endif
