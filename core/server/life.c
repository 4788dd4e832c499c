/* One life of a worker process, and what leads to it: the control line, the door
 * through which lines of clients are handed in, and the page on which it says
 * what plugin it is in. Freed when its handles are closed. */
#include "server/front_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "baton/base/memory.h"

/* ---- lines of clients ---- */

static void life_line_gone(struct wire *wire)
{
    (void)wire; /* the end of the worker follows, and tells what it was */
}

static void life_line_freed(struct wire *wire)
{
    mem_free((struct line *)wire);
}

/* The kernel makes a descriptor of it there. */
static int life_hand_in(int door, int fd)
{
    char byte = 0;
    struct iovec data = { .iov_base = &byte, .iov_len = 1 };
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS } };
    struct msghdr message = { .msg_iov = &data,
                              .msg_iovlen = 1,
                              .msg_control = &control,
                              .msg_controllen = sizeof control.room };
    memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
    return sendmsg(door, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int life__connect(struct life *l, struct caller *c, struct error *e)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
        return error_set(e, ERROR_IO, "can't make a line to a worker: %s", strerror(errno));
    int rc = life_hand_in(l->door, ends[1]);
    if (rc)
        rc = error_set(e, ERROR_BUSY, "the worker takes no more clients now: %s", strerror(errno));
    close(ends[1]);
    if (rc) {
        close(ends[0]);
        return rc;
    }
    struct line *line = mem_new(struct line);
    wire__open(&line->wire, &l->ward->front->loop, life_line_gone, life_line_freed);
    line->ward = l->ward;
    uv_pipe_open(&line->wire.pipe, ends[0]);
    wire__read(&line->wire);
    c->line = line;
    return 0;
}

/* ---- how it is ---- */

uint64_t life__starved_ns(const struct life *l)
{
    char path[64];
    unsigned long long ran, waited;
    snprintf(path, sizeof path, "/proc/%d/schedstat", (int)uv_process_get_pid(&l->process));
    FILE *file = fopen(path, "re");
    bool told = file && fscanf(file, "%llu %llu", &ran, &waited) == 2;
    if (file)
        fclose(file);
    return told ? waited : 0;
}

/* ---- the end ---- */

static void life_let_go(struct life *l)
{
    if (--l->handles)
        return;
    struct front *f = l->ward->front;
    munmap((void *)l->page, sizeof *l->page);
    mem_free(l->asked);
    mem_free(l);
    front__ended_one(f);
}

static void life_process_closed(uv_handle_t *handle)
{
    life_let_go(handle->data);
}

static void life_control_freed(struct wire *wire)
{
    life_let_go((struct life *)((char *)wire - offsetof(struct life, control)));
}

void life__end(struct life *l)
{
    close(l->door);
    wire__drop(&l->control);
    uv_close((uv_handle_t *)&l->process, life_process_closed);
}

static void life_on_exit(uv_process_t *process, int64_t status, int number)
{
    ward__ended(process->data, status, number);
}

/* ---- the beginning ---- */

static int life_spawn(struct life *l, const int fds[3])
{
    const struct server_options *o = l->ward->front->options;
    const char *level = o->log_level ? o->log_level : home_log_level(o->home);
    char *args[] = { (char *)"baton",
                     (char *)"--home",
                     (char *)home_dir(o->home),
                     (char *)"worker",
                     (char *)"--log",
                     (char *)level,
                     NULL };
    uv_stdio_container_t stdio[6] = { { .flags = UV_IGNORE }, { .flags = UV_IGNORE } };
    stdio[2] = (uv_stdio_container_t){ .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO };
    for (int i = 0; i < 3; i++)
        stdio[3 + i] = (uv_stdio_container_t){ .flags = UV_INHERIT_FD, .data.fd = fds[i] };
    uv_process_options_t options = { .exit_cb = life_on_exit,
                                     .file = o->program ? o->program : "/proc/self/exe",
                                     .args = args,
                                     .stdio_count = 6,
                                     .stdio = stdio };
    return uv_spawn(&l->ward->front->loop, &l->process, &options);
}

static bool life_make_page(struct life *l, int *out)
{
    *out = memfd_create("baton-page", MFD_CLOEXEC);
    if (*out < 0 || ftruncate(*out, sizeof *l->page))
        return false;
    void *page = mmap(NULL, sizeof *l->page, PROT_READ, MAP_SHARED, *out, 0);
    if (page == MAP_FAILED)
        return false;
    l->page = page;
    return true;
}

/* What leads to it, ours in the life, theirs in `theirs`: control, door, page. */
static bool life_make_lines(struct life *l, int *control, int theirs[3])
{
    int lines[2][2];
    for (int i = 0; i < 2; i++) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lines[i]))
            return false;
        *(i ? &l->door : control) = lines[i][0];
        theirs[i] = lines[i][1];
    }
    return life_make_page(l, &theirs[2]);
}

/* Once there was an attempt to spawn, its handles have to be closed. */
static int life_open(struct life *l, int control, const int theirs[3])
{
    int rc = life_spawn(l, theirs);
    l->process.data = l;
    l->handles = 2;
    wire__open(&l->control, &l->ward->front->loop, life_line_gone, life_control_freed);
    uv_pipe_open(&l->control.pipe, control);
    if (rc)
        life__end(l);
    else
        wire__read(&l->control);
    return rc;
}

int life__begin(struct life **out, struct ward *w)
{
    struct life *l = mem_new(struct life);
    int theirs[3] = { -1, -1, -1 }, control = -1, rc;
    l->ward = w;
    l->door = -1;
    if (life_make_lines(l, &control, theirs)) {
        rc = life_open(l, control, theirs);
        if (!rc)
            *out = l;
    } else {
        rc = -errno;
        if (control >= 0)
            close(control);
        if (l->door >= 0)
            close(l->door);
        mem_free(l);
    }
    for (int i = 0; i < 3; i++)
        if (theirs[i] >= 0)
            close(theirs[i]);
    return rc;
}
