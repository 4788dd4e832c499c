/* text.* — words of people. */
#include "script/files_internal.h"
#include "script/state_internal.h"
#include "script/value_internal.h"

#include "baton/base/text.h"

#include <ctype.h>
#include <string.h>

enum { TEXT_LOOK = 1024 };

static const char *text_argument(lua_State *L, int index, const char *what, size_t *n)
{
    if (lua_type(L, index) != LUA_TSTRING)
        script__raisef(L, ERROR_INVALID, "%s takes text, got a %s", what, luaL_typename(L, index));
    return lua_tolstring(L, index, n);
}

static int text_lua_fold(lua_State *L)
{
    size_t n;
    const char *text = text_argument(L, 1, "text.fold", &n);
    if (n > LIMIT_FOLD_BYTES)
        script__raisef(L, ERROR_LIMIT, "text.fold: %zu bytes, at most %d", n, LIMIT_FOLD_BYTES);
    struct buf *out = script__hold_buf(L);
    text_fold(text, n, out);
    lua_pushlstring(L, buf_text(out), out->len);
    value__release(L, -2);
    return 1;
}

static void text_trim_span(const char **text, size_t *n)
{
    while (*n && isspace((unsigned char)**text))
        ++*text, --*n;
    while (*n && isspace((unsigned char)(*text)[*n - 1]))
        --*n;
}

static int text_lua_trim(lua_State *L)
{
    size_t n;
    const char *text = text_argument(L, 1, "text.trim", &n);
    text_trim_span(&text, &n);
    lua_pushlstring(L, text, n);
    return 1;
}

/* Parts are trimmed where no separator is given: "a, b" is what people write. */
static int text_lua_split(lua_State *L)
{
    size_t n, sep_n;
    const char *text = text_argument(L, 1, "text.split", &n);
    bool plain = !lua_isnoneornil(L, 2);
    const char *sep = plain ? text_argument(L, 2, "text.split", &sep_n) : (sep_n = 1, ",");
    if (!sep_n)
        script__raisef(L, ERROR_INVALID, "text.split: the separator is empty");
    lua_newtable(L);
    const char *end = text + n;
    for (lua_Integer i = 1; text <= end; i++) {
        const char *next = memmem(text, (size_t)(end - text), sep, sep_n);
        const char *part = text;
        size_t part_n = (size_t)((next ? next : end) - text);
        if (!plain)
            text_trim_span(&part, &part_n);
        lua_pushlstring(L, part, part_n);
        lua_rawseti(L, -2, i);
        if (i % TEXT_LOOK == 0)
            budget__look(L);
        if (!next)
            break;
        text = next + sep_n;
    }
    return 1;
}

static int text_lua_starts(lua_State *L)
{
    size_t n, begin_n;
    const char *text = text_argument(L, 1, "text.starts", &n);
    const char *begin = text_argument(L, 2, "text.starts", &begin_n);
    lua_pushboolean(L, begin_n <= n && !memcmp(text, begin, begin_n));
    return 1;
}

static int text_lua_nearest(lua_State *L)
{
    enum { MANY = 1000 };
    size_t n, count = 0;
    const char *word = text_argument(L, 1, "text.nearest", &n);
    luaL_checktype(L, 2, LUA_TTABLE);
    const char **words = arena_alloc(value__arena(L), (MANY + 1) * sizeof *words);
    for (lua_Integer i = 1; count < MANY && lua_rawgeti(L, 2, i) == LUA_TSTRING; i++) {
        words[count++] = lua_tostring(L, -1); /* the table keeps them alive */
        lua_pop(L, 1);
    }
    const char *near = text_nearest(word, words);
    if (near)
        lua_pushstring(L, near);
    else
        lua_pushnil(L);
    return 1;
}

/* ---- lines of a file: upvalues are the held buffer and the place in it ---- */

static int text_next_line(lua_State *L)
{
    const struct buf *text = lua_touserdata(L, lua_upvalueindex(2));
    size_t at = (size_t)lua_tointeger(L, lua_upvalueindex(3));
    if (at >= text->len) {
        lua_pushnil(L);
        return 1;
    }
    const char *line = buf_text(text) + at, *end = memchr(line, '\n', text->len - at);
    size_t n = end ? (size_t)(end - line) : text->len - at;
    lua_pushinteger(L, (lua_Integer)(at + n + 1));
    lua_replace(L, lua_upvalueindex(3));
    lua_pushlstring(L, line, n && line[n - 1] == '\r' ? n - 1 : n);
    return script__pause(L, 1);
}

static int text_lua_lines(lua_State *L)
{
    struct buf *text = files__read(L, files__check_path(L, 1, "text.lines"));
    size_t mark = text->len >= 3 && !memcmp(buf_text(text), "\xEF\xBB\xBF", 3) ? 3 : 0;
    lua_pushlightuserdata(L, text); /* inside of the first upvalue, which keeps it */
    lua_pushinteger(L, (lua_Integer)mark);
    lua_pushcclosure(L, text_next_line, 3);
    return 1;
}

static const struct script_function text_functions[] = {
    { "fold", text_lua_fold, "text.fold(text) → text",
      "without case and accents, for comparing names",
      "text.fold(\"Éva\") == text.fold(\"EVA\")  --> true" },
    { "split", text_lua_split, "text.split(text, separator) → array",
      "parts between separators; without one: between commas, trimmed",
      "text.split(\"reading, sums\")  --> { \"reading\", \"sums\" }\n"
      "text.split(\"555-0100\", \"-\")  --> { \"555\", \"0100\" }" },
    { "trim", text_lua_trim, "text.trim(text) → text", "without space around it",
      "text.trim(\"  Ada Lovelace \")  --> \"Ada Lovelace\"" },
    { "starts", text_lua_starts, "text.starts(text, beginning) → true or false",
      "does it begin so?", "text.starts(r.ref, \"R-\")  --> true" },
    { "nearest", text_lua_nearest, "text.nearest(word, {words}) → word or nil",
      "the word that comes nearest, if one is near",
      "text.nearest(\"acept\", { \"accept\", \"decline\" })  --> \"accept\"\n"
      "text.nearest(\"xyz\", { \"accept\", \"decline\" })  --> nil" },
    { "lines", text_lua_lines, "text.lines(file) → iterator", "the lines of a file",
      "for line in text.lines(\"names.txt\") do print(line) end  --> Ada Lovelace\n"
      "--> Grace Hopper" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__text = { "text", "words of people", text_functions };
