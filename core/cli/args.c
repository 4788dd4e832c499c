/* Reads the command line. Options of every command may stand anywhere, those
 * of one command behind its name; "--x value" and "--x=value" are the same;
 * "--" ends the options. A command that passes arguments on (run) takes
 * everything behind its first word as it is. */
#include "cli/cli_internal.h"

#include <string.h>

#include "baton/base/buf.h"
#include "baton/base/memory.h"
#include "baton/base/text.h"

const struct option cli_options[] = {
    { "home", 0, "DIR",
      "the home (or BATON_HOME; else the nearest folder upwards with baton.ini)" },
    { "org", 'o', "NAME", "the organisation; not needed where the home has only one" },
    { "as", 0, "STAFF", "act as a member of staff: S-3 or a mail address; else as the operator" },
    { "json", 0, NULL, "print data as JSON" },
    { "quiet", 'q', NULL, "no progress, no notes" },
    { "help", 'h', NULL, "this help" },
    { NULL, 0, NULL, NULL },
};

struct args {
    struct cli *c;
    int argc;
    char **argv;
    int at;
    bool ended; /* by "--", or by a command that passes the rest on */
    const char *group;
};

static const struct option *args_find_in(const struct option *table, const char *name, size_t n)
{
    for (; table && table->name; table++)
        if (n == 1 ? table->letter == *name
                   : strlen(table->name) == n && !memcmp(table->name, name, n))
            return table;
    return NULL;
}

static int args_unknown(const struct args *a, bool is_long, const char *word, size_t n,
                        struct error *e)
{
    const char *names[64];
    size_t count = 0;
    for (const struct option *o = cli_options; o->name; o++)
        names[count++] = o->name;
    for (const struct option *o = a->c->command ? a->c->command->options : NULL;
         o && o->name && count < 63; o++)
        names[count++] = o->name;
    names[count] = NULL;
    const char *dashes = is_long ? "--" : "-";
    char *name = mem_dupn(word, n);
    const char *near = n > 1 ? text_nearest(name, names) : NULL;
    if (near)
        error_set(e, ERROR_INVALID, "unknown option %s%s, did you mean --%s?", dashes, name, near);
    else if (a->c->command)
        error_set(e, ERROR_INVALID, "unknown option %s%s of baton %s", dashes, name,
                  a->c->command->name);
    else
        error_set(e, ERROR_INVALID,
                  "unknown option %s%s: options of one command stand behind its name", dashes,
                  name);
    mem_free(name);
    return -ERROR_INVALID;
}

static void args_keep(struct cli *c, const struct option *o, const char *value)
{
    if (!strcmp(o->name, "home"))
        c->home = value;
    else if (!strcmp(o->name, "org"))
        c->org = value;
    else if (!strcmp(o->name, "as"))
        c->as = value;
    else if (!strcmp(o->name, "json"))
        c->json = true;
    else if (!strcmp(o->name, "quiet"))
        c->quiet = true;
    else
        c->help = true;
}

static int args_option(struct args *a, const char *word, struct error *e)
{
    struct cli *c = a->c;
    bool is_long = word[1] == '-';
    const char *name = word + (is_long ? 2 : 1);
    const char *equals = is_long ? strchr(name, '=') : NULL;
    size_t n = is_long ? (equals ? (size_t)(equals - name) : strlen(name)) : 1;
    if (is_long && n == 1) /* --x is no letter */
        return args_unknown(a, is_long, name, n, e);
    const struct option *common = args_find_in(cli_options, name, n);
    const struct option *own = c->command ? args_find_in(c->command->options, name, n) : NULL;
    const struct option *o = own ? own : common;
    if (!o)
        return args_unknown(a, is_long, name, n, e);
    const char *value = equals ? equals + 1 : NULL;
    if (!is_long && name[1] != '\0') {
        if (!o->value)
            return error_set(e, ERROR_INVALID, "write -%c and -%c apart", name[0], name[1]);
        value = name + 1; /* -ecode */
    }
    if (!o->value && value)
        return error_set(e, ERROR_INVALID, "option --%s takes no value, but has \"%s\"", o->name,
                         value);
    if (o->value && !value) {
        if (a->at >= a->argc)
            return error_set(e, ERROR_INVALID, "option --%s wants a value: --%s %s", o->name,
                             o->name, o->value);
        value = a->argv[a->at++];
    }
    if (own)
        c->given[c->given_count++] = (struct given){ own, value };
    else
        args_keep(c, o, value);
    return 0;
}

/* The word that names the command, or half of it. */
static int args_command(struct args *a, const char *word, struct error *e)
{
    struct cli *c = a->c;
    if (!a->group && command_is_group(word)) {
        a->group = word;
        return 0;
    }
    struct buf name = BUF_INIT;
    if (a->group)
        buf_printf(&name, "%s ", a->group);
    buf_puts(&name, word);
    c->command = command_named(buf_text(&name));
    int result = c->command ? 0 : command_unknown(buf_text(&name), e);
    buf_free(&name);
    return result;
}

static int args_check_words(const struct args *a, struct error *e)
{
    const struct cli *c = a->c;
    if (!c->command || c->help)
        return 0;
    if (c->count < c->command->min)
        return error_set(e, ERROR_INVALID, "something is missing: baton %s %s", c->command->name,
                         c->command->usage);
    if (c->count > c->command->max)
        return error_set(e, ERROR_INVALID, "\"%s\" is too much: baton %s %s",
                         c->words[c->command->max], c->command->name, c->command->usage);
    return 0;
}

int cli_parse(struct cli *c, int argc, char **argv, struct error *e)
{
    memset(c, 0, sizeof *c);
    c->words = mem_zero(sizeof *c->words * ((size_t)argc + 1));
    c->given = mem_zero(sizeof *c->given * ((size_t)argc + 1));
    struct args a = { .c = c, .argc = argc, .argv = argv, .at = 1 };
    while (a.at < argc) {
        const char *word = argv[a.at++];
        if (!text_is_utf8(word, strlen(word)))
            return error_set(e, ERROR_INVALID, "argument %d is not UTF-8", a.at - 1);
        int result = 0;
        if (a.ended) {
            c->words[c->count++] = word;
        } else if (!strcmp(word, "--")) {
            a.ended = true;
        } else if (word[0] == '-' && word[1] != '\0') {
            result = args_option(&a, word, e);
        } else if (!c->command) {
            result = args_command(&a, word, e);
        } else {
            c->words[c->count++] = word;
            a.ended = c->command->passes;
        }
        if (result < 0)
            return result;
    }
    int result = args_check_words(&a, e);
    if (result == 0 && !c->command && a.group)
        c->words[c->count++] = a.group;
    return result;
}

void cli_free(struct cli *c)
{
    mem_free(c->words);
    mem_free(c->given);
    c->words = NULL;
    c->given = NULL;
}

const char *cli_value(const struct cli *c, const char *option)
{
    const char *value = NULL;
    size_t at = 0;
    for (const char *next; (next = cli_next(c, option, &at));)
        value = next;
    return value;
}

bool cli_has(const struct cli *c, const char *option)
{
    for (size_t i = 0; i < c->given_count; i++)
        if (!strcmp(c->given[i].option->name, option))
            return true;
    return false;
}

const char *cli_next(const struct cli *c, const char *option, size_t *at)
{
    while (*at < c->given_count) {
        const struct given *g = &c->given[(*at)++];
        if (!strcmp(g->option->name, option))
            return g->value;
    }
    return NULL;
}
