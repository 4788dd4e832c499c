/* baton org add, org list. */
#include "cli/cli_internal.h"

#include <string.h>

#include "baton/base/buf.h"
#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "baton/host/home.h"
#include "cli/ask_internal.h"

/* ---- add ---- */

static int org_add_settings(const struct cli *c, struct org_settings *s, struct error *e)
{
    const char *clock = cli_value(c, "clock");
    if (clock && strcmp(clock, "system") && strcmp(clock, "movable"))
        return error_set(e, ERROR_INVALID, "--clock is system or movable, not \"%s\"", clock);
    *s = (struct org_settings){
        .title = cli_value(c, "title"),
        .zone = cli_value(c, "zone"),
        .plugins = cli_value(c, "plugins"),
        .roles = cli_value(c, "roles"),
        .clock_movable = clock && !strcmp(clock, "movable"),
    };
    return 0;
}

/* Opens the new organisation once: [{plugin,problem}] of what does not load. */
static json_t *org_add_findings(const struct cli *c, const char *name)
{
    struct cli named = *c;
    struct ask a;
    struct error e;
    size_t i;
    const json_t *p;
    json_t *findings = json_array();
    named.org = name;
    named.as = NULL;
    named.quiet = true; /* the notices say the same */
    if (ask_open(&a, &named, &e) < 0) {
        json_array_append_new(findings,
                              json_pack("{s:s, s:s}", "plugin", "", "problem", e.message));
        return findings;
    }
    ask_begin(&a, "status");
    if (ask_send(&a, &e) == 0) {
        json_array_foreach(json_object_get(a.answer.done, "plugins"), i, p)
        {
            if (!json_is_true(json_object_get(p, "loaded")))
                json_array_append_new(findings, json_pack("{s:O?, s:O?}", "plugin",
                                                          json_object_get(p, "name"), "problem",
                                                          json_object_get(p, "problem")));
        }
    }
    ask_close(&a);
    return findings;
}

static void org_add_say(const struct cli *c, const struct home *h, const char *name)
{
    json_t *findings = org_add_findings(c, name);
    size_t i;
    const json_t *f;
    if (c->json) {
        json_t *said = json_pack("{s:s, s:O}", "org", name, "problems", findings);
        print_json(stdout, said);
        json_decref(said);
    } else if (!c->quiet) {
        print_line(stdout, "Added %s. Its settings: %s/orgs/%s/org.ini", name, home_dir(h), name);
    }
    json_array_foreach(findings, i, f)
    {
        const char *plugin = json_string_value(json_object_get(f, "plugin"));
        const char *problem = json_string_value(json_object_get(f, "problem"));
        if (!c->json)
            print_line(stderr, "But %s%s%s: %s", plugin && *plugin ? "its plugin " : "it",
                       plugin ? plugin : "",
                       plugin && *plugin ? " does not load, so it works without it"
                                         : " cannot be opened",
                       problem ? problem : "");
    }
    json_decref(findings);
}

static int org_add_run(const struct cli *c)
{
    struct home *h = NULL;
    struct org_settings settings;
    struct error e;
    const char *name = c->words[0];
    int code = CLI_OK, result;
    if (org_add_settings(c, &settings, &e) < 0)
        return cli_usage(c, &e);
    if (place_open(c, &h, &e) < 0) {
        code = cli_fail(c, &e);
    } else if ((result = home_add_org(h, name, &settings, &e)) < 0) {
        code = result == -ERROR_INVALID ? cli_usage(c, &e) : cli_fail(c, &e);
    } else {
        org_add_say(c, h, name);
    }
    home_close(h);
    return code;
}

/* ---- list ---- */

static int org_list_run(const struct cli *c)
{
    struct home *h = NULL;
    struct error e;
    char **names = NULL;
    int code = CLI_OK;
    if (place_open(c, &h, &e) < 0 || home_orgs(h, &names, &e) < 0) {
        code = cli_fail(c, &e);
    } else if (c->json) {
        struct buf out = BUF_INIT;
        struct jsonw w;
        jsonw_start(&w, &out);
        jsonw_open_array(&w);
        for (size_t i = 0; names[i]; i++)
            jsonw_text(&w, names[i]);
        jsonw_close(&w);
        print_json_text(stdout, out.data, out.len);
        buf_free(&out);
    } else {
        for (size_t i = 0; names[i]; i++)
            print_line(stdout, "%s", names[i]);
        if (!names[0] && !c->quiet)
            print_line(stderr, "No organisation yet; add one with: baton org add NAME");
    }
    mem_free(names);
    home_close(h);
    return code;
}

static const struct option org_add_options[] = {
    { "title", 't', "TEXT", "its full name" },
    { "zone", 'z', "ZONE", "time zone, as America/Los_Angeles; else UTC" },
    { "plugins", 'p', "A,B", "plugins, separated by commas" },
    { "roles", 'r', "A,B", "roles besides junior, specialist, senior, lead and admin" },
    { "clock", 0, "WHICH",
      "system, or movable: a clock that scripts may move, for trying things out" },
    { NULL, 0, NULL, NULL },
};

const struct command command_org_add = {
    .name = "org add",
    .usage = "NAME [options]",
    .summary = "Adds an organisation to the home",
    .options = org_add_options,
    .notes =
        "NAME is made of a-z, 0-9 and _. What the options say goes to orgs/NAME/org.ini, where it\n"
        "can be changed later.",
    .example = "baton org add riverside --title \"Riverside Unified\" --zone America/Los_Angeles "
               "--plugins pre_referral",
    .min = 1,
    .max = 1,
    .run = org_add_run,
};

const struct command command_org_list = {
    .name = "org list",
    .usage = "",
    .summary = "Names the organisations of the home",
    .example = "baton org list --json",
    .run = org_list_run,
};
