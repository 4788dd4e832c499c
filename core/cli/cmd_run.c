/* baton run: a workflow script. The source is read here and sent, so that the
 * organisation's host needs no access to it; files that the script may touch
 * are those named among its arguments, and those below the current folder. */
#include "cli/cli_internal.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "cli/ask_internal.h"

/* Any argument may be the name of a file, there already or not: "--out=x.csv" too. */
static int run_files(const struct cli *c, struct jsonw *w, struct error *e)
{
    jsonw_key(w, "files");
    jsonw_open_array(w);
    for (size_t i = 1; i < c->count; i++) {
        const char *name = c->words[i];
        if (name[0] == '-') {
            const char *equals = strchr(name, '=');
            name = equals ? equals + 1 : "";
        }
        if (!*name || strlen(name) >= PATH_MAX)
            continue;
        char *path = NULL;
        int result = place_file(name, &path, e);
        if (result < 0)
            return result;
        jsonw_text(w, path);
        mem_free(path);
    }
    jsonw_close(w);
    return 0;
}

static int run_request(struct ask *a, struct error *e)
{
    const struct cli *c = a->c;
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here))
        return error_set(e, ERROR_IO, "the current folder cannot be read");
    struct buf source = BUF_INIT;
    int result = buf_read_file(&source, c->words[0], LIMIT_SOURCE_BYTES, e);
    if (result == 0) {
        ask_begin(a, "run");
        jsonw_key(&a->w, "name");
        jsonw_text(&a->w, c->words[0]);
        jsonw_key(&a->w, "source");
        jsonw_textn(&a->w, buf_text(&source), source.len);
        jsonw_key(&a->w, "cwd");
        jsonw_text(&a->w, here);
        if (cli_has(c, "dry-run")) {
            jsonw_key(&a->w, "dry_run");
            jsonw_bool(&a->w, true);
        }
        jsonw_key(&a->w, "args");
        jsonw_open_array(&a->w);
        for (size_t i = 1; i < c->count; i++)
            jsonw_text(&a->w, c->words[i]);
        jsonw_close(&a->w);
        result = run_files(c, &a->w, e);
    }
    buf_free(&source);
    return result;
}

static int run_run(const struct cli *c)
{
    struct ask a;
    struct error e;
    if (access(c->words[0], R_OK) != 0) { /* before an organisation is opened for nothing */
        error_set(&e, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO,
                  "the script %s cannot be read: %s", c->words[0], strerror(errno));
        return cli_fail(c, &e);
    }
    if (ask_open(&a, c, &e) < 0)
        return ask_refused(&a, c, &e);
    int code = CLI_OK;
    if (run_request(&a, &e) < 0 || ask_send(&a, &e) < 0)
        code = cli_fail(c, &e);
    else if (cli_has(c, "dry-run"))
        ask_print_changes(&a);
    ask_close(&a);
    return code;
}

static const struct option run_options[] = {
    { "dry-run", 'n', NULL, "keep nothing: print what would change, row by row, and be sent" },
    { NULL, 0, NULL, NULL },
};

const struct command command_run = {
    .name = "run",
    .usage = "[--dry-run] SCRIPT.lua [ARGUMENT …]",
    .summary = "Runs a Lua script in an organisation",
    .options = run_options,
    .notes =
        "Options of baton stand before SCRIPT; everything behind it belongs to the script, as "
        "`arg`.\n"
        "The script may read and write the files that its arguments name, and files below the\n"
        "current folder. Each write is a turn of its own, unless baton.turn(fn) makes several "
        "one.\n"
        "With --dry-run the whole script is one turn, which is undone at its end; a file that it "
        "would\n"
        "write is named with its length and left as it is. A script that runs while the "
        "organisation is reloaded goes on\n"
        "with the plugins that it began with.",
    .example = "baton --org riverside run scripts/counts.lua people referrals",
    .min = 1,
    .max = 4096,
    .passes = true,
    .run = run_run,
};
