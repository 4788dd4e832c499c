/* The JSON scanner and the merge: for text that our writer wrote.
 *
 * One pass without a tree: a member's key is compared in place, a value that
 * nobody asked for is stepped over. Strings are crossed eight bytes at a time.
 * Text that we did not write gives wrong answers, never a read out of bounds:
 * every step checks the end. */
#include "baton/base/json.h"

#include "base/text_internal.h"
#include "baton/base/buf.h"
#include "baton/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { SCAN_REAL_BYTES = 63, MERGE_STACK_MEMBERS = 32, MERGE_LINEAR_MEMBERS = 8 };

/* A mark (0x80) in each byte of `word` that equals `c`. Carries can mark a byte wrongly, but only
 * behind one that is marked rightly, and only the first one is used. */
static inline uint64_t scan_has(uint64_t word, unsigned char c)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t x = word ^ (ones * c);
    return (x - ones) & ~x & (ones << 7);
}

/* Eight bytes, the first one lowest on every machine. */
static inline uint64_t scan_load(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* From behind an opening quote to its closing one, or to `end` if there is none. */
static inline const char *scan_string(const char *p, const char *end, bool *escaped)
{
    for (;;) {
        uint64_t marks = 0;
        while (end - p >= 8) {
            uint64_t word = scan_load(p);
            marks = scan_has(word, '"') | scan_has(word, '\\');
            if (marks)
                break;
            p += 8;
        }
        if (marks)
            p += __builtin_ctzll(marks) / 8;
        else
            while (p < end && *p != '"' && *p != '\\')
                p++;
        if (p >= end || *p == '"')
            return p;
        *escaped = true;
        p += end - p >= 2 ? 2 : 1;
    }
}

/* From an opening bracket to behind its closing one. */
static const char *scan_nested(const char *p, const char *end)
{
    size_t depth = 0;
    bool ignored;
    for (; p < end; p++) {
        if (*p == '"') {
            p = scan_string(p + 1, end, &ignored);
            if (p >= end)
                return end;
        } else if (*p == '{' || *p == '[') {
            depth++;
        } else if ((*p == '}' || *p == ']') && --depth == 0) {
            return p + 1;
        }
    }
    return end;
}

static inline const char *scan_plain(const char *p, const char *end, struct json_slice *out)
{
    enum { STOP = 1, REAL = 2 };
    static const unsigned char kinds[256] = {
        [','] = STOP, ['}'] = STOP, [']'] = STOP, ['.'] = REAL, ['e'] = REAL, ['E'] = REAL
    };
    const char *start = p;
    unsigned seen = 0;
    while (p < end && kinds[(unsigned char)*p] != STOP)
        seen |= kinds[(unsigned char)*p++];
    switch (start < p ? *start : 'n') {
    case 'n':
        out->type = JSON_T_NULL;
        break;
    case 't':
        out->type = JSON_T_TRUE;
        break;
    case 'f':
        out->type = JSON_T_FALSE;
        break;
    default:
        out->type = seen & REAL ? JSON_T_REAL : JSON_T_INT;
    }
    out->text = start;
    out->len = (size_t)(p - start);
    return p;
}

/* A value at p; returns the place behind it. */
static inline const char *scan_value(const char *p, const char *end, struct json_slice *out)
{
    out->escaped = false;
    if (p < end && *p == '"') {
        const char *close = scan_string(p + 1, end, &out->escaped);
        out->type = JSON_T_TEXT;
        out->text = p + 1;
        out->len = (size_t)(close - out->text);
        return close < end ? close + 1 : end;
    }
    if (p < end && (*p == '{' || *p == '[')) {
        const char *after = scan_nested(p, end);
        out->type = *p == '{' ? JSON_T_OBJECT : JSON_T_ARRAY;
        out->text = p;
        out->len = (size_t)(after - p);
        return after;
    }
    return scan_plain(p, end, out);
}

static inline bool scan_member(const char *object, size_t n, size_t *at, const char **key,
                               size_t *key_n, struct json_slice *value)
{
    const char *end = object + n;
    const char *p = object + *at;
    bool ignored;
    if (*at >= n || (*at == 0 ? *p != '{' : *p != ','))
        return false;
    p++;
    if (p >= end || *p != '"')
        return false;
    const char *start = p + 1;
    p = scan_string(start, end, &ignored);
    if (end - p < 2 || p[1] != ':')
        return false;
    *key = start;
    *key_n = (size_t)(p - start);
    p = scan_value(p + 2, end, value);
    *at = (size_t)(p - object);
    return true;
}

bool jsons_next(const char *object, size_t n, size_t *at, const char **key, size_t *key_n,
                struct json_slice *value)
{
    return scan_member(object, n, at, key, key_n, value);
}

bool jsons_get(const char *object, size_t n, const char *key, size_t key_n, struct json_slice *out)
{
    struct json_slice value;
    const char *name;
    size_t name_n, at = 0;
    while (scan_member(object, n, &at, &name, &name_n, &value)) {
        if (name_n == key_n && memcmp(name, key, key_n) == 0) {
            *out = value;
            return true;
        }
    }
    return false;
}

/* Four hex digits at p, or -1. */
static int32_t scan_hex(const char *p, const char *end)
{
    int32_t code = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int32_t digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
        if (digit < 0)
            return -1;
        code = code * 16 + digit;
    }
    return code;
}

/* The part of an escape behind "\u"; returns the place behind it. */
static const char *scan_unescape_code(const char *p, const char *end, struct buf *out)
{
    int32_t code = scan_hex(p, end);
    if (code < 0) {
        text__utf8_put(out, 0xFFFD);
        return p;
    }
    p += 4;
    if (code >= 0xD800 && code <= 0xDBFF && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
        int32_t low = scan_hex(p + 2, end);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            p += 6;
        }
    }
    text__utf8_put(out, (uint32_t)code); /* a lone surrogate becomes U+FFFD there */
    return p;
}

static const char *scan_unescape(const char *p, const char *end, struct buf *out)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    if (p >= end)
        return end;
    if (*p == 'u')
        return scan_unescape_code(p + 1, end, out);
    const char *found = *p ? strchr(from, *p) : NULL;
    buf_putc(out, found ? to[found - from] : *p);
    return p + 1;
}

void jsons_text(const struct json_slice *s, struct buf *out)
{
    if (s->type != JSON_T_TEXT || !s->escaped) {
        buf_add(out, s->text, s->len);
        return;
    }
    const char *end = s->text + s->len;
    buf_reserve(out, s->len);
    for (const char *p = s->text; p < end;) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));
        if (!slash)
            slash = end;
        buf_add(out, p, (size_t)(slash - p));
        p = slash < end ? scan_unescape(slash + 1, end, out) : end;
    }
}

double jsons_real(const struct json_slice *s)
{
    if (s->type == JSON_T_INT)
        return (double)jsons_int(s);
    if (s->type != JSON_T_REAL)
        return 0;
    /* The slice is not terminated; the writer's reals have at most 24 bytes. */
    char text[SCAN_REAL_BYTES + 1];
    size_t n = s->len < SCAN_REAL_BYTES ? s->len : SCAN_REAL_BYTES;
    memcpy(text, s->text, n);
    text[n] = '\0';
    return strtod(text, NULL);
}

int64_t jsons_int(const struct json_slice *s)
{
    if (s->type == JSON_T_REAL) {
        double real = jsons_real(s);
        return real >= -0x1p63 && real < 0x1p63 ? (int64_t)real : 0;
    }
    if (s->type != JSON_T_INT)
        return 0;
    bool negative = s->len > 0 && s->text[0] == '-';
    uint64_t value = 0;
    for (size_t i = negative; i < s->len && s->text[i] >= '0' && s->text[i] <= '9'; i++)
        value = value * 10 + (uint64_t)(s->text[i] - '0');
    return (int64_t)(negative ? -value : value);
}

/* Merge: the members of the patch, looked up by key. */
struct merge_member {
    const char *key;
    size_t key_n;
    struct json_slice value;
    bool used;
};

struct merge_patch {
    struct merge_member *members, stack[MERGE_STACK_MEMBERS];
    struct merge_member **sorted; /* NULL while few */
    size_t count, cap;
};

static int merge_compare(const char *a, size_t a_n, const char *b, size_t b_n)
{
    int order = memcmp(a, b, a_n < b_n ? a_n : b_n);
    return order ? order : (a_n > b_n) - (a_n < b_n);
}

static int merge_compare_members(const void *a, const void *b)
{
    const struct merge_member *const *x = a, *const *y = b;
    return merge_compare((*x)->key, (*x)->key_n, (*y)->key, (*y)->key_n);
}

static void merge_read(struct merge_patch *patch, const char *text, size_t n)
{
    struct merge_member m = { .used = false };
    patch->members = patch->stack;
    patch->sorted = NULL;
    patch->count = 0;
    patch->cap = MERGE_STACK_MEMBERS;
    for (size_t at = 0; jsons_next(text, n, &at, &m.key, &m.key_n, &m.value);) {
        if (patch->count == patch->cap) {
            struct merge_member *more = mem_alloc(2 * patch->cap * sizeof *more);
            memcpy(more, patch->members, patch->count * sizeof *more);
            if (patch->members != patch->stack)
                mem_free(patch->members);
            patch->members = more;
            patch->cap *= 2;
        }
        patch->members[patch->count++] = m;
    }
    if (patch->count <= MERGE_LINEAR_MEMBERS)
        return;
    patch->sorted = mem_alloc(patch->count * sizeof(struct merge_member *));
    for (size_t i = 0; i < patch->count; i++)
        patch->sorted[i] = &patch->members[i];
    qsort(patch->sorted, patch->count, sizeof *patch->sorted, merge_compare_members);
}

static struct merge_member *merge_find(struct merge_patch *patch, const char *key, size_t key_n)
{
    if (patch->sorted) {
        struct merge_member wanted = { .key = key, .key_n = key_n }, *p = &wanted;
        struct merge_member **found =
            bsearch(&p, patch->sorted, patch->count, sizeof *patch->sorted, merge_compare_members);
        return found ? *found : NULL;
    }
    for (size_t i = 0; i < patch->count; i++) {
        struct merge_member *m = &patch->members[i];
        if (m->key_n == key_n && memcmp(m->key, key, key_n) == 0)
            return m;
    }
    return NULL;
}

/* A member as it stands in its text, from the key's quote to the value's end. */
static void merge_put(struct buf *out, bool *first, const char *key, const struct json_slice *value)
{
    bool is_text = value->type == JSON_T_TEXT;
    const char *start = key - 1, *end = value->text + value->len + is_text;
    if (!*first)
        buf_putc(out, ',');
    *first = false;
    buf_add(out, start, (size_t)(end - start));
}

void json_merge(const char *object, size_t n, const char *patch_text, size_t patch_n,
                struct buf *out)
{
    struct merge_patch patch; /* not cleared as a whole: `stack` is 2 kB */
    struct json_slice value;
    const char *key;
    size_t key_n;
    bool first = true;

    merge_read(&patch, patch_text, patch_n);
    buf_reserve(out, n + patch_n + 2);
    buf_putc(out, '{');
    for (size_t at = 0; jsons_next(object, n, &at, &key, &key_n, &value);) {
        struct merge_member *m = merge_find(&patch, key, key_n);
        if (m)
            m->used = true;
        if (!m)
            merge_put(out, &first, key, &value);
        else if (m->value.type != JSON_T_NULL)
            merge_put(out, &first, m->key, &m->value);
    }
    for (size_t i = 0; i < patch.count; i++) {
        struct merge_member *m = &patch.members[i];
        if (!m->used && m->value.type != JSON_T_NULL)
            merge_put(out, &first, m->key, &m->value);
    }
    buf_putc(out, '}');
    mem_free(patch.sorted);
    if (patch.members != patch.stack)
        mem_free(patch.members);
}
