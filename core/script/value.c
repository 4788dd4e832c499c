/* Values between Lua and the store: one column at a time.
 *
 * What people write is taken kindly (a handle, 12 or "P-12" for a reference;
 * "3 working days" for a time; "12" from a CSV for a number), and what cannot
 * be meant is refused with the column, what it takes and what was seen. Text
 * lives in the script's arena, so it lasts until the outermost call ends. */
#include "script/state_internal.h"
#include "script/value_internal.h"

#include "baton/base/calendar.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/base/when.h"

#include <stdio.h>
#include <string.h>

void *script__none(void)
{
    static const char none = 'n'; /* only its address matters */
    return (void *)(uintptr_t)&none;
}

bool value__is_null(lua_State *L, int index)
{
    return lua_isnoneornil(L, index) ||
           (lua_islightuserdata(L, index) && lua_touserdata(L, index) == script__none());
}

/* It is emptied when the outermost call ends, and a statement may loop for seconds. */
struct arena *value__arena(lua_State *L)
{
    struct arena *a = script__arena(script__of(L));
    if (arena_bytes(a) > 4u * LIMIT_LUA_BYTES)
        script__raisef(L, ERROR_LIMIT, "one call may use %d MB of working memory",
                       4 * (LIMIT_LUA_BYTES / (1024 * 1024)));
    return a;
}

/* ---- what must be freed ---- */

struct value_held {
    void *p;
    void (*release)(void *);
    struct buf buf;
};

void value__release(lua_State *L, int index)
{
    struct value_held *h = lua_touserdata(L, index);
    struct script *s = script__of(L);
    if (s->held == h)
        s->held = NULL;
    buf_free(&h->buf);
    if (h->p)
        h->release(h->p);
    h->p = NULL;
}

static int value_release(lua_State *L)
{
    value__release(L, 1);
    return 0;
}

/* Lua does not know of what hangs on its userdata: a loop of errors, each leaving megabytes behind,
 * would not make it collect. */
static void value_collect_left(lua_State *L)
{
    enum { OTHER_BYTES = 1024 * 1024 }; /* taken for what is no buffer */
    struct script *s = script__of(L);
    if (!s->held)
        return;
    s->left_bytes += s->held->buf.cap + (s->held->p ? OTHER_BYTES : 0);
    if (s->left_bytes < LIMIT_LEFT_BYTES)
        return;
    s->left_bytes = 0;
    lua_gc(L, LUA_GCCOLLECT);
}

static struct value_held *value_push_held(lua_State *L)
{
    value_collect_left(L);
    struct value_held *h = lua_newuserdatauv(L, sizeof *h, 0);
    *h = (struct value_held){ .buf = BUF_INIT };
    if (luaL_newmetatable(L, "baton.held")) {
        lua_pushcfunction(L, value_release);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    script__of(L)->held = h;
    return h;
}

struct buf *script__hold_buf(lua_State *L)
{
    return &value_push_held(L)->buf;
}

static int value_new_held(lua_State *L)
{
    value_push_held(L);
    return 1;
}

/* What is handed over is released even where there is no memory to hold it. */
void script__hold(lua_State *L, void *p, void (*release)(void *))
{
    lua_pushcfunction(L, value_new_held);
    if (lua_pcall(L, 0, 1, 0) != LUA_OK) {
        if (p)
            release(p);
        lua_error(L);
    }
    struct value_held *h = lua_touserdata(L, -1);
    h->release = release;
    h->p = p;
}

/* ---- messages ---- */

static void value_describe(lua_State *L, int index, struct buf *out)
{
    enum entity entity;
    int64_t id;
    if (script__is_handle(L, index, &entity, &id)) {
        char ref[32];
        row_id_format(entity, id, ref);
        buf_puts(out, ref);
        return;
    }
    size_t n;
    const char *text;
    switch (lua_type(L, index)) {
    case LUA_TSTRING:
        text = lua_tolstring(L, index, &n);
        buf_putc(out, '"');
        text_printable(text, n > 60 ? 60 : n, false, out);
        buf_puts(out, n > 60 ? "…\"" : "\"");
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index))
            buf_int(out, lua_tointeger(L, index));
        else
            buf_printf(out, "%.14g", lua_tonumber(L, index));
        break;
    case LUA_TBOOLEAN:
        buf_puts(out, lua_toboolean(L, index) ? "true" : "false");
        break;
    case LUA_TLIGHTUSERDATA:
        buf_puts(out, value__is_null(L, index) ? "baton.none" : "a value of another kind");
        break;
    case LUA_TNONE:
    case LUA_TNIL:
        buf_puts(out, "nothing");
        break;
    case LUA_TUSERDATA:
        buf_puts(out, "a value of another kind");
        break;
    default:
        buf_printf(out, "a %s", luaL_typename(L, index));
    }
}

/* Nothing in here raises, so a plain buffer will do; the stack is left alone. */
const char *value__seen(lua_State *L, int index)
{
    struct buf out = BUF_INIT;
    value_describe(L, index, &out);
    const char *text = arena_dupn(script__arena(script__of(L)), buf_text(&out), out.len);
    buf_free(&out);
    return text;
}

void value__refuse(lua_State *L, int index, const char *what, const char *name, const char *takes)
{
    script__raisef(L, ERROR_INVALID, "%s%s\"%s\" takes %s, got %s", what ? what : "",
                   what ? ": " : "", name, takes, value__seen(L, index));
}

/* `; known: a, b`, where they are few enough to be read. */
static void value_list_known(const char *const *names, struct buf *out)
{
    enum { MANY = 24 };
    size_t n = 0;
    while (names[n])
        n++;
    for (size_t i = 0; n <= MANY && i < n; i++)
        buf_printf(out, "%s%.64s", i ? ", " : "; known: ", names[i]);
}

int script__unknown(lua_State *L, const char *what, const char *kind, const char *word,
                    const char *const *candidates)
{
    struct buf *near = script__hold_buf(L);
    text_suggest(word, candidates, near);
    if (!near->len)
        value_list_known(candidates, near);
    script__raisef(L, ERROR_INVALID, "%s: unknown %s \"%.64s\"%s", what, kind, word,
                   buf_text(near));
}

/* ---- to the store ---- */

static const char *value_takes(lua_State *L, const struct column *c)
{
    char letter;
    switch (c->type) {
    case COLUMN_TEXT:
        return "text";
    case COLUMN_INT:
        return "a whole number";
    case COLUMN_BOOL:
        return "true or false";
    case COLUMN_REAL:
        return "a number";
    case COLUMN_TIME:
        return "a time (\"2026-03-01 09:00\", \"3 working days\" or milliseconds)";
    case COLUMN_REF:
        letter = schema_of(c->ref)->letter;
        return arena_printf(value__arena(L), "a %s (a handle, a number or \"%c-12\")",
                            schema_of(c->ref)->name, letter);
    case COLUMN_ANY:
        return "a handle or \"R-12\"";
    }
    return "a value";
}

static struct value value_text_of(lua_State *L, int index, bool *ok)
{
    size_t n;
    const char *text;
    if (lua_type(L, index) == LUA_TNUMBER) {
        lua_Number d = lua_tonumber(L, index);
        *ok = d - d == 0;        /* neither NaN nor infinite */
        lua_pushvalue(L, index); /* lua_tolstring would change the caller's number to text */
        text = lua_tolstring(L, -1, &n);
        text = arena_dupn(value__arena(L), text, n);
        lua_pop(L, 1);
        return value_textn(text, n);
    }
    if (lua_type(L, index) != LUA_TSTRING) {
        *ok = false;
        return value_null();
    }
    text = lua_tolstring(L, index, &n);
    return value_textn(arena_dupn(value__arena(L), text, n), n);
}

/* The years 1 to 9999: what a text can name, too. */
#define VALUE_TIME_LOW_MS INT64_C(-62135596800000)
#define VALUE_TIME_HIGH_MS INT64_C(253402300799999)

static struct value value_time(lua_State *L, int index, const char *what, const char *name,
                               bool *ok)
{
    int64_t at;
    struct error e;
    if (lua_type(L, index) == LUA_TNUMBER) {
        int whole;
        at = lua_tointegerx(L, index, &whole);
        if (!whole)
            at = value__from_double(lua_tonumber(L, index), ok);
        if (*ok && (at < VALUE_TIME_LOW_MS || at > VALUE_TIME_HIGH_MS))
            script__raisef(L, ERROR_LIMIT,
                           "%s%s\"%s\": the time %s ms is outside of the years 1 to 9999",
                           what ? what : "", what ? ": " : "", name, value__seen(L, index));
        return value_int(at);
    }
    if (lua_type(L, index) != LUA_TSTRING) {
        *ok = false;
        return value_null();
    }
    struct domain *d = script__domain(L);
    if (when_parse(lua_tostring(L, index), domain_calendar(d), domain_now(d), &at, &e) < 0)
        script__raisef(L, e.code, "%s%s\"%s\": %s", what ? what : "", what ? ": " : "", name,
                       e.message);
    return value_int(at);
}

int64_t value__from_double(double d, bool *ok)
{
    if (!(d >= -9e15 && d <= 9e15)) { /* NaN too */
        *ok = false;
        return 0;
    }
    return (int64_t)d;
}

static struct value value_any(lua_State *L, int index, bool *ok)
{
    char ref[32];
    enum entity entity = ENTITY_NONE;
    int64_t id;
    bool found = script__is_handle(L, index, &entity, &id);
    if (!found && lua_type(L, index) == LUA_TSTRING)
        found = row_id_parse(lua_tostring(L, index), &entity, &id) == 0 && entity != ENTITY_NONE;
    if (!found) {
        *ok = false;
        return value_null();
    }
    row_id_format(entity, id, ref);
    return value_text(arena_dup(value__arena(L), ref));
}

bool value__id(lua_State *L, int index, enum entity wanted, int64_t *id)
{
    enum entity entity = wanted;
    int whole;
    if (script__is_handle(L, index, &entity, id))
        return entity == wanted;
    if (lua_type(L, index) == LUA_TSTRING) {
        const char *text = lua_tostring(L, index);
        return row_id_parse(text, &entity, id) == 0 && entity == wanted && *id > 0;
    }
    *id = lua_tointegerx(L, index, &whole);
    return lua_type(L, index) == LUA_TNUMBER && whole && *id > 0;
}

struct value script__convert(lua_State *L, int index, const struct column *c, const char *what,
                             const char *name)
{
    bool ok = true;
    int whole = 1;
    int64_t id;
    struct value v = value_null();
    index = lua_absindex(L, index);
    if (value__is_null(L, index))
        return v;
    if (c->type != COLUMN_TEXT && lua_type(L, index) == LUA_TSTRING && lua_rawlen(L, index) == 0)
        return v; /* an empty cell of a CSV */
    switch (c->type) {
    case COLUMN_TEXT:
        v = value_text_of(L, index, &ok);
        break;
    case COLUMN_INT:
        v = value_int(lua_tointegerx(L, index, &whole));
        ok = whole;
        break;
    case COLUMN_BOOL:
        v = value_int(lua_toboolean(L, index));
        ok = lua_isboolean(L, index);
        break;
    case COLUMN_REAL:
        v = value_real(lua_tonumberx(L, index, &whole));
        ok = whole && v.r - v.r == 0; /* neither NaN nor infinite */
        break;
    case COLUMN_TIME:
        v = value_time(L, index, what, name, &ok);
        break;
    case COLUMN_REF:
        ok = value__id(L, index, c->ref, &id);
        v = ok ? value_int(id) : v;
        break;
    case COLUMN_ANY:
        v = value_any(L, index, &ok);
        break;
    }
    if (!ok)
        value__refuse(L, index, what, name, value_takes(L, c));
    return v;
}

int64_t script__check_time(lua_State *L, int index)
{
    static const struct column time = { "time", COLUMN_TIME, 0, ENTITY_NONE, NULL, "" };
    if (value__is_null(L, index))
        value__refuse(L, index, NULL, "time", value_takes(L, &time));
    return script__convert(L, index, &time, NULL, "time").i;
}

/* ---- to Lua ---- */

void script__push_value(lua_State *L, const struct column *c, const struct value *v)
{
    enum entity entity = ENTITY_NONE;
    int64_t id;
    switch (v->type) {
    case VALUE_INT:
        if (c->type == COLUMN_BOOL)
            lua_pushboolean(L, v->i != 0);
        else
            lua_pushinteger(L, v->i);
        break;
    case VALUE_REAL:
        lua_pushnumber(L, v->r);
        break;
    case VALUE_TEXT:
        if (c->type == COLUMN_ANY && row_id_parse(v->s, &entity, &id) == 0 && entity != ENTITY_NONE)
            script__push_handle(L, entity, id);
        else
            lua_pushlstring(L, v->s, v->len);
        break;
    default:
        lua_pushnil(L);
    }
}
