/* Values of a spec as text, and where two of them differ. Plain reads only, so
 * that no metamethod of a plugin runs; handles are compared by what they name. */
#include "script/handle_internal.h"
#include "script/spec_internal.h"

#include <stdlib.h>
#include <string.h>

#include "baton/base/text.h"

enum { SHOW_DEPTH = 4, SHOW_MEMBERS = 12, SHOW_BYTES = 160, SHOW_DIFFERENCES = 8, SHOW_KEYS = 256 };

/* ---- one value ---- */

static void show_string(lua_State *L, int index, struct buf *out)
{
    size_t n, cut;
    const char *text = lua_tolstring(L, index, &n);
    cut = n;
    if (n > SHOW_BYTES)
        for (cut = SHOW_BYTES; cut && ((unsigned char)text[cut] & 0xC0) == 0x80;)
            cut--;
    buf_putc(out, '"');
    text_printable(text, cut, false, out);
    buf_puts(out, cut < n ? "…\"" : "\"");
}

/* Keys of a table, sorted: numbers, then texts; in the arena. */
struct show_key {
    const char *text; /* NULL: a number */
    lua_Integer number;
};

static int show_compare(const void *a, const void *b)
{
    const struct show_key *x = a, *y = b;
    if (!x->text != !y->text)
        return x->text ? 1 : -1;
    if (x->text)
        return strcmp(x->text, y->text);
    return (x->number > y->number) - (x->number < y->number);
}

static size_t show_keys(lua_State *L, int table, struct show_key *keys, size_t n)
{
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        if (n == SHOW_KEYS)
            continue;
        if (lua_isinteger(L, -2))
            keys[n++] = (struct show_key){ NULL, lua_tointeger(L, -2) };
        else if (lua_type(L, -2) == LUA_TSTRING)
            keys[n++] = (struct show_key){ arena_dup(value__arena(L), lua_tostring(L, -2)), 0 };
    }
    if (n > 1)
        qsort(keys, n, sizeof *keys, show_compare);
    return n;
}

static void show_push_member(lua_State *L, int table, const struct show_key *key)
{
    if (key->text)
        lua_pushstring(L, key->text);
    else
        lua_pushinteger(L, key->number);
    lua_rawget(L, table);
}

static void show_any(lua_State *L, int index, struct buf *out, unsigned depth);

static void show_table(lua_State *L, int table, struct buf *out, unsigned depth)
{
    if (depth == SHOW_DEPTH || !lua_checkstack(L, 8)) {
        buf_puts(out, "{…}");
        return;
    }
    struct show_key *keys = arena_alloc(value__arena(L), SHOW_KEYS * sizeof *keys);
    size_t n = show_keys(L, table, keys, 0);
    lua_Integer next = 1;
    buf_puts(out, "{");
    for (size_t i = 0; i < n; i++) {
        buf_puts(out, i ? ", " : " ");
        if (i == SHOW_MEMBERS) {
            buf_printf(out, "… %zu more", n - i);
            break;
        }
        if (keys[i].text)
            buf_printf(out, "%s = ", keys[i].text);
        else if (keys[i].number != next++)
            buf_printf(out, "[%lld] = ", (long long)keys[i].number);
        show_push_member(L, table, &keys[i]);
        show_any(L, lua_gettop(L), out, depth + 1);
        lua_pop(L, 1);
    }
    buf_puts(out, n ? " }" : "}");
}

static void show_any(lua_State *L, int index, struct buf *out, unsigned depth)
{
    enum entity entity;
    int64_t id;
    char ref[32];
    if (script__is_handle(L, index, &entity, &id)) {
        row_id_format(entity, id, ref);
        buf_puts(out, ref);
    } else if (handle__is_fields(L, index, &entity, &id)) {
        const struct row *row;
        if (store_get(script__store(L), entity, id, &row, NULL) < 0) {
            buf_puts(out, "fields");
            return;
        }
        handle__push_fields_table(L, row);
        show_any(L, lua_gettop(L), out, depth);
        lua_pop(L, 1);
    } else if (lua_islightuserdata(L, index) && lua_touserdata(L, index) == script__none()) {
        buf_puts(out, "baton.none");
    } else if (lua_type(L, index) == LUA_TSTRING) {
        show_string(L, index, out);
    } else if (lua_istable(L, index)) {
        show_table(L, index, out, depth);
    } else if (lua_isnumber(L, index)) {
        lua_pushvalue(L, index); /* tolstring would change a key that is walked */
        buf_puts(out, lua_tostring(L, -1));
        lua_pop(L, 1);
    } else if (lua_isboolean(L, index)) {
        buf_puts(out, lua_toboolean(L, index) ? "true" : "false");
    } else {
        buf_puts(out, lua_isnil(L, index) ? "nil" : luaL_typename(L, index));
    }
}

void spec__show(lua_State *L, int index, struct buf *out)
{
    luaL_checkstack(L, 16, NULL);
    show_any(L, lua_absindex(L, index), out, 0);
}

/* ---- two values ---- */

bool spec__equal(lua_State *L, int a, int b)
{
    enum entity ea, eb;
    int64_t ia, ib;
    if (lua_rawequal(L, a, b))
        return true;
    return script__is_handle(L, a, &ea, &ia) && script__is_handle(L, b, &eb, &ib) && ea == eb &&
           ia == ib;
}

struct show_diff {
    lua_State *L;
    struct buf *out;
    size_t count;
};

static void diff_line(struct show_diff *d, const char *path, int wanted, int got)
{
    if (d->count++ >= SHOW_DIFFERENCES)
        return;
    buf_printf(d->out, "\n  %s: expected ", *path ? path : "the value");
    show_any(d->L, wanted, d->out, 1);
    buf_puts(d->out, ", got ");
    show_any(d->L, got, d->out, 1);
}

static void diff_any(struct show_diff *d, const char *path, int wanted, int got, unsigned depth)
{
    lua_State *L = d->L;
    if (spec__equal(L, wanted, got))
        return;
    if (!lua_istable(L, wanted) || !lua_istable(L, got) || depth > 3 * SHOW_DEPTH) {
        diff_line(d, path, wanted, got);
        return;
    }
    luaL_checkstack(L, 8, "same_as");
    struct show_key *keys = arena_alloc(value__arena(L), (SHOW_KEYS + 1) * sizeof *keys);
    size_t n = show_keys(L, wanted, keys, 0);
    size_t all = show_keys(L, got, keys, n);
    for (size_t i = 0; i < all; i++) {
        if (i && !show_compare(&keys[i], &keys[i - 1]))
            continue; /* in both */
        const char *next = keys[i].text ? arena_printf(value__arena(L), "%s.%s", path, keys[i].text)
                                        : arena_printf(value__arena(L), "%s[%lld]", path,
                                                       (long long)keys[i].number);
        show_push_member(L, wanted, &keys[i]);
        show_push_member(L, got, &keys[i]);
        int top = lua_gettop(L);
        diff_any(d, next, top - 1, top, depth + 1);
        lua_settop(L, top - 2);
    }
}

size_t spec__differences(lua_State *L, int wanted, int got, struct buf *out)
{
    struct show_diff d = { L, out, 0 };
    luaL_checkstack(L, 16, NULL);
    diff_any(&d, "", lua_absindex(L, wanted), lua_absindex(L, got), 0);
    if (d.count > SHOW_DIFFERENCES)
        buf_printf(out, "\n  … and %zu differences more", d.count - SHOW_DIFFERENCES);
    return d.count;
}

/* ---- patterns ---- */

bool spec__fits(lua_State *L, int value, int pattern)
{
    enum entity entity;
    int64_t id;
    bool fits = true;
    value = lua_absindex(L, value);
    pattern = lua_absindex(L, pattern);
    if (!lua_istable(L, pattern))
        return spec__equal(L, value, pattern) ||
               (lua_islightuserdata(L, pattern) && lua_touserdata(L, pattern) == script__none() &&
                lua_isnil(L, value));
    if (!lua_istable(L, value) && !script__is_handle(L, value, &entity, &id) &&
        !handle__is_fields(L, value, &entity, &id))
        return false;
    luaL_checkstack(L, 8, "contains");
    for (lua_pushnil(L); fits && lua_next(L, pattern);) {
        int member = lua_gettop(L);
        lua_pushvalue(L, member - 1);
        lua_gettable(L, value); /* an unknown column raises, with a near one */
        fits = spec__fits(L, member + 1, member);
        lua_settop(L, fits ? member - 1 : member - 2);
    }
    return fits;
}
