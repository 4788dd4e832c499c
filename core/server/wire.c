/* Frames on a stream: bytes in, bytes out.
 *
 * Reading only gathers bytes; whoever owns the wire takes frames out of them
 * when it can work. Frames to send are gathered and written together. Whoever
 * reads slowly is not worked for while much is unsent (wire__full), and whoever
 * sends more than we have worked off is not read. The memory of a wire is its
 * owner's, and freed in `freed` only. */
#include "server/wire_internal.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/socket.h>

#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"

enum {
    WIRE_HEAD_BYTES = 4,
    WIRE_READ_BYTES = 64 * 1024,
    WIRE_AHEAD_BYTES = 256 * 1024,       /* read of further frames while one waits */
    WIRE_WRITE_HIGH_BYTES = 1024 * 1024, /* unsent: then nobody works for this wire */
    WIRE_WORD_BYTES = 256                /* a frame that may overtake others */
};

struct wire_write {
    uv_write_t request;
    char *data;
};

static size_t wire_waiting(const struct wire *w)
{
    return w->in.len - w->in_at;
}

static bool wire_is_dropped(const struct wire *w)
{
    return uv_is_closing((const uv_handle_t *)&w->pipe);
}

/* ---- frames ---- */

static size_t wire_length(const struct wire *w)
{
    const unsigned char *p = (const unsigned char *)w->in.data + w->in_at;
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

const char *wire__frame(const struct wire *w, size_t *n)
{
    if (w->closing || wire_waiting(w) < WIRE_HEAD_BYTES)
        return NULL;
    size_t length = wire_length(w);
    if (length && length <= LIMIT_FRAME_BYTES && wire_waiting(w) < length + WIRE_HEAD_BYTES)
        return NULL;
    *n = length;
    return w->in.data + w->in_at + WIRE_HEAD_BYTES;
}

bool wire__has_frame(const struct wire *w)
{
    size_t n;
    return wire__frame(w, &n) != NULL;
}

void wire__take(struct wire *w)
{
    w->in_at += wire_length(w) + WIRE_HEAD_BYTES;
    if (w->in_at == w->in.len) {
        buf_free(&w->in); /* a large one need not stay */
        w->in_at = 0;
    }
}

bool wire__frame_is(const struct wire *w, const char *wanted)
{
    json_t *frame;
    size_t n;
    const char *json = wire__frame(w, &n);
    if (!json || n == 0 || n > WIRE_WORD_BYTES || json_read(json, n, &frame, NULL))
        return false;
    const char *op = json_string_value(json_object_get(frame, "op"));
    bool is = op && !strcmp(op, wanted);
    json_decref(frame);
    return is;
}

void wire__refuse_length(struct wire *w, size_t n)
{
    struct error e = { 0 };
    error_set(&e, n ? ERROR_LIMIT : ERROR_INVALID,
              "a frame of %zu bytes: it must have 1 to %d, after a length of 4 bytes, big endian",
              n, LIMIT_FRAME_BYTES);
    wire__send_error(w, &e);
    wire__close_when_sent(w);
}

/* ---- closing ---- */

static void wire_closed(uv_handle_t *handle)
{
    struct wire *w = handle->data;
    w->freed(w);
}

void wire__drop(struct wire *w)
{
    if (wire_is_dropped(w))
        return;
    w->closing = true;
    buf_free(&w->in);
    buf_free(&w->out);
    w->in_at = 0;
    uv_close((uv_handle_t *)&w->pipe, wire_closed);
}

void wire__close_when_sent(struct wire *w)
{
    if (wire_is_dropped(w))
        return;
    w->closing = true;
    uv_read_stop((uv_stream_t *)&w->pipe);
    wire__flush(w);
    if (uv_stream_get_write_queue_size((uv_stream_t *)&w->pipe) == 0)
        w->gone(w);
}

/* ---- writing ---- */

static void wire_written(uv_write_t *request, int status)
{
    struct wire_write *write = (struct wire_write *)request;
    struct wire *w = request->handle->data;
    mem_free(write->data);
    mem_free(write);
    if (wire_is_dropped(w))
        return;
    if (status < 0)
        w->gone(w);
    else if (w->closing)
        wire__close_when_sent(w);
}

void wire__flush(struct wire *w)
{
    if (!w->out.len || wire_is_dropped(w))
        return;
    struct wire_write *write = mem_new(struct wire_write);
    size_t n = w->out.len;
    write->data = buf_take(&w->out);
    uv_buf_t data = uv_buf_init(write->data, (unsigned)n);
    if (uv_write(&write->request, (uv_stream_t *)&w->pipe, &data, 1, wire_written)) {
        mem_free(write->data);
        mem_free(write);
        w->closing = true;
    }
}

void wire__send(struct wire *w, const char *json, size_t n)
{
    if (w->closing)
        return;
    const unsigned char head[WIRE_HEAD_BYTES] = { (unsigned char)(n >> 24),
                                                  (unsigned char)(n >> 16), (unsigned char)(n >> 8),
                                                  (unsigned char)n };
    buf_add(&w->out, head, sizeof head);
    buf_add(&w->out, json, n);
}

void wire__send_error(struct wire *w, const struct error *error)
{
    struct buf json = BUF_INIT;
    json_error(error, &json);
    wire__send(w, json.data, json.len);
    buf_free(&json);
}

bool wire__full(const struct wire *w)
{
    return uv_stream_get_write_queue_size((const uv_stream_t *)&w->pipe) + w->out.len >
           WIRE_WRITE_HIGH_BYTES;
}

/* ---- reading ---- */

static void wire_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct wire *w = handle->data;
    (void)suggested;
    buf_cut(&w->in, w->in_at);
    w->in_at = 0;
    buf_reserve(&w->in, WIRE_READ_BYTES);
    out->base = w->in.data + w->in.len;
    out->len = WIRE_READ_BYTES;
}

static void wire_on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct wire *w = stream->data;
    (void)buf;
    if (n < 0) {
        uv_read_stop(stream);
        w->ended = true;
        w->gone(w);
        return;
    }
    w->in.len += (size_t)n;
    w->in.data[w->in.len] = '\0';
    if (wire_waiting(w) > WIRE_AHEAD_BYTES && wire__has_frame(w)) {
        w->paused = true;
        uv_read_stop(stream);
    }
}

void wire__read(struct wire *w)
{
    uv_read_start((uv_stream_t *)&w->pipe, wire_alloc, wire_on_read);
}

void wire__resume(struct wire *w)
{
    if (!w->paused || w->closing || wire__has_frame(w))
        return;
    w->paused = false;
    wire__read(w);
}

/* The end of the input is read again by the loop. */
bool wire__receive(struct wire *w)
{
    uv_os_fd_t fd;
    if (uv_fileno((uv_handle_t *)&w->pipe, &fd))
        return true;
    while (wire_waiting(w) <= WIRE_AHEAD_BYTES) {
        buf_reserve(&w->in, WIRE_READ_BYTES);
        ssize_t n = recv(fd, w->in.data + w->in.len, WIRE_READ_BYTES, MSG_DONTWAIT);
        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
        w->in.len += (size_t)n;
        w->in.data[w->in.len] = '\0';
    }
    return true;
}

void wire__open(struct wire *w, uv_loop_t *loop, void (*gone)(struct wire *),
                void (*freed)(struct wire *))
{
    uv_pipe_init(loop, &w->pipe, 0);
    w->pipe.data = w;
    w->gone = gone;
    w->freed = freed;
}
