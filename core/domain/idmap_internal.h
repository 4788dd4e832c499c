/* A map from 64-bit keys to 64-bit values, for what is held once per row: the
 * fold of an audit, the lines that an import has touched. */
#ifndef BATON_DOMAIN_IDMAP_INTERNAL_H
#define BATON_DOMAIN_IDMAP_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct domain__idmap {
    struct domain__idmap_slot {
        uint64_t key, value;
    } * slots; /* key 0: free */
    size_t count, room;
};

/* The value of a key (not 0), made as 0 if absent. Valid until the next call. */
uint64_t *domain__idmap_at(struct domain__idmap *m, uint64_t key);
bool domain__idmap_get(const struct domain__idmap *m, uint64_t key, uint64_t *out);
void domain__idmap_free(struct domain__idmap *m); /* leaves it empty and usable */

#endif
