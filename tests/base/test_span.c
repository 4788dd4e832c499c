#include "base/check.h"

#include "baton/base/calendar.h"
#include "baton/base/ini.h"
#include "baton/base/when.h"
#include "baton/base/zone.h"

#include <stdio.h>

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct span span;
        const char *shown;
    } cases[] = {
        { "90 minutes", { .ms = 5400000 }, "1 hour 30 minutes" },
        { "4 hours", { .ms = 14400000 }, "4 hours" },
        { "1 hour", { .ms = 3600000 }, "1 hour" },
        { "250 milliseconds", { .ms = 250 }, "250 milliseconds" },
        { "2 days", { .days = 2 }, "2 days" },
        { "30 days", { .days = 30 }, "30 days" },
        { "6 weeks", { .days = 42 }, "6 weeks" },
        { "1 week 2 days", { .days = 9 }, "9 days" },
        { "3 months", { .months = 3 }, "3 months" },
        { "1 year", { .months = 12 }, "1 year" },
        { "14 months", { .months = 14 }, "1 year 2 months" },
        { "4 working hours", { .working_ms = 14400000 }, "4 working hours" },
        { "3 working days", { .working_days = 3 }, "3 working days" },
        { "30 school days", { .school_days = 30 }, "30 school days" },
        { "  2 Days,3 HOURS  ", { .days = 2, .ms = 10800000 }, "2 days 3 hours" },
        { "1 day and 1 working day", { .days = 1, .working_days = 1 }, "1 day 1 working day" },
        { "2days", { .days = 2 }, "2 days" },
        { "0 days", { .ms = 0 }, "0 minutes" },
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span s, again;
        struct error e = { 0 };
        if (span_parse(cases[i].text, &s, &e))
            fail_msg("%s", e.message);
        assert_memory_equal(&s, &cases[i].span, sizeof s);
        span_format(&s, &b);
        assert_int_equal(span_parse(b.data, &again, NULL), 0); /* what is shown reads back */
        assert_memory_equal(&s, &again, sizeof s);
        check_buf(&b, cases[i].shown);
        assert_int_equal(span_is_zero(&s), i + 1 == COUNT(cases));
    }
    buf_free(&b);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum error_code code;
        const char *message;
    } cases[] = {
        { "", ERROR_INVALID, "\"\" is not a span of time" },
        { "soon", ERROR_INVALID, "\"soon\" is not a span of time" },
        { "-3 days", ERROR_INVALID, "not a span" },
        { "1.5 hours", ERROR_INVALID, "unknown unit \".\"" },
        { "3", ERROR_INVALID, "unknown unit \"\"" },
        { "3 dyas", ERROR_INVALID, "did you mean \"days\"?" },
        { "3 wrking days", ERROR_INVALID, "did you mean \"working\"?" },
        { "3 working weeks", ERROR_INVALID, "unknown unit \"working weeks\"" },
        { "3 working dsys", ERROR_INVALID, "did you mean \"days\"?" },
        { "3 school hours", ERROR_INVALID, "unknown unit \"school hours\"" },
        { "3 days 4", ERROR_INVALID, "unknown unit" },
        { "3 days x", ERROR_INVALID, "not a span" },
        { "101 years", ERROR_LIMIT, "longer than 100 years" },
        { "60 years 60 years", ERROR_LIMIT, "longer than 100 years" },
        { "99999999999999999999999 minutes", ERROR_LIMIT, "longer than 100 years" },
        { "1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ERROR_INVALID, "unknown" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span s = { .days = 7 };
        struct error e = { 0 };
        check_error(span_parse(cases[i].text, &s, &e), &e, cases[i].code, cases[i].message);
        assert_int_equal(s.days, 7);
    }
}

static void test_add(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        int sign;
        const char *span, *to;
    } cases[] = {
        { "2026-01-31 10:00", 1, "1 month", "2026-02-28 10:00" },
        { "2024-01-31 10:00", 1, "1 month", "2024-02-29 10:00" },
        { "2026-03-31 10:00", -1, "1 month", "2026-02-28 10:00" },
        { "2024-02-29 10:00", 1, "1 year", "2025-02-28 10:00" },
        { "2026-01-31 10:00", 1, "1 month 1 day", "2026-03-01 10:00" }, /* months first */
        { "2026-03-07 10:00", 1, "1 day", "2026-03-08 10:00" },         /* 23 hours */
        { "2026-03-07 10:00", 1, "24 hours", "2026-03-08 11:00" },
        { "2026-03-07 02:30", 1, "1 day", "2026-03-08 03:30" }, /* skipped: moved on */
        { "2026-11-20 10:00", 1, "1 day 1 working day", "2026-11-23 10:00" },
        { "2026-11-20 16:30", 1, "2 working hours", "2026-11-23 10:30" },
        { "2026-11-20 16:30", 1, "1 working day 1 hour", "2026-11-23 17:30" },
        { "2026-11-23 10:30", -1, "2 working hours", "2026-11-20 16:30" },
        { "2026-11-23 10:30", -1, "2 weeks", "2026-11-09 10:30" },
        { "2026-11-23 10:30", 1, "0 days", "2026-11-23 10:30" },
    };
    struct ini *ini = NULL;
    struct calendar *c = NULL;
    assert_int_equal(ini_parse_text(&ini, "[org]\nzone = America/New_York\n", "a", NULL), 0);
    assert_int_equal(calendar_new(&c, ini, NULL), 0);
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span s;
        int64_t from = 0, to = 0;
        assert_int_equal(when_parse(cases[i].from, c, 0, &from, NULL), 0);
        assert_int_equal(span_parse(cases[i].span, &s, NULL), 0);
        assert_int_equal(span_add(&s, cases[i].sign, c, from, &to, NULL), 0);
        zone_format(calendar_zone(c), to, false, &b);
        check_buf(&b, cases[i].to);
    }
    struct span school = { .school_days = 1 }, huge = { .ms = INT64_MAX }, day = { .days = 1 };
    struct error e;
    int64_t to = 5;
    check_error(span_add(&school, 1, c, 0, &to, &e), &e, ERROR_LIMIT, "so many school days");
    check_error(span_add(&huge, -1, c, 0, &to, &e), &e, ERROR_LIMIT, "longer than 100 years");
    check_error(span_add(&day, 1, c, INT64_MAX, &to, &e), &e, ERROR_LIMIT, "outside of the years");
    assert_int_equal(to, 5);
    buf_free(&b);
    calendar_free(c);
    ini_free(ini);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_parse),
                                        cmocka_unit_test(test_refused),
                                        cmocka_unit_test(test_add) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
