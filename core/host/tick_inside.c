/* Moving the clock inside an open turn that will be aborted: for specs and dry
 * runs. What is due fires in order at its own time, as in tick.c, but nothing is
 * committed and nothing leaves: a message that is due is marked as sent. */
#include "baton/base/calendar.h"
#include "baton/base/limits.h"
#include "baton/base/zone.h"
#include "baton/domain/due.h"
#include "baton/domain/outbox.h"
#include "host/org_internal.h"

enum { INSIDE_BATCH = 64 };

struct inside_outbox {
    int64_t ids[INSIDE_BATCH];
    size_t count;
};

static int inside_gather(void *context, const struct outbox_item *item)
{
    struct inside_outbox *box = context;
    box->ids[box->count++] = item->id;
    return 0;
}

static int inside_send(struct org *o, size_t *sent, struct error *e)
{
    struct domain *d = o->world.domain;
    struct inside_outbox box = { .count = 0 };
    int rc = domain_outbox_due(d, org_now(o), INSIDE_BATCH, inside_gather, &box, e);
    for (size_t i = 0; !rc && i < box.count; i++) {
        struct error ending = { 0 };
        domain_command_begin(d);
        int marked = domain_outbox_done(d, box.ids[i], true, NULL, e);
        rc = domain_command_end(d, marked == 0, &ending);
        if (rc && e)
            *e = ending;
        rc = rc ? rc : marked;
    }
    *sent = box.count;
    return rc;
}

static int inside_next(struct org *o, int64_t *at_ms, struct error *e)
{
    int64_t at = INT64_MAX;
    int rc = domain_due_at(o->world.domain, &at, e);
    int64_t jobs_at = script_jobs_at(o->world.script);
    if (!rc)
        *at_ms = jobs_at < at ? jobs_at : at;
    return rc;
}

/* All that is due at the instant at which the clock stands. *progress: something was. */
static int inside_instant(struct org *o, bool *progress, struct error *e)
{
    size_t fired = 0, sent = 0;
    int64_t now = org_now(o);
    int rc = domain_fire_due(o->world.domain, now, LIMIT_DUE_PER_TURN, NULL, NULL, &fired, e);
    bool jobs = script_jobs_at(o->world.script) <= now;
    if (!rc && jobs)
        rc = script_run_jobs(o->world.script, now, NULL, NULL, e);
    if (!rc)
        rc = inside_send(o, &sent, e);
    *progress = fired || jobs || sent;
    return rc;
}

int org__move_inside(struct org *o, int64_t to_ms, struct error *e)
{
    size_t here = 0;
    int64_t at;
    int rc;
    clock_stop_at(&o->clock, org_now(o));
    while (!(rc = inside_next(o, &at, e)) && at <= to_ms) {
        bool progress = false;
        here = at > org_now(o) ? 0 : here + 1;
        if (at > org_now(o))
            clock_stop_at(&o->clock, at);
        rc = inside_instant(o, &progress, e);
        if (rc)
            return rc;
        if (!progress || here > LIMIT_SPEC_FIRINGS)
            return error_set(
                e, ERROR_LIMIT,
                "the clock does not get on: something is due at the same instant still");
    }
    if (!rc)
        clock_stop_at(&o->clock, to_ms);
    return rc;
}
