/* A migration in the making. */
#ifndef DOMAIN_MIGRATION_INTERNAL_H
#define DOMAIN_MIGRATION_INTERNAL_H

#include "domain/version_internal.h"

struct migrating {
    struct domain *d;
    const struct row *row;
    const struct graph *to;
    const struct migration *map; /* NULL: names stay */
    const struct stage *stage;   /* of the new version; NULL: blocked */
    struct migration_plan *plan;
    struct columns c; /* what changes, the fields aside */
};

/* Fills the plan of `id` and what is to be written; the row may be of any kind. */
int migration__plan(struct migrating *m, int64_t id, struct error *e);
/* One more reason why not. */
void migration__block(struct migrating *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* migration_deadline.c: deadline and next step in the new stage, into m->c and the plan. */
int migration__deadline(struct migrating *m, struct error *e);

#endif
