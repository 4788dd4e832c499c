/* One server per home, and its socket.
 *
 * The lock of baton.lock says who serves; the kernel drops it when the process
 * dies, so a socket file that lies there while we hold the lock is stale. */
#include "baton/base/buf.h"
#include "baton/base/error.h"
#include "baton/base/memory.h"
#include "baton/host/home.h"
#include "baton/server/client.h"
#include "server/listen_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 64 };

static int listen_busy(const struct home *h, int fd, struct error *e)
{
    char pid[24] = "";
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
    pid[n > 0 ? strcspn(pid, "\n") : 0] = '\0';
    return error_set(e, ERROR_BUSY, "the home %s is served already%s%s%s", home_dir(h),
                     *pid ? " by process " : "", pid, *pid ? "; `baton stop` ends it" : "");
}

int listen__lock(struct home *h, int *out, struct error *e)
{
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/baton.lock", home_dir(h));
    int rc = 0;
    int fd = open(path.data, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        rc = error_set(e, ERROR_IO, "can't open %s: %s", path.data, strerror(errno));
    else if (flock(fd, LOCK_EX | LOCK_NB))
        rc = errno == EWOULDBLOCK
                 ? listen_busy(h, fd, e)
                 : error_set(e, ERROR_IO, "can't lock %s: %s", path.data, strerror(errno));
    else if (ftruncate(fd, 0) || dprintf(fd, "%ld\n", (long)getpid()) < 0)
        rc = error_set(e, ERROR_IO, "can't write %s: %s", path.data, strerror(errno));
    if (rc && fd >= 0)
        close(fd);
    if (!rc)
        *out = fd;
    buf_free(&path);
    return rc;
}

/* Takes a stale socket file away; refuses to touch anything else. */
static int listen_clear(const char *path, struct error *e)
{
    struct stat st;
    if (lstat(path, &st))
        return errno == ENOENT
                   ? 0
                   : error_set(e, ERROR_IO, "can't look at %s: %s", path, strerror(errno));
    if (!S_ISSOCK(st.st_mode))
        return error_set(e, ERROR_CONFLICT,
                         "%s is in the way of the control socket: it is no socket", path);
    struct client *other;
    if (client_open(&other, path, NULL) == 0) {
        client_close(other);
        return error_set(
            e, ERROR_BUSY,
            "another server listens on %s: give each home a socket of its own in baton.ini", path);
    }
    if (unlink(path) && errno != ENOENT)
        return error_set(e, ERROR_IO, "can't remove the stale socket %s: %s", path,
                         strerror(errno));
    return 0;
}

int listen__socket(const struct home *h, uv_pipe_t *listener, uv_connection_cb accepted,
                   struct error *e)
{
    const char *path = home_socket(h);
    const size_t limit = sizeof((struct sockaddr_un *)0)->sun_path - 1;
    if (strlen(path) > limit)
        return error_set(
            e, ERROR_LIMIT,
            "the path of the control socket has %zu bytes, the system allows %zu: set a shorter "
            "one with socket = in baton.ini (%s)",
            strlen(path), limit, path);
    int rc = listen_clear(path, e);
    if (rc)
        return rc;
    mode_t before = umask(0177); /* nobody else, from the first moment on */
    int bound = uv_pipe_bind(listener, path);
    umask(before);
    if (!bound)
        bound = uv_listen((uv_stream_t *)listener, LISTEN_BACKLOG, accepted);
    if (bound)
        return error_set(e, ERROR_IO, "can't listen on %s: %s", path, uv_strerror(bound));
    return 0;
}
