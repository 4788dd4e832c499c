/* JSON from outside, read by jansson. The depth is checked before jansson runs:
 * its own limit is 2048 levels and fixed when it is compiled. */
#include "baton/base/json.h"

#include "baton/base/error.h"
#include "baton/base/limits.h"

#include <jansson.h>
#include <stdarg.h>
#include <string.h>

/* The place of the first bracket that is nested too deep, or `n`. Text that is not JSON at all
 * may be misjudged; it is refused either way. */
static size_t json_read_depth(const char *text, size_t n)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > LIMIT_JSON_DEPTH)
                return i;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return n;
}

/* An error at the byte `at`. */
__attribute__((format(printf, 5, 6))) static int json_read_refuse(const char *text, size_t at,
                                                                  enum error_code code,
                                                                  struct error *e,
                                                                  const char *format, ...)
{
    int line = 1, column = 1;
    for (size_t i = 0; i < at; i++) {
        column = text[i] == '\n' ? 1 : column + 1;
        line += text[i] == '\n';
    }
    va_list args;
    va_start(args, format);
    int rc = error_setv(e, code, format, args);
    va_end(args);
    error_at(e, "%d:%d", line, column);
    return rc;
}

int json_read(const char *text, size_t n, struct json_t **out, struct error *e)
{
    if (n == 0)
        return error_set(e, ERROR_INVALID, "expected JSON, found nothing");
    /* jansson 2.14 drops a NUL byte behind a number instead of refusing it. */
    const char *nul = memchr(text, '\0', n);
    if (nul)
        return json_read_refuse(text, (size_t)(nul - text), ERROR_INVALID, e,
                                "not valid JSON: it holds a NUL byte");
    size_t deep = json_read_depth(text, n);
    if (deep < n)
        return json_read_refuse(text, deep, ERROR_LIMIT, e, "JSON is nested deeper than %d levels",
                                (int)LIMIT_JSON_DEPTH);
    json_error_t failure;
    json_t *value = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &failure);
    if (!value) {
        int rc = error_set(e, ERROR_INVALID, "not valid JSON: %s", failure.text);
        error_at(e, "%d:%d", failure.line > 0 ? failure.line : 1, failure.column);
        return rc;
    }
    *out = value;
    return 0;
}
