/* Heads of tar members. */
#include "baton/base/tar.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "baton/base/error.h"

/* ustar, by offset and length. */
enum {
    TAR_NAME = 0,
    TAR_NAME_N = 100,
    TAR_MODE = 100,
    TAR_SIZE = 124,
    TAR_SIZE_N = 12,
    TAR_TIME = 136,
    TAR_SUM = 148,
    TAR_SUM_N = 8,
    TAR_TYPE = 156,
    TAR_MAGIC = 257,
    TAR_PREFIX = 345,
    TAR_PREFIX_N = 155
};
static const char tar_magic[] = "ustar\0"
                                "00"; /* and version 00 */
enum { TAR_MAGIC_N = 8 };

int64_t tar_padded(int64_t size)
{
    return (size + TAR_BLOCK_BYTES - 1) / TAR_BLOCK_BYTES * TAR_BLOCK_BYTES;
}

/* Octal, ended by NUL; a size that does not fit in base 256, marked by the top bit. */
static void tar_put_number(uint8_t *at, size_t n, int64_t value)
{
    if (value < (INT64_C(1) << (3 * (n - 1) > 62 ? 62 : 3 * (n - 1)))) {
        for (size_t i = n - 1; i-- > 0; value >>= 3)
            at[i] = (uint8_t)('0' + (value & 7));
        at[n - 1] = '\0';
        return;
    }
    for (size_t i = n; i-- > 0; value >>= 8)
        at[i] = (uint8_t)(value & 0xff);
    at[0] = 0x80;
}

static bool tar_get_number(const uint8_t *at, size_t n, int64_t *out)
{
    int64_t value = 0;
    if (at[0] & 0x80) {
        for (size_t i = 1; i < n; i++)
            if (__builtin_mul_overflow(value, 256, &value) ||
                __builtin_add_overflow(value, at[i], &value))
                return false;
        *out = value;
        return true;
    }
    size_t i = 0;
    while (i < n && at[i] == ' ')
        i++;
    for (; i < n && at[i] >= '0' && at[i] <= '7'; i++)
        value = value * 8 + (at[i] - '0');
    *out = value;
    return i == n || at[i] == '\0' || at[i] == ' ';
}

/* The sum of all bytes, with blanks in the place of the sum. */
static int64_t tar_sum(const uint8_t *block)
{
    int64_t sum = 0;
    for (size_t i = 0; i < TAR_BLOCK_BYTES; i++)
        sum += i >= TAR_SUM && i < TAR_SUM + TAR_SUM_N ? ' ' : block[i];
    return sum;
}

/* A long name is cut at a slash: what is before it goes to the prefix. */
static int tar_put_name(const char *name, uint8_t *block, struct error *e)
{
    size_t n = strlen(name), cut = 0;
    if (n > TAR_NAME_N)
        for (size_t i = 1; i < n && i <= TAR_PREFIX_N && !cut; i++)
            if (name[i] == '/' && n - i - 1 <= TAR_NAME_N)
                cut = i;
    if (n == 0 || (n > TAR_NAME_N && !cut))
        return error_set(e, ERROR_LIMIT, "the name of a file is too long to be kept: %.100s…",
                         name);
    memcpy(block + TAR_PREFIX, name, cut);
    memcpy(block + TAR_NAME, name + (cut ? cut + 1 : 0), n - (cut ? cut + 1 : 0));
    return 0;
}

int tar_write_head(const struct tar_member *m, uint8_t block[TAR_BLOCK_BYTES], struct error *e)
{
    memset(block, 0, TAR_BLOCK_BYTES);
    int rc = tar_put_name(m->name, block, e);
    if (rc)
        return rc;
    tar_put_number(block + TAR_MODE, 8, 0600);
    tar_put_number(block + TAR_MODE + 8, 8, 0);  /* owner */
    tar_put_number(block + TAR_MODE + 16, 8, 0); /* and group */
    tar_put_number(block + TAR_SIZE, TAR_SIZE_N, m->size);
    tar_put_number(block + TAR_TIME, 12, m->changed_at_ms > 0 ? m->changed_at_ms / 1000 : 0);
    block[TAR_TYPE] = '0';
    memcpy(block + TAR_MAGIC, tar_magic, TAR_MAGIC_N);
    tar_put_number(block + TAR_SUM, TAR_SUM_N - 1, tar_sum(block));
    block[TAR_SUM + TAR_SUM_N - 1] = ' ';
    return 0;
}

static int tar_damaged(struct error *e)
{
    return error_set(e, ERROR_CORRUPT, "the file is damaged, or not what baton wrote");
}

int tar_read_head(const uint8_t block[TAR_BLOCK_BYTES], struct tar_member *out, struct error *e)
{
    static const uint8_t zeros[TAR_BLOCK_BYTES];
    struct tar_member m = { 0 };
    int64_t sum, seconds;
    if (!memcmp(block, zeros, TAR_BLOCK_BYTES))
        return 0;
    if (memcmp(block + TAR_MAGIC, tar_magic, 5) != 0 || block[TAR_TYPE] != '0' ||
        !tar_get_number(block + TAR_SUM, TAR_SUM_N, &sum) || sum != tar_sum(block) ||
        !tar_get_number(block + TAR_SIZE, TAR_SIZE_N, &m.size) || m.size < 0 ||
        m.size > INT64_MAX - TAR_BLOCK_BYTES || /* else tar_padded overflows */
        !tar_get_number(block + TAR_TIME, 12, &seconds))
        return tar_damaged(e);
    const char *prefix = (const char *)block + TAR_PREFIX, *name = (const char *)block + TAR_NAME;
    int prefix_n = (int)strnlen(prefix, TAR_PREFIX_N), name_n = (int)strnlen(name, TAR_NAME_N);
    snprintf(m.name, sizeof m.name, "%.*s%s%.*s", prefix_n, prefix, prefix_n ? "/" : "", name_n,
             name);
    m.changed_at_ms = seconds > INT64_MAX / 1000 ? 0 : seconds * 1000;
    *out = m;
    return 1;
}
