/* Reading the option tables of declarations. Everything raises, with the name
 * of what is declared, the key, what was given and what would be right. Reads
 * are raw: a metatable of a plugin is not asked. Text is copied to the arena. */
#include "script/plugin_internal.h"

#include <stdlib.h>
#include <string.h>

#include "baton/base/limits.h"
#include "baton/base/text.h"
#include "baton/base/when.h"

static int table_raw(lua_State *L, int index, const char *key)
{
    index = lua_absindex(L, index);
    lua_pushstring(L, key);
    return lua_rawget(L, index);
}

static void table_refuse(lua_State *L, const char *key, const char *takes, const char *what)
{
    const char *seen = luaL_typename(L, -1);
    if (lua_type(L, -1) == LUA_TSTRING || lua_type(L, -1) == LUA_TNUMBER)
        seen = arena_printf(script__arena(script__of(L)), "\"%.60s\"", lua_tostring(L, -1));
    script__raisef(L, ERROR_INVALID, "%s: %s takes %s, got %s", what, key, takes, seen);
}

static const char *table_dup(lua_State *L)
{
    size_t n;
    const char *text = lua_tolstring(L, -1, &n);
    return arena_dupn(script__arena(script__of(L)), text, n);
}

static int table_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *const *table_keys(lua_State *L, int index, const char *what)
{
    size_t count = 0;
    luaL_checkstack(L, 4, NULL);
    index = lua_absindex(L, index);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        count++;
    if (count > LIMIT_TABLE_KEYS)
        script__raisef(L, ERROR_LIMIT, "%s: more than %d entries", what, LIMIT_TABLE_KEYS);
    const char **keys = arena_alloc(script__arena(script__of(L)), (count + 1) * sizeof *keys);
    count = 0;
    for (lua_pushnil(L); lua_next(L, index);) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING)
            keys[count++] = table_dup(L);
        else if (!lua_isinteger(L, -1))
            script__raisef(L, ERROR_INVALID, "%s: a key is a %s, it must be a word", what,
                           luaL_typename(L, -1));
    }
    qsort(keys, count, sizeof *keys, table_compare);
    return keys;
}

void table_check(lua_State *L, int index, const char *const *known, const char *what)
{
    const char *const *keys = table_keys(L, index, what);
    for (; *keys; keys++) {
        const char *const *k = known;
        while (*k && strcmp(*k, *keys) != 0)
            k++;
        if (!*k)
            script__unknown(L, what, "key", *keys, known);
    }
    if (lua_rawlen(L, index) > 0)
        script__raisef(L, ERROR_INVALID, "%s: an entry has no key: write key = value", what);
}

const char *table_text(lua_State *L, int index, const char *key, const char *what)
{
    const char *text = NULL;
    int type = table_raw(L, index, key);
    if (type == LUA_TSTRING)
        text = table_dup(L);
    else if (type != LUA_TNIL)
        table_refuse(L, key, "text", what);
    lua_pop(L, 1);
    return text;
}

const char *table_need_text(lua_State *L, int index, const char *key, const char *what)
{
    const char *text = table_text(L, index, key, what);
    if (!text)
        script__raisef(L, ERROR_INVALID, "%s: %s is missing", what, key);
    return text;
}

bool table_bool(lua_State *L, int index, const char *key, bool otherwise, const char *what)
{
    int type = table_raw(L, index, key);
    if (type == LUA_TBOOLEAN)
        otherwise = lua_toboolean(L, -1);
    else if (type != LUA_TNIL)
        table_refuse(L, key, "true or false", what);
    lua_pop(L, 1);
    return otherwise;
}

int64_t table_int(lua_State *L, int index, const char *key, int64_t otherwise, const char *what)
{
    int whole = 1;
    if (table_raw(L, index, key) != LUA_TNIL)
        otherwise = lua_type(L, -1) == LUA_TNUMBER ? lua_tointegerx(L, -1, &whole) : (whole = 0);
    if (!whole)
        table_refuse(L, key, "a whole number", what);
    lua_pop(L, 1);
    return otherwise;
}

bool table_number(lua_State *L, int index, const char *key, double *out, const char *what)
{
    int type = table_raw(L, index, key);
    if (type == LUA_TNUMBER)
        *out = (double)lua_tonumber(L, -1);
    else if (type != LUA_TNIL)
        table_refuse(L, key, "a number", what);
    lua_pop(L, 1);
    return type == LUA_TNUMBER;
}

static const char *const *table_list(lua_State *L, const char *key, const char *what)
{
    size_t count = lua_rawlen(L, -1);
    if (count > LIMIT_TABLE_KEYS)
        script__raisef(L, ERROR_LIMIT, "%s: %s has more than %d entries", what, key,
                       LIMIT_TABLE_KEYS);
    if (*table_keys(L, -1, what))
        table_refuse(L, key, "a list of words", what);
    const char **words = arena_alloc(script__arena(script__of(L)), (count + 1) * sizeof *words);
    for (size_t i = 0; i < count; i++) {
        if (lua_rawgeti(L, -1, (lua_Integer)i + 1) != LUA_TSTRING)
            table_refuse(L, key, "a list of words", what);
        words[i] = table_dup(L);
        lua_pop(L, 1);
    }
    return words;
}

const char *const *table_words(lua_State *L, int index, const char *key, const char *what)
{
    const char *const *words = NULL;
    int type = table_raw(L, index, key);
    if (type == LUA_TSTRING) {
        const char **one = arena_alloc(script__arena(script__of(L)), 2 * sizeof *one);
        one[0] = table_dup(L);
        words = one;
    } else if (type == LUA_TTABLE) {
        words = table_list(L, key, what);
    } else if (type != LUA_TNIL) {
        table_refuse(L, key, "a word or a list of words", what);
    }
    lua_pop(L, 1);
    return words;
}

bool table_table(lua_State *L, int index, const char *key, const char *what)
{
    int type = table_raw(L, index, key);
    if (type != LUA_TTABLE && type != LUA_TNIL)
        table_refuse(L, key, "a table", what);
    return type == LUA_TTABLE;
}

struct span table_to_span(lua_State *L, int index, const char *key, const char *what)
{
    struct span span;
    struct error e;
    lua_pushvalue(L, index);
    if (lua_type(L, -1) != LUA_TSTRING)
        table_refuse(L, key, "a span such as \"3 working days\"", what);
    if (span_parse(lua_tostring(L, -1), &span, &e) < 0)
        script__raisef(L, ERROR_INVALID, "%s: %s: %s", what, key, e.message);
    lua_pop(L, 1);
    return span;
}

bool table_span(lua_State *L, int index, const char *key, struct span *out, const char *what)
{
    bool given = table_raw(L, index, key) != LUA_TNIL;
    if (given)
        *out = table_to_span(L, -1, key, what);
    lua_pop(L, 1);
    return given;
}

const char *table_to_name(lua_State *L, int index, const char *what)
{
    const char *name = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : NULL;
    if (!name)
        script__raisef(L, ERROR_INVALID, "%s needs a name first, got a %s", what,
                       luaL_typename(L, index));
    if (!text_is_name(name))
        script__raisef(L, ERROR_INVALID,
                       "%s: \"%.80s\" is no name: a-z, then a-z, 0-9 and _, at most %d", what, name,
                       LIMIT_NAME_BYTES);
    return arena_dup(script__arena(script__of(L)), name);
}
