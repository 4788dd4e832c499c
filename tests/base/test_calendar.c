#include "base/check.h"

#include "baton/base/calendar.h"
#include "baton/base/ini.h"
#include "baton/base/memory.h"
#include "baton/base/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MINUTE_MS = 60000, DAY_MINUTES = 1440 };

static struct calendar *calendar(const char *text)
{
    struct ini *ini = NULL;
    struct calendar *c = NULL;
    struct error e = { 0 };
    if (ini_parse_text(&ini, text, "org.ini", &e) || calendar_new(&c, ini, &e) ||
        ini_unknown(ini, &e))
        fail_msg("%s: %s", e.where, e.message);
    ini_free(ini);
    return c;
}

/* "2026-03-01 09:00" in the calendar's zone. */
static int64_t at(const struct calendar *c, const char *text)
{
    struct civil civil = { 0 };
    assert_int_equal(sscanf(text, "%d-%d-%d %d:%d", &civil.year, &civil.month, &civil.day,
                            &civil.hour, &civil.minute),
                     5);
    return zone_from_civil(calendar_zone(c), &civil);
}

static const char sample[] = "[org]\nzone = America/New_York\n[calendar]\n"
                             "week = Mon-Thu 08:00-12:00 13:00-16:30, Fri 8:00-12:00\n"
                             "holidays = 2026-11-26, 2026-12-24..2027-01-03\n"
                             "terms = 2026-08-17..2026-12-18, 2027-01-04 .. 2027-06-04\n";

enum unit { DAYS, SCHOOL, MINUTES };

static void test_add(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        enum unit unit;
        int n;
        const char *to; /* NULL: ERROR_LIMIT */
    } cases[] = {
        { "2026-11-23 09:30", DAYS, 1, "2026-11-24 09:30" },
        { "2026-11-23 09:30", DAYS, 0, "2026-11-23 09:30" },
        { "2026-11-25 14:00", DAYS, 1, "2026-11-27 11:59" }, /* over Thanksgiving, Friday noon */
        { "2026-11-25 14:00", DAYS, 2, "2026-11-30 14:00" },
        { "2026-11-25 05:00", DAYS, 2, "2026-11-30 08:00" }, /* to opening */
        { "2026-11-25 16:30", DAYS, 2, "2026-11-30 16:29" }, /* closing is not working time */
        { "2026-11-25 12:30", DAYS, 2, "2026-11-30 12:30" }, /* a break is within the day */
        { "2026-11-28 09:00", DAYS, 1, "2026-11-30 09:00" }, /* from a Saturday */
        { "2026-11-28 09:00", DAYS, -1, "2026-11-27 09:00" },
        { "2026-11-30 09:00", DAYS, -2, "2026-11-25 09:00" },
        { "2026-12-23 09:00", DAYS, 1, "2027-01-04 09:00" },
        { "2026-12-17 09:00", SCHOOL, 2, "2027-01-04 09:00" },
        { "2026-12-18 09:00", SCHOOL, 1, "2027-01-04 09:00" },
        { "2027-01-04 09:00", SCHOOL, -1, "2026-12-18 09:00" },
        { "2027-06-04 09:00", SCHOOL, 1, NULL }, /* no term behind it */
        { "2026-11-23 09:00", DAYS, 6000, NULL },
        { "2026-11-25 16:00", MINUTES, 30, "2026-11-25 16:30" }, /* closing, not next opening */
        { "2026-11-25 16:00", MINUTES, 31, "2026-11-27 08:01" },
        { "2026-11-25 11:00", MINUTES, 120, "2026-11-25 14:00" },
        { "2026-11-25 12:30", MINUTES, 1, "2026-11-25 13:01" },
        { "2026-11-27 08:00", MINUTES, -30, "2026-11-25 16:00" },
        { "2026-11-25 16:30", MINUTES, -450, "2026-11-25 08:00" },
        { "2026-11-25 17:30", MINUTES, -1, "2026-11-25 16:29" },
        { "2026-11-25 03:00", MINUTES, 0, "2026-11-25 03:00" },
        { "2026-11-25 16:00", MINUTES, 20000000, NULL },
        { "2026-03-06 11:30", MINUTES, 60, "2026-03-09 08:30" }, /* over a change of the clock */
        { "2026-03-05 09:00", DAYS, 2, "2026-03-09 09:00" },
    };
    struct calendar *c = calendar(sample);
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t from = at(c, cases[i].from), out = 1;
        struct error e = { 0 };
        int rc = cases[i].unit == DAYS ? calendar_add_working_days(c, from, cases[i].n, &out, &e)
                 : cases[i].unit == SCHOOL
                     ? calendar_add_school_days(c, from, cases[i].n, &out, &e)
                     : calendar_add_working_ms(c, from, cases[i].n * (int64_t)MINUTE_MS, &out, &e);
        if (!cases[i].to) {
            check_error(rc, &e, ERROR_LIMIT, "within 20 years of 202");
            assert_int_equal(out, 1);
            continue;
        }
        assert_int_equal(rc, 0);
        struct buf b = BUF_INIT;
        zone_format(calendar_zone(c), out, false, &b);
        check_buf(&b, cases[i].to);
        buf_free(&b);
    }
    calendar_free(c);
    calendar_free(NULL);
}

static void check_due(const struct calendar *c, const char *unit, int rc, int64_t due,
                      const char *weekday, const char *wanted)
{
    static const char *const weekdays[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
    struct buf b = BUF_INIT;
    assert_int_equal(rc, 0);
    zone_format(calendar_zone(c), due, false, &b);
    if (strcmp(buf_text(&b), wanted) || strcmp(weekdays[due / 86400000 % 7], weekday))
        fail_msg("%s: %s, not %s %s", unit, buf_text(&b), weekday, wanted);
    buf_free(&b);
}

/* The table of docs/how-it-works.md, with the default week. */
static void test_page(void **state)
{
    (void)state;
    struct buf page = BUF_INIT;
    struct calendar *c = NULL;
    size_t rows = 0;
    assert_int_equal(calendar_new(&c, NULL, NULL), 0);
    assert_int_equal(buf_read_file(&page, BATON_SOURCE_DIR "/docs/how-it-works.md", 1 << 20, NULL),
                     0);
    for (const char *line = buf_text(&page); *line;
         line += strcspn(line, "\n"), line += *line != 0) {
        char from_day[4], from[17], day[4], days[17], hour[4], hours[17];
        int64_t due = 0;
        if (sscanf(line,
                   "| %3[A-Za-z] %16[0-9: -] | %3[A-Za-z] %16[0-9: -] | %3[A-Za-z] %16[0-9: -] |",
                   from_day, from, day, days, hour, hours) != 6)
            continue;
        rows++;
        check_due(c, "begins", 0, at(c, from), from_day, from);
        int rc = calendar_add_working_days(c, at(c, from), 1, &due, NULL);
        check_due(c, "1 working day", rc, due, day, days);
        rc = calendar_add_working_ms(c, at(c, from), 8 * 60 * (int64_t)MINUTE_MS, &due, NULL);
        check_due(c, "8 working hours", rc, due, hour, hours);
    }
    assert_int_equal(rows, 6);
    calendar_free(c);
    buf_free(&page);
}

static void test_days(void **state)
{
    (void)state;
    struct calendar *c = calendar(sample), *plain = NULL;
    assert_int_equal(calendar_new(&plain, NULL, NULL), 0);
    assert_string_equal(zone_name(calendar_zone(plain)), "UTC");
    static const struct {
        int year, month, day;
        bool working, school, plain;
    } cases[] = {
        { 2026, 11, 25, true, true, true },    { 2026, 11, 26, false, false, true },
        { 2026, 11, 28, false, false, false }, { 2026, 12, 21, true, false, true },
        { 2026, 12, 24, false, false, true },  { 2027, 1, 1, false, false, true },
        { 2027, 1, 4, true, true, true },      { 1969, 12, 31, true, false, true },
        { 2300, 1, 1, true, false, true },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t day = civil_to_days(cases[i].year, cases[i].month, cases[i].day);
        assert_int_equal(calendar_is_working_day(c, day), cases[i].working);
        assert_int_equal(calendar_is_school_day(c, day), cases[i].school);
        assert_int_equal(calendar_is_working_day(plain, day), cases[i].plain);
        assert_false(calendar_is_school_day(plain, day));
    }
    assert_true(calendar_is_working_time(c, at(c, "2026-11-25 08:00")));
    assert_false(calendar_is_working_time(c, at(c, "2026-11-25 12:00")));
    assert_false(calendar_is_working_time(c, at(c, "2026-11-25 08:00") - 1));
    assert_int_equal(calendar_working_ms(c, at(c, "2026-11-25 00:00"), at(c, "2026-11-28 00:00")),
                     (450 + 240) * MINUTE_MS);
    assert_int_equal(calendar_working_ms(c, 10, 10), 0);
    assert_int_equal(calendar_working_ms(c, at(c, "2026-11-28 00:00"), at(c, "2026-11-25 00:00")),
                     0);
    calendar_free(c);
    calendar_free(plain);
}

/* Hours within the gap of a spring change are moved behind it, and not counted twice there. */
static void test_gap(void **state)
{
    (void)state;
    struct calendar *c = calendar("[org]\nzone = America/New_York\n[calendar]\n"
                                  "week = Sun 02:00-02:30 03:00-04:00\n");
    int64_t from = at(c, "2026-03-08 00:00"), to = at(c, "2026-03-09 00:00"), out;
    assert_int_equal(calendar_working_ms(c, from, to), 60 * MINUTE_MS);
    assert_int_equal(calendar_add_working_ms(c, from, 60 * MINUTE_MS, &out, NULL), 0);
    assert_int_equal(out, at(c, "2026-03-08 04:00"));
    assert_int_equal(calendar_add_working_ms(c, to, -60 * MINUTE_MS, &out, NULL), 0);
    assert_int_equal(out, at(c, "2026-03-08 03:00"));
    calendar_free(c);
}

static void test_extremes(void **state)
{
    (void)state;
    static const int64_t instants[] = { INT64_MIN, INT64_MAX, INT64_C(-62135596800001) };
    struct calendar *c = calendar(sample);
    int64_t out;
    struct error e;
    for (size_t i = 0; i < COUNT(instants); i++) {
        assert_false(calendar_is_working_time(c, instants[i]));
        check_error(calendar_add_working_days(c, instants[i], 1, &out, &e), &e, ERROR_LIMIT,
                    "outside of the years");
        check_error(calendar_add_working_ms(c, instants[i], 1, &out, &e), &e, ERROR_LIMIT,
                    "outside of the years");
        check_error(calendar_add_school_days(c, 0, instants[i], &out, &e), &e, ERROR_LIMIT,
                    "20 years");
        check_error(calendar_add_working_ms(c, 0, instants[i], &out, &e), &e, ERROR_LIMIT,
                    "20 years");
    }
    assert_true(calendar_working_ms(c, INT64_MIN, INT64_MAX) > 0);
    calendar_free(c);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
    } cases[] = {
        { "week =", "expected as in Mon-Fri" },
        { "week = Mon", "expected hours behind the days" },
        { "week = Mno 09:00-17:00", "did you mean \"Mon\"?" },
        { "week = 09:00-17:00", "expected days and hours" },
        { "week = Mon- 09:00-17:00", "expected days and hours" },
        { "week = Mon 17:00-09:00", "must end after they start" },
        { "week = Mon 09:00-12:00 11:00-13:00", "come in order" },
        { "week = Mon 09:00", "expected hours as in" },
        { "week = Mon 09:00-25:00", "expected hours as in" },
        { "week = Mon 09:60-12:00", "expected hours as in" },
        { "week = Mon-Wed 09:00-17:00, Tue 09:00-12:00", "a day is listed twice" },
        { "holidays = 2026-02-30", "\"2026-02-30\": expected a day that exists" },
        { "holidays = 2026-1-1", "expected a day that exists" },
        { "holidays = 2026-01-02..2026-01-01", "the last day is before the first" },
        { "holidays = 2026-01-02..", "expected a day that exists" },
        { "terms = 1950-01-01", "expected years from 1970 to 2199" },
        { "terms = a", "[calendar] terms: \"a\"" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf text = BUF_INIT;
        struct ini *ini = NULL;
        struct calendar *c = NULL;
        struct error e = { 0 };
        buf_printf(&text, "[calendar]\n%s\n", cases[i].line);
        assert_int_equal(ini_parse_text(&ini, text.data, "org.ini", &e), 0);
        check_error(calendar_new(&c, ini, &e), &e, ERROR_INVALID, cases[i].message);
        assert_string_equal(e.where, "org.ini:2");
        assert_null(c);
        ini_free(ini);
        buf_free(&text);
    }
    struct ini *ini = NULL;
    struct calendar *c = NULL;
    struct error e = { 0 };
    ini_parse_text(&ini, "[org]\nzone = Europe/Lodnon\n", "org.ini", NULL);
    check_error(calendar_new(&c, ini, &e), &e, ERROR_INVALID, "did you mean \"Europe/London\"?");
    assert_string_equal(e.where, "org.ini:2");
    ini_free(ini);
}

/* A slow model: one entry for each minute of a year and what is around it, by libc alone. */
struct model {
    int64_t first; /* minute since 1970 of entry 0 */
    int count;
    int64_t *local; /* minutes on the wall clock */
    int *before;    /* working minutes before this one */
};

/* Hours of `night` reach over all changes of the clock. */
static bool model_works(int64_t local, bool night)
{
    int64_t day = local / DAY_MINUTES, minute = local % DAY_MINUTES, weekday = (day + 4) % 7;
    if (day >= civil_to_days(2026, 5, 1) && day <= civil_to_days(2026, 5, 10))
        return false;
    if (night)
        return minute < 360 || minute >= 1320;
    if (weekday == 5)
        return minute >= 480 && minute < 720;
    return weekday >= 1 && weekday <= 4 &&
           ((minute >= 480 && minute < 720) || (minute >= 780 && minute < 990));
}

static void model_make(struct model *m, const char *zone, bool night)
{
    m->first = civil_to_days(2026, 1, 1) * DAY_MINUTES;
    m->count = (int)(civil_to_days(2027, 1, 15) * DAY_MINUTES - m->first);
    m->local = mem_alloc((size_t)m->count * sizeof *m->local);
    m->before = mem_alloc((size_t)(m->count + 1) * sizeof *m->before);
    setenv("TZ", zone, 1);
    tzset();
    m->before[0] = 0;
    struct tm tm = { 0 };
    for (int i = 0; i < m->count; i++) {
        time_t t = (time_t)(m->first + i) * 60;
        if (i % 30 == 0) /* clocks change at full and half hours */
            localtime_r(&t, &tm);
        m->local[i] = m->first + i + tm.tm_gmtoff / 60;
        m->before[i + 1] = m->before[i] + model_works(m->local[i], night);
    }
    unsetenv("TZ");
    tzset();
}

/* The entry of a time on the wall clock: its first; in a gap, that of a day before and a day on. */
static int model_find(const struct model *m, int64_t local)
{
    int guess = (int)(local - m->first), low = guess - 900, high = guess + 900;
    for (int i = low < 0 ? 0 : low; i < high && i < m->count; i++) {
        if (m->local[i] == local)
            return i;
    }
    return model_find(m, local - DAY_MINUTES) + DAY_MINUTES;
}

static int64_t model_ms(const struct model *m, int i)
{
    return (m->first + i) * MINUTE_MS;
}

static void model_check_time(const struct model *m, const struct calendar *c, int from, int n)
{
    int64_t out = 0;
    int to = from;
    assert_int_equal(calendar_is_working_time(c, model_ms(m, from)),
                     m->before[from + 1] > m->before[from]);
    assert_int_equal(calendar_working_ms(c, model_ms(m, from), model_ms(m, from + abs(n) * 9)),
                     (int64_t)(m->before[from + abs(n) * 9] - m->before[from]) * MINUTE_MS);
    while (m->before[to] != m->before[from] + n)
        to += n > 0 ? 1 : -1;
    assert_int_equal(
        calendar_add_working_ms(c, model_ms(m, from), n * (int64_t)MINUTE_MS, &out, NULL), 0);
    assert_int_equal(out, model_ms(m, to));
}

static void model_check_days(const struct model *m, const struct calendar *c, bool night, int from,
                             int n)
{
    static const int opening[] = { 0, 480 }, closing[] = { 1440, 990 };
    int64_t day = m->local[from] / DAY_MINUTES, minute = m->local[from] % DAY_MINUTES, out = 0;
    int close = closing[!night], open = opening[!night];
    for (int left = abs(n); left > 0;) {
        day += n > 0 ? 1 : -1;
        int start = model_find(m, day * DAY_MINUTES), end = model_find(m, (day + 1) * DAY_MINUTES);
        left -= m->before[end] > m->before[start]; /* it has working minutes */
    }
    if (!night && (day + 4) % 7 == 5)
        close = 720;
    minute = minute < open ? open : minute >= close ? close - 1 : minute;
    assert_int_equal(calendar_add_working_days(c, model_ms(m, from), n, &out, NULL), 0);
    assert_int_equal(out, model_ms(m, model_find(m, day * DAY_MINUTES + minute)));
}

/* Anywhere, or for every second one within two days of a change of the clock. */
static int model_pick(const struct model *m, int round)
{
    int from = 60 * DAY_MINUTES + rand() % (m->count - 120 * DAY_MINUTES);
    for (int i = from; round % 2 && i + 61 * DAY_MINUTES < m->count; i++) {
        if (m->local[i + 1] != m->local[i] + 1)
            return i - 2 * DAY_MINUTES + rand() % (4 * DAY_MINUTES);
    }
    return from;
}

static void test_model(void **state)
{
    (void)state;
    static const char *const zones[] = { "America/New_York", "Australia/Lord_Howe",
                                         "Asia/Kolkata" };
    static const char *const weeks[] = {
        "Mon-Thu 08:00-12:00 13:00-16:30, Fri 08:00-12:00",
        "Mon-Sun 00:00-06:00 22:00-24:00",
    };
    srand(3);
    for (size_t k = 0; k < 2 * COUNT(zones); k++) {
        struct model m;
        struct buf text = BUF_INIT;
        bool night = k % 2;
        buf_printf(&text, "[org]\nzone = %s\n[calendar]\nweek = %s\n", zones[k / 2], weeks[night]);
        buf_puts(&text, "holidays = 2026-05-01..2026-05-10\n");
        struct calendar *c = calendar(text.data);
        model_make(&m, zones[k / 2], night);
        for (int i = 0; i < 200; i++) {
            int from = model_pick(&m, i);
            int n = rand() % 3000 + 1;
            model_check_time(&m, c, from, rand() % 2 ? n : -n);
            model_check_days(&m, c, night, from, rand() % 2 ? n % 20 + 1 : -(n % 20) - 1);
        }
        mem_free(m.local);
        mem_free(m.before);
        calendar_free(c);
        buf_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page),     cmocka_unit_test(test_add),
        cmocka_unit_test(test_days),     cmocka_unit_test(test_gap),
        cmocka_unit_test(test_extremes), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
