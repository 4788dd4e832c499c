/* baton reference: the Lua modules from the table that is behind the help of the
 * REPL too (DESIGN 15), for people, for luacheck and for editors. */
#include "cli/cli_internal.h"

#include <string.h>

#include "baton/base/buf.h"
#include "baton/base/text.h"
#include "baton/script/script.h"

static const struct {
    const char *name;
    void (*write)(struct buf *out);
} reference_formats[] = {
    { "markdown", script_reference },
    { "luacheck", script_luacheck },
    { "luals", script_luals },
};
enum { REFERENCE_FORMATS = sizeof reference_formats / sizeof *reference_formats };

static int reference_unknown(const struct cli *c, const char *format)
{
    const char *names[REFERENCE_FORMATS + 1] = { NULL };
    struct buf near = BUF_INIT;
    struct error e;
    for (size_t i = 0; i < REFERENCE_FORMATS; i++)
        names[i] = reference_formats[i].name;
    text_suggest(format, names, &near);
    error_set(&e, ERROR_INVALID, "unknown format \"%.40s\"%s", format,
              near.len ? buf_text(&near) : "; known: markdown, luacheck, luals");
    buf_free(&near);
    cli_fail(c, &e);
    return CLI_USAGE;
}

static int reference_run(const struct cli *c)
{
    const char *format = cli_value(c, "format");
    struct buf out = BUF_INIT;
    size_t i = 0;
    while (format && i < REFERENCE_FORMATS && strcmp(reference_formats[i].name, format) != 0)
        i++;
    if (i == REFERENCE_FORMATS)
        return reference_unknown(c, format);
    reference_formats[i].write(&out);
    fputs(buf_text(&out), stdout);
    buf_free(&out);
    return CLI_OK;
}

static const struct option reference_options[] = {
    { "format", 'f', "FORMAT", "markdown (the default), luacheck or luals" },
    { NULL, 0, NULL, NULL },
};

const struct command command_reference = {
    .name = "reference",
    .usage = "[--format FORMAT]",
    .summary = "Prints the reference of the Lua modules",
    .options = reference_options,
    .notes = "markdown: the page docs/lua-api.md. luacheck: a .luacheckrc that knows the names "
             "that plugins,\nscripts and specs have. luals: stubs for the Lua language server "
             "(completion and hover).",
    .example = "baton reference --format luacheck > .luacheckrc\n"
               "baton reference --format luals > ~/lua/baton.lua",
    .run = reference_run,
};
