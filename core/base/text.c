/* Words of people: checks, folding and showing of UTF-8, and near misses. What
 * is not UTF-8 is never trusted: folding and showing replace or escape it. */
#include "baton/base/text.h"

#include "base/text_internal.h"
#include "baton/base/buf.h"
#include "baton/base/limits.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

void text__utf8_put(struct buf *out, uint32_t code)
{
    utf8proc_uint8_t bytes[4];
    if (!utf8proc_codepoint_valid((utf8proc_int32_t)code))
        code = 0xFFFD;
    utf8proc_ssize_t n = utf8proc_encode_char((utf8proc_int32_t)code, bytes);
    buf_add(out, bytes, (size_t)n);
}

bool text_is_utf8(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    for (size_t i = 0; i < n;) {
        size_t length = text__utf8_length(p + i, n - i);
        if (length == 0 || p[i] == 0)
            return false;
        i += length;
    }
    return true;
}

/* The text with bytes that are not UTF-8 replaced, which utf8proc would refuse as a whole. */
static void text_fold_repair(const char *text, size_t n, struct buf *out)
{
    const unsigned char *p = (const unsigned char *)text;
    for (size_t i = 0; i < n;) {
        size_t length = text__utf8_length(p + i, n - i);
        if (length)
            buf_add(out, p + i, length);
        else
            text__utf8_put(out, 0xFFFD);
        i += length ? length : 1;
    }
}

static void text_fold_unicode(const char *text, size_t n, struct buf *out)
{
    const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE |
                                      UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK;
    utf8proc_uint8_t *folded = NULL;
    utf8proc_ssize_t length =
        utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)n, &folded, options);
    if (length >= 0) {
        buf_add(out, folded, (size_t)length);
        free(folded); /* utf8proc allocates with malloc */
        return;
    }
    struct buf repaired = BUF_INIT;
    text_fold_repair(text, n, &repaired);
    length = utf8proc_map((const utf8proc_uint8_t *)buf_text(&repaired),
                          (utf8proc_ssize_t)repaired.len, &folded, options);
    if (length >= 0)
        buf_add(out, folded, (size_t)length);
    free(folded);
    buf_free(&repaired);
}

void text_fold(const char *text, size_t n, struct buf *out)
{
    size_t start = out->len;
    buf_reserve(out, n);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x80) {
            /* A mark may belong to the letter before it, so begin again with the whole. */
            out->len = start;
            out->data[start] = '\0';
            text_fold_unicode(text, n, out);
            return;
        }
        out->data[out->len++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    out->data[out->len] = '\0';
}

size_t text_width(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t width = 0;
    for (size_t i = 0; i < n;) {
        size_t length = text__utf8_length(p + i, n - i);
        if (length == 0) {
            width++;
            i++;
            continue;
        }
        width += (size_t)utf8proc_charwidth((utf8proc_int32_t)text__utf8_decode(p + i, length));
        i += length;
    }
    return width;
}

/* C1 controls drive some terminals; the others reorder what is shown (Trojan Source). */
static bool text_is_unsafe(uint32_t code)
{
    return (code >= 0x80 && code <= 0x9F) || (code >= 0x202A && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0x2028 || code == 0x2029;
}

void text_printable(const char *text, size_t n, bool keep_newlines, struct buf *out)
{
    const unsigned char *p = (const unsigned char *)text;
    for (size_t i = 0; i < n;) {
        size_t length = text__utf8_length(p + i, n - i);
        bool kept = keep_newlines && (p[i] == '\n' || p[i] == '\t');
        if (length == 0 || (p[i] < 0x20 && !kept) || p[i] == 0x7F) {
            buf_printf(out, "\\x%02x", p[i]);
            i++;
            continue;
        }
        uint32_t code = text__utf8_decode(p + i, length);
        if (text_is_unsafe(code))
            buf_printf(out, "\\u%04x", (unsigned)code);
        else
            buf_add(out, p + i, length);
        i += length;
    }
}

/* The character as an entity, NULL where it stands for itself. */
static const char *text_xml_entity(uint32_t code)
{
    switch (code) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\t': /* attributes would make spaces of these */
        return "&#9;";
    case '\n':
        return "&#10;";
    case '\r':
        return "&#13;";
    default:
        return code < 0x20 || code == 0xFFFE || code == 0xFFFF ? "\xEF\xBF\xBD" : NULL;
    }
}

void text_xml(const char *text, size_t n, struct buf *out)
{
    const unsigned char *p = (const unsigned char *)text;
    for (size_t i = 0; i < n;) {
        size_t length = text__utf8_length(p + i, n - i);
        const char *entity = text_xml_entity(length ? text__utf8_decode(p + i, length) : 0xFFFF);
        if (entity)
            buf_puts(out, entity);
        else
            buf_add(out, p + i, length);
        i += length ? length : 1;
    }
}

bool text_is_name(const char *text)
{
    size_t n = 0;
    if (text[0] < 'a' || text[0] > 'z')
        return false;
    for (; text[n]; n++) {
        char c = text[n];
        bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        if (!fine || n >= LIMIT_NAME_BYTES)
            return false;
    }
    return true;
}

enum { NEAREST_WORD_BYTES = 64 };

static char text_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static unsigned text_least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Damerau-Levenshtein distance (adjacent swaps count one), case aside: three rows of the table. */
static unsigned text_distance(const char *a, size_t a_n, const char *b, size_t b_n)
{
    unsigned rows[3][NEAREST_WORD_BYTES + 1];
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_n; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= a_n; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_n; j++) {
            char x = text_lower(a[i - 1]), y = text_lower(b[j - 1]);
            row[j] = text_least(text_least(last[j], row[j - 1]) + 1, last[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == text_lower(b[j - 2]) && text_lower(a[i - 2]) == y)
                row[j] = text_least(row[j], before[j - 2] + 1);
        }
        unsigned *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[b_n];
}

const char *text_nearest(const char *word, const char *const *candidates)
{
    size_t word_n = strnlen(word, NEAREST_WORD_BYTES + 1);
    const char *best = NULL;
    unsigned best_distance = (unsigned)word_n / 3 + 1;
    if (word_n > NEAREST_WORD_BYTES)
        return NULL;
    for (; *candidates; candidates++) {
        size_t n = strnlen(*candidates, NEAREST_WORD_BYTES + 1);
        if (n > NEAREST_WORD_BYTES)
            continue;
        unsigned distance = text_distance(word, word_n, *candidates, n);
        if (distance < best_distance) {
            best_distance = distance;
            best = *candidates;
        }
    }
    return best;
}

void text_suggest(const char *word, const char *const *candidates, struct buf *out)
{
    const char *near = text_nearest(word, candidates);
    if (near)
        buf_printf(out, ", did you mean \"%s\"?", near);
}
