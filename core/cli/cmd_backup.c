/* baton backup, baton restore. The copying is done in this process, while a
 * running server goes on with its turns; it only holds the database still. */
#include <string.h>
#include <sys/resource.h>

#include "baton/base/memory.h"
#include "baton/host/backup.h"
#include "baton/host/home.h"
#include "cli/cli_internal.h"
#include "cli/keep_internal.h"
#include "cli/link_internal.h"

enum { BACKUP_NICE = 19 };

/* ---- backup ---- */

static int backup_ask(struct ask *a, const char *action, const char *where, struct error *e)
{
    ask_begin(a, "backup");
    jsonw_key(&a->w, "action");
    jsonw_text(&a->w, action);
    if (where) {
        jsonw_key(&a->w, "where");
        jsonw_text(&a->w, where);
    }
    return ask_send(a, e);
}

static int backup_make(struct ask *a, const char *path, struct backup_report *report,
                       struct error *e)
{
    struct backup *b = NULL;
    struct keep_progress progress;
    int result = backup_open(&b, a->home, a->org, path, cli_has(a->c, "force"), e);
    if (result < 0)
        return result;
    if (link_is_remote(a->link))
        setpriority(PRIO_PROCESS, 0, BACKUP_NICE); /* the server's turns come first */
    keep_progress_start(&progress, a->c);
    backup_set_progress(b, keep_progress, &progress);
    result = backup_ask(a, "hold", path, e);
    if (result == 0) {
        long long bytes = json_integer_value(json_object_get(a->answer.done, "file_bytes"));
        result = backup_copy(b, bytes, e);
        int released = backup_ask(a, "release", NULL, result == 0 ? e : NULL);
        result = result < 0 ? result : released;
    }
    if (result == 0)
        result = backup_finish(b, report, e);
    keep_progress_end(&progress);
    backup_close(b);
    return result;
}

static void backup_write_json(const struct backup_report *r, const char *path, const char *kept,
                              const char *erased)
{
    struct buf out = BUF_INIT;
    struct jsonw w;
    jsonw_start(&w, &out);
    jsonw_open_object(&w);
    jsonw_key(&w, "org");
    jsonw_text(&w, r->org);
    jsonw_key(&w, "file");
    jsonw_text(&w, path);
    jsonw_key(&w, "bytes");
    jsonw_int(&w, r->bytes);
    jsonw_key(&w, "files");
    jsonw_int(&w, r->files);
    jsonw_key(&w, "events");
    jsonw_int(&w, r->events);
    jsonw_key(&w, "rows");
    jsonw_int(&w, r->rows);
    jsonw_key(&w, "head");
    jsonw_text(&w, r->head);
    if (r->left_out[0]) {
        jsonw_key(&w, "left_out");
        jsonw_text(&w, r->left_out);
    }
    if (kept) {
        jsonw_key(&w, "kept");
        jsonw_text(&w, kept);
    }
    if (erased) {
        jsonw_key(&w, "erased_since");
        jsonw_text(&w, erased);
    }
    jsonw_close(&w);
    print_json_text(stdout, out.data, out.len);
    buf_free(&out);
}

static void backup_say(const struct backup_report *r, const char *format, const char *name)
{
    struct buf what = BUF_INIT;
    print_bytes(&what, r->bytes);
    buf_puts(&what, ", ");
    print_count(&what, r->events);
    buf_puts(&what, " events, ");
    print_count(&what, r->rows);
    buf_puts(&what, " rows");
    print_line(stdout, format, r->org, name, buf_text(&what), r->head);
    buf_free(&what);
}

static int backup_run(const struct cli *c)
{
    struct cli named = *c;
    struct backup_report report = { 0 };
    struct ask a;
    struct error e;
    char *path = NULL;
    int code = CLI_OK;
    if (c->count == 2)
        named.org = c->words[0];
    if (place_file(c->words[c->count - 1], &path, &e) < 0)
        return cli_fail(c, &e);
    if (ask_open(&a, &named, &e) < 0) {
        code = ask_refused(&a, c, &e);
    } else {
        if (backup_make(&a, path, &report, &e) < 0)
            code = cli_fail(c, &e);
        else if (c->json)
            backup_write_json(&report, path, NULL, NULL);
        else if (!c->quiet)
            backup_say(&report, "%s: backed up to %s and verified: %s; head %s", path);
        if (code == CLI_OK && report.left_out[0] && !c->json)
            print_line(stderr, "Symbolic links, left out: %s", report.left_out);
        ask_close(&a);
    }
    mem_free(path);
    return code;
}

static const struct option backup_options[] = {
    { "force", 0, NULL, "replace a file that is there, once the new one is whole" },
    { NULL, 0, NULL, NULL },
};

const struct command command_backup = {
    .name = "backup",
    .usage = "[ORG] FILE [options]",
    .summary = "Backs an organisation up into one file, while it is at work",
    .options = backup_options,
    .notes = "The file is a tar with settings, plugins, outbox and the database as it was at one "
             "instant. It is\n"
             "unpacked again and its history verified before it gets its name: until then it is "
             "FILE.part. Symbolic links are left out and named.\n"
             "That it was made is noted: baton person erase names the backups that still hold "
             "somebody.",
    .example = "baton backup riverside ~/riverside-2026-11-21.tar",
    .min = 1,
    .max = 2,
    .run = backup_run,
};

/* ---- restore ---- */

static int restore_make(const struct cli *c, const struct home *h, const char *org,
                        const char *path)
{
    struct backup_report report = { 0 };
    struct keep_progress progress;
    struct ask a = { 0 };
    struct error e;
    char *kept = NULL, *erased = NULL;
    struct restore r = { .path = path,
                         .org = org,
                         .replace = cli_has(c, "replace"),
                         .progress = keep_progress,
                         .context = &progress };
    int code = CLI_OK;
    if (keep_bar(&a, c, org, &e) < 0)
        return cli_fail(c, &e);
    keep_progress_start(&progress, c);
    int result = backup_restore(h, &r, &report, &kept, &erased, &e);
    keep_progress_end(&progress);
    keep_unbar(&a);
    if (result < 0) {
        code = cli_fail(c, &e);
    } else if (c->json) {
        backup_write_json(&report, path, kept, erased);
    } else if (!c->quiet) {
        backup_say(&report, "%s: restored as %s and verified: %s; head %s", org);
        if (kept)
            print_line(stdout, "What was replaced lies in %s; remove it when nothing is missing.",
                       kept);
    }
    if (result == 0 && erased && !c->json)
        print_line(stderr,
                   "These people were erased after the backup was made, and are back: %s. Erase "
                   "them again: baton person erase",
                   erased);
    mem_free(kept);
    mem_free(erased);
    return code;
}

static int restore_run(const struct cli *c)
{
    struct home *h = NULL;
    struct error e;
    char name[72], *path = NULL;
    int code;
    if (place_open(c, &h, &e) < 0 || place_file(c->words[0], &path, &e) < 0 ||
        backup_name(path, name, sizeof name, &e) < 0)
        code = cli_fail(c, &e);
    else
        code = restore_make(c, h, c->count == 2 ? c->words[1] : c->org ? c->org : name, path);
    mem_free(path);
    home_close(h);
    return code;
}

static const struct option restore_options[] = {
    { "replace", 0, NULL, "put it in the place of an organisation that is there" },
    { NULL, 0, NULL, NULL },
};

const struct command command_restore = {
    .name = "restore",
    .usage = "FILE [ORG] [options]",
    .summary = "Makes an organisation again from a backup",
    .options = restore_options,
    .notes = "It is unpacked and verified first, then put in its place in one step: where "
             "something is wrong,\n"
             "nothing changes. What --replace replaces is kept beside it as orgs/NAME.replaced. A "
             "running server\n"
             "closes the organisation meanwhile and goes on with the new one.",
    .example = "baton restore riverside.tar practice\n"
               "baton restore riverside.tar --replace",
    .min = 1,
    .max = 2,
    .run = restore_run,
};
