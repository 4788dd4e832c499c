/* baton reload, baton stop: a word to the running server. */
#include "cli/cli_internal.h"

#include "cli/ask_internal.h"
#include "cli/link_internal.h"

static int control_ask(const struct cli *c, const char *op, bool wait, const char *said)
{
    struct ask a;
    struct error e;
    int code = CLI_OK;
    if ((c->org ? ask_open(&a, c, &e) : ask_open_server(&a, c, &e)) < 0)
        return ask_refused(&a, c, &e);
    ask_begin(&a, op);
    if (ask_send(&a, &e) < 0) {
        code = cli_fail(c, &e);
    } else {
        if (wait)
            link_wait_closed(a.link);
        if (c->json)
            print_json(stdout, a.answer.done);
        else if (!c->quiet)
            print_line(stdout, "%s", said);
        if (!c->json)
            answer_waiting(&a.answer);
    }
    ask_close(&a);
    return code;
}

static int reload_run(const struct cli *c)
{
    return control_ask(c, "reload", false, "Reloaded.");
}

static int stop_run(const struct cli *c)
{
    return control_ask(c, "stop", true, "Stopped.");
}

const struct command command_reload = {
    .name = "reload",
    .usage = "",
    .summary = "Makes the running server read settings and plugins again",
    .notes =
        "With --org only those of one organisation. Where the new ones are wrong, the error "
        "says so and\n"
        "the old ones stay. Scripts that run are stopped, and the variables of REPLs are gone: "
        "what they\n"
        "wrote before that stays.",
    .example = "baton reload --org riverside",
    .run = reload_run,
};

const struct command command_stop = {
    .name = "stop",
    .usage = "",
    .summary = "Stops the running server, and waits until it has",
    .example = "baton stop",
    .run = stop_run,
};
