/* For version.c: is it the plugin that changed, or a setting? */
#ifndef DOMAIN_ORIGIN_INTERNAL_H
#define DOMAIN_ORIGIN_INTERNAL_H

#include "domain/version_internal.h"

const char *origin__of(const struct graph *g); /* as it is kept; "": nobody said */
/* Both known, and the same. */
bool origin__same_source(const struct graph *g, const struct buf *kept);
/* "a, b": settings with another value than then. */
void origin__changed_settings(const struct graph *g, const struct buf *kept, struct buf *out);

#endif
