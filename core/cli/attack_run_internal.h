/* What the files share that run the attacks: the scratch home with its server
 * (attack_home.c), the line to it (attack_line.c), one attack (attack_one.c). */
#ifndef BATON_CLI_ATTACK_RUN_INTERNAL_H
#define BATON_CLI_ATTACK_RUN_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "baton/base/buf.h"
#include "cli/attack_internal.h"

struct client;
struct error;
struct home;

enum {
    ATTACK_CALL_MS = 100,   /* of a guard, effect or handler in the scratch organisations */
    ATTACK_BRIEF_MS = 10,   /* call_ms where only what has LIMIT_STATEMENT_MS is to be stopped */
    ATTACK_FILL_MS = 50,    /* likewise, where it takes time to get there */
    ATTACK_CANCEL_MS = 100, /* a script has no budget: whoever runs it stops it */
    ATTACK_SLACK_MS = 100,  /* on top of a budget */
    ATTACK_PATIENCE_MS = 20000, /* then there is no answer */
    ATTACK_TRIES = 3 /* where only the time was too long: the machine may have been busy */
};

/* The organisation that works beside: asks something small again and again. */
struct attack_witness {
    struct client *client;
    uint64_t sent_ns, next_ns; /* sent_ns 0: it waits for next_ns */
    int64_t longest_ms;
};

struct attack_run {
    char dir[256]; /* of the scratch home */
    struct home *home;
    pid_t server; /* 0: none runs */
    struct attack_witness witness;
    int interrupt_fd;
    bool interrupted;
};

/* attack_home.c */
int attack__home_open(struct attack_run *run, struct error *e);
void attack__home_close(struct attack_run *run);
/* Makes the organisation of one attack, with its plugin. */
int attack__add_org(struct attack_run *run, const char *org, const struct attack *a,
                    struct error *e);
int attack__start_server(struct attack_run *run, struct error *e);
void attack__stop_server(struct attack_run *run);
/* call_ms of its organisation: as little as it takes to get where the attack is. */
int attack__call_ms(const struct attack *a);
/* For how long the server, its workers and we were ready and had no processor, so far: that is the
 * machine's doing. 0 where the system does not tell. */
int64_t attack__starved_ms(const struct attack_run *run);

/* attack_line.c */
struct attack_line {
    struct attack_run *run;
    const char *org;
    struct client *client;
    struct buf text;   /* all that came for people: output, notices, errors */
    struct buf result; /* the last error, or what was returned: data may be anything */
    bool failed;       /* the last request ended with an error */
    int64_t took_ms;
};
int attack__line_open(struct attack_line *line, struct error *e);
void attack__line_close(struct attack_line *line);
/* Sends {"op":op, key:value} (key NULL: nothing more) and waits; meanwhile the witness works.
 * cancel_after_ms > 0: then the request is cancelled, and took_ms counts from there. Negative: no
 * answer, or none any more. */
int attack__ask(struct attack_line *line, const char *op, const char *key, const char *value,
                int64_t cancel_after_ms, struct error *e);
/* Waits until the witness, too, has its answer. */
int attack__settle(struct attack_run *run, struct error *e);

/* attack_one.c */
struct attack_result {
    const struct attack *attack;
    struct buf came;
    int64_t took_ms, next_ms, witness_ms, starved_ms;
    char failed[160]; /* why it is no success; "" if it is one */
};
void attack__one(struct attack_run *run, const struct attack *a, const char *org,
                 struct attack_result *out);
bool attack__has_controls(const char *text, size_t n);
const char *attack__place_name(enum attack_place place);

#endif
