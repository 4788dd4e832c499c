/* Working time against a count minute by minute, over ten years and twelve zones,
 * on random weeks, holidays and terms. The model knows libc's clock and nothing
 * of ours. With BATON_SOAK=1 it goes on for some minutes; BATON_SEED repeats a run. */
#include "base/check.h"

#include "baton/base/calendar.h"
#include "baton/base/ini.h"
#include "baton/base/memory.h"
#include "baton/base/when.h"
#include "baton/base/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MINUTE_MS = 60000, DAY = 1440, FIRST_YEAR = 2020, YEARS = 10, DAYS_MAX = 366 * YEARS + 200 };

static const char *const zones[] = {
    "America/New_York", "America/Los_Angeles", "America/St_Johns",    "America/Havana",
    "America/Asuncion", "Europe/London",       "Europe/Berlin",       "Africa/Casablanca",
    "Asia/Kolkata",     "Asia/Beirut",         "Australia/Lord_Howe", "Pacific/Chatham",
};

/* The settings, as plain tables. */
struct rules {
    bool works[7][DAY]; /* by weekday and minute on the wall clock */
    bool holiday[DAYS_MAX], term[DAYS_MAX];
    int64_t first_day;
    struct buf ini;
};

struct model {
    const struct rules *rules;
    int64_t first; /* minute since 1970 of entry 0 */
    int count, days;
    int *local;   /* minutes on the wall clock since first_day */
    int *working; /* working minutes before this one */
    int *school;
    int *day_at; /* entry at which each day begins */
};

static unsigned seed = 20260301;

static int pick(int n)
{
    return rand_r(&seed) % n;
}

static void put_day(struct buf *out, int64_t day)
{
    int y, m, d;
    civil_from_days(day, &y, &m, &d);
    buf_printf(out, "%04d-%02d-%02d", y, m, d);
}

/* One to three stretches between 5:00 and 22:00, in quarters of an hour: clear of changes of the
 * clock, which all come at night. */
static void rules_day(struct rules *r, int weekday, const char *between)
{
    static const char *const names[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    int at = 20 + pick(20), stretches = 1 + pick(3);
    buf_printf(&r->ini, "%s%s", between, names[weekday]);
    for (int i = 0; i < stretches && at < 84; i++) {
        int end = at + 1 + pick(16);
        end = end > 88 ? 88 : end;
        buf_printf(&r->ini, " %02d:%02d-%02d:%02d", at / 4, at % 4 * 15, end / 4, end % 4 * 15);
        for (int m = at * 15; m < end * 15; m++)
            r->works[weekday][m] = true;
        at = end + pick(8);
    }
}

/* Nights span every change of the clock. */
static void rules_nights(struct rules *r)
{
    buf_puts(&r->ini, "week = Mon-Sun 00:00-06:00 22:00-24:00\n");
    for (int d = 0; d < 7; d++)
        for (int m = 0; m < DAY; m++)
            r->works[d][m] = m < 360 || m >= 1320;
}

static void rules_week(struct rules *r)
{
    const char *between = "week = ";
    for (int d = 0; d < 7; d++) {
        if (pick(7) >= (d == 0 || d == 6 ? 2 : 6) && d != 3)
            continue;
        rules_day(r, d, between);
        between = ", ";
    }
    buf_putc(&r->ini, '\n');
}

static void rules_ranges(struct rules *r, const char *key, bool *set, int apart, int length)
{
    const char *between = " = ";
    buf_puts(&r->ini, key);
    for (int d = 10 + pick(apart); d < 365 * YEARS; d += apart / 2 + pick(apart)) {
        int last = d + pick(length);
        buf_puts(&r->ini, between);
        put_day(&r->ini, r->first_day + d);
        if (last > d) {
            buf_puts(&r->ini, "..");
            put_day(&r->ini, r->first_day + last);
        }
        between = ",";
        for (; d <= last; d++)
            set[d] = true;
    }
    buf_putc(&r->ini, '\n');
}

static struct rules *rules_new(const char *zone, bool nights)
{
    struct rules *r = mem_new(struct rules);
    r->first_day = civil_to_days(FIRST_YEAR, 1, 1);
    buf_printf(&r->ini, "[org]\nzone = %s\n[calendar]\n", zone);
    if (nights)
        rules_nights(r);
    else
        rules_week(r);
    rules_ranges(r, "holidays", r->holiday, 50, 5);
    rules_ranges(r, "terms", r->term, 60, 120);
    return r;
}

/* ---- the model ---- */

static void model_count(struct model *m, int i)
{
    const struct rules *r = m->rules;
    int day = m->local[i] / DAY;
    int weekday = (int)((r->first_day + day + 4) % 7);
    bool works = r->works[weekday][m->local[i] % DAY] && !r->holiday[day];
    m->working[i + 1] = m->working[i] + works;
    m->school[i + 1] = m->school[i] + (works && r->term[day]);
    if (day >= m->days) { /* a day begins once, even where the clock goes back over midnight */
        m->day_at[day] = i;
        m->days = day + 1;
    }
}

static void model_make(struct model *m, const struct rules *r, const char *zone)
{
    *m = (struct model){ .rules = r, .first = (r->first_day + 1) * DAY };
    m->count = 365 * YEARS * DAY;
    size_t n = (size_t)m->count + 1;
    m->local = mem_alloc(n * sizeof *m->local);
    m->working = mem_zero(n * sizeof *m->working);
    m->school = mem_zero(n * sizeof *m->school);
    m->day_at = mem_zero(DAYS_MAX * sizeof *m->day_at);
    setenv("TZ", zone, 1);
    tzset();
    struct tm tm = { 0 };
    for (int i = 0; i < m->count; i++) {
        time_t t = (time_t)(m->first + i) * 60;
        if (i % 30 == 0) /* clocks change at full and half hours */
            localtime_r(&t, &tm);
        m->local[i] = (int)(m->first + i + tm.tm_gmtoff / 60 - r->first_day * DAY);
        model_count(m, i);
    }
    unsetenv("TZ");
    tzset();
}

static void model_free(struct model *m)
{
    mem_free(m->local);
    mem_free(m->working);
    mem_free(m->school);
    mem_free(m->day_at);
}

static int64_t ms(const struct model *m, int i)
{
    return (m->first + i) * MINUTE_MS;
}

/* The entry of a time on the wall clock: the first; one that is skipped, by the clock before. */
static int model_find(const struct model *m, int day, int minute)
{
    int wanted = day * DAY + minute;
    for (int i = m->day_at[day] - 240;; i++) {
        if (m->local[i] == wanted)
            return i;
        if (m->local[i] < wanted && m->local[i + 1] > wanted)
            return i + wanted - m->local[i];
    }
}

/* ---- the properties ---- */

static void check_ms(const struct calendar *c, const struct model *m, int from, int n)
{
    const struct {
        enum calendar_unit unit;
        const int *before;
    } units[] = { { CALENDAR_WORKING, m->working }, { CALENDAR_SCHOOL, m->school } };
    int64_t out = 0;
    assert_int_equal(calendar_is_working_time(c, ms(m, from)),
                     m->working[from + 1] > m->working[from]);
    for (size_t u = 0; u < COUNT(units); u++) {
        const int *before = units[u].before;
        int to = from + n * 9, end = from;
        assert_int_equal(calendar_measure(c, units[u].unit, ms(m, from), ms(m, to)),
                         (int64_t)(before[to] - before[from]) * MINUTE_MS);
        while (end > 0 && end < m->count && before[end] != before[from] + n)
            end += n > 0 ? 1 : -1;
        if (end <= 0 || end >= m->count) /* no such school time in these years */
            continue;
        assert_int_equal(
            calendar_add(c, units[u].unit, ms(m, from), (int64_t)n * MINUTE_MS, &out, NULL), 0);
        assert_int_equal(out, ms(m, end));
        assert_int_equal(calendar_measure(c, units[u].unit, ms(m, from), out),
                         (int64_t)n * MINUTE_MS);
    }
}

/* The clock time, moved into the hours of the day. */
static int model_clock(const struct rules *r, int day, int minute)
{
    const bool *works = r->works[(r->first_day + day + 4) % 7];
    int open = 0, close = DAY;
    while (!works[open])
        open++;
    while (!works[close - 1])
        close--;
    return minute < open ? open : minute >= close ? close - 1 : minute;
}

static void check_days(const struct calendar *c, const struct model *m, int from, int n,
                       bool school)
{
    const int *before = school ? m->school : m->working;
    int day = m->local[from] / DAY, minute = m->local[from] % DAY;
    int64_t out = 0;
    for (int left = abs(n); left > 0;) {
        day += n > 0 ? 1 : -1;
        if (day < 2 || day + 2 >= m->days)
            return;
        left -= before[m->day_at[day + 1]] > before[m->day_at[day]]; /* it has such minutes */
    }
    assert_int_equal((school ? calendar_add_school_days : calendar_add_working_days)(c, ms(m, from),
                                                                                     n, &out, NULL),
                     0);
    assert_int_equal(out, ms(m, model_find(m, day, model_clock(m->rules, day, minute))));
}

/* "2 weeks" is the same clock time, "16:00 next working day" that clock time. */
static void check_words(const struct calendar *c, const struct model *m, int from, int n)
{
    struct span span = { 0 };
    struct buf text = BUF_INIT;
    int day = m->local[from] / DAY, minute = m->local[from] % DAY, weeks = 1 + abs(n) % 40;
    int64_t out = 0;
    if (day + 7 * weeks + 2 >= m->days)
        return;
    buf_printf(&text, "%d weeks", weeks);
    assert_int_equal(span_parse(text.data, &span, NULL), 0);
    assert_int_equal(span_add(&span, 1, c, ms(m, from), &out, NULL), 0);
    assert_int_equal(out, ms(m, model_find(m, day + 7 * weeks, minute)));
    buf_clear(&text);
    buf_printf(&text, "%02d:%02d next working day", minute / 60, minute % 60);
    do
        day++;
    while (m->working[m->day_at[day + 1]] == m->working[m->day_at[day]]);
    assert_int_equal(when_parse(text.data, c, ms(m, from), &out, NULL), 0);
    assert_int_equal(out, ms(m, model_find(m, day, minute)));
    buf_free(&text);
}

/* Anywhere, or for every second one within two days of a change of the clock. */
static int pick_from(const struct model *m, int round)
{
    int margin = 400 * DAY, from = margin + pick(m->count - 2 * margin);
    for (int i = from; round % 2 && i < from + 200 * DAY; i++)
        if (m->local[i + 1] != m->local[i] + 1)
            return i - 2 * DAY + pick(4 * DAY);
    return from;
}

static struct calendar *read_calendar(const char *text)
{
    struct ini *ini = NULL;
    struct calendar *c = NULL;
    struct error e = { 0 };
    if (ini_parse_text(&ini, text, "org.ini", &e) || calendar_new(&c, ini, &e))
        fail_msg("%s: %s\n%s", e.where, e.message, text);
    ini_free(ini);
    return c;
}

/* Written and read back it is the same calendar. */
static struct calendar *written_and_read(struct calendar *c)
{
    struct buf once = BUF_INIT, twice = BUF_INIT;
    calendar_write(c, &once);
    struct calendar *again = read_calendar(once.data);
    calendar_write(again, &twice);
    assert_string_equal(once.data, twice.data);
    buf_free(&once);
    buf_free(&twice);
    calendar_free(c);
    return again;
}

static void check_zone(const char *zone, bool nights, int samples)
{
    struct rules *r = rules_new(zone, nights);
    struct calendar *c = read_calendar(r->ini.data);
    struct model m;
    model_make(&m, r, zone);
    for (int i = 0; i < samples; i++) {
        if (i == samples / 2)
            c = written_and_read(c);
        int from = pick_from(&m, i), n = 1 + pick(4000);
        n = pick(2) ? n : -n;
        check_ms(c, &m, from, n);
        check_days(c, &m, from, n % 40 ? n % 40 : 1, pick(2));
        check_words(c, &m, from, n);
    }
    model_free(&m);
    calendar_free(c);
    buf_free(&r->ini);
    mem_free(r);
}

static void test_zones(void **state)
{
    (void)state;
    const char *soak = getenv("BATON_SOAK"), *given = getenv("BATON_SEED");
    bool is_long = soak && *soak && strcmp(soak, "0") != 0;
    if (given)
        seed = (unsigned)strtoul(given, NULL, 10);
    for (int round = 0; round < (is_long ? 10 : 1); round++) {
        for (size_t i = 0; i < COUNT(zones); i++) {
            unsigned began = seed;
            print_message("%s, BATON_SEED=%u\n", zones[i], began);
            check_zone(zones[i], (i + (size_t)round) % 4 == 0, is_long ? 2000 : 100);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_zones) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
