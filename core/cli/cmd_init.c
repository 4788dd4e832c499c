/* baton init: makes a home. */
#include "cli/cli_internal.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "baton/base/buf.h"
#include "baton/base/json.h"
#include "baton/host/home.h"

/* A folder that was there keeps its mode: it may be shared on purpose, but not unawares. */
static void init_say_mode(const char *dir)
{
    struct stat st;
    if (stat(dir, &st) == 0 && (st.st_mode & 077))
        print_line(stdout,
                   "It was there before and others can get into it (mode %03o); to keep it to "
                   "yourself: chmod 700 %s",
                   (unsigned)(st.st_mode & 0777), dir);
}

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
        init_say_mode(dir);
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
        "DIR gets baton.ini and orgs/, readable by you alone; a folder that is there already keeps "
        "its mode, and init says so where others can get into it. One that is a home already is "
        "left as it is (exit code 5).",
    .example = "baton init ~/referrals",
    .min = 1,
    .max = 1,
    .run = init_run,
};
