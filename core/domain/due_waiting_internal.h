/* What is due and waits for its plugin. */
#ifndef DOMAIN_DUE_WAITING_INTERNAL_H
#define DOMAIN_DUE_WAITING_INTERNAL_H

#include "baton/domain/domain.h"

struct due_wait;

struct due_wait *waiting__new(void);
void waiting__free(struct due_wait *w);
/* What plugins are there has changed: all that waits is looked at anew, and said anew. */
void waiting__again(struct domain *d);
/* The same where a plugin is tried again by itself by then, without saying so. */
void waiting__tried(struct domain *d, int64_t now_ms);
int64_t waiting__at(const struct domain *d); /* when that is; INT64_MAX: never */

/* Whether a step or a timer that is due has to wait now: 0, or why. */
int waiting__check(struct domain *d, enum entity entity, const struct row *row, int64_t *again_ms,
                   struct error *e);
/* For whom it waits: "timers of plugin p", "deadlines of workflow w". */
void waiting__describe(enum entity entity, const struct row *row, struct buf *out);
/* Puts it aside. *first: it is the first of those that wait for that. */
void waiting__add(struct domain *d, enum entity entity, const struct row *row, int64_t again_ms,
                  bool *first);

#endif
