/* Progress of something long, on a terminal only. */
#ifndef CLI_PROGRESS_INTERNAL_H
#define CLI_PROGRESS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct buf;

struct progress {
    FILE *out;
    bool on;    /* out is a terminal, and --quiet was not given */
    bool drawn; /* a line stands there */
    char label[64];
    int64_t done, total; /* total 0: not known */
    uint64_t began_ns, drawn_ns;
};

void progress_start(struct progress *p, FILE *out, bool quiet);
void progress_update(struct progress *p, int64_t done, int64_t total, const char *label,
                     uint64_t now_ns);
void progress_clear(struct progress *p); /* takes the line away before other output */
void progress_end(struct progress *p, uint64_t now_ns); /* leaves a last line, if there was any */

/* The line as it stands on `columns`: label, bar, percent, counts, rate, time left. */
void progress_line(const struct progress *p, uint64_t now_ns, size_t columns, struct buf *out);

#endif
