/* Time zones.
 *
 * A zone is found once: libc is asked for its offset every third day from 1970
 * to 2100 (the shortest summer time was a week, in Recife), each change is
 * bisected to the second, and the changes are kept as a sorted table. From then on a conversion is
 * a binary search without TZ, locks or global state. Before 1970 and after 2100 the nearest offset
 * holds.
 *
 * The table of zones is a global that lives as long as the process: zones never
 * change, all organisations share them, and finding one again must cost
 * nothing. zone_find sets TZ for a moment, so it belongs to the thread of the
 * loop; conversions may run anywhere. */
#include "base/zone_internal.h"

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { ZONE_PROBE_S = 3 * 24 * 60 * 60, ZONE_NAME_BYTES = 64, ZONE_LIST_BYTES = 256 * 1024 };

#define ZONE_END_S INT64_C(4102444800) /* 2100-01-01 */

struct zone_change {
    int64_t at_s; /* the first: INT64_MIN */
    int32_t offset_s;
};

struct zone {
    const struct zone *next;
    const char *name;
    struct zone_change *changes;
    size_t count;
};

/* UTC is there without asking: tzdata may be missing, and logs need it on any thread. */
static struct zone_change zone_utc_change = { INT64_MIN, 0 };
static const struct zone zone_utc = { NULL, "UTC", &zone_utc_change, 1 };
static const struct zone *zone_all = &zone_utc;

const struct zone *zone__utc(void)
{
    return &zone_utc;
}

const char *zone_name(const struct zone *z)
{
    return z->name;
}

/* The last change at or before `at_s`. */
static size_t zone_index(const struct zone *z, int64_t at_s)
{
    size_t low = 0, high = z->count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (z->changes[middle].at_s <= at_s)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int32_t zone_offset_s(const struct zone *z, int64_t at_ms)
{
    return z->changes[zone_index(z, zone__floor_div(at_ms, 1000))].offset_s;
}

void zone__segment_at(const struct zone *z, int64_t at_ms, struct zone__segment *out)
{
    size_t i = zone_index(z, zone__floor_div(at_ms, 1000));
    out->start_ms = i == 0 ? INT64_MIN : z->changes[i].at_s * 1000;
    out->end_ms = i + 1 == z->count ? INT64_MAX : z->changes[i + 1].at_s * 1000;
    out->offset_ms = z->changes[i].offset_s * INT64_C(1000);
}

/* Instants beyond what a calendar can hold are moved to the ends, so that adding an offset
 * never overflows. */
static int64_t zone_clamp(int64_t ms)
{
    const int64_t high = INT64_MAX / 1024;
    return ms > high ? high : ms < -high ? -high : ms;
}

int64_t zone__to_local(const struct zone *z, int64_t at_ms)
{
    at_ms = zone_clamp(at_ms);
    return at_ms + zone_offset_s(z, at_ms) * INT64_C(1000);
}

/* Tries the offsets that can hold, earliest first. Offsets are under a day, so the offset of a
 * day before (taking the wall clock for UTC) begins early enough. A time that no offset holds lies
 * in a gap: the offset before the gap moves it forward by the gap. */
int64_t zone__from_local(const struct zone *z, int64_t local_ms)
{
    local_ms = zone_clamp(local_ms);
    size_t i = zone_index(z, zone__floor_div(local_ms - ZONE__DAY_MS, 1000));
    for (;; i++) {
        int64_t at_ms = local_ms - z->changes[i].offset_s * INT64_C(1000);
        if (i + 1 < z->count && at_ms >= z->changes[i + 1].at_s * 1000)
            continue;
        if (i > 0 && at_ms < z->changes[i].at_s * 1000)
            return local_ms - z->changes[i - 1].offset_s * INT64_C(1000);
        return at_ms;
    }
}

/* Days by 400-year eras of years that begin in March (H. Hinnant, "chrono-compatible low-level date
 * algorithms"). */
int64_t civil_to_days(int year, int month, int day)
{
    int64_t months = (int64_t)month - 1;
    int64_t y = year + zone__floor_div(months, 12);
    int64_t m = months - zone__floor_div(months, 12) * 12; /* 0 = January */
    y -= m < 2;
    int64_t era = zone__floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (m < 2 ? m + 10 : m - 2) + 2) / 5;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468 + day - 1;
}

void civil_from_days(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = zone__floor_div(days, 146097);
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

void zone_to_civil(const struct zone *z, int64_t at_ms, struct civil *out)
{
    int64_t local_ms = zone__to_local(z, at_ms);
    int64_t days = zone__floor_div(local_ms, ZONE__DAY_MS);
    int64_t ms = local_ms - days * ZONE__DAY_MS;
    civil_from_days(days, &out->year, &out->month, &out->day);
    out->hour = (int)(ms / ZONE__HOUR_MS);
    out->minute = (int)(ms / ZONE__MINUTE_MS % 60);
    out->second = (int)(ms / 1000 % 60);
    out->millisecond = (int)(ms % 1000);
    out->weekday = (int)(days + 4 - zone__floor_div(days + 4, 7) * 7);
}

int64_t zone_from_civil(const struct zone *z, const struct civil *c)
{
    const int64_t far = INT64_C(100000000); /* days: beyond, milliseconds would overflow */
    int64_t days = civil_to_days(c->year, c->month, c->day);
    days = days > far ? far : days < -far ? -far : days;
    int64_t seconds = c->hour * INT64_C(3600) + c->minute * INT64_C(60) + c->second;
    return zone__from_local(z, days * ZONE__DAY_MS + seconds * 1000 + c->millisecond);
}

/* Finding */
static int32_t zone_probe(int64_t at_s)
{
    time_t t = (time_t)at_s;
    struct tm tm;
    localtime_r(&t, &tm);
    return (int32_t)tm.tm_gmtoff;
}

static void zone_add_change(struct zone *z, int64_t at_s, int32_t offset_s)
{
    if ((z->count & (z->count - 1)) == 0) /* full at each power of two */
        z->changes = mem_resize(z->changes, (z->count ? 2 * z->count : 1) * sizeof *z->changes);
    z->changes[z->count++] = (struct zone_change){ at_s, offset_s };
}

/* Needs TZ set to the zone. */
static void zone_probe_all(struct zone *z)
{
    int32_t offset_s = zone_probe(0);
    zone_add_change(z, INT64_MIN, offset_s);
    for (int64_t at_s = 0; at_s < ZONE_END_S;) {
        int64_t before = at_s, after = at_s + ZONE_PROBE_S;
        if (zone_probe(after) == offset_s) {
            at_s = after;
            continue;
        }
        while (after - before > 1) {
            int64_t middle = before + (after - before) / 2;
            if (zone_probe(middle) == offset_s)
                before = middle;
            else
                after = middle;
        }
        offset_s = zone_probe(after);
        zone_add_change(z, after, offset_s);
        at_s = after; /* there may be a second change within these days */
    }
}

static struct zone *zone_new(const char *name)
{
    struct zone *z = mem_new(struct zone);
    z->name = mem_dup(name);
    const char *set = getenv("TZ");
    char *old = mem_dup(set);
    char wanted[ZONE_NAME_BYTES + 2];
    snprintf(wanted, sizeof wanted, ":%s", name);
    setenv("TZ", wanted, 1);
    tzset();
    zone_probe_all(z);
    if (old)
        setenv("TZ", old, 1);
    else
        unsetenv("TZ");
    tzset();
    mem_free(old);
    return z;
}

static const char *zone_folder(void)
{
    const char *folder = getenv("TZDIR");
    return folder && *folder ? folder : "/usr/share/zoneinfo";
}

/* Letters, digits, _ + - and single slashes within: nothing that leaves the folder. */
static bool zone_name_is_sane(const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n > ZONE_NAME_BYTES - 1 || name[0] == '/' || name[n - 1] == '/')
        return false;
    for (const char *p = name; *p; p++) {
        if (!isalnum((unsigned char)*p) && !strchr("_+-/", *p))
            return false;
    }
    /* These count leap seconds, or are copies. */
    return strncmp(name, "right/", 6) != 0 && strncmp(name, "posix/", 6) != 0;
}

static bool zone_exists(const char *name)
{
    char path[4096], magic[4] = "";
    if (!zone_name_is_sane(name))
        return false;
    int n = snprintf(path, sizeof path, "%s/%s", zone_folder(), name);
    if (n < 0 || (size_t)n >= sizeof path)
        return false;
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool is_zone = fread(magic, 1, sizeof magic, file) == sizeof magic && !memcmp(magic, "TZif", 4);
    fclose(file);
    return is_zone;
}

/* The third column of zone.tab; lines that begin with # are comments. Cuts `text` into names. */
static const char **zone_list_names(char *text, size_t *count)
{
    const char **names = NULL;
    *count = 0;
    for (char *line = strtok_r(text, "\n", &text); line; line = strtok_r(NULL, "\n", &text)) {
        char *column = *line == '#' ? NULL : strchr(line, '\t');
        column = column ? strchr(column + 1, '\t') : NULL;
        if (!column)
            continue;
        column++;
        column[strcspn(column, "\t")] = '\0';
        names = mem_resize(names, (*count + 1) * sizeof *names);
        names[(*count)++] = column;
    }
    return names;
}

/* People also write the city alone: "Chicago". */
static const char *zone_suggest_city(const char *name, const char *const *names)
{
    for (; *names; names++) {
        const char *city = strrchr(*names, '/');
        if (city && strcasecmp(city + 1, name) == 0)
            return *names;
    }
    return NULL;
}

static void zone_suggest(const char *name, struct buf *out)
{
    char path[4096];
    struct buf text = BUF_INIT;
    int n = snprintf(path, sizeof path, "%s/zone.tab", zone_folder());
    if (n > 0 && (size_t)n < sizeof path)
        buf_read_file(&text, path, ZONE_LIST_BYTES, NULL);
    size_t count = 0;
    char *list = buf_take(&text);
    const char **names = zone_list_names(list, &count);
    names = mem_resize(names, (count + 2) * sizeof *names);
    names[count] = "UTC";
    names[count + 1] = NULL;
    const char *city = zone_suggest_city(name, names);
    if (city)
        buf_printf(out, ", did you mean \"%s\"?", city);
    else
        text_suggest(name, names, out);
    mem_free(names);
    mem_free(list);
}

int zone_find(const struct zone **out, const char *name, struct error *e)
{
    for (const struct zone *z = zone_all; z; z = z->next) {
        if (strcmp(z->name, name) == 0) {
            *out = z;
            return 0;
        }
    }
    if (!zone_exists(name)) {
        struct buf hint = BUF_INIT;
        zone_suggest(name, &hint);
        int rc =
            error_set(e, ERROR_INVALID, "unknown time zone \"%.64s\"%s%s", name, buf_text(&hint),
                      hint.len ? "" : " (expected a name such as America/New_York or UTC)");
        buf_free(&hint);
        return rc;
    }
    struct zone *z = zone_new(name);
    z->next = zone_all;
    zone_all = z;
    *out = z;
    return 0;
}
