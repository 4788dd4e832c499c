/* baton plugin list, on, off: the plugins of an organisation and their circuit
 * breakers. */
#include <string.h>

#include "baton/base/zone.h"
#include "cli/ask_internal.h"
#include "cli/cli_internal.h"

static const char *plugin_text(const json_t *p, const char *key)
{
    const char *text = json_string_value(json_object_get(p, key));
    return text ? text : "";
}

/* "on", "off until 09:40: it is tried again then" and the like. */
static const char *plugin_state(const json_t *p)
{
    if (!json_is_true(json_object_get(p, "loaded")))
        return "not loaded";
    if (!json_is_true(json_object_get(p, "off")))
        return "on";
    return json_is_null(json_object_get(p, "off_again_ms")) ? "off by hand" : "off";
}

static json_t *plugin_row(const json_t *p)
{
    return json_pack("{s:s, s:s, s:s, s:O, s:O, s:O, s:s}", "plugin", plugin_text(p, "name"),
                     "version", plugin_text(p, "version"), "state", plugin_state(p), "calls",
                     json_object_get(p, "calls"), "failures", json_object_get(p, "failures"),
                     "cpu_ms", json_object_get(p, "cpu_ms"), "problem", plugin_text(p, "problem"));
}

static int list_run(const struct cli *c)
{
    struct ask a;
    struct error e;
    size_t i;
    const json_t *p;
    int code = CLI_OK;
    if (ask_open(&a, c, &e) < 0)
        return ask_refused(&a, c, &e);
    ask_begin(&a, "status");
    if (ask_send(&a, &e) < 0) {
        code = cli_fail(c, &e);
    } else if (c->json) {
        print_json(stdout, json_object_get(a.answer.done, "plugins"));
    } else {
        json_t *rows = json_array();
        json_array_foreach(json_object_get(a.answer.done, "plugins"), i, p)
        {
            json_array_append_new(rows, plugin_row(p));
        }
        if (json_array_size(rows))
            print_value(stdout, rows);
        else if (!c->quiet)
            print_line(stdout, "No plugins: plugins = in org.ini names them.");
        json_decref(rows);
    }
    ask_close(&a);
    return code;
}

static int switch_run(const struct cli *c, const char *action)
{
    struct ask a;
    struct error e;
    int code = CLI_OK;
    if (ask_open(&a, c, &e) < 0)
        return ask_refused(&a, c, &e);
    ask_begin(&a, "plugin");
    jsonw_key(&a.w, "name");
    jsonw_text(&a.w, c->words[0]);
    jsonw_key(&a.w, "action");
    jsonw_text(&a.w, action);
    if (cli_has(c, "why")) {
        jsonw_key(&a.w, "why");
        jsonw_text(&a.w, cli_value(c, "why"));
    }
    if (ask_send(&a, &e) < 0)
        code = cli_fail(c, &e);
    else if (c->json)
        print_json(stdout, a.answer.done);
    else if (!c->quiet)
        print_line(stdout, "Plugin %s is switched %s.", c->words[0], action);
    ask_close(&a);
    return code;
}

static int on_run(const struct cli *c)
{
    return switch_run(c, "on");
}

static int off_run(const struct cli *c)
{
    return switch_run(c, "off");
}

static const struct option off_options[] = {
    { "why", 'w', "TEXT", "the reason, for whoever meets it switched off" },
    { NULL, 0, NULL, NULL },
};

const struct command command_plugin_list = {
    .name = "plugin list",
    .usage = "",
    .summary = "Lists the plugins of an organisation: on or off and why, calls, failures",
    .example = "baton plugin list",
    .run = list_run,
};

const struct command command_plugin_on = {
    .name = "plugin on",
    .usage = "NAME",
    .summary = "Switches a plugin on again that kept failing, or was switched off",
    .notes = "A plugin that is stopped 5 times, or fails 20 times, within 10 minutes is switched "
             "off for its\n"
             "organisation, and tried again 10 minutes later. A reload switches it on, too.",
    .example = "baton plugin on tutoring",
    .min = 1,
    .max = 1,
    .run = on_run,
};

const struct command command_plugin_off = {
    .name = "plugin off",
    .usage = "NAME [--why TEXT]",
    .summary = "Switches a plugin off: its workflows stand still, but for what the law demands",
    .options = off_options,
    .notes = "Its referrals stay readable, its locked transitions go, its timers and expiries wait "
             "for it.\n"
             "It needs the role admin, or the operator.",
    .example = "baton plugin off tutoring --why \"until the new term\"",
    .min = 1,
    .max = 1,
    .run = off_run,
};
