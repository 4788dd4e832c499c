/* Frames of a conversation: what goes out, in order.
 *
 * Printed text is gathered, so that a loop of prints is a few frames. While a
 * statement runs inside its command everything is held: what it shows must not
 * be seen before the commit (DESIGN 2). */
#include "baton/base/limits.h"
#include "baton/base/text.h"
#include "host/request_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME_TEXT_BYTES = 16 * 1024 };

static void frame_send(struct conversation *c, const struct buf *json)
{
    if (c->hold) {
        buf_add(&c->held, json->data, json->len);
        buf_putc(&c->held, '\0');
    } else {
        c->frame(c->context, json->data, json->len, false);
    }
}

void conversation__release(struct conversation *c)
{
    c->hold = false;
    for (size_t at = 0; at < c->held.len;) {
        size_t n = strlen(c->held.data + at);
        c->frame(c->context, c->held.data + at, n, false);
        at += n + 1;
    }
    buf_free(&c->held);
}

void conversation__drop_held(struct conversation *c)
{
    buf_clear(&c->text);
    buf_free(&c->held);
}

void conversation__flush(struct conversation *c)
{
    static const char *const streams[] = { "print", "info", "warn", "error" };
    if (!c->text.len)
        return;
    struct buf json = BUF_INIT;
    struct jsonw w;
    jsonw_start(&w, &json);
    jsonw_open_object(&w);
    jsonw_key(&w, "out");
    jsonw_textn(&w, c->text.data, c->text.len);
    jsonw_key(&w, "stream");
    jsonw_text(&w, streams[c->stream]);
    jsonw_close(&w);
    buf_clear(&c->text);
    frame_send(c, &json);
    buf_free(&json);
}

/* A script's progress(done, total, label) comes as "done total label". */
static void frame_progress(struct conversation *c, const char *text)
{
    char *end;
    int64_t done = strtoll(text, &end, 10);
    int64_t total = strtoll(end, &end, 10);
    conversation__progress(c, done, total, *end == ' ' ? end + 1 : end);
}

/* Each call is a line, or several. Printed ones are gathered, logged ones go one by one: whoever
 * shows them marks each. */
void conversation__output(void *context, enum script_stream stream, const char *plugin,
                          const char *text, size_t n)
{
    struct conversation *c = context;
    if (stream == SCRIPT_PROGRESS) {
        frame_progress(c, text);
        return;
    }
    if (stream != c->stream)
        conversation__flush(c);
    c->stream = stream;
    if (plugin)
        buf_printf(&c->text, "%s: ", plugin);
    buf_add(&c->text, text, n);
    buf_putc(&c->text, '\n');
    if (stream != SCRIPT_PRINT || c->text.len >= FRAME_TEXT_BYTES)
        conversation__flush(c);
}

/* {"name":{ … is begun; the caller fills in and calls frame_finish. */
static void frame_begin(struct conversation *c, struct jsonw *w, struct buf *json, const char *name)
{
    conversation__flush(c);
    jsonw_start(w, json);
    jsonw_open_object(w);
    jsonw_key(w, name);
}

static void frame_finish(struct conversation *c, struct jsonw *w, struct buf *json)
{
    while (w->depth)
        jsonw_close(w);
    frame_send(c, json);
    buf_free(json);
}

void conversation__progress(struct conversation *c, int64_t done, int64_t total, const char *label)
{
    struct buf json = BUF_INIT;
    struct jsonw w;
    frame_begin(c, &w, &json, "progress");
    jsonw_open_object(&w);
    jsonw_key(&w, "done");
    jsonw_int(&w, done);
    jsonw_key(&w, "total");
    jsonw_int(&w, total);
    jsonw_key(&w, "label");
    jsonw_text(&w, label);
    frame_finish(c, &w, &json);
}

/* "line 3, column email" of line 3: "column email". */
static void frame_drop_line(char *where, int64_t line)
{
    char own[32];
    int n = snprintf(own, sizeof own, "line %" PRId64, line);
    if (strncmp(where, own, (size_t)n) || (where[n] && where[n] != ','))
        return;
    const char *rest = where + n + strspn(where + n, ", ");
    memmove(where, rest, strlen(rest) + 1);
}

void conversation__refused(struct conversation *c, int64_t line, const struct error *error)
{
    char message[ERROR_MESSAGE_BYTES + ERROR_WHERE_BYTES];
    struct error rest = *error;
    frame_drop_line(rest.where, line);
    error_format(&rest, message, sizeof message);
    struct buf json = BUF_INIT;
    struct jsonw w;
    frame_begin(c, &w, &json, "refused");
    jsonw_open_object(&w);
    jsonw_key(&w, "line");
    jsonw_int(&w, line);
    jsonw_key(&w, "message");
    jsonw_text(&w, message);
    frame_finish(c, &w, &json);
}

void conversation__notice(struct conversation *c, const char *text)
{
    struct buf json = BUF_INIT;
    struct jsonw w;
    frame_begin(c, &w, &json, "notice");
    jsonw_text(&w, text);
    frame_finish(c, &w, &json);
}

void conversation__data(struct conversation *c, const char *text, size_t n)
{
    struct buf json = BUF_INIT;
    struct jsonw w;
    frame_begin(c, &w, &json, "data");
    jsonw_textn(&w, text, n);
    frame_finish(c, &w, &json);
}

void conversation__last(struct conversation *c, const char *json, size_t n)
{
    conversation__flush(c);
    conversation__release(c);
    if (n <= LIMIT_FRAME_BYTES) {
        c->frame(c->context, json, n, true);
        return;
    }
    struct error e = { 0 };
    error_set(&e, ERROR_LIMIT, "the answer has %zu bytes, %d fit: ask for less at once", n,
              LIMIT_FRAME_BYTES);
    conversation__answer_error(c, &e);
}

/* A message may quote anything: what came in, or what a plugin says. */
static void frame_clean(char *text, size_t size)
{
    struct buf clean = BUF_INIT;
    text_printable(text, strlen(text), true, &clean);
    snprintf(text, size, "%s", buf_text(&clean)); /* a cut character is mended by the writer */
    buf_free(&clean);
}

void conversation__answer_error(struct conversation *c, const struct error *error)
{
    struct buf json = BUF_INIT;
    struct error shown = *error;
    frame_clean(shown.message, sizeof shown.message);
    frame_clean(shown.where, sizeof shown.where);
    json_error(&shown, &json);
    conversation__last(c, json.data, json.len);
    buf_free(&json);
}
