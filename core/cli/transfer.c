/* The command lines of import and export: which entity, which format. */
#include "cli/transfer_internal.h"

#include <string.h>
#include <sys/stat.h>

#include "baton/base/text.h"
#include "baton/store/schema.h"
#include "cli/ask_internal.h"
#include "cli/cli_internal.h"

int transfer_entity(const char *word, const struct schema **out, struct error *e)
{
    const char *names[ENTITY_END];
    *out = schema_named(word);
    if (*out)
        return 0;
    size_t count = 0;
    for (int i = 1; i < ENTITY_END; i++)
        names[count++] = schema_of((enum entity)i)->plural;
    names[count] = NULL;
    struct buf text = BUF_INIT;
    text_suggest(word, names, &text);
    if (text.len == 0) {
        buf_puts(&text, "; there are");
        for (size_t i = 0; names[i]; i++)
            buf_printf(&text, "%s %s", i ? "," : "", names[i]);
    }
    error_set(e, ERROR_INVALID, "unknown entity \"%s\"%s", word, buf_text(&text));
    buf_free(&text);
    return -ERROR_INVALID;
}

static bool transfer_ends(const char *name, const char *ending)
{
    size_t n = strlen(name), m = strlen(ending);
    return n > m && !strcasecmp(name + n - m, ending);
}

int transfer_format(const struct cli *c, const char **out, struct error *e)
{
    const char *given = cli_value(c, "format"), *file = c->words[1];
    if (given && strcmp(given, "csv") && strcmp(given, "jsonl"))
        return error_set(e, ERROR_INVALID, "format \"%s\" is neither csv nor jsonl", given);
    if (given)
        *out = given;
    else if (transfer_ends(file, ".jsonl") || transfer_ends(file, ".ndjson"))
        *out = "jsonl";
    else if (transfer_ends(file, ".csv") || transfer_ends(file, ".tsv") || !strcmp(file, "-"))
        *out = "csv";
    else
        return error_set(e, ERROR_INVALID,
                         "the name %s does not tell its format: say --format csv or jsonl", file);
    return 0;
}

int transfer_separator(const struct cli *c, const char **out, struct error *e)
{
    const char *given = cli_value(c, "separator");
    if (given && (!strcmp(given, "tab") || !strcmp(given, "\\t")))
        given = "\t";
    if (given && (strlen(given) != 1 || (unsigned char)*given >= 0x80 || strchr("\"\r\n", *given)))
        return error_set(e, ERROR_INVALID,
                         "--separator wants one character or the word tab, not \"%s\"", given);
    *out = given;
    return 0;
}

void transfer_write_separator(const struct cli *c, struct jsonw *w)
{
    const char *separator = NULL;
    transfer_separator(c, &separator, NULL);
    if (!separator)
        return;
    jsonw_key(w, "separator");
    jsonw_text(w, separator);
}

bool transfer_is_own(const char *path)
{
    struct stat st;
    return !strncmp(path, "/dev/", 5) || !strncmp(path, "/proc/", 6) ||
           (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode));
}

const json_t *transfer_report(const struct ask *a)
{
    const json_t *report = json_object_get(a->answer.done, "report");
    return report ? report : a->answer.done;
}

long long transfer_number(const json_t *report, const char *key)
{
    return json_integer_value(json_object_get(report, key));
}
