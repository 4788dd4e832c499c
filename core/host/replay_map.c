/* Who is who on both sides of a replay, and the events of a block. */
#include <ctype.h>
#include <string.h>

#include "baton/base/arena.h"
#include "host/replay_internal.h"

int64_t replay__map_get(const struct replay_map *m, int64_t id)
{
    return id > 0 && (size_t)id < m->room ? m->ids[id] : 0;
}

void replay__map_put(struct replay_map *m, int64_t id, int64_t value)
{
    size_t at = (size_t)id;
    if (at >= m->room) {
        size_t room = at + at / 2 + 64;
        m->ids = mem_resize(m->ids, room * sizeof *m->ids);
        memset(m->ids + m->room, 0, (room - m->room) * sizeof *m->ids);
        m->room = room;
    }
    m->ids[at] = value;
}

static const struct story_end none = { INT64_MIN, INT64_MIN, INT64_MIN, 0, 0 };

struct story *replay__story(struct replay *r, int64_t id)
{
    if (id >= REPLAY_STRANGER)
        return &r->strangers[id - REPLAY_STRANGER].story;
    if (id < 0 || id > r->until_seq) /* a row has an event of its own: no id is beyond them */
        id = 0;
    size_t at = (size_t)id;
    if (at >= r->story_room) {
        r->story_room = at + at / 2 + 64;
        r->stories = mem_resize(r->stories, r->story_room * sizeof *r->stories);
    }
    for (; r->story_count <= at; r->story_count++)
        r->stories[r->story_count] = (struct story){ .rec = none, .rep = none };
    return &r->stories[at];
}

int64_t replay__story_here(const struct replay *r, enum entity entity, int64_t id)
{
    int64_t story = replay__map_get(&r->story_here[entity], id);
    if (story < REPLAY_STRANGER)
        return story;
    int64_t became = r->strangers[story - REPLAY_STRANGER].became;
    return became ? became : story;
}

struct stranger *replay__stranger(struct replay *r, const struct told *opening, int64_t parent)
{
    size_t n = r->stranger_count++;
    r->strangers = mem_resize(r->strangers, (n + 1) * sizeof *r->strangers);
    r->strangers[n] =
        (struct stranger){ .story = { .here = opening->id, .own = true, .rec = none, .rep = none },
                           .parent = parent };
    replay__map_put(&r->story_here[ENTITY_REFERRAL], opening->id, REPLAY_STRANGER + (int64_t)n);
    return &r->strangers[n];
}

static size_t word_slot(const struct replay *r, const char *text, size_t n)
{
    uint64_t hash = 1469598103934665603u; /* FNV-1a */
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (unsigned char)text[i]) * 1099511628211u;
    size_t at = (size_t)(hash ^ hash >> 32) & (r->word_room - 1);
    for (; r->word_slots[at]; at = (at + 1) & (r->word_room - 1)) {
        const char *word = r->words[r->word_slots[at] - 1];
        if (!strncmp(word, text, n) && !word[n])
            break;
    }
    return at;
}

static void word_grow(struct replay *r)
{
    r->word_room = r->word_room ? 2 * r->word_room : 256;
    r->words = mem_resize(r->words, r->word_room * sizeof *r->words);
    mem_free(r->word_slots);
    r->word_slots = mem_zero(r->word_room * sizeof *r->word_slots);
    for (uint32_t i = 0; i < r->word_count; i++)
        r->word_slots[word_slot(r, r->words[i], strlen(r->words[i]))] = i + 1;
}

uint32_t replay__word(struct replay *r, const char *text, size_t n)
{
    if (2 * (size_t)r->word_count >= r->word_room)
        word_grow(r);
    size_t at = word_slot(r, text, n);
    if (!r->word_slots[at]) {
        r->words[r->word_count] = mem_dupn(text, n);
        r->word_slots[at] = ++r->word_count;
    }
    return r->word_slots[at] - 1;
}

void replay__link(struct replay *r, enum entity entity, int64_t there, int64_t here)
{
    replay__map_put(&r->here[entity], there, here);
    r->ids.moved = r->ids.moved || there != here;
    if (entity == ENTITY_REFERRAL) {
        replay__story(r, there)->here = here;
        replay__map_put(&r->story_here[entity], here, there);
    } else {
        int64_t story = replay__map_get(&r->story_there[entity], there);
        replay__map_put(&r->story_here[entity], here, story);
    }
}

/* ---- ids in texts ---- */

/* What the row is there; 0: nothing there is it. */
static int64_t recorded_id(const struct replay *r, enum entity entity, int64_t here)
{
    const struct replay_map *m = &r->here[entity];
    for (size_t there = 1; there < m->room; there++)
        if (m->ids[there] == here)
            return (int64_t)there;
    return 0;
}

/* "R-12" at `text`, which no letter or digit precedes: its length, else 0. */
static size_t recorded_ref(const char *text, enum entity *entity, int64_t *id)
{
    char ref[24];
    size_t n = text[0] && text[1] == '-' ? 2 + strspn(text + 2, "0123456789") : 0;
    if (n < 3 || n >= sizeof ref)
        return 0;
    memcpy(ref, text, n);
    ref[n] = '\0';
    return row_id_parse(ref, entity, id) == 0 ? n : 0;
}

void replay__recorded(const struct replay *r, const char *text, struct buf *out)
{
    bool inside = false; /* a word */
    while (*text) {
        enum entity entity = ENTITY_NONE;
        int64_t id = 0;
        size_t n = inside || !r->ids.moved ? 0 : recorded_ref(text, &entity, &id);
        int64_t there = n ? recorded_id(r, entity, id) : 0;
        char ref[32];
        if (there) {
            row_id_format(entity, there, ref);
            buf_puts(out, ref);
        } else {
            n = n ? n : 1;
            buf_add(out, text, n);
        }
        text += n;
        inside = isalnum((unsigned char)text[-1]) || text[-1] == '-' || text[-1] == '_';
    }
}

/* ---- events ---- */

int64_t replay__about(const struct told *t)
{
    struct json_slice set, about;
    char text[32];
    enum entity entity = ENTITY_NONE;
    int64_t id = 0;
    if (!t->payload || !jsons_get(t->payload, t->payload_len, "set", 3, &set) ||
        !jsons_get(set.text, set.len, "about", 5, &about) || about.type != JSON_T_TEXT ||
        about.len >= sizeof text)
        return 0;
    memcpy(text, about.text, about.len);
    text[about.len] = '\0';
    return row_id_parse(text, &entity, &id) == 0 && entity == ENTITY_REFERRAL ? id : 0;
}

static struct told *told_room(struct told_list *list)
{
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 8;
        list->items = mem_resize(list->items, list->room * sizeof *list->items);
    }
    return &list->items[list->count++];
}

void replay__told_add(struct replay *r, bool here, const struct event *event)
{
    struct told *t = told_room(&r->block[here]);
    *t = (struct told){ .seq = event->seq,
                        .at_ms = event->at_ms,
                        .id = event->entity_id,
                        .entity = event->entity,
                        .kind = arena_dup(r->memory, event->kind),
                        .actor = arena_dup(r->memory, event->actor) };
    if (event->payload) {
        t->payload = arena_dupn(r->memory, event->payload, event->payload_len);
        t->payload_len = event->payload_len;
    }
}

void replay__told_keep(struct told_list *list, const struct told *t)
{
    struct told *kept = told_room(list);
    *kept = *t;
    kept->kind = mem_dup(t->kind);
    kept->actor = mem_dup(t->actor);
    kept->payload = t->payload ? mem_dupn(t->payload, t->payload_len) : NULL;
}

static void told_free(struct told *t)
{
    mem_free((char *)t->kind);
    mem_free((char *)t->actor);
    mem_free((char *)t->payload);
}

void replay__told_drop(struct told_list *list, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++)
        told_free(&list->items[first + i]);
    memmove(list->items + first, list->items + first + count,
            (list->count - first - count) * sizeof *list->items);
    list->count -= count;
}

void replay__told_free(struct told_list *waiting)
{
    for (size_t side = 0; waiting && side < 2; side++) {
        for (size_t i = 0; i < waiting[side].count; i++)
            told_free(&waiting[side].items[i]);
        mem_free(waiting[side].items);
    }
    mem_free(waiting);
}
