/* Between advance.c and locked.c. */
#ifndef DOMAIN_LOCKED_INTERNAL_H
#define DOMAIN_LOCKED_INTERNAL_H

#include "domain/domain_internal.h"

/* Writes a move that was checked, and all that follows from it. */
typedef int (*locked__write)(struct move *m, const struct row **out, struct error *e);
/* The same for a locked transition: once more, without hooks, where that failed. */
int locked__take(struct move *m, locked__write write, const struct row **out, struct error *e);
/* Is it a failure of rules or plugins, not one of the database? */
bool locked__may_go_on(int rc);

#endif
