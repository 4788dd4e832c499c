/* Deadlines of a declared workflow against the calendar: whether they come,
 * when, and in which order their steps do.
 *
 * A span has no fixed length, so it is tried out: from each half hour of working
 * time in two weeks. Something is said where all of these agree. */
#include "script/check_internal.h"

#include <string.h>

#include "baton/base/calendar.h"

enum { DEADLINE_SAMPLES = 14 * 48, DEADLINE_STEP_MS = 30 * 60 * 1000 };

struct deadlines {
    struct check *c;
    const struct check_workflow *w;
    const struct calendar *calendar;
    int64_t starts[DEADLINE_SAMPLES];
    size_t count;
};

static void deadlines_sample(struct deadlines *d)
{
    const struct domain *domain = d->c->script->domain;
    int64_t at_ms = domain_now(domain);
    d->calendar = domain_calendar(domain);
    for (size_t i = 0; d->calendar && i < DEADLINE_SAMPLES; i++, at_ms += DEADLINE_STEP_MS)
        if (calendar_is_working_time(d->calendar, at_ms))
            d->starts[d->count++] = at_ms;
    if (d->count == 0)
        d->starts[d->count++] = domain_now(domain);
}

static void deadlines_add(const struct deadlines *d, const char *code, const struct check_stage *s,
                          const char *text, const struct span *span)
{
    struct buf words = BUF_INIT;
    if (span)
        span_format(span, &words);
    check__add(d->c, code, d->w->plugin, s->file, s->line, "stage \"%s\": %s%s%s", s->name, text,
               span ? ": " : "", buf_text(&words));
    buf_free(&words);
}

/* ---- when it comes ---- */

static void deadlines_check_calendar(struct deadlines *d, const struct check_stage *s)
{
    size_t never = 0, outside = 0;
    if (!s->has_within || (s->within.school_days && !d->c->org_ini))
        return; /* terms are the organisation's to say */
    for (size_t i = 0; i < d->count; i++) {
        int64_t due_ms;
        if (span_add(&s->within, 1, d->calendar, d->starts[i], &due_ms, NULL) < 0)
            never++;
        else if (!calendar_is_working_time(d->calendar, due_ms) &&
                 !calendar_is_working_time(d->calendar, due_ms - 1))
            outside++;
    }
    if (never == d->count)
        deadlines_add(d, "deadline-never", s, "the calendar has no such time, so it never comes",
                      &s->within);
    else if (outside == d->count)
        deadlines_add(d, "deadline-outside", s,
                      "whenever in working time it is entered, its deadline falls outside of it",
                      &s->within);
}

/* ---- the order of its steps ---- */

static bool deadlines_remind_early(const struct deadlines *d, const struct check_stage *s,
                                   const struct span *before)
{
    size_t early = 0;
    for (size_t i = 0; i < d->count; i++) {
        int64_t due_ms, at_ms;
        if (span_add(&s->within, 1, d->calendar, d->starts[i], &due_ms, NULL) < 0 ||
            span_add(before, -1, d->calendar, due_ms, &at_ms, NULL) < 0)
            return false;
        early += at_ms <= d->starts[i];
    }
    return early == d->count;
}

static bool deadlines_escalate_late(const struct deadlines *d, const struct check_stage *s,
                                    const struct span *after)
{
    for (size_t i = 0; i < d->count; i++) {
        int64_t at_ms, expire_ms;
        if (span_add(after, 1, d->calendar, d->starts[i], &at_ms, NULL) < 0 ||
            span_add(&s->expire_after, 1, d->calendar, d->starts[i], &expire_ms, NULL) < 0 ||
            at_ms < expire_ms)
            return false;
    }
    return true;
}

static void deadlines_check_steps(struct deadlines *d, const struct check_stage *s)
{
    if (!s->has_deadline && (s->step_count || s->expire))
        deadlines_add(
            d, "steps-without-deadline", s,
            "it has reminders, escalations or an expiry, but neither within nor due_field", NULL);
    for (size_t i = 0; i < s->step_count; i++) {
        const struct check_step *step = &s->steps[i];
        if (step->kind == STEP_REMIND && s->has_within && deadlines_remind_early(d, s, &step->span))
            deadlines_add(d, "remind-too-early", s, "a reminder is due before the stage is entered",
                          &step->span);
        if (step->kind == STEP_ESCALATE && s->expire && deadlines_escalate_late(d, s, &step->span))
            deadlines_add(d, "escalate-after-expire", s,
                          "it has expired before this escalation is due", &step->span);
    }
}

/* Does a handler do something about deadlines that pass? */
static bool deadlines_handled(const struct check *c)
{
    for (size_t i = 0; i < c->declared_count; i++) {
        const struct check_declared *h = &c->declared[i];
        if (!strcmp(h->what, "handler") &&
            (!strcmp(h->name, "referral.overdue") || !strcmp(h->name, "referral.*") ||
             !strcmp(h->name, "*")))
            return true;
    }
    return false;
}

/* ---- the field that it is read from ---- */

static void deadlines_check_field(struct deadlines *d, const struct check_stage *s)
{
    struct check *c = d->c;
    struct check_names known = { 0 };
    const struct check_field *f = NULL;
    if (!s->due_field)
        return;
    for (size_t i = 0; i < d->w->field_count; i++) {
        const struct check_field *other = &d->w->fields[i];
        if (!strcmp(other->name, s->due_field))
            f = other;
        if (!strcmp(other->type, "time") || !strcmp(other->type, "date"))
            check__name(c, &known, other->name);
    }
    int line = check__line(c, s->file, s->line, s->due_field);
    if (!f)
        check__add(c, "deadline-field", d->w->plugin, s->file, line,
                   "stage \"%s\": no field \"%s\" is declared%s", s->name, s->due_field,
                   check__near(c, &known, s->due_field));
    else if (strcmp(f->type, "time") != 0 && strcmp(f->type, "date") != 0)
        check__add(c, "deadline-field", d->w->plugin, s->file, line,
                   "stage \"%s\": the deadline's field \"%s\" must be a time or a date, it is %s",
                   s->name, f->name, f->type);
    else if (check__mentions(c, d->w->plugin, f->name) <= 2)
        check__add(
            c, "deadline-field-unset", d->w->plugin, s->file, line,
            "stage \"%s\": nothing sets \"%s\" or asks for it, so its deadline may never run",
            s->name, f->name);
}

/* ---- expiry ---- */

/* What of the transition the clock cannot give; NULL: nothing. */
static const char *deadlines_expire_lacks(const struct check_transition *t)
{
    bool reason = !t->reasons, commented = false;
    for (const char *const *r = t->reasons; r && *r; r++)
        reason = reason || !strcmp(*r, "expired");
    for (const char *const *r = t->commented; r && *r; r++)
        commented = commented || !strcmp(*r, "expired");
    if (!t->to)
        return "must move to a stage";
    if (t->note)
        return "must not ask for a note";
    if (t->approval.weight)
        return "must not need an approval";
    return reason && !commented ? NULL
                                : "must have \"expired\" among its reasons, without a comment";
}

static void deadlines_check_expire(struct deadlines *d, const struct check_stage *s)
{
    struct check *c = d->c;
    struct check_names known = { 0 };
    const struct check_transition *t = NULL;
    if (!s->expire)
        return;
    for (size_t i = 0; i < d->w->transition_count; i++) {
        if (!check__leaves(&d->w->transitions[i], s))
            continue;
        check__name(c, &known, d->w->transitions[i].name);
        if (!strcmp(d->w->transitions[i].name, s->expire))
            t = &d->w->transitions[i];
    }
    int line = check__line(c, s->file, s->line, s->expire);
    const char *lacks = t ? deadlines_expire_lacks(t) : NULL;
    if (!t)
        check__add(c, "expire-unknown", d->w->plugin, s->file, line,
                   "stage \"%s\" expires by \"%s\", which does not leave it%s", s->name, s->expire,
                   check__near(c, &known, s->expire));
    else if (lacks)
        check__add(c, "expire-asks", d->w->plugin, s->file, line,
                   "stage \"%s\" expires by \"%s\", which %s", s->name, s->expire, lacks);
}

void check__deadlines(struct check *c, struct check_workflow *w)
{
    struct deadlines d = { .c = c, .w = w };
    deadlines_sample(&d);
    for (size_t i = 0; i < w->stage_count; i++) {
        const struct check_stage *s = &w->stages[i];
        deadlines_check_calendar(&d, s);
        deadlines_check_steps(&d, s);
        deadlines_check_field(&d, s);
        deadlines_check_expire(&d, s);
        if (s->has_deadline && !s->final && s->step_count == 0 && !s->expire && !s->owner_roles &&
            !deadlines_handled(c))
            deadlines_add(&d, "deadline-idle", s,
                          "its deadline has no reminder, escalation or expiry, and nobody need own "
                          "the stage: who will notice?",
                          NULL);
    }
}
