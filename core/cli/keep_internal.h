/* What the commands that keep, bring back and remove whole organisations share. */
#ifndef CLI_KEEP_INTERNAL_H
#define CLI_KEEP_INTERNAL_H

#include <jansson.h>
#include <stdint.h>

#include "cli/ask_internal.h"
#include "cli/progress_internal.h"

struct cli;
struct error;

/* Has a running server close the organisation until keep_unbar; without a server nothing. */
int keep_bar(struct ask *a, const struct cli *c, const char *org, struct error *e);
void keep_unbar(struct ask *a);

/* A backup_progress: draws, and stops at Ctrl-C. */
struct keep_progress {
    struct progress progress;
};
void keep_progress_start(struct keep_progress *p, const struct cli *c);
int keep_progress(void *context, int64_t done, int64_t total, const char *label);
void keep_progress_end(struct keep_progress *p);

/* "2026-11-21 23:49  backup  /mnt/x.tar  by operator", a line each. */
void keep_print_copies(FILE *out, const json_t *copies);
/* Asks on a terminal for `word` to be typed; without one, or where it is not, an error. */
int keep_confirm(const struct cli *c, const char *what, const char *word, struct error *e);

#endif
