/* Dates and times as text: written by hand, since they are on every line of a
 * log and in every row that leaves; read by hand, since strptime takes more
 * than the forms that we document. */
#include "base/zone_internal.h"

#include "baton/base/buf.h"

static char *zone_put(char *p, int value, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        p[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return p + digits;
}

/* "2026-03-01" + `between` + "09:00", ":07" if `seconds`. */
static void zone_put_civil(const struct civil *c, char between, bool seconds, struct buf *out)
{
    char text[24], *p = text;
    if (c->year < 0 || c->year > 9999) {
        buf_int(out, c->year);
    } else {
        p = zone_put(p, c->year, 4);
    }
    *p++ = '-';
    p = zone_put(p, c->month, 2);
    *p++ = '-';
    p = zone_put(p, c->day, 2);
    *p++ = between;
    p = zone_put(p, c->hour, 2);
    *p++ = ':';
    p = zone_put(p, c->minute, 2);
    if (seconds) {
        *p++ = ':';
        p = zone_put(p, c->second, 2);
    }
    buf_add(out, text, (size_t)(p - text));
}

void zone_format(const struct zone *z, int64_t at_ms, bool seconds, struct buf *out)
{
    struct civil c;
    zone_to_civil(z, at_ms, &c);
    zone_put_civil(&c, ' ', seconds, out);
}

void zone_format_iso(int64_t at_ms, struct buf *out)
{
    struct civil c;
    char text[5] = ".", *p = text + 1;
    zone_to_civil(zone__utc(), at_ms, &c);
    zone_put_civil(&c, 'T', true, out);
    p = zone_put(p, c.millisecond, 3);
    *p++ = 'Z';
    buf_add(out, text, (size_t)(p - text));
}

/* `low` to `high` digits; steps over them. */
static bool zone_read_digits(const char **at, int low, int high, int *out)
{
    int value = 0, count = 0;
    const char *p = *at;
    while (count < high && *p >= '0' && *p <= '9') {
        value = value * 10 + (*p++ - '0');
        count++;
    }
    if (count < low || (*p >= '0' && *p <= '9'))
        return false;
    *out = value;
    *at = p;
    return true;
}

static bool zone_read_char(const char **at, char c)
{
    if (**at != c)
        return false;
    ++*at;
    return true;
}

bool zone__read_date(const char **at, int64_t *days)
{
    const char *p = *at;
    int year, month, day;
    if (!zone_read_digits(&p, 4, 4, &year) || !zone_read_char(&p, '-') ||
        !zone_read_digits(&p, 2, 2, &month) || !zone_read_char(&p, '-') ||
        !zone_read_digits(&p, 2, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1)
        return false;
    int64_t value = civil_to_days(year, month, day);
    if (value >= civil_to_days(year, month + 1, 1))
        return false;
    *days = value;
    *at = p;
    return true;
}

bool zone__read_clock(const char **at, bool with_seconds, int64_t *ms_of_day)
{
    static const int scale[] = { 0, 100, 10, 1 };
    const char *p = *at;
    int hour, minute, second = 0, fraction = 0;
    if (!zone_read_digits(&p, 1, 2, &hour) || !zone_read_char(&p, ':') ||
        !zone_read_digits(&p, 2, 2, &minute))
        return false;
    if (with_seconds && zone_read_char(&p, ':')) {
        if (!zone_read_digits(&p, 2, 2, &second))
            return false;
        const char *digits = p + 1;
        if (zone_read_char(&p, '.')) {
            if (!zone_read_digits(&p, 1, 3, &fraction))
                return false;
            fraction *= scale[p - digits];
        }
    }
    int64_t ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + fraction;
    if (minute > 59 || second > 59 || ms > ZONE__DAY_MS)
        return false;
    *ms_of_day = ms;
    *at = p;
    return true;
}
