/* Erasing a person: Regulation (EU) 2016/679, Art. 17 (erasure), with Art. 7(1)
 * and 17(3)(e) for what stays as proof; Art. 15 (access) for domain_held. Dated
 * facts, no advice: https://eur-lex.europa.eu/eli/reg/2016/679/oj
 *
 * What belongs to a person: their row; consents; referrals whose subject they
 * are, or whose referrer where there is no subject, and children of these
 * without another subject; and notes, tasks, timers and messages about any of
 * them or, messages, to an address that they have or had.
 *
 * What goes: everything in the row of the person; free text everywhere (title,
 * note, message, recipient, what came of a task); external ids; custom fields,
 * but for coded ones of records that are not the person's own: yes or no, and
 * declared words. And every payload of the events of these rows, with its salt.
 *
 * What stays, for counting and as proof: that there was somebody, a stub; the
 * referrals with workflow, stage, times, partner, service, owner, outcome; who
 * did what kind of thing when; which consents were given when.
 *
 * The chain of history still verifies: a hash is made of the payload's digest,
 * and the event "person.erased" names the payloads that are gone. */
#ifndef BATON_DOMAIN_ERASE_H
#define BATON_DOMAIN_ERASE_H

#include "baton/domain/domain.h"

struct erase {
    int64_t person_id;
    const char *reason; /* kept in the history: it must not say who it was */
    bool with_open;     /* else a referral of theirs that is open refuses */
};
struct erase_result {
    int64_t events;           /* payloads that are gone */
    int64_t rows[ENTITY_END]; /* emptied, of each entity */
};
/* Inside a command, with nothing dirty (store_settle). Only admin and the operator. Again: what
 * came since. No handler runs. ERROR_CONFLICT: names the open referrals. */
int domain_erase(struct domain *d, const struct actor *actor, const struct erase *erase,
                 struct erase_result *out, struct error *e);

/* What went out may still lie in a file. */
int domain_message_is_erased(struct domain *d, int64_t id, bool *out, struct error *e);

/* Every row that belongs to the person, the person first. */
int domain_held(struct domain *d, int64_t person_id, store_each each, void *context,
                struct error *e);

/* Referrals that were about the person once, and are somebody else's now: their title and notes may
 * still tell of the person, which a human has to judge. Walks the whole history. */
int domain_once_about(struct domain *d, int64_t person_id,
                      void (*each)(void *context, int64_t referral_id), void *context,
                      struct error *e);

#endif
