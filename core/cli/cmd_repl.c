/* baton repl: Lua in a live organisation. Typed on a terminal (repl.c), piped
 * in, or given with -e: the latter two print results bare and stop at the first
 * error. */
#include "cli/repl_internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "baton/script/script.h"
#include "cli/ask_internal.h"
#include "cli/cli_internal.h"

void repl_request(struct ask *a, const char *text, size_t n)
{
    char here[PATH_MAX];
    ask_begin(a, "eval");
    jsonw_key(&a->w, "text");
    jsonw_textn(&a->w, text, n);
    jsonw_key(&a->w, "json");
    jsonw_bool(&a->w, a->c->json);
    if (getcwd(here, sizeof here)) {
        jsonw_key(&a->w, "cwd");
        jsonw_text(&a->w, here);
    }
}

bool repl_is_exit(const char *line)
{
    size_t start = strspn(line, " \t"), n = strcspn(line + start, " \t\r\n;()");
    const char *rest = line + start + n;
    return n == 4 && (!strncmp(line + start, "exit", 4) || !strncmp(line + start, "quit", 4)) &&
           rest[strspn(rest, " \t\r\n;()")] == '\0';
}

bool repl_help(const char *line, int *result, struct error *e)
{
    static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:";
    static const char blank[] = " \t\r\n";
    struct buf text = BUF_INIT;
    line += strspn(line, blank);
    size_t n = strspn(line, word);
    if (n != 4 || strncmp(line, "help", 4))
        return false;
    const char *topic = line + n + strspn(line + n, blank);
    size_t topic_n = strspn(topic, word);
    if (topic[topic_n + strspn(topic + topic_n, blank)] != '\0')
        return false; /* help = 1, help(x): Lua's business */
    char *name = mem_dupn(topic, topic_n);
    *result = script_help(name, &text, e);
    if (*result == 0) {
        print_text(stdout, buf_text(&text), text.len);
        if (text.len == 0 || text.data[text.len - 1] != '\n')
            putchar('\n');
    }
    mem_free(name);
    buf_free(&text);
    return true;
}

/* Evaluates; *incomplete: more lines are wanted. */
static int repl_eval(struct ask *a, struct follow *f, const char *text, size_t n, bool *incomplete,
                     struct error *e)
{
    int result;
    if (repl_help(text, &result, e))
        return result;
    if (follow_word(f, text))
        return 0;
    follow_look(f, false);
    if (n > LIMIT_SOURCE_BYTES)
        return error_set(e, ERROR_LIMIT, "a statement is longer than %d bytes", LIMIT_SOURCE_BYTES);
    repl_request(a, text, n);
    result = ask_send(a, e);
    *incomplete = result == 0 && a->answer.incomplete;
    return result;
}

int repl_text(struct ask *a, struct follow *f, const char *text)
{
    struct error e;
    bool incomplete = false;
    if (repl_eval(a, f, text, strlen(text), &incomplete, &e) < 0)
        return cli_fail(a->c, &e);
    if (incomplete) {
        error_set(&e, ERROR_INVALID, "the statement is not finished: %s", text);
        return cli_fail(a->c, &e);
    }
    return CLI_OK;
}

int repl_file(struct ask *a, struct follow *f, FILE *in)
{
    struct buf statement = BUF_INIT;
    struct error e;
    char *line = NULL;
    size_t size = 0, number = 0, first = 0;
    int result = 0;
    ssize_t n;
    while (result == 0 && (n = getline(&line, &size, in)) >= 0) {
        bool incomplete = false;
        number++;
        if (statement.len == 0) {
            if (strspn(line, " \t\r\n") == (size_t)n)
                continue;
            if (repl_is_exit(line))
                break;
            first = number;
        }
        buf_add(&statement, line, (size_t)n);
        result = repl_eval(a, f, statement.data, statement.len, &incomplete, &e);
        fflush(stdout); /* whoever feeds the pipe may wait for the answer */
        if (!incomplete && result == 0)
            buf_clear(&statement);
    }
    if (result == 0 && statement.len > 0)
        result = error_set(&e, ERROR_INVALID, "the input ends before the statement does");
    if (result < 0 && first > 0 && first < number)
        error_prefix(&e, "lines %zu to %zu of the input", first, number);
    else if (result < 0)
        error_prefix(&e, "line %zu of the input", number);
    free(line);
    buf_free(&statement);
    return result < 0 ? cli_fail(a->c, &e) : CLI_OK;
}

static int repl_run(const struct cli *c)
{
    struct ask a;
    struct error e;
    if (ask_open(&a, c, &e) < 0)
        return ask_refused(&a, c, &e);
    struct follow *f = follow_new(&a, !cli_has(c, "no-reload"));
    int code = CLI_OK;
    size_t at = 0;
    if (cli_has(c, "eval")) {
        for (const char *text; code == CLI_OK && (text = cli_next(c, "eval", &at));)
            code = repl_text(&a, f, text);
    } else if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
        code = repl_terminal(&a, f);
    } else {
        code = repl_file(&a, f, stdin);
    }
    follow_free(f);
    ask_close(&a);
    return code;
}

static const struct option repl_options[] = {
    { "eval", 'e', "CODE", "evaluate it and leave; may be repeated" },
    { "no-reload", 0, NULL, "do not reload the organisation when a file of its plugins is saved" },
    { NULL, 0, NULL, NULL },
};

const struct command command_repl = {
    .name = "repl",
    .usage = "[-e CODE …]",
    .summary = "Lua in a live organisation: on a terminal, piped in, or with -e",
    .options = repl_options,
    .notes =
        "Each statement is one turn: all of it or nothing. On a terminal: Tab completes, the "
        "history is\n"
        "kept in ~/.local/state/baton/history (or the file that BATON_HISTORY names), Ctrl-C "
        "drops the\n"
        "line or stops the statement, exit or Ctrl-D leaves. `help` explains the modules.\n"
        "When a file of its plugins or its org.ini is saved, the organisation is reloaded before "
        "the "
        "next\n"
        "statement, all or nothing, and a line says so; where that fails, what was loaded stays. "
        "Here\n"
        "`reload` reloads now, `reload off` and `reload on` switch it.\n"
        "Piped input runs statement by statement and stops at the first error. With --json each\n"
        "result is a line of JSON, a record an object.",
    .example = "baton repl --org riverside --as S-3\n"
               "baton repl -e 'referrals.count{open=true}'\n"
               "echo 'people.count()' | baton repl",
    .run = repl_run,
};
