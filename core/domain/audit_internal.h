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

struct audit__missing { /* a payload that is gone */
    int64_t seq;
    bool named; /* by an erasure */
};

struct audit {
    struct store *store;
    struct audit_result result;
    int64_t want_seq;
    int64_t expected; /* seq of the next event */
    uint8_t previous_hash[32];
    struct domain__idmap map;       /* (entity, id) → struct audit__row */
    struct audit__missing *missing; /* in the order of seq */
    size_t missing_count, missing_room;
    struct arena *arena;
    bool settled, walked; /* which part is done */
    enum entity entity;   /* the table at hand, */
    int64_t row_id;       /* its last row seen */
    size_t in_page;
};

int audit__event(void *audit, const struct event *event); /* a store_each_event; always 0 */
void audit__end_events(struct audit *a);                  /* behind the last */
/* Compares what the events left behind with the tables, a page at a time. */
int audit__some_rows(struct audit *a, bool *done, struct error *e);

#endif
