/* baton migrate: open referrals into the loaded version of their workflow, or
 * back. The table is made from the plans that the organisation gives. */
#include "cli/cli_internal.h"

#include <string.h>

#include "baton/base/zone.h"
#include "cli/ask_internal.h"

static const struct option migrate_options[] = {
    { "preview", 'n', NULL, "classify every open referral; change nothing" },
    { "skip-blocked", 0, NULL, "migrate the others where some are in the way" },
    { "undo", 0, NULL, "return those that were migrated and have not moved since" },
    { "since", 0, "WHEN", "with --undo: only what was migrated at or after WHEN" },
    { NULL, 0, NULL, NULL },
};

static long long migrate_number(const json_t *result, const char *key)
{
    return json_integer_value(json_object_get(result, key));
}

static const char *migrate_word(const json_t *o, const char *key)
{
    const char *word = json_string_value(json_object_get(o, key));
    return word ? word : "";
}

static void migrate_due(const json_t *row, const char *key, const struct zone *zone,
                        struct buf *out)
{
    const json_t *due = json_object_get(row, key);
    if (json_is_integer(due) && zone)
        zone_format(zone, json_integer_value(due), false, out);
    else if (json_is_integer(due))
        zone_format_iso(json_integer_value(due), out);
    else
        buf_puts(out, "none");
}

/* One plan as a line of the table. */
static json_t *migrate_row(const json_t *row, const struct zone *zone)
{
    struct buf stage = BUF_INIT, due = BUF_INIT;
    const char *from = migrate_word(row, "stage"), *to = migrate_word(row, "to_stage");
    buf_puts(&stage, from);
    if (*to && strcmp(from, to) != 0)
        buf_printf(&stage, " → %s", to);
    if (json_is_true(json_object_get(row, "deadline_moves"))) {
        migrate_due(row, "due_from_ms", zone, &due);
        buf_puts(&due, " → ");
        migrate_due(row, "due_to_ms", zone, &due);
    }
    json_t *line = json_pack(
        "{s:s, s:s, s:o, s:s, s:s, s:s}", "referral", migrate_word(row, "referral"), "class",
        migrate_word(row, "class"), "version",
        json_sprintf("%lld → %lld", migrate_number(row, "from_version"),
                     migrate_number(row, "to_version")),
        "stage", buf_text(&stage), "deadline", buf_text(&due), "why", migrate_word(row, "why"));
    buf_free(&stage);
    buf_free(&due);
    return line;
}

static void migrate_table(const json_t *result)
{
    const struct zone *zone = NULL;
    json_t *lines = json_array();
    const json_t *row;
    size_t i;
    if (zone_find(&zone, migrate_word(result, "zone"), NULL) < 0)
        zone = NULL;
    json_array_foreach(json_object_get(result, "rows"), i, row)
    {
        json_array_append_new(lines, migrate_row(row, zone));
    }
    if (json_array_size(lines) > 0)
        print_value(stdout, lines);
    if (migrate_number(result, "rows_left_out") > 0)
        print_line(stdout, "and %lld more", migrate_number(result, "rows_left_out"));
    json_decref(lines);
}

static void migrate_say(const struct cli *c, const json_t *result)
{
    long long migrated = migrate_number(result, "migrated");
    bool preview = json_is_true(json_object_get(result, "preview"));
    bool undo = json_is_true(json_object_get(result, "undo"));
    const json_t *note;
    size_t i;
    if (preview)
        migrate_table(result);
    if (!c->quiet)
        print_line(stdout, "fits %lld, mapped %lld, blocked %lld; %lld deadlines move.",
                   migrate_number(result, "fits"), migrate_number(result, "mapped"),
                   migrate_number(result, "blocked"), migrate_number(result, "deadline_moves"));
    json_array_foreach(json_object_get(result, "notes"), i, note)
    {
        if (!c->quiet)
            print_line(stdout, "note: %s", json_string_value(note));
    }
    if (preview && !c->quiet)
        print_line(stdout, "Nothing was changed.");
    else if (!preview)
        print_line(stdout, "%s %lld %s.", undo ? "Returned" : "Migrated", migrated,
                   migrated == 1 ? "referral" : "referrals");
    if (migrate_number(result, "failed") > 0)
        print_line(stderr, "%lld failed: %s", migrate_number(result, "failed"),
                   migrate_word(result, "failures"));
}

static void migrate_ask(const struct cli *c, struct jsonw *w)
{
    static const char *const flags[][2] = { { "preview", "preview" },
                                            { "skip-blocked", "skip_blocked" },
                                            { "undo", "undo" } };
    if (c->count > 0) {
        jsonw_key(w, "workflow");
        jsonw_text(w, c->words[0]);
    }
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (cli_has(c, flags[i][0])) {
            jsonw_key(w, flags[i][1]);
            jsonw_bool(w, true);
        }
    if (cli_value(c, "since")) {
        jsonw_key(w, "since");
        jsonw_text(w, cli_value(c, "since"));
    }
}

static int migrate_run(const struct cli *c)
{
    struct ask a;
    struct error e;
    int code = CLI_OK;
    if (cli_value(c, "since") && !cli_has(c, "undo")) {
        error_set(&e, ERROR_INVALID, "--since belongs to --undo");
        return cli_fail(c, &e);
    }
    if (ask_open(&a, c, &e) < 0)
        return cli_fail(c, &e);
    ask_begin(&a, "migrate");
    migrate_ask(c, &a.w);
    if (ask_send(&a, &e) < 0) {
        code = cli_fail(c, &e);
    } else {
        const json_t *result = json_object_get(a.answer.done, "result");
        code = migrate_number(result, "failed") > 0 ? CLI_FAILED : CLI_OK;
        if (c->json)
            print_json(stdout, result);
        else
            migrate_say(c, result);
    }
    ask_close(&a);
    return code;
}

const struct command command_migrate = {
    .name = "migrate",
    .usage = "[WORKFLOW] [options]",
    .summary = "Moves open referrals to the version of their workflow that is loaded",
    .options = migrate_options,
    .notes =
        "A referral is pinned to the version that it runs: until it is migrated only locked\n"
        "transitions move it. Each referral fits, is mapped by what the workflow declares\n"
        "(migrate = { from = 1, stages = {…}, fields = {…}, deadlines = {…} }), or is blocked: its "
        "stage or a\n"
        "field is gone or does not fit, or a field lacks that every way into its stage requires. "
        "Where one\n"
        "is blocked nothing is changed (exit code 5) unless --skip-blocked is given.\n"
        "--undo restores version, stage, fields and deadline from the history. The version that "
        "they\n"
        "return to need not be loaded.",
    .example = "baton migrate tutoring --preview\nbaton migrate tutoring\n"
               "baton migrate tutoring --undo --since \"2 hours ago\"",
    .max = 1,
    .run = migrate_run,
};
