/* What would change: everything written since some event, row by row with old
 * and new values, and the messages that would go out. For dry runs:
 *
 *   seq = store_last_event → write → changes_gather → undo → changes_settle → show, free */
#ifndef BATON_DOMAIN_CHANGES_H
#define BATON_DOMAIN_CHANGES_H

#include "baton/domain/domain.h"

struct buf;
struct changes;
struct jsonw;

/* While the turn or command that wrote is open still. */
int changes_gather(struct domain *d, int64_t after_seq, struct changes **out, struct error *e);
/* After it was undone: reads what the rows were. */
int changes_settle(struct changes *c, struct domain *d, struct error *e);
void changes_free(struct changes *c);

size_t changes_count(const struct changes *c); /* rows */
/* Lines for people, without a newline at the end. Times in the calendar's zone. */
void changes_text(const struct changes *c, const struct domain *d, struct buf *out);
/* {"rows":[{ref,entity,change:"created"|"changed",columns:{name:[old,new]}}],
 *  "messages":[{ref,to,subject,channel,body}],"events":[kind…]} */
void changes_json(const struct changes *c, struct jsonw *w);

/* A part of a command that is tried out: the store's point, and whether the command was spoiled. */
struct domain_point {
    struct store_point store;
    bool spoiled;
    char spoiled_why[256];
};
int domain_point_begin(struct domain *d, struct domain_point *p, struct error *e);
int domain_point_undo(struct domain *d, const struct domain_point *p, struct error *e);

#endif
