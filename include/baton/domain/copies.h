/* Copies of data that left the organisation: backups and exports. Each is an
 * event "data.copied", so that an erasure can say which of them still hold the
 * person. They are linked backwards, from the key "copies" of meta. */
#ifndef BATON_DOMAIN_COPIES_H
#define BATON_DOMAIN_COPIES_H

#include "baton/domain/domain.h"

/* what: "backup", "organisation", or the plural of an entity. Inside a command. */
int domain_note_copy(struct domain *d, const struct actor *actor, const char *what,
                     const char *where, struct error *e);

struct copy {
    int64_t seq, at_ms;
    const char *actor, *what, *where;
};
typedef int (*copy_each)(void *context, const struct copy *copy);
/* Newest first, those made since. */
int domain_copies(struct domain *d, int64_t since_ms, copy_each each, void *context,
                  struct error *e);
/* Whether a copy of that may hold people. */
bool domain_copy_has_people(const char *what);

#endif
