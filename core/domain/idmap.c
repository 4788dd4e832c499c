/* Open addressing with linear probing in a table whose size is a power of two,
 * at most three quarters full. Nothing is ever removed. */
#include "baton/base/memory.h"
#include "domain/idmap_internal.h"

#include <assert.h>

enum { IDMAP_FIRST = 64 };

/* The finalizer of SplitMix64: ids come in sequence, slots must not. */
static size_t idmap_slot(const struct domain__idmap *m, uint64_t key)
{
    uint64_t h = key;
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
    h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
    h ^= h >> 31;
    size_t at = (size_t)h & (m->room - 1);
    while (m->slots[at].key && m->slots[at].key != key)
        at = (at + 1) & (m->room - 1);
    return at;
}

static void idmap_grow(struct domain__idmap *m)
{
    struct domain__idmap larger = { .count = m->count,
                                    .room = m->room ? m->room * 2 : IDMAP_FIRST };
    larger.slots = mem_zero(larger.room * sizeof *larger.slots);
    for (size_t i = 0; i < m->room; i++)
        if (m->slots[i].key)
            larger.slots[idmap_slot(&larger, m->slots[i].key)] = m->slots[i];
    mem_free(m->slots);
    *m = larger;
}

uint64_t *domain__idmap_at(struct domain__idmap *m, uint64_t key)
{
    assert(key);
    if (m->count >= m->room / 4 * 3)
        idmap_grow(m);
    struct domain__idmap_slot *slot = &m->slots[idmap_slot(m, key)];
    if (!slot->key) {
        slot->key = key;
        m->count++;
    }
    return &slot->value;
}

bool domain__idmap_get(const struct domain__idmap *m, uint64_t key, uint64_t *out)
{
    if (!m->room)
        return false;
    const struct domain__idmap_slot *slot = &m->slots[idmap_slot(m, key)];
    if (!slot->key)
        return false;
    *out = slot->value;
    return true;
}

void domain__idmap_free(struct domain__idmap *m)
{
    mem_free(m->slots);
    *m = (struct domain__idmap){ 0 };
}
