/* Heap memory that never says no: out of memory ends the process in one place
 * (DESIGN 13, STYLE 10). Lua has an allocator of its own that does say NULL. */
#ifndef BATON_BASE_MEMORY_H
#define BATON_BASE_MEMORY_H

#include <stddef.h>

void *mem_alloc(size_t bytes); /* not cleared */
void *mem_zero(size_t bytes);  /* cleared */
void *mem_resize(void *p, size_t bytes);
char *mem_dup(const char *text);            /* NULL stays NULL */
char *mem_dupn(const char *text, size_t n); /* terminated */
void mem_free(void *p);                     /* NULL is fine */

#define mem_new(type) ((type *)mem_zero(sizeof(type)))

#endif
