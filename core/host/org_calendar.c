/* The calendar of an organisation and the deadlines that were computed by it.
 *
 * The store keeps the calendar by which they were, as the org.ini that gives it.
 * Where the loaded one differs, open referrals are looked at in turns of a few
 * hundred, each turn noting how far it came and to which calendar, so that after
 * a crash, and another change of the settings, nothing is moved twice. */
#include "baton/base/calendar.h"
#include "baton/base/ini.h"
#include "baton/base/memory.h"
#include "baton/domain/reschedule.h"
#include "host/org_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char calendar_key[] = "calendar", next_key[] = "calendar_next",
                  done_key[] = "calendar_done";
enum { CALENDAR_BATCH = 256 };

struct following {
    struct org *o;
    struct buf applied, next, done; /* of the store */
    struct reschedule r;
    int64_t handler_failed; /* their handlers erred: they stay */
    char why[160];
};

static int calendar_parse(const char *text, struct calendar **out, struct error *e)
{
    struct ini *ini = NULL;
    int rc = ini_parse_text(&ini, text, "the calendar of before", e);
    if (!rc)
        rc = calendar_new(out, ini, e);
    ini_free(ini);
    return rc;
}

int calendar__applied(struct org *o, struct calendar **out, struct error *e)
{
    struct buf text = BUF_INIT;
    int rc = store_meta_get(o->store, calendar_key, &text, e);
    *out = NULL;
    if (!rc && text.len)
        rc = calendar_parse(text.data, out, e);
    buf_free(&text);
    return rc;
}

/* ---- one turn ---- */

static int follow_note(struct following *f, const char *target, struct error *e)
{
    struct store *s = f->o->store;
    char id[32];
    snprintf(id, sizeof id, "%" PRId64, f->r.after_id);
    int rc = store_meta_set(s, done_key, f->r.done ? "" : id, e);
    if (!rc)
        rc = store_meta_set(s, next_key, f->r.done ? "" : target, e);
    if (!rc && f->r.done)
        rc = store_meta_set(s, calendar_key, target, e);
    return rc;
}

/* *result: of the command; a negative return: the turn was lost. */
static int follow_turn(struct following *f, const char *target, size_t limit, int *result,
                       struct error *e)
{
    struct domain *d = f->o->world.domain;
    struct error ending = { 0 };
    int rc = store_turn_begin(f->o->store, e);
    if (rc)
        return rc;
    domain_command_begin(d);
    *result = domain_reschedule(d, &f->r, limit, e);
    if (!*result)
        *result = follow_note(f, target, e);
    rc = domain_command_end(d, *result == 0, &ending);
    if (rc == -ERROR_CANCELLED && *result == 0) {
        *result = rc;
        rc = 0;
        *e = ending;
    } else if (rc) {
        *e = ending;
    }
    if (rc)
        store_turn_abort(f->o->store);
    else
        rc = store_turn_commit(f->o->store, e);
    return rc;
}

/* Many, or, where a handler refuses that, one after the other without the one it refuses. */
static int follow_batch(struct following *f, const char *target, struct error *e)
{
    struct reschedule before = f->r;
    int result = 0;
    int rc = follow_turn(f, target, CALENDAR_BATCH, &result, e);
    if (rc || !result)
        return rc;
    f->r = before;
    for (int i = 0; !rc && i < CALENDAR_BATCH && !f->r.done; i++) {
        before = f->r;
        rc = follow_turn(f, target, 1, &result, e);
        if (rc || !result)
            continue;
        if (f->r.after_id == before.after_id)
            return result; /* not one of them: it cannot go on */
        before.after_id = f->r.after_id;
        f->r = before;
        f->handler_failed++;
        snprintf(f->why, sizeof f->why, "%.*s", (int)sizeof f->why - 1, e->message);
    }
    return rc;
}

/* ---- all of it ---- */

static int follow_each(void *context, const struct reschedule_move *move)
{
    struct following *f = context;
    if (move->error)
        snprintf(f->why, sizeof f->why, "%.*s", (int)sizeof f->why - 1, move->error);
    return 0;
}

static void follow_count(struct buf *out, int64_t n, const char *what)
{
    if (n)
        buf_printf(out, "%s%" PRId64 " %s%s", out->len ? ", " : "", n, what, n == 1 ? "" : "s");
}

static void follow_say(struct following *f)
{
    struct buf text = BUF_INIT;
    int64_t failed = f->r.failed + f->handler_failed;
    follow_count(&text, f->r.moved, "deadline");
    follow_count(&text, f->r.steps, "reminder or escalation");
    if (text.len)
        org__say(f->o, LOG_INFO, "the calendar has changed: %s moved", text.data);
    else
        org__say(f->o, LOG_INFO, "the calendar has changed: no deadline moves");
    if (failed)
        org__say(f->o, LOG_WARN,
                 "%" PRId64 " deadlines could not be computed by the new calendar and stay, the "
                 "last because: %s",
                 failed, f->why);
    buf_free(&text);
}

static int follow_to(struct following *f, const char *target, struct error *e)
{
    struct calendar *old = NULL, *new = NULL;
    int rc = calendar_parse(buf_text(&f->applied), &old, e);
    if (!rc)
        rc = calendar_parse(target, &new, e);
    f->r = (struct reschedule){ .old_calendar = old,
                                .new_calendar = new,
                                .after_id = f->done.len ? strtoll(f->done.data, NULL, 10) : 0,
                                .each = follow_each,
                                .context = f };
    while (!rc && !f->r.done)
        rc = follow_batch(f, target, e);
    if (!rc) {
        follow_say(f);
        buf_clear(&f->applied);
        buf_puts(&f->applied, target);
        buf_clear(&f->done);
    }
    calendar_free(old);
    calendar_free(new);
    return rc;
}

/* The first time: nothing was computed by any other. */
static int follow_first(struct following *f, const char *current, struct error *e)
{
    int result;
    f->r = (struct reschedule){ .done = true };
    int rc = store_turn_begin(f->o->store, e);
    if (rc)
        return rc;
    domain_command_begin(f->o->world.domain);
    result = follow_note(f, current, e);
    rc = domain_command_end(f->o->world.domain, result == 0, e);
    if (rc)
        store_turn_abort(f->o->store);
    else
        rc = store_turn_commit(f->o->store, e);
    return rc ? rc : result;
}

static int follow_all(struct following *f, const char *current, struct error *e)
{
    struct store *s = f->o->store;
    int rc;
    if ((rc = store_meta_get(s, calendar_key, &f->applied, e)) ||
        (rc = store_meta_get(s, next_key, &f->next, e)) ||
        (rc = store_meta_get(s, done_key, &f->done, e)))
        return rc;
    if (!f->applied.len)
        return 0;    /* calendar__begin could not keep it */
    if (f->next.len) /* was broken off */
        rc = follow_to(f, buf_text(&f->next), e);
    if (!rc && strcmp(buf_text(&f->applied), current) != 0)
        rc = follow_to(f, current, e);
    return rc;
}

void calendar__begin(struct org *o)
{
    struct following f = { .o = o };
    struct buf current = BUF_INIT;
    struct error e = { 0 };
    o->calendar_followed = false;
    int rc = store_meta_get(o->store, calendar_key, &f.applied, &e);
    if (!rc && !f.applied.len) {
        calendar_write(o->world.config.calendar, &current);
        rc = follow_first(&f, current.data, &e);
    }
    if (rc)
        org__say(o, LOG_ERROR, "its calendar could not be kept: %s", e.message);
    buf_free(&current);
    buf_free(&f.applied);
}

void calendar__follow(struct org *o)
{
    struct following f = { .o = o };
    struct buf current = BUF_INIT;
    struct error e = { 0 };
    if (o->calendar_followed || o->scratch || o->inside || !o->store || store_in_turn(o->store))
        return;
    o->calendar_followed = true; /* tried again when it is opened or reloaded, not at each tick */
    int64_t before = store_last_event(o->store);
    calendar_write(o->world.config.calendar, &current);
    int rc = follow_all(&f, current.data, &e);
    if (rc)
        org__say(o, LOG_ERROR, "deadlines could not be moved to the new calendar: %s", e.message);
    if (rc && store_failed(o->store))
        org__recover(o);
    else if (store_last_event(o->store) != before)
        org__committed(o);
    buf_free(&current);
    buf_free(&f.applied);
    buf_free(&f.next);
    buf_free(&f.done);
}
