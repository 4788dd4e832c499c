/* The JSON writer. Compact and canonical: the same calls give the same bytes.
 *
 * Escaped are the quote, the backslash and control characters; everything else
 * is copied in runs. Reals always hold a '.' or an 'e', so that they stay reals
 * when read back; both zeros are written as 0.0. Reals go through printf, so
 * the program must leave LC_NUMERIC at "C" (it sets LC_CTYPE only). */
#include "baton/base/json.h"

#include "base/text_internal.h"
#include "baton/base/buf.h"
#include "baton/base/error.h"

#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void jsonw_start(struct jsonw *w, struct buf *out)
{
    *w = (struct jsonw){ .out = out };
}

/* Before each key and value: its comma, and room for `more` bytes. Returns where they go. */
static inline char *jsonw_begin(struct jsonw *w, size_t more)
{
    struct buf *b = w->out;
    if (b->cap - b->len < more + 2)
        buf_reserve(b, more + 1);
    char *p = b->data + b->len;
    if (w->need_comma) {
        *p++ = ',';
        b->len++;
    }
    w->need_comma = true;
    return p;
}

static inline void jsonw_end(struct jsonw *w, const char *p)
{
    w->out->len = (size_t)(p - w->out->data);
    w->out->data[w->out->len] = '\0';
}

static void jsonw_open(struct jsonw *w, bool is_array)
{
    char *p = jsonw_begin(w, 1);
    *p++ = is_array ? '[' : '{';
    jsonw_end(w, p);
    assert(w->depth < 64);
    uint64_t bit = (uint64_t)1 << w->depth++;
    w->is_array = is_array ? w->is_array | bit : w->is_array & ~bit;
    w->need_comma = false;
}

void jsonw_open_object(struct jsonw *w)
{
    jsonw_open(w, false);
}

void jsonw_open_array(struct jsonw *w)
{
    jsonw_open(w, true);
}

void jsonw_close(struct jsonw *w)
{
    assert(w->depth > 0);
    w->depth--;
    buf_putc(w->out, w->is_array >> w->depth & 1 ? ']' : '}');
    w->need_comma = true;
}

/* One character that cannot be copied as it is: escaped, or not ASCII. Returns its bytes. */
static size_t jsonw_special(struct buf *out, const unsigned char *p, size_t n)
{
    static const char hex[] = "0123456789abcdef";
    static const char shorts[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'
    };
    if (*p == '"' || *p == '\\') {
        buf_add(out, (char[]){ '\\', (char)*p }, 2);
    } else if (*p < sizeof shorts && shorts[*p]) {
        buf_add(out, (char[]){ '\\', shorts[*p] }, 2);
    } else if (*p < 0x20) {
        buf_add(out, (char[]){ '\\', 'u', '0', '0', hex[*p >> 4], hex[*p & 15] }, 6);
    } else {
        size_t length = text__utf8_length(p, n);
        if (length > 0) {
            buf_add(out, p, length);
            return length;
        }
        buf_puts(out, "\xEF\xBF\xBD");
    }
    return 1;
}

static inline bool jsonw_is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* What is left of a text from its first character that is not plain, and the closing quote. */
static void jsonw_quote_rest(struct buf *out, const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t start = i;
        while (i < n && jsonw_is_plain(p[i]))
            i++;
        buf_add(out, p + start, i - start);
        if (i < n)
            i += jsonw_special(out, p + i, n - i);
    }
    buf_putc(out, '"');
}

/* Most text is plain throughout: copied while it is looked at, into room that is there. */
static void jsonw_quote(struct jsonw *w, const char *text, size_t n)
{
    char *p = jsonw_begin(w, n + 3); /* a key's colon, too */
    size_t i = 0;
    *p++ = '"';
    while (i < n && jsonw_is_plain((unsigned char)text[i]))
        *p++ = text[i++];
    if (i == n)
        *p++ = '"';
    jsonw_end(w, p);
    if (i < n)
        jsonw_quote_rest(w->out, (const unsigned char *)text + i, n - i);
}

void jsonw_keyn(struct jsonw *w, const char *key, size_t n)
{
    assert(w->depth > 0 && !(w->is_array >> (w->depth - 1) & 1));
    jsonw_quote(w, key, n);
    buf_putc(w->out, ':');
    w->need_comma = false;
}

void jsonw_key(struct jsonw *w, const char *key)
{
    jsonw_keyn(w, key, strlen(key));
}

void jsonw_raw(struct jsonw *w, const char *json, size_t n)
{
    char *p = jsonw_begin(w, n);
    if (n)
        memcpy(p, json, n);
    jsonw_end(w, p + n);
}

void jsonw_null(struct jsonw *w)
{
    jsonw_raw(w, "null", 4);
}

void jsonw_bool(struct jsonw *w, bool v)
{
    if (v)
        jsonw_raw(w, "true", 4);
    else
        jsonw_raw(w, "false", 5);
}

void jsonw_int(struct jsonw *w, int64_t v)
{
    jsonw_begin(w, 20);
    buf_int(w->out, v);
}

void jsonw_real(struct jsonw *w, double v)
{
    if (!isfinite(v)) {
        jsonw_null(w);
        return;
    }
    jsonw_begin(w, 24);
    /* Whole numbers are most of them; below 1e15 all 15 digits are exact. */
    if (v > -1e15 && v < 1e15 && v == (double)(int64_t)v) {
        buf_int(w->out, (int64_t)v);
        buf_add(w->out, ".0", 2);
        return;
    }
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    buf_puts(w->out, text);
    if (!strpbrk(text, ".e"))
        buf_add(w->out, ".0", 2);
}

void jsonw_textn(struct jsonw *w, const char *text, size_t n)
{
    jsonw_quote(w, text, n);
}

void jsonw_text(struct jsonw *w, const char *text)
{
    if (text)
        jsonw_textn(w, text, strlen(text));
    else
        jsonw_null(w);
}

static void jsonw_value_object(struct jsonw *w, json_t *v)
{
    jsonw_open_object(w);
    for (void *it = json_object_iter(v); it; it = json_object_iter_next(v, it)) {
        jsonw_keyn(w, json_object_iter_key(it), json_object_iter_key_len(it));
        jsonw_value(w, json_object_iter_value(it));
    }
    jsonw_close(w);
}

/* Recursion is bounded by the assert on the depth in jsonw_open: trees come from json_read. */
void jsonw_value(struct jsonw *w, const struct json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        jsonw_value_object(w, (json_t *)v); /* jansson's iterators are not const */
        return;
    case JSON_ARRAY:
        jsonw_open_array(w);
        for (size_t i = 0; i < json_array_size(v); i++)
            jsonw_value(w, json_array_get(v, i));
        jsonw_close(w);
        return;
    case JSON_STRING:
        jsonw_textn(w, json_string_value(v), json_string_length(v));
        return;
    case JSON_INTEGER:
        jsonw_int(w, json_integer_value(v));
        return;
    case JSON_REAL:
        jsonw_real(w, json_real_value(v));
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        jsonw_bool(w, json_is_true(v));
        return;
    case JSON_NULL:
        jsonw_null(w);
        return;
    }
}

void json_error(const struct error *error, struct buf *out)
{
    struct jsonw w;
    jsonw_start(&w, out);
    jsonw_open_object(&w);
    jsonw_key(&w, "error");
    jsonw_open_object(&w);
    jsonw_key(&w, "code");
    jsonw_text(&w, error_code_name(error->code));
    jsonw_key(&w, "message");
    jsonw_text(&w, error->message);
    jsonw_key(&w, "where");
    jsonw_text(&w, error->where);
    jsonw_close(&w);
    jsonw_close(&w);
}
