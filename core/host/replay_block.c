/* The end of a block: rows that came about on both sides are linked, then each
 * story has its events of both sides held against each other.
 *
 * Events pair by their kind, in order. What is left over waits, because the same
 * reminder may come later on one side; it waits until somebody does something
 * with the referral, or until the history has closed it. What then has no
 * counterpart is a difference. */
#include <string.h>

#include "baton/base/arena.h"
#include "host/replay_internal.h"

static bool block_creates(const struct told *t)
{
    const char *dot = strchr(t->kind, '.');
    return t->entity != ENTITY_NONE && dot &&
           (!strcmp(dot, ".created") || !strcmp(t->kind, "referral.opened"));
}

bool replay__same_set(const struct told *a, const struct told *b, const char *column)
{
    struct json_slice sa, sb, va, vb;
    size_t n = strlen(column);
    bool has_a = a->payload && jsons_get(a->payload, a->payload_len, "set", 3, &sa) &&
                 jsons_get(sa.text, sa.len, column, n, &va);
    bool has_b = b->payload && jsons_get(b->payload, b->payload_len, "set", 3, &sb) &&
                 jsons_get(sb.text, sb.len, column, n, &vb);
    return has_a == has_b && (!has_a || (va.len == vb.len && !memcmp(va.text, vb.text, va.len)));
}

/* ---- whose events they are ---- */

static int64_t block_story(struct replay *r, bool here, const struct told *t)
{
    if (t->entity == ENTITY_REFERRAL)
        return here ? replay__story_here(r, ENTITY_REFERRAL, t->id) : t->id;
    if (t->entity == ENTITY_NONE || t->entity >= ENTITY_END)
        return 0;
    if (!block_creates(t))
        return here ? replay__story_here(r, t->entity, t->id)
                    : replay__map_get(&r->story_there[t->entity], t->id);
    int64_t about = replay__about(t);
    if (here)
        about = replay__story_here(r, ENTITY_REFERRAL, about);
    replay__map_put(here ? &r->story_here[t->entity] : &r->story_there[t->entity], t->id, about);
    return about;
}

static void block_mix(struct replay *r, int64_t id)
{
    struct story *s = replay__story(r, id);
    if (s->mixed)
        return;
    s->mixed = true;
    if (r->mixed_count == r->mixed_room) {
        r->mixed_room = r->mixed_room ? 2 * r->mixed_room : 16;
        r->mixed = mem_resize(r->mixed, r->mixed_room * sizeof *r->mixed);
    }
    r->mixed[r->mixed_count++] = id;
}

static void block_sort(struct replay *r)
{
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < r->block[side].count; i++) {
            struct told *t = &r->block[side].items[i];
            t->story = block_story(r, side == 1, t);
            struct story *s = replay__story(r, t->story);
            if (t->story)
                replay__take(r, s, side == 1, t);
            if (side == 1 && t->entity == ENTITY_TIMER)
                s->new_timers = true;
            block_mix(r, t->story);
        }
}

/* ---- one story ---- */

/* Deadlines that another calendar moved: here the present one is used from the beginning, so there
 * is nothing to move. */
static bool block_is_calendar(const struct told *t)
{
    return t->entity == ENTITY_REFERRAL && !strcmp(t->actor, "calendar");
}

struct pairing {
    struct replay *r;
    struct story *s;
    int64_t id;
    struct told **side[2]; /* what waited, then the block's, in order */
    size_t count[2];
};

static void pairing_gather(struct pairing *p, int side)
{
    struct told_list *block = &p->r->block[side];
    struct told_list *waiting = p->s->waiting ? &p->s->waiting[side] : NULL;
    size_t room = block->count + (waiting ? waiting->count : 0);
    p->side[side] = arena_alloc(p->r->memory, (room + 1) * sizeof(struct told *));
    for (size_t i = 0; waiting && i < waiting->count; i++)
        p->side[side][p->count[side]++] = &waiting->items[i];
    for (size_t i = 0; i < block->count; i++)
        if (block->items[i].story == p->id && !block_is_calendar(&block->items[i]))
            p->side[side][p->count[side]++] = &block->items[i];
}

static bool pairing_fits(const struct told *there, const struct told *here)
{
    return there->entity == here->entity && !strcmp(there->kind, here->kind) &&
           (there->entity != ENTITY_TASK || replay__same_set(there, here, "kind")) &&
           (there->entity != ENTITY_TIMER || replay__same_set(there, here, "name"));
}

static bool pairing_counts(const struct pairing *p)
{
    return p->id && p->id < REPLAY_STRANGER && !p->s->unknown && !p->s->done;
}

static void pairing_match(struct pairing *p, struct told *there, struct told *here)
{
    if (block_creates(there) && !there->linked && !here->linked &&
        there->entity != ENTITY_REFERRAL) {
        there->linked = here->linked = true;
        replay__link(p->r, there->entity, there->id, here->id);
    }
    if (pairing_counts(p))
        replay__compare(p->r, p->s, there, here);
}

/* How many at the front of both belong together one by one. */
static size_t pairing_front(struct pairing *p)
{
    size_t n = 0;
    for (; n < p->count[0] && n < p->count[1] && pairing_fits(p->side[0][n], p->side[1][n]); n++)
        pairing_match(p, p->side[0][n], p->side[1][n]);
    return n;
}

/* The rest: each with the next of its kind on the other side. The two stories part where it
 * begins. */
static void pairing_rest(struct pairing *p, size_t from)
{
    size_t j = from;
    if (pairing_counts(p))
        replay__differ(p->s, from < p->count[0] ? p->side[0][from] : NULL,
                       from < p->count[1] ? p->side[1][from] : NULL, NULL);
    for (size_t i = from; i < p->count[0]; i++) {
        size_t k = j;
        while (k < p->count[1] && !pairing_fits(p->side[0][i], p->side[1][k]))
            k++;
        if (k == p->count[1])
            continue;
        pairing_match(p, p->side[0][i], p->side[1][k]);
        j = k + 1;
    }
}

/* What is left waits, in copies of its own. */
static void pairing_wait(struct pairing *p, size_t from)
{
    struct told_list *waiting = mem_zero(2 * sizeof *waiting);
    for (int side = 0; side < 2; side++)
        for (size_t i = from; i < p->count[side]; i++)
            replay__told_keep(&waiting[side], p->side[side][i]);
    replay__told_free(p->s->waiting);
    p->s->waiting = waiting;
}

/* Somebody has done something with it, or the history has closed it: nothing waits longer. */
static bool pairing_is_over(const struct pairing *p)
{
    bool closed = p->s->rec.closed_at_ms != INT64_MIN;
    return p->id == 0 || closed || p->s->unknown || p->r->touched == p->id;
}

static int story_follow_clock(struct replay *r, struct story *s, int64_t id, struct error *e)
{
    bool differs = id && (s->waiting || !replay__near(s->rec.wake_ms, s->rep.wake_ms));
    bool begins = differs && !s->own;
    bool timers = begins || s->new_timers;
    s->own = differs;
    s->new_timers = false;
    if (!differs || !s->here || s->unknown || s->rec.closed_at_ms != INT64_MIN)
        return 0;
    if (s->rep.wake_ms != INT64_MIN)
        replay__push(r, s->rep.wake_ms, ENTITY_REFERRAL, s->here);
    return timers ? replay__push_timers(r, s, e) : 0;
}

/* The history has closed it: has it been closed here, too? */
static void story_close(struct replay *r, struct story *s)
{
    s->done = true;
    if (s->unknown || !s->here || s->rep.closed_at_ms != INT64_MIN)
        return;
    replay__unknown(s, r->at_seq, s->rec.closed_at_ms,
                    "it waits in stage \"%s\" for what nobody did: recorded it had ended in "
                    "\"%s\"",
                    r->words[s->rep.stage], r->words[s->rec.stage]);
}

static int block_settle(struct replay *r, int64_t id, struct error *e)
{
    struct story *s = replay__story(r, id);
    struct pairing p = { .r = r, .s = s, .id = id };
    pairing_gather(&p, 0);
    pairing_gather(&p, 1);
    size_t n = pairing_front(&p);
    bool left = n < p.count[0] || n < p.count[1];
    bool over = pairing_is_over(&p);
    if (left && over)
        pairing_rest(&p, n);
    if (left && !over) {
        pairing_wait(&p, n);
    } else if (s->waiting) {
        replay__told_free(s->waiting);
        s->waiting = NULL;
    }
    if (id && s->rec.closed_at_ms != INT64_MIN && !s->done)
        story_close(r, s);
    s->mixed = false;
    return story_follow_clock(r, s, id, e);
}

int replay__settle(struct replay *r, int64_t id, struct error *e)
{
    if (id <= 0 || !replay__story(r, id)->waiting)
        return 0;
    r->touched = id;
    return block_settle(r, id, e);
}

int replay__end_block(struct replay *r, struct error *e)
{
    int rc = 0;
    if (!r->block[0].count && !r->block[1].count)
        return 0;
    replay__link_children(r);
    block_sort(r);
    for (size_t i = 0; i < r->mixed_count; i++) {
        int settled = block_settle(r, r->mixed[i], e);
        rc = rc < 0 ? rc : settled;
    }
    r->mixed_count = 0;
    r->block[0].count = r->block[1].count = 0;
    r->touched = 0;
    arena_reset(r->memory);
    return rc;
}
