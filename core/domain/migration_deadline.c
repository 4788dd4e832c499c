/* The deadline of a referral that migrates.
 *
 * Kept: due at the same instant, so what remains is what remained; the next
 * step is the first of the new stage that has not come yet. Where nothing ran,
 * or the stage goes by a field, there is nothing to keep and the new stage says
 * when. A deadline that comes out at the same instant counts as kept, so that
 * nothing fires twice. */
#include <string.h>

#include "domain/migration_internal.h"
#include "domain/pause_internal.h"

/* NULL: nothing is declared, so it is kept. */
static const struct migration_deadline *deadline_declared(const struct migrating *m)
{
    for (size_t i = 0; m->map && i < m->map->deadline_count; i++)
        if (!strcmp(m->map->deadlines[i].stage, m->stage->name))
            return &m->map->deadlines[i];
    return NULL;
}

/* Does the new version give the stage another time than the one it runs? */
static bool deadline_differs(const struct migrating *m)
{
    const struct graph *runs = version__graph(m->d, m->to, m->plan->from_version);
    int stage = graph_find_stage(runs, m->plan->from_stage);
    const struct stage *was = stage >= 0 ? graph_stage(runs, stage) : NULL;
    return was && (!was->has_deadline || was->due_field ||
                   memcmp(&was->within, &m->stage->within, sizeof was->within) != 0);
}

/* From when on steps count as not fired: the one that waits, if it is late, else what comes. */
static int64_t deadline_from(const struct migrating *m)
{
    const struct row *row = m->row;
    bool late =
        !row_is_null(row, REFERRAL_WAKE_AT_MS) && row_int(row, REFERRAL_WAKE_AT_MS) <= m->c.now_ms;
    return late ? row_int(row, REFERRAL_WAKE_AT_MS) : m->c.now_ms + 1;
}

static void deadline_put_wake(struct columns *c, const struct row *row, int step, int64_t at_ms)
{
    bool had = !row_is_null(row, REFERRAL_WAKE_AT_MS);
    if (step < 0) {
        if (had) {
            columns__put(c, REFERRAL_WAKE_AT_MS, value_null());
            columns__put(c, REFERRAL_WAKE_STEP, value_null());
        }
        return;
    }
    if (!had || row_int(row, REFERRAL_WAKE_AT_MS) != at_ms)
        columns__put(c, REFERRAL_WAKE_AT_MS, value_int(at_ms));
    if (!had || row_int(row, REFERRAL_WAKE_STEP) != step)
        columns__put(c, REFERRAL_WAKE_STEP, value_int(step));
}

static int deadline_keep(struct migrating *m, struct error *e)
{
    int64_t due_ms = row_int(m->row, REFERRAL_DUE_AT_MS), at_ms = 0, from_ms = deadline_from(m);
    int step = -1;
    do {
        int rc = deadline__next(m->d, m->stage, due_ms, row_int(m->row, REFERRAL_STAGE_AT_MS),
                                &step, &at_ms, e);
        if (rc < 0)
            return rc;
    } while (step >= 0 && at_ms < from_ms);
    deadline_put_wake(&m->c, m->row, step, at_ms);
    return 0;
}

/* What the new definition says, counted from now or from the entry into the stage. */
static int deadline_renew(struct migrating *m, int64_t entered_ms, bool *same, struct error *e)
{
    const struct buf *patch = &m->plan->fields;
    const struct deadline dl = { .stage = m->stage,
                                 .row = m->row,
                                 .fields = patch->len > 0 ? patch->data : NULL,
                                 .fields_len = patch->len,
                                 .entered_ms = entered_ms,
                                 .now_ms = m->c.now_ms };
    struct columns fresh = m->c;
    int rc = deadline__set(m->d, &dl, &fresh, e);
    if (rc < 0)
        return rc;
    const struct value *due = columns__get(&fresh, REFERRAL_DUE_AT_MS);
    m->plan->has_due = due && due->type == VALUE_INT;
    m->plan->due_to_ms = m->plan->has_due ? due->i : 0;
    *same = m->plan->has_due && m->plan->had_due && m->plan->due_to_ms == m->plan->due_from_ms;
    if (!*same)
        m->c = fresh;
    return 0;
}

int migration__deadline(struct migrating *m, struct error *e)
{
    const struct migration_deadline *declared = deadline_declared(m);
    enum deadline_move move = declared ? declared->move : DEADLINE_KEEP;
    bool runs = m->plan->had_due && m->stage->has_deadline && !m->stage->due_field;
    bool same = move == DEADLINE_KEEP && runs;
    int rc = 0;
    if (pause__is_paused(m->row))
        return 0; /* whatever is declared: what remains is kept until it goes on */
    m->plan->due_outdated = same && !declared && deadline_differs(m);
    if (!same) {
        int64_t entered_ms =
            move == DEADLINE_RECOMPUTE ? row_int(m->row, REFERRAL_STAGE_AT_MS) : m->c.now_ms;
        rc = deadline_renew(m, entered_ms, &same, e);
    }
    if (rc == 0 && same)
        rc = deadline_keep(m, e);
    m->plan->due_moves =
        m->plan->had_due != m->plan->has_due || m->plan->due_from_ms != m->plan->due_to_ms;
    return rc;
}
