/* Between vote_seat.c (who votes, in which seat) and vote.c (what it brings). */
#ifndef DOMAIN_VOTE_INTERNAL_H
#define DOMAIN_VOTE_INTERNAL_H

#include "domain/approval_internal.h"

struct voting {
    struct domain *d;
    const struct actor *actor;
    const struct ballot *b;
    struct move m;
    struct approval_now now;
    const struct row *staff; /* whose vote it is */
    size_t seat;
};

/* Finds whose vote it is: they may vote, and the actor for them. Sets v->staff. */
int vote__person(struct voting *v, struct error *e);
/* Finds the seat that they fill. Sets v->seat. */
int vote__seat(struct voting *v, struct error *e);

#endif
