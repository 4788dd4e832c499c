/* A growing byte buffer, always terminated by a NUL that is not counted. */
#ifndef BATON_BASE_BUF_H
#define BATON_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data; /* NULL while nothing was added */
    size_t len, cap;
};

/* One line instead of four. */
/* clang-format off */
#define BUF_INIT { NULL, 0, 0 }
/* clang-format on */

void buf_add(struct buf *b, const void *data, size_t n);
void buf_puts(struct buf *b, const char *text);
void buf_putc(struct buf *b, char c);
void buf_int(struct buf *b, int64_t n); /* decimal, without printf */
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_reserve(struct buf *b, size_t more);
void buf_clear(struct buf *b);             /* keeps the memory */
void buf_cut(struct buf *b, size_t n);     /* drops the first n bytes */
char *buf_take(struct buf *b);             /* caller frees with mem_free; "" if empty */
const char *buf_text(const struct buf *b); /* never NULL */
void buf_free(struct buf *b);

/* Reads a whole text file of at most `limit_bytes`; a byte order mark at its start is left out. */
struct error;
int buf_read_file(struct buf *b, const char *path, size_t limit_bytes, struct error *e);

#endif
