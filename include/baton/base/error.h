/* Errors: what the world did to us, said so that a stranger can mend it.
 *
 * A function that can fail returns 0, or a negative `enum error_code`, and
 * fills the `struct error` that its last parameter points to. Its other
 * outputs are then untouched. A NULL error pointer is allowed everywhere.
 * Our own bugs are asserts, not errors. */
#ifndef BATON_BASE_ERROR_H
#define BATON_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

enum error_code {
    ERROR_NONE = 0,
    ERROR_INVALID = 1,   /* malformed or refused input; the message says what would be right */
    ERROR_NOT_FOUND = 2, /* no such organisation, row, file, plugin, ... */
    ERROR_CONFLICT = 3,  /* based on an older version, or already exists */
    ERROR_DENIED = 4,    /* role, guard, permission or consent says no */
    ERROR_LIMIT = 5,     /* beyond a limit of base/limits.h or a quota */
    ERROR_BUSY = 6,      /* someone else has it open */
    ERROR_IO = 7,        /* disk full, read-only, socket gone, ... */
    ERROR_CORRUPT = 8,   /* data on disk is not what we wrote */
    ERROR_SCRIPT = 9,    /* Lua code failed; `where` is file:line */
    ERROR_CANCELLED = 10 /* stopped on request */
};

enum { ERROR_MESSAGE_BYTES = 1024, ERROR_WHERE_BYTES = 256 };

struct error {
    enum error_code code;
    char message[ERROR_MESSAGE_BYTES]; /* one sentence, no newline at its end */
    char where[ERROR_WHERE_BYTES];     /* "file:line", "row 12, column email", or empty */
};

/* Sets code and message, clears `where`; returns -code, so that a caller can
 * `return error_set(e, ERROR_INVALID, "...")`. `e` may be NULL. */
int error_set(struct error *e, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int error_setv(struct error *e, enum error_code code, const char *format, va_list args);

/* Adds the place to an error that is set. Keeps an earlier, more exact place. */
void error_at(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " in front of the message. */
void error_prefix(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

void error_clear(struct error *e);

/* "invalid", "not_found", ...: stable words for JSON and exit codes. */
const char *error_code_name(enum error_code code);

/* "where: message", for a terminal. Writes at most `size` bytes, always terminated. */
void error_format(const struct error *e, char *out, unsigned long size);

#endif
