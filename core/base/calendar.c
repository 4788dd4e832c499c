/* Counting working days and working time.
 *
 * A working day is O(1): hours of its weekday and a bit among the holidays.
 * Working time is a row of windows, each the instants between two times on the
 * wall clock: a window over a spring change is an hour shorter, over an autumn
 * change an hour longer, and the repeated hour belongs to the window that spans
 * it. Converting wall clock to instant goes through a cursor that remembers the
 * present offset, so that walking over many days searches the zone only near
 * its changes. No walk is longer than 20 years. */
#include "base/calendar_internal.h"

#include "base/zone_internal.h"
#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/memory.h"
#include "baton/base/zone.h"

#include <inttypes.h>
#include <string.h>

enum { CALENDAR_WALK_DAYS = 20 * 366 };

int calendar_new(struct calendar **out, struct ini *ini, struct error *e)
{
    struct calendar *c = mem_new(struct calendar);
    c->zone = zone__utc();
    for (int i = 1; i <= 5; i++) {
        c->week[i].count = 1;
        c->week[i].windows[0].start_ms = 9 * ZONE__HOUR_MS;
        c->week[i].windows[0].end_ms = 17 * ZONE__HOUR_MS;
    }
    int rc = ini ? calendar__read(c, ini, e) : 0;
    if (rc) {
        calendar_free(c);
        return rc;
    }
    *out = c;
    return 0;
}

void calendar_free(struct calendar *c)
{
    if (!c)
        return;
    mem_free(c->holidays.bits);
    mem_free(c->terms.bits);
    mem_free(c);
}

const struct zone *calendar_zone(const struct calendar *c)
{
    return c->zone;
}

static bool calendar_days_hold(const struct calendar__days *days, int64_t day)
{
    if (day < days->first || day - days->first >= days->count)
        return false;
    int64_t bit = day - days->first;
    return days->bits[bit / 64] >> (bit % 64) & 1;
}

static const struct calendar__hours *calendar_hours(const struct calendar *c, int64_t day)
{
    int64_t weekday = (day + 4) % 7; /* 1970-01-01 was a Thursday */
    return &c->week[weekday < 0 ? weekday + 7 : weekday];
}

bool calendar_is_working_day(const struct calendar *c, int64_t day)
{
    return calendar_hours(c, day)->count > 0 && !calendar_days_hold(&c->holidays, day);
}

bool calendar_is_school_day(const struct calendar *c, int64_t day)
{
    return calendar_days_hold(&c->terms, day) && calendar_is_working_day(c, day);
}

bool calendar_is_holiday(const struct calendar *c, int64_t day)
{
    return calendar_days_hold(&c->holidays, day);
}

size_t calendar_day_hours(const struct calendar *c, int64_t day, int index, int64_t *start_ms,
                          int64_t *end_ms)
{
    const struct calendar__hours *hours = calendar_hours(c, day);
    if (index >= 0 && (size_t)index < hours->count) {
        *start_ms = hours->windows[index].start_ms;
        *end_ms = hours->windows[index].end_ms;
    }
    return hours->count;
}

/* Which days a unit of time counts. */
typedef bool (*calendar_counts)(const struct calendar *c, int64_t day);

/* Wall clock to instant. Well inside a segment there is one answer: its offset. */
struct calendar_cursor {
    const struct zone *zone;
    int64_t low_ms, high_ms, offset_ms;
};

struct calendar_window {
    int64_t start_ms, end_ms; /* instants */
};

static int64_t calendar_instant(struct calendar_cursor *cursor, int64_t local_ms)
{
    int64_t at_ms = local_ms - cursor->offset_ms;
    if (at_ms >= cursor->low_ms && at_ms < cursor->high_ms)
        return at_ms;
    struct zone__segment segment;
    at_ms = zone__from_local(cursor->zone, local_ms);
    zone__segment_at(cursor->zone, at_ms, &segment);
    bool first = segment.start_ms == INT64_MIN, last = segment.end_ms == INT64_MAX;
    cursor->low_ms = first ? INT64_MIN : segment.start_ms + ZONE__DAY_MS;
    cursor->high_ms = last ? INT64_MAX : segment.end_ms - ZONE__DAY_MS;
    cursor->offset_ms = segment.offset_ms;
    return at_ms;
}

/* The working windows of a day, in order and without overlap, also where hours lie in the gap of
 * a spring change. None where `counts` says so. */
static size_t calendar_windows(const struct calendar *c, struct calendar_cursor *cursor,
                               calendar_counts counts, int64_t day,
                               struct calendar_window out[CALENDAR__WINDOWS])
{
    const struct calendar__hours *hours = calendar_hours(c, day);
    int64_t before_ms = INT64_MIN;
    if (!counts(c, day))
        return 0;
    for (size_t i = 0; i < hours->count; i++) {
        int64_t midnight = day * ZONE__DAY_MS;
        int64_t start_ms = calendar_instant(cursor, midnight + hours->windows[i].start_ms);
        int64_t end_ms = calendar_instant(cursor, midnight + hours->windows[i].end_ms);
        out[i].start_ms = start_ms > before_ms ? start_ms : before_ms;
        out[i].end_ms = end_ms > out[i].start_ms ? end_ms : out[i].start_ms;
        before_ms = out[i].end_ms;
    }
    return hours->count;
}

static struct calendar_cursor calendar_cursor(const struct calendar *c)
{
    return (struct calendar_cursor){ .zone = c->zone }; /* holds nothing yet */
}

static int64_t calendar_day_of(const struct calendar *c, int64_t at_ms)
{
    return zone__floor_div(zone__to_local(c->zone, at_ms), ZONE__DAY_MS);
}

static int64_t calendar_count_ms(const struct calendar *c, calendar_counts counts, int64_t from_ms,
                                 int64_t to_ms)
{
    struct calendar_cursor cursor = calendar_cursor(c);
    struct calendar_window windows[CALENDAR__WINDOWS];
    int64_t sum_ms = 0;
    from_ms = from_ms < ZONE__LOW_MS ? ZONE__LOW_MS : from_ms;
    to_ms = to_ms > ZONE__HIGH_MS ? ZONE__HIGH_MS : to_ms;
    if (to_ms <= from_ms)
        return 0;
    /* A change of offset at midnight can move a window into the neighbouring day. */
    int64_t last = calendar_day_of(c, to_ms) + 1;
    for (int64_t day = calendar_day_of(c, from_ms) - 1; day <= last; day++) {
        size_t count = calendar_windows(c, &cursor, counts, day, windows);
        for (size_t i = 0; i < count; i++) {
            int64_t start_ms = windows[i].start_ms > from_ms ? windows[i].start_ms : from_ms;
            int64_t end_ms = windows[i].end_ms < to_ms ? windows[i].end_ms : to_ms;
            sum_ms += end_ms > start_ms ? end_ms - start_ms : 0;
        }
    }
    return sum_ms;
}

int64_t calendar_working_ms(const struct calendar *c, int64_t from_ms, int64_t to_ms)
{
    return calendar_count_ms(c, calendar_is_working_day, from_ms, to_ms);
}

int64_t calendar_measure(const struct calendar *c, enum calendar_unit unit, int64_t from_ms,
                         int64_t to_ms)
{
    if (unit == CALENDAR_ELAPSED)
        return to_ms - from_ms;
    calendar_counts counts =
        unit == CALENDAR_SCHOOL ? calendar_is_school_day : calendar_is_working_day;
    bool forwards = from_ms <= to_ms;
    int64_t low_ms = forwards ? from_ms : to_ms, high_ms = forwards ? to_ms : from_ms;
    int64_t ms = calendar_count_ms(c, counts, low_ms, high_ms);
    return forwards ? ms : -ms;
}

bool calendar_is_working_time(const struct calendar *c, int64_t at_ms)
{
    if (at_ms < ZONE__LOW_MS || at_ms >= ZONE__HIGH_MS)
        return false;
    return calendar_working_ms(c, at_ms, at_ms + 1) > 0;
}

static int calendar_check_instant(int64_t at_ms, struct error *e)
{
    if (at_ms >= ZONE__LOW_MS && at_ms <= ZONE__HIGH_MS)
        return 0;
    return error_set(e, ERROR_LIMIT, "the time %" PRId64 " ms is outside of the years 1 to 9999",
                     at_ms);
}

static int calendar_refuse_walk(const struct calendar *c, int64_t from_ms, const char *what,
                                struct error *e)
{
    struct buf from = BUF_INIT;
    zone_format(c->zone, from_ms, false, &from);
    int rc = error_set(e, ERROR_LIMIT,
                       "the calendar does not have %s within 20 years of %s: check week, holidays "
                       "and terms of [calendar]",
                       what, buf_text(&from));
    buf_free(&from);
    return rc;
}

/* The clock time, moved into the opening hours of the day. */
static int64_t calendar_clock_on(const struct calendar *c, int64_t day, int64_t ms_of_day)
{
    const struct calendar__hours *hours = calendar_hours(c, day);
    int64_t opening_ms = hours->windows[0].start_ms;
    int64_t closing_ms = hours->windows[hours->count - 1].end_ms;
    if (ms_of_day < opening_ms)
        return opening_ms;
    return ms_of_day < closing_ms ? ms_of_day : closing_ms - ZONE__MINUTE_MS;
}

static int calendar_add_days(const struct calendar *c, int64_t from_ms, int64_t n,
                             calendar_counts counts, const char *what, int64_t *out,
                             struct error *e)
{
    int rc = calendar_check_instant(from_ms, e);
    if (rc || n == 0) {
        if (!rc)
            *out = from_ms;
        return rc;
    }
    int64_t local_ms = zone__to_local(c->zone, from_ms);
    int64_t day = zone__floor_div(local_ms, ZONE__DAY_MS);
    int64_t ms_of_day = local_ms - day * ZONE__DAY_MS;
    int step = n > 0 ? 1 : -1;
    for (int walked = 0; walked < CALENDAR_WALK_DAYS && n != 0; walked++) {
        day += step;
        if (counts(c, day))
            n -= step;
    }
    if (n != 0)
        return calendar_refuse_walk(c, from_ms, what, e);
    *out = zone__from_local(c->zone, day * ZONE__DAY_MS + calendar_clock_on(c, day, ms_of_day));
    return 0;
}

int calendar_add_working_days(const struct calendar *c, int64_t from_ms, int64_t n, int64_t *out,
                              struct error *e)
{
    return calendar_add_days(c, from_ms, n, calendar_is_working_day, "so many working days", out,
                             e);
}

int calendar_add_school_days(const struct calendar *c, int64_t from_ms, int64_t n, int64_t *out,
                             struct error *e)
{
    return calendar_add_days(c, from_ms, n, calendar_is_school_day, "so many school days", out, e);
}

/* Forwards to the first instant with `left_ms` of working time behind it. */
static bool calendar_walk_forwards(const struct calendar *c, calendar_counts counts,
                                   int64_t from_ms, int64_t left_ms, int64_t *out)
{
    struct calendar_cursor cursor = calendar_cursor(c);
    struct calendar_window windows[CALENDAR__WINDOWS];
    int64_t day = calendar_day_of(c, from_ms) - 1;
    for (int walked = 0; walked < CALENDAR_WALK_DAYS; walked++, day++) {
        size_t count = calendar_windows(c, &cursor, counts, day, windows);
        for (size_t i = 0; i < count; i++) {
            int64_t start_ms = windows[i].start_ms > from_ms ? windows[i].start_ms : from_ms;
            int64_t length_ms = windows[i].end_ms - start_ms;
            if (length_ms >= left_ms) {
                *out = start_ms + left_ms;
                return true;
            }
            left_ms -= length_ms > 0 ? length_ms : 0;
        }
    }
    return false;
}

static bool calendar_walk_backwards(const struct calendar *c, calendar_counts counts,
                                    int64_t from_ms, int64_t left_ms, int64_t *out)
{
    struct calendar_cursor cursor = calendar_cursor(c);
    struct calendar_window windows[CALENDAR__WINDOWS];
    int64_t day = calendar_day_of(c, from_ms) + 1;
    for (int walked = 0; walked < CALENDAR_WALK_DAYS; walked++, day--) {
        size_t count = calendar_windows(c, &cursor, counts, day, windows);
        for (size_t i = count; i-- > 0;) {
            int64_t end_ms = windows[i].end_ms < from_ms ? windows[i].end_ms : from_ms;
            int64_t length_ms = end_ms - windows[i].start_ms;
            if (length_ms >= left_ms) {
                *out = end_ms - left_ms;
                return true;
            }
            left_ms -= length_ms > 0 ? length_ms : 0;
        }
    }
    return false;
}

static int calendar_add_counted(const struct calendar *c, calendar_counts counts, const char *what,
                                int64_t from_ms, int64_t n_ms, int64_t *out, struct error *e)
{
    int64_t result_ms = from_ms;
    int rc = calendar_check_instant(from_ms, e);
    if (rc)
        return rc;
    bool found = n_ms == 0;
    if (n_ms > 0)
        found = calendar_walk_forwards(c, counts, from_ms, n_ms, &result_ms);
    else if (n_ms < 0 && n_ms > INT64_MIN)
        found = calendar_walk_backwards(c, counts, from_ms, -n_ms, &result_ms);
    if (!found)
        return calendar_refuse_walk(c, from_ms, what, e);
    *out = result_ms;
    return 0;
}

int calendar_add_working_ms(const struct calendar *c, int64_t from_ms, int64_t n_ms, int64_t *out,
                            struct error *e)
{
    return calendar_add_counted(c, calendar_is_working_day, "so much working time", from_ms, n_ms,
                                out, e);
}

int calendar_add(const struct calendar *c, enum calendar_unit unit, int64_t from_ms, int64_t n_ms,
                 int64_t *out, struct error *e)
{
    if (unit == CALENDAR_WORKING)
        return calendar_add_working_ms(c, from_ms, n_ms, out, e);
    if (unit == CALENDAR_SCHOOL)
        return calendar_add_counted(c, calendar_is_school_day, "so much school time", from_ms, n_ms,
                                    out, e);
    int64_t at_ms;
    int rc = calendar_check_instant(from_ms, e);
    if (!rc && __builtin_add_overflow(from_ms, n_ms, &at_ms))
        rc = error_set(e, ERROR_LIMIT, "so much time ends outside of the years 1 to 9999");
    if (!rc && !(rc = calendar_check_instant(at_ms, e)))
        *out = at_ms;
    return rc;
}
