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
};

/* Negative: nothing is left open. */
int ask_open(struct ask *a, const struct cli *c, struct error *e);
int ask_open_server(struct ask *a, const struct cli *c,
                    struct error *e); /* a running one, no organisation */
void ask_close(struct ask *a);

/* Starts the request; add members with a->w, then ask_send. */
void ask_begin(struct ask *a, const char *op);
int ask_send(struct ask *a, struct error *e);

/* Evaluates Lua that prints JSON; the caller owns *out. Reads what no op of its own tells. */
int ask_lua(struct ask *a, const char *code, json_t **out, struct error *e);

#endif
