/* Memory of one turn or request: many small pieces, freed together. */
#ifndef BATON_BASE_ARENA_H
#define BATON_BASE_ARENA_H

#include <stddef.h>

struct arena; /* grows in blocks; pieces are aligned to 16 bytes */

struct arena *arena_new(size_t block_bytes);      /* 0: the default of 4 kB */
void *arena_alloc(struct arena *a, size_t bytes); /* cleared; never NULL */
char *arena_dup(struct arena *a, const char *text);
char *arena_dupn(struct arena *a, const char *text, size_t n);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *a);         /* frees the pieces, keeps one block */
size_t arena_bytes(const struct arena *a); /* handed out since the last reset */
void arena_free(struct arena *a);

#endif
