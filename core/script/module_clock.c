/* clock.* — the time of the organisation, which tests and the REPL can move. */
#include "script/records_internal.h"
#include "script/session_internal.h"

#include "baton/base/calendar.h"
#include "baton/base/when.h"
#include "baton/base/zone.h"

#include <stdio.h>
#include <string.h>

static const struct calendar *clock_calendar(lua_State *L)
{
    return domain_calendar(script__domain(L));
}

static int clock_now(lua_State *L)
{
    lua_pushinteger(L, domain_now(script__domain(L)));
    return 1;
}

/* The time at `index`, or now where there is none. */
static int64_t clock_argument(lua_State *L, int index)
{
    return lua_isnoneornil(L, index) ? domain_now(script__domain(L)) : script__check_time(L, index);
}

static int clock_format(lua_State *L)
{
    static const char *const styles[] = { "minutes", "seconds",  "date", "time",
                                          "iso",     "relative", NULL };
    int64_t at = clock_argument(L, 1);
    const char *style = lua_isnoneornil(L, 2) ? "minutes" : lua_tostring(L, 2);
    struct buf *out = script__hold_buf(L);
    const struct zone *zone = calendar_zone(clock_calendar(L));
    struct civil c;
    zone_to_civil(zone, at, &c);
    if (!style || !strcmp(style, "minutes") || !strcmp(style, "seconds"))
        zone_format(zone, at, style && style[0] == 's', out);
    else if (!strcmp(style, "date"))
        buf_printf(out, "%04d-%02d-%02d", c.year, c.month, c.day);
    else if (!strcmp(style, "time"))
        buf_printf(out, "%02d:%02d", c.hour, c.minute);
    else if (!strcmp(style, "iso"))
        zone_format_iso(at, out);
    else if (!strcmp(style, "relative"))
        when_relative(at, domain_now(script__domain(L)), out);
    else
        script__unknown(L, "clock.format", "style", style, styles);
    lua_pushlstring(L, buf_text(out), out->len);
    value__release(L, -2);
    return 1;
}

static int64_t clock_parse_from(lua_State *L, int index, int64_t from, const char *what)
{
    int64_t at;
    struct error e;
    if (lua_type(L, index) != LUA_TSTRING)
        return script__check_time(L, index);
    if (when_parse(lua_tostring(L, index), clock_calendar(L), from, &at, &e) < 0)
        script__raisef(L, e.code, "%s: %s", what, e.message);
    return at;
}

static int clock_parse(lua_State *L)
{
    int64_t from = clock_argument(L, 2);
    lua_pushinteger(L, clock_parse_from(L, 1, from, "clock.parse"));
    return 1;
}

static int clock_advance(lua_State *L)
{
    /* Two moves in one statement add up. */
    int64_t to = clock_parse_from(L, 1, session__now(L), "clock.advance");
    session__advance_clock(L, to);
    lua_pushinteger(L, to);
    return script__pause(L, 1);
}

/* Days from the day of one instant to the day of another, the first not counted. */
static int clock_working_days(lua_State *L)
{
    enum { DAY_MS = 24 * 60 * 60 * 1000, DAYS_MAX = 366 * 100 };
    const struct zone *zone = calendar_zone(clock_calendar(L));
    struct civil from, to;
    zone_to_civil(zone, script__check_time(L, 1), &from);
    zone_to_civil(zone, script__check_time(L, 2), &to);
    int64_t first = civil_to_days(from.year, from.month, from.day),
            last = civil_to_days(to.year, to.month, to.day);
    int64_t n = 0, sign = first <= last ? 1 : -1;
    if ((last - first) * sign > DAYS_MAX)
        script__raisef(L, ERROR_LIMIT, "clock.working_days: more than 100 years");
    for (int64_t day = first; day != last; day += sign)
        n += calendar_is_working_day(clock_calendar(L), sign > 0 ? day + 1 : day) ? sign : 0;
    lua_pushinteger(L, n);
    return 1;
}

static const struct script_function clock_functions[] = {
    { "now", clock_now, "clock.now() → ms", "milliseconds since 1970, by the organisation's clock",
      "clock.now()  --> 1772442000000" },
    { "format", clock_format,
      "clock.format(ms, \"minutes\"|\"seconds\"|\"date\"|\"time\"|\"iso\"|\"relative\") → text",
      "a time in the organisation's zone; without arguments: now",
      "clock.format(clock.now())  --> \"2026-03-02 09:00\"\n"
      "clock.format(r.due_at_ms, \"date\")  --> \"2026-03-05\"" },
    { "parse", clock_parse, "clock.parse(text, from) → ms",
      "\"2026-03-01 09:00\", \"tomorrow 09:00\", \"3 working days\" (from now, or from `from`)",
      "clock.format(clock.parse(\"3 working days\"))  --> \"2026-03-05 09:00\"\n"
      "clock.format(clock.parse(\"2 days\", \"2026-12-24 18:00\"))  --> \"2026-12-26 18:00\"" },
    { "advance", clock_advance, "clock.advance(span or time) → ms",
      "moves a movable clock forwards; what falls due on the way happens (scripts and the prompt)",
      "clock.advance(\"4 working days\")\n"
      "r.overdue  --> true" },
    { "working_days", clock_working_days, "clock.working_days(from, to) → number",
      "working days after the first day, up to and with the last",
      "clock.working_days(\"2026-03-02\", \"2026-03-09\")  --> 5" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__clock = { "clock", "the organisation's time", clock_functions };
