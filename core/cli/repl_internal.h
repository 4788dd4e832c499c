/* The two ways to type Lua into an organisation. */
#ifndef CLI_REPL_INTERNAL_H
#define CLI_REPL_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct ask;
struct error;
struct follow;

/* Writes the request that evaluates a statement. */
void repl_request(struct ask *a, const char *text, size_t n);
/* "exit" and "quit" on a line of their own leave. */
bool repl_is_exit(const char *line);

/* "help" and "help referrals.find": answered here, from the same table as the reference. False: the
 * line is something else. Negative *result: nothing is known of that, *e says what is. */
bool repl_help(const char *line, int *result, struct error *e);

/* ---- repl_follow.c: an organisation follows the files of its plugins ---- */
/* Whoever edits a plugin beside the REPL wants the next statement to meet what was saved. So the
 * files are looked at before each statement, and now and then at the prompt; if something was saved
 * the organisation is reloaded, all or nothing, wherever it is hosted, and a line says so. */
struct follow *follow_new(struct ask *a, bool on);
void follow_free(struct follow *f);
bool follow_is_on(const struct follow *f);
/* Reloads if something was saved; `settled`: only what nobody is writing any more. */
void follow_look(struct follow *f, bool settled);
/* "reload", "reload on" and "reload off" on a line of their own. False: something else. */
bool follow_word(struct follow *f, const char *line);

/* On a terminal, until Ctrl-D; an exit code. */
int repl_terminal(struct ask *a, struct follow *f);
/* Statement by statement from a file (a pipe), or one text; an exit code at the first error. */
int repl_file(struct ask *a, struct follow *f, FILE *in);
int repl_text(struct ask *a, struct follow *f, const char *text);

#endif
