/* What the clock does to an organisation: fires what is due, turn by turn.
 *
 * A step is one turn of firings, of LIMIT_TICK_MS and one call more, then a batch
 * of the outbox: whoever else is in the process comes next. Moving a clock is
 * the same with the clock stopped: it is put to each due instant in turn, so
 * everything on the way happens in order and sees its own time, and the instant
 * reached is stored with the turn: a crash half way goes on from there. What a
 * firing has to tell people, and what plugins log meanwhile, is told in order
 * after its commit. */
#include "baton/base/calendar.h"
#include "baton/base/clock.h"
#include "baton/base/limits.h"
#include "baton/base/when.h"
#include "baton/base/zone.h"
#include "baton/domain/due.h"
#include "host/org_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TICK_BROKEN_MS = 30 * 1000 };
#define TICK_MOVE_MAX_MS (INT64_C(100) * 366 * 24 * 3600 * 1000)

struct tick {
    struct org *o;
    int64_t to_ms;     /* everything due until then */
    bool moving;       /* the clock is stopped and follows */
    bool moved;        /* by the turn that is open */
    size_t fired;      /* in it */
    uint64_t until_ns; /* then it has worked for long enough */
};

/* ---- notices of the open turn ---- */

/* Those of a turn that has ended, up to a level: what an undone one did is not worth telling, only
 * what went wrong in it. The buffer is taken first: telling may start another turn. */
static void tick_tell(struct org *o, enum log_level most)
{
    struct buf notices = o->notices;
    o->notices = (struct buf)BUF_INIT;
    for (size_t at = 0; at < notices.len; at += strlen(notices.data + at) + 1) {
        enum log_level level = (enum log_level)(notices.data[at] - '0');
        if (level <= most)
            org__say(o, level, "%s", notices.data + at + 1);
    }
    buf_free(&notices);
}

static bool tick_has_time(const struct tick *t)
{
    return clock_monotonic_ns() < t->until_ns;
}

static bool tick_fired(void *context, const struct due_fired *fired)
{
    struct tick *t = context;
    if (!fired->error) {
        org__say(t->o, LOG_INFO, "%s", fired->text);
        return tick_has_time(t);
    }
    char why[ERROR_MESSAGE_BYTES + ERROR_WHERE_BYTES];
    error_format(fired->error, why, sizeof why);
    if (fired->waits)
        org__say(t->o, LOG_WARN, "%s wait: %s", fired->text, why);
    else
        org__say(t->o, LOG_WARN, "%s; failed: %s", fired->text, why);
    return tick_has_time(t);
}

static bool tick_job(void *context, const char *plugin, const char *job, const struct error *error)
{
    struct tick *t = context;
    if (error && error->code) {
        char why[ERROR_MESSAGE_BYTES + ERROR_WHERE_BYTES];
        error_format(error, why, sizeof why);
        org__say(t->o, LOG_WARN, "job %s of plugin %s failed: %s", job, plugin, why);
    } else {
        org__say(t->o, LOG_INFO, "job %s of plugin %s ran", job, plugin);
    }
    return tick_has_time(t);
}

/* ---- the clock ---- */

int64_t org__offset(const struct org *o)
{
    return clock_now_ms(&o->clock) - clock_now_ms(NULL);
}

static int tick_save_clock(struct org *o, struct error *e)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, org__offset(o));
    store_command_begin(o->store);
    struct error why = { 0 };
    int rc = store_meta_set(o->store, ORG_CLOCK_KEY, text, &why);
    int end = store_command_end(o->store, rc == 0, e);
    if (!end && rc && e)
        *e = why;
    return end ? end : rc;
}

static int tick_next(struct org *o, int64_t *at_ms, struct error *e)
{
    int64_t at = INT64_MAX;
    int rc = domain_due_at(o->world.domain, &at, e);
    if (rc)
        return rc;
    int64_t jobs_at = script_jobs_at(o->world.script);
    *at_ms = jobs_at < at ? jobs_at : at;
    return 0;
}

int64_t org_tick_at(struct org *o)
{
    int64_t at;
    if (org__alive(o, NULL) || tick_next(o, &at, NULL))
        return org_now(o) + TICK_BROKEN_MS;
    return at;
}

/* ---- a step ---- */

/* Fires what is due at one instant. *n: how many; 0 where only the outbox has work. */
static int tick_instant(struct tick *t, int64_t at_ms, size_t *n, struct error *e)
{
    struct org *o = t->o;
    if (t->moving && at_ms > org_now(o)) {
        clock_stop_at(&o->clock, at_ms);
        t->moved = true;
    }
    int64_t now = org_now(o);
    int rc =
        domain_fire_due(o->world.domain, now, LIMIT_DUE_PER_TURN - t->fired, tick_fired, t, n, e);
    if (rc || !tick_has_time(t) || script_jobs_at(o->world.script) > now)
        return rc;
    ++*n;
    return script_run_jobs(o->world.script, now, tick_job, t, e);
}

static int tick_run(struct tick *t, struct error *e)
{
    int rc = 0;
    t->fired = 0;
    t->until_ns = clock_monotonic_ns() + (uint64_t)LIMIT_TICK_MS * 1000000;
    while (!rc && t->fired < LIMIT_DUE_PER_TURN && (!t->fired || tick_has_time(t))) {
        int64_t at;
        size_t n = 0;
        if ((rc = tick_next(t->o, &at, e)) || at > t->to_ms)
            break;
        rc = tick_instant(t, at, &n, e);
        if (!n)
            break;
        t->fired += n;
    }
    if (!rc && t->moved)
        rc = tick_save_clock(t->o, e);
    return rc ? rc : breaker__write(t->o, e);
}

static int tick_turn(struct tick *t, struct error *e)
{
    struct org *o = t->o;
    struct clock before = o->clock;
    t->moved = false;
    int rc = store_turn_begin(o->store, e);
    if (!rc) {
        o->ticking = true;
        rc = tick_run(t, e);
        o->ticking = false;
        if (rc)
            store_turn_abort(o->store);
        else
            rc = store_turn_commit(o->store, e);
    }
    if (rc) {
        o->clock = before;
        tick_tell(o, LOG_WARN);
        org__recover(o);
        return rc;
    }
    tick_tell(o, LOG_INFO);
    output__tell(o, false);
    org__committed(o);
    return 0;
}

/* One turn and one batch of the outbox. *progress: whether anything was done. */
static int tick_step(struct tick *t, bool *progress, struct error *e)
{
    int64_t at;
    size_t tried = 0;
    int rc = tick_turn(t, e);
    if (rc || (rc = org__alive(t->o, e)) || (rc = tick_next(t->o, &at, e)))
        return rc;
    if (at <= org_now(t->o))
        rc = outbox__deliver(t->o, &tried, e);
    *progress = t->fired || tried || t->moved;
    return rc;
}

static int tick_check(struct org *o, struct error *e)
{
    int rc = org__alive(o, e);
    if (!rc && store_in_turn(o->store))
        rc = error_set(e, ERROR_BUSY, "a turn of %s is open", o->name);
    if (rc)
        return rc;
    org__check_clock(o);
    calendar__follow(o);
    return org__alive(o, e);
}

int org__tick_some(struct org *o, bool *more, struct error *e)
{
    int64_t at;
    bool progress = false;
    int rc = tick_check(o, e);
    if (rc)
        return rc;
    struct tick t = { .o = o, .to_ms = org_now(o) };
    if (!(rc = tick_next(o, &at, e)) && at <= t.to_ms) {
        rc = tick_step(&t, &progress, e);
        if (!rc)
            rc = tick_next(o, &at, e);
    }
    if (!rc)
        *more = progress && at <= t.to_ms;
    return rc;
}

int org_tick(struct org *o, struct error *e)
{
    struct tick t = { .o = o, .to_ms = org_now(o) };
    bool progress = true;
    int rc = tick_check(o, e);
    while (!rc && progress) {
        int64_t at;
        progress = false;
        if ((rc = tick_next(o, &at, e)) || at > t.to_ms)
            break;
        rc = tick_step(&t, &progress, e);
    }
    return rc;
}

/* ---- moving the clock ---- */

static int move_check(struct org *o, int64_t to_ms, struct error *e)
{
    int rc = tick_check(o, e);
    if (rc)
        return rc;
    if (!o->world.config.clock_movable)
        return error_set(
            e, ERROR_DENIED,
            "the clock of %s can't be moved: that takes clock = movable in [org] of %s/org.ini, "
            "for practice and tests",
            o->name, o->dir);
    int64_t now = org_now(o);
    if (to_ms < now || to_ms - now > TICK_MOVE_MAX_MS) {
        struct buf at = BUF_INIT;
        zone_format(calendar_zone(o->world.config.calendar), now, true, &at);
        rc = error_set(e, ERROR_INVALID,
                       to_ms < now ? "a clock goes forward only: it is %s already"
                                   : "a clock moves by 100 years at most: it is %s",
                       buf_text(&at));
        buf_free(&at);
    }
    return rc;
}

/* The clock is stopped. Goes from one due instant to the next. */
static int move_through(struct org *o, int64_t to_ms, struct error *e)
{
    struct tick t = { .o = o, .to_ms = to_ms, .moving = true };
    int64_t at, instant = INT64_MIN;
    size_t here = 0;
    for (;;) {
        bool progress = false;
        int rc = tick_next(o, &at, e);
        if (rc || at > to_ms)
            return rc;
        if ((rc = tick_step(&t, &progress, e)))
            return rc;
        here = org_now(o) == instant ? here + t.fired : 0;
        instant = org_now(o);
        if (!progress || here > LIMIT_MOVE_FIRINGS)
            return error_set(
                e, ERROR_LIMIT,
                "the clock of %s does not get on: after %zu firings something is due at the "
                "same instant still",
                o->name, here);
    }
}

static int move_arrive(struct org *o, int64_t to_ms, struct error *e)
{
    struct clock before = o->clock;
    clock_stop_at(&o->clock, to_ms);
    int rc = store_turn_begin(o->store, e);
    if (!rc) {
        rc = tick_save_clock(o, e);
        if (rc)
            store_turn_abort(o->store);
        else
            rc = store_turn_commit(o->store, e);
    }
    if (rc) {
        o->clock = before;
        org__recover(o);
    }
    return rc;
}

int org_move_clock(struct org *o, int64_t to_ms, struct error *e)
{
    int rc = move_check(o, to_ms, e);
    if (rc)
        return rc;
    clock_stop_at(&o->clock, org_now(o));
    rc = move_through(o, to_ms, e);
    if (!rc)
        rc = move_arrive(o, to_ms, e);
    if (o->clock.stopped) /* not if it was opened anew */
        o->clock = (struct clock){ .offset_ms = org__offset(o) };
    return rc;
}
