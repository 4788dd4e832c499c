/* Is the history whole, and do the rows follow from it? (DESIGN 10, 14) */
#ifndef BATON_DOMAIN_AUDIT_H
#define BATON_DOMAIN_AUDIT_H

#include "baton/domain/domain.h"

struct audit_result {
    int64_t events, rows; /* looked at */
    int64_t broken_seq;   /* first broken line of the chain; 0: none */
    char broken_why[160];
    /* First row that is not the fold of its events; ENTITY_NONE: none. */
    enum entity differs_entity;
    int64_t differs_id;
    char differs_why[160];
    int64_t differing; /* how many rows differ */
    uint8_t head[32];  /* hash of the last event */
};
typedef void (*audit_progress)(void *context, int64_t done, int64_t total);
/* Walks every event (a gap in seq counts as broken) and folds them again. 0 even where something is
 * broken: look at the result. */
int domain_audit(struct domain *d, audit_progress progress, void *context, struct audit_result *out,
                 struct error *e);

#endif
