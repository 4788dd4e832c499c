/* A fuzz target: one function that takes bytes. With libFuzzer (preset fuzz) it is driven by
 * coverage; else driver.c runs the corpus and mutations of it, the same ones each time. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baton/base/buf.h"
#include "baton/base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must be true for every input: more than that nothing crashes. */
#define FUZZ_CHECK(truth)                                                                          \
    do {                                                                                           \
        if (!(truth)) {                                                                            \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #truth);                  \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* An error says what is wrong. */
static inline void fuzz_explained(const struct error *e)
{
    FUZZ_CHECK(e->code != 0);
    FUZZ_CHECK(e->message[0] != '\0');
}

static inline void fuzz_same(const struct buf *a, const struct buf *b)
{
    FUZZ_CHECK(a->len == b->len && !memcmp(buf_text(a), buf_text(b), a->len));
}

#endif
