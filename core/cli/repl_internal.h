/* The two ways to type Lua into an organisation. */
#ifndef CLI_REPL_INTERNAL_H
#define CLI_REPL_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct ask;
struct error;

/* Writes the request that evaluates a statement. */
void repl_request(struct ask *a, const char *text, size_t n);
/* "exit" and "quit" on a line of their own leave. */
bool repl_is_exit(const char *line);

/* "help" and "help referrals.find": answered here, from the same table as the reference. False: the
 * line is something else. Negative *result: nothing is known of that, *e says what is. */
bool repl_help(const char *line, int *result, struct error *e);

/* On a terminal, until Ctrl-D; an exit code. */
int repl_terminal(struct ask *a);
/* Statement by statement from a file (a pipe), or one text; an exit code at the first error. */
int repl_file(struct ask *a, FILE *in);
int repl_text(struct ask *a, const char *text);

#endif
