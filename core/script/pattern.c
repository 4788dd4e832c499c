/* Lua's patterns, with a budget: find, match, gmatch and gsub.
 *
 * The language is that of Lua 5.4, messages included. A pattern may try again
 * and again for hours ("a?" 28 times over), and the matcher that comes with Lua
 * cannot be stopped meanwhile. This one counts its steps, a step being about a
 * character compared, and looks at the budget of the call every few thousand.
 *
 * It walks the pattern as text. Each item (a character, %x, a [set]) is tried
 * where it stands; what repeats or opens a capture goes down one level of C,
 * 200 at most, and comes back with the end of the match or NULL. */
#include "script/library_internal.h"

#include <ctype.h>
#include <string.h>

enum { MATCH_CAPTURES = 32, MATCH_LEVELS = 200, MATCH_LOOK_STEPS = 8192 };
enum { CAPTURE_OPEN = -1, CAPTURE_PLACE = -2 }; /* instead of a length */
enum { FIND_WINDOW = 1024 * 1024 };             /* searched at once for plain text */

struct match {
    lua_State *L;
    const char *begin, *end; /* the subject */
    const char *stop;        /* the end of the pattern; a NUL stands there, as behind any string */
    size_t steps;
    int levels;
    int captures;
    struct {
        const char *at;
        ptrdiff_t n;
    } capture[MATCH_CAPTURES];
};

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

static void match_start(struct match *m, lua_State *L, const char *subject, size_t n,
                        const char *pattern, size_t pattern_n)
{
    m->L = L;
    m->begin = subject;
    m->end = subject + n;
    m->stop = pattern + pattern_n;
    m->steps = 0;
    m->levels = 0;
    m->captures = 0;
}

static const char *match_at(struct match *m, const char *s, const char *p)
{
    m->levels = 0;
    m->captures = 0;
    return match_down(m, s, p);
}

/* ---- what was captured ---- */

/* A capture, or the whole match if there are none: its text, or NULL after pushing its place. */
static const char *capture_text(struct match *m, int i, const char *s, const char *end, size_t *n)
{
    if (i >= m->captures) {
        if (i > 0)
            luaL_error(m->L, "invalid capture index %%%d", i + 1);
        *n = (size_t)(end - s);
        return s;
    }
    if (m->capture[i].n == CAPTURE_OPEN)
        luaL_error(m->L, "unfinished capture");
    if (m->capture[i].n == CAPTURE_PLACE) {
        lua_pushinteger(m->L, m->capture[i].at - m->begin + 1);
        return NULL;
    }
    *n = (size_t)m->capture[i].n;
    return m->capture[i].at;
}

static void capture_push(struct match *m, int i, const char *s, const char *end)
{
    size_t n;
    const char *text = capture_text(m, i, s, end, &n);
    if (text)
        lua_pushlstring(m->L, text, n);
}

/* All of them; the whole match where there are none and it is wanted. */
static int captures_push(struct match *m, const char *s, const char *end, bool whole)
{
    int count = m->captures == 0 && whole ? 1 : m->captures;
    luaL_checkstack(m->L, count, "too many captures");
    for (int i = 0; i < count; i++)
        capture_push(m, i, s, end);
    return count;
}

/* ---- find, match ---- */

/* In windows, since one search of the C library may be long. */
static const char *find_plain(lua_State *L, const char *text, size_t n, const char *what,
                              size_t what_n)
{
    size_t window = what_n > FIND_WINDOW / 2 ? what_n * 2 : FIND_WINDOW;
    while (n >= what_n) {
        const char *found = memmem(text, n < window ? n : window, what, what_n);
        if (found || n <= window)
            return found;
        text += window - what_n + 1;
        n -= window - what_n + 1;
        budget__look(L);
    }
    return NULL;
}

static bool pattern_is_plain(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] && strchr("^$*+?.([%-", p[i]))
            return false;
    return true;
}

static int find_or_match(lua_State *L, bool find)
{
    size_t n, pattern_n;
    const char *subject = luaL_checklstring(L, 1, &n), *p = luaL_checklstring(L, 2, &pattern_n);
    size_t start = library_start(luaL_optinteger(L, 3, 1), n);
    if (start > n) {
        luaL_pushfail(L);
        return 1;
    }
    const char *s = subject + start, *end = NULL;
    struct match m;
    match_start(&m, L, subject, n, p, pattern_n);
    if (find && (lua_toboolean(L, 4) || pattern_is_plain(p, pattern_n))) {
        s = find_plain(L, s, n - start, p, pattern_n);
        end = s ? s + pattern_n : NULL;
    } else {
        bool anchored = *p == '^';
        p += anchored;
        while ((end = match_at(&m, s, p)) == NULL && s < m.end && !anchored)
            s++;
    }
    if (!end) {
        luaL_pushfail(L);
        return 1;
    }
    if (!find)
        return captures_push(&m, s, end, true);
    lua_pushinteger(L, s - subject + 1);
    lua_pushinteger(L, end - subject);
    return captures_push(&m, s, end, false) + 2;
}

static int pattern_find(lua_State *L)
{
    return find_or_match(L, true);
}

static int pattern_match(lua_State *L)
{
    return find_or_match(L, false);
}

/* ---- gmatch: upvalues are subject, pattern and this ---- */

struct gmatch {
    const char *next; /* where to go on */
    const char *last; /* where the last match ended: an empty one there does not count */
    const char *pattern;
    struct match m;
};

static int gmatch_next(lua_State *L)
{
    struct gmatch *g = lua_touserdata(L, lua_upvalueindex(3));
    g->m.L = L;
    for (const char *s = g->next; s <= g->m.end; s++) {
        const char *end = match_at(&g->m, s, g->pattern);
        if (end && end != g->last) {
            g->next = g->last = end;
            return captures_push(&g->m, s, end, true);
        }
    }
    g->next = g->m.end + 1;
    return 0;
}

static int pattern_gmatch(lua_State *L)
{
    size_t n, pattern_n;
    const char *subject = luaL_checklstring(L, 1, &n), *p = luaL_checklstring(L, 2, &pattern_n);
    size_t start = library_start(luaL_optinteger(L, 3, 1), n);
    lua_settop(L, 2); /* both live as long as the iterator */
    struct gmatch *g = lua_newuserdatauv(L, sizeof *g, 0);
    match_start(&g->m, L, subject, n, p, pattern_n);
    g->next = subject + (start > n ? n + 1 : start);
    g->last = NULL;
    g->pattern = p;
    lua_pushcclosure(L, gmatch_next, 3);
    return 1;
}

/* ---- gsub ---- */

/* The replacement is text: %0 to %9 are captures, %% is %. */
static void gsub_add_text(struct match *m, luaL_Buffer *out, const char *s, const char *end)
{
    size_t left, n;
    const char *text = lua_tolstring(m->L, 3, &left), *sign;
    while ((sign = memchr(text, '%', left)) != NULL) {
        luaL_addlstring(out, text, (size_t)(sign - text));
        left -= (size_t)(sign + 1 - text);
        text = sign + 1;
        if (*text == '%') {
            luaL_addchar(out, '%');
        } else if (*text == '0') {
            luaL_addlstring(out, s, (size_t)(end - s));
        } else if (isdigit((unsigned char)*text)) {
            const char *got = capture_text(m, *text - '1', s, end, &n);
            if (got)
                luaL_addlstring(out, got, n);
            else
                luaL_addvalue(out);
        } else {
            luaL_error(m->L, "invalid use of '%%' in replacement string");
        }
        text++;
        left--;
    }
    luaL_addlstring(out, text, left);
}

/* What stands for the match from s to end; false: it stays. */
static bool gsub_add(struct match *m, luaL_Buffer *out, const char *s, const char *end, int type)
{
    lua_State *L = m->L;
    if (type != LUA_TFUNCTION && type != LUA_TTABLE) {
        gsub_add_text(m, out, s, end);
        return true;
    }
    if (type == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        lua_call(L, captures_push(m, s, end, true), 1);
    } else {
        capture_push(m, 0, s, end);
        lua_gettable(L, 3);
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(out, s, (size_t)(end - s));
        return false;
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    luaL_addvalue(out);
    return true;
}

static int pattern_gsub(lua_State *L)
{
    size_t n, pattern_n;
    const char *s = luaL_checklstring(L, 1, &n), *p = luaL_checklstring(L, 2, &pattern_n);
    const char *last = NULL;
    int type = lua_type(L, 3);
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)n + 1), count = 0;
    bool anchored = *p == '^', changed = false;
    struct match m;
    luaL_Buffer out;
    luaL_argexpected(L,
                     type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION ||
                         type == LUA_TTABLE,
                     3, "string/function/table");
    lua_settop(L, 4);
    luaL_buffinit(L, &out);
    match_start(&m, L, s, n, p, pattern_n);
    p += anchored;
    while (count < most) {
        const char *end = match_at(&m, s, p);
        if (end && end != last) {
            count++;
            changed = gsub_add(&m, &out, s, end, type) || changed;
            s = last = end;
        } else if (s < m.end) {
            luaL_addchar(&out, *s++);
        } else {
            break;
        }
        if (anchored)
            break;
    }
    if (changed) {
        luaL_addlstring(&out, s, (size_t)(m.end - s));
        luaL_pushresult(&out);
    } else {
        lua_pushvalue(L, 1);
    }
    lua_pushinteger(L, count);
    return 2;
}

void library__add_patterns(lua_State *L)
{
    static const luaL_Reg functions[] = { { "find", pattern_find },
                                          { "gmatch", pattern_gmatch },
                                          { "gsub", pattern_gsub },
                                          { "match", pattern_match },
                                          { NULL, NULL } };
    luaL_setfuncs(L, functions, 0);
}
