/* From a command line to a command and from its result to an exit code.
 * `baton version` comes before anything else: how fast it starts is measured. */
#include "cli/cli_internal.h"

#include <jansson.h>
#include <signal.h>
#include <string.h>

#include "baton/base/buf.h"
#include "baton/base/json.h"
#include "baton/cli/cli.h"

int cli_exit_code(enum error_code code)
{
    switch (code) {
    case ERROR_NONE:
        return CLI_OK;
    case ERROR_NOT_FOUND:
        return CLI_NOT_FOUND;
    case ERROR_CONFLICT:
        return CLI_CONFLICT;
    case ERROR_DENIED:
        return CLI_DENIED;
    case ERROR_LIMIT:
        return CLI_LIMIT;
    case ERROR_BUSY:
        return CLI_BUSY;
    case ERROR_IO:
        return CLI_IO;
    case ERROR_CORRUPT:
        return CLI_CORRUPT;
    case ERROR_CANCELLED:
        return CLI_INTERRUPTED;
    case ERROR_INVALID:
    case ERROR_SCRIPT:
        break;
    }
    return CLI_FAILED;
}

static void cli_say_error(bool as_json, const struct error *e)
{
    if (!as_json) {
        char text[ERROR_MESSAGE_BYTES + ERROR_WHERE_BYTES + 8];
        error_format(e, text, sizeof text);
        fputs("baton: ", stderr);
        print_text(stderr, text, strlen(text));
        fputc('\n', stderr);
        return;
    }
    struct buf out = BUF_INIT;
    json_error(e, &out);
    print_json_text(stdout, out.data, out.len);
    buf_free(&out);
}

int cli_fail(const struct cli *c, const struct error *e)
{
    cli_say_error(c->json, e);
    return cli_exit_code(e->code);
}

/* What was printed must have arrived: a full disk behind stdout is a failure too. */
static int cli_flush(const struct cli *c, int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    struct error e;
    error_set(&e, ERROR_IO, "could not write all output to the standard output");
    cli_say_error(false, &e);
    (void)c;
    return code == CLI_OK ? CLI_IO : code;
}

int cli_usage(const struct cli *c, const struct error *e)
{
    cli_say_error(c->json, e);
    if (!c->json) {
        const char *name = c->command ? c->command->name : "";
        fprintf(stderr, "For help: baton help%s%s\n", *name ? " " : "", name);
    }
    return CLI_USAGE;
}

int cli_main(int argc, char **argv)
{
    if (argc == 2 && (!strcmp(argv[1], "version") || !strcmp(argv[1], "--version"))) {
        puts("baton " BATON_VERSION);
        return fflush(stdout) == 0 ? CLI_OK : CLI_IO;
    }
    signal(SIGXFSZ, SIG_IGN); /* so is a file that may grow no further */
    signal(SIGPIPE, SIG_IGN); /* a server or a pager that goes away is an error, not the end */
    struct cli c;
    struct error e;
    int code;
    if (cli_parse(&c, argc, argv, &e) < 0) {
        code = cli_usage(&c, &e);
    } else if (!c.command) {
        if (c.count > 0)
            help_group(c.help ? stdout : stderr, c.words[0]);
        else
            help_overview(c.help ? stdout : stderr);
        code = c.help ? CLI_OK : CLI_USAGE;
    } else if (c.help) {
        help_command(stdout, c.command);
        code = CLI_OK;
    } else {
        code = c.command->run(&c);
    }
    code = cli_flush(&c, code);
    cli_free(&c);
    return code;
}
