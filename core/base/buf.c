/* The growing byte buffer. It doubles, so that appending n bytes one at a time
 * costs O(n); the byte after the content is always a NUL once there is memory. */
#include "baton/base/buf.h"

#include "baton/base/error.h"
#include "baton/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUF_FIRST_BYTES = 64, BUF_READ_BYTES = 16 * 1024 };

void buf_reserve(struct buf *b, size_t more)
{
    size_t need = b->len + more + 1;
    if (need <= b->cap)
        return;
    size_t cap = b->cap ? b->cap : BUF_FIRST_BYTES;
    while (cap < need)
        cap *= 2;
    b->data = mem_resize(b->data, cap);
    b->cap = cap;
    b->data[b->len] = '\0';
}

void buf_add(struct buf *b, const void *data, size_t n)
{
    if (n == 0)
        return;
    buf_reserve(b, n);
    memcpy(b->data + b->len, data, n);
    b->len += n;
    b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_putc(struct buf *b, char c)
{
    if (b->cap - b->len < 2)
        buf_reserve(b, 1);
    b->data[b->len++] = c;
    b->data[b->len] = '\0';
}

void buf_int(struct buf *b, int64_t n)
{
    static const char pairs[] = "0001020304050607080910111213141516171819"
                                "2021222324252627282930313233343536373839"
                                "4041424344454647484950515253545556575859"
                                "6061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    char text[20];
    char *p = text + sizeof text;
    uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;
    while (left >= 100) {
        p -= 2;
        memcpy(p, pairs + 2 * (left % 100), 2);
        left /= 100;
    }
    if (left >= 10) {
        p -= 2;
        memcpy(p, pairs + 2 * left, 2);
    } else {
        *--p = (char)('0' + left);
    }
    if (n < 0)
        *--p = '-';
    buf_add(b, p, (size_t)(text + sizeof text - p));
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    buf_reserve(b, BUF_FIRST_BYTES);
    va_start(args, format);
    int n = vsnprintf(b->data + b->len, b->cap - b->len, format, args);
    va_end(args);
    if (n >= 0 && (size_t)n >= b->cap - b->len) {
        buf_reserve(b, (size_t)n);
        va_start(args, format);
        n = vsnprintf(b->data + b->len, b->cap - b->len, format, args);
        va_end(args);
    }
    if (n > 0)
        b->len += (size_t)n;
    b->data[b->len] = '\0';
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = '\0';
}

void buf_cut(struct buf *b, size_t n)
{
    if (n >= b->len) {
        buf_clear(b);
        return;
    }
    memmove(b->data, b->data + n, b->len - n + 1);
    b->len -= n;
}

char *buf_take(struct buf *b)
{
    char *text = b->data ? b->data : mem_dupn("", 0);
    *b = (struct buf)BUF_INIT;
    return text;
}

const char *buf_text(const struct buf *b)
{
    return b->data ? b->data : "";
}

void buf_free(struct buf *b)
{
    if (!b)
        return;
    mem_free(b->data);
    *b = (struct buf)BUF_INIT;
}

/* Reads to the end; one byte over the limit is enough to refuse. */
static int buf_read_fd(struct buf *b, int fd, const char *path, size_t limit_bytes, struct error *e)
{
    size_t start = b->len;
    for (;;) {
        size_t room = limit_bytes - (b->len - start) + 1;
        if (room > BUF_READ_BYTES)
            room = BUF_READ_BYTES;
        buf_reserve(b, room);
        ssize_t n = read(fd, b->data + b->len, room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(e, ERROR_IO, "cannot read %s: %s", path, strerror(errno));
        if (n == 0)
            return 0;
        b->len += (size_t)n;
        b->data[b->len] = '\0';
        if (b->len - start > limit_bytes)
            return error_set(e, ERROR_LIMIT, "%s is larger than the limit of %zu bytes", path,
                             limit_bytes);
    }
}

int buf_read_file(struct buf *b, const char *path, size_t limit_bytes, struct error *e)
{
    /* O_NONBLOCK: a named pipe in place of a file must not hang the loop. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set(e, errno == ENOENT || errno == ENOTDIR ? ERROR_NOT_FOUND : ERROR_IO,
                         "cannot open %s: %s", path, strerror(errno));
    size_t start = b->len;
    struct stat st;
    int rc = 0;
    if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
        rc = error_set(e, ERROR_IO, "cannot read %s: not a regular file", path);
    else
        rc = buf_read_fd(b, fd, path, limit_bytes, e);
    close(fd);
    if (!rc && b->len - start >= 3 && !memcmp(b->data + start, "\xef\xbb\xbf", 3)) {
        b->len -= 3;
        memmove(b->data + start, b->data + start + 3, b->len - start + 1);
    }
    if (rc && b->data) {
        b->len = start;
        b->data[start] = '\0';
    }
    return rc;
}
