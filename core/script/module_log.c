/* log.* — lines for whoever looks after the organisation. */
#include "script/script_internal.h"

/* string.format of the state's own library; one argument is a line as it is, percent signs
 * included. */
static int log_line(lua_State *L, enum script_stream stream)
{
    size_t n;
    int count = lua_gettop(L);
    if (count == 0)
        script__raisef(L, ERROR_INVALID, "log takes a text: log.info(\"%%d people\", n)");
    if (count > 1 && lua_type(L, 1) == LUA_TSTRING) {
        luaL_getmetafield(L, 1, "__index");
        lua_getfield(L, -1, "format");
        lua_replace(L, count + 1);
        lua_insert(L, 1);
        for (int i = 3; i <= count + 1; i++) { /* %s of a handle or nil */
            if (lua_type(L, i) == LUA_TNUMBER || lua_type(L, i) == LUA_TSTRING)
                continue;
            luaL_tolstring(L, i, NULL);
            lua_replace(L, i);
        }
        lua_call(L, count, 1);
    }
    const char *text = luaL_tolstring(L, 1, &n);
    script__output(L, stream, text, n);
    return 0;
}

static int log_info(lua_State *L)
{
    return log_line(L, SCRIPT_LOG_INFO);
}

static int log_warn(lua_State *L)
{
    return log_line(L, SCRIPT_LOG_WARN);
}

static int log_error(lua_State *L)
{
    return log_line(L, SCRIPT_LOG_ERROR);
}

static const struct script_function log_functions[] = {
    { "info", log_info, "log.info(format, …)", "a line for the log; format as in string.format",
      "log.info(\"%d people\", people.count{})" },
    { "warn", log_warn, "log.warn(format, …)", "something to look at",
      "log.warn(\"%s has no mail address\", ada.name)" },
    { "error", log_error, "log.error(format, …)", "something that went wrong",
      "log.error(\"line %d of %s cannot be read\", 12, \"people.csv\")" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__log = { "log", "lines for whoever looks after the organisation",
                                           log_functions };
