/* Who held the clock of a referral for how long: its time in stages, by the one
 * who owned it then, as its history tells. For people who ask where the time went. */
#ifndef BATON_DOMAIN_CLOCK_RECORD_H
#define BATON_DOMAIN_CLOCK_RECORD_H

#include "baton/domain/domain.h"

struct clock_held {
    int64_t from_ms, to_ms; /* to_ms: now, while it lasts */
    bool lasts;
    int64_t staff_id; /* the owner; 0: nobody, so a role has it */
    const char *role; /* the first that may own the stage; "" if any may */
    const char *stage;
    bool paused; /* the deadline stood still */
    int64_t ms, working_ms;
};
/* In order of time, without gaps, until it is closed. Lives in the arena. */
int domain_clock_record(struct domain *d, int64_t referral_id, struct arena *arena,
                        struct clock_held **out, size_t *count, struct error *e);

#endif
