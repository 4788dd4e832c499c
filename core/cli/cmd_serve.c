/* baton serve: hosts every organisation of a home until it is told to stop. */
#include "cli/cli_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/log.h"
#include "baton/host/home.h"
#include "baton/server/server.h"

static int serve_log(const struct cli *c, const struct home *h, struct error *e)
{
    const char *word = cli_value(c, "log") ? cli_value(c, "log") : home_log_level(h);
    enum log_level level = LOG_INFO;
    if (word && log_level_parse(word, &level) < 0)
        return error_set(e, ERROR_INVALID, "log level \"%s\" is none of error, warn, info, debug",
                         word);
    log_open(STDERR_FILENO, level);
    return 0;
}

static int serve_ready_fd(const struct cli *c, int *out, struct error *e)
{
    const char *given = cli_value(c, "ready-fd");
    char *end;
    if (!given)
        return 0;
    long fd = strtol(given, &end, 10);
    if (*end || fd < 0 || fd > 1 << 20 || fcntl((int)fd, F_GETFD) < 0)
        return error_set(e, ERROR_INVALID, "--ready-fd wants an open descriptor, not \"%s\"",
                         given);
    *out = (int)fd;
    return 0;
}

static int serve_run(const struct cli *c)
{
    struct home *h = NULL;
    struct error e;
    int ready_fd = -1, code = CLI_OK;
    if (place_open(c, &h, &e) < 0 || serve_log(c, h, &e) < 0 ||
        serve_ready_fd(c, &ready_fd, &e) < 0 ||
        server_run(&(struct server_options){ .home = h,
                                             .ready_fd = ready_fd,
                                             .log_level = cli_value(c, "log") },
                   &e) < 0)
        code = cli_fail(c, &e);
    home_close(h);
    return code;
}

static const struct option serve_options[] = {
    { "log", 0, "LEVEL", "error, warn, info or debug; else what baton.ini says" },
    { "ready-fd", 0, "FD", "write a byte there when it listens" },
    { NULL, 0, NULL, NULL },
};

const struct command command_serve = {
    .name = "serve",
    .usage = "[--log LEVEL]",
    .summary = "Hosts every organisation of a home, until SIGTERM or Ctrl-C",
    .options = serve_options,
    .notes =
        "It listens on the Unix socket baton.sock of the home; the other commands find it there "
        "and\n"
        "work in the live organisations. SIGHUP reloads settings and plugins, like baton reload.\n"
        "Organisations are hosted in processes of their own (workers = in baton.ini; one for each\n"
        "processor), confined by seccomp and Landlock where the kernel has them. One that dies, "
        "or\n"
        "that is killed because a call into a plugin does not come back, is started again; "
        "whoever\n"
        "waited is told, the plugin is blamed, and other processes go on meanwhile. baton status\n"
        "shows them.",
    .example = "baton --home ~/referrals serve",
    .run = serve_run,
};
