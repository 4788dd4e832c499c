/* Spans and instants as people write them: a span that we write reads back as itself; what is
 * computed from it is an instant or an explained error, in any calendar. */
#include "baton/base/calendar.h"
#include "baton/base/ini.h"
#include "baton/base/when.h"
#include "fuzz.h"

static const char *const when_calendars[] = {
    "[org]\nzone = UTC\n",
    "[org]\nzone = America/New_York\n[calendar]\nweek = Mon-Thu 08:00-12:00 13:00-16:30, Fri "
    "08:00-12:00\nholidays = 2026-11-26, 2026-12-24..2027-01-03\n"
    "terms = 2026-08-17..2026-12-18, 2027-01-04..2027-06-04\n",
    "[org]\nzone = Australia/Lord_Howe\n[calendar]\nweek = Sun 22:00-24:00\n",
};
enum { WHEN_CALENDARS = sizeof when_calendars / sizeof *when_calendars };

static void when_span(const char *text, const struct calendar *c, int64_t now_ms)
{
    struct span span, again;
    struct error e = { 0 };
    struct buf written = BUF_INIT;
    int64_t at;
    if (span_parse(text, &span, &e)) {
        fuzz_explained(&e);
        return;
    }
    span_format(&span, &written);
    FUZZ_CHECK(span_is_zero(&span) || span_parse(buf_text(&written), &again, &e) == 0);
    FUZZ_CHECK(span_is_zero(&span) || !memcmp(&span, &again, sizeof span));
    for (int sign = -1; sign <= 1; sign += 2) {
        if (span_add(&span, sign, c, now_ms, &at, &e))
            fuzz_explained(&e);
        else
            FUZZ_CHECK(sign > 0 ? at >= now_ms : at <= now_ms);
    }
    buf_free(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int64_t now_ms = 1772442000000; /* 2026-03-02 09:00 UTC */
    struct buf text = BUF_INIT;
    int64_t at;
    buf_add(&text, data, size);
    for (int i = 0; i < WHEN_CALENDARS; i++) {
        struct calendar *c = NULL;
        struct ini *ini = NULL;
        struct error e = { 0 };
        FUZZ_CHECK(ini_parse_text(&ini, when_calendars[i], "org.ini", &e) == 0);
        FUZZ_CHECK(calendar_new(&c, ini, &e) == 0);
        when_span(buf_text(&text), c, now_ms);
        if (when_parse(buf_text(&text), c, now_ms, &at, &e))
            fuzz_explained(&e);
        calendar_free(c);
        ini_free(ini);
    }
    buf_free(&text);
    return 0;
}
