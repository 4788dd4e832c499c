/* baton version: which baton, and which libraries it runs with. The plain form
 * never gets here, see cli_main. Versions are asked of the libraries that are
 * loaded; those of Lua and SQLite by symbol, since their headers belong to the
 * rooms script and store. Only libedit, which is loaded late, tells that of its
 * header. */
#include "cli/cli_internal.h"

#include <dlfcn.h>
#include <histedit.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>
#include <uv.h>

#include "baton/base/buf.h"
#include "baton/base/json.h"

static void version_of_lua(char *out, size_t size)
{
    const char *ident = dlsym(RTLD_DEFAULT, "lua_ident"); /* "$LuaVersion: Lua 5.4.4  Copyright" */
    const char *at = ident ? strstr(ident, "Lua 5") : NULL;
    at = at ? at + strlen("Lua ") : "unknown";
    snprintf(out, size, "%.*s", (int)strcspn(at, " "), at);
}

static void version_of_sqlite(char *out, size_t size)
{
    const char *version = dlsym(RTLD_DEFAULT, "sqlite3_version");
    snprintf(out, size, "%s", version ? version : "unknown");
}

void version_libraries(struct version_library out[VERSION_LIBRARIES])
{
    static const char *const names[VERSION_LIBRARIES] = { "lua",       "sqlite",  "libuv",
                                                          "libsodium", "jansson", "libedit" };
    for (size_t i = 0; i < VERSION_LIBRARIES; i++)
        out[i].name = names[i];
    version_of_lua(out[0].version, sizeof out[0].version);
    version_of_sqlite(out[1].version, sizeof out[1].version);
    snprintf(out[2].version, sizeof out[2].version, "%s", uv_version_string());
    snprintf(out[3].version, sizeof out[3].version, "%s", sodium_version_string());
    snprintf(out[4].version, sizeof out[4].version, "%s", jansson_version_str());
    snprintf(out[5].version, sizeof out[5].version, "%d.%d", LIBEDIT_MAJOR, LIBEDIT_MINOR);
}

static int version_run(const struct cli *c)
{
    struct version_library libraries[VERSION_LIBRARIES];
    version_libraries(libraries);
    if (!c->json) {
        puts("baton " BATON_VERSION);
        for (size_t i = 0; cli_has(c, "verbose") && i < VERSION_LIBRARIES; i++)
            printf("  %-10s %s\n", libraries[i].name, libraries[i].version);
        return CLI_OK;
    }
    struct buf out = BUF_INIT;
    struct jsonw w;
    jsonw_start(&w, &out);
    jsonw_open_object(&w);
    jsonw_key(&w, "baton");
    jsonw_text(&w, BATON_VERSION);
    for (size_t i = 0; i < VERSION_LIBRARIES; i++) {
        jsonw_key(&w, libraries[i].name);
        jsonw_text(&w, libraries[i].version);
    }
    jsonw_close(&w);
    print_json_text(stdout, out.data, out.len);
    buf_free(&out);
    return CLI_OK;
}

static const struct option version_options[] = {
    { "verbose", 'v', NULL, "the libraries too" },
    { NULL, 0, NULL, NULL },
};

const struct command command_version = {
    .name = "version",
    .usage = "[--verbose]",
    .summary = "Says which version this is, and with --verbose or --json those of its libraries",
    .options = version_options,
    .example = "baton version --verbose",
    .run = version_run,
};
