/* Explanations as lines for people: one format for the prompt, scripts and the
 * command line. */
#include <jansson.h>
#include <string.h>

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/zone.h"
#include "baton/domain/explain.h"

static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text ? text : "";
}

static void text_where(const json_t *o, struct buf *out)
{
    const char *where = text_of(o, "where");
    if (*where)
        buf_printf(out, " (%s)", where);
}

static void text_transition(const json_t *o, struct buf *out)
{
    size_t i;
    json_t *check;
    if (*text_of(o, "transition"))
        buf_printf(out, "%s%s%s: ", text_of(o, "transition"), *text_of(o, "to") ? " → " : "",
                   text_of(o, "to"));
    buf_puts(out, json_is_true(json_object_get(o, "may")) ? "yes\n" : "no\n");
    json_array_foreach(json_object_get(o, "checks"), i, check)
    {
        buf_printf(out, "  %s %s: %s", json_is_true(json_object_get(check, "ok")) ? "✓" : "✗",
                   text_of(check, "check"), text_of(check, "text"));
        text_where(check, out);
        buf_putc(out, '\n');
    }
}

/* "346 note.created N-1" */
static void text_event(const json_t *o, struct buf *out)
{
    buf_printf(out, "%lld", (long long)json_integer_value(json_object_get(o, "seq")));
    if (*text_of(o, "kind"))
        buf_printf(out, " %s", text_of(o, "kind"));
    if (*text_of(o, "about"))
        buf_printf(out, " %s", text_of(o, "about"));
}

static void text_handler(const json_t *h, size_t number, struct buf *out)
{
    const json_t *wrote = json_object_get(h, "wrote");
    double us = (double)json_integer_value(json_object_get(h, "us"));
    long long more = json_integer_value(json_object_get(h, "more"));
    buf_printf(out, "  %zu. %s, plugin %s", number, text_of(h, "what"), text_of(h, "plugin"));
    text_where(h, out);
    buf_printf(out, ", %.3f ms", us / 1000);
    buf_puts(out, json_array_size(wrote) > 0 ? ", wrote " : ", wrote nothing");
    for (size_t i = 0; i < json_array_size(wrote); i++) {
        buf_puts(out, i > 0 ? ", " : "");
        text_event(json_array_get(wrote, i), out);
    }
    if (more > 0)
        buf_printf(out, " and %lld more", more);
    buf_putc(out, '\n');
}

static void text_whole_event(const json_t *o, struct buf *out)
{
    const json_t *handlers = json_object_get(o, "handlers"), *cause;
    const struct zone *zone;
    int64_t at_ms = json_integer_value(json_object_get(o, "at_ms"));
    text_event(o, out);
    buf_printf(out, " by %s, ", text_of(o, "actor"));
    if (zone_find(&zone, text_of(o, "zone"), NULL) == 0)
        zone_format(zone, at_ms, true, out);
    else
        zone_format_iso(at_ms, out);
    buf_putc(out, '\n');
    if ((cause = json_object_get(o, "caused_by"))) {
        buf_puts(out, "  caused by ");
        text_event(cause, out);
        buf_printf(out, ", written by %s\n", text_of(o, "by"));
    }
    if (json_array_size(handlers) == 0)
        buf_puts(out, "  no effect and no handler ran for it\n");
    for (size_t i = 0; i < json_array_size(handlers); i++)
        text_handler(json_array_get(handlers, i), i + 1, out);
}

int explain_text(const char *json, size_t n, struct buf *out, struct error *e)
{
    json_t *o = NULL;
    int rc = json_read(json, n, &o, e);
    if (rc < 0)
        return rc;
    if (json_is_array(o) && json_array_size(o) == 0)
        buf_puts(out, "it is closed: nothing leaves its stage\n");
    for (size_t i = 0; json_is_array(o) && i < json_array_size(o); i++)
        text_transition(json_array_get(o, i), out);
    if (json_object_get(o, "seq"))
        text_whole_event(o, out);
    else if (json_is_object(o))
        text_transition(o, out);
    json_decref(o);
    return 0;
}
