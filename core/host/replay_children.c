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

static uint32_t child_word(struct replay *r, const struct told *t, const char *column)
{
    struct json_slice set, v;
    if (!t->payload || !jsons_get(t->payload, t->payload_len, "set", 3, &set) ||
        !jsons_get(set.text, set.len, column, strlen(column), &v) || v.type != JSON_T_TEXT)
        return 0;
    return replay__word(r, v.text, v.len);
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
    s->new_timers = true;
    if (!s->waiting) {
        s->waiting = was->waiting;
        was->waiting = NULL;
    } else if (was->waiting) { /* the story waits with its own side alone: it was not here yet */
        struct told_list none = s->waiting[1];
        s->waiting[1] = was->waiting[1];
        was->waiting[1] = none;
    }
}

/* `exact`: of the same title too. */
static bool child_find_stranger(struct replay *r, const struct foundling *f, bool exact)
{
    for (size_t i = 0; i < r->stranger_count; i++) {
        struct stranger *x = &r->strangers[i];
        if (x->became || x->parent != f->parent || (exact && x->title != f->title) ||
            x->story.workflow != replay__story(r, f->id)->workflow)
            continue;
        child_adopt(r, f->id, x);
        return true;
    }
    return false;
}

static void child_new_foundling(struct replay *r, const struct told *t)
{
    size_t n = r->foundling_count++;
    r->foundlings = mem_resize(r->foundlings, (n + 1) * sizeof *r->foundlings);
    r->foundlings[n] = (struct foundling){ t->id, child_parent(t), child_word(r, t, "title") };
}

static void child_new_stranger(struct replay *r, const struct told *t)
{
    int64_t parent = replay__story_here(r, ENTITY_REFERRAL, child_parent(t));
    struct stranger *x = replay__stranger(r, t, parent);
    x->title = child_word(r, t, "title");
    x->story.workflow = child_word(r, t, "workflow");
}

void replay__link_children(struct replay *r)
{
    bool any = false;
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < r->block[side].count; i++) {
            struct told *t = &r->block[side].items[i];
            if (!child_is_opening(t))
                continue;
            t->linked = any = true;
            if (side == 0)
                child_new_foundling(r, t);
            else
                child_new_stranger(r, t);
        }
    for (int loose = 0; any && loose < 2; loose++)
        for (size_t i = 0; i < r->foundling_count;) {
            if (!child_find_stranger(r, &r->foundlings[i], loose == 0)) {
                i++;
                continue;
            }
            memmove(r->foundlings + i, r->foundlings + i + 1,
                    (--r->foundling_count - i) * sizeof *r->foundlings);
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
        replay__differ(parent, NULL, &x->story.waiting[1].items[0], NULL);
    }
}
