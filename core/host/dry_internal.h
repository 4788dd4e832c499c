/* Dry runs: a script or a command runs, then all that it wrote is undone and told. */
#ifndef HOST_DRY_INTERNAL_H
#define HOST_DRY_INTERNAL_H

#include "baton/domain/changes.h"
#include "host/request_internal.h"

struct dry {
    struct changes *changes;
    struct buf text;
};

/* c->script to its end, in one turn that is aborted. What it would have changed until an error is
 * printed. */
int dry__script(struct conversation *c, struct dry *d, struct error *e);
/* `run` inside the command that is open. */
int dry__command(struct conversation *c, struct dry *d,
                 int (*run)(struct conversation *c, struct error *e), struct error *e);
/* Adds "changes" and "text". */
void dry__tell(const struct dry *d, struct jsonw *done);
void dry__free(struct dry *d);

#endif
