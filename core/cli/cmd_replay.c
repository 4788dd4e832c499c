/* baton replay: what changed rules would have done with the referrals that have
 * ended. */
#include "cli/cli_internal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/memory.h"
#include "baton/base/zone.h"
#include "cli/ask_internal.h"

static const struct option replay_options[] = {
    { "plugin", 'p', "DIR",
      "the changed plugin, or the name of an installed one; may be repeated" },
    { "since", 's', "WHEN", "judges referrals that ended at or after WHEN" },
    { "limit", 0, "N", "spells out at most N referrals; else 200" },
    { NULL, 0, NULL, NULL },
};

static long long replay_number(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

static const char *replay_word(const json_t *o, const char *key)
{
    const char *word = json_string_value(json_object_get(o, key));
    return word ? word : "";
}

static void replay_when(const json_t *o, const char *key, const struct zone *zone, struct buf *out)
{
    const json_t *at = json_object_get(o, key);
    if (json_is_integer(at))
        zone_format(zone, json_integer_value(at), false, out);
    else
        buf_puts(out, "none");
}

/* ---- one referral ---- */

/* 'advanced "accept" new → done by S-3' */
static void replay_event(const json_t *event, struct buf *out)
{
    const char *kind = replay_word(event, "event");
    const json_t *set = json_object_get(event, "set");
    if (!json_is_object(event)) {
        buf_puts(out, "nothing");
        return;
    }
    buf_puts(out, strncmp(kind, "referral.", 9) ? kind : kind + 9);
    if (*replay_word(event, "transition"))
        buf_printf(out, " \"%s\"", replay_word(event, "transition"));
    if (*replay_word(event, "to"))
        buf_printf(out, " %s → %s", replay_word(event, "from"), replay_word(event, "to"));
    if (*replay_word(event, "reason"))
        buf_printf(out, ", reason \"%s\"", replay_word(event, "reason"));
    if (*replay_word(set, "kind"))
        buf_printf(out, " (%s)", replay_word(set, "kind"));
    buf_printf(out, " by %s", replay_word(event, "actor"));
}

static void replay_first(const json_t *row, const struct zone *zone)
{
    const json_t *first = json_object_get(row, "first");
    const json_t *recorded = json_object_get(first, "recorded");
    const json_t *replayed = json_object_get(first, "replayed");
    struct buf line = BUF_INIT;
    if (!first)
        return;
    buf_puts(&line, "  recorded  ");
    if (json_is_object(recorded)) {
        replay_when(recorded, "at_ms", zone, &line);
        buf_printf(&line, "  (event %lld) ", replay_number(recorded, "seq"));
    }
    replay_event(recorded, &line);
    print_line(stdout, "%s", line.data);
    buf_clear(&line);
    buf_puts(&line, "  replayed  ");
    if (json_is_object(replayed)) {
        replay_when(replayed, "at_ms", zone, &line);
        buf_puts(&line, "  ");
    }
    replay_event(replayed, &line);
    if (*replay_word(first, "differs"))
        buf_printf(&line, "; differs in %s", replay_word(first, "differs"));
    print_line(stdout, "%s", line.data);
    buf_free(&line);
}

static void replay_deadlines(const json_t *row, const struct zone *zone)
{
    const json_t *moved;
    size_t i;
    json_array_foreach(json_object_get(row, "deadlines"), i, moved)
    {
        struct buf line = BUF_INIT;
        buf_printf(&line, "  deadline of %s: ", replay_word(moved, "stage"));
        replay_when(moved, "from_ms", zone, &line);
        buf_puts(&line, " → ");
        replay_when(moved, "to_ms", zone, &line);
        print_line(stdout, "%s", line.data);
        buf_free(&line);
    }
}

static void replay_end(const json_t *row, struct buf *out)
{
    const json_t *recorded = json_object_get(row, "recorded");
    const json_t *replayed = json_object_get(row, "replayed");
    const char *class = replay_word(row, "class");
    buf_puts(out, replay_word(recorded, "stage"));
    if (!strcmp(class, "unknown"))
        buf_puts(out, " → not known");
    else if (!strcmp(class, "not_replayed"))
        buf_puts(out, ", not replayed");
    else if (!strcmp(class, "end"))
        buf_printf(out, " → %s",
                   json_is_object(replayed) ? replay_word(replayed, "stage") : "not opened");
    if (!strcmp(class, "end") &&
        strcmp(replay_word(recorded, "outcome"), replay_word(replayed, "outcome")) != 0)
        buf_printf(out, " (%s → %s)", replay_word(recorded, "outcome"),
                   replay_word(replayed, "outcome"));
}

static void replay_row(const json_t *row, const struct zone *zone)
{
    const json_t *unknown = json_object_get(row, "unknown");
    struct buf line = BUF_INIT;
    buf_puts(&line, replay_word(row, "referral"));
    if (*replay_word(row, "title"))
        buf_printf(&line, " (%s)", replay_word(row, "title"));
    buf_puts(&line, ": ");
    replay_end(row, &line);
    if (*replay_word(row, "why"))
        buf_printf(&line, ": %s", replay_word(row, "why"));
    print_line(stdout, "%s", line.data);
    replay_first(row, zone);
    replay_deadlines(row, zone);
    if (unknown) {
        buf_clear(&line);
        buf_puts(&line, "  ");
        replay_when(unknown, "at_ms", zone, &line);
        buf_printf(&line, "  (event %lld) %s; what people would have done instead is not known",
                   replay_number(unknown, "seq"), replay_word(unknown, "why"));
        print_line(stdout, "%s", line.data);
    }
    buf_free(&line);
}

/* ---- all of it ---- */

static void replay_counts(const struct ask *a, const json_t *result, const struct zone *zone)
{
    static const char *const lines[][2] = {
        { "same", "as they did" },
        { "end", "end otherwise" },
        { "way", "the same end, another way" },
        { "deadlines", "only deadlines move" },
        { "unknown", "not known: people would have had to act otherwise" },
        { "not_replayed", "not replayed" },
    };
    struct buf since = BUF_INIT;
    replay_when(result, "since_ms", zone, &since);
    print_line(stdout, "%s with %s: %lld %s ended since %s; %lld commands of %lld events replayed.",
               a->org, replay_word(result, "plugins"), replay_number(result, "finished"),
               replay_number(result, "finished") == 1 ? "referral has" : "referrals have",
               since.data, replay_number(result, "commands"), replay_number(result, "events"));
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        print_line(stdout, "%8lld  %s", replay_number(result, lines[i][0]), lines[i][1]);
    buf_free(&since);
}

static void replay_say(const struct ask *a, const json_t *result)
{
    const struct zone *zone;
    const json_t *row, *note;
    size_t i;
    if (zone_find(&zone, replay_word(result, "zone"), NULL) < 0)
        zone_find(&zone, "UTC", NULL);
    json_array_foreach(json_object_get(result, "rows"), i, row)
    {
        replay_row(row, zone);
    }
    if (replay_number(result, "rows_left_out") > 0)
        print_line(stdout, "and %lld more", replay_number(result, "rows_left_out"));
    if (!a->c->quiet)
        replay_counts(a, result, zone);
    json_array_foreach(json_object_get(result, "notes"), i, note)
    {
        print_line(stderr, "note: %s", json_string_value(note));
    }
}

/* The folder of a plugin becomes absolute, since a server may be asked; a name stays. */
static int replay_plugin(const char *word, struct jsonw *w, struct error *e)
{
    char path[PATH_MAX];
    char *full = NULL;
    int n = snprintf(path, sizeof path, "%s/plugin.ini", word);
    bool folder = n < (int)sizeof path && access(path, F_OK) == 0;
    if (!folder && strchr(word, '/'))
        return error_set(e, ERROR_NOT_FOUND, "%s is no folder of a plugin: it holds no plugin.ini",
                         word);
    int rc = folder ? place_file(word, &full, e) : 0;
    if (rc == 0)
        jsonw_text(w, full ? full : word);
    mem_free(full);
    return rc;
}

static int replay_ask(struct ask *a, struct error *e)
{
    const struct cli *c = a->c;
    const char *limit = cli_value(c, "limit"), *word;
    size_t at = 0;
    char *end = NULL;
    int rc = 0;
    ask_begin(a, "replay");
    jsonw_key(&a->w, "since");
    jsonw_text(&a->w, cli_value(c, "since"));
    if (limit) {
        long long n = strtoll(limit, &end, 10);
        if (!*limit || *end || n < 0)
            return error_set(e, ERROR_INVALID, "--limit %.40s: a whole number is needed", limit);
        jsonw_key(&a->w, "limit");
        jsonw_int(&a->w, n);
    }
    jsonw_key(&a->w, "plugins");
    jsonw_open_array(&a->w);
    while (rc == 0 && (word = cli_next(c, "plugin", &at)))
        rc = replay_plugin(word, &a->w, e);
    jsonw_close(&a->w);
    return rc < 0 ? rc : ask_send(a, e);
}

static int replay_run(const struct cli *c)
{
    struct ask a;
    struct error e;
    int code;
    if (!cli_has(c, "plugin") || !cli_value(c, "since")) {
        error_set(&e, ERROR_INVALID, "--plugin DIR and --since WHEN are needed");
        return cli_usage(c, &e);
    }
    if (ask_open(&a, c, &e) < 0)
        return ask_refused(&a, c, &e);
    if (replay_ask(&a, &e) < 0) {
        code = cli_fail(c, &e);
    } else {
        const json_t *result = json_object_get(a.answer.done, "result");
        bool same = replay_number(result, "finished") == replay_number(result, "same");
        code = same ? CLI_OK : CLI_FAILED;
        if (c->json)
            print_json(stdout, result);
        else
            replay_say(&a, result);
    }
    ask_close(&a);
    return code;
}

const struct command command_replay = {
    .name = "replay",
    .usage = "--plugin DIR --since WHEN [options]",
    .summary = "Shows what a changed workflow would have done with the referrals that have ended",
    .options = replay_options,
    .notes =
        "Does the whole history again in a scratch copy, with the plugin in DIR in the place of\n"
        "the installed one of that name: what people did is done at its time by the same person,\n"
        "what followed (effects, handlers, deadlines, approvals) is left to the plugin. Each\n"
        "referral that would have ended otherwise, or gone another way, is shown with its first\n"
        "differing event and the deadlines that move. Where what somebody did is refused, or "
        "comes\n"
        "in another stage, nobody knows what they would have done instead: it is marked so.\n"
        "Nothing is written, nothing is sent. Exit code 0: no difference, 1: there are some.",
    .example = "baton replay --plugin drafts/tutoring --since 2026-01-01\n"
               "baton replay --plugin tutoring --since \"6 months ago\" --json",
    .run = replay_run,
};
