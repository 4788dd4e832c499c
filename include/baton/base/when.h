/* Time as people write it.
 *
 *   span    "90 minutes" "4 hours" "2 days" "6 weeks" "3 months" "1 year"
 *           "4 working hours" "3 working days" "30 school days"   (also "1 week 2 days")
 *   instant "2026-03-01" "2026-03-01 09:00" "2026-03-01T09:00:00Z" "16:00 next working day"
 *           "now" "tomorrow 09:00", a span ("3 working days": from now), a number of ms,
 *           also "2026-03-01T09:00+02:00" "today 17:00" "yesterday" "next school day" "in 3 days"
 *           "2 hours ago". A day alone is its midnight, a working or school day its opening; a
 *           clock time that is given is kept, also outside working hours.
 *
 * A span is kept in parts, because a month or a working day has no fixed length. */
#ifndef BATON_BASE_WHEN_H
#define BATON_BASE_WHEN_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct calendar;
struct error;

struct span {
    int64_t ms;         /* minutes, hours */
    int64_t working_ms; /* working hours and minutes */
    int32_t days;       /* days and weeks: same clock time in the zone */
    int32_t months;     /* months and years: same day, or the last of the month */
    int32_t working_days;
    int32_t school_days;
};

int span_parse(const char *text, struct span *out, struct error *e);
bool span_is_zero(const struct span *s);
void span_format(const struct span *s, struct buf *out); /* "3 working days" */
/* from + sign * span, in the order months, days, working days, school days, working hours, ms. */
int span_add(const struct span *s, int sign, const struct calendar *c, int64_t from_ms,
             int64_t *out, struct error *e);

int when_parse(const char *text, const struct calendar *c, int64_t now_ms, int64_t *out,
               struct error *e);

/* "in 3 days", "2 hours ago": for people. */
void when_relative(int64_t at_ms, int64_t now_ms, struct buf *out);

#endif
