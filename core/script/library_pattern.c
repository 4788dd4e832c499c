/* string.find, match, gmatch and gsub over our matcher: what is captured, where
 * the search goes on, what replaces a match. Like Lua's own, messages included. */
#include "script/library_internal.h"
#include "script/pattern_internal.h"

#include <ctype.h>
#include <string.h>

enum { FIND_WINDOW = 1024 * 1024 }; /* searched at once for plain text */

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

/* Where a text of n bytes begins to be read, if a caller says `at` (negative: from the end),
 * counted from 0; n + 1 or more: behind it. */
static size_t find_start(lua_Integer at, size_t n)
{
    if (at > 0)
        return (size_t)at - 1;
    if (at == 0 || at < -(lua_Integer)n)
        return 0;
    return n - (size_t)-at;
}

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
    size_t start = find_start(luaL_optinteger(L, 3, 1), n);
    if (start > n) {
        luaL_pushfail(L);
        return 1;
    }
    const char *s = subject + start, *end = NULL;
    struct match m;
    pattern__start(&m, L, subject, n, p, pattern_n);
    if (find && (lua_toboolean(L, 4) || pattern_is_plain(p, pattern_n))) {
        s = find_plain(L, s, n - start, p, pattern_n);
        end = s ? s + pattern_n : NULL;
    } else {
        bool anchored = *p == '^';
        p += anchored;
        while ((end = pattern__match(&m, s, p)) == NULL && s < m.end && !anchored)
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
        const char *end = pattern__match(&g->m, s, g->pattern);
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
    size_t start = find_start(luaL_optinteger(L, 3, 1), n);
    lua_settop(L, 2); /* both live as long as the iterator */
    struct gmatch *g = lua_newuserdatauv(L, sizeof *g, 0);
    pattern__start(&g->m, L, subject, n, p, pattern_n);
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
    pattern__start(&m, L, s, n, p, pattern_n);
    p += anchored;
    while (count < most) {
        const char *end = pattern__match(&m, s, p);
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
