/* Members of a tar file (POSIX.1-2017 ustar, sizes beyond 8 GB as GNU writes
 * them): only heads are read and written here, whose bytes follow, filled up to
 * a multiple of 512. Two blocks of zeros end the file. */
#ifndef BATON_BASE_TAR_H
#define BATON_BASE_TAR_H

#include <stdint.h>

struct error;

enum { TAR_BLOCK_BYTES = 512, TAR_NAME_BYTES = 256 };

struct tar_member {
    char name[TAR_NAME_BYTES]; /* "riverside/org.ini" */
    int64_t size;
    int64_t changed_at_ms;
};

/* ERROR_LIMIT where the name does not fit. */
int tar_write_head(const struct tar_member *m, uint8_t block[TAR_BLOCK_BYTES], struct error *e);
/* 1: a regular file; 0: the end. ERROR_CORRUPT: damaged, or of another kind. */
int tar_read_head(const uint8_t block[TAR_BLOCK_BYTES], struct tar_member *out, struct error *e);
int64_t tar_padded(int64_t size); /* with what fills it up */

#endif
