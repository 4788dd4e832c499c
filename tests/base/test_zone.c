#include "base/check.h"

#include "baton/base/zone.h"

#include <stdlib.h>
#include <time.h>

static const struct zone *zone(const char *name)
{
    const struct zone *z = NULL;
    struct error e = { 0 };
    if (zone_find(&z, name, &e))
        fail_msg("%s", e.message);
    return z;
}

static void test_days(void **state)
{
    (void)state;
    static const struct {
        int year, month, day;
        int64_t days;
    } cases[] = { { 1970, 1, 1, 0 },       { 1969, 12, 31, -1 }, { 2000, 2, 29, 11016 },
                  { 2000, 3, 1, 11017 },   { 1, 1, 1, -719162 }, { 9999, 12, 31, 2932896 },
                  { 1600, 2, 29, -135081 } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int year, month, day;
        assert_int_equal(civil_to_days(cases[i].year, cases[i].month, cases[i].day), cases[i].days);
        civil_from_days(cases[i].days, &year, &month, &day);
        assert_int_equal(year, cases[i].year);
        assert_int_equal(month, cases[i].month);
        assert_int_equal(day, cases[i].day);
    }
    for (int64_t days = -800000; days < 800000; days += 17) {
        int year, month, day;
        civil_from_days(days, &year, &month, &day);
        assert_int_equal(civil_to_days(year, month, day), days);
    }
    /* out of range carries over */
    assert_int_equal(civil_to_days(2026, 13, 1), civil_to_days(2027, 1, 1));
    assert_int_equal(civil_to_days(2026, 0, 1), civil_to_days(2025, 12, 1));
    assert_int_equal(civil_to_days(2026, -11, 32), civil_to_days(2025, 2, 1));
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *hint;
    } unknown[] = {
        { "America/New_Yrok", "did you mean \"America/New_York\"?" },
        { "america/new_york", "did you mean \"America/New_York\"?" },
        { "Chicago", "did you mean \"America/Chicago\"?" },
        { "utc", "did you mean \"UTC\"?" },
        { "../../etc/passwd", "expected a name such as" },
        { "/usr/share/zoneinfo/UTC", "unknown time zone" },
        { "right/UTC", "unknown time zone" },
        { "zone.tab", "unknown time zone" },
        { "America", "unknown time zone" },
        { "America/", "unknown time zone" },
        { "", "unknown time zone \"\"" },
    };
    for (size_t i = 0; i < COUNT(unknown); i++) {
        const struct zone *z = NULL;
        struct error e = { 0 };
        check_error(zone_find(&z, unknown[i].name, &e), &e, ERROR_INVALID, unknown[i].hint);
        assert_null(z);
    }
    const struct zone *a = zone("Europe/London");
    assert_ptr_equal(a, zone("Europe/London"));
    assert_string_equal(zone_name(a), "Europe/London");
    assert_string_equal(zone_name(zone("UTC")), "UTC");
}

/* Finding a zone leaves TZ as it was, and UTC needs no tzdata. */
static void test_environment(void **state)
{
    (void)state;
    setenv("TZ", "Asia/Tokyo", 1);
    tzset();
    zone("Europe/Madrid");
    assert_string_equal(getenv("TZ"), "Asia/Tokyo");
    assert_int_equal(timezone, -9 * 3600);
    unsetenv("TZ");
    tzset();
    zone("Europe/Rome");
    assert_null(getenv("TZ"));
    setenv("TZDIR", "/nonexistent", 1);
    const struct zone *z = NULL;
    assert_int_equal(zone_find(&z, "UTC", NULL), 0);
    assert_int_equal(zone_find(&z, "Europe/Oslo", NULL), -ERROR_INVALID);
    unsetenv("TZDIR");
}

/* Against libc, at random instants and at both sides of each change that they find. */
static void test_offsets(void **state)
{
    (void)state;
    static const char *const names[] = {
        "America/New_York",    "Europe/London", "Asia/Kolkata",
        "Australia/Lord_Howe", "Pacific/Apia",  "Africa/Casablanca",
        "America/Sao_Paulo",   "Asia/Tehran",   "UTC"
    };
    srand(2);
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct zone *z = zone(names[i]);
        setenv("TZ", names[i], 1);
        tzset();
        for (int k = 0; k < 5000; k++) {
            time_t t = (time_t)((double)rand() / RAND_MAX * 4102444800.0);
            struct tm tm;
            struct civil c;
            localtime_r(&t, &tm);
            assert_int_equal(zone_offset_s(z, t * 1000 + 999), tm.tm_gmtoff);
            zone_to_civil(z, t * 1000 + 7, &c);
            assert_int_equal(c.year, tm.tm_year + 1900);
            assert_int_equal(c.month, tm.tm_mon + 1);
            assert_int_equal(c.day, tm.tm_mday);
            assert_int_equal(c.hour, tm.tm_hour);
            assert_int_equal(c.minute, tm.tm_min);
            assert_int_equal(c.second, tm.tm_sec);
            assert_int_equal(c.millisecond, 7);
            assert_int_equal(c.weekday, tm.tm_wday);
            int64_t back = zone_from_civil(z, &c);
            /* The same instant, or the first of a repeated hour. */
            struct civil again;
            zone_to_civil(z, back, &again);
            assert_memory_equal(&again, &c, sizeof c);
            assert_true(back <= t * 1000 + 7);
        }
    }
    unsetenv("TZ");
    tzset();
}

static void test_changes(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        struct civil c;
        const char *utc;
    } cases[] = {
        { "America/New_York", { 2026, 3, 8, 1, 59, 59, 999, 0 }, "2026-03-08T06:59:59.999Z" },
        { "America/New_York", { 2026, 3, 8, 2, 0, 0, 0, 0 }, "2026-03-08T07:00:00.000Z" },
        { "America/New_York", { 2026, 3, 8, 2, 30, 0, 0, 0 }, "2026-03-08T07:30:00.000Z" },
        { "America/New_York", { 2026, 3, 8, 3, 0, 0, 0, 0 }, "2026-03-08T07:00:00.000Z" },
        { "America/New_York", { 2026, 11, 1, 1, 30, 0, 0, 0 }, "2026-11-01T05:30:00.000Z" },
        { "America/New_York", { 2026, 11, 1, 2, 0, 0, 0, 0 }, "2026-11-01T07:00:00.000Z" },
        { "Australia/Lord_Howe", { 2026, 10, 4, 2, 15, 0, 0, 0 }, "2026-10-03T15:45:00.000Z" },
        { "Pacific/Apia", { 2011, 12, 30, 12, 0, 0, 0, 0 }, "2011-12-30T22:00:00.000Z" },
        { "UTC", { 2026, 1, 32, 25, 61, 0, 0, 0 }, "2026-02-02T02:01:00.000Z" },
        { "UTC", { 2026, 1, 1, 0, 0, 0, -1, 0 }, "2025-12-31T23:59:59.999Z" },
        { "UTC", { 1, 1, 1, 0, 0, 0, 0, 0 }, "0001-01-01T00:00:00.000Z" },
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        zone_format_iso(zone_from_civil(zone(cases[i].zone), &cases[i].c), &b);
        check_buf(&b, cases[i].utc);
    }
    buf_free(&b);
}

static void test_format(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    const struct zone *z = zone("America/New_York");
    zone_format(z, INT64_C(1772355607123), false, &b);
    check_buf(&b, "2026-03-01 04:00");
    zone_format(z, INT64_C(1772355607123), true, &b);
    check_buf(&b, "2026-03-01 04:00:07");
    zone_format_iso(INT64_C(1772355607123), &b);
    check_buf(&b, "2026-03-01T09:00:07.123Z");
    zone_format_iso(-1, &b);
    check_buf(&b, "1969-12-31T23:59:59.999Z");
    zone_format_iso(INT64_MAX, &b); /* far away, but no overflow */
    zone_format_iso(INT64_MIN, &b);
    struct civil far = { .year = 2147483647, .month = 12, .day = 31 };
    zone_from_civil(z, &far);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days),        cmocka_unit_test(test_names),
        cmocka_unit_test(test_environment), cmocka_unit_test(test_offsets),
        cmocka_unit_test(test_changes),     cmocka_unit_test(test_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
