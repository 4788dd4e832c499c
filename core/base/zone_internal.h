/* Inside of zones, and dates as text, for the calendar and for when. */
#ifndef BATON_CORE_BASE_ZONE_INTERNAL_H
#define BATON_CORE_BASE_ZONE_INTERNAL_H

#include "baton/base/zone.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ZONE__DAY_MS = 24 * 60 * 60 * 1000,
    ZONE__HOUR_MS = 60 * 60 * 1000,
    ZONE__MINUTE_MS = 60000
};

/* Instants that people may name: the years 1 to 9999. Arithmetic on them cannot overflow. */
#define ZONE__LOW_MS INT64_C(-62135596800000)
#define ZONE__HIGH_MS INT64_C(253402300799999)

static inline int64_t zone__floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return q - (a % b < 0);
}

const struct zone *zone__utc(void);

/* A stretch of time with one offset: [start_ms, end_ms). */
struct zone__segment {
    int64_t start_ms, end_ms, offset_ms;
};

void zone__segment_at(const struct zone *z, int64_t at_ms, struct zone__segment *out);

/* As zone_from_civil, from milliseconds since 1970-01-01 00:00 on the wall clock. */
int64_t zone__from_local(const struct zone *z, int64_t local_ms);
int64_t zone__to_local(const struct zone *z, int64_t at_ms);

/* Each reads its form at *at and steps over it; false (and *at unmoved) where it is not there or
 * names no such day or time. Dates: "2026-03-01", a real day of the years 1 to 9999. Clock: "9:00",
 * "09:00", "24:00"; with seconds also "09:00:07" and "09:00:07.123". */
bool zone__read_date(const char **at, int64_t *days);
bool zone__read_clock(const char **at, bool with_seconds, int64_t *ms_of_day);

#endif
