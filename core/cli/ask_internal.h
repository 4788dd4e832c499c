/* What most commands do: find home and organisation, open a line, ask, print. */
#ifndef CLI_ASK_INTERNAL_H
#define CLI_ASK_INTERNAL_H

#include "baton/base/buf.h"
#include "baton/base/json.h"
#include "cli/answer_internal.h"

struct cli;
struct home;
struct link;

struct ask {
    const struct cli *c;
    struct home *home;
    char *org; /* NULL: the server itself is asked */
    struct link *link;
    struct answer answer;
    struct buf request;
    struct jsonw w; /* writes the request */
    bool usage;     /* it could not be opened because the command line says too little */
};

/* Negative: nothing is left open. */
int ask_open(struct ask *a, const struct cli *c, struct error *e);
int ask_open_server(struct ask *a, const struct cli *c,
                    struct error *e); /* a running one, no organisation */
/* After one of them failed: says the error and returns the exit code. */
int ask_refused(const struct ask *a, const struct cli *c, const struct error *e);
void ask_close(struct ask *a);

/* Starts the request; add members with a->w, then ask_send. */
void ask_begin(struct ask *a, const char *op);
int ask_send(struct ask *a, struct error *e);

/* What somebody typed as a value: a JSON number, boolean or null is that, anything else is text. */
void ask_value(struct jsonw *w, const char *value);

/* The end of a dry run: what would have changed, as text or, with --json, as data. */
void ask_print_changes(const struct ask *a);

/* Evaluates Lua that prints JSON; the caller owns *out. Reads what no op of its own tells. */
int ask_lua(struct ask *a, const char *code, json_t **out, struct error *e);

#endif
