/* The outbox: messages are rows written with the change that caused them and
 * delivered after its commit, at least once, with a stable id (DESIGN 8). */
#ifndef BATON_DOMAIN_OUTBOX_H
#define BATON_DOMAIN_OUTBOX_H

#include "baton/domain/domain.h"

/* Messages due at now, copied out of a turn: at most `limit` are given to `each`. */
struct outbox_item {
    int64_t id;
    int64_t attempts;
    const char *channel, *recipient, *subject, *body;
    int64_t created_at_ms;
};
typedef int (*outbox_each)(void *context, const struct outbox_item *item);
int domain_outbox_due(struct domain *d, int64_t now_ms, size_t limit, outbox_each each,
                      void *context, struct error *e);

/* What became of an attempt; inside a command. A failure is tried again after 1, 2, 4, ... minutes
 * and is dead after LIMIT_MESSAGE_ATTEMPTS, which leaves a task for role lead. */
int domain_outbox_done(struct domain *d, int64_t message_id, bool delivered, const char *failure,
                       struct error *e);

/* Templates: "Dear {{person.name}}, …": names are looked up by the callback, which appends the
 * value and returns 0, or refuses the name. {{#if name}}…{{/if}} drops its part when the value is
 * empty. Nothing in a value is read as a template. Errors name line and name. */
struct buf;
typedef int (*template_lookup)(void *context, const char *name, size_t n, struct buf *out,
                               struct error *e);
int template_render(const char *text, template_lookup lookup, void *context, struct buf *out,
                    struct error *e);
int template_check(const char *text,
                   struct error *e); /* would it render, if every name is known? */

#endif
