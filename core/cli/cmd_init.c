/* baton init: makes a home. */
#include "cli/cli_internal.h"

#include <limits.h>
#include <stdlib.h>

#include "baton/base/buf.h"
#include "baton/base/json.h"
#include "baton/host/home.h"

static int init_run(const struct cli *c)
{
    struct error e;
    const char *dir = c->words[0];
    if (home_init(dir, &e) < 0)
        return cli_fail(c, &e);
    if (c->json) {
        struct buf out = BUF_INIT;
        struct jsonw w;
        jsonw_start(&w, &out);
        jsonw_open_object(&w);
        jsonw_key(&w, "home");
        jsonw_text(&w, dir);
        jsonw_close(&w);
        print_json_text(stdout, out.data, out.len);
        buf_free(&out);
    } else if (!c->quiet) {
        char full[PATH_MAX]; /* of "." nobody wants to read */
        print_line(stdout, "Made a home in %s", realpath(dir, full) ? full : dir);
        print_line(
            stdout,
            "Next: baton --home %s org add NAME --title \"Its full name\" --zone America/New_York",
            dir);
    }
    return CLI_OK;
}

const struct command command_init = {
    .name = "init",
    .usage = "DIR",
    .summary = "Makes a home: a folder that holds organisations",
    .notes =
        "DIR gets baton.ini and orgs/, readable by you alone. A folder that is a home already is "
        "left as it is (exit code 5).",
    .example = "baton init ~/referrals",
    .min = 1,
    .max = 1,
    .run = init_run,
};
