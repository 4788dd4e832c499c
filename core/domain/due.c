/* What the clock does: steps of stages, and timers.
 *
 * Each firing is a command of its own, and happens at its own time: a clock
 * that was moved ahead, or a server that was down, fires in due order, and the
 * events say the instant at which each was due (never before the event that
 * precedes it, so histories read in order).
 *
 * A firing that fails is undone, and a second command takes the step or timer
 * off the list with the error in its event. A person is told all the same: the
 * task of the step is made there too, without handlers. What needs a plugin that
 * is not there waits: due_waiting.c. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "baton/base/calendar.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/zone.h"
#include "baton/domain/due.h"
#include "domain/domain_internal.h"
#include "domain/due_waiting_internal.h"

static const unsigned fired_here = 1u << ENTITY_REFERRAL | 1u << ENTITY_TIMER;
static const struct actor the_clock = { 0, "timer", NULL };

struct firing {
    struct domain *d;
    enum entity entity;
    int64_t id, at_ms, now_ms; /* when it was due; the end of what is fired now */
    char kind[LIMIT_NAME_BYTES + 16];
    struct buf text;
};

/* Texts. */

static void firing_put_time(struct firing *f, int64_t at_ms, struct buf *out)
{
    zone_format(calendar_zone(f->d->calendar), at_ms, false, out);
}

/* At most 200 bytes of the title, cut between characters. */
static void firing_put_title(const struct row *referral, struct buf *out)
{
    const char *title = row_text(referral, REFERRAL_TITLE);
    size_t n = strlen(title);
    bool cut = n > 200;
    for (n = cut ? 200 : n; cut && n > 0 && ((unsigned char)title[n] & 0xC0) == 0x80;)
        n--;
    if (n == 0)
        return;
    buf_puts(out, " (");
    buf_add(out, title, n);
    buf_puts(out, cut ? "...)" : ")");
}

static const char *firing_step_word(enum step_kind kind)
{
    switch (kind) {
    case STEP_REMIND:
        return "reminder";
    case STEP_DUE:
        return "overdue";
    case STEP_ESCALATE:
        return "escalated";
    case STEP_EXPIRE:
        break;
    }
    return "expired";
}

/* "R-12 (title) is due 2026-03-01 09:00 in stage "decision"": of the report and of the task. */
static void firing_describe(struct firing *f, const struct row *referral, const struct step *step,
                            struct buf *out)
{
    static const char *const says[] = { [STEP_REMIND] = " is due ",
                                        [STEP_DUE] = " is overdue since ",
                                        [STEP_ESCALATE] = ", overdue since ",
                                        [STEP_EXPIRE] = " has expired, due since " };
    buf_printf(out, "R-%lld", (long long)referral->id);
    firing_put_title(referral, out);
    if (step->kind == STEP_ESCALATE) /* there may be several: to whom tells them apart */
        buf_printf(out, " is escalated%s%s", step->to_role ? " to " : "",
                   step->to_role ? step->to_role : "");
    buf_puts(out, says[step->kind]);
    firing_put_time(f, row_int(referral, REFERRAL_DUE_AT_MS), out);
    buf_printf(out, " in stage \"%s\"", row_text(referral, REFERRAL_STAGE));
}

static void firing_put_error(struct jsonw *w, const struct error *why)
{
    jsonw_key(w, "error");
    jsonw_open_object(w);
    jsonw_key(w, "code");
    jsonw_text(w, error_code_name(why->code));
    jsonw_key(w, "message");
    jsonw_text(w, why->message);
    if (why->where[0]) {
        jsonw_key(w, "where");
        jsonw_text(w, why->where);
    }
    jsonw_close(w);
}

/* Tasks. */

/* Somebody who can be given a task, or 0. */
static int64_t task_active(const struct firing *f, int64_t staff_id)
{
    const struct row *staff;
    bool can = staff_id > 0 && store_get(f->d->store, ENTITY_STAFF, staff_id, &staff, NULL) == 0 &&
               strcmp(row_text(staff, STAFF_STATUS), "inactive") != 0;
    return can ? staff_id : 0;
}

/* Whom the step names, by role or by a field; else the owner, else a role that may own it here,
 * else the lead. */
static void task_address(struct firing *f, const struct row *referral, const struct stage *stage,
                         const struct step *step, struct store_set *to)
{
    int64_t named = step->to_field ? fields__staff(referral, step->to_field) : 0;
    int64_t owner = row_int(referral, REFERRAL_OWNER), person = 0;
    *to = (struct store_set){ TASK_ROLE, value_text("lead") };
    if (step->kind == STEP_EXPIRE)
        return; /* an expiry that failed */
    if (step->to_role)
        to->value = value_text(step->to_role);
    else if ((person = task_active(f, named)) || (person = task_active(f, owner)))
        *to = (struct store_set){ TASK_ASSIGNEE, value_int(person) };
    else if (stage->owner_roles)
        to->value = value_text(stage->owner_roles[0]);
}

static int task_make(struct firing *f, const struct row *referral, const struct stage *stage,
                     const struct step *step, bool quiet, struct error *e)
{
    static const char *const kinds[] = { [STEP_REMIND] = "reminder",
                                         [STEP_DUE] = "overdue",
                                         [STEP_ESCALATE] = "escalation",
                                         [STEP_EXPIRE] = "escalation" };
    struct buf title = BUF_INIT;
    char about[32];
    struct store_set set[6];
    row_id_format(ENTITY_REFERRAL, referral->id, about);
    firing_describe(f, referral, step, &title);
    if (step->kind == STEP_EXPIRE)
        buf_puts(&title, ", but the transition was refused: see its history");
    set[0] = (struct store_set){ TASK_TITLE, value_textn(title.data, title.len) };
    set[1] = (struct store_set){ TASK_ABOUT, value_text(about) };
    set[2] = (struct store_set){ TASK_KIND, value_text(kinds[step->kind]) };
    set[3] = (struct store_set){ TASK_DUE_AT_MS, referral->v[REFERRAL_DUE_AT_MS] };
    task_address(f, referral, stage, step, &set[4]);
    set[5] = (struct store_set){ TASK_STATUS, value_text("open") };
    struct store_change change = { .entity = ENTITY_TASK,
                                   .kind = "task.created",
                                   .actor = the_clock.name,
                                   .at_ms = domain_now(f->d),
                                   .set = set,
                                   .set_count = 6 };
    int rc = quiet ? store_change(f->d->store, &change, NULL, e)
                   : domain__change(f->d, &change, NULL, 0, NULL, e);
    buf_free(&title);
    return rc;
}

/* Steps of a referral. */

static int step_expire(struct firing *f, const struct row *row, const struct transition *t,
                       struct error *e)
{
    const struct advance a = { .referral_id = row->id, .transition = t->name, .reason = "expired" };
    return domain_advance(f->d, &the_clock, &a, NULL, e);
}

static void step_put_next(struct columns *c, int step, int64_t at_ms)
{
    columns__put(c, REFERRAL_WAKE_AT_MS, step >= 0 ? value_int(at_ms) : value_null());
    columns__put(c, REFERRAL_WAKE_STEP, step >= 0 ? value_int(step) : value_null());
}

/* A reminder, the deadline, an escalation: one event, one task, the handlers. */
static int step_notify(struct firing *f, const struct row *row, const struct stage *stage, int step,
                       struct error *e)
{
    struct domain *d = f->d;
    struct columns c = { .entity = ENTITY_REFERRAL };
    struct buf *detail = &d->detail[d->depth];
    int64_t due_ms = row_int(row, REFERRAL_DUE_AT_MS), id = row->id, next_ms = 0;
    int next = step;
    int rc =
        deadline__next(d, stage, due_ms, row_int(row, REFERRAL_STAGE_AT_MS), &next, &next_ms, e);
    if (rc < 0)
        return rc;
    step_put_next(&c, next, next_ms);
    buf_clear(detail);
    buf_printf(detail, "{\"step\":%d,\"due_at_ms\":%lld", step, (long long)due_ms);
    if (stage->steps[step].to_role) /* a name: nothing to escape */
        buf_printf(detail, ",\"role\":\"%s\"", stage->steps[step].to_role);
    if (stage->steps[step].to_field)
        buf_printf(detail, ",\"field\":\"%s\"", stage->steps[step].to_field);
    buf_putc(detail, '}');
    struct store_change change = { .entity = ENTITY_REFERRAL,
                                   .id = id,
                                   .kind = f->kind,
                                   .actor = the_clock.name,
                                   .at_ms = domain_now(d),
                                   .set = c.set,
                                   .set_count = c.count };
    rc = domain__store(d, &change, detail->data, detail->len, &row, e);
    if (rc < 0)
        return rc;
    rc = task_make(f, row, stage, &stage->steps[step], false, e);
    if (rc == 0)
        rc = store_get(d->store, ENTITY_REFERRAL, id, &row, e);
    return domain__tell(d, rc, f->kind, row, detail->data, detail->len, NULL, e);
}

static int fire_referral(struct firing *f, struct error *e)
{
    const struct row *row;
    const struct graph *graph = NULL;
    int index = 0;
    snprintf(f->kind, sizeof f->kind, "referral.step");
    buf_printf(&f->text, "R-%lld", (long long)f->id);
    int rc = store_get(f->d->store, ENTITY_REFERRAL, f->id, &row, e);
    if (rc == 0)
        rc = referral__place(f->d, row, &graph, &index, e);
    if (rc < 0)
        return rc;
    const struct stage *stage = graph_stage(graph, index);
    int64_t step = row_int(row, REFERRAL_WAKE_STEP);
    if (step < 0 || (size_t)step >= stage->step_count)
        return referral__refuse(f->id, e, ERROR_INVALID, "stage \"%s\" has no step %lld any more",
                                stage->name, (long long)step);
    const struct step *s = &stage->steps[step];
    snprintf(f->kind, sizeof f->kind, "referral.%s", firing_step_word(s->kind));
    buf_clear(&f->text);
    firing_describe(f, row, s, &f->text);
    if (s->kind == STEP_EXPIRE)
        return step_expire(f, row, graph_transition(graph, s->transition), e);
    return step_notify(f, row, stage, (int)step, e);
}

/* Where a failed step goes on: the next one, nowhere, or where it is, if it was its failure that
 * switched its plugin off: then it waits. */
static int failed_step(struct firing *f, const struct row *row, struct columns *c, struct error *e)
{
    const struct graph *graph;
    int index, step = (int)row_int(row, REFERRAL_WAKE_STEP);
    int64_t at_ms = 0, again_ms;
    if (waiting__check(f->d, ENTITY_REFERRAL, row, &again_ms, NULL) < 0)
        return 0;
    int rc = referral__place(f->d, row, &graph, &index, e);
    if (rc < 0)
        return rc;
    const struct stage *stage = graph_stage(graph, index);
    int next = step;
    if (step < 0 || (size_t)step >= stage->step_count ||
        deadline__next(f->d, stage, row_int(row, REFERRAL_DUE_AT_MS),
                       row_int(row, REFERRAL_STAGE_AT_MS), &next, &at_ms, NULL) < 0)
        next = -1;
    step_put_next(c, next, at_ms);
    if (step < 0 || (size_t)step >= stage->step_count)
        return 0;
    return task_make(f, row, stage, &stage->steps[step], true, e);
}

static int failed_referral(struct firing *f, const struct error *why, struct error *e)
{
    struct columns c = { .entity = ENTITY_REFERRAL };
    struct buf detail = BUF_INIT;
    struct jsonw w;
    const struct row *row;
    int rc = store_get(f->d->store, ENTITY_REFERRAL, f->id, &row, e);
    if (rc == 0)
        rc = failed_step(f, row, &c, e);
    if (rc < 0)
        return rc;
    jsonw_start(&w, &detail);
    jsonw_open_object(&w);
    jsonw_key(&w, "step");
    jsonw_int(&w, row_int(row, REFERRAL_WAKE_STEP));
    firing_put_error(&w, why);
    jsonw_close(&w);
    struct store_change change = { .entity = ENTITY_REFERRAL,
                                   .id = f->id,
                                   .kind = "referral.step_failed",
                                   .actor = the_clock.name,
                                   .at_ms = domain_now(f->d),
                                   .set = c.set,
                                   .set_count = c.count };
    rc = domain__store(f->d, &change, detail.data, detail.len, NULL, e);
    buf_free(&detail);
    return rc;
}

/* Timers. */

static void timer_change(struct firing *f, struct store_change *change, const char *kind)
{
    static const struct store_set set[] = {
        { TIMER_STATUS, { .s = "fired", .len = 5, .type = VALUE_TEXT } },
        { TIMER_AT_MS, { .i = 0, .len = 0, .type = VALUE_NULL } },
    };
    *change = (struct store_change){ .entity = ENTITY_TIMER,
                                     .id = f->id,
                                     .kind = kind,
                                     .actor = the_clock.name,
                                     .at_ms = domain_now(f->d),
                                     .set = set,
                                     .set_count = 2 };
}

static int fire_timer(struct firing *f, struct error *e)
{
    const struct row *row;
    struct store_change change;
    struct buf *detail = &f->d->detail[f->d->depth];
    int rc = store_get(f->d->store, ENTITY_TIMER, f->id, &row, e);
    if (rc < 0)
        return rc;
    snprintf(f->kind, sizeof f->kind, "timer.%s", row_text(row, TIMER_NAME));
    buf_printf(&f->text, "T-%lld timer %s", (long long)f->id, row_text(row, TIMER_NAME));
    if (!row_is_null(row, TIMER_ABOUT))
        buf_printf(&f->text, " about %s", row_text(row, TIMER_ABOUT));
    buf_puts(&f->text, ", due ");
    firing_put_time(f, f->at_ms, &f->text);
    buf_clear(detail);
    buf_printf(detail, "{\"at_ms\":%lld}", (long long)f->at_ms);
    timer_change(f, &change, f->kind);
    return domain__change(f->d, &change, detail->data, detail->len, NULL, e);
}

static int failed_timer(struct firing *f, const struct error *why, struct error *e)
{
    struct buf detail = BUF_INIT;
    struct jsonw w;
    struct store_change change;
    jsonw_start(&w, &detail);
    jsonw_open_object(&w);
    firing_put_error(&w, why);
    jsonw_close(&w);
    timer_change(f, &change, "timer.failed");
    int rc = domain__store(f->d, &change, detail.data, detail.len, NULL, e);
    buf_free(&detail);
    return rc;
}

/* One firing: 0 even where it failed and that was recorded. */
static int fire(struct firing *f, struct error *why, struct error *e)
{
    domain_command_begin(f->d);
    int failed = f->entity == ENTITY_TIMER ? fire_timer(f, why) : fire_referral(f, why);
    int rc = domain_command_end(f->d, failed == 0, e);
    if (rc < 0 || failed == 0)
        return rc;
    domain_command_begin(f->d);
    int noted = f->entity == ENTITY_TIMER ? failed_timer(f, why, e) : failed_referral(f, why, e);
    rc = domain_command_end(f->d, noted == 0, noted == 0 ? e : NULL);
    return noted < 0 ? noted : rc;
}

static int fire_one(struct firing *f, due_report report, void *context, bool *more, struct error *e)
{
    struct error why = { 0 };
    int rc = fire(f, &why, e);
    if (rc == 0 && report) {
        const struct due_fired fired = { .at_ms = f->at_ms,
                                         .kind = f->kind,
                                         .entity = f->entity,
                                         .id = f->id,
                                         .text = buf_text(&f->text),
                                         .error = why.code != ERROR_NONE ? &why : NULL };
        *more = report(context, &fired);
    }
    return rc;
}

/* Must it wait? Then it is put aside, and the first for its plugin is told. */
static int fire_or_wait(struct firing *f, due_report report, void *context, bool *more,
                        struct error *e)
{
    struct domain *d = f->d;
    const struct row *row;
    struct error why = { 0 };
    int64_t again_ms;
    bool first;
    int rc = store_get(d->store, f->entity, f->id, &row, e);
    if (rc < 0)
        return rc;
    bool waits = waiting__check(d, f->entity, row, &again_ms, &why) < 0;
    if (waits && d->firing_at_ms < f->now_ms) { /* due while its plugin was off: it happens now */
        d->firing_at_ms = f->now_ms;
        waits = waiting__check(d, f->entity, row, &again_ms, &why) < 0;
    }
    if (!waits)
        return fire_one(f, report, context, more, e);
    waiting__add(d, f->entity, row, again_ms, &first);
    if (!first || !report)
        return 0;
    waiting__describe(f->entity, row, &f->text);
    const struct due_fired told = { .at_ms = f->at_ms,
                                    .kind = "waits",
                                    .entity = f->entity,
                                    .id = f->id,
                                    .text = buf_text(&f->text),
                                    .error = &why,
                                    .waits = true };
    *more = report(context, &told);
    return 0;
}

static int due_event_time(void *context, const struct event *event)
{
    *(int64_t *)context = event->at_ms;
    return 0;
}

int domain_fire_due(struct domain *d, int64_t now_ms, size_t limit, due_report report,
                    void *context, size_t *fired, struct error *e)
{
    int64_t last_ms = INT64_MIN;
    int64_t seq = store_last_event(d->store);
    size_t count = 0;
    bool more = true;
    int rc = 0;
    assert(store_in_turn(d->store) && !store_in_command(d->store) && !d->firing);
    waiting__tried(d, now_ms);
    while (rc == 0 && more && count < limit) {
        struct firing f = { .d = d, .entity = ENTITY_NONE, .now_ms = now_ms, .text = BUF_INIT };
        rc = store_due_next(d->store, fired_here, now_ms, &f.entity, &f.id, &f.at_ms, e);
        if (rc < 0 || f.entity == ENTITY_NONE)
            break;
        if (count == 0 && seq > 0) /* nothing due is the common case: ask only now */
            rc = store_events(d->store, seq - 1, 1, due_event_time, &last_ms, e);
        if (rc < 0)
            break;
        last_ms = f.at_ms > last_ms ? f.at_ms : last_ms;
        d->firing = true;
        d->firing_at_ms = last_ms < now_ms ? last_ms : now_ms;
        rc = fire_or_wait(&f, report, context, &more, e);
        last_ms = d->firing_at_ms;
        d->firing = false;
        count += rc == 0 ? 1 : 0;
        buf_free(&f.text);
    }
    if (fired)
        *fired = count;
    return rc;
}

int domain_fire_row(struct domain *d, enum entity entity, int64_t id, int64_t now_ms, bool *fired,
                    struct error *e)
{
    struct firing f = { .d = d, .entity = entity, .id = id, .now_ms = now_ms, .text = BUF_INIT };
    int due = schema_of(entity)->due;
    const struct row *row;
    int64_t again_ms;
    assert(store_in_turn(d->store) && !store_in_command(d->store) && !d->firing);
    assert(fired_here & 1u << entity);
    *fired = false;
    int rc = store_get(d->store, entity, id, &row, e);
    if (rc < 0 || row_is_null(row, due) || row_int(row, due) > now_ms ||
        waiting__check(d, entity, row, &again_ms, NULL) < 0)
        return rc;
    f.at_ms = row_int(row, due);
    d->firing = true;
    d->firing_at_ms = now_ms;
    rc = fire_one(&f, NULL, NULL, NULL, e);
    d->firing = false;
    *fired = rc == 0;
    buf_free(&f.text);
    return rc;
}

int domain_due_at(struct domain *d, int64_t *at_ms, struct error *e)
{
    int64_t due_ms;
    int rc = store_due_at(d->store, fired_here | 1u << ENTITY_MESSAGE, &due_ms, e);
    if (rc == 0)
        *at_ms = due_ms < waiting__at(d) ? due_ms : waiting__at(d);
    return rc;
}
