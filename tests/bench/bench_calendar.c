/* A deadline computed: spans of every kind from random instants of two years, in a
 * zone with summer time, with breaks, holidays and terms. */
#include <stdlib.h>

#include "baton/base/calendar.h"
#include "baton/base/clock.h"
#include "baton/base/error.h"
#include "baton/base/ini.h"
#include "baton/base/when.h"
#include "bench/bench.h"

enum { CALENDAR_ROUNDS = 300000, CALENDAR_LIMIT_US = 2 };

static const char calendar_text[] =
    "[org]\nzone = America/Los_Angeles\n[calendar]\n"
    "week = Mon-Thu 08:00-12:00 13:00-16:30, Fri 08:00-12:00\n"
    "holidays = 2026-01-01, 2026-01-19, 2026-02-16, 2026-05-25, 2026-07-03, 2026-09-07, "
    "2026-11-26..2026-11-27, 2026-12-21..2027-01-01, 2027-03-22..2027-03-26\n"
    "terms = 2025-08-18..2025-12-19, 2026-01-05..2026-06-05, 2026-08-17..2026-12-18, "
    "2027-01-04..2027-06-04, 2027-08-16..2027-12-17, 2028-01-03..2028-06-02\n";

static struct calendar *calendar_make(void)
{
    struct ini *ini = NULL;
    struct calendar *c = NULL;
    struct error e = { 0 };
    if (ini_parse_text(&ini, calendar_text, "org.ini", &e) || calendar_new(&c, ini, &e))
        bench_die("%s", e.message);
    ini_free(ini);
    return c;
}

static double calendar_run(const struct calendar *c, const char *text)
{
    struct span span;
    struct error e = { 0 };
    uint64_t seed = 42;
    int64_t sum_ms = 0, out = 0;
    if (span_parse(text, &span, &e))
        bench_die("%s", e.message);
    uint64_t before = clock_thread_cpu_ns();
    for (int i = 0; i < CALENDAR_ROUNDS; i++) {
        int64_t from_ms = 1767225600000 + (int64_t)(bench_random(&seed) % (730ull * 86400000));
        if (span_add(&span, 1, c, from_ms, &out, &e))
            bench_die("%s", e.message);
        sum_ms += out & 1023;
    }
    double us = (double)(clock_thread_cpu_ns() - before) / 1e3 / CALENDAR_ROUNDS;
    return sum_ms == -1 ? 0 : us; /* the results are used */
}

void bench_calendar(void)
{
    static const struct {
        const char *span, *name;
    } spans[] = { { "3 working days", "deadline computed: 3 working days" },
                  { "30 school days", "deadline computed: 30 school days" },
                  { "6 weeks", "deadline computed: 6 weeks" },
                  { "12 working hours", "deadline computed: 12 working hours" } };
    struct calendar *c = calendar_make();
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        double us = calendar_run(c, spans[i].span);
        bench_report(spans[i].name, us, "us", "2 us", CALENDAR_LIMIT_US / us);
    }
    calendar_free(c);
}
