/* Every row of an entity, by id, in pages: for what looks at all of them. */
#ifndef BATON_DOMAIN_WALK_INTERNAL_H
#define BATON_DOMAIN_WALK_INTERNAL_H

#include "baton/store/store.h"

struct error;

/* Outside of a turn, what is dirty is settled first. A non-zero return of `each` stops and is
 * returned; it may read from the store. */
int domain__walk(struct store *s, enum entity entity, store_each each, void *context,
                 struct error *e);

#endif
