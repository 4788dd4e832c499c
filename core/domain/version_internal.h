/* What the files about versions share. */
#ifndef DOMAIN_VERSION_INTERNAL_H
#define DOMAIN_VERSION_INTERNAL_H

#include "baton/domain/version.h"
#include "domain/domain_internal.h"

struct versions *versions__new(void);
void versions__free(struct versions *v);

/* version_write.c: what of a graph decides how referrals run, in one form: no titles, no helps, no
 * places; what an organisation disabled is in it. */
void version__write(const struct graph *g, struct buf *out);
/* version_read.c: back to a graph, whose guards and effects are gone. */
int version__read(const char *json, size_t n, struct graph **out, struct error *e);

/* The graph that a referral of that version runs: `loaded` itself, a kept one, or, where nothing
 * was kept, the loaded one for want of a better. */
const struct graph *version__graph(const struct domain *d, const struct graph *loaded,
                                   int64_t version);
/* "R-12 runs version 1 of tutoring, version 2 is loaded: baton migrate tutoring" */
int version__refuse(const struct row *referral, const struct graph *loaded, struct error *e);

#endif
