/* json.* — values as JSON text and back, in memory and in files. */
#include "script/files_internal.h"
#include "script/records_internal.h"

#include <string.h>

static int json_lua_decode(lua_State *L)
{
    size_t n;
    struct error e;
    if (lua_type(L, 1) != LUA_TSTRING)
        script__raisef(L, ERROR_INVALID, "json.decode takes text, got a %s", luaL_typename(L, 1));
    const char *text = lua_tolstring(L, 1, &n);
    if (value__push_json(L, text, n, &e) < 0)
        script__raisef(L, e.code, "json.decode: %s%s%s", e.where, e.where[0] ? ": " : "",
                       e.message);
    return 1;
}

/* ---- pretty ---- */

static void json_newline(struct buf *out, unsigned depth)
{
    buf_putc(out, '\n');
    for (unsigned i = 0; i < depth; i++)
        buf_puts(out, "  ");
}

/* Where the text that begins at `at` ends, behind its closing quote. */
static size_t json_skip_text(const char *json, size_t n, size_t at)
{
    for (at++; at < n && json[at] != '"'; at++)
        at += json[at] == '\\';
    return at < n ? at + 1 : n;
}

/* Compact JSON, as our writer makes it, with lines and two spaces a level. */
static void json_pretty(const char *json, size_t n, struct buf *out)
{
    unsigned depth = 0;
    for (size_t i = 0; i < n;) {
        char c = json[i];
        if (c == '"') {
            size_t end = json_skip_text(json, n, i);
            buf_add(out, json + i, end - i);
            i = end;
            continue;
        }
        i++;
        if ((c == '{' || c == '[') && i < n && (json[i] == '}' || json[i] == ']')) {
            buf_putc(out, c);
            buf_putc(out, json[i++]);
        } else if (c == '{' || c == '[') {
            buf_putc(out, c);
            json_newline(out, ++depth);
        } else if (c == '}' || c == ']') {
            json_newline(out, --depth);
            buf_putc(out, c);
        } else if (c == ',') {
            buf_putc(out, c);
            json_newline(out, depth);
        } else {
            buf_putc(out, c);
            if (c == ':')
                buf_putc(out, ' ');
        }
    }
}

/* Pushes a held buffer with the value at `index` as JSON. */
static struct buf *json_push(lua_State *L, int index, int options, const char *what)
{
    static const char *const known[] = { "pretty", NULL };
    records__check_options(L, options, what, known);
    struct buf *compact = script__hold_buf(L);
    script__to_json(L, index, compact);
    if (!lua_istable(L, options))
        return compact;
    lua_getfield(L, options, "pretty");
    bool pretty = lua_toboolean(L, -1);
    lua_pop(L, 1);
    if (!pretty)
        return compact;
    struct buf *out = script__hold_buf(L);
    json_pretty(buf_text(compact), compact->len, out);
    value__release(L, -2);
    return out;
}

static int json_lua_encode(lua_State *L)
{
    luaL_checkany(L, 1);
    struct buf *out = json_push(L, 1, 2, "json.encode");
    lua_pushlstring(L, buf_text(out), out->len);
    value__release(L, -2);
    return 1;
}

static int json_lua_read(lua_State *L)
{
    struct error e;
    const char *path = files__check_path(L, 1, "json.read");
    const struct buf *text = files__read(L, path);
    if (value__push_json(L, buf_text(text), text->len, &e) < 0)
        script__raisef(L, e.code, "%.200s%s%s: %s", path, e.where[0] ? ", " : "", e.where,
                       e.message);
    value__release(L, -2);
    return 1;
}

static int json_lua_write(lua_State *L)
{
    const char *path = files__check_path(L, 1, "json.write");
    luaL_checkany(L, 2);
    struct buf *out = json_push(L, 2, 3, "json.write");
    buf_putc(out, '\n');
    files__write(L, path, buf_text(out), out->len);
    value__release(L, -1);
    return script__pause(L, 0);
}

/* An empty table is an object unless it is marked. */
static int json_lua_list(lua_State *L)
{
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    if (lua_getmetatable(L, 1))
        script__raisef(L, ERROR_INVALID, "json.list takes a plain table");
    lua_settop(L, 1);
    value__mark_list(L, 1);
    return 1;
}

static const struct script_function json_functions[] = {
    { "decode", json_lua_decode, "json.decode(text) → value",
      "null in an object is nil, in a list baton.none",
      "json.decode('{\"hours\": [2, 3]}').hours  --> { 2, 3 }\n"
      "json.decode('{\"hours\": 2')  --> error: json.decode: 1:11: not valid JSON: …" },
    { "encode", json_lua_encode, "json.encode(value, {pretty=false}) → text",
      "members in the order of their names; handles as \"R-12\"",
      "json.encode{ subject = ada, hours = { 2, 3 } }  --> "
      "'{\"hours\":[2,3],\"subject\":\"P-1\"}'" },
    { "read", json_lua_read, "json.read(file) → value", "reads a file",
      "json.read(\"request.json\")  --> { hours = 2, title = \"Reading help\" }" },
    { "write", json_lua_write, "json.write(file, value, {pretty=false})", "replaces a file",
      "json.write(\"out.json\", { referral = r, stage = r.stage }, { pretty = true })\n"
      "json.read(\"out.json\").referral  --> \"R-1\"" },
    { "list", json_lua_list, "json.list(table) → table",
      "marks a table, so that it is [] and not {} when empty",
      "json.encode{ tags = json.list{} }  --> '{\"tags\":[]}'\n"
      "json.encode{ tags = {} }  --> '{\"tags\":{}}'" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__json = { "json", "values as JSON text and back",
                                            json_functions };
