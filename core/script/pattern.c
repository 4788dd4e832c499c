/* Lua's patterns, with a budget.
 *
 * The language is that of Lua 5.4, messages included. A pattern may try again
 * and again for hours ("a?" 28 times over), and the matcher that comes with Lua
 * cannot be stopped meanwhile. This one counts its steps, a step being about a
 * character compared, and looks at the budget of the call every few thousand.
 *
 * It walks the pattern as text. Each item (a character, %x, a [set]) is tried
 * where it stands; what repeats or opens a capture goes down one level of C,
 * 200 at most, and comes back with the end of the match or NULL. */
#include "script/pattern_internal.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

enum { MATCH_LEVELS = 200, MATCH_LOOK_STEPS = 8192 };

static const char *match_down(struct match *m, const char *s, const char *p);

static inline void match_spend(struct match *m, size_t steps)
{
    m->steps += steps;
    if (m->steps < MATCH_LOOK_STEPS)
        return;
    m->steps = 0;
    budget__look(m->L);
}

/* ---- items ---- */

/* Behind the item that begins at p. */
static const char *item_end(const struct match *m, const char *p)
{
    if (*p == '%') {
        if (p + 1 == m->stop)
            luaL_error(m->L, "malformed pattern (ends with '%%')");
        return p + 2;
    }
    if (*p != '[')
        return p + 1;
    p += p[1] == '^' ? 2 : 1;
    for (bool first = true; first || *p != ']'; first = false) { /* a ] that comes first is plain */
        if (p >= m->stop)
            luaL_error(m->L, "malformed pattern (missing ']')");
        p += *p == '%' && p + 1 < m->stop ? 2 : 1;
    }
    return p + 1;
}

static bool class_has(int class, int c)
{
    bool is;
    switch (tolower(class)) {
    case 'a':
        is = isalpha(c);
        break;
    case 'c':
        is = iscntrl(c);
        break;
    case 'd':
        is = isdigit(c);
        break;
    case 'g':
        is = isgraph(c);
        break;
    case 'l':
        is = islower(c);
        break;
    case 'p':
        is = ispunct(c);
        break;
    case 's':
        is = isspace(c);
        break;
    case 'u':
        is = isupper(c);
        break;
    case 'w':
        is = isalnum(c);
        break;
    case 'x':
        is = isxdigit(c);
        break;
    case 'z': /* of Lua 5.1, and still there */
        is = c == 0;
        break;
    default:
        return class == c;
    }
    return is == !isupper(class);
}

/* `set` stands on [, `last` on the ] that ends it. */
static bool set_has(const char *set, const char *last, int c)
{
    bool found = set[1] != '^';
    for (const char *p = set + (found ? 1 : 2); p < last; p++) {
        if (*p == '%') {
            if (class_has((unsigned char)*++p, c))
                return found;
        } else if (p[1] == '-' && p + 2 < last) {
            if ((unsigned char)p[0] <= c && c <= (unsigned char)p[2])
                return found;
            p += 2;
        } else if ((unsigned char)*p == c) {
            return found;
        }
    }
    return !found;
}

/* Does the item from p to q take the character at s? */
static inline bool item_takes(const struct match *m, const char *s, const char *p, const char *q)
{
    if (s >= m->end)
        return false;
    int c = (unsigned char)*s;
    switch (*p) {
    case '.':
        return true;
    case '%':
        return class_has((unsigned char)p[1], c);
    case '[':
        return set_has(p, q - 1, c);
    default:
        return (unsigned char)*p == c;
    }
}

/* ---- what repeats ---- */

/* As often as it goes, then less and less; p to q is the item, q its sign. */
static const char *repeat_most(struct match *m, const char *s, const char *p, const char *q,
                               ptrdiff_t least)
{
    ptrdiff_t n = 0;
    size_t weight = (size_t)(q - p), spent = 0;
    while (item_takes(m, s + n, p, q)) {
        n++;
        if ((spent += weight) >= MATCH_LOOK_STEPS) {
            match_spend(m, spent);
            spent = 0;
        }
    }
    match_spend(m, spent);
    if (n >= least && q + 1 == m->stop) /* nothing follows that could refuse */
        return s + n;
    for (; n >= least; n--) {
        const char *end = match_down(m, s + n, q + 1);
        if (end)
            return end;
    }
    return NULL;
}

static const char *repeat_least(struct match *m, const char *s, const char *p, const char *q)
{
    for (;; s++) {
        const char *end = match_down(m, s, q + 1);
        if (end || !item_takes(m, s, p, q))
            return end;
        match_spend(m, (size_t)(q - p));
    }
}

/* ---- what is more than a character ---- */

static const char *capture_open(struct match *m, const char *s, const char *p, ptrdiff_t kind)
{
    if (m->captures >= MATCH_CAPTURES)
        luaL_error(m->L, "too many captures");
    m->capture[m->captures].at = s;
    m->capture[m->captures].n = kind;
    m->captures++;
    const char *end = match_down(m, s, p);
    if (!end)
        m->captures--;
    return end;
}

static const char *capture_close(struct match *m, const char *s, const char *p)
{
    int i = m->captures - 1;
    while (i >= 0 && m->capture[i].n != CAPTURE_OPEN)
        i--;
    if (i < 0)
        luaL_error(m->L, "invalid pattern capture");
    m->capture[i].n = s - m->capture[i].at;
    const char *end = match_down(m, s, p);
    if (!end)
        m->capture[i].n = CAPTURE_OPEN;
    return end;
}

/* %1: behind the text of that capture, if it stands here again. */
static const char *match_again(struct match *m, const char *s, char digit)
{
    int i = digit - '1';
    if (i < 0 || i >= m->captures || m->capture[i].n == CAPTURE_OPEN)
        luaL_error(m->L, "invalid capture index %%%d", i + 1);
    ptrdiff_t n = m->capture[i].n;
    if (n < 0 || m->end - s < n)
        return NULL;
    match_spend(m, (size_t)n / 16);
    return memcmp(m->capture[i].at, s, (size_t)n) == 0 ? s + n : NULL;
}

/* %bxy, p behind the b: from an x to the y that balances it. */
static const char *match_balance(struct match *m, const char *s, const char *p)
{
    if (p + 1 >= m->stop)
        luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
    if (s >= m->end || *s != *p)
        return NULL;
    ptrdiff_t open = 1;
    for (const char *at = s + 1; at < m->end; at++) {
        if (*at == p[1]) {
            if (--open == 0)
                return at + 1;
        } else if (*at == *p) {
            open++;
        }
        match_spend(m, 1);
    }
    return NULL;
}

/* %f[set], p behind the f: is this where the set begins to hold? Returns behind the set, or NULL.
 */
static const char *match_frontier(struct match *m, const char *s, const char *p)
{
    if (*p != '[')
        luaL_error(m->L, "missing '[' after '%%f' in pattern");
    const char *q = item_end(m, p);
    int before = s == m->begin ? 0 : (unsigned char)s[-1];
    match_spend(m, (size_t)(q - p));
    return !set_has(p, q - 1, before) && set_has(p, q - 1, (unsigned char)*s) ? q : NULL;
}

/* ---- the whole ---- */

/* From p on at s: the end of the match, or NULL. */
static const char *match_from(struct match *m, const char *s, const char *p)
{
    while (p != m->stop) {
        if (*p == '(')
            return p[1] == ')' ? capture_open(m, s, p + 2, CAPTURE_PLACE)
                               : capture_open(m, s, p + 1, CAPTURE_OPEN);
        if (*p == ')')
            return capture_close(m, s, p + 1);
        if (*p == '$' && p + 1 == m->stop)
            return s == m->end ? s : NULL;
        if (*p == '%' && p[1] == 'f') {
            if ((p = match_frontier(m, s, p + 2)) == NULL)
                return NULL;
            continue;
        }
        if (*p == '%' && (p[1] == 'b' || isdigit((unsigned char)p[1]))) {
            bool balance = p[1] == 'b';
            s = balance ? match_balance(m, s, p + 2) : match_again(m, s, p[1]);
            if (!s)
                return NULL;
            p += balance ? 4 : 2;
            continue;
        }
        const char *q = item_end(m, p), *end;
        match_spend(m, (size_t)(q - p));
        switch (*q) {
        case '*':
            return repeat_most(m, s, p, q, 0);
        case '+':
            return repeat_most(m, s, p, q, 1);
        case '-':
            return repeat_least(m, s, p, q);
        case '?':
            if (item_takes(m, s, p, q) && (end = match_down(m, s + 1, q + 1)) != NULL)
                return end;
            p = q + 1;
            break;
        default:
            if (!item_takes(m, s, p, q))
                return NULL;
            s++;
            p = q;
        }
    }
    return s;
}

static const char *match_down(struct match *m, const char *s, const char *p)
{
    if (m->levels == MATCH_LEVELS)
        luaL_error(m->L, "pattern too complex");
    m->levels++;
    match_spend(m, 1);
    const char *end = match_from(m, s, p);
    m->levels--;
    return end;
}

void pattern__start(struct match *m, lua_State *L, const char *subject, size_t n,
                    const char *pattern, size_t pattern_n)
{
    assert(subject && pattern);
    m->L = L;
    m->begin = subject;
    m->end = subject + n;
    m->stop = pattern + pattern_n;
    m->steps = 0;
    m->levels = 0;
    m->captures = 0;
}

const char *pattern__match(struct match *m, const char *s, const char *p)
{
    assert(s && p);
    m->levels = 0;
    m->captures = 0;
    return match_down(m, s, p);
}
