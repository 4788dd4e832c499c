/* A calendar as its two files see it: calendar_read.c fills it, calendar.c computes with it. */
#ifndef BATON_CORE_BASE_CALENDAR_INTERNAL_H
#define BATON_CORE_BASE_CALENDAR_INTERNAL_H

#include "baton/base/calendar.h"

enum { CALENDAR__WINDOWS = 8 };

struct calendar__hours { /* one weekday: ms of the day, in order, without overlap */
    struct {
        int64_t start_ms, end_ms;
    } windows[CALENDAR__WINDOWS];
    size_t count;
};

struct calendar__days { /* a set of days: one bit each from `first` on */
    int64_t first;
    int64_t count;
    uint64_t *bits;
};

struct calendar {
    const struct zone *zone;
    struct calendar__hours week[7]; /* 0 = Sunday */
    struct calendar__days holidays, terms;
};

int calendar__read(struct calendar *c, struct ini *ini, struct error *e);

#endif
