/* baton export. The file is made by whoever hosts the organisation; "-" sends
 * the rows here, and so does a pipe or device, which we write ourselves. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "baton/base/memory.h"
#include "baton/store/schema.h"
#include "cli/ask_internal.h"
#include "cli/cli_internal.h"
#include "cli/transfer_internal.h"

static int export_ask(const struct cli *c, const struct schema *schema, const char *format,
                      const char *path, FILE *own)
{
    struct ask a;
    struct error e;
    int code = CLI_OK;
    if (ask_open(&a, c, &e) < 0)
        return ask_refused(&a, c, &e);
    a.answer.data = own;
    ask_begin(&a, "export");
    jsonw_key(&a.w, "entity");
    jsonw_text(&a.w, schema->name);
    jsonw_key(&a.w, "format");
    jsonw_text(&a.w, format);
    jsonw_key(&a.w, "path");
    jsonw_text(&a.w, path);
    if (own) {
        jsonw_key(&a.w, "to");
        jsonw_text(&a.w, c->words[1]);
    }
    transfer_write_separator(c, &a.w);
    if (ask_send(&a, &e) < 0) {
        code = cli_fail(c, &e);
    } else if (own && fflush(own)) {
        error_set(&e, ERROR_IO, "can't write %s: %s", c->words[1], strerror(errno));
        code = cli_fail(c, &e);
    } else if (own || strcmp(path, "-")) { /* else the rows are the output */
        const json_t *report = transfer_report(&a);
        struct buf count = BUF_INIT;
        print_count(&count, transfer_number(report, "lines"));
        if (c->json)
            print_json(stdout, report);
        else if (!c->quiet)
            print_line(stdout, "%s: %s written to %s", schema->plural, buf_text(&count),
                       c->words[1]);
        buf_free(&count);
    }
    ask_close(&a);
    return code;
}

static int export_own(const struct cli *c, const struct schema *schema, const char *format)
{
    struct error e;
    FILE *own = fopen(c->words[1], "we");
    if (!own) {
        error_set(&e, ERROR_IO, "can't write %s: %s", c->words[1], strerror(errno));
        return cli_fail(c, &e);
    }
    int code = export_ask(c, schema, format, "-", own);
    if (fclose(own) && code == CLI_OK) {
        error_set(&e, ERROR_IO, "can't write %s: %s", c->words[1], strerror(errno));
        code = cli_fail(c, &e);
    }
    return code;
}

static int export_run(const struct cli *c)
{
    const struct schema *schema;
    const char *format, *separator;
    char *path = NULL;
    struct error e;
    if (transfer_entity(c->words[0], &schema, &e) < 0 || transfer_format(c, &format, &e) < 0 ||
        transfer_separator(c, &separator, &e) < 0)
        return cli_usage(c, &e);
    if (!strcmp(c->words[1], "-"))
        return export_ask(c, schema, format, "-", NULL);
    if (transfer_is_own(c->words[1]))
        return export_own(c, schema, format);
    if (place_file(c->words[1], &path, &e) < 0)
        return cli_fail(c, &e);
    int code = export_ask(c, schema, format, path, NULL);
    mem_free(path);
    return code;
}

static const struct option export_options[] = {
    { "format", 'f', "csv|jsonl", "else by the ending of the name; standard output: csv" },
    { "separator", 0, "CHAR", "between the cells of CSV, or the word tab; else a comma" },
    { NULL, 0, NULL, NULL },
};

const struct command command_export = {
    .name = "export",
    .usage = "ENTITY FILE|- [options]",
    .summary = "Writes every record of an entity as CSV or JSON Lines",
    .options = export_options,
    .example = "baton export referrals referrals.jsonl",
    .min = 2,
    .max = 2,
    .run = export_run,
};
