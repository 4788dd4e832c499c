/* baton org show: one organisation on a page, from the op "status" and, for
 * the open referrals, a count in Lua. The same whether a server hosts it or not. */
#include <string.h>

#include "baton/base/memory.h"
#include "baton/base/text.h"
#include "baton/base/when.h"
#include "baton/base/zone.h"
#include "baton/store/schema.h"
#include "cli/ask_internal.h"
#include "cli/cli_internal.h"

static const char *show_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static long long show_number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* Adds "open": [{workflow, stage, referrals}] to the status. */
static int show_add_open(struct ask *a, json_t *status, struct error *e)
{
    static const char code[] =
        "local open = {}\n"
        "for _, name in ipairs(baton.workflows()) do\n"
        "  local by = referrals.count_by(\"stage\", {workflow = name, open = true})\n"
        "  if next(by) then open[name] = by end\n"
        "end\n"
        "print(next(open) and json.encode(open) or \"{}\")";
    json_t *counted = NULL, *stages, *count;
    const char *workflow, *stage;
    int result = ask_lua(a, code, &counted, e);
    if (result < 0)
        return result;
    json_t *open = json_array();
    json_object_foreach(counted, workflow, stages)
    {
        json_object_foreach(stages, stage, count)
        {
            json_t *row = json_pack("{s:s, s:s, s:O}", "workflow", workflow, "stage", stage,
                                    "referrals", count);
            json_array_append_new(open, row);
        }
    }
    json_object_set_new(status, "open", open);
    json_decref(counted);
    return 0;
}

static void show_due(const json_t *status, const struct zone *zone)
{
    struct buf text = BUF_INIT;
    const json_t *at = json_object_get(status, "next_due_ms");
    if (json_is_integer(at)) {
        if (zone)
            zone_format(zone, json_integer_value(at), false, &text);
        else
            zone_format_iso(json_integer_value(at), &text);
        buf_puts(&text, ", ");
        when_relative(json_integer_value(at), show_number(status, "now_ms"), &text);
    }
    print_line(stdout, "next due  %s", text.len ? text.data : "nothing");
    buf_free(&text);
    const json_t *waiting = json_object_get(status, "waiting");
    if (show_number(waiting, "timers") + show_number(waiting, "referrals") > 0)
        print_line(stdout, "waiting   %lld timers, deadlines of %lld referrals: %s",
                   show_number(waiting, "timers"), show_number(waiting, "referrals"),
                   json_string_value(json_object_get(waiting, "why")));
}

static void show_sizes(const json_t *status)
{
    struct buf file = BUF_INIT, wal = BUF_INIT, events = BUF_INIT;
    print_bytes(&file, show_number(status, "file_bytes"));
    print_bytes(&wal, show_number(status, "wal_bytes"));
    print_count(&events, show_number(status, "events"));
    print_line(stdout, "database  %s, write-ahead log %s, %s events", file.data, wal.data,
               events.data);
    buf_free(&file);
    buf_free(&wal);
    buf_free(&events);
}

/* What one call into a plugin may use. */
static void show_limits(const json_t *status)
{
    struct buf line = BUF_INIT;
    const json_t *limits = json_object_get(status, "limits");
    print_bytes(&line, show_number(limits, "lua_bytes"));
    buf_printf(&line, " of Lua; a call: %lld ms, ", show_number(limits, "call_ms"));
    print_bytes(&line, show_number(limits, "call_output_bytes"));
    buf_puts(&line, " of output, ");
    print_count(&line, show_number(limits, "call_effects"));
    buf_puts(&line, " messages, ");
    print_count(&line, show_number(limits, "call_rows"));
    buf_puts(&line, " rows of ");
    print_bytes(&line, show_number(limits, "call_bytes"));
    print_line(stdout, "limits    %s", line.data);
    buf_free(&line);
}

static void show_plugins(const json_t *status)
{
    size_t i;
    const json_t *p;
    json_array_foreach(json_object_get(status, "plugins"), i, p)
    {
        bool loaded = json_is_true(json_object_get(p, "loaded"));
        const char *problem = show_text(p, "problem");
        print_line(stdout, "%s%s %s: %s%s%s", i == 0 ? "plugins   " : "          ",
                   show_text(p, "name"), show_text(p, "version"), loaded ? "loaded" : "not loaded",
                   *problem ? ": " : "", problem);
    }
}

/* Names of one kind of what plugins declare. */
static void show_declared(const json_t *status, const char *kind, const char *title)
{
    struct buf line = BUF_INIT;
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(status, "declared"), i, one)
    {
        if (strcmp(show_text(one, "kind"), kind))
            continue;
        buf_printf(&line, "%s%s", line.len ? ", " : "", show_text(one, "name"));
    }
    if (line.len)
        print_line(stdout, "%s  %s", title, line.data);
    buf_free(&line);
}

static void show_rows(const json_t *status)
{
    struct buf line = BUF_INIT;
    const char *key;
    json_t *count;
    json_object_foreach(json_object_get(status, "rows"), key, count)
    {
        if (json_integer_value(count) == 0)
            continue;
        buf_puts(&line, line.len ? ", " : "");
        print_count(&line, json_integer_value(count));
        const struct schema *schema = schema_named(key);
        buf_printf(&line, " %s", schema && json_integer_value(count) == 1 ? schema->name : key);
    }
    print_line(stdout, "records   %s", line.len ? line.data : "none");
    buf_free(&line);
}

static void show_people(const json_t *status)
{
    const struct zone *zone = NULL;
    const json_t *open = json_object_get(status, "open");
    zone_find(&zone, show_text(status, "zone"), NULL);
    print_line(stdout, "%s  %s", show_text(status, "name"), show_text(status, "title"));
    print_line(stdout, "zone      %s%s", show_text(status, "zone"),
               strcmp(show_text(status, "clock"), "movable") ? ""
                                                             : ", with a clock that can be moved");
    show_plugins(status);
    show_limits(status);
    show_declared(status, "command", "commands");
    show_declared(status, "report", "reports ");
    show_rows(status);
    show_due(status, zone);
    show_sizes(status);
    if (json_array_size(open) > 0) {
        print_line(stdout, "open referrals:");
        print_value(stdout, open);
    }
}

static int show_run(const struct cli *c)
{
    struct cli named = *c;
    struct ask a;
    struct error e;
    int code = CLI_OK;
    if (c->count > 0)
        named.org = c->words[0];
    if (ask_open(&a, &named, &e) < 0)
        return ask_refused(&a, c, &e);
    ask_begin(&a, "status");
    int result = ask_send(&a, &e);
    json_t *status = result == 0 ? json_deep_copy(a.answer.done) : NULL;
    if (result == 0)
        result = show_add_open(&a, status, &e);
    if (result < 0)
        code = cli_fail(c, &e);
    else if (c->json)
        print_json(stdout, status);
    else
        show_people(status);
    json_decref(status);
    ask_close(&a);
    return code;
}

const struct command command_org_show = {
    .name = "org show",
    .usage = "[NAME]",
    .summary = "Shows an organisation: plugins, counts, open referrals, what is due, sizes",
    .example = "baton org show riverside",
    .max = 1,
    .run = show_run,
};
