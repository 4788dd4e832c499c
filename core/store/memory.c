/* Rows in memory: the dirty map (referrals not yet settled), a small cache of
 * rows read, and the retired ones that a caller may still hold. */
#include <string.h>

#include "store/store_internal.h"

/* Fibonacci hashing: ids are dense, neighbours must not crowd. */
static size_t dirty_slot(const struct dirty_map *m, int64_t id)
{
    return (size_t)(((uint64_t)id * 0x9E3779B97F4A7C15u) >> 20) & (m->capacity - 1);
}

/* Where an id stands, or would. */
static struct dirty *dirty_place(const struct dirty_map *m, int64_t id)
{
    size_t i = dirty_slot(m, id);
    while (m->slots[i].id && m->slots[i].id != id)
        i = (i + 1) & (m->capacity - 1);
    return &m->slots[i];
}

static void dirty_grow(struct dirty_map *m)
{
    struct dirty_map bigger = { .capacity = m->capacity ? m->capacity * 2 : 64 };
    bigger.slots = mem_zero(bigger.capacity * sizeof *bigger.slots);
    for (size_t i = 0; i < m->capacity; i++)
        if (m->slots[i].id)
            *dirty_place(&bigger, m->slots[i].id) = m->slots[i];
    mem_free(m->slots);
    bigger.used = m->used;
    bigger.bits = m->bits;
    bigger.words = m->words;
    *m = bigger;
}

enum { DIRTY_WORD = 64 };

static void dirty_mark(struct dirty_map *m, int64_t id)
{
    size_t word = (size_t)id / DIRTY_WORD;
    if (word >= m->words) {
        size_t words = word + word / 2 + 16;
        m->bits = mem_resize(m->bits, words * sizeof *m->bits);
        memset(m->bits + m->words, 0, (words - m->words) * sizeof *m->bits);
        m->words = words;
    }
    m->bits[word] |= 1ull << ((size_t)id % DIRTY_WORD);
}

int64_t store__dirty_after(const struct dirty_map *m, int64_t id)
{
    size_t from = (size_t)id + 1, word = from / DIRTY_WORD;
    if (word >= m->words)
        return 0;
    uint64_t left = m->bits[word] & (~0ull << (from % DIRTY_WORD));
    while (!left && ++word < m->words)
        left = m->bits[word];
    return left ? (int64_t)(word * DIRTY_WORD + (size_t)__builtin_ctzll(left)) : 0;
}

int64_t store__dirty_before(const struct dirty_map *m, int64_t id)
{
    size_t end = (size_t)id, word = end / DIRTY_WORD;
    if (!m->words)
        return 0;
    if (word >= m->words) {
        word = m->words - 1;
        end = m->words * DIRTY_WORD;
    }
    uint64_t left = m->bits[word];
    if (end < (word + 1) * DIRTY_WORD)
        left &= (1ull << (end % DIRTY_WORD)) - 1;
    while (!left && word--)
        left = m->bits[word];
    return left ? (int64_t)(word * DIRTY_WORD + DIRTY_WORD - 1 - (size_t)__builtin_clzll(left)) : 0;
}

struct dirty *store__dirty_find(const struct dirty_map *m, int64_t id)
{
    if (!m->used)
        return NULL;
    struct dirty *d = dirty_place(m, id);
    return d->id ? d : NULL;
}

struct dirty *store__dirty_put(struct dirty_map *m, int64_t id)
{
    if ((m->used + 1) * 4 > m->capacity * 3)
        dirty_grow(m);
    struct dirty *d = dirty_place(m, id);
    if (!d->id) {
        *d = (struct dirty){ .id = id };
        m->used++;
        dirty_mark(m, id);
    }
    return d;
}

/* Closes the gap by moving back whatever would no longer be found behind it. */
void store__dirty_remove(struct dirty_map *m, int64_t id)
{
    struct dirty *d = store__dirty_find(m, id);
    if (!d)
        return;
    size_t gap = (size_t)(d - m->slots), mask = m->capacity - 1;
    for (size_t i = (gap + 1) & mask; m->slots[i].id; i = (i + 1) & mask) {
        size_t home = dirty_slot(m, m->slots[i].id);
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            m->slots[gap] = m->slots[i];
            gap = i;
        }
    }
    m->slots[gap] = (struct dirty){ 0 };
    m->used--;
    m->bits[(size_t)id / DIRTY_WORD] &= ~(1ull << ((size_t)id % DIRTY_WORD));
}

void store__dirty_free(struct dirty_map *m)
{
    for (size_t i = 0; i < m->capacity; i++)
        mem_free(m->slots[i].row);
    mem_free(m->slots);
    mem_free(m->bits);
    *m = (struct dirty_map){ 0 };
}

/* Outside a turn nothing ends the life of borrowed rows, so the oldest go when there are many. */
void store__retire(struct store *s, struct row *r)
{
    if (!r)
        return;
    if (!s->in_turn && s->retired_count >= STORE_RETIRED_OUTSIDE) {
        size_t half = STORE_RETIRED_OUTSIDE / 2;
        for (size_t i = 0; i < half; i++)
            mem_free(s->retired[i]);
        memmove(s->retired, s->retired + half, (s->retired_count - half) * sizeof *s->retired);
        s->retired_count -= half;
    }
    if (s->retired_count == s->retired_capacity) {
        s->retired_capacity = s->retired_capacity ? s->retired_capacity * 2 : 64;
        s->retired = mem_resize(s->retired, s->retired_capacity * sizeof(struct row *));
    }
    s->retired[s->retired_count++] = r;
}

void store__retired_free(struct store *s)
{
    for (size_t i = 0; i < s->retired_count; i++)
        mem_free(s->retired[i]);
    s->retired_count = 0;
}

static size_t cache_slot(enum entity e, int64_t id)
{
    return ((size_t)id * 31 + (size_t)e * 7) % STORE_CACHE_SLOTS;
}

void store__cache_put(struct store *s, struct row *r)
{
    size_t i = cache_slot(r->entity, r->id);
    store__retire(s, s->cache[i].row);
    s->cache[i].entity = r->entity;
    s->cache[i].id = r->id;
    s->cache[i].row = r;
}

void store__cache_drop(struct store *s, enum entity e, int64_t id)
{
    size_t i = cache_slot(e, id);
    if (s->cache[i].row && s->cache[i].id == id && s->cache[i].entity == e) {
        store__retire(s, s->cache[i].row);
        s->cache[i].row = NULL;
    }
}

struct row *store__cache_get(struct store *s, enum entity e, int64_t id)
{
    size_t i = cache_slot(e, id);
    return s->cache[i].row && s->cache[i].id == id && s->cache[i].entity == e ? s->cache[i].row
                                                                              : NULL;
}
