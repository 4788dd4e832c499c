/* libedit, loaded when a terminal asks for it. It brings three more libraries
 * along; linked, they would be a quarter of the time that every `baton` takes
 * to start. */
#ifndef CLI_EDITOR_LIBRARY_INTERNAL_H
#define CLI_EDITOR_LIBRARY_INTERNAL_H

#include <histedit.h>

struct error;

/* clang-format does not settle on one form of such a list. */
/* clang-format off */
#define EDITOR_FUNCTIONS(X) \
    X(el_init) X(el_end) X(el_set) X(el_wset) X(el_gets) X(el_line) X(el_insertstr) \
    X(el_deletestr1) X(el_cursor) X(el_source) X(el_resize) \
    X(history) X(history_init) X(history_end)
/* clang-format on */

struct editor_library {
#define EDITOR_FUNCTION(name) __typeof__(name) *name;
    EDITOR_FUNCTIONS(EDITOR_FUNCTION)
#undef EDITOR_FUNCTION
};

/* Stays loaded until the process ends. ERROR_IO: it is not installed. */
int editor_library_load(struct editor_library *out, struct error *e);
/* EL_CLIENTDATA: for callbacks, which are given nothing but the EditLine. */
void *editor_library_client(EditLine *el);

#endif
