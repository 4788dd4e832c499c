/* Time zones: the system's IANA data as libc reads it, held as one table of
 * offsets per zone, so that a conversion touches no global state. */
#ifndef BATON_BASE_ZONE_H
#define BATON_BASE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct zone; /* kept for the life of the process, shared */

struct civil {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second, millisecond;
    int weekday; /* 0 = Sunday; filled on output, ignored on input */
};

/* "America/New_York", "UTC", ... An unknown name is refused with a near one. */
int zone_find(const struct zone **out, const char *name, struct error *e);
const char *zone_name(const struct zone *z);
int32_t zone_offset_s(const struct zone *z, int64_t at_ms); /* east of UTC */
void zone_to_civil(const struct zone *z, int64_t at_ms, struct civil *out);
/* A time that a spring change skips is moved forward by the gap; one that an autumn change repeats
 * is the first. Fields may be out of range (day 32): they carry over. */
int64_t zone_from_civil(const struct zone *z, const struct civil *c);

/* Days since 1970-01-01 of a civil date, and back (proleptic Gregorian). */
int64_t civil_to_days(int year, int month, int day);
void civil_from_days(int64_t days, int *year, int *month, int *day);

/* Appends "2026-03-01 09:00" in the zone; `seconds` adds ":07". ISO: "2026-03-01T09:00:00.123Z" */
struct buf;
void zone_format(const struct zone *z, int64_t at_ms, bool seconds, struct buf *out);
void zone_format_iso(int64_t at_ms, struct buf *out);

#endif
