/* The worker's end of a line: requests in, the frames of a conversation out.
 *
 * dispatch.c takes requests when it can work. While one runs only a cancel is
 * looked for. A connection is freed in its close callback only. */
#include "baton/base/json.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "server/worker_internal.h"

#include <string.h>

/* ---- closing ---- */

static void connection_freed(struct wire *wire)
{
    struct connection *c = (struct connection *)wire;
    struct worker *w = c->worker;
    mem_free(c);
    worker__closed_one(w);
}

void connection__drop(struct connection *c)
{
    if (!c->link)
        return;
    conversation_cancel(c->conversation);
    struct org *held = c->held;
    c->held = NULL;
    conversation_free(c->conversation);
    c->conversation = NULL;
    if (held)
        host_release(c->worker->host, held);
    if (c->barred && c->worker->host)
        host_unbar(c->worker->host, c->barred);
    mem_free(c->barred);
    c->barred = NULL;
    json_decref(c->request);
    c->request = NULL;
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    c->link = NULL;
    wire__drop(&c->wire);
}

/* Nobody waits for what runs; and without the front there is nobody left to work for. */
static void connection_gone(struct wire *wire)
{
    struct connection *c = (struct connection *)wire;
    struct worker *w = c->worker;
    bool was_front = c == w->control;
    if (was_front)
        w->control = NULL;
    connection__drop(c);
    if (was_front)
        worker__stop(w, "the front process is gone");
}

/* ---- requests ---- */

/* While a request runs only a cancel is taken. */
static void connection_look_for_cancel(struct connection *c)
{
    if (c->looked)
        return;
    c->looked = true;
    if (!wire__frame_is(&c->wire, "cancel"))
        return;
    wire__take(&c->wire);
    c->looked = false;
    conversation_cancel(c->conversation);
}

static bool connection_is_cancel(const json_t *request)
{
    const char *op = json_string_value(json_object_get(request, "op"));
    return op && !strcmp(op, "cancel");
}

int connection__next(struct connection *c, json_t **out)
{
    const char *json;
    size_t n;
    while ((json = wire__frame(&c->wire, &n))) {
        if (conversation_busy(c->conversation)) {
            connection_look_for_cancel(c);
            return 0;
        }
        if (n == 0 || n > LIMIT_FRAME_BYTES) {
            wire__refuse_length(&c->wire, n);
            return 0;
        }
        struct error e = { 0 };
        json_t *request;
        int rc = json_read(json, n, &request, &e);
        wire__take(&c->wire);
        c->looked = false;
        if (rc) {
            wire__send_error(&c->wire, &e);
            continue;
        }
        if (connection_is_cancel(request)) { /* too late: it is answered already */
            json_decref(request);
            continue;
        }
        *out = request;
        return 1;
    }
    return 0;
}

/* Inside Lua: nothing may be dropped or answered here. */
void connection__poll(struct connection *c)
{
    if (!wire__receive(&c->wire))
        conversation_cancel(c->conversation);
    if (wire__has_frame(&c->wire) && conversation_busy(c->conversation))
        connection_look_for_cancel(c);
}

/* ---- making ---- */

static void connection_frame(void *context, const char *json, size_t n, bool last)
{
    struct connection *c = context;
    (void)last;
    wire__send(&c->wire, json, n);
}

static struct connection *connection_make(struct worker *w)
{
    struct connection *c = mem_new(struct connection);
    wire__open(&c->wire, &w->loop, connection_gone, connection_freed);
    c->worker = w;
    c->conversation = conversation_new(connection_frame, c);
    c->next = w->connections;
    if (c->next)
        c->next->link = &c->next;
    c->link = &w->connections;
    w->connections = c;
    return c;
}

struct connection *connection__new(struct worker *w, int fd)
{
    struct connection *c = connection_make(w);
    if (uv_pipe_open(&c->wire.pipe, fd)) {
        connection__drop(c);
        return NULL;
    }
    wire__read(&c->wire);
    return c;
}

void connection__accept(struct worker *w)
{
    struct connection *c = connection_make(w);
    if (uv_accept((uv_stream_t *)&w->door, (uv_stream_t *)&c->wire.pipe))
        connection__drop(c);
    else
        wire__read(&c->wire);
}
