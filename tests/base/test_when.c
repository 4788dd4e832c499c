#include "base/check.h"

#include "baton/base/calendar.h"
#include "baton/base/ini.h"
#include "baton/base/when.h"
#include "baton/base/zone.h"

static struct calendar *calendar;
static int64_t now_ms; /* Friday 2026-11-20 15:30 in New York */

static int set_up(void **state)
{
    (void)state;
    struct ini *ini = NULL;
    int rc = ini_parse_text(&ini,
                            "[org]\nzone = America/New_York\n[calendar]\nholidays = 2026-11-23\n"
                            "terms = 2026-12-01..2026-12-18\n",
                            "a", NULL);
    rc = rc ? rc : calendar_new(&calendar, ini, NULL);
    ini_free(ini);
    return rc ? rc : when_parse("2026-11-20 15:30", calendar, 0, &now_ms, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    calendar_free(calendar);
    return 0;
}

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text, *iso;
    } cases[] = {
        { "2026-03-01", "2026-03-01T05:00:00.000Z" },
        { "2026-03-01 09:00", "2026-03-01T14:00:00.000Z" },
        { "2026-03-01 9:00:07", "2026-03-01T14:00:07.000Z" },
        { "2026-03-01T09:00:00Z", "2026-03-01T09:00:00.000Z" },
        { "2026-03-01t09:00:00.5z", "2026-03-01T09:00:00.500Z" },
        { "2026-03-01T09:00+02:00", "2026-03-01T07:00:00.000Z" },
        { "2026-03-01T09:00-0530", "2026-03-01T14:30:00.000Z" },
        { "2026-03-08 02:30", "2026-03-08T07:30:00.000Z" }, /* skipped: moved on */
        { "2026-02-28 24:00", "2026-03-01T05:00:00.000Z" },
        { " now ", "2026-11-20T20:30:00.000Z" },
        { "NOW", "2026-11-20T20:30:00.000Z" },
        { "today", "2026-11-20T05:00:00.000Z" },
        { "today 17:00", "2026-11-20T22:00:00.000Z" },
        { "tomorrow 09:00", "2026-11-21T14:00:00.000Z" },
        { "09:00 tomorrow", "2026-11-21T14:00:00.000Z" },
        { "yesterday", "2026-11-19T05:00:00.000Z" },
        { "16:00 next working day", "2026-11-24T21:00:00.000Z" },
        { "next working day 18:00", "2026-11-24T23:00:00.000Z" }, /* kept, though after closing */
        { "next working day", "2026-11-24T14:00:00.000Z" },
        { "next school day", "2026-12-01T14:00:00.000Z" },
        { "3 working days", "2026-11-26T20:30:00.000Z" },
        { "in 3 days", "2026-11-23T20:30:00.000Z" },
        { "2 hours ago", "2026-11-20T18:30:00.000Z" },
        { "0", "1970-01-01T00:00:00.000Z" },
        { "-1", "1969-12-31T23:59:59.999Z" },
        { "1772355607123", "2026-03-01T09:00:07.123Z" },
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t out = 0;
        struct error e = { 0 };
        if (when_parse(cases[i].text, calendar, now_ms, &out, &e))
            fail_msg("%s: %s", cases[i].text, e.message);
        zone_format_iso(out, &b);
        check_buf(&b, cases[i].iso);
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
        { "", ERROR_INVALID, "\"\" is not a time" },
        { "whenever", ERROR_INVALID, "\"whenever\" is not a time: expected as in" },
        { "tomorow", ERROR_INVALID, "did you mean \"tomorrow\"?" },
        { "tomorrow 25:00", ERROR_INVALID, "not a time" },
        { "tomorrow 09:00 sharp", ERROR_INVALID, "not a time" },
        { "nowhere", ERROR_INVALID, "not a time" },
        { "now 09:00", ERROR_INVALID, "not a time" },
        { "16:00", ERROR_INVALID, "not a time" },
        { "next week", ERROR_INVALID, "not a time" },
        { "2026-02-30", ERROR_INVALID, "names no day that exists" },
        { "2026-13-01", ERROR_INVALID, "names no day that exists" },
        { "2026-3-1", ERROR_INVALID, "names no day that exists" },
        { "0000-01-01", ERROR_INVALID, "names no day that exists" },
        { "2026-03-01 9", ERROR_INVALID, "expected a clock time behind the date" },
        { "2026-03-01 09:00 x", ERROR_INVALID, "not a time" },
        { "2026-03-01x", ERROR_INVALID, "not a time" },
        { "2026-03-01T09:00+25:00", ERROR_INVALID, "not a time" },
        { "3 dyas", ERROR_INVALID, "did you mean \"days\"?" },
        { "in a while", ERROR_INVALID, "not a span" },
        { "99999999999999999999", ERROR_LIMIT, "outside of the years" },
        { "-99999999999999999999", ERROR_LIMIT, "outside of the years" },
        { "-", ERROR_INVALID, "not a time" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t out = 5;
        struct error e = { 0 };
        check_error(when_parse(cases[i].text, calendar, now_ms, &out, &e), &e, cases[i].code,
                    cases[i].message);
        assert_int_equal(out, 5);
    }
}

static void test_relative(void **state)
{
    (void)state;
    static const struct {
        int64_t after_ms;
        const char *shown;
    } cases[] = {
        { 0, "now" },
        { 999, "now" },
        { 1000, "in 1 second" },
        { -59000, "59 seconds ago" },
        { 60000, "in 1 minute" },
        { INT64_C(119) * 60000, "in 119 minutes" },
        { INT64_C(-2) * 3600000, "2 hours ago" },
        { INT64_C(47) * 3600000, "in 47 hours" },
        { INT64_C(3) * 86400000, "in 3 days" },
        { INT64_C(-59) * 86400000, "59 days ago" },
        { INT64_C(90) * 86400000, "in 3 months" },
        { INT64_C(800) * 86400000, "in 2 years" },
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        when_relative(now_ms + cases[i].after_ms, now_ms, &b);
        check_buf(&b, cases[i].shown);
    }
    when_relative(INT64_MAX, INT64_MIN, &b); /* no overflow */
    when_relative(INT64_MIN, INT64_MAX, &b);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_parse),
                                        cmocka_unit_test(test_refused),
                                        cmocka_unit_test(test_relative) };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
