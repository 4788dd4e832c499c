/* The only reader of the clock (DESIGN 9). Whoever needs the time takes it as
 * a parameter, or holds a `struct clock`, which a test or the simulator moves. */
#ifndef BATON_BASE_CLOCK_H
#define BATON_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A moved clock runs `offset_ms` ahead of the system's; a stopped one stands
 * at `stopped_ms`. All zero is the system's own. */
struct clock {
    bool stopped;
    int64_t stopped_ms;
    int64_t offset_ms;
};

int64_t clock_now_ms(const struct clock *c); /* milliseconds since 1970, UTC; NULL: the system's */
void clock_stop_at(struct clock *c, int64_t at_ms);
void clock_move(struct clock *c, int64_t by_ms); /* forwards; works on a stopped one too */

uint64_t clock_monotonic_ns(void);  /* for measuring */
uint64_t clock_thread_cpu_ns(void); /* CPU time of this thread */

#endif
