/* One client: bytes in, bytes out.
 *
 * Reading only gathers bytes; dispatch.c takes frames out of them when it can
 * work. Frames to send are gathered and written together. Whoever reads slowly
 * is not worked for while much is unsent, and whoever sends more than we have
 * worked off is not read. A connection is freed in its close callback only. */
#include "baton/base/json.h"
#include "baton/base/limits.h"
#include "baton/base/log.h"
#include "baton/base/memory.h"
#include "server/server_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTION_HEAD_BYTES = 4,
    CONNECTION_READ_BYTES = 64 * 1024,
    CONNECTION_AHEAD_BYTES = 256 * 1024, /* read of further requests while one waits */
    CONNECTION_CANCEL_BYTES = 256
};

struct connection_write {
    uv_write_t request;
    char *data;
};

static size_t connection_waiting(const struct connection *c)
{
    return c->in.len - c->in_at;
}

static size_t connection_length(const struct connection *c)
{
    const unsigned char *p = (const unsigned char *)c->in.data + c->in_at;
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

bool connection__has_frame(const struct connection *c)
{
    if (c->closing || connection_waiting(c) < CONNECTION_HEAD_BYTES)
        return false;
    size_t n = connection_length(c);
    return n == 0 || n > LIMIT_FRAME_BYTES || connection_waiting(c) >= n + CONNECTION_HEAD_BYTES;
}

bool connection__full(const struct connection *c)
{
    return uv_stream_get_write_queue_size((const uv_stream_t *)&c->pipe) + c->out.len >
           SERVER_WRITE_HIGH_BYTES;
}

/* ---- closing ---- */

static void connection_closed(uv_handle_t *handle)
{
    struct connection *c = handle->data;
    struct server *s = c->server;
    mem_free(c);
    server__closed_one(s);
}

void connection__drop(struct connection *c)
{
    if (uv_is_closing((uv_handle_t *)&c->pipe))
        return;
    c->closing = true;
    conversation_cancel(c->conversation);
    struct org *held = c->held;
    c->held = NULL;
    conversation_free(c->conversation);
    c->conversation = NULL;
    if (held)
        host_release(c->server->host, held);
    if (c->barred && c->server->host)
        host_unbar(c->server->host, c->barred);
    mem_free(c->barred);
    json_decref(c->request);
    c->request = NULL;
    buf_free(&c->in);
    buf_free(&c->out);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    c->server->count--;
    uv_close((uv_handle_t *)&c->pipe, connection_closed);
}

void connection__close_when_sent(struct connection *c)
{
    if (uv_is_closing((uv_handle_t *)&c->pipe))
        return;
    c->closing = true;
    uv_read_stop((uv_stream_t *)&c->pipe);
    connection__flush(c);
    if (!uv_is_closing((uv_handle_t *)&c->pipe) &&
        uv_stream_get_write_queue_size((uv_stream_t *)&c->pipe) == 0)
        connection__drop(c);
}

/* ---- writing ---- */

static void connection_written(uv_write_t *request, int status)
{
    struct connection_write *w = (struct connection_write *)request;
    struct connection *c = request->handle->data;
    mem_free(w->data);
    mem_free(w);
    if (uv_is_closing((uv_handle_t *)&c->pipe))
        return;
    if (status < 0)
        connection__drop(c);
    else if (c->closing)
        connection__close_when_sent(c);
}

/* May be called while connections are walked, so it drops none. */
void connection__flush(struct connection *c)
{
    if (!c->out.len || uv_is_closing((uv_handle_t *)&c->pipe))
        return;
    struct connection_write *w = mem_new(struct connection_write);
    size_t n = c->out.len;
    w->data = buf_take(&c->out);
    uv_buf_t data = uv_buf_init(w->data, (unsigned)n);
    if (uv_write(&w->request, (uv_stream_t *)&c->pipe, &data, 1, connection_written)) {
        mem_free(w->data);
        mem_free(w);
        c->closing = true;
    }
}

void connection__send(struct connection *c, const char *json, size_t n)
{
    if (c->closing)
        return;
    uint32_t length = (uint32_t)n;
    unsigned char head[] = { (unsigned char)(length >> 24), (unsigned char)(length >> 16),
                             (unsigned char)(length >> 8), (unsigned char)length };
    buf_add(&c->out, head, sizeof head);
    buf_add(&c->out, json, n);
}

void connection__send_error(struct connection *c, const struct error *error)
{
    struct buf json = BUF_INIT;
    json_error(error, &json);
    connection__send(c, json.data, json.len);
    buf_free(&json);
}

/* ---- frames ---- */

/* A length that can't be: where the next frame begins is unknown, so this is the end. */
static void connection_refuse_length(struct connection *c, size_t n)
{
    struct error e = { 0 };
    error_set(&e, n ? ERROR_LIMIT : ERROR_INVALID,
              "a frame of %zu bytes: it must have 1 to %d, after a length of 4 bytes, big endian",
              n, LIMIT_FRAME_BYTES);
    connection__send_error(c, &e);
    connection__close_when_sent(c);
}

static bool connection_is(const json_t *request, const char *wanted)
{
    const char *op = json_string_value(json_object_get(request, "op"));
    return op && !strcmp(op, wanted);
}

static bool connection_is_cancel(const json_t *request)
{
    return connection_is(request, "cancel");
}

/* Reads the frame that waits as JSON, without taking it. */
static int connection_read(const struct connection *c, json_t **out, struct error *e)
{
    return json_read(c->in.data + c->in_at + CONNECTION_HEAD_BYTES, connection_length(c), out, e);
}

static void connection_take(struct connection *c)
{
    c->in_at += connection_length(c) + CONNECTION_HEAD_BYTES;
    c->looked = false;
    if (c->in_at == c->in.len) {
        buf_free(&c->in); /* a large one need not stay */
        c->in_at = 0;
    }
}

/* While a request runs only a cancel is taken. */
static void connection_look_for_cancel(struct connection *c)
{
    json_t *request;
    if (c->looked)
        return;
    c->looked = true;
    size_t n = connection_length(c);
    if (n == 0 || n > CONNECTION_CANCEL_BYTES || connection_read(c, &request, NULL))
        return;
    if (connection_is_cancel(request)) {
        connection_take(c);
        conversation_cancel(c->conversation);
    }
    json_decref(request);
}

int connection__next(struct connection *c, json_t **out)
{
    while (connection__has_frame(c)) {
        if (conversation_busy(c->conversation)) {
            connection_look_for_cancel(c);
            return 0;
        }
        size_t n = connection_length(c);
        if (n == 0 || n > LIMIT_FRAME_BYTES) {
            connection_refuse_length(c, n);
            return 0;
        }
        struct error e = { 0 };
        json_t *request;
        int rc = connection_read(c, &request, &e);
        connection_take(c);
        if (rc) {
            connection__send_error(c, &e);
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

/* ---- reading ---- */

static void connection_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct connection *c = handle->data;
    (void)suggested;
    buf_cut(&c->in, c->in_at);
    c->in_at = 0;
    buf_reserve(&c->in, CONNECTION_READ_BYTES);
    out->base = c->in.data + c->in.len;
    out->len = CONNECTION_READ_BYTES;
}

static void connection_on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct connection *c = stream->data;
    (void)buf;
    if (n < 0) { /* closed: nobody waits for what runs */
        connection__drop(c);
        return;
    }
    c->in.len += (size_t)n;
    c->in.data[c->in.len] = '\0';
    if (connection_waiting(c) > CONNECTION_AHEAD_BYTES && connection__has_frame(c)) {
        c->paused = true;
        uv_read_stop(stream);
    }
}

/* Inside Lua: nothing may be dropped or answered here. The end of the input is read again by the
 * loop, which drops the connection. */
void connection__poll(struct connection *c)
{
    uv_os_fd_t fd;
    if (uv_fileno((uv_handle_t *)&c->pipe, &fd))
        return;
    while (connection_waiting(c) <= CONNECTION_AHEAD_BYTES) {
        buf_reserve(&c->in, CONNECTION_READ_BYTES);
        ssize_t n = recv(fd, c->in.data + c->in.len, CONNECTION_READ_BYTES, MSG_DONTWAIT);
        if (n <= 0) {
            if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
                conversation_cancel(c->conversation);
            break;
        }
        c->in.len += (size_t)n;
        c->in.data[c->in.len] = '\0';
    }
    if (connection__has_frame(c) && conversation_busy(c->conversation))
        connection_look_for_cancel(c);
}

bool connection__wants_stop(const struct connection *c)
{
    json_t *request;
    if (!connection__has_frame(c))
        return false;
    size_t n = connection_length(c);
    if (n == 0 || n > CONNECTION_CANCEL_BYTES || connection_read(c, &request, NULL))
        return false;
    bool wants = connection_is(request, "stop") && !json_object_get(request, "org");
    json_decref(request);
    return wants;
}

void connection__resume(struct connection *c)
{
    if (!c->paused || c->closing || connection__has_frame(c))
        return;
    c->paused = false;
    uv_read_start((uv_stream_t *)&c->pipe, connection_alloc, connection_on_read);
}

static void connection_frame(void *context, const char *json, size_t n, bool last)
{
    (void)last;
    connection__send(context, json, n);
}

static struct connection *connection_new(struct server *s)
{
    struct connection *c = mem_new(struct connection);
    uv_pipe_init(&s->loop, &c->pipe, 0);
    c->pipe.data = c;
    c->server = s;
    c->conversation = conversation_new(connection_frame, c);
    c->next = s->connections;
    if (c->next)
        c->next->link = &c->next;
    c->link = &s->connections;
    s->connections = c;
    s->count++;
    return c;
}

static void connection_begin(struct connection *c, int failed)
{
    struct server *s = c->server;
    if (failed) {
        connection__drop(c);
        return;
    }
    if (s->count > LIMIT_CONNECTIONS) {
        struct error e = { 0 };
        error_set(&e, ERROR_LIMIT, "%d clients are connected already, no more can be",
                  LIMIT_CONNECTIONS);
        log_write(LOG_WARN, NULL, "a client was turned away: %s", e.message);
        connection__send_error(c, &e);
        /* Told in the next round, not here: libuv accepts as long as somebody connects, and whoever
         * is answered at once and tries again would keep it from everything else. */
        c->closing = true;
        return;
    }
    uv_read_start((uv_stream_t *)&c->pipe, connection_alloc, connection_on_read);
}

void connection__accept(struct server *s)
{
    struct connection *c = connection_new(s);
    connection_begin(c, uv_accept((uv_stream_t *)&s->listener, (uv_stream_t *)&c->pipe));
}

/* libuv does not mind: it finds nobody waiting. */
void connection__accept_waiting(struct server *s)
{
    uv_os_fd_t listener;
    if (uv_fileno((uv_handle_t *)&s->listener, &listener))
        return;
    while (s->count < LIMIT_CONNECTIONS) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        struct connection *c = connection_new(s);
        int failed = uv_pipe_open(&c->pipe, fd);
        if (failed)
            close(fd);
        connection_begin(c, failed);
    }
}
