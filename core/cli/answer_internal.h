/* The answer to one request: what its frames printed, and how it ended. */
#ifndef CLI_ANSWER_INTERNAL_H
#define CLI_ANSWER_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "baton/base/error.h"
#include "cli/progress_internal.h"

struct buf;
struct cli;
struct link;

struct answer {
    const struct cli *c;
    struct progress progress;
    bool answered, incomplete;
    json_t *done;        /* what {"done":…} holds; NULL if it failed */
    json_t *refused;     /* array of {line,message}, the first LIMIT_REFUSED_SHOWN */
    struct error error;  /* code ERROR_NONE: well */
    struct buf *capture; /* what it prints goes here instead; NULL: to stdout */
    FILE *data;          /* the rows of an export go here instead; NULL: to stdout */
    /* Notices, where they are not just printed to stderr (REPL). */
    void (*notice)(void *context, const char *text);
    void *context;
};

void answer_init(struct answer *a, const struct cli *c);
void answer_free(struct answer *a);
/* A link_frame whose context is the answer: prints what is to be printed. */
void answer_frame(void *context, const char *json, size_t n, bool last);
/* A line about what happened by itself. */
/* Of a reload: what waits since, a notice each. */
void answer_waiting(struct answer *a);
void answer_notice(struct answer *a, const char *text);
/* Forgets the last answer: before link_start. */
void answer_reset(struct answer *a);
/* Asks and waits. Negative: it failed, by the line or by the answer; *e is also a->error. */
int answer_request(struct answer *a, struct link *l, const char *json, size_t n, struct error *e);

#endif
