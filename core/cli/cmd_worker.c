/* baton worker: a process of `baton serve` that hosts organisations. Nobody but
 * the server starts it. */
#include "cli/cli_internal.h"

#include <unistd.h>

#include "baton/base/log.h"
#include "baton/host/home.h"
#include "baton/server/server.h"

static int worker_main(const struct cli *c)
{
    struct home *h = NULL;
    struct error e;
    enum log_level level = LOG_INFO;
    int code = CLI_OK;
    if (cli_value(c, "log"))
        log_level_parse(cli_value(c, "log"), &level); /* the server has checked it */
    log_open(STDERR_FILENO, level);
    if (place_open(c, &h, &e) < 0 || worker_run(h, &e) < 0)
        code = cli_fail(c, &e);
    home_close(h);
    return code;
}

static const struct option worker_options[] = {
    { "log", 0, "LEVEL", "error, warn, info or debug" },
    { NULL, 0, NULL, NULL },
};

const struct command command_worker = {
    .name = "worker",
    .usage = "",
    .summary = "A process of baton serve; started by it only",
    .options = worker_options,
    .example = "baton serve",
    .hidden = true,
    .run = worker_main,
};
