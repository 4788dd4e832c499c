/* A calendar as the org.ini that gives it, in one form: so that a stored one can be
 * read back, and two be compared. Days are written as ranges, hours weekday by
 * weekday, so a line is never longer than the shortest that a person could write. */
#include "base/calendar_internal.h"

#include "base/zone_internal.h"
#include "baton/base/buf.h"
#include "baton/base/zone.h"

const char *calendar_unit_name(enum calendar_unit unit)
{
    static const char *const names[] = { "elapsed", "working", "school" };
    return names[unit];
}

static void write_clock(int64_t ms, struct buf *out)
{
    buf_printf(out, "%02d:%02d", (int)(ms / ZONE__HOUR_MS), (int)(ms / ZONE__MINUTE_MS % 60));
}

static void write_week(const struct calendar *c, struct buf *out)
{
    static const char *const names[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    const char *between = "";
    buf_puts(out, "week = ");
    for (int i = 1; i <= 7; i++) {
        const struct calendar__hours *hours = &c->week[i % 7];
        if (hours->count == 0)
            continue;
        buf_printf(out, "%s%s", between, names[i % 7]);
        between = ", ";
        for (size_t k = 0; k < hours->count; k++) {
            buf_putc(out, ' ');
            write_clock(hours->windows[k].start_ms, out);
            buf_putc(out, '-');
            write_clock(hours->windows[k].end_ms, out);
        }
    }
    buf_putc(out, '\n');
}

static void write_day(int64_t day, struct buf *out)
{
    int year, month, in_month;
    civil_from_days(day, &year, &month, &in_month);
    buf_printf(out, "%04d-%02d-%02d", year, month, in_month);
}

static bool write_holds(const struct calendar__days *days, int64_t index)
{
    return index < days->count && (days->bits[index / 64] >> (index % 64) & 1);
}

static void write_days(const char *key, const struct calendar__days *days, struct buf *out)
{
    const char *between = "";
    if (days->count == 0)
        return;
    buf_printf(out, "%s = ", key);
    for (int64_t i = 0; i < days->count; i++) {
        int64_t first = i;
        if (!write_holds(days, i))
            continue;
        while (write_holds(days, i + 1))
            i++;
        buf_puts(out, between);
        between = ",";
        write_day(days->first + first, out);
        if (i > first) {
            buf_puts(out, "..");
            write_day(days->first + i, out);
        }
    }
    buf_putc(out, '\n');
}

void calendar_write(const struct calendar *c, struct buf *out)
{
    buf_printf(out, "[org]\nzone = %s\n[calendar]\n", zone_name(c->zone));
    write_week(c, out);
    write_days("holidays", &c->holidays, out);
    write_days("terms", &c->terms, out);
}
