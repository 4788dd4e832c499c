/* An organisation's working time: weekly hours with breaks, holidays, terms. */
#ifndef BATON_BASE_CALENDAR_H
#define BATON_BASE_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;
struct ini;
struct zone;
struct calendar;

/* From the section [calendar] of org.ini:
 *   week = Mon-Thu 08:00-12:00 13:00-16:30, Fri 08:00-12:00   (default Mon-Fri 09:00-17:00)
 *   holidays = 2026-11-26, 2026-12-24..2027-01-03
 *   terms = 2026-08-17..2026-12-18, 2027-01-04..2027-06-04    (school days: working days in a term)
 * and `zone` of [org] (default UTC). Errors have file:line. `ini` NULL: all defaults. */
int calendar_new(struct calendar **out, struct ini *ini, struct error *e);
void calendar_free(struct calendar *c);
const struct zone *calendar_zone(const struct calendar *c);

bool calendar_is_working_day(const struct calendar *c, int64_t day); /* days since 1970 */
bool calendar_is_school_day(const struct calendar *c, int64_t day);
bool calendar_is_working_time(const struct calendar *c, int64_t at_ms);

/* Both count forwards (n > 0) or backwards (n < 0). A day keeps the clock time, moved to the last
 * working minute if that time is after closing, to opening if before; counting starts on the day
 * after `from_ms`. ERROR_LIMIT where the calendar has no such day within 20 years. */
int calendar_add_working_days(const struct calendar *c, int64_t from_ms, int64_t n, int64_t *out,
                              struct error *e);
int calendar_add_school_days(const struct calendar *c, int64_t from_ms, int64_t n, int64_t *out,
                             struct error *e);
int calendar_add_working_ms(const struct calendar *c, int64_t from_ms, int64_t n_ms, int64_t *out,
                            struct error *e);
/* Working milliseconds in [from, to). */
int64_t calendar_working_ms(const struct calendar *c, int64_t from_ms, int64_t to_ms);

/* The same by unit, for what remains of a deadline: plain time, or time that counts on working or
 * on school days only. Negative where to_ms lies before from_ms. */
enum calendar_unit { CALENDAR_ELAPSED, CALENDAR_WORKING, CALENDAR_SCHOOL };
const char *calendar_unit_name(enum calendar_unit unit); /* "elapsed", "working", "school" */
int64_t calendar_measure(const struct calendar *c, enum calendar_unit unit, int64_t from_ms,
                         int64_t to_ms);
int calendar_add(const struct calendar *c, enum calendar_unit unit, int64_t from_ms, int64_t n_ms,
                 int64_t *out, struct error *e);

/* For showing it. Hours of the weekday, also on a holiday: how many stretches; the one at `index`
 * in ms of the day. */
bool calendar_is_holiday(const struct calendar *c, int64_t day);
size_t calendar_day_hours(const struct calendar *c, int64_t day, int index, int64_t *start_ms,
                          int64_t *end_ms);
/* An org.ini that would give this calendar, in one form: two calendars that count alike are written
 * alike. */
void calendar_write(const struct calendar *c, struct buf *out);

#endif
