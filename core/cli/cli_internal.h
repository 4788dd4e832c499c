/* What the files of the command line share: the command table, what was given
 * on the command line, and how results and errors reach people.
 *
 * A command is one file with one const entry. cli.c finds the entry, reads the
 * options that it lists, and runs it; the number returned is the exit code. */
#ifndef CLI_INTERNAL_H
#define CLI_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "baton/base/error.h"

struct buf;
struct home;
struct json_t;
struct jsonw;

enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_NOT_FOUND = 3,
    CLI_DENIED = 4,
    CLI_CONFLICT = 5,
    CLI_BUSY = 6,
    CLI_LIMIT = 7,
    CLI_IO = 8,
    CLI_CORRUPT = 9,
    CLI_INTERRUPTED = 130
};

/* ---- args.c: what was given ---- */
struct option {
    const char *name;  /* without the dashes; NULL ends a table */
    char letter;       /* 0: none */
    const char *value; /* "FILE": takes a value, shown so in the help; NULL: a switch */
    const char *help;
};
struct given {
    const struct option *option;
    const char *value; /* NULL for a switch */
};
struct command;
struct cli {
    const struct command *command;
    const char *home, *org, *as; /* NULL: not given */
    bool json, quiet, help;
    const char **words; /* arguments that are no options, ends with NULL */
    size_t count;
    struct given *given; /* the command's own options, in order */
    size_t given_count;
};
struct command {
    const char *name;             /* "import", "org add" */
    const char *usage;            /* what follows the name: "ENTITY FILE [options]" */
    const char *summary;          /* one line */
    const struct option *options; /* its own; NULL: none */
    const char *notes;            /* paragraphs for its help; NULL: none */
    const char *example;          /* lines */
    size_t min, max;              /* words that it takes */
    bool passes; /* from its second word on, everything is for the script, dashes too */
    bool hidden; /* not in the overview */
    int (*run)(const struct cli *c);
};
extern const struct option cli_options[]; /* those of every command */

/* Reads a command line. ERROR_INVALID where it is wrong: usage. Frees with cli_free. */
int cli_parse(struct cli *c, int argc, char **argv, struct error *e);
void cli_free(struct cli *c);
const char *cli_value(const struct cli *c, const char *option); /* the last one, or NULL */
bool cli_has(const struct cli *c, const char *option);
/* The values of an option that may be repeated: *at starts at 0; NULL at the end. */
const char *cli_next(const struct cli *c, const char *option, size_t *at);

/* ---- commands.c: the table ---- */
const struct command *command_at(size_t index); /* NULL at the end */
const struct command *command_named(const char *name);
bool command_is_group(const char *word); /* "org": there are commands "org …" */
/* An error with near names: "unknown command "x"". */
int command_unknown(const char *word, struct error *e);

extern const struct command command_audit, command_call, command_doctor, command_export,
    command_help, command_import, command_init, command_org_add, command_org_list, command_org_show,
    command_reference, command_reload, command_repl, command_report, command_run, command_serve,
    command_status, command_stop, command_version;

extern const struct command command_check, command_graph, command_new;
extern const struct command command_explain, command_migrate;
extern const struct command command_clock, command_calendar_show, command_calendar_preview;

extern const struct command command_test, command_replay, command_worker;
extern const struct command command_backup, command_restore;
extern const struct command command_org_export, command_org_erase;
extern const struct command command_person_show, command_person_erase;
extern const struct command command_audit_checkpoint, command_audit_key;
extern const struct command command_plugin_list, command_plugin_on, command_plugin_off;

/* ---- cmd_help.c ---- */
void help_overview(FILE *out);
void help_command(FILE *out, const struct command *command);
void help_group(FILE *out, const char *word);

/* ---- cmd_version.c ---- */
struct version_library {
    const char *name;
    char version[32]; /* of the library that is loaded, not of its header */
};
enum { VERSION_LIBRARIES = 6 };
void version_libraries(struct version_library out[VERSION_LIBRARIES]);

/* ---- cli.c ---- */
int cli_exit_code(enum error_code code);
/* Says the error, as text to stderr or as JSON to stdout, and returns its exit code. */
int cli_fail(const struct cli *c, const struct error *e);
/* The same for a command line that is wrong: the exit code is CLI_USAGE, and help is named. */
int cli_usage(const struct cli *c, const struct error *e);

/* ---- place.c: which home, organisation, files ---- */
/* The folder of the home: --home, BATON_HOME, or the nearest folder upwards with baton.ini. The
 * caller frees *out. */
int place_home(const struct cli *c, char **out, struct error *e);
int place_open(const struct cli *c, struct home **out, struct error *e);
/* --org, or the only one there is. The caller frees *out. ERROR_INVALID: it takes an --org. */
int place_org(const struct cli *c, const struct home *h, char **out, struct error *e);
/* A folder that holds plugin.ini: *name is what that calls it, *dir where it is found by that name
 * (the folder itself, or the one that it lies in). The caller frees both. */
int place_plugin(const char *word, char **dir, char **name, struct error *e);
char *place_plugins(void); /* folder of the shipped plugins; the caller frees it */
/* An absolute path of a file that may not exist yet. The caller frees *out. */
int place_file(const char *path, char **out, struct error *e);

/* ---- print.c: results for people and for programs ---- */
/* Text of unknown origin: on a terminal without control characters, else as it is. */
void print_text(FILE *out, const char *text, size_t n);
void print_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void print_json(FILE *out, const struct json_t *value);
void print_json_text(FILE *out, const char *json, size_t n); /* text that we wrote */
/* For people: an object as lines of key and value, an array of objects as a table. */
void print_value(FILE *out, const struct json_t *value);
/* Makes "due_at_ms": 1772…, "file_bytes": 123… of an object and those in it readable, in place, as
 * "due_at" and "file".
 * Times are shown in the zone, NULL: in UTC. */
struct zone;
void print_human(struct json_t *value, const struct zone *zone);
void print_count(struct buf *out, long long n); /* 1,234,567 */
void print_bytes(struct buf *out, long long n); /* 1.2 MB */

/* ---- interrupt.c: Ctrl-C ---- */
/* Between open and close (they nest) a SIGINT or SIGTERM is noted instead of ending the process.
 * While busy it calls `stop` too (NULL: nothing), from the signal handler; the third one then ends
 * the process at once, which the store is built to stand. */
int interrupt_open(void); /* file descriptor that becomes readable at each, or -1 */
void interrupt_close(void);
void interrupt_busy(void (*stop)(void *context), void *context);
void interrupt_rest(void);
int interrupt_take(void); /* the signal that came since the last call, or 0 */

#endif
