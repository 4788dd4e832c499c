/* baton explain: why a transition may or may not be taken, or what ran for an
 * event. The lines are those of the prompt's explain(). */
#include "cli/cli_internal.h"

#include <stdlib.h>
#include <string.h>

#include "baton/domain/explain.h"
#include "cli/ask_internal.h"

static const struct option explain_options[] = {
    { "reason", 0, "CODE", "as if this reason were given" },
    { "note", 0, "TEXT", "as if this note were given" },
    { "field", 0, "NAME=VALUE", "as if this field were set along with it (repeatable)" },
    { NULL, 0, NULL, NULL },
};

static int explain_fields(const struct cli *c, struct jsonw *w, struct error *e)
{
    size_t at = 0;
    jsonw_key(w, "fields");
    jsonw_open_object(w);
    for (const char *pair; (pair = cli_next(c, "field", &at));) {
        const char *equals = strchr(pair, '=');
        if (!equals || equals == pair)
            return error_set(e, ERROR_INVALID, "--field \"%s\" is not NAME=VALUE", pair);
        jsonw_keyn(w, pair, (size_t)(equals - pair));
        ask_value(w, equals + 1);
    }
    jsonw_close(w);
    return 0;
}

static int explain_event(const struct cli *c, struct jsonw *w, struct error *e)
{
    char *end;
    long long seq = c->count > 1 ? strtoll(c->words[1], &end, 10) : 0;
    if (c->count < 2 || *end || seq < 1)
        return error_set(e, ERROR_INVALID, "explain event takes the number of an event: 345");
    jsonw_key(w, "event");
    jsonw_int(w, seq);
    return 0;
}

static int explain_ask(const struct cli *c, struct jsonw *w, struct error *e)
{
    static const char *const texts[] = { "reason", "note" };
    if (!strcmp(c->words[0], "event"))
        return explain_event(c, w, e);
    jsonw_key(w, "referral");
    jsonw_text(w, c->words[0]);
    if (c->count > 1) {
        jsonw_key(w, "transition");
        jsonw_text(w, c->words[1]);
    }
    for (size_t i = 0; i < 2; i++)
        if (cli_value(c, texts[i])) {
            jsonw_key(w, texts[i]);
            jsonw_text(w, cli_value(c, texts[i]));
        }
    return explain_fields(c, w, e);
}

static int explain_print(const struct cli *c, const json_t *result, struct error *e)
{
    struct buf json = BUF_INIT, text = BUF_INIT;
    struct jsonw w;
    int rc = 0;
    jsonw_start(&w, &json);
    jsonw_value(&w, result);
    if (c->json)
        print_json_text(stdout, json.data, json.len);
    else if ((rc = explain_text(buf_text(&json), json.len, &text, e)) == 0 && !c->quiet)
        print_text(stdout, buf_text(&text), text.len);
    buf_free(&json);
    buf_free(&text);
    return rc;
}

static int explain_run(const struct cli *c)
{
    struct ask a;
    struct error e;
    if (ask_open(&a, c, &e) < 0)
        return cli_fail(c, &e);
    ask_begin(&a, "explain");
    int code = CLI_OK;
    int rc = explain_ask(c, &a.w, &e);
    if (rc == 0)
        rc = ask_send(&a, &e);
    const json_t *result = rc == 0 ? json_object_get(a.answer.done, "result") : NULL;
    if (rc == 0)
        rc = explain_print(c, result, &e);
    if (rc < 0)
        code = cli_fail(c, &e);
    else if (json_is_false(json_object_get(result, "may")))
        code = CLI_DENIED;
    ask_close(&a);
    return code;
}

const struct command command_explain = {
    .name = "explain",
    .usage = "REFERRAL [TRANSITION] [options] | event NUMBER",
    .summary =
        "Says whether a transition may be taken, and each reason why not; or what ran for an "
        "event",
    .options = explain_options,
    .notes = "Every question is asked, also behind one that fails: version, role, reason, fields, "
             "approval,\n"
             "guard (which is run, read-only). Without a transition: all that leave its stage.\n"
             "Of an event: which effect and handlers ran, in which order, how long, what each "
             "wrote.\n"
             "Exit code 4 if the transition may not be taken.",
    .example = "baton explain R-12 accept --as S-3\nbaton explain R-12\nbaton explain event 345",
    .min = 1,
    .max = 2,
    .run = explain_run,
};
