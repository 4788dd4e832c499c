/* The record is the fold of a referral's history over three things: stage, owner,
 * and whether its deadline stands still. Each change of one ends a stretch. */
#include "baton/domain/clock_record.h"

#include <string.h>

#include "baton/base/arena.h"
#include "baton/base/calendar.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "domain/domain_internal.h"

struct record_change { /* what one event changes of the three */
    int64_t at_ms, owner;
    const char *stage; /* NULL: as before */
    bool has_owner, has_clock, paused, closed;
};

struct record_walk {
    struct arena *arena;
    struct record_change *at; /* newest first */
    size_t count, room;
};

static bool record_member(const struct json_slice *object, const char *key, struct json_slice *out)
{
    return jsons_get(object->text, object->len, key, strlen(key), out);
}

static void record_columns(struct record_walk *w, const struct json_slice *set,
                           struct record_change *c)
{
    struct json_slice v;
    if (record_member(set, "stage", &v) && v.type == JSON_T_TEXT)
        c->stage = arena_dupn(w->arena, v.text, v.len);
    if (record_member(set, "owner_id", &v)) {
        c->has_owner = true;
        c->owner = v.type == JSON_T_INT ? jsons_int(&v) : 0;
    }
    c->closed = record_member(set, "closed_at_ms", &v) && v.type == JSON_T_INT;
}

static void record_clock(const struct json_slice *fields, struct record_change *c)
{
    struct json_slice v, at;
    if (!record_member(fields, "_clock", &v))
        return;
    c->has_clock = true;
    c->paused = v.type == JSON_T_OBJECT && record_member(&v, "paused_at_ms", &at);
}

static int record_event(void *context, const struct event *event)
{
    struct record_walk *w = context;
    struct record_change c = { .at_ms = event->at_ms };
    struct json_slice part;
    if (!event->payload)
        return 0; /* erased: what it changed cannot be told */
    if (jsons_get(event->payload, event->payload_len, "set", 3, &part))
        record_columns(w, &part, &c);
    if (jsons_get(event->payload, event->payload_len, "fields", 6, &part))
        record_clock(&part, &c);
    if (!c.stage && !c.has_owner && !c.has_clock && !c.closed)
        return 0;
    if (w->count == w->room) {
        w->room = w->room ? 2 * w->room : 16;
        w->at = mem_resize(w->at, w->room * sizeof *w->at);
    }
    w->at[w->count++] = c;
    return 0;
}

/* ---- the fold ---- */

struct record_fold {
    struct domain *d;
    const struct graph *graph; /* NULL: its workflow is not loaded */
    struct clock_held *out;
    size_t count;
    struct clock_held now; /* the stretch that lasts */
    bool paused;           /* by _clock; the stage may pause it too */
};

static void fold_end(struct record_fold *f, int64_t to_ms)
{
    struct clock_held *h = &f->now;
    if (!h->stage || to_ms <= h->from_ms)
        return;
    h->to_ms = to_ms;
    h->ms = to_ms - h->from_ms;
    h->working_ms = calendar_working_ms(f->d->calendar, h->from_ms, to_ms);
    f->out[f->count++] = *h;
}

static void fold_stage(struct record_fold *f, const char *name)
{
    const struct stage *s =
        f->graph ? graph_stage(f->graph, graph_find_stage(f->graph, name)) : NULL;
    f->now.stage = name;
    f->now.role = s && s->owner_roles ? s->owner_roles[0] : "";
    f->now.paused = f->paused || (s && s->clock_paused);
}

static void fold_change(struct record_fold *f, const struct record_change *c)
{
    struct clock_held before = f->now;
    if (c->has_clock)
        f->paused = c->paused;
    if (c->has_owner)
        f->now.staff_id = c->owner;
    if (c->stage || f->now.stage)
        fold_stage(f, c->stage ? c->stage : f->now.stage);
    bool same = before.stage && !c->closed && before.staff_id == f->now.staff_id &&
                before.paused == f->now.paused && !strcmp(before.stage, f->now.stage);
    if (same)
        return;
    struct clock_held after = f->now;
    f->now = before;
    fold_end(f, c->at_ms);
    f->now = after;
    f->now.from_ms = c->at_ms;
    if (c->closed)
        f->now.stage = NULL;
}

int domain_clock_record(struct domain *d, int64_t referral_id, struct arena *arena,
                        struct clock_held **out, size_t *count, struct error *e)
{
    struct record_walk walk = { .arena = arena };
    struct record_fold f = { .d = d };
    const struct row *row;
    int index;
    int rc = store_get(d->store, ENTITY_REFERRAL, referral_id, &row, e);
    if (rc == 0) {
        if (referral__place(d, row, &f.graph, &index, NULL) < 0)
            f.graph = domain_graph(d, row_text(row, REFERRAL_WORKFLOW));
        rc = store_history(d->store, ENTITY_REFERRAL, referral_id, 0, record_event, &walk, e);
    }
    if (rc >= 0) {
        f.out = arena_alloc(arena, (walk.count + 1) * sizeof *f.out);
        for (size_t i = walk.count; i-- > 0;)
            fold_change(&f, &walk.at[i]);
        size_t ended = f.count;
        fold_end(&f, domain_now(d));
        for (size_t i = ended; i < f.count; i++)
            f.out[i].lasts = true;
        *out = f.out;
        *count = f.count;
        rc = 0;
    }
    mem_free(walk.at);
    return rc;
}
