/* Reading an organisation's calendar from its org.ini. Every refusal names
 * file:line, the key, the part that is wrong and the form that is right. */
#include "base/calendar_internal.h"

#include "base/zone_internal.h"
#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/ini.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/base/zone.h"

#include <string.h>
#include <strings.h>

enum { CALENDAR_LOW_YEAR = 1970, CALENDAR_HIGH_YEAR = 2199 };

static const char *const calendar_day_names[] = { "Sun", "Mon", "Tue", "Wed",
                                                  "Thu", "Fri", "Sat", NULL };

struct calendar_range {
    int64_t first, last;
};

static int calendar_refuse(struct ini *ini, const char *key, const char *part, const char *why,
                           struct error *e)
{
    int rc = error_set(e, ERROR_INVALID, "[calendar] %s: \"%s\": %s", key, part, why);
    error_at(e, "%s:%d", ini_file(ini), ini_find(ini, "calendar", key)->line);
    return rc;
}

static const char *calendar_skip_blanks(const char *p)
{
    return p + strspn(p, " \t");
}

/* One word of letters as a weekday, or -1. Full names are fine too. */
static int calendar_read_weekday(const char **at)
{
    static const char *const full[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday" };
    size_t n = strspn(*at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    for (int i = 0; i < 7; i++) {
        bool is_short = n == 3 && strncasecmp(*at, full[i], 3) == 0;
        if (is_short || (n == strlen(full[i]) && strncasecmp(*at, full[i], n) == 0)) {
            *at += n;
            return i;
        }
    }
    return -1;
}

static int calendar_refuse_weekday(struct ini *ini, const char *part, const char *at,
                                   struct error *e)
{
    struct buf why = BUF_INIT;
    char *word = mem_dupn(at, strcspn(at, " \t-"));
    buf_puts(&why, "expected days and hours, as in Mon-Thu 08:00-12:00 13:00-16:30");
    text_suggest(word, calendar_day_names, &why);
    int rc = calendar_refuse(ini, "week", part, buf_text(&why), e);
    mem_free(word);
    buf_free(&why);
    return rc;
}

/* The days of one part: "Mon", "Mon-Thu", "Sat-Mon", "Mon Wed"; *days has a bit for each. */
static int calendar_read_weekdays(struct ini *ini, const char *part, const char **at,
                                  unsigned *days, struct error *e)
{
    const char *p = *at;
    *days = 0;
    while (*p && (*p < '0' || *p > '9')) {
        int first = calendar_read_weekday(&p), last = first;
        if (first >= 0 && *p == '-') {
            p++;
            last = calendar_read_weekday(&p);
        }
        if (first < 0 || last < 0 || !strchr(" \t", *p))
            return calendar_refuse_weekday(ini, part, p, e);
        for (int day = first;; day = (day + 1) % 7) {
            *days |= 1u << day;
            if (day == last)
                break;
        }
        p = calendar_skip_blanks(p);
    }
    *at = p;
    return *days ? 0 : calendar_refuse_weekday(ini, part, *at, e);
}

static int calendar_read_hours(struct ini *ini, const char *part, const char *at,
                               struct calendar__hours *out, struct error *e)
{
    int64_t before_ms = 0;
    *out = (struct calendar__hours){ .count = 0 };
    while (*at) {
        int64_t start_ms, end_ms;
        if (!zone__read_clock(&at, false, &start_ms) || *at++ != '-' ||
            !zone__read_clock(&at, false, &end_ms) || !strchr(" \t", *at))
            return calendar_refuse(ini, "week", part, "expected hours as in 08:00-12:00", e);
        if (start_ms >= end_ms || start_ms < before_ms)
            return calendar_refuse(ini, "week", part,
                                   "hours must end after they start, and come in order", e);
        if (out->count == CALENDAR__WINDOWS)
            return calendar_refuse(ini, "week", part, "expected at most 8 stretches a day", e);
        out->windows[out->count].start_ms = start_ms;
        out->windows[out->count++].end_ms = end_ms;
        before_ms = end_ms;
        at = calendar_skip_blanks(at);
    }
    return out->count ? 0
                      : calendar_refuse(ini, "week", part,
                                        "expected hours behind the days, as in 08:00-12:00", e);
}

static int calendar_read_week(struct calendar *c, struct ini *ini, char **parts, struct error *e)
{
    memset(c->week, 0, sizeof c->week);
    if (!parts[0])
        return calendar_refuse(ini, "week", "", "expected as in Mon-Fri 09:00-17:00", e);
    for (; *parts; parts++) {
        struct calendar__hours hours;
        const char *at = *parts;
        unsigned days;
        int rc = calendar_read_weekdays(ini, *parts, &at, &days, e);
        if (!rc)
            rc = calendar_read_hours(ini, *parts, at, &hours, e);
        if (rc)
            return rc;
        for (int i = 0; i < 7; i++) {
            if (!(days >> i & 1))
                continue;
            if (c->week[i].count)
                return calendar_refuse(ini, "week", *parts, "a day is listed twice", e);
            c->week[i] = hours;
        }
    }
    return 0;
}

static int calendar_read_range(struct ini *ini, const char *key, const char *part,
                               struct calendar_range *out, struct error *e)
{
    const char *at = part;
    bool fine = zone__read_date(&at, &out->first);
    out->last = out->first;
    if (fine && *at) {
        at = calendar_skip_blanks(at);
        fine = strncmp(at, "..", 2) == 0;
        at = fine ? calendar_skip_blanks(at + 2) : at;
        fine = fine && zone__read_date(&at, &out->last) && !*at;
    }
    if (!fine)
        return calendar_refuse(ini, key, part,
                               "expected a day that exists, as in 2026-11-26, or "
                               "2026-12-24..2027-01-03",
                               e);
    if (out->first > out->last)
        return calendar_refuse(ini, key, part, "the last day is before the first", e);
    if (out->first < civil_to_days(CALENDAR_LOW_YEAR, 1, 1) ||
        out->last >= civil_to_days(CALENDAR_HIGH_YEAR + 1, 1, 1))
        return calendar_refuse(ini, key, part, "expected years from 1970 to 2199", e);
    return 0;
}

static void calendar_set_days(struct calendar__days *days, const struct calendar_range *ranges,
                              size_t count)
{
    int64_t first = ranges[0].first, last = ranges[0].last;
    for (size_t i = 1; i < count; i++) {
        first = ranges[i].first < first ? ranges[i].first : first;
        last = ranges[i].last > last ? ranges[i].last : last;
    }
    days->first = first;
    days->count = last - first + 1;
    days->bits = mem_zero((size_t)(days->count + 63) / 64 * sizeof *days->bits);
    for (size_t i = 0; i < count; i++) {
        for (int64_t bit = ranges[i].first - first; bit <= ranges[i].last - first; bit++)
            days->bits[bit / 64] |= UINT64_C(1) << (bit % 64);
    }
}

static int calendar_read_days(struct calendar__days *days, struct ini *ini, const char *key,
                              struct error *e)
{
    char **parts = NULL;
    size_t count = 0;
    int rc = ini_list(ini, "calendar", key, &parts, e);
    while (parts && parts[count])
        count++;
    if (rc || count == 0) {
        mem_free(parts);
        return rc;
    }
    struct calendar_range *ranges = mem_alloc(count * sizeof *ranges);
    for (size_t i = 0; i < count && !rc; i++)
        rc = calendar_read_range(ini, key, parts[i], &ranges[i], e);
    if (!rc)
        calendar_set_days(days, ranges, count);
    mem_free(ranges);
    mem_free(parts);
    return rc;
}

static int calendar_read_zone(struct calendar *c, struct ini *ini, struct error *e)
{
    const struct ini_entry *entry = ini_find(ini, "org", "zone");
    int rc = entry ? zone_find(&c->zone, entry->value, e) : 0;
    if (rc) {
        error_prefix(e, "[org] zone");
        error_at(e, "%s:%d", ini_file(ini), entry->line);
    }
    return rc;
}

int calendar__read(struct calendar *c, struct ini *ini, struct error *e)
{
    char **parts = NULL;
    int rc = calendar_read_zone(c, ini, e);
    if (!rc)
        rc = ini_list(ini, "calendar", "week", &parts, e);
    if (!rc && parts)
        rc = calendar_read_week(c, ini, parts, e);
    mem_free(parts);
    if (!rc)
        rc = calendar_read_days(&c->holidays, ini, "holidays", e);
    if (!rc)
        rc = calendar_read_days(&c->terms, ini, "terms", e);
    return rc;
}
