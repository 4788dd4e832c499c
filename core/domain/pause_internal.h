/* The engine's own fields of a referral, beside those that its workflow declares.
 * Their names begin with an underscore, which no declared name does:
 *
 *   _clock  of the deadline of its stage. Paused: {"paused_at_ms","left_ms","unit","step",
 *           "due_at_ms"}: what remains, in the unit that the deadline counts, and the step that
 *           comes next. Gone on since: {"from_ms","left_ms","unit"}: when it went on, with what.
 *   _held   of the deadline of the stage that it left for one whose clock is paused: as
 *           above, and {"stage"}. */
#ifndef DOMAIN_PAUSE_INTERNAL_H
#define DOMAIN_PAUSE_INTERNAL_H

#include "baton/domain/pause.h"
#include "domain/domain_internal.h"

/* Is it one of them? */
bool pause__is_engine_field(const char *name, size_t n);

bool pause__is_paused(const struct row *referral);
/* Of a deadline that stands still: had a step fired? */
bool pause__has_fired(const struct row *referral);
/* _clock of a deadline that went on again; false if it runs as its stage says. */
bool pause__resumed(const struct row *referral, int64_t *from_ms, int64_t *left_ms);
/* The unit in which the deadline of a stage counts. */
enum calendar_unit pause__unit(const struct stage *s);

/* Deadline and fields of a move into dl->stage; *cancel_after_ms: which tasks of the clock go. */
int pause__enter(const struct move *m, const struct deadline *dl, struct columns *c,
                 struct buf *fields, int64_t *cancel_after_ms, struct error *e);
/* Adds the patch (an object, or nothing) to the fields of a change; the change then borrows it. */
void pause__patch(struct buf *fields, struct store_change *change);
/* A migration gives the stage of _held another name: its new value into the patch. */
void pause__rename_held(const struct row *referral, const char *stage, struct jsonw *patch);

#endif
