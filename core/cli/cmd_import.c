/* baton import. The file is opened by whoever hosts the organisation, so its
 * name goes there as an absolute path; standard input, a pipe or a device is
 * spooled to a temporary file first. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/ini.h"
#include "baton/base/memory.h"
#include "baton/store/schema.h"
#include "cli/ask_internal.h"
#include "cli/cli_internal.h"
#include "cli/transfer_internal.h"

static int import_map_file(const char *path, struct jsonw *w, struct error *e)
{
    struct ini *ini = NULL;
    int result = ini_load(&ini, path, e);
    for (size_t i = 0; result == 0 && i < ini_count(ini); i++) {
        const struct ini_entry *entry = ini_at(ini, i);
        if (strcmp(entry->section, "columns")) {
            result = error_set(e, ERROR_INVALID, "section [%s] of a map file is not [columns]",
                               entry->section);
            error_at(e, "%s:%d", path, entry->line);
            break;
        }
        jsonw_key(w, entry->key);
        jsonw_text(w, entry->value);
    }
    ini_free(ini);
    return result;
}

static int import_map(const struct cli *c, struct jsonw *w, struct error *e)
{
    size_t at = 0, at_file = 0;
    int result = 0;
    jsonw_key(w, "map");
    jsonw_open_object(w);
    for (const char *path; result == 0 && (path = cli_next(c, "map-file", &at_file));)
        result = import_map_file(path, w, e);
    for (const char *pair; result == 0 && (pair = cli_next(c, "map", &at));) {
        const char *equals = strrchr(pair, '=');
        jsonw_keyn(w, pair, (size_t)(equals - pair));
        jsonw_text(w, equals + 1);
    }
    jsonw_close(w);
    return result;
}

/* What can be said of the options before anything is opened. */
static int import_check(const struct cli *c, struct error *e)
{
    size_t at = 0;
    const char *separator;
    for (const char *pair; (pair = cli_next(c, "map", &at));) {
        const char *equals = strrchr(pair, '='); /* a header may hold =, a column can't */
        if (!equals || equals == pair)
            return error_set(e, ERROR_INVALID, "--map wants \"Header=column\", not \"%s\"", pair);
    }
    return transfer_separator(c, &separator, e);
}

static int import_spool_copy(int in, int fd, struct error *e)
{
    enum { BLOCK = 64 * 1024 };
    char *block = mem_alloc(BLOCK);
    int result = 0;
    for (;;) {
        ssize_t n = read(in, block, BLOCK);
        if (n == 0)
            break;
        if (n < 0 && errno == EINTR)
            continue;
        ssize_t written = 0;
        while (n > 0 && written < n) {
            ssize_t w = write(fd, block + written, (size_t)(n - written));
            if (w < 0 && errno != EINTR)
                break;
            written += w > 0 ? w : 0;
        }
        if (n < 0 || written < n) {
            result = error_set(e, ERROR_IO, "%s cannot be kept in a temporary file: %s",
                               in == STDIN_FILENO ? "standard input" : "the file", strerror(errno));
            break;
        }
    }
    mem_free(block);
    return result;
}

/* *out is the path of a file that the caller removes. */
static int import_spool(int in, char **out, struct error *e)
{
    const char *dir = getenv("TMPDIR");
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/baton-import-XXXXXX", dir && *dir == '/' ? dir : "/tmp");
    int fd = mkostemp(path.data, 0);
    if (fd < 0) {
        error_set(e, ERROR_IO, "no temporary file can be made: %s: %s", path.data, strerror(errno));
        buf_free(&path);
        return -ERROR_IO;
    }
    int result = import_spool_copy(in, fd, e);
    close(fd);
    if (result < 0)
        unlink(path.data);
    else
        *out = mem_dup(path.data);
    buf_free(&path);
    return result;
}

static int import_spool_file(const char *path, char **out, struct error *e)
{
    if (!strcmp(path, "-"))
        return import_spool(STDIN_FILENO, out, e);
    int in = open(path, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return error_set(e, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO,
                         "the file %s cannot be read: %s", path, strerror(errno));
    int result = import_spool(in, out, e);
    close(in);
    return result;
}

static int import_request(struct ask *a, const struct schema *schema, const char *format,
                          const char *path, struct error *e)
{
    const struct cli *c = a->c;
    ask_begin(a, "import");
    jsonw_key(&a->w, "entity");
    jsonw_text(&a->w, schema->name);
    jsonw_key(&a->w, "format");
    jsonw_text(&a->w, format);
    jsonw_key(&a->w, "path");
    jsonw_text(&a->w, path);
    jsonw_key(&a->w, "dry_run");
    jsonw_bool(&a->w, cli_has(c, "dry-run"));
    jsonw_key(&a->w, "skip_unknown");
    jsonw_bool(&a->w, cli_has(c, "skip-unknown"));
    transfer_write_separator(c, &a->w);
    return import_map(c, &a->w, e);
}

static void import_say(const struct ask *a, const struct schema *schema, const json_t *report)
{
    static const char *const counts[] = { "lines", "created", "changed", "unchanged", "refused" };
    long long lines = transfer_number(report, "lines");
    long long refused = transfer_number(report, "refused");
    size_t shown = json_array_size(a->answer.refused);
    for (size_t i = 0; i < shown; i++) {
        const json_t *r = json_array_get(a->answer.refused, i);
        const char *message = json_string_value(json_object_get(r, "message"));
        print_line(stderr, "line %lld: %s", transfer_number(r, "line"),
                   message ? message : "refused");
    }
    if (refused > (long long)shown)
        print_line(stderr, "and %lld refused line%s more", refused - (long long)shown,
                   refused - (long long)shown == 1 ? "" : "s");
    if (a->c->quiet)
        return;
    struct buf line = BUF_INIT;
    buf_printf(&line, "%s%s:", schema->plural,
               cli_has(a->c, "dry-run") ? " (dry run, nothing was kept)" : "");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        buf_puts(&line, i ? ", " : " ");
        print_count(&line, transfer_number(report, counts[i]));
        buf_printf(&line, " %s", i == 0 && lines == 1 ? "line" : counts[i]);
    }
    print_line(stdout, "%s", buf_text(&line));
    buf_free(&line);
}

static void import_json(const struct ask *a, const json_t *report)
{
    json_t *copy = json_deep_copy(report);
    if (json_array_size(a->answer.refused) > 0)
        json_object_set(copy, "refused_lines", a->answer.refused);
    print_json(stdout, copy);
    json_decref(copy);
}

static int import_ask(const struct cli *c, const struct schema *schema, const char *format,
                      const char *path)
{
    struct ask a;
    struct error e;
    int code = CLI_OK;
    if (ask_open(&a, c, &e) < 0)
        return ask_refused(&a, c, &e);
    if (import_request(&a, schema, format, path, &e) < 0 || ask_send(&a, &e) < 0) {
        code = cli_fail(c, &e);
        if (!c->json && !strncmp(e.message, "unknown column", 14))
            print_line(stderr,
                       "Say where it belongs with --map \"HEADER=COLUMN\", or leave out what "
                       "is not known with --skip-unknown.");
    } else {
        const json_t *report = transfer_report(&a);
        if (c->json)
            import_json(&a, report);
        else
            import_say(&a, schema, report);
        code = transfer_number(report, "refused") > 0 ? CLI_FAILED : CLI_OK;
    }
    ask_close(&a);
    return code;
}

static int import_run(const struct cli *c)
{
    const struct schema *schema;
    const char *format;
    char *path = NULL;
    struct error e;
    const char *file = c->words[1];
    bool spooled = !strcmp(file, "-") || transfer_is_own(file);
    if (transfer_entity(c->words[0], &schema, &e) < 0 || transfer_format(c, &format, &e) < 0 ||
        import_check(c, &e) < 0)
        return cli_usage(c, &e);
    if ((spooled ? import_spool_file(file, &path, &e) : place_file(file, &path, &e)) < 0)
        return cli_fail(c, &e);
    assert(path);
    int code = CLI_OK;
    if (access(path, R_OK) != 0) {
        error_set(&e, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO,
                  "the file %s cannot be read: %s", file, strerror(errno));
        code = cli_fail(c, &e);
    } else {
        code = import_ask(c, schema, format, path);
    }
    if (spooled)
        unlink(path);
    mem_free(path);
    return code;
}

static const struct option import_options[] = {
    { "format", 'f', "csv|jsonl", "else by the ending of the name; standard input: csv" },
    { "map", 'm', "HEADER=COL",
      "a column of the file that has another name here; may be repeated" },
    { "map-file", 0, "INI", "the same from a file, in its section [columns]" },
    { "separator", 0, "CHAR", "between the cells of CSV, or the word tab; else a comma" },
    { "skip-unknown", 0, NULL,
      "drop columns that are not known here, instead of refusing the file" },
    { "dry-run", 'n', NULL, "check everything, keep nothing" },
    { NULL, 0, NULL, NULL },
};

const struct command command_import = {
    .name = "import",
    .usage = "ENTITY FILE|- [options]",
    .summary = "Reads people, partners, services, … from CSV or JSON Lines",
    .options = import_options,
    .notes = "A line with an external_id (or id) that is known changes that record, others make "
             "new ones.\n"
             "Custom fields are columns fields.NAME. References are O-3, 3, or external:ID. "
             "Refused lines are\n"
             "reported with line and column and left out; the exit code is then 1.",
    .example = "baton import people concerns.csv --map \"Given Name=name\" --skip-unknown",
    .min = 2,
    .max = 2,
    .run = import_run,
};
