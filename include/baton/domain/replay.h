/* Doing again what a history tells, in another organisation: what people did is
 * done, what followed from it is left to the workflow that is loaded there.
 *
 * A history tells causes (somebody opened, advanced, noted, …), firings of the
 * clock, deliveries, and consequences of these. Ids are those of the history;
 * whoever replays says what they are here. */
#ifndef BATON_DOMAIN_REPLAY_H
#define BATON_DOMAIN_REPLAY_H

#include "baton/base/limits.h"
#include "baton/domain/domain.h"

enum replay_part {
    REPLAY_CAUSE,       /* a person, a script or an import did it */
    REPLAY_CLOCK,       /* a step of a stage or a timer fired */
    REPLAY_OUTBOX,      /* what became of a message */
    REPLAY_CONSEQUENCE, /* what an effect, a handler, a job or the engine did */
    REPLAY_NOTHING      /* says how it went, not what happened */
};

/* The last event that was no consequence. Some of what the engine does in its command by itself
 * (tasks that it makes, children that close with their parent) has the same actor and no mark. */
struct replay_cause {
    enum entity entity;
    int64_t id, at_ms;
    char actor[LIMIT_NAME_BYTES + 16];
};
/* Remembers the event in *last unless it is a consequence. */
enum replay_part replay_part(const struct event *event, struct replay_cause *last);

struct replay_ids {
    /* The id that a row of the history has here; 0: there is none. */
    int64_t (*here)(void *context, enum entity entity, int64_t there);
    void *context;
    bool moved; /* any is another one */
};
struct replay_event {
    const struct event *event; /* a cause, or of the outbox; its payload is not erased */
    const struct replay_ids *ids;
    int version;         /* of the workflow that its referral ran then; 0: it is no referral's */
    const char *outcome; /* that was given along with it; NULL: none */
    bool silent;         /* without handlers and effects */
};
/* Inside a command. An error is the refusal, as whoever acted would have read it. What people wrote
 * about people, partners, tasks, … is taken as it was; what they did with a referral is asked anew:
 * by the same person, with the roles that they have here. */
int domain_replay(struct domain *d, const struct replay_event *what, struct error *e);
/* For one whose payload was erased: a row that stands for it. */
int domain_replay_erased(struct domain *d, const struct event *event, struct error *e);

/* A stage or field that a version of the workflow called `name`, as the loaded one calls it by its
 * `migrate`; the same name where it says nothing; "" for a field that it drops. */
const char *replay_stage(const struct domain *d, const char *workflow, int version,
                         const char *name);
const char *replay_field(const struct domain *d, const char *workflow, int version,
                         const char *name);

#endif
