/* What op import and op export share: reading the request, writing the report. */
#include "baton/base/text.h"
#include "baton/domain/transfer.h"
#include "host/request_internal.h"

#include <string.h>

static int transfer_entity(struct conversation *c, enum entity *out, struct error *e)
{
    const char *name = NULL;
    int rc = request__text(c, "entity", true, &name, NULL, e);
    if (rc)
        return rc;
    const struct schema *schema = schema_named(name);
    if (schema) {
        *out = schema->entity;
        return 0;
    }
    const char *names[ENTITY_END];
    size_t n = 0;
    for (enum entity entity = 1; entity < ENTITY_END; entity++)
        names[n++] = schema_of(entity)->plural;
    names[n] = NULL;
    struct buf hint = BUF_INIT;
    text_suggest(name, names, &hint);
    rc = request__refuse(e, "entity", "nothing here is called \"%.64s\"%s", name, buf_text(&hint));
    buf_free(&hint);
    return rc;
}

static bool transfer_ends(const char *path, const char *end)
{
    size_t n = strlen(path), k = strlen(end);
    return n >= k && !strcasecmp(path + n - k, end);
}

static int transfer_format(struct conversation *c, const char *path, enum transfer_format *out,
                           struct error *e)
{
    const char *format = NULL;
    int rc = request__text(c, "format", false, &format, NULL, e);
    if (rc)
        return rc;
    if (!format && (transfer_ends(path, ".jsonl") || transfer_ends(path, ".ndjson")))
        format = "jsonl";
    if (!format &&
        (transfer_ends(path, ".csv") || transfer_ends(path, ".tsv") || !strcmp(path, "-")))
        format = "csv";
    if (!format)
        return request__refuse(
            e, "format",
            "is %.200s csv or jsonl? Its name does not end in .csv, .tsv or .jsonl: a "
            "\"format\" is needed",
            path);
    if (strcmp(format, "csv") && strcmp(format, "jsonl"))
        return request__refuse(e, "format", "\"format\" must be csv or jsonl, it is \"%.64s\"",
                               format);
    *out = strcmp(format, "csv") ? TRANSFER_JSONL : TRANSFER_CSV;
    return 0;
}

static int transfer_separator(struct conversation *c, const char *path, char *out, struct error *e)
{
    const char *text = NULL;
    int rc = request__text(c, "separator", false, &text, NULL, e);
    if (rc)
        return rc;
    if (!text) {
        *out = transfer_ends(path, ".tsv") ? '\t' : 0;
        return 0;
    }
    if (!strcmp(text, "tab") || !strcmp(text, "\\t"))
        text = "\t";
    if (!*text || text[1] || (unsigned char)*text >= 0x80 || strchr("\"\r\n", *text))
        return request__refuse(e, "separator",
                               "\"separator\" must be one character, like \",\" \";\" or \"tab\"");
    *out = *text;
    return 0;
}

int transfer__read(struct conversation *c, struct transfer *out, const char **path, struct error *e)
{
    struct transfer t = { .context = c };
    const char *at = NULL;
    int rc;
    if ((rc = transfer_entity(c, &t.entity, e)) ||
        (rc = request__text(c, "path", true, &at, NULL, e)) ||
        (rc = transfer_format(c, at, &t.format, e)) ||
        (rc = transfer_separator(c, at, &t.separator, e)))
        return rc;
    *out = t;
    *path = at;
    return 0;
}

static void transfer_number(struct jsonw *w, const char *key, int64_t n)
{
    jsonw_key(w, key);
    jsonw_int(w, n);
}

void transfer__report(struct jsonw *w, const struct transfer_report *r)
{
    jsonw_key(w, "report");
    jsonw_open_object(w);
    transfer_number(w, "lines", r->lines);
    transfer_number(w, "created", r->created);
    transfer_number(w, "changed", r->changed);
    transfer_number(w, "unchanged", r->unchanged);
    transfer_number(w, "refused", r->refused);
    jsonw_close(w);
}
