/* Is the history whole, and do the rows follow from it? (DESIGN 10, 14) */
#ifndef BATON_DOMAIN_AUDIT_H
#define BATON_DOMAIN_AUDIT_H

#include "baton/domain/domain.h"

struct audit;

struct audit_result {
    int64_t events, rows; /* looked at */
    int64_t broken_seq;   /* first broken line of the chain; 0: none */
    char broken_why[160];
    /* First row that is not the fold of its events; ENTITY_NONE: none. */
    enum entity differs_entity;
    int64_t differs_id;
    char differs_why[160];
    int64_t differing;        /* how many rows differ */
    int64_t erased, erasures; /* payloads that are gone, and the events that say so */
    uint8_t head[32];         /* hash of the last event */
    uint8_t origin[32];       /* of the first: no other history has it. Zeros: none */
    uint8_t wanted[32];       /* of the event that was asked for. Zeros: there is none */
};

/* Walks every event (a gap in seq counts as broken) and folds them again, by slices of some ms;
 * turns may come between them. Outside a turn. want_seq: an event whose hash is asked for; or 0. */
struct audit *audit_open(struct domain *d, int64_t want_seq);
/* 0 even where something is broken: look at the result. */
int audit_step(struct audit *a, bool *done, struct error *e);
void audit_progress(const struct audit *a, int64_t *done, int64_t *total);
const struct audit_result *audit_result(const struct audit *a); /* whole once it is done */
void audit_close(struct audit *a);

/* All of it in one go. */
int domain_audit(struct domain *d, struct audit_result *out, struct error *e);

#endif
