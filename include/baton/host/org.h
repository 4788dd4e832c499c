/* An organisation alive: store, domain, Lua, clock. Used inside a loop by
 * host.h, or alone by a command that hosts it in its own process. */
#ifndef BATON_HOST_ORG_H
#define BATON_HOST_ORG_H

#include "baton/base/error.h"
#include "baton/base/log.h"
#include "baton/domain/domain.h"
#include "baton/script/script.h"

struct home;
struct org;

/* What happens by itself, for people: timers that fired, messages sent, plugins that failed. */
typedef void (*org_notice)(void *context, const char *org, enum log_level level, const char *text);
/* Called every 20 ms or so while Lua of an organisation computes: the time to look whether a
 * request is to be cancelled (conversation_cancel), and for nothing else. */
typedef void (*org_poll)(void *context);

int org_open(struct org **out, const struct home *h, const char *name, org_notice notice,
             void *context, struct error *e);
void org_close(struct org *o);
void org_set_poll(struct org *o, org_poll poll, void *context);
const char *org_name(const struct org *o);
struct domain *org_domain(struct org *o);
struct store *org_store(struct org *o);
struct script *org_script(struct org *o);
const char *org_dir(const struct org *o);

/* Runs one command as a turn: begin, run, end, commit. `run` returns 0 to keep its writes. If the
 * commit fails, the organisation is opened anew and the error returned. */
typedef int (*org_run)(void *context, struct org *o, struct error *e);
int org_turn(struct org *o, org_run run, void *context, struct error *e);
/* Many at once in one turn (at most LIMIT_TURN_COMMANDS): results[i] is each one's own; a negative
 * return means that the commit failed and so all of them. */
struct org_command {
    org_run run;
    void *context;
    int result;
    struct error error;
};
int org_turn_many(struct org *o, struct org_command *commands, size_t count, struct error *e);

/* The process that hosted it died in that plugin, or had to be killed (`why`): recorded as event
 * plugin.blamed, counts as a kill for its circuit breaker. As a turn of its own, so outside any. */
int org_blame(struct org *o, const char *plugin, const char *why, struct error *e);
/* The same where it died while plugins loaded, so that opening it would only kill the next one.
 * Before org_open, nobody may have it open: the plugin is left out until it is tried again. */
int org_blame_loading(const struct home *h, const char *org, const char *plugin, const char *why,
                      struct error *e);

/* Fires what is due (timers, deadlines, jobs), delivers the outbox, until nothing is due at now. */
int org_tick(struct org *o, struct error *e);
int64_t org_tick_at(struct org *o); /* when the next is due, in the organisation's time */
int64_t org_now(const struct org *o);
/* Stops at everything due on the way, in order. */
int org_move_clock(struct org *o, int64_t to_ms, struct error *e);
int org_settle_some(struct org *o, bool *more, struct error *e); /* a slice, when idle */
/* Settings and plugins; the old ones stay on error. */
int org_reload(struct org *o, struct error *e);
/* What a reload means for open referrals: a text for each lot that waits since nothing loaded moves
 * it, and for each whose workflow a setting has changed. */
void org_waiting(struct org *o, void (*each)(void *context, const char *text), void *context);
size_t org_memory(const struct org *o);

/* Resolves --as: "S-3", 3, a mail address; NULL: the operator. Copied into *out, names in the org's
 * memory until it closes. */
int org_actor(struct org *o, const char *as, struct actor *out, struct error *e);

#endif
