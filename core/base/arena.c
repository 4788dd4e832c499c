/* An arena is a list of blocks. Pieces are cut from the newest block; one that
 * does not fit opens another, one larger than a block gets a block to itself,
 * behind the newest so that the space left there is still used. */
#include "baton/base/arena.h"

#include "baton/base/memory.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { ARENA_ALIGN = 16, ARENA_DEFAULT_BYTES = 4096 };

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    alignas(ARENA_ALIGN) unsigned char data[];
};

struct arena {
    struct arena_block *blocks; /* the first one is cut from */
    size_t block_bytes;
    size_t bytes; /* handed out since the last reset */
};

static struct arena_block *arena_block_new(size_t size)
{
    struct arena_block *block = mem_alloc(sizeof *block + size);
    block->next = NULL;
    block->size = size;
    block->used = 0;
    return block;
}

struct arena *arena_new(size_t block_bytes)
{
    struct arena *a = mem_new(struct arena);
    if (block_bytes == 0)
        block_bytes = ARENA_DEFAULT_BYTES;
    a->block_bytes = (block_bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    return a;
}

static void *arena_alloc_large(struct arena *a, size_t size)
{
    struct arena_block *block = arena_block_new(size);
    block->used = size;
    if (a->blocks) {
        block->next = a->blocks->next;
        a->blocks->next = block;
    } else {
        a->blocks = block;
    }
    return block->data;
}

/* `size` is a multiple of the alignment; the memory is not cleared. */
static void *arena_cut(struct arena *a, size_t size)
{
    struct arena_block *block = a->blocks;
    a->bytes += size;
    if (!block || block->size - block->used < size) {
        if (size > a->block_bytes)
            return arena_alloc_large(a, size);
        block = arena_block_new(a->block_bytes);
        block->next = a->blocks;
        a->blocks = block;
    }
    void *p = block->data + block->used;
    block->used += size;
    return p;
}

static size_t arena_round(size_t bytes)
{
    return (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
}

void *arena_alloc(struct arena *a, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        return mem_alloc(bytes); /* cannot be had: ends the process in the one place */
    return memset(arena_cut(a, arena_round(bytes ? bytes : 1)), 0, bytes);
}

char *arena_dup(struct arena *a, const char *text)
{
    return text ? arena_dupn(a, text, strlen(text)) : NULL;
}

char *arena_dupn(struct arena *a, const char *text, size_t n)
{
    char *copy = arena_cut(a, arena_round(n + 1));
    if (n)
        memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    char small[256];
    va_start(args, format);
    int n = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (n < 0)
        return arena_dup(a, "");
    if ((size_t)n < sizeof small)
        return arena_dupn(a, small, (size_t)n);
    char *text = arena_cut(a, arena_round((size_t)n + 1));
    va_start(args, format);
    vsnprintf(text, (size_t)n + 1, format, args);
    va_end(args);
    return text;
}

void arena_reset(struct arena *a)
{
    struct arena_block *kept = NULL;
    for (struct arena_block *block = a->blocks; block;) {
        struct arena_block *next = block->next;
        /* One of the usual size, so that a single large turn does not stay. */
        if (!kept && block->size == a->block_bytes)
            kept = block;
        else
            mem_free(block);
        block = next;
    }
    if (kept) {
        kept->next = NULL;
        kept->used = 0;
    }
    a->blocks = kept;
    a->bytes = 0;
}

size_t arena_bytes(const struct arena *a)
{
    return a->bytes;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    for (struct arena_block *block = a->blocks; block;) {
        struct arena_block *next = block->next;
        mem_free(block);
        block = next;
    }
    mem_free(a);
}
