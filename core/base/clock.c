/* The only file that asks the system for the time (DESIGN 9). */
#include "baton/base/clock.h"

#include <time.h>

static uint64_t clock_read_ns(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int64_t clock_now_ms(const struct clock *c)
{
    if (c && c->stopped)
        return c->stopped_ms;
    int64_t now_ms = (int64_t)(clock_read_ns(CLOCK_REALTIME) / 1000000u);
    return c ? now_ms + c->offset_ms : now_ms;
}

void clock_stop_at(struct clock *c, int64_t at_ms)
{
    c->stopped = true;
    c->stopped_ms = at_ms;
}

void clock_move(struct clock *c, int64_t by_ms)
{
    if (c->stopped)
        c->stopped_ms += by_ms;
    else
        c->offset_ms += by_ms;
}

uint64_t clock_monotonic_ns(void)
{
    return clock_read_ns(CLOCK_MONOTONIC);
}

uint64_t clock_thread_cpu_ns(void)
{
    return clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
}
