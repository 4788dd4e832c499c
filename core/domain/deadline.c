/* Deadlines of a stage: when it is due, which step of the clock comes next.
 *
 * A referral's row holds due_at_ms, and the one step that comes next as
 * wake_at_ms and wake_step. Each step's instant is computed from due_at_ms when
 * the one before it has fired, so nothing else has to be kept. While it is paused
 * all three are empty: see pause.c. */
#include <string.h>

#include "baton/base/calendar.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/when.h"
#include "baton/base/zone.h"
#include "domain/domain_internal.h"
#include "domain/pause_internal.h"

/* A date is due at the end of its day, in the organisation's zone. */
static bool deadline_date(const struct domain *d, const struct json_slice *v, int64_t *out)
{
    int64_t day;
    int year, month, in_month;
    if (v->type != JSON_T_TEXT || !fields__date(v->text, v->len, &day))
        return false;
    civil_from_days(day, &year, &month, &in_month);
    struct civil end = { year, month, in_month, 23, 59, 0, 0, 0 };
    *out = zone_from_civil(calendar_zone(d->calendar), &end);
    return true;
}

static bool deadline_read_field(const struct domain *d, const struct json_slice *v, int64_t *out)
{
    if (v->type != JSON_T_INT)
        return deadline_date(d, v, out);
    *out = jsons_int(v);
    return true;
}

/* False: the field that says when is empty, so there is no deadline. */
static bool deadline_field(const struct domain *d, const struct deadline *dl, int64_t *out)
{
    const char *name = dl->stage->due_field;
    struct json_slice v;
    if (dl->fields && jsons_get(dl->fields, dl->fields_len, name, strlen(name), &v))
        return deadline_read_field(d, &v, out);
    if (dl->row && dl->row->fields.len > 0 &&
        jsons_get(dl->row->fields.s, dl->row->fields.len, name, strlen(name), &v))
        return deadline_read_field(d, &v, out);
    return false;
}

int deadline__due(struct domain *d, const struct deadline *dl, bool *has, int64_t *due_ms,
                  struct error *e)
{
    if (dl->stage->due_field || !dl->stage->has_deadline) {
        *has = dl->stage->due_field && deadline_field(d, dl, due_ms);
        return 0;
    }
    *has = true;
    return span_add(&dl->stage->within, 1, d->calendar, dl->entered_ms, due_ms, e);
}

/* A field may name a moment before the stage was entered: what comes after the deadline then counts
 * from the entry, so that nothing happens the moment it comes in but "overdue". */
static int deadline_step_at(struct domain *d, const struct stage *stage, const struct step *step,
                            int64_t due_ms, int64_t entered_ms, int64_t *out, struct error *e)
{
    bool late = stage->due_field && due_ms < entered_ms;
    if (step->kind == STEP_DUE) {
        *out = due_ms;
        return 0;
    }
    if (step->kind == STEP_REMIND)
        return span_add(&step->span, -1, d->calendar, due_ms, out, e);
    return span_add(&step->span, 1, d->calendar, late ? entered_ms : due_ms, out, e);
}

int deadline__next(struct domain *d, const struct stage *stage, int64_t due_ms, int64_t entered_ms,
                   int *step, int64_t *at_ms, struct error *e)
{
    int next = *step + 1;
    if (next < 0 || (size_t)next >= stage->step_count) {
        *step = -1;
        return 0;
    }
    int rc = deadline_step_at(d, stage, &stage->steps[next], due_ms, entered_ms, at_ms, e);
    if (rc == 0)
        *step = next;
    return rc;
}

/* The first step at or behind `from`; reminders that would lie in the past are left out. */
static int deadline_first(struct domain *d, const struct deadline *dl, int64_t due_ms, size_t from,
                          int *step, int64_t *at_ms, struct error *e)
{
    const struct stage *s = dl->stage;
    *step = -1;
    for (size_t i = from; i < s->step_count; i++) {
        int rc = deadline_step_at(d, s, &s->steps[i], due_ms, dl->entered_ms, at_ms, e);
        if (rc < 0)
            return rc;
        if (s->steps[i].kind == STEP_REMIND && *at_ms <= dl->now_ms)
            continue;
        *step = (int)i;
        return 0;
    }
    return 0;
}

static void deadline_put(const struct row *before, struct columns *c, int column, bool has,
                         int64_t value)
{
    if (has)
        columns__put(c, column, value_int(value));
    else if (before && !row_is_null(before, column))
        columns__put(c, column, value_null());
}

int deadline__put(struct domain *d, const struct deadline *dl, bool has, int64_t due_ms,
                  int from_step, struct columns *c, struct error *e)
{
    int step = -1, rc = 0;
    int64_t wake_ms = 0;
    if (has && from_step >= 0)
        rc = deadline_first(d, dl, due_ms, (size_t)from_step, &step, &wake_ms, e);
    if (rc < 0) {
        error_prefix(e, "deadline of stage \"%s\"", dl->stage->name);
        return rc;
    }
    deadline_put(dl->row, c, REFERRAL_DUE_AT_MS, has, due_ms);
    deadline_put(dl->row, c, REFERRAL_WAKE_AT_MS, step >= 0, wake_ms);
    deadline_put(dl->row, c, REFERRAL_WAKE_STEP, step >= 0, step);
    return 0;
}

int deadline__set(struct domain *d, const struct deadline *dl, struct columns *c, struct error *e)
{
    bool has;
    int64_t due_ms = 0;
    int rc = deadline__due(d, dl, &has, &due_ms, e);
    if (rc < 0) {
        error_prefix(e, "deadline of stage \"%s\"", dl->stage->name);
        return rc;
    }
    return deadline__put(d, dl, has, due_ms, 0, c, e);
}

int deadline__follow(struct domain *d, const struct deadline *dl, struct columns *c, bool *moved,
                     struct error *e)
{
    const char *name = dl->stage->due_field;
    struct json_slice v;
    int64_t due_ms = 0;
    *moved = false;
    /* While it is paused the field is not looked at: it is read again when it goes on. */
    if (!name || !dl->fields || pause__is_paused(dl->row) ||
        !jsons_get(dl->fields, dl->fields_len, name, strlen(name), &v))
        return 0;
    bool has = deadline_read_field(d, &v, &due_ms);
    if (has == !row_is_null(dl->row, REFERRAL_DUE_AT_MS) &&
        (!has || due_ms == row_int(dl->row, REFERRAL_DUE_AT_MS)))
        return 0;
    *moved = true;
    return deadline__set(d, dl, c, e);
}

bool deadline__step_fired(const struct row *referral)
{
    return !row_is_null(referral, REFERRAL_DUE_AT_MS) &&
           (row_is_null(referral, REFERRAL_WAKE_AT_MS) ||
            row_int(referral, REFERRAL_WAKE_STEP) > 0);
}

bool deadline__has_fired(const struct row *referral)
{
    return deadline__step_fired(referral) || pause__has_fired(referral);
}

/* Tasks. */

enum { DEADLINE_TASKS = 64 }; /* collected at once: rows do not outlive a change */

struct deadline_tasks {
    int64_t id[DEADLINE_TASKS];
    size_t count;
    int64_t last_id, after_ms;
};

static int deadline_collect(void *context, const struct row *task)
{
    struct deadline_tasks *t = context;
    const char *kind = row_text(task, TASK_KIND);
    t->last_id = task->id;
    if (task->created_at_ms <= t->after_ms)
        return 0;
    if (!strcmp(kind, "reminder") || !strcmp(kind, "overdue") || !strcmp(kind, "escalation"))
        t->id[t->count++] = task->id;
    return t->count == DEADLINE_TASKS;
}

int deadline__cancel_tasks(struct domain *d, const struct actor *actor, int64_t referral_id,
                           int64_t after_ms, struct error *e)
{
    char about[32];
    row_id_format(ENTITY_REFERRAL, referral_id, about);
    const struct store_filter filters[] = {
        { TASK_ABOUT, FILTER_EQ, value_text(about), NULL },
        { TASK_STATUS, FILTER_EQ, value_text("open"), NULL },
    };
    struct deadline_tasks t = { .last_id = 0, .after_ms = after_ms };
    int rc;
    do {
        const struct store_query q = { .entity = ENTITY_TASK,
                                       .filters = filters,
                                       .filter_count = 2,
                                       .after_id = t.last_id,
                                       .limit = LIMIT_LIST_ROWS };
        t.count = 0;
        int64_t before = t.last_id;
        rc = store_list(d->store, &q, deadline_collect, &t, e);
        if (rc < 0 || t.last_id == before)
            break;
        rc = 0;
        for (size_t i = 0; rc == 0 && i < t.count; i++)
            rc = task__end(d, actor, t.id[i], "cancelled", NULL, e);
    } while (rc == 0);
    return rc < 0 ? rc : 0;
}
