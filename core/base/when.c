/* Instants as people write them. The text is read word by word:
 *
 *   now | NUMBER | in SPAN | SPAN [ago] | DATE [T|blank] [CLOCK [Z|+HH:MM]] | DAY [CLOCK] | CLOCK
 * DAY DAY: today | tomorrow | yesterday | next working day | next school day
 *
 * A day without a clock time is its midnight; a working or school day is its
 * opening. A clock time that is given is kept, also outside working hours. */
#include "baton/base/when.h"

#include "base/zone_internal.h"
#include "baton/base/buf.h"
#include "baton/base/calendar.h"
#include "baton/base/error.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/base/zone.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct when_reader {
    const char *text, *at;
    const struct calendar *calendar;
    int64_t now_ms;
    struct error *e;
};

static const char when_expected[] =
    "expected as in \"2026-03-01 09:00\", \"tomorrow 09:00\", \"16:00 next working day\", "
    "\"3 working days\", \"now\", or a number of ms";

static void when_skip_blanks(struct when_reader *r)
{
    r->at += strspn(r->at, " \t");
}

/* Steps over `word` (and the blanks behind) if the text goes on with it as a whole word. */
static bool when_take(struct when_reader *r, const char *word)
{
    size_t n = strlen(word);
    if (strncasecmp(r->at, word, n) != 0 || isalnum((unsigned char)r->at[n]))
        return false;
    r->at += n;
    when_skip_blanks(r);
    return true;
}

static int when_refuse(struct when_reader *r)
{
    static const char *const words[] = { "now", "today", "tomorrow", "yesterday", "next", NULL };
    struct buf hint = BUF_INIT;
    char *word = mem_dupn(r->text, strcspn(r->text, " \t"));
    if (isalpha((unsigned char)*word))
        text_suggest(word, words, &hint);
    int rc = error_set(r->e, ERROR_INVALID, "\"%.80s\" is not a time%s%s%s", r->text,
                       buf_text(&hint), hint.len ? " " : ": ", when_expected);
    mem_free(word);
    buf_free(&hint);
    return rc;
}

static int when_put(struct when_reader *r, int64_t at_ms, int64_t *out)
{
    if (at_ms < ZONE__LOW_MS || at_ms > ZONE__HIGH_MS)
        return error_set(r->e, ERROR_LIMIT, "\"%.80s\" is outside of the years 1 to 9999", r->text);
    *out = at_ms;
    return 0;
}

/* Milliseconds since 1970: digits only, with an optional sign. */
static bool when_is_number(const char *at)
{
    at += *at == '-';
    size_t n = strspn(at, "0123456789");
    return n > 0 && !at[n + strspn(at + n, " \t")];
}

static int when_read_number(struct when_reader *r, int64_t *out)
{
    bool negative = *r->at == '-';
    int64_t value = 0;
    for (const char *p = r->at + negative; isdigit((unsigned char)*p); p++)
        value = value > ZONE__HIGH_MS ? value : value * 10 + (*p - '0');
    return when_put(r, negative ? -value : value, out);
}

/* "Z", "+01:00", "-0500"; false if none is there. */
static bool when_read_offset(struct when_reader *r, int64_t *offset_ms)
{
    const char *p = r->at;
    if (*p == 'Z' || *p == 'z') {
        *offset_ms = 0;
        r->at = p + 1;
        return true;
    }
    if (*p != '+' && *p != '-')
        return false;
    int sign = *p++ == '-' ? -1 : 1;
    int digits[4];
    for (int i = 0; i < 4; i++) {
        if (i == 2 && *p == ':')
            p++;
        if (!isdigit((unsigned char)*p))
            return false;
        digits[i] = *p++ - '0';
    }
    int hours = digits[0] * 10 + digits[1], minutes = digits[2] * 10 + digits[3];
    if (hours > 23 || minutes > 59)
        return false;
    *offset_ms = sign * (hours * ZONE__HOUR_MS + minutes * (int64_t)ZONE__MINUTE_MS);
    r->at = p;
    return true;
}

static int when_read_date(struct when_reader *r, int64_t *out)
{
    int64_t day, ms_of_day = 0, offset_ms = 0;
    bool has_offset = false;
    if (!zone__read_date(&r->at, &day))
        return error_set(r->e, ERROR_INVALID,
                         "\"%.80s\" names no day that exists: expected YYYY-MM-DD, as in "
                         "2026-03-01",
                         r->text);
    if (*r->at == 'T' || *r->at == 't' || *r->at == ' ') {
        r->at++;
        when_skip_blanks(r);
        if (*r->at) {
            if (!zone__read_clock(&r->at, true, &ms_of_day))
                return error_set(r->e, ERROR_INVALID,
                                 "\"%.80s\": expected a clock time behind the date, as in 09:00",
                                 r->text);
            has_offset = when_read_offset(r, &offset_ms);
        }
    }
    when_skip_blanks(r);
    if (*r->at)
        return when_refuse(r);
    int64_t local_ms = day * ZONE__DAY_MS + ms_of_day;
    return when_put(r,
                    has_offset ? local_ms - offset_ms
                               : zone__from_local(calendar_zone(r->calendar), local_ms),
                    out);
}

/* "next working day", "next school day": 1: it is there, 0: it is not, negative: the calendar has
 * no such day. */
static int when_read_next_day(struct when_reader *r, int64_t today, int64_t *day,
                              int64_t *opening_ms)
{
    const struct zone *zone = calendar_zone(r->calendar);
    const char *start = r->at;
    bool is_next = when_take(r, "next");
    bool is_working = is_next && when_take(r, "working");
    bool is_school = is_next && !is_working && when_take(r, "school");
    if ((!is_working && !is_school) || !when_take(r, "day")) {
        r->at = start;
        return 0;
    }
    /* From midnight, so that the clock time is moved to the opening. */
    int64_t at_ms, midnight_ms = zone__from_local(zone, today * ZONE__DAY_MS);
    int rc = is_working ? calendar_add_working_days(r->calendar, midnight_ms, 1, &at_ms, r->e)
                        : calendar_add_school_days(r->calendar, midnight_ms, 1, &at_ms, r->e);
    if (rc)
        return rc;
    int64_t local_ms = zone__to_local(zone, at_ms);
    *day = zone__floor_div(local_ms, ZONE__DAY_MS);
    *opening_ms = local_ms - *day * ZONE__DAY_MS;
    return 1;
}

/* A day in words, with the clock time that it has when none is given. Returns as above. */
static int when_read_day(struct when_reader *r, int64_t *day, int64_t *opening_ms)
{
    static const struct {
        const char *word;
        int days;
    } words[] = { { "today", 0 }, { "tomorrow", 1 }, { "yesterday", -1 } };
    const struct zone *zone = calendar_zone(r->calendar);
    int64_t today = zone__floor_div(zone__to_local(zone, r->now_ms), ZONE__DAY_MS);
    *opening_ms = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (when_take(r, words[i].word)) {
            *day = today + words[i].days;
            return 1;
        }
    }
    return when_read_next_day(r, today, day, opening_ms);
}

static int when_read_words(struct when_reader *r, int64_t *out)
{
    int64_t day = 0, ms_of_day = 0, opening_ms = 0;
    bool has_clock = zone__read_clock(&r->at, true, &ms_of_day);
    when_skip_blanks(r);
    int found = when_read_day(r, &day, &opening_ms);
    if (found < 0)
        return found;
    if (found == 0)
        return when_refuse(r);
    if (!has_clock)
        has_clock = zone__read_clock(&r->at, true, &ms_of_day);
    when_skip_blanks(r);
    if (*r->at)
        return when_refuse(r);
    int64_t local_ms = day * ZONE__DAY_MS + (has_clock ? ms_of_day : opening_ms);
    return when_put(r, zone__from_local(calendar_zone(r->calendar), local_ms), out);
}

/* "3 working days", "in 3 days", "2 hours ago": the forms that when_relative writes, too. */
static int when_read_span(struct when_reader *r, int64_t *out)
{
    struct span span;
    size_t n = strlen(r->at);
    while (n > 0 && (r->at[n - 1] == ' ' || r->at[n - 1] == '\t'))
        n--;
    bool ago = n > 4 && strncasecmp(r->at + n - 4, " ago", 4) == 0;
    char *text = mem_dupn(r->at, ago ? n - 4 : n);
    int rc = span_parse(text, &span, r->e);
    mem_free(text);
    return rc ? rc : span_add(&span, ago ? -1 : 1, r->calendar, r->now_ms, out, r->e);
}

int when_parse(const char *text, const struct calendar *c, int64_t now_ms, int64_t *out,
               struct error *e)
{
    struct when_reader r = { text, text, c, now_ms, e };
    when_skip_blanks(&r);
    if (when_is_number(r.at))
        return when_read_number(&r, out);
    if (when_take(&r, "now"))
        return *r.at ? when_refuse(&r) : when_put(&r, now_ms, out);
    size_t digits = strspn(r.at, "0123456789");
    if (digits == 4 && r.at[digits] == '-')
        return when_read_date(&r, out);
    if (when_take(&r, "in") || (digits > 0 && r.at[digits] != ':' && r.at[digits] != '-'))
        return when_read_span(&r, out);
    return when_read_words(&r, out);
}

void when_relative(int64_t at_ms, int64_t now_ms, struct buf *out)
{
    /* A unit is used from twice its length on, save the small ones: "36 hours", then "2 days". */
    static const struct {
        const char *name;
        int64_t length_ms, from_ms;
    } units[] = {
        { "year", INT64_C(365) * ZONE__DAY_MS, INT64_C(730) * ZONE__DAY_MS },
        { "month", INT64_C(30) * ZONE__DAY_MS, INT64_C(60) * ZONE__DAY_MS },
        { "day", ZONE__DAY_MS, INT64_C(2) * ZONE__DAY_MS },
        { "hour", ZONE__HOUR_MS, INT64_C(2) * ZONE__HOUR_MS },
        { "minute", ZONE__MINUTE_MS, ZONE__MINUTE_MS },
        { "second", 1000, 1000 },
    };
    bool past = at_ms < now_ms;
    uint64_t distance =
        past ? (uint64_t)now_ms - (uint64_t)at_ms : (uint64_t)at_ms - (uint64_t)now_ms;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (distance < (uint64_t)units[i].from_ms)
            continue;
        int64_t number = (int64_t)(distance / (uint64_t)units[i].length_ms);
        buf_puts(out, past ? "" : "in ");
        buf_int(out, number);
        buf_printf(out, " %s%s%s", units[i].name, number == 1 ? "" : "s", past ? " ago" : "");
        return;
    }
    buf_puts(out, "now");
}
