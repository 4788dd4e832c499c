/* baton clock: who held a referral for how long, stage by stage. */
#include "cli/cli_internal.h"

#include <string.h>

#include "baton/base/when.h"
#include "cli/ask_internal.h"

/* What r:clock() says, with names and times as people read them. */
static const char clock_code[] =
    "local r = referrals.get(\"%s\")\n"
    "if not r then error(\"no referral %s\", 0) end\n"
    "local rows = {}\n"
    "for i, h in ipairs(r:clock()) do\n"
    "  local name = type(h.holder) == \"userdata\" and h.holder.ref .. \" \" .. h.holder.name\n"
    "  rows[i] = { holder = name or h.holder, stage = h.stage, ms = h.ms,\n"
    "    working_ms = h.working_ms, paused = h.paused or false, from_at_ms = h.from_at_ms,\n"
    "    to_at_ms = h.to_at_ms, from = clock.format(h.from_at_ms),\n"
    "    to = h.to_at_ms and clock.format(h.to_at_ms) or \"\" }\n"
    "end\n"
    "print(json.encode({ referral = r.ref, held = rows }))\n";

static json_t *clock_length(long long ms, bool in_days)
{
    struct buf text = BUF_INIT;
    struct span span = { .ms = ms - ms % 60000 };
    if (in_days) {
        span.days = (int32_t)(span.ms / 86400000);
        span.ms %= 86400000;
        if (span.days > 0)
            span.ms -= span.ms % 3600000;
    }
    span_format(&span, &text);
    json_t *value = json_string(buf_text(&text));
    buf_free(&text);
    return value;
}

static void clock_say(const struct cli *c, const json_t *result)
{
    const json_t *row, *held = json_object_get(result, "held");
    json_t *lines = json_array();
    long long running = 0, paused = 0;
    size_t i;
    json_array_foreach(held, i, row)
    {
        long long working = json_integer_value(json_object_get(row, "working_ms"));
        bool stood = json_is_true(json_object_get(row, "paused"));
        *(stood ? &paused : &running) += working;
        json_t *line =
            json_pack("{s:O, s:O, s:O, s:O, s:o, s:o, s:s}", "holder",
                      json_object_get(row, "holder"), "stage", json_object_get(row, "stage"),
                      "from", json_object_get(row, "from"), "to", json_object_get(row, "to"),
                      "time", clock_length(json_integer_value(json_object_get(row, "ms")), true),
                      "working time", clock_length(working, false), "clock", stood ? "paused" : "");
        json_array_append_new(lines, line);
    }
    if (json_array_size(lines) > 0)
        print_value(stdout, lines);
    json_t *ran = clock_length(running, false), *stood = clock_length(paused, false);
    if (!c->quiet)
        print_line(stdout, "Working time: %s, and %s while its clock was paused.",
                   json_string_value(ran), json_string_value(stood));
    json_decref(ran);
    json_decref(stood);
    json_decref(lines);
}

/* Letters, digits and a dash only: it becomes part of a line of Lua. */
static int clock_check(const char *word, struct error *e)
{
    size_t n = strlen(word);
    const char *digits = word + ((*word == 'R' || *word == 'r') && word[1] == '-' ? 2 : 0);
    if (n < 24 && *digits && digits[strspn(digits, "0123456789")] == '\0')
        return 0;
    return error_set(e, ERROR_INVALID, "\"%.40s\" is no referral: expected as in R-12", word);
}

static int clock_run(const struct cli *c)
{
    struct ask a;
    struct error e;
    json_t *result = NULL;
    struct buf code = BUF_INIT;
    int exit_code = CLI_OK;
    if (clock_check(c->words[0], &e) < 0) {
        cli_fail(c, &e);
        return CLI_USAGE;
    }
    if (ask_open(&a, c, &e) < 0)
        return ask_refused(&a, c, &e);
    buf_printf(&code, clock_code, c->words[0], c->words[0]);
    if (ask_lua(&a, code.data, &result, &e) < 0)
        exit_code = cli_fail(c, &e);
    else if (c->json)
        print_json(stdout, result);
    else
        clock_say(c, result);
    json_decref(result);
    buf_free(&code);
    ask_close(&a);
    return exit_code;
}

const struct command command_clock = {
    .name = "clock",
    .usage = "REFERRAL",
    .summary = "Shows who held a referral for how long, stage by stage",
    .notes =
        "The owner, or where there is none the role that may own the stage. Time in which the\n"
        "deadline stood still is marked.",
    .example = "baton clock R-12",
    .min = 1,
    .max = 1,
    .run = clock_run,
};
