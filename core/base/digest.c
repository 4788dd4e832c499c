/* SHA-256 and random bytes.
 *
 * Random bytes come from a pool of one page per thread, so that an id of 16
 * bytes does not cost a system call. The pool is memory that the kernel clears
 * in a child after fork: it then counts as empty, and two processes never hand
 * out the same bytes. What was handed out is wiped. */
#include "baton/base/digest.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baton/base/error.h"

enum { POOL_BYTES = 4096, DIGEST_BLOCK_BYTES = 64 * 1024 };

struct random_pool {
    size_t left; /* bytes[0 .. left) are unused */
    unsigned char bytes[POOL_BYTES - sizeof(size_t)];
};

void digest(const struct digest_part *parts, size_t count, uint8_t out[DIGEST_BYTES])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].n)
            crypto_hash_sha256_update(&state, parts[i].data, parts[i].n);
    }
    crypto_hash_sha256_final(&state, out);
}

int digest_file(int fd, int64_t offset, int64_t n, uint8_t out[DIGEST_BYTES], struct error *e)
{
    uint8_t block[DIGEST_BLOCK_BYTES];
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    while (n > 0) {
        size_t want = n < (int64_t)sizeof block ? (size_t)n : sizeof block;
        ssize_t got = pread(fd, block, want, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set(e, ERROR_IO, "reading failed: %s", strerror(errno));
        if (got == 0)
            return error_set(e, ERROR_CORRUPT, "the file ends too early");
        crypto_hash_sha256_update(&state, block, (size_t)got);
        offset += got;
        n -= got;
    }
    crypto_hash_sha256_final(&state, out);
    return 0;
}

void digest_hex(const uint8_t *bytes, size_t n, char *out)
{
    sodium_bin2hex(out, 2 * n + 1, bytes, n);
}

static struct random_pool *random_pool_new(void)
{
    if (sodium_init() < 0)
        abort(); /* no source of randomness: nothing secret may be made */
    void *p = mmap(NULL, POOL_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    if (madvise(p, POOL_BYTES, MADV_WIPEONFORK) != 0) {
        munmap(p, POOL_BYTES);
        return NULL;
    }
    return p;
}

void random_bytes(void *out, size_t n)
{
    static _Thread_local struct random_pool *pool;
    if (!pool)
        pool = random_pool_new();
    /* Without a pool that is safe across fork: a system call each time. */
    if (!pool || n > sizeof pool->bytes / 4) {
        randombytes_buf(out, n);
        return;
    }
    if (pool->left < n) {
        randombytes_buf(pool->bytes, sizeof pool->bytes);
        pool->left = sizeof pool->bytes;
    }
    pool->left -= n;
    memcpy(out, pool->bytes + pool->left, n);
    memset(pool->bytes + pool->left, 0, n);
}
