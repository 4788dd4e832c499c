/* Options of describe: what the organisation of a group is like. They become
 * the text of an org.ini, so that one reader checks both. */
#include "script/plugin_internal.h"
#include "script/spec_internal.h"

#include <string.h>

#include "baton/base/memory.h"

static const char *const options_known[] = { "settings", "plugins", "workflows", "zone", "at",
                                             "title",    "roles",   "calendar",  NULL };

/* Those whose members are merged with the outer group's; the others replace. */
static bool options_is_merged(const char *key)
{
    static const char *const merged[] = { "settings", "plugins", "workflows", "calendar", NULL };
    for (size_t i = 0; merged[i]; i++)
        if (!strcmp(merged[i], key))
            return true;
    return false;
}

void spec__check_options(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        bool known = false;
        if (lua_type(L, -2) != LUA_TSTRING)
            script__raisef(L, ERROR_INVALID, "describe: options have names: { zone = \"UTC\" }");
        const char *key = lua_tostring(L, -2);
        for (size_t i = 0; options_known[i]; i++)
            known = known || !strcmp(options_known[i], key);
        if (!known)
            script__unknown(L, "describe", "option", key, options_known);
        bool table = options_is_merged(key);
        if (table ? !lua_istable(L, -1)
                  : !lua_isstring(L, -1) && !(lua_istable(L, -1) && !strcmp(key, "roles")))
            script__raisef(L, ERROR_INVALID, "describe: %s takes a %s, got a %s", key,
                           table ? "table" : "text", luaL_typename(L, -1));
    }
}

static void options_overlay(lua_State *L, int onto, int from, unsigned depth)
{
    for (lua_pushnil(L); lua_next(L, from); lua_pop(L, 1)) {
        int value = lua_gettop(L);
        lua_pushvalue(L, value - 1);
        bool deeper = depth < 2 && lua_istable(L, value) &&
                      (depth || options_is_merged(lua_tostring(L, value - 1)));
        if (deeper) {
            luaL_checkstack(L, 10, "describe");
            lua_newtable(L);
            int merged = lua_gettop(L);
            lua_pushvalue(L, value - 1);
            if (lua_rawget(L, onto) == LUA_TTABLE)
                options_overlay(L, merged, merged + 1, depth + 1);
            lua_settop(L, merged);
            options_overlay(L, merged, value, depth + 1);
        } else {
            lua_pushvalue(L, value);
        }
        lua_rawset(L, onto);
    }
}

void spec__merge_options(lua_State *L, int base, int index)
{
    lua_newtable(L);
    int onto = lua_gettop(L);
    if (base && lua_istable(L, base))
        options_overlay(L, onto, base, 0);
    options_overlay(L, onto, index, 0);
    lua_settop(L, onto);
}

/* ---- as text ---- */

static void options_line(lua_State *L, const char *key, struct buf *out)
{
    int value = lua_gettop(L);
    buf_printf(out, "%s = ", key);
    lua_Integer n = lua_istable(L, value) ? (lua_Integer)lua_rawlen(L, value) : 1;
    for (lua_Integer i = 1; i <= n; i++) {
        if (lua_istable(L, value))
            lua_rawgeti(L, value, i);
        else
            lua_pushvalue(L, value);
        const char *text = lua_isboolean(L, -1)  ? (lua_toboolean(L, -1) ? "yes" : "no")
                           : lua_isstring(L, -1) ? lua_tostring(L, -1)
                                                 : NULL;
        if (!text || strpbrk(text, "\r\n"))
            script__raisef(L, ERROR_INVALID,
                           "describe: %s takes a text, a number, true, false or a list of them",
                           key);
        buf_printf(out, "%s%s", i > 1 ? ", " : "", text);
        lua_pop(L, 1);
    }
    buf_putc(out, '\n');
}

/* Sorted, so that the same options are the same text. */
static void options_section(lua_State *L, int table, const char *title, struct buf *out)
{
    const char *const *keys = table_keys(L, table, "describe");
    if (!*keys)
        return;
    buf_printf(out, "[%s]\n", title);
    for (; *keys; keys++) {
        lua_getfield(L, table, *keys);
        options_line(L, *keys, out);
        lua_pop(L, 1);
    }
}

/* plugins = { "a", b = { setting = 1 } }, workflows = { x = { disable = … } }: names of the former
 * into *names. */
static void options_sections(lua_State *L, int index, const char *key, const char *word,
                             struct buf *names, struct buf *out)
{
    if (lua_getfield(L, index, key) == LUA_TTABLE) {
        int table = lua_gettop(L);
        for (lua_Integer i = 1; names && i <= (lua_Integer)lua_rawlen(L, table); i++) {
            lua_rawgeti(L, table, i);
            buf_printf(names, "%s%s", names->len ? ", " : "", luaL_checkstring(L, -1));
            lua_pop(L, 1);
        }
        for (const char *const *keys = table_keys(L, table, "describe"); *keys; keys++) {
            const char *title = arena_printf(value__arena(L), "%s %s", word, *keys);
            if (lua_getfield(L, table, *keys) != LUA_TTABLE)
                script__raisef(L, ERROR_INVALID, "describe: %s.%s takes a table", key, *keys);
            if (names)
                buf_printf(names, "%s%s", names->len ? ", " : "", *keys);
            options_section(L, lua_gettop(L), title, out);
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
}

static void options_org(lua_State *L, int index, struct buf *out)
{
    static const char *const keys[] = { "title", "zone", NULL };
    for (size_t i = 0; keys[i]; i++) {
        if (lua_getfield(L, index, keys[i]) != LUA_TNIL)
            options_line(L, keys[i], out);
        lua_pop(L, 1);
    }
    if (lua_getfield(L, index, "roles") != LUA_TNIL) {
        buf_puts(out, "[roles]\n");
        options_line(L, "extra", out);
    }
    lua_pop(L, 1);
    if (lua_getfield(L, index, "calendar") == LUA_TTABLE)
        options_section(L, lua_gettop(L), "calendar", out);
    lua_pop(L, 1);
}

void spec__read_options(lua_State *L, int index, const struct spec *s, struct spec_group *g)
{
    struct buf *out = script__hold_buf(L), *names = script__hold_buf(L);
    options_org(L, index, out);
    if (lua_getfield(L, index, "settings") == LUA_TTABLE) {
        if (!s->plugin)
            script__raisef(L, ERROR_INVALID,
                           "describe: settings are those of a plugin, and this "
                           "file belongs to none (PLUGIN/spec/NAME.lua)");
        options_section(L, lua_gettop(L), arena_printf(value__arena(L), "plugin %s", s->plugin),
                        out);
    }
    lua_pop(L, 1);
    options_sections(L, index, "plugins", "plugin", names, out);
    options_sections(L, index, "workflows", "workflow", NULL, out);
    lua_getfield(L, index, "at");
    g->at = mem_dup(lua_isstring(L, -1) ? lua_tostring(L, -1) : "");
    lua_pop(L, 1);
    g->plugins = mem_dup(buf_text(names));
    g->ini = mem_dup(buf_text(out));
    lua_pop(L, 2);
}
