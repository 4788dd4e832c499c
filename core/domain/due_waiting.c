/* What is due while its plugin is not there, or is switched off.
 *
 * A timer would ring unheard, an expiry would be refused, and of a workflow that
 * is not loaded nobody knows what a step means: so each stays due and is put
 * aside in memory (store_due_aside), until plugins load or one is switched on.
 * Nothing is written meanwhile, and for whom something waits is said once. */
#include "domain/due_waiting_internal.h"

#include <string.h>

#include "baton/base/memory.h"
#include "baton/domain/due.h"
#include "domain/domain_internal.h"

struct due_wait {
    int64_t again_ms; /* the earliest at which a plugin is tried again by itself */
    char **told;      /* for whom something waits */
    size_t told_count;
};

struct due_wait *waiting__new(void)
{
    struct due_wait *w = mem_new(struct due_wait);
    w->again_ms = INT64_MAX;
    return w;
}

static void waiting_forget(struct due_wait *w)
{
    for (size_t i = 0; i < w->told_count; i++)
        mem_free(w->told[i]);
    mem_free(w->told);
    *w = (struct due_wait){ .again_ms = INT64_MAX };
}

void waiting__free(struct due_wait *w)
{
    waiting_forget(w);
    mem_free(w);
}

void waiting__again(struct domain *d)
{
    waiting_forget(d->waiting);
    store_due_back(d->store);
}

void waiting__tried(struct domain *d, int64_t now_ms)
{
    if (d->waiting->again_ms > now_ms)
        return;
    d->waiting->again_ms = INT64_MAX;
    store_due_back(d->store);
}

int64_t waiting__at(const struct domain *d)
{
    return d->waiting->again_ms;
}

void domain_due_again(struct domain *d)
{
    waiting__again(d);
}

/* ---- one of them ---- */

/* An expiry takes a transition; what the clock only tells of does not need the plugin. */
static int check_step(struct domain *d, const struct row *row, int64_t *again_ms, struct error *e)
{
    const struct graph *graph;
    int index;
    int rc = referral__place(d, row, &graph, &index, e);
    if (rc < 0)
        return rc;
    const struct stage *stage = graph_stage(graph, index);
    int64_t step = row_int(row, REFERRAL_WAKE_STEP);
    bool expires =
        step >= 0 && (size_t)step < stage->step_count && stage->steps[step].kind == STEP_EXPIRE;
    return expires ? domain__works(d, graph_plugin(graph), again_ms, e) : 0;
}

int waiting__check(struct domain *d, enum entity entity, const struct row *row, int64_t *again_ms,
                   struct error *e)
{
    *again_ms = INT64_MAX;
    if (entity == ENTITY_REFERRAL)
        return check_step(d, row, again_ms, e);
    if (entity != ENTITY_TIMER || row_is_null(row, TIMER_PLUGIN))
        return 0;
    return domain__works(d, row_text(row, TIMER_PLUGIN), again_ms, e);
}

void waiting__describe(enum entity entity, const struct row *row, struct buf *out)
{
    buf_puts(out, entity == ENTITY_TIMER ? "timers of plugin " : "deadlines of workflow ");
    buf_puts(out, row_text(row, entity == ENTITY_TIMER ? TIMER_PLUGIN : REFERRAL_WORKFLOW));
}

static bool waiting_tell(struct due_wait *w, const char *whom)
{
    for (size_t i = 0; i < w->told_count; i++)
        if (!strcmp(w->told[i], whom))
            return false;
    w->told = mem_resize(w->told, (w->told_count + 1) * sizeof *w->told);
    w->told[w->told_count++] = mem_dup(whom);
    return true;
}

void waiting__add(struct domain *d, enum entity entity, const struct row *row, int64_t again_ms,
                  bool *first)
{
    struct due_wait *w = d->waiting;
    struct buf whom = BUF_INIT;
    waiting__describe(entity, row, &whom);
    *first = waiting_tell(w, buf_text(&whom));
    w->again_ms = again_ms < w->again_ms ? again_ms : w->again_ms;
    store_due_aside(d->store, entity, row->id, row_int(row, schema_of(entity)->due));
    buf_free(&whom);
}

/* ---- all of them ---- */

struct waiting_count {
    struct domain *d;
    struct due_waiting *out;
    struct error *e;
};

static int waiting_count(void *context, enum entity entity, int64_t id)
{
    struct waiting_count *c = context;
    const struct row *row;
    struct error why = { 0 };
    int64_t again_ms;
    int rc = store_get(c->d->store, entity, id, &row, c->e);
    if (rc < 0 || waiting__check(c->d, entity, row, &again_ms, &why) == 0)
        return rc;
    if (c->out->timers + c->out->referrals == 0)
        c->out->why = why;
    c->out->timers += entity == ENTITY_TIMER;
    c->out->referrals += entity == ENTITY_REFERRAL;
    return 0;
}

int domain_due_waiting(struct domain *d, int64_t now_ms, struct due_waiting *out, struct error *e)
{
    struct due_waiting found = { 0 };
    struct waiting_count c = { d, &found, e };
    int rc = store_due_list(d->store, now_ms, waiting_count, &c, e);
    if (rc == 0)
        *out = found;
    return rc;
}
