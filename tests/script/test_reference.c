/* What is generated from the registration table: it is what the repository
 * holds, and it says what the environments have. */
#include "plugin_fixture.h"

static const struct {
    const char *path, *command;
    void (*write)(struct buf *out);
} generated[] = {
    { "docs/lua-api.md", "baton reference", script_reference },
    { "docs/lua/luacheckrc", "baton reference --format luacheck", script_luacheck },
    { "docs/lua/baton.lua", "baton reference --format luals", script_luals },
};

static void what_is_committed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof generated / sizeof *generated; i++) {
        struct buf now = BUF_INIT, kept = BUF_INIT;
        struct error e = { 0 };
        char path[512];
        snprintf(path, sizeof path, "%s/%s", BATON_SOURCE_DIR, generated[i].path);
        generated[i].write(&now);
        if (buf_read_file(&kept, path, LIMIT_SOURCE_BYTES, &e) < 0 || kept.len != now.len ||
            memcmp(kept.data, now.data, now.len) != 0)
            fail_msg("%s is not what the registration table gives; make it anew with: make "
                     "reference (%s > %s) %s",
                     generated[i].path, generated[i].command, generated[i].path, e.message);
        buf_free(&now);
        buf_free(&kept);
    }
}

/* Each global of a real environment is in the standard, and none besides. */
static void the_standard_is_the_environment(void **state)
{
    struct fix *f = *state;
    struct buf out = BUF_INIT, code = BUF_INIT;
    script_luacheck(&out);
    buf_printf(
        &code,
        "local env = { stds = {}, files = {} }\n"
        "load([====[%s]====], 'rc', 't', env)()\n"
        "local known = {}\n"
        "for k, v in pairs(env.stds.baton.read_globals) do\n"
        "  if type(k) == 'number' then known[v] = true else\n"
        "    known[k] = true\n"
        "    local fields = {}\n"
        "    for _, field in ipairs(v.fields) do\n"
        "      fields[field] = true\n"
        "      if k ~= 'baton' and _G[k] and _G[k][field] == nil then error(k .. '.' .. field) "
        "end\n"
        "    end\n"
        "    for field in pairs(k == 'math' and {} or _G[k] or {}) do\n" /* it may have more */
        "      if not fields[field] then error('not in the standard: ' .. k .. '.' .. field) end\n"
        "    end\n"
        "  end\n"
        "end\n"
        "for k in pairs(_G) do if not known[k] then error('not in the standard: ' .. k) end end\n"
        "for k in pairs(known) do if _G[k] == nil then error('not in the environment: ' .. k) end "
        "end\n",
        buf_text(&out));
    ok(fix_lua(f, 0, buf_text(&code)));
    buf_free(&out);
    buf_free(&code);
}

static void stubs_are_lua(void **state)
{
    struct fix *f = *state;
    static const char *const parts[] = {
        "---@meta",
        "---@class baton.Referral: baton.Handle",
        "---@field subject baton.Person|nil",
        "---@return baton.Person|nil\nfunction people.get(id) end",
        "---@return baton.Person[]\nfunction people.find(options) end",
        "function Referral:advance(transition, options) end",
        "function Expect:equals(wanted) end",
        "function baton.on(event, fn, options) end",
        "---@return self",
    };
    struct buf out = BUF_INIT;
    lua_State *L = script__main(f->s);
    script_luals(&out);
    if (luaL_loadbufferx(L, buf_text(&out), out.len, "@baton.lua", "t") != LUA_OK)
        fail_msg("%s", lua_tostring(L, -1));
    lua_settop(L, 0);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_contains(buf_text(&out), parts[i]);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_committed),
        cmocka_unit_test_setup_teardown(the_standard_is_the_environment, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(stubs_are_lua, fix_setup, fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
