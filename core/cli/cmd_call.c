/* baton call, baton report: what a plugin declared by baton.command and
 * baton.report, called by name with NAME=VALUE arguments. A value that reads as
 * a JSON number, boolean or null is that; anything else is text. Without a name
 * they list what there is. */
#include "cli/cli_internal.h"

#include <string.h>

#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/base/zone.h"
#include "cli/ask_internal.h"

/* ---- the list ---- */

static const char *call_word(const json_t *object, const char *key)
{
    const char *word = json_string_value(json_object_get(object, key));
    return word ? word : "";
}

static void call_list_args(struct buf *line, const json_t *args)
{
    size_t i;
    const json_t *arg;
    if (!json_is_array(args))
        buf_puts(line, " [NAME=VALUE …]");
    json_array_foreach(args, i, arg)
    {
        bool required = json_is_true(json_object_get(arg, "required"));
        buf_printf(line, required ? " %s=%s" : " [%s=%s]", call_word(arg, "name"),
                   call_word(arg, "type"));
    }
}

static void call_list_one(const json_t *one)
{
    struct buf line = BUF_INIT;
    size_t i;
    const json_t *arg;
    buf_puts(&line, call_word(one, "name"));
    call_list_args(&line, json_object_get(one, "args"));
    print_line(stdout, "%s", buf_text(&line));
    if (*call_word(one, "help"))
        print_line(stdout, "    %s", call_word(one, "help"));
    json_array_foreach(json_object_get(one, "args"), i, arg)
    {
        if (*call_word(arg, "help"))
            print_line(stdout, "      %s: %s", call_word(arg, "name"), call_word(arg, "help"));
    }
    buf_free(&line);
}

/* Those of one kind out of the status. */
static int call_list(struct ask *a, const char *kind)
{
    struct error e;
    size_t i;
    json_t *one;
    ask_begin(a, "status");
    if (ask_send(a, &e) < 0)
        return cli_fail(a->c, &e);
    json_t *kept = json_array();
    json_array_foreach(json_object_get(a->answer.done, "declared"), i, one)
    {
        if (!strcmp(call_word(one, "kind"), kind))
            json_array_append(kept, one);
    }
    if (a->c->json)
        print_json(stdout, kept);
    json_array_foreach(kept, i, one)
    {
        if (!a->c->json)
            call_list_one(one);
    }
    if (!a->c->json && !a->c->quiet && json_array_size(kept) == 0)
        print_line(stderr, "no plugin of %s declares a %s", a->org, kind);
    json_decref(kept);
    return CLI_OK;
}

/* ---- the call ---- */

static void call_value(struct jsonw *w, const char *value)
{
    json_t *parsed = NULL;
    struct buf wrapped = BUF_INIT;
    buf_printf(&wrapped, "[%s]", value);
    if (json_read(wrapped.data, wrapped.len, &parsed, NULL) == 0 && json_array_size(parsed) == 1 &&
        !json_is_string(json_array_get(parsed, 0)))
        jsonw_value(w, json_array_get(parsed, 0));
    else
        jsonw_text(w, value);
    json_decref(parsed);
    buf_free(&wrapped);
}

static int call_check(const struct cli *c, struct error *e)
{
    for (size_t i = 1; i < c->count; i++)
        if (c->words[i][0] == '=' || !strchr(c->words[i], '='))
            return error_set(e, ERROR_INVALID, "argument \"%s\" is not NAME=VALUE", c->words[i]);
    return 0;
}

static void call_args(const struct cli *c, struct jsonw *w)
{
    jsonw_key(w, "name");
    jsonw_text(w, c->words[0]);
    jsonw_key(w, "args");
    jsonw_open_object(w);
    for (size_t i = 1; i < c->count; i++) {
        const char *equals = strchr(c->words[i], '=');
        jsonw_keyn(w, c->words[i], (size_t)(equals - c->words[i]));
        call_value(w, equals + 1);
    }
    jsonw_close(w);
    if (cli_has(c, "dry-run")) {
        jsonw_key(w, "dry_run");
        jsonw_bool(w, true);
    }
}

/* ---- the result ---- */

/* A new row with the members in the order of the columns, those that are not declared behind them;
 * times for people. */
static json_t *call_shown_row(json_t *row, const json_t *columns, const struct zone *zone)
{
    size_t i;
    const json_t *column;
    json_t *out = json_object(), *value;
    const char *key;
    json_array_foreach(columns, i, column)
    {
        struct buf text = BUF_INIT;
        value = json_object_get(row, call_word(column, "name"));
        if (json_is_integer(value) && !strcmp(call_word(column, "type"), "time")) {
            zone_format(zone, json_integer_value(value), false, &text);
            json_object_set_new(out, call_word(column, "name"), json_string(buf_text(&text)));
        } else {
            json_object_set_new(out, call_word(column, "name"),
                                value ? json_incref(value) : json_null());
        }
        buf_free(&text);
    }
    json_object_foreach(row, key, value)
    {
        if (!json_object_get(out, key))
            json_object_set(out, key, value);
    }
    return out;
}

static void call_show(const struct cli *c, const json_t *done, const json_t *result)
{
    const struct zone *zone = NULL;
    const json_t *columns = json_object_get(done, "columns");
    json_t *shown = json_deep_copy(result), *row;
    size_t i;
    if (*call_word(done, "zone"))
        zone_find(&zone, call_word(done, "zone"), NULL);
    json_array_foreach(shown, i, row)
    {
        if (zone && json_is_object(row) && json_array_size(columns) > 0)
            json_array_set_new(shown, i, call_shown_row(row, columns, zone));
    }
    print_human(shown, zone);
    bool none = columns && (json_is_array(shown) || json_is_object(shown)) &&
                json_array_size(shown) + json_object_size(shown) == 0;
    if (none && !c->quiet)
        print_line(stderr, "no rows");
    else if (!none)
        print_value(stdout, shown);
    json_decref(shown);
}

static int call_ask(const struct cli *c, const char *op)
{
    struct ask a;
    struct error e;
    if (call_check(c, &e) < 0)
        return cli_usage(c, &e);
    if (ask_open(&a, c, &e) < 0)
        return ask_refused(&a, c, &e);
    int code = CLI_OK;
    if (c->count == 0) {
        code = call_list(&a, op);
        ask_close(&a);
        return code;
    }
    ask_begin(&a, op);
    call_args(c, &a.w);
    if (ask_send(&a, &e) < 0) {
        code = cli_fail(c, &e);
    } else if (cli_has(c, "dry-run")) {
        ask_print_changes(&a);
    } else {
        /* Frames wrap what the function returned; that alone is of interest. */
        const json_t *result = json_object_get(a.answer.done, "result");
        result = result ? result : a.answer.done;
        if (c->json)
            print_json(stdout, result);
        else
            call_show(c, a.answer.done, result);
    }
    ask_close(&a);
    return code;
}

static int call_run(const struct cli *c)
{
    return call_ask(c, "command");
}

static int report_run(const struct cli *c)
{
    return call_ask(c, "report");
}

static const struct option call_options[] = {
    { "dry-run", 'n', NULL, "keep nothing: print what would change, row by row, and be sent" },
    { NULL, 0, NULL, NULL },
};

const struct command command_call = {
    .name = "call",
    .usage = "[COMMAND [NAME=VALUE …] [--dry-run]]",
    .summary = "Calls a command that a plugin declares; without a name, lists them",
    .options = call_options,
    .example = "baton call escalate referral=R-12 cause=no_answer",
    .min = 0,
    .max = 256,
    .run = call_run,
};

const struct command command_report = {
    .name = "report",
    .usage = "[REPORT [NAME=VALUE …]]",
    .summary = "Prints a report that a plugin declares; without a name, lists them",
    .example = "baton report loop_closure --json",
    .min = 0,
    .max = 256,
    .run = report_run,
};
