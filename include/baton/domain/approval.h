/* Approvals: votes by seats before a transition may be taken.
 *
 * A referral whose stage is left by a transition with an approval collects votes, one for each
 * seat. A vote stands. Votes belong to one stay in the stage: entering it again starts anew. They
 * are read from the referral's history ("referral.voted"), back to the entry into the stage.
 *
 * When all have voted, it is approved if no seat with a veto and no mandatory seat said no, every
 * mandatory one said yes, and the yes weigh at least what is needed. It is decided as soon as no
 * vote that is still out could change that: so a seat with a veto must have spoken (yes or abstain)
 * before anything is approved. An approval has no deadline of its own: that of the stage, with its
 * reminders, escalations and expiry, is the one that people wait for. */
#ifndef BATON_DOMAIN_APPROVAL_H
#define BATON_DOMAIN_APPROVAL_H

#include "baton/base/limits.h"
#include "baton/domain/domain.h"

struct buf;

enum vote { VOTE_NONE, VOTE_YES, VOTE_NO, VOTE_ABSTAIN };
const char *vote_word(enum vote v); /* "yes", "no", "abstain"; "" for none */
int vote_read(const char *word, enum vote *out, struct error *e);

enum approval_state { APPROVAL_OPEN, APPROVAL_APPROVED, APPROVAL_REFUSED };
const char *approval_word(enum approval_state s); /* "open", "approved", "refused" */
/* What the votes so far decide; one for each seat. */
enum approval_state approval_decide(const struct approval *a, const enum vote *votes);

/* How a seat has voted. */
struct seat_vote {
    enum vote vote;
    int64_t staff_id; /* whose vote it is */
    char by[80];      /* who gave it in their place: "S-4", "operator"; "" if they did themselves */
    int64_t at_ms;
    const char *note; /* in the arena, or NULL */
};
struct approval_now {
    const struct graph *graph;
    const struct transition *transition; /* with its approval */
    enum approval_state state;
    int yes, no, abstained, out;         /* weights */
    struct seat_vote seats[LIMIT_SEATS]; /* as approval->seats */
};
/* The approval of a transition that leaves the referral's stage. `arena` NULL: without notes.
 * ERROR_INVALID where that transition is unknown here (near names) or needs no approval. */
struct arena;
int domain_approval(struct domain *d, int64_t referral_id, const char *transition,
                    struct arena *arena, struct approval_now *out, struct error *e);
/* Does it still hang on the vote of this seat? */
bool approval_waits_for(const struct approval_now *now, size_t seat);
/* "teacher, parent (veto)": the seats that have not voted and on which it still hangs. */
void approval_missing(const struct approval_now *now, struct buf *out);

/* Votes. A vote is somebody's: the actor's, or that of `for_staff`, in whose place the actor may
 * vote if he is their delegate, or has every role (the operator, or a plugin, that takes down what
 * others said). `seat` NULL: the one that the person can fill; where there are several the error
 * says which. One person fills one seat (unless the approval says several). Refused: a seat that
 * has voted, a decided approval, an abstention of a mandatory seat.
 *
 * Delegates are fields of staff that the core declares: `delegate` (a member of staff), who may
 * vote until `delegate_until`, which must be given; where `absent_from` or `absent_until` says when
 * the member is away, only then. A delegate cannot pass it on.
 *
 * Writes "referral.voted" {transition, seat, vote, weight, staff, by?, note?}, and once it is
 * decided "referral.approved" or "referral.refused_by_vote" {transition, yes, no, abstained, need}.
 * With `automatic` the transition is then taken by the actor "approval", and `otherwise` when
 * refused; if a check refuses that, the votes stay, and a task says why. *out: the row as it then
 * is. */
struct ballot {
    int64_t referral_id;
    int64_t based_on; /* version, 0: any */
    const char *transition;
    enum vote vote;
    const char *seat;  /* or NULL */
    int64_t for_staff; /* or 0 */
    const char *note;  /* or NULL */
};
int domain_vote(struct domain *d, const struct actor *actor, const struct ballot *b,
                const struct row **out, struct error *e);

/* Do the rules for children fit the workflows that are loaded? Unknown workflow, unknown
 * transition, one that asks for a note or a reason that closing cannot give. For checks of plugins,
 * once all are there. */
int domain_check_children(const struct domain *d, const struct graph *g, struct error *e);

#endif
