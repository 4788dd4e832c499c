/* baton reference: the Lua modules as Markdown, from the same table as the help
 * of the REPL (DESIGN 15). For the documentation, hence hidden. */
#include "cli/cli_internal.h"

#include "baton/base/buf.h"
#include "baton/script/script.h"

static int reference_run(const struct cli *c)
{
    struct buf out = BUF_INIT;
    (void)c;
    script_reference(&out);
    fputs(buf_text(&out), stdout);
    buf_free(&out);
    return CLI_OK;
}

const struct command command_reference = {
    .name = "reference",
    .usage = "",
    .summary = "Prints the reference of the Lua modules as Markdown",
    .example = "baton reference > docs/lua.md",
    .hidden = true,
    .run = reference_run,
};
