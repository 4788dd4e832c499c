/* Errors: filling, placing and printing them. An error owns no memory, so it
 * is copied by assignment and needs no freeing. */
#include "baton/base/error.h"

#include <stdio.h>
#include <string.h>

/* Cuts at the limit without leaving half a UTF-8 character behind. */
static void error_copy(char *out, size_t size, const char *text)
{
    size_t n = strlen(text);
    if (n >= size) {
        n = size - 1;
        while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
            n--;
    }
    memmove(out, text, n);
    out[n] = '\0';
}

int error_setv(struct error *e, enum error_code code, const char *format, va_list args)
{
    if (e) {
        /* The arguments may point into *e: format aside first. */
        char text[ERROR_MESSAGE_BYTES + 4];
        vsnprintf(text, sizeof text, format, args);
        size_t n = strlen(text);
        while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
            text[--n] = '\0';
        e->code = code;
        e->where[0] = '\0';
        error_copy(e->message, sizeof e->message, text);
    }
    return -(int)code;
}

int error_set(struct error *e, enum error_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = error_setv(e, code, format, args);
    va_end(args);
    return rc;
}

void error_at(struct error *e, const char *format, ...)
{
    if (!e || e->code == ERROR_NONE || e->where[0])
        return;
    char text[ERROR_WHERE_BYTES + 4];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    error_copy(e->where, sizeof e->where, text);
}

void error_prefix(struct error *e, const char *format, ...)
{
    if (!e || e->code == ERROR_NONE)
        return;
    char text[2 * ERROR_MESSAGE_BYTES + 4];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, ERROR_MESSAGE_BYTES, format, args);
    va_end(args);
    if (n < 0)
        return;
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, ": %s", e->message);
    error_copy(e->message, sizeof e->message, text);
}

void error_clear(struct error *e)
{
    if (!e)
        return;
    e->code = ERROR_NONE;
    e->message[0] = '\0';
    e->where[0] = '\0';
}

const char *error_code_name(enum error_code code)
{
    static const char *const names[] = {
        [ERROR_NONE] = "none",           [ERROR_INVALID] = "invalid",
        [ERROR_NOT_FOUND] = "not_found", [ERROR_CONFLICT] = "conflict",
        [ERROR_DENIED] = "denied",       [ERROR_LIMIT] = "limit",
        [ERROR_BUSY] = "busy",           [ERROR_IO] = "io",
        [ERROR_CORRUPT] = "corrupt",     [ERROR_SCRIPT] = "script",
        [ERROR_CANCELLED] = "cancelled",
    };
    if ((size_t)code >= sizeof names / sizeof *names)
        return "unknown";
    return names[code];
}

void error_format(const struct error *e, char *out, unsigned long size)
{
    if (size == 0)
        return;
    if (!e)
        out[0] = '\0';
    else if (e->where[0])
        snprintf(out, size, "%s: %s", e->where, e->message);
    else
        snprintf(out, size, "%s", e->message);
}
