/* The line editor of the REPL: libedit, one character at a time, so that a
 * loop can wait for more than the keyboard. */
#ifndef CLI_EDITOR_INTERNAL_H
#define CLI_EDITOR_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

struct editor;
struct error;

/* `line` has no newline. It may call any verb here. */
struct editor_hooks {
    void (*line)(void *context, const char *line);
    void (*end)(void *context); /* Ctrl-D on an empty line, or the terminal is gone */
    /* Words that the one before `cursor` may become: a NULL-ended array that the editor frees
     * (one mem_free each, one for the array), or NULL. *start: where that word begins. */
    char **(*complete)(void *context, const char *line, size_t cursor, size_t *start);
};

/* ERROR_IO where the terminal cannot be used. `history` is its file, NULL: none. Nothing is shown
 * before editor_show. */
int editor_open(struct editor **out, const char *history, const struct editor_hooks *hooks,
                void *context, struct error *e);
void editor_close(struct editor *ed); /* gives the terminal back, writes the history */

void editor_show(struct editor *ed,
                 const char *prompt); /* takes the terminal: prompt, empty line */
void editor_hide(struct editor *ed);  /* gives it back, for other output */
void editor_read(struct editor *ed);  /* stdin is readable: takes what is there */
void editor_remember(struct editor *ed, const char *statement); /* an entry of the history */
void editor_drop_line(struct editor *ed, const char *prompt);   /* Ctrl-C: a fresh line */
void editor_resize(struct editor *ed);
/* Prints a line above the prompt and draws prompt and line again. */
void editor_above(struct editor *ed, const char *text);

#endif
