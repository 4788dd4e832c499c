/* Referrals that an effect or a handler opens: they are the same on both sides
 * where parent and workflow are, in the order in which they come. One side may
 * be early: a deadline that moves opens them at another time. */
#include <string.h>

#include "host/replay_internal.h"

static int64_t child_parent(const struct told *t)
{
    struct json_slice set, parent;
    if (!t->payload || !jsons_get(t->payload, t->payload_len, "set", 3, &set) ||
        !jsons_get(set.text, set.len, "parent_id", 9, &parent) || parent.type != JSON_T_INT)
        return 0;
    return jsons_int(&parent);
}

static uint32_t child_workflow(struct replay *r, const struct told *t)
{
    struct json_slice set, workflow;
    if (!t->payload || !jsons_get(t->payload, t->payload_len, "set", 3, &set) ||
        !jsons_get(set.text, set.len, "workflow", 8, &workflow))
        return 0;
    return replay__word(r, workflow.text, workflow.len);
}

static bool child_is_opening(const struct told *t)
{
    return !t->linked && t->entity == ENTITY_REFERRAL && !strcmp(t->kind, "referral.opened");
}

/* The stranger becomes the story: what it has told waits there for its counterparts. */
static void child_adopt(struct replay *r, int64_t id, struct stranger *stranger)
{
    struct story *s = replay__story(r, id), *was = &stranger->story;
    replay__link(r, ENTITY_REFERRAL, id, was->here);
    stranger->became = id;
    s->rep = was->rep;
    s->own = true;
    s->waiting = was->waiting;
    s->new_timers = true;
    was->waiting = NULL;
}

static bool child_find_stranger(struct replay *r, int64_t id, int64_t parent, uint32_t workflow)
{
    for (size_t i = 0; i < r->stranger_count; i++) {
        struct stranger *x = &r->strangers[i];
        if (x->became || x->parent != parent || x->story.workflow != workflow)
            continue;
        child_adopt(r, id, x);
        return true;
    }
    return false;
}

static bool child_find_foundling(struct replay *r, int64_t here, int64_t parent, uint32_t workflow)
{
    for (size_t i = 0; i < r->foundling_count; i++) {
        const struct foundling f = r->foundlings[i];
        if (f.parent != parent || replay__story(r, f.id)->workflow != workflow)
            continue;
        memmove(r->foundlings + i, r->foundlings + i + 1,
                (--r->foundling_count - i) * sizeof *r->foundlings);
        replay__link(r, ENTITY_REFERRAL, f.id, here);
        return true;
    }
    return false;
}

void replay__link_children(struct replay *r)
{
    for (size_t i = 0; i < r->block[0].count; i++) {
        struct told *t = &r->block[0].items[i];
        if (!child_is_opening(t))
            continue;
        t->linked = child_find_stranger(r, t->id, child_parent(t), child_workflow(r, t));
        if (t->linked || !child_parent(t))
            continue;
        r->foundlings =
            mem_resize(r->foundlings, (r->foundling_count + 1) * sizeof *r->foundlings);
        r->foundlings[r->foundling_count++] = (struct foundling){ t->id, child_parent(t) };
    }
    for (size_t i = 0; i < r->block[1].count; i++) {
        struct told *t = &r->block[1].items[i];
        if (!child_is_opening(t))
            continue;
        int64_t parent = replay__story_here(r, ENTITY_REFERRAL, child_parent(t));
        uint32_t workflow = child_workflow(r, t);
        t->linked = child_find_foundling(r, t->id, parent, workflow);
        if (!t->linked)
            replay__story(r, replay__stranger(r, t, parent))->workflow = workflow;
    }
}

void replay__blame_strangers(struct replay *r)
{
    for (size_t i = 0; i < r->stranger_count; i++) {
        const struct stranger *x = &r->strangers[i];
        struct story *parent = replay__story(r, x->parent);
        if (x->became || !x->parent || parent->unknown || !x->story.waiting ||
            !x->story.waiting[1].count)
            continue;
        replay__compare(r, parent, NULL, &x->story.waiting[1].items[0]);
    }
}
