/* baton call, baton report: what a plugin declared by baton.command and
 * baton.report, called by name with NAME=VALUE arguments. A value that reads as
 * a JSON number, boolean or null is that; anything else is text. */
#include "cli/cli_internal.h"

#include <string.h>

#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "cli/ask_internal.h"

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

static int call_args(const struct cli *c, struct jsonw *w, struct error *e)
{
    jsonw_key(w, "name");
    jsonw_text(w, c->words[0]);
    jsonw_key(w, "args");
    jsonw_open_object(w);
    for (size_t i = 1; i < c->count; i++) {
        const char *equals = strchr(c->words[i], '=');
        if (!equals || equals == c->words[i])
            return error_set(e, ERROR_INVALID, "argument \"%s\" is not NAME=VALUE", c->words[i]);
        jsonw_keyn(w, c->words[i], (size_t)(equals - c->words[i]));
        call_value(w, equals + 1);
    }
    jsonw_close(w);
    return 0;
}

static int call_ask(const struct cli *c, const char *op)
{
    struct ask a;
    struct error e;
    if (ask_open(&a, c, &e) < 0)
        return cli_fail(c, &e);
    ask_begin(&a, op);
    int code = CLI_OK;
    if (call_args(c, &a.w, &e) < 0 || ask_send(&a, &e) < 0) {
        code = cli_fail(c, &e);
    } else {
        /* Frames wrap what the function returned; that alone is of interest. */
        const json_t *result = json_object_get(a.answer.done, "result");
        result = result ? result : a.answer.done;
        if (c->json)
            print_json(stdout, result);
        else
            print_value(stdout, result);
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

const struct command command_call = {
    .name = "call",
    .usage = "COMMAND [NAME=VALUE …]",
    .summary = "Calls a command that a plugin declares",
    .example = "baton call schedule_meeting referral=R-12 at=\"2026-03-01 09:00\"",
    .min = 1,
    .max = 256,
    .run = call_run,
};

const struct command command_report = {
    .name = "report",
    .usage = "REPORT [NAME=VALUE …]",
    .summary = "Prints a report that a plugin declares",
    .example = "baton report overdue --json",
    .min = 1,
    .max = 256,
    .run = report_run,
};
