/* baton help: the overview, one command, the exit codes, or a word of the Lua
 * API. `baton CMD --help` prints the same. */
#include "cli/cli_internal.h"

#include <string.h>

#include "baton/base/buf.h"
#include "baton/script/script.h"

static const char help_exit_codes[] =
    "Exit codes of baton\n"
    "    0  done\n"
    "    1  failed: refused input, an error of a script, refused lines of an import, bad findings "
    "of doctor\n"
    "    2  usage: the command line itself is wrong\n"
    "    3  not found: no such home, organisation, file, record\n"
    "    4  denied: a role, a guard or a permission says no\n"
    "    5  conflict: it exists already, or was changed by someone else meanwhile\n"
    "    6  busy: another process has the organisation open, or serves the home already\n"
    "    7  limit: more than baton allows, in size, time or number\n"
    "    8  I/O: disk full, not writable, connection lost\n"
    "    9  corrupt: a damaged file, or a history that audit verify found broken\n"
    "  130  interrupted with Ctrl-C\n";

static const char help_org_ini[] =
    "orgs/NAME/org.ini: the settings of an organisation. Comments stand on lines of their own.\n"
    "\n"
    "[org]\n"
    "title = Riverside Unified School District\n"
    "; an IANA name; without one, UTC\n"
    "zone = America/Los_Angeles\n"
    "; looked for in orgs/NAME/plugins, in the plugins of the home, in the shipped ones\n"
    "plugins = pre_referral\n"
    "; or movable, for practice: clock.advance(\"3 days\")\n"
    "clock = system\n"
    "\n"
    "[roles]\n"
    "; besides junior, specialist, senior, lead and admin\n"
    "extra = teacher, counsellor\n"
    "\n"
    "[calendar]\n"
    "week = Mon-Thu 08:00-12:00 13:00-16:30, Fri 08:00-12:00\n"
    "holidays = 2026-11-26, 2026-12-24..2027-01-03\n"
    "terms = 2026-08-17..2026-12-18, 2027-01-04..2027-06-04\n"
    "\n"
    "; settings of a plugin: its README names them\n"
    "[plugin pre_referral]\n"
    "minimum_strategies = 2\n"
    "\n"
    "; transitions that are not wanted here; a locked one can't be taken away\n"
    "[workflow pre_referral]\n"
    "disable = modify\n"
    "\n"
    "; memory of its Lua state, time of one call into a plugin\n"
    "[limits]\n"
    "lua_bytes = 67108864\n"
    "call_ms = 250\n"
    "; and what one may print and log, send, and write, with what it makes others do:\n"
    "call_output_bytes = 1048576\n"
    "call_effects = 1000\n"
    "call_rows = 10000\n"
    "call_bytes = 16777216\n"
    "\n"
    "Changes hold after: baton reload\n";

static const char help_baton_ini[] =
    "baton.ini: the settings of a home. Comments stand on lines of their own.\n"
    "\n"
    "[home]\n"
    "; a folder of plugins for all its organisations\n"
    "plugins = plugins\n"
    "; where the server listens\n"
    "socket = baton.sock\n"
    "; error, warn, info or debug\n"
    "log = info\n"
    "; then an organisation that nobody asks leaves memory\n"
    "sleep_after = 10 minutes\n"
    "; processes of baton serve that host organisations; left out: one for each processor\n"
    "workers = 2\n";

static const struct help_topic {
    const char *name, *text;
} help_topics[] = {
    { "exit-codes", help_exit_codes },
    { "org.ini", help_org_ini },
    { "baton.ini", help_baton_ini },
};

static void help_options(FILE *out, const char *title, const struct option *options)
{
    fprintf(out, "\n%s\n", title);
    for (const struct option *o = options; o->name; o++) {
        char name[64];
        snprintf(name, sizeof name, "--%s%s%s", o->name, o->value ? " " : "",
                 o->value ? o->value : "");
        if (o->letter)
            fprintf(out, "  -%c, %-20s %s\n", o->letter, name, o->help);
        else
            fprintf(out, "      %-20s %s\n", name, o->help);
    }
}

void help_command(FILE *out, const struct command *command)
{
    fprintf(out, "Usage: baton %s%s%s\n\n%s.\n", command->name, *command->usage ? " " : "",
            command->usage, command->summary);
    if (command->notes)
        fprintf(out, "\n%s\n", command->notes);
    if (command->options)
        help_options(out, "Options:", command->options);
    help_options(out, "Options of every command:", cli_options);
    fputs("\nExample:\n", out);
    for (const char *line = command->example; line && *line;) {
        size_t n = strcspn(line, "\n");
        fprintf(out, "  %.*s\n", (int)n, line);
        line += n + (line[n] == '\n');
    }
}

static void help_list(FILE *out, const char *group)
{
    size_t n = group ? strlen(group) : 0;
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)); i++)
        if (!command->hidden && (!group || !strncmp(command->name, group, n)))
            fprintf(out, "  %-14s %s\n", command->name, command->summary);
}

void help_group(FILE *out, const char *word)
{
    fprintf(out, "Usage: baton %s COMMAND [options]\n\n", word);
    help_list(out, word);
}

void help_overview(FILE *out)
{
    fputs("baton moves referrals through workflows that organisations write in Lua.\n\n"
          "Usage: baton COMMAND [options]\n\n",
          out);
    help_list(out, NULL);
    help_options(out, "Options of every command:", cli_options);
    fputs("\nbaton help COMMAND       one command, with an example\n"
          "baton help referrals     the Lua modules: any word that help takes in the REPL\n"
          "baton help exit-codes    what the exit codes mean; likewise: org.ini, baton.ini\n",
          out);
}

/* A module, function or topic of the Lua API, behind `title`. False: there is none. */
static bool help_lua(const char *title, const char *topic, struct error *e)
{
    struct buf text = BUF_INIT;
    bool found = script_help(topic, &text, e) == 0;
    if (found) {
        printf("%s%s", title, buf_text(&text));
        if (text.len == 0 || text.data[text.len - 1] != '\n')
            putchar('\n');
    }
    buf_free(&text);
    return found;
}

/* Whichever of the two knows something like it says so. */
static int help_unknown(const struct cli *c, const char *topic, const struct error *lua)
{
    struct error e;
    command_unknown(topic, &e);
    if (!strstr(e.message, "did you mean")) {
        if (strstr(lua->message, "did you mean"))
            return cli_fail(c, lua);
        error_set(&e, ERROR_NOT_FOUND,
                  "no help on \"%.80s\"; baton help lists the commands, baton help lua the modules",
                  topic);
    }
    return cli_fail(c, &e);
}

static int help_run(const struct cli *c)
{
    if (c->count == 0) {
        help_overview(stdout);
        return CLI_OK;
    }
    for (size_t i = 0; i < sizeof help_topics / sizeof *help_topics; i++)
        if (!strcmp(c->words[0], help_topics[i].name)) {
            fputs(help_topics[i].text, stdout);
            return CLI_OK;
        }
    char name[128];
    snprintf(name, sizeof name, "%s%s%s", c->words[0], c->count > 1 ? " " : "",
             c->count > 1 ? c->words[1] : "");
    const struct command *command = command_named(name);
    struct error e;
    if (command) {
        help_command(stdout, command);
        help_lua("\nIn Lua:\n\n", name, &e);
    } else if (c->count == 1 && command_is_group(name)) {
        help_group(stdout, name);
    } else if (!help_lua("", strcmp(name, "lua") ? name : "", &e)) {
        return help_unknown(c, name, &e);
    }
    return CLI_OK;
}

const struct command command_help = {
    .name = "help",
    .usage = "[COMMAND | exit-codes | org.ini | baton.ini | lua | referrals.find …]",
    .summary = "Explains a command, the exit codes, or a word of the Lua modules",
    .example = "baton help import\nbaton help referrals.find",
    .max = 2,
    .run = help_run,
};
