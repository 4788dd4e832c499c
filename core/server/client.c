/* The client's end of the control socket: blocking, one frame at a time.
 *
 * Bytes are read in large pieces and handed out frame by frame. Waiting goes on
 * after a signal: whoever wants to stop waiting closes the client. */
#include "baton/server/client.h"

#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CLIENT_HEAD_BYTES = 4, CLIENT_READ_BYTES = 64 * 1024 };

struct client {
    int fd;
    struct buf in;
    size_t given; /* bytes of the frame handed out last: dropped at the next call */
};

static int client_connect(int fd, const struct sockaddr_un *address)
{
    int rc;
    do
        rc = connect(fd, (const struct sockaddr *)address, sizeof *address);
    while (rc && errno == EINTR);
    return rc;
}

int client_open(struct client **out, const char *path, struct error *e)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path)
        return error_set(
            e, ERROR_NOT_FOUND,
            "no server can listen on %s: its path has %zu bytes, the system allows %zu", path,
            strlen(path), sizeof address.sun_path - 1);
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_set(e, ERROR_IO, "can't make a socket: %s", strerror(errno));
    if (client_connect(fd, &address)) {
        bool none =
            errno == ENOENT || errno == ECONNREFUSED || errno == ENOTSOCK || errno == ENOTDIR;
        int rc = error_set(e, none ? ERROR_NOT_FOUND : ERROR_IO, "no server answers on %s: %s",
                           path, strerror(errno));
        close(fd);
        return rc;
    }
    struct client *c = mem_new(struct client);
    c->fd = fd;
    *out = c;
    return 0;
}

void client_close(struct client *c)
{
    if (!c)
        return;
    close(c->fd);
    buf_free(&c->in);
    mem_free(c);
}

int client_fd(const struct client *c)
{
    return c->fd;
}

/* Whoever hangs up may have said why. */
static bool client_was_told(const struct client *c)
{
    char byte;
    return c->in.len > c->given || recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static int client_write(struct client *c, const char *at, size_t n, struct error *e)
{
    while (n) {
        ssize_t sent = send(c->fd, at, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET) && client_was_told(c))
            return 0; /* it is read as the answer */
        if (sent < 0)
            return error_set(e, ERROR_IO, "the server is gone: %s", strerror(errno));
        at += sent;
        n -= (size_t)sent;
    }
    return 0;
}

int client_send(struct client *c, const char *json, size_t n, struct error *e)
{
    if (n == 0 || n > LIMIT_FRAME_BYTES)
        return error_set(e, ERROR_LIMIT, "a request of %zu bytes: it must have 1 to %d", n,
                         LIMIT_FRAME_BYTES);
    const unsigned char head[] = { (unsigned char)(n >> 24), (unsigned char)(n >> 16),
                                   (unsigned char)(n >> 8), (unsigned char)n };
    struct buf frame = BUF_INIT; /* in one piece: the server need not wake twice */
    buf_add(&frame, head, sizeof head);
    buf_add(&frame, json, n);
    int rc = client_write(c, frame.data, frame.len, e);
    buf_free(&frame);
    return rc;
}

/* 1: a whole frame is in the buffer; 0: not yet. */
static int client_next(struct client *c, const char **json, size_t *n, struct error *e)
{
    if (c->in.len < CLIENT_HEAD_BYTES)
        return 0;
    const unsigned char *p = (const unsigned char *)c->in.data;
    size_t length = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    if (length == 0 || length > LIMIT_FRAME_BYTES)
        return error_set(e, ERROR_IO, "what answers is no server of baton: a frame of %zu bytes",
                         length);
    if (c->in.len < length + CLIENT_HEAD_BYTES)
        return 0;
    *json = c->in.data + CLIENT_HEAD_BYTES;
    *n = length;
    c->given = length + CLIENT_HEAD_BYTES;
    return 1;
}

/* 1: bytes came, 0: the server closed, 2: none now. */
static int client_read(struct client *c, int flags, struct error *e)
{
    buf_reserve(&c->in, CLIENT_READ_BYTES);
    ssize_t n;
    do
        n = recv(c->fd, c->in.data + c->in.len, CLIENT_READ_BYTES, flags);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 2;
    if (n < 0 && errno != ECONNRESET)
        return error_set(e, ERROR_IO, "the server is gone: %s", strerror(errno));
    if (n <= 0)
        return 0;
    c->in.len += (size_t)n;
    c->in.data[c->in.len] = '\0';
    return 1;
}

static void client_forget(struct client *c)
{
    if (c->given)
        buf_cut(&c->in, c->given);
    c->given = 0;
}

int client_receive(struct client *c, const char **json, size_t *n, struct error *e)
{
    client_forget(c);
    for (;;) {
        int rc = client_next(c, json, n, e);
        if (rc)
            return rc;
        rc = client_read(c, 0, e);
        if (rc != 1)
            return rc;
    }
}

int client_poll(struct client *c, const char **json, size_t *n, struct error *e)
{
    client_forget(c);
    for (;;) {
        int rc = client_next(c, json, n, e);
        if (rc)
            return rc;
        rc = client_read(c, MSG_DONTWAIT, e);
        if (rc == 2)
            return 0;
        if (rc == 0)
            return error_set(e, ERROR_IO, "the server closed the connection");
        if (rc < 0)
            return rc;
    }
}
