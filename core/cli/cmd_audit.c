/* baton audit verify: is the history whole, and do the rows follow from it? */
#include "cli/cli_internal.h"

#include <string.h>

#include "baton/base/memory.h"
#include "cli/ask_internal.h"

static long long audit_number(const json_t *done, const char *key)
{
    return json_integer_value(json_object_get(done, key));
}

static const char *audit_word(const json_t *done, const char *key)
{
    const char *word = json_string_value(json_object_get(done, key));
    return word ? word : "";
}

static void audit_say(const struct cli *c, const char *org, const json_t *done, bool broken)
{
    struct buf events = BUF_INIT, rows = BUF_INIT;
    print_count(&events, audit_number(done, "events"));
    print_count(&rows, audit_number(done, "rows"));
    if (audit_number(done, "broken_seq") > 0)
        print_line(stdout, "%s: the history is broken at line %lld: %s", org,
                   audit_number(done, "broken_seq"), audit_word(done, "broken_why"));
    if (audit_number(done, "differing") > 0)
        print_line(stdout, "%s: %lld rows do not follow from the history; the first is %s: %s", org,
                   audit_number(done, "differing"), audit_word(done, "differs"),
                   audit_word(done, "differs_why"));
    if (broken)
        print_line(stdout, "Remedy: keep a copy of the database as it is, and restore the last "
                           "backup that verifies.");
    else if (!c->quiet)
        print_line(stdout, "%s: the history is whole: %s events, %s rows follow from them; head %s",
                   org, buf_text(&events), buf_text(&rows), audit_word(done, "head"));
    buf_free(&events);
    buf_free(&rows);
}

static int audit_run(const struct cli *c)
{
    struct ask a;
    struct error e;
    int code = CLI_OK;
    if (ask_open(&a, c, &e) < 0)
        return ask_refused(&a, c, &e);
    ask_begin(&a, "audit");
    if (ask_send(&a, &e) < 0) {
        code = cli_fail(c, &e);
    } else {
        const json_t *done = a.answer.done;
        const json_t *result = json_object_get(done, "result");
        done = result ? result : done;
        bool broken = audit_number(done, "broken_seq") > 0 || audit_number(done, "differing") > 0;
        code = broken ? CLI_CORRUPT : CLI_OK;
        if (c->json)
            print_json(stdout, done);
        else
            audit_say(c, a.org, done, broken);
    }
    ask_close(&a);
    return code;
}

const struct command command_audit = {
    .name = "audit verify",
    .usage = "",
    .summary = "Checks the chain of the history, and that all rows follow from it",
    .notes =
        "Names the first broken line and the first row that differs; exit code 9 if there is one.",
    .example = "baton audit verify --org riverside",
    .run = audit_run,
};
