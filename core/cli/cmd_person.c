/* baton person show, person erase. */
#include <string.h>

#include "baton/base/memory.h"
#include "baton/host/backup.h"
#include "cli/cli_internal.h"
#include "cli/keep_internal.h"

static int person_ask(struct ask *a, const char *action, struct error *e)
{
    const struct cli *c = a->c;
    const char *reason = cli_value(c, "reason");
    ask_begin(a, "person");
    jsonw_key(&a->w, "action");
    jsonw_text(&a->w, action);
    jsonw_key(&a->w, "person");
    jsonw_text(&a->w, c->words[0]);
    if (reason) {
        jsonw_key(&a->w, "reason");
        jsonw_text(&a->w, reason);
    }
    jsonw_key(&a->w, "with_open");
    jsonw_bool(&a->w, cli_has(c, "with-open"));
    return ask_send(a, e);
}

/* What was about the person before it was about somebody else is not theirs any more, and may still
 * tell of them. */
static void person_say_once(const struct ask *a, FILE *out)
{
    const json_t *result = json_object_get(a->answer.done, "result"), *ref;
    struct buf refs = BUF_INIT;
    size_t i;
    json_array_foreach(json_object_get(result, "once_about"), i, ref)
    {
        buf_printf(&refs, "%s%s", i ? ", " : "", json_string_value(ref));
    }
    if (refs.len)
        print_line(out,
                   "Once about %s, now about somebody else; look at title, fields and notes: %s",
                   a->c->words[0], refs.data);
    buf_free(&refs);
}

static int person_show_run(const struct cli *c)
{
    struct ask a;
    struct error e;
    int code = CLI_OK;
    if (ask_open(&a, c, &e) < 0)
        return ask_refused(&a, c, &e);
    if (person_ask(&a, "show", &e) < 0) {
        code = cli_fail(c, &e);
    } else if (!c->quiet) {
        const json_t *result = json_object_get(a.answer.done, "result");
        const json_t *copies = json_object_get(result, "copies");
        fflush(stdout);
        print_line(stderr, "%lld records, and what the history says of them",
                   json_integer_value(json_object_get(result, "rows")));
        person_say_once(&a, stderr);
        if (json_array_size(copies) > 0)
            print_line(stderr, "Copies made since the person was entered, which may hold them:");
        keep_print_copies(stderr, copies);
    }
    ask_close(&a);
    return code;
}

const struct command command_person_show = {
    .name = "person show",
    .usage = "PERSON",
    .summary = "Everything that is held about a person, as JSON Lines",
    .notes = "The person, consents, referrals about them, and notes, tasks, timers and messages "
             "about any of these:\n"
             "what person erase would empty.",
    .example = "baton person show P-12 > P-12.jsonl",
    .min = 1,
    .max = 1,
    .run = person_show_run,
};

static void person_say(const struct ask *a, json_t *result)
{
    const struct cli *c = a->c;
    const char *org = a->org;
    struct buf rows = BUF_INIT, events = BUF_INIT, replaced = BUF_INIT;
    const json_t *copies = json_object_get(result, "copies"), *count;
    const char *plural;
    const long long files = json_integer_value(json_object_get(result, "files"));
    json_object_foreach(json_object_get(result, "rows"), plural, count)
    {
        buf_printf(&rows, "%s%s %lld", rows.len ? ", " : "", plural, json_integer_value(count));
    }
    print_count(&events, json_integer_value(json_object_get(result, "events")));
    if (rows.len)
        print_line(stdout, "%s: %s is erased: %s; %s lines of the history hold nothing any more",
                   org, c->words[0], buf_text(&rows), buf_text(&events));
    else if (files > 0)
        print_line(stdout, "%s: of %s only files of messages were left, and are removed", org,
                   c->words[0]);
    else
        print_line(stdout, "%s: nothing of %s was left to erase", org, c->words[0]);
    person_say_once(a, stdout);
    home_replaced(a->home, org, &replaced);
    if (json_array_size(copies) > 0 || replaced.len)
        print_line(stdout, "Copies that may still hold the person, and are yours to deal with:");
    keep_print_copies(stdout, copies);
    for (char *at = replaced.data; at && *at; at += strcspn(at, "\n"), at += *at == '\n')
        print_line(stdout, "  replaced by a restore  %.*s", (int)strcspn(at, "\n"), at);
    buf_free(&replaced);
    buf_free(&rows);
    buf_free(&events);
}

static int person_erase_run(const struct cli *c)
{
    struct ask a;
    struct error e;
    int code = CLI_OK;
    if (!cli_value(c, "reason")) {
        error_set(
            &e, ERROR_INVALID,
            "--reason is needed, and stays in the history: whose request it was, and of when");
        return cli_usage(c, &e);
    }
    if (keep_confirm(c, "What is erased cannot be brought back", c->words[0], &e) < 0)
        return e.code == ERROR_INVALID ? cli_usage(c, &e) : cli_fail(c, &e);
    if (ask_open(&a, c, &e) < 0)
        return ask_refused(&a, c, &e);
    if (person_ask(&a, "erase", &e) < 0)
        code = cli_fail(c, &e);
    else if (c->json)
        print_json(stdout, json_object_get(a.answer.done, "result"));
    else if (!c->quiet)
        person_say(&a, json_object_get(a.answer.done, "result"));
    ask_close(&a);
    return code;
}

static const struct option person_erase_options[] = {
    { "reason", 0, "TEXT", "why: kept in the history, so without the name of the person" },
    { "with-open", 0, NULL,
      "also where a referral about them is open: it stays open, without them" },
    { "yes", 'y', NULL, "do not ask" },
    { NULL, 0, NULL, NULL },
};

const struct command command_person_erase = {
    .name = "person erase",
    .usage = "PERSON --reason TEXT [options]",
    .summary = "Erases a person: records, search index, messages, history",
    .options = person_erase_options,
    .notes =
        "What stays is a stub, and the referrals without title, text and fields, with their "
        "stages,\n"
        "times and outcome; audit verify still holds. The database is written anew, so that the "
        "bytes are\n"
        "gone too (about a second for 100 MB, in which the organisation waits). Names the backups "
        "and exports\n"
        "made since the person was entered: those are not changed. Admins and the operator only.",
    .example = "baton person erase P-12 --reason \"request of 2026-11-20\" --with-open --yes",
    .min = 1,
    .max = 1,
    .run = person_erase_run,
};
