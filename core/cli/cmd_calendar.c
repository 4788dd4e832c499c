/* baton calendar: a month of working time, and what a change of the settings
 * would move before it is loaded. */
#include "cli/cli_internal.h"

#include <string.h>

#include "baton/base/memory.h"
#include "baton/base/zone.h"
#include "cli/ask_internal.h"

static const char *calendar_word(const json_t *o, const char *key)
{
    const char *word = json_string_value(json_object_get(o, key));
    return word ? word : "";
}

static long long calendar_number(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

/* ---- show ---- */

/* Weekdays with the same hours are one line: "Mon-Thu 08:00-12:00". */
static void calendar_print_week(const json_t *week)
{
    static const char *const names[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
    for (int i = 0; i < 7;) {
        const char *hours = calendar_word(week, names[i]);
        int last = i;
        while (last < 6 && !strcmp(hours, calendar_word(week, names[last + 1])))
            last++;
        if (*hours)
            print_line(stdout, "  %s%s%-3s  %s", names[i], last > i ? "-" : " ",
                       last > i ? names[last] : "", hours);
        i = last + 1;
    }
}

/* "12 " plain: a working day, "12s": a school day, "12*": a holiday, "  -": none. */
static void calendar_cell(const json_t *day, bool terms, struct buf *out)
{
    const char *date = calendar_word(day, "date");
    int number = strlen(date) == 10 ? (date[8] - '0') * 10 + date[9] - '0' : 0;
    bool working = json_is_true(json_object_get(day, "working"));
    bool school = json_is_true(json_object_get(day, "school"));
    if (json_is_true(json_object_get(day, "holiday")))
        buf_printf(out, " %2d*", number);
    else if (working)
        buf_printf(out, " %2d%c", number, terms && school ? 's' : ' ');
    else
        buf_puts(out, "  - ");
}

static void calendar_print_month(const json_t *done)
{
    const json_t *days = json_object_get(done, "days"), *day;
    bool terms = calendar_number(done, "school_days") > 0;
    struct buf line = BUF_INIT;
    size_t i;
    print_line(stdout, " Mon Tue Wed Thu Fri Sat Sun");
    for (int k = 1; k < calendar_number(json_array_get(days, 0), "weekday"); k++)
        buf_puts(&line, "    ");
    json_array_foreach(days, i, day)
    {
        calendar_cell(day, terms, &line);
        if (calendar_number(day, "weekday") < 7 && i + 1 < json_array_size(days))
            continue;
        print_line(stdout, "%s", buf_text(&line));
        buf_clear(&line);
    }
    buf_free(&line);
    print_line(stdout, "%lld working days, %lld school days%s.",
               calendar_number(done, "working_days"), calendar_number(done, "school_days"),
               terms ? " (s)" : "");
}

static void calendar_print_holidays(const json_t *done)
{
    const json_t *day;
    struct buf list = BUF_INIT;
    size_t i;
    json_array_foreach(json_object_get(done, "days"), i, day)
    {
        if (json_is_true(json_object_get(day, "holiday")))
            buf_printf(&list, "%s%s", list.len ? ", " : "", calendar_word(day, "date"));
    }
    if (list.len)
        print_line(stdout, "Holidays (*): %s.", list.data);
    buf_free(&list);
}

static void calendar_say_month(const struct ask *a)
{
    const json_t *done = a->answer.done;
    print_line(stdout, "%s, %s, times in %s", a->org, calendar_word(done, "month"),
               calendar_word(done, "zone"));
    calendar_print_week(json_object_get(done, "week"));
    calendar_print_month(done);
    calendar_print_holidays(done);
}

/* ---- preview ---- */

static void calendar_when(const json_t *row, const char *key, const struct zone *zone,
                          struct buf *out)
{
    zone_format(zone, calendar_number(row, key), false, out);
}

static json_t *calendar_row(const json_t *row, const struct zone *zone)
{
    struct buf from = BUF_INIT, to = BUF_INIT;
    bool moves = calendar_number(row, "due_from_ms") != calendar_number(row, "due_to_ms");
    calendar_when(row, "due_from_ms", zone, &from);
    if (json_object_get(row, "error"))
        buf_printf(&to, "stays: %s", calendar_word(row, "error"));
    else if (moves)
        calendar_when(row, "due_to_ms", zone, &to);
    else
        buf_puts(&to, "the same; its next reminder moves");
    json_t *line =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "referral", calendar_word(row, "referral"), "title",
                  calendar_word(row, "title"), "stage", calendar_word(row, "stage"), "due",
                  buf_text(&from), "would be due", buf_text(&to));
    buf_free(&from);
    buf_free(&to);
    return line;
}

static void calendar_print_settings(const json_t *settings)
{
    const char *key;
    json_t *pair;
    json_object_foreach((json_t *)settings, key, pair)
    {
        const char *from = json_string_value(json_array_get(pair, 0));
        const char *to = json_string_value(json_array_get(pair, 1));
        print_line(stdout, "%s\n  is       %s\n  would be %s", key, from && *from ? from : "none",
                   to && *to ? to : "none");
    }
}

static void calendar_print_moves(const json_t *done)
{
    const struct zone *zone;
    json_t *lines = json_array();
    const json_t *row;
    size_t i;
    if (zone_find(&zone, calendar_word(done, "zone"), NULL) < 0)
        zone_find(&zone, "UTC", NULL);
    json_array_foreach(json_object_get(done, "moves"), i, row)
    {
        json_array_append_new(lines, calendar_row(row, zone));
    }
    if (json_array_size(lines) > 0)
        print_value(stdout, lines);
    if (calendar_number(done, "left_out") > 0)
        print_line(stdout, "and %lld more", calendar_number(done, "left_out"));
    json_decref(lines);
}

static void calendar_say_preview(const struct ask *a)
{
    const json_t *done = a->answer.done, *settings = json_object_get(done, "settings");
    long long moved = calendar_number(done, "moved"), steps = calendar_number(done, "steps");
    calendar_print_settings(settings);
    calendar_print_moves(done);
    if (a->c->quiet)
        return;
    if (json_object_size(settings) == 0)
        print_line(stdout, "The calendar is the one by which deadlines were computed.");
    print_line(stdout,
               "Of %lld open referrals with a deadline %lld would move, %lld keep it and have a "
               "reminder or escalation that moves. Nothing was changed.",
               calendar_number(done, "looked"), moved, steps);
}

/* ---- the commands ---- */

static int calendar_ask(const struct cli *c, const char *action, const char *key, const char *value,
                        void (*say)(const struct ask *a))
{
    struct ask a;
    struct error e;
    int code = CLI_OK;
    if (ask_open(&a, c, &e) < 0)
        return ask_refused(&a, c, &e);
    ask_begin(&a, "calendar");
    jsonw_key(&a.w, "action");
    jsonw_text(&a.w, action);
    if (value) {
        jsonw_key(&a.w, key);
        jsonw_text(&a.w, value);
    }
    if (ask_send(&a, &e) < 0)
        code = cli_fail(c, &e);
    else if (c->json)
        print_json(stdout, a.answer.done);
    else
        say(&a);
    ask_close(&a);
    return code;
}

static int calendar_show_run(const struct cli *c)
{
    return calendar_ask(c, "show", "month", cli_value(c, "month"), calendar_say_month);
}

static int calendar_preview_run(const struct cli *c)
{
    const char *file = cli_value(c, "file");
    char *path = NULL;
    struct error e;
    if (file && place_file(file, &path, &e) < 0)
        return cli_fail(c, &e);
    int code = calendar_ask(c, "preview", "path", path, calendar_say_preview);
    mem_free(path);
    return code;
}

static const struct option calendar_show_options[] = {
    { "month", 'm', "YYYY-MM", "which month; else the present one" },
    { NULL, 0, NULL, NULL },
};

const struct command command_calendar_show = {
    .name = "calendar show",
    .usage = "[options]",
    .summary = "Shows working days, school days and holidays of a month",
    .options = calendar_show_options,
    .notes = "They come from [calendar] of org.ini: week, holidays, terms; and zone of [org].",
    .example = "baton calendar show --month 2026-11",
    .run = calendar_show_run,
};

static const struct option calendar_preview_options[] = {
    { "file", 'f', "FILE", "another org.ini than the one of the organisation" },
    { NULL, 0, NULL, NULL },
};

const struct command command_calendar_preview = {
    .name = "calendar preview",
    .usage = "[options]",
    .summary = "Shows which deadlines a changed calendar would move, before it is loaded",
    .options = calendar_preview_options,
    .notes = "Reads org.ini as it is now and changes nothing. Deadlines move when it is loaded: by "
             "baton\nreload, or the next time that the organisation is opened.",
    .example = "baton calendar preview\nbaton calendar preview --file next-year.ini --json",
    .run = calendar_preview_run,
};
