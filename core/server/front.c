/* `baton serve`: the front process. It has the lock of the home, the control
 * socket and the signals, and opens no database and runs no Lua: it reads
 * requests as far as needed to know which worker they are for, and keeps the
 * workers alive. So nothing that a plugin does can keep it from answering.
 *
 * Life: lock, socket, signals, workers → the loop, a round over callers and
 * workers after each poll → front__stop (a signal, or a client asks): no new
 * clients, workers end, what is unsent gets two seconds → the loop has no handle
 * left. */
#include "server/front_internal.h"
#include "server/listen_internal.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "baton/base/log.h"
#include "baton/base/memory.h"

enum { FRONT_LOOK_MS = 25, FRONT_LOOK_IDLE_MS = 250, FRONT_GRACE_MS = 2000 };

/* ---- events ---- */

static void front_on_client(uv_stream_t *listener, int status)
{
    if (status < 0)
        log_write(LOG_ERROR, NULL, "a client could not be accepted: %s", uv_strerror(status));
    else
        caller__accept(listener->data);
}

static void front_on_signal(uv_signal_t *handle, int number)
{
    struct front *f = handle->data;
    if (number != SIGHUP)
        front__stop(f, number == SIGTERM ? "SIGTERM" : "SIGINT");
    else if (!f->stopping)
        gather__reload(f, NULL);
}

static void front_on_check(uv_check_t *check)
{
    struct front *f = check->data;
    for (size_t i = 0; i < f->ward_count; i++)
        ward__work(f->wards[i]);
    for (struct caller *c = f->callers, *next; c; c = next) {
        next = c->next;
        caller__work(c);
    }
    if (f->stop_wanted)
        front__stop(f, "a client asked for it");
}

/* Often while a call into a plugin is under way; else often enough to find one. */
static void front_on_look(uv_timer_t *timer)
{
    struct front *f = timer->data;
    bool busy = f->gathers != NULL;
    for (size_t i = 0; i < f->ward_count; i++)
        busy = ward__look(f->wards[i]) || busy;
    gather__late(f);
    uv_timer_start(timer, front_on_look, busy ? FRONT_LOOK_MS : FRONT_LOOK_IDLE_MS, 0);
}

/* ---- stopping ---- */

static bool front_has_workers(const struct front *f)
{
    for (size_t i = 0; i < f->ward_count; i++)
        if (f->wards[i]->life)
            return true;
    return false;
}

static void front_drop_callers(struct front *f)
{
    for (struct caller *c = f->callers, *next; c; c = next) {
        next = c->next;
        caller__drop(c);
    }
}

/* First whoever does not read what is left for it, then workers that do not end. */
static void front_on_grace(uv_timer_t *timer)
{
    struct front *f = timer->data;
    for (size_t i = 0; i < f->ward_count; i++)
        ward__kill(f->wards[i]);
}

static void front_close_rest(struct front *f)
{
    for (size_t i = 0; i < sizeof f->signals / sizeof *f->signals; i++)
        uv_close((uv_handle_t *)&f->signals[i], NULL);
    uv_close((uv_handle_t *)&f->check, NULL);
    uv_close((uv_handle_t *)&f->look, NULL);
    uv_close((uv_handle_t *)&f->grace, NULL);
    for (size_t i = 0; i < f->ward_count; i++)
        uv_close((uv_handle_t *)&f->wards[i]->rest, NULL);
}

static void front_on_last_words(uv_timer_t *timer)
{
    front_drop_callers(timer->data);
}

void front__ended_one(struct front *f)
{
    if (!f->stopping || front_has_workers(f) || uv_is_closing((uv_handle_t *)&f->check))
        return;
    for (struct caller *c = f->callers; c; c = c->next)
        c->stays = false; /* all is over: whoever waited for that is let go in the next round */
    if (!f->callers)
        front_close_rest(f);
    else
        uv_timer_start(&f->grace, front_on_last_words, FRONT_GRACE_MS, 0);
}

void front__stop(struct front *f, const char *why)
{
    if (f->stopping)
        return;
    f->stopping = true;
    log_write(LOG_INFO, NULL, "stopping: %s", why);
    uv_close((uv_handle_t *)&f->listener, NULL);
    uv_timer_start(&f->grace, front_on_grace, LIMIT_STOP_MS, 0);
    for (size_t i = 0; i < f->ward_count; i++)
        ward__stop(f->wards[i], why);
    for (struct caller *c = f->callers, *next; c; c = next) {
        next = c->next;
        caller__work(c);
    }
    front__ended_one(f);
}

/* ---- starting ---- */

static size_t front_worker_limit(const struct home *h)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t wanted = home_workers(h);
    if (!wanted)
        wanted = processors > 0 ? (size_t)processors : 1;
    return wanted < LIMIT_WORKERS ? wanted : LIMIT_WORKERS;
}

static void front_init(struct front *f)
{
    uv_loop_init(&f->loop);
    uv_pipe_init(&f->loop, &f->listener, 0);
    f->listener.data = f;
    for (size_t i = 0; i < sizeof f->signals / sizeof *f->signals; i++) {
        uv_signal_init(&f->loop, &f->signals[i]);
        f->signals[i].data = f;
    }
    uv_check_init(&f->loop, &f->check);
    f->check.data = f;
    uv_timer_init(&f->loop, &f->look);
    f->look.data = f;
    uv_timer_init(&f->loop, &f->grace);
    f->grace.data = f;
    f->ward_limit = front_worker_limit(f->home);
}

static int front_start(struct front *f, struct error *e)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
    int rc = listen__socket(f->home, &f->listener, front_on_client, e);
    if (rc)
        return rc;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        uv_signal_start(&f->signals[i], front_on_signal, numbers[i]);
    uv_check_start(&f->check, front_on_check);
    uv_timer_start(&f->look, front_on_look, FRONT_LOOK_IDLE_MS, 0);
    return places__scan(f, e);
}

static void front_tell_ready(const struct front *f)
{
    int fd = f->options->ready_fd;
    log_write(LOG_INFO, NULL, "serving %s: %zu organisation%s in %zu process%s, socket %s",
              home_dir(f->home), f->place_count, f->place_count == 1 ? "" : "s", f->ward_count,
              f->ward_count == 1 ? "" : "es", home_socket(f->home));
    if (fd >= 0 && write(fd, "1", 1) != 1)
        log_write(LOG_WARN, NULL, "nobody reads the descriptor %d that was given for readiness",
                  fd);
}

static void front_free(struct front *f)
{
    for (size_t i = 0; i < f->ward_count; i++)
        mem_free(f->wards[i]);
    places__free(f);
    mem_free(f);
}

int server_run(const struct server_options *o, struct error *e)
{
    struct front *f = mem_new(struct front);
    struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
    f->options = o;
    f->home = o->home;
    int rc = listen__lock(f->home, &f->lock_fd, e);
    if (rc) {
        mem_free(f);
        return rc;
    }
    if (o->ready_fd >= 0)
        fcntl(o->ready_fd, F_SETFD, FD_CLOEXEC); /* it is not for workers to keep open */
    sigaction(SIGPIPE, &ignore, &before);
    front_init(f);
    if ((rc = front_start(f, e)))
        front__stop(f, "it could not start");
    else
        front_tell_ready(f);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    int closed = uv_loop_close(&f->loop);
    assert(closed == 0);
    (void)closed;
    sigaction(SIGPIPE, &before, NULL);
    close(f->lock_fd);
    log_write(LOG_INFO, NULL, "stopped");
    front_free(f);
    return rc;
}
