/* baton graph: a workflow as a picture. Of an organisation, drawn by whoever
 * hosts it; with --plugin of a plugin that nobody serves yet, in a scratch
 * organisation. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/buf.h"
#include "baton/base/memory.h"
#include "baton/domain/domain.h"
#include "baton/domain/draw.h"
#include "baton/host/home.h"
#include "baton/host/lint.h"
#include "cli/ask_internal.h"
#include "cli/cli_internal.h"

static int graph_write(const char *path, const char *text, size_t n, struct error *e)
{
    FILE *file = fopen(path, "we");
    bool good = file && fwrite(text, 1, n, file) == n;
    if (file && fclose(file) != 0)
        good = false;
    return good ? 0 : error_set(e, ERROR_IO, "can't write %s: %s", path, strerror(errno));
}

static int graph_give(const struct cli *c, const char *text, size_t n, struct error *e)
{
    const char *path = cli_value(c, "out");
    if (path && strcmp(path, "-") != 0)
        return graph_write(path, text, n, e);
    fwrite(text, 1, n, stdout);
    return 0;
}

/* ---- of an organisation ---- */

static int graph_of_org(const struct cli *c, const char *format, struct error *e)
{
    struct ask a;
    int rc = ask_open(&a, c, e);
    if (rc < 0)
        return rc;
    ask_begin(&a, "graph");
    jsonw_key(&a.w, "workflow");
    jsonw_text(&a.w, c->words[0]);
    jsonw_key(&a.w, "format");
    jsonw_text(&a.w, format);
    jsonw_key(&a.w, "counts");
    jsonw_bool(&a.w, cli_has(c, "counts"));
    rc = ask_send(&a, e);
    const json_t *text = rc == 0 ? json_object_get(a.answer.done, "text") : NULL;
    if (text)
        rc = graph_give(c, json_string_value(text), json_string_length(text), e);
    ask_close(&a);
    return rc;
}

/* ---- of a plugin ---- */

static int graph_of_plugin(const struct cli *c, enum draw_format format, struct error *e)
{
    char *dir = NULL, *name = NULL, *shipped = place_plugins();
    struct lint *l = NULL;
    struct buf out = BUF_INIT;
    const struct graph *g = NULL;
    int rc = place_plugin(cli_value(c, "plugin"), &dir, &name, e);
    if (rc < 0)
        goto out;
    const char *const names[] = { name, NULL }, *const dirs[] = { dir, NULL };
    const struct lint_options options = { .plugins = names, .dirs = dirs, .shipped = shipped };
    if ((rc = lint_open(&l, &options, e)) < 0)
        goto out;
    if ((rc = domain_find_graph(lint_domain(l), c->words[0], &g, e)) < 0) {
        const struct check_finding *first = check_at(lint_check(l), 0);
        if (first && domain_graph_count(lint_domain(l)) == 0)
            error_set(e, ERROR_INVALID, "no workflow of %s loads; see baton check: %s", name,
                      first->message);
        goto out;
    }
    graph_draw(g, format, NULL, &out);
    rc = graph_give(c, buf_text(&out), out.len, e);
out:
    lint_close(l);
    buf_free(&out);
    mem_free(dir);
    mem_free(name);
    mem_free(shipped);
    return rc;
}

static int graph_run(const struct cli *c)
{
    struct error e;
    enum draw_format format;
    const char *name = cli_value(c, "format");
    bool plugin = cli_has(c, "plugin");
    if (draw_format_named(name ? name : "text", &format, &e) < 0) {
        cli_fail(c, &e);
        return CLI_USAGE;
    }
    if (plugin && cli_has(c, "counts")) {
        error_set(&e, ERROR_INVALID,
                  "--counts counts referrals of an organisation, --plugin has "
                  "none: leave one of them out");
        cli_fail(c, &e);
        return CLI_USAGE;
    }
    if ((plugin ? graph_of_plugin(c, format, &e) : graph_of_org(c, name ? name : "text", &e)) < 0)
        return cli_fail(c, &e);
    return CLI_OK;
}

static const struct option graph_options[] = {
    { "format", 'f', "FORMAT", "text (the default), mermaid, dot or svg" },
    { "counts", 0, NULL, "how many referrals are open in each stage" },
    { "out", 'O', "FILE", "writes the picture there instead of printing it" },
    { "plugin", 0, "DIR",
      "draws the workflow of the plugin in that folder, not of an organisation" },
    { NULL, 0, NULL, NULL },
};

const struct command command_graph = {
    .name = "graph",
    .usage = "WORKFLOW [options]",
    .summary = "Draws a workflow",
    .options = graph_options,
    .notes =
        "Stages are boxes with their deadlines, transitions are labelled arrows. Locked ones "
        "carry\na padlock, those that the clock takes are dashed. A transition from every open "
        "stage comes\nfrom a box \"any stage\".",
    .example = "baton graph pre_referral --format svg --counts --out pre_referral.svg\n"
               "baton graph tutoring --plugin plugins/tutoring",
    .min = 1,
    .max = 1,
    .run = graph_run,
};
