/* The attacks of `baton doctor --attack`: what a hostile plugin may try, as data.
 *
 * An attack is a Lua body and the place in a plugin where it stands. Each runs in an organisation
 * of its own of a scratch home, served by the installed binary, beside an organisation that does
 * its work as if nothing happened. */
#ifndef BATON_CLI_ATTACK_INTERNAL_H
#define BATON_CLI_ATTACK_INTERNAL_H

#include <stddef.h>

enum attack_place {
    ATTACK_MAIN, /* the main chunk: the plugin must not load, and all else does */
    ATTACK_GUARD,
    ATTACK_EFFECT,
    ATTACK_HANDLER, /* of referral.opened */
    ATTACK_JOB,
    ATTACK_COMMAND,
    ATTACK_REPORT,
    ATTACK_SESSION, /* a line of the REPL */
    ATTACK_SCRIPT   /* baton run */
};

/* What must come of it, besides: the next command of the same organisation works, and another
 * organisation is not delayed by more than the budget. */
enum attack_end {
    ATTACK_STOPPED, /* an error within the budget and 100 ms, that names plugin and line */
    ATTACK_REFUSED, /* an error at once, that says `says` */
    ATTACK_HARMLESS /* it runs, and returns what `says` says */
};

enum { ATTACK_GROUP_MEMORY = 4 };

struct attack {
    int group; /* 1 … 10, as docs/security.md numbers them */
    const char *name;
    enum attack_place place;
    const char *lua; /* the body of a function, or of the main chunk */
    enum attack_end end;
    const char *says; /* part of the error or of the result; NULL: any */
};

/* One list for each group of docs/security.md. */
struct attack_list {
    const struct attack *attacks;
    size_t count;
};

extern const struct attack_list attack_list_library; /* groups 2 and 3 */
extern const struct attack_list attack_list_memory;  /* 4 */
extern const struct attack_list attack_list_source;  /* 5 */
extern const struct attack_list attack_list_reach;   /* 6 and 9 */
extern const struct attack_list attack_list_data;    /* 7 */
extern const struct attack_list attack_list_errors;  /* 8 */
/* Those that there are, ended by NULL: attack.c. */
extern const struct attack_list *const attack_lists[];
extern const struct attack_list attack_list_loops, attack_list_output;

/* Runs them and prints what came of each; the exit code. `only` NULL: all, else a group or a name.
 */
struct cli;
int attack_all_of(const struct cli *c, const char *only);

#endif
