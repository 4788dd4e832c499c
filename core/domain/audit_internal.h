/* The audit in the making, apart from where its events come from, so that a
 * test can leave one out. */
#ifndef BATON_DOMAIN_AUDIT_INTERNAL_H
#define BATON_DOMAIN_AUDIT_INTERNAL_H

#include "baton/domain/audit.h"
#include "domain/idmap_internal.h"

struct arena;

struct audit__row {
    enum entity entity;
    int64_t id;
    int64_t last_seq, version; /* of its last event seen */
    int64_t stored_last;       /* what the row in the store says; -1: there is none */
    struct row *folded;        /* NULL before the first event and when done */
    bool done;                 /* compared, or not foldable */
    bool stored;               /* met in its table */
};

struct audit {
    struct store *store;
    struct audit_result *result;
    audit_progress progress;
    void *context;
    int64_t total, expected; /* seq of the next event */
    uint8_t previous_hash[32];
    struct domain__idmap map; /* (entity, id) → struct audit__row */
    struct arena *arena;
};

void audit__start(struct audit *a, struct store *store, struct audit_result *result);
int audit__event(void *audit, const struct event *event); /* a store_each_event; always 0 */
/* Compares what the events left behind with the tables. */
int audit__rows(struct audit *a, struct error *e);
void audit__free(struct audit *a);

#endif
