/* baton status: the running server and what it hosts, or, where none runs, the
 * organisations themselves. With --org it is baton org show. */
#include <string.h>

#include "baton/base/memory.h"
#include "baton/base/zone.h"
#include "baton/host/home.h"
#include "cli/ask_internal.h"
#include "cli/cli_internal.h"

/* Each organisation by its own clock and zone. */
static void status_human(json_t *all)
{
    size_t i;
    json_t *org;
    json_array_foreach(json_object_get(all, "orgs"), i, org)
    {
        const struct zone *zone = NULL;
        const char *name = json_string_value(json_object_get(org, "zone"));
        if (name && *name)
            zone_find(&zone, name, NULL);
        print_human(org, zone);
    }
    print_human(all, NULL);
}

/* No server: each organisation is opened for a moment. */
static int status_without_server(const struct cli *c, struct home *h)
{
    struct error e;
    char **names = NULL;
    json_t *orgs = json_array(), *all = json_object();
    int code = CLI_OK;
    if (home_orgs(h, &names, &e) < 0)
        code = cli_fail(c, &e);
    for (size_t i = 0; names && names[i]; i++) {
        struct cli named = *c;
        struct ask a;
        named.org = names[i];
        if (ask_open(&a, &named, &e) < 0) {
            json_array_append_new(orgs,
                                  json_pack("{s:s, s:s}", "name", names[i], "problem", e.message));
            continue;
        }
        ask_begin(&a, "status");
        if (ask_send(&a, &e) < 0)
            json_array_append_new(orgs,
                                  json_pack("{s:s, s:s}", "name", names[i], "problem", e.message));
        else
            json_array_append_new(
                orgs, json_pack("{s:s, s:O?, s:O?, s:O?, s:O?, s:s}", "name", names[i], "zone",
                                json_object_get(a.answer.done, "zone"), "next_due_ms",
                                json_object_get(a.answer.done, "next_due_ms"), "events",
                                json_object_get(a.answer.done, "events"), "file_bytes",
                                json_object_get(a.answer.done, "file_bytes"), "problem", ""));
        ask_close(&a);
    }
    json_object_set_new(all, "server", json_false());
    json_object_set_new(all, "orgs", orgs);
    if (code == CLI_OK && c->json) {
        print_json(stdout, all);
    } else if (code == CLI_OK) {
        status_human(all);
        print_line(stdout, "No server runs for %s.", home_dir(h));
        print_value(stdout, json_object_get(all, "orgs"));
    }
    json_decref(all);
    mem_free(names);
    return code;
}

static int status_run(const struct cli *c)
{
    struct ask a;
    struct home *h = NULL;
    struct error e;
    int code = CLI_OK;
    if (c->org)
        return command_org_show.run(c);
    int result = ask_open_server(&a, c, &e);
    if (result == -ERROR_NOT_FOUND && place_open(c, &h, NULL) == 0) {
        code = status_without_server(c, h);
        home_close(h);
        return code;
    }
    if (result < 0)
        return cli_fail(c, &e);
    ask_begin(&a, "status");
    if (ask_send(&a, &e) < 0) {
        code = cli_fail(c, &e);
    } else if (c->json) {
        print_json(stdout, a.answer.done);
    } else {
        status_human(a.answer.done);
        print_value(stdout, a.answer.done);
    }
    ask_close(&a);
    return code;
}

const struct command command_status = {
    .name = "status",
    .usage = "",
    .summary = "Shows the running server and its organisations; with --org one in detail",
    .example = "baton status --json",
    .run = status_run,
};
