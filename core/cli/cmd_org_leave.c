/* baton org export, org erase: an organisation that leaves. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton/base/memory.h"
#include "baton/host/backup.h"
#include "baton/host/home.h"
#include "baton/store/schema.h"
#include "cli/cli_internal.h"
#include "cli/keep_internal.h"

/* ---- export ---- */

struct leave {
    struct ask ask;
    const char *dir;
    long long files, lines;
};

static int leave_failed(const char *path, struct error *e)
{
    return error_set(e, ERROR_IO, "can't write %s: %s", path, strerror(errno));
}

/* The lines come here and are written here. */
static int leave_export(struct leave *l, const char *entity, const char *name, const char *format,
                        struct error *e)
{
    struct ask *a = &l->ask;
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/%s", l->dir, name);
    FILE *out = fopen(path.data, "wxe");
    int result = out ? 0 : leave_failed(path.data, e);
    if (result == 0) {
        a->answer.data = out;
        ask_begin(a, "export");
        jsonw_key(&a->w, "entity");
        jsonw_text(&a->w, entity);
        jsonw_key(&a->w, "format");
        jsonw_text(&a->w, format);
        jsonw_key(&a->w, "path");
        jsonw_text(&a->w, "-");
        jsonw_key(&a->w, "part_of");
        jsonw_text(&a->w, "organisation");
        result = ask_send(a, e);
        a->answer.data = NULL;
    }
    if (out && (fflush(out) || fsync(fileno(out))) && result == 0)
        result = leave_failed(path.data, e);
    if (out && fclose(out) && result == 0)
        result = leave_failed(path.data, e);
    const json_t *report = json_object_get(a->answer.done, "report");
    l->lines += json_integer_value(json_object_get(report, "lines"));
    l->files += result == 0;
    buf_free(&path);
    return result;
}

static int leave_settings(struct leave *l, struct error *e)
{
    struct buf from = BUF_INIT, to = BUF_INIT, text = BUF_INIT;
    buf_printf(&from, "%s/orgs/%s/org.ini", home_dir(l->ask.home), l->ask.org);
    buf_printf(&to, "%s/org.ini", l->dir);
    int result = buf_read_file(&text, from.data, 1024 * 1024, e);
    FILE *out = result == 0 ? fopen(to.data, "wxe") : NULL;
    if (result == 0 && (!out || fwrite(buf_text(&text), 1, text.len, out) != text.len))
        result = leave_failed(to.data, e);
    if (out && fclose(out) && result == 0)
        result = leave_failed(to.data, e);
    l->files += result == 0;
    buf_free(&from);
    buf_free(&to);
    buf_free(&text);
    return result;
}

static int leave_note(struct leave *l, const char *dir, struct error *e)
{
    ask_begin(&l->ask, "backup");
    jsonw_key(&l->ask.w, "action");
    jsonw_text(&l->ask.w, "note");
    jsonw_key(&l->ask.w, "where");
    jsonw_text(&l->ask.w, dir);
    return ask_send(&l->ask, e);
}

static int leave_all(struct leave *l, struct error *e)
{
    int result = leave_settings(l, e);
    for (int i = 1; result == 0 && i < ENTITY_END; i++) {
        const struct schema *s = schema_of((enum entity)i);
        char name[72];
        snprintf(name, sizeof name, "%s.jsonl", s->plural);
        result = leave_export(l, s->name, name, "jsonl", e);
        snprintf(name, sizeof name, "%s.csv", s->plural);
        if (result == 0)
            result = leave_export(l, s->name, name, "csv", e);
    }
    return result == 0 ? leave_export(l, "events", "events.jsonl", "jsonl", e) : result;
}

/* Into DIR.part, which becomes DIR when all of it is there. */
static int leave_run_export(struct leave *l, const char *dir, struct error *e)
{
    struct buf part = BUF_INIT;
    buf_printf(&part, "%s.part", dir);
    l->dir = part.data;
    int result = 0;
    if (access(dir, F_OK) == 0)
        result = error_set(e, ERROR_CONFLICT, "%s exists already: an export makes its folder", dir);
    else if (mkdir(part.data, 0700))
        result =
            error_set(e, errno == EEXIST ? ERROR_CONFLICT : ERROR_IO, "can't make %s: %s%s",
                      part.data, strerror(errno),
                      errno == EEXIST ? "; an export that ended early left it: remove it" : "");
    if (result == 0) {
        result = leave_note(l, dir, e);
        if (result == 0)
            result = leave_all(l, e);
        if (result == 0 && rename(part.data, dir))
            result = leave_failed(dir, e);
    }
    buf_free(&part);
    return result;
}

static int org_export_run(const struct cli *c)
{
    struct cli named = *c;
    struct leave l = { 0 };
    struct error e;
    char *dir = NULL;
    int code = CLI_OK;
    if (c->count == 2)
        named.org = c->words[0];
    if (place_file(c->words[c->count - 1], &dir, &e) < 0)
        return cli_fail(c, &e);
    if (ask_open(&l.ask, &named, &e) < 0) {
        code = ask_refused(&l.ask, c, &e);
    } else {
        if (leave_run_export(&l, dir, &e) < 0)
            code = cli_fail(c, &e);
        else if (!c->quiet && !c->json)
            print_line(stdout, "%s: %lld files written to %s", l.ask.org, l.files, dir);
        else if (c->json)
            printf("{\"files\":%lld,\"lines\":%lld}\n", l.files, l.lines);
        ask_close(&l.ask);
    }
    mem_free(dir);
    return code;
}

const struct command command_org_export = {
    .name = "org export",
    .usage = "[ORG] DIR",
    .summary = "Writes all data of an organisation in open formats",
    .notes =
        "DIR is made: org.ini; each entity as PLURAL.jsonl and PLURAL.csv, which baton import "
        "reads "
        "(by\n"
        "external_id, or into the organisation they came from); events.jsonl, the whole history "
        "with salts\n"
        "and hashes, from which the chain can be checked. For another baton, see baton backup.",
    .example = "baton org export riverside ~/riverside",
    .min = 1,
    .max = 2,
    .run = org_export_run,
};

/* ---- erase ---- */

/* Which copies stay; read before it is gone. Where it can't be asked, that is no reason to keep it.
 */
static json_t *org_erase_copies(const struct cli *c, const char *org)
{
    struct cli named = *c;
    struct ask a;
    json_t *copies = NULL;
    named.org = org;
    named.as = NULL;
    named.quiet = true;
    if (ask_open(&a, &named, NULL) < 0)
        return NULL;
    ask_begin(&a, "backup");
    jsonw_key(&a.w, "action");
    jsonw_text(&a.w, "copies");
    if (ask_send(&a, NULL) == 0)
        copies = json_incref(json_object_get(a.answer.done, "copies"));
    ask_close(&a);
    return copies;
}

static int org_erase_do(const struct cli *c, const struct home *h, const char *org)
{
    struct ask bar = { 0 };
    struct error e;
    json_t *copies = org_erase_copies(c, org);
    int result = keep_bar(&bar, c, org, &e);
    if (result == 0)
        result = home_erase_org(h, org, &e);
    keep_unbar(&bar);
    if (result == 0 && !c->quiet) {
        print_line(stdout, "%s is erased.", org);
        if (json_array_size(copies) > 0)
            print_line(stdout, "Copies that were made of it, and are yours to deal with:");
        keep_print_copies(stdout, copies);
    }
    json_decref(copies);
    return result < 0 ? cli_fail(c, &e) : CLI_OK;
}

static int org_erase_run(const struct cli *c)
{
    struct home *h = NULL;
    struct error e;
    const char *org = c->words[0];
    int code;
    if (place_open(c, &h, &e) < 0 || home_check_org(h, org, &e) < 0)
        code = cli_fail(c, &e);
    else if (keep_confirm(c, "The organisation is removed with all that it holds", org, &e) < 0)
        code = e.code == ERROR_INVALID ? cli_usage(c, &e) : cli_fail(c, &e);
    else
        code = org_erase_do(c, h, org);
    home_close(h);
    return code;
}

static const struct option org_erase_options[] = {
    { "yes", 'y', NULL, "do not ask" },
    { NULL, 0, NULL, NULL },
};

const struct command command_org_erase = {
    .name = "org erase",
    .usage = "ORG [options]",
    .summary = "Removes an organisation with all that it holds",
    .options = org_erase_options,
    .notes =
        "Its folder goes: settings, own plugins, outbox, database. Says which backups and exports "
        "were made\n"
        "of it. A running server closes it first.",
    .example = "baton backup riverside ~/last.tar && baton org erase riverside --yes",
    .min = 1,
    .max = 1,
    .run = org_erase_run,
};
