/* SHA-256 and random bytes, from libsodium. */
#ifndef BATON_BASE_DIGEST_H
#define BATON_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_BYTES = 32 };

struct digest_part {
    const void *data;
    size_t n;
};

void digest(const struct digest_part *parts, size_t count, uint8_t out[DIGEST_BYTES]);
/* Of n bytes of a file from an offset on. ERROR_CORRUPT: it ends before. */
struct error;
int digest_file(int fd, int64_t offset, int64_t n, uint8_t out[DIGEST_BYTES], struct error *e);
void digest_hex(const uint8_t *bytes, size_t n, char *out); /* 2n + 1 bytes */
void random_bytes(void *out, size_t n); /* from a pool of 4 kB, so cheap for 16 bytes */

#endif
