/* Spans: reading, showing and adding "3 working days". */
#include "baton/base/when.h"

#include "base/zone_internal.h"
#include "baton/base/buf.h"
#include "baton/base/calendar.h"
#include "baton/base/error.h"
#include "baton/base/text.h"
#include "baton/base/zone.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

enum { SPAN_WORD_BYTES = 31, SPAN_YEARS = 100 };

#define SPAN_LIMIT_MS (INT64_C(36525) * ZONE__DAY_MS)

enum span_part { SPAN_MS, SPAN_DAYS, SPAN_MONTHS, SPAN_WORKING_MS, SPAN_WORKING_DAYS, SPAN_SCHOOL };

static const struct span_unit {
    const char *prefix, *name; /* singular */
    enum span_part part;
    int64_t scale;
} span_units[] = {
    { "", "millisecond", SPAN_MS, 1 },
    { "", "second", SPAN_MS, 1000 },
    { "", "minute", SPAN_MS, ZONE__MINUTE_MS },
    { "", "hour", SPAN_MS, ZONE__HOUR_MS },
    { "", "day", SPAN_DAYS, 1 },
    { "", "week", SPAN_DAYS, 7 },
    { "", "month", SPAN_MONTHS, 1 },
    { "", "year", SPAN_MONTHS, 12 },
    { "working", "millisecond", SPAN_WORKING_MS, 1 },
    { "working", "second", SPAN_WORKING_MS, 1000 },
    { "working", "minute", SPAN_WORKING_MS, ZONE__MINUTE_MS },
    { "working", "hour", SPAN_WORKING_MS, ZONE__HOUR_MS },
    { "working", "day", SPAN_WORKING_DAYS, 1 },
    { "school", "day", SPAN_SCHOOL, 1 },
};

enum { SPAN_UNITS = sizeof span_units / sizeof *span_units };

static const char span_expected[] = "expected as in \"90 minutes\", \"2 days\", \"3 months\", "
                                    "\"4 working hours\", \"3 working days\", \"30 school days\"";

static const char *span_skip_blanks(const char *p)
{
    return p + strspn(p, " \t");
}

/* Copies the word at *at, cut at the limit, and steps over it and the blanks behind. */
static void span_read_word(const char **at, char out[SPAN_WORD_BYTES + 1])
{
    size_t n = strcspn(*at, " \t,0123456789");
    size_t kept = n < SPAN_WORD_BYTES ? n : SPAN_WORD_BYTES;
    memcpy(out, *at, kept);
    out[kept] = '\0';
    *at = span_skip_blanks(*at + n);
}

static bool span_word_is(const char *word, const char *singular)
{
    size_t n = strlen(singular);
    return strncasecmp(word, singular, n) == 0 && (!word[n] || strcasecmp(word + n, "s") == 0);
}

static const struct span_unit *span_find_unit(const char *prefix, const char *word)
{
    for (size_t i = 0; i < SPAN_UNITS; i++) {
        if (strcasecmp(span_units[i].prefix, prefix) == 0 && span_word_is(word, span_units[i].name))
            return &span_units[i];
    }
    return NULL;
}

static int span_refuse_unit(const char *text, const char *prefix, const char *word, struct error *e)
{
    static const char *const words[] = { "minutes", "hours",   "days",    "weeks",  "months",
                                         "years",   "seconds", "working", "school", NULL };
    static const char *const working[] = { "minutes", "hours", "days", "seconds", NULL };
    struct buf hint = BUF_INIT;
    text_suggest(word, *prefix ? working : words, &hint);
    const char *between = *prefix ? " " : "";
    int rc = error_set(e, ERROR_INVALID, "\"%.80s\": unknown unit \"%s%s%s\"%s%s%s", text, prefix,
                       between, word, buf_text(&hint), hint.len ? " " : ": ", span_expected);
    buf_free(&hint);
    return rc;
}

static int64_t *span_ms_part(struct span *s, enum span_part part)
{
    return part == SPAN_MS ? &s->ms : part == SPAN_WORKING_MS ? &s->working_ms : NULL;
}

static int32_t *span_count_part(struct span *s, enum span_part part)
{
    return part == SPAN_DAYS           ? &s->days
           : part == SPAN_MONTHS       ? &s->months
           : part == SPAN_WORKING_DAYS ? &s->working_days
                                       : &s->school_days;
}

/* False where the part would go beyond a hundred years. */
static bool span_take(struct span *s, const struct span_unit *unit, int64_t number)
{
    int64_t *ms = span_ms_part(s, unit->part);
    int64_t limit = ms ? SPAN_LIMIT_MS : unit->part == SPAN_MONTHS ? SPAN_YEARS * 12 : 36525;
    int64_t now = ms ? *ms : *span_count_part(s, unit->part);
    if (number > (limit - now) / unit->scale)
        return false;
    now += number * unit->scale;
    if (ms)
        *ms = now;
    else
        *span_count_part(s, unit->part) = (int32_t)now;
    return true;
}

/* One "3 working days" at *at. */
static int span_read_term(const char *text, const char **at, struct span *s, struct error *e)
{
    char word[SPAN_WORD_BYTES + 1], prefix[SPAN_WORD_BYTES + 1] = "";
    const char *p = *at;
    int64_t number = 0;
    if (*p < '0' || *p > '9')
        return error_set(e, ERROR_INVALID, "\"%.80s\" is not a span of time: %s", text,
                         span_expected);
    for (; *p >= '0' && *p <= '9'; p++)
        number = number > SPAN_LIMIT_MS ? number : number * 10 + (*p - '0');
    p = span_skip_blanks(p);
    span_read_word(&p, word);
    if (strcasecmp(word, "working") == 0 || strcasecmp(word, "school") == 0) {
        memcpy(prefix, word, sizeof prefix);
        span_read_word(&p, word);
    }
    const struct span_unit *unit = span_find_unit(prefix, word);
    if (!unit)
        return span_refuse_unit(text, prefix, word, e);
    if (!span_take(s, unit, number))
        return error_set(e, ERROR_LIMIT, "\"%.80s\" is longer than %d years", text,
                         (int)SPAN_YEARS);
    *at = p;
    return 0;
}

/* Terms may be joined by blanks, a comma or "and". */
int span_parse(const char *text, struct span *out, struct error *e)
{
    struct span s = { .ms = 0 };
    const char *at = span_skip_blanks(text);
    do {
        int rc = span_read_term(text, &at, &s, e);
        if (rc)
            return rc;
        if (*at == ',')
            at = span_skip_blanks(at + 1);
        if (strncasecmp(at, "and ", 4) == 0)
            at = span_skip_blanks(at + 4);
    } while (*at);
    *out = s;
    return 0;
}

bool span_is_zero(const struct span *s)
{
    return !s->ms && !s->working_ms && !s->days && !s->months && !s->working_days &&
           !s->school_days;
}

/* Appends " 3 working days" for what the unit takes of *rest, if anything. */
static void span_format_unit(const struct span_unit *unit, int64_t *rest, struct buf *out)
{
    int64_t number = *rest / unit->scale;
    /* 30 days are not 4 weeks and 2 days: weeks only where they come out even. */
    if (number == 0 || (unit->scale == 7 && *rest % 7))
        return;
    *rest -= number * unit->scale;
    if (out->len)
        buf_putc(out, ' ');
    buf_int(out, number);
    buf_putc(out, ' ');
    if (*unit->prefix)
        buf_printf(out, "%s ", unit->prefix);
    buf_puts(out, unit->name);
    if (number != 1)
        buf_putc(out, 's');
}

void span_format(const struct span *s, struct buf *out)
{
    static const enum span_part order[] = { SPAN_MONTHS, SPAN_DAYS,       SPAN_WORKING_DAYS,
                                            SPAN_SCHOOL, SPAN_WORKING_MS, SPAN_MS };
    struct span copy = *s;
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        int64_t *ms = span_ms_part(&copy, order[i]);
        int64_t rest = ms ? *ms : *span_count_part(&copy, order[i]);
        for (size_t u = SPAN_UNITS; u-- > 0;) { /* the large units of a part come last */
            if (span_units[u].part == order[i])
                span_format_unit(&span_units[u], &rest, &text);
        }
    }
    buf_puts(out, text.len ? text.data : "0 minutes");
    buf_free(&text);
}

/* Months keep the day, or take the last of a shorter month; then days. */
static int64_t span_add_dates(const struct span *s, int sign, const struct zone *zone,
                              int64_t from_ms)
{
    int64_t local_ms = zone__to_local(zone, from_ms);
    int64_t day = zone__floor_div(local_ms, ZONE__DAY_MS);
    int64_t ms_of_day = local_ms - day * ZONE__DAY_MS;
    int y, m, d;
    if (s->months) {
        civil_from_days(day, &y, &m, &d);
        int64_t first = civil_to_days(y, m + sign * s->months, 1);
        int64_t next = civil_to_days(y, m + sign * s->months + 1, 1);
        day = first + d - 1 < next ? first + d - 1 : next - 1;
    }
    day += (int64_t)sign * s->days;
    return zone__from_local(zone, day * ZONE__DAY_MS + ms_of_day);
}

static int span_check(int64_t at_ms, struct error *e)
{
    if (at_ms >= ZONE__LOW_MS && at_ms <= ZONE__HIGH_MS)
        return 0;
    return error_set(e, ERROR_LIMIT, "the time %" PRId64 " ms is outside of the years 1 to 9999",
                     at_ms);
}

/* Spans that were not read by span_parse may hold anything: refused before they overflow. */
static bool span_is_sane(const struct span *s)
{
    const int64_t ms = SPAN_LIMIT_MS;
    const int32_t days = 36525, months = SPAN_YEARS * 12;
    return s->ms >= -ms && s->ms <= ms && s->working_ms >= -ms && s->working_ms <= ms &&
           s->days >= -days && s->days <= days && s->months >= -months && s->months <= months &&
           s->working_days >= -days && s->working_days <= days && s->school_days >= -days &&
           s->school_days <= days;
}

int span_add(const struct span *s, int sign, const struct calendar *c, int64_t from_ms,
             int64_t *out, struct error *e)
{
    int64_t at_ms = from_ms;
    sign = sign < 0 ? -1 : 1;
    int rc = span_check(from_ms, e);
    if (!rc && !span_is_sane(s))
        rc = error_set(e, ERROR_LIMIT, "the span is longer than %d years", (int)SPAN_YEARS);
    if (!rc && (s->months || s->days))
        at_ms = span_add_dates(s, sign, calendar_zone(c), at_ms);
    if (!rc && s->working_days)
        rc = calendar_add_working_days(c, at_ms, (int64_t)sign * s->working_days, &at_ms, e);
    if (!rc && s->school_days)
        rc = calendar_add_school_days(c, at_ms, (int64_t)sign * s->school_days, &at_ms, e);
    if (!rc && s->working_ms)
        rc = calendar_add_working_ms(c, at_ms, sign * s->working_ms, &at_ms, e);
    if (!rc)
        rc = span_check(at_ms + sign * s->ms, e);
    if (!rc)
        *out = at_ms + sign * s->ms;
    return rc;
}
