/* `baton serve`: one loop, every organisation, clients on a Unix socket.
 *
 * Life: lock, host, socket, signals → the loop → server__stop (a signal, or a
 * client asks): no new clients, scripts are stopped, what is unsent gets two
 * seconds, organisations settle and close → the loop has no handle left. */
#include "server/server_internal.h"

#include "baton/base/json.h"
#include "baton/base/log.h"
#include "baton/base/memory.h"

#include <assert.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* ---- events ---- */

static void server_on_client(uv_stream_t *listener, int status)
{
    struct server *s = listener->data;
    if (status < 0)
        log_write(LOG_ERROR, NULL, "a client could not be accepted: %s", uv_strerror(status));
    else
        connection__accept(s);
}

static void server_on_check(uv_check_t *check)
{
    dispatch__work(check->data);
}

static void server_on_spin(uv_idle_t *idle)
{
    (void)idle; /* being active is all that it does: the check handle works */
}

void server__spin(struct server *s, bool on)
{
    if (on)
        uv_idle_start(&s->spin, server_on_spin); /* nothing, if it is active */
    else
        uv_idle_stop(&s->spin);
}

static void server_on_signal(uv_signal_t *handle, int number)
{
    struct server *s = handle->data;
    if (number != SIGHUP) {
        server__stop(s, number == SIGTERM ? "SIGTERM" : "SIGINT");
        return;
    }
    struct error e = { 0 };
    if (s->stopping)
        return;
    if (host_reload(s->host, &e))
        log_write(LOG_ERROR, NULL, "reload: %s", e.message);
    else
        log_write(LOG_INFO, NULL, "reloaded");
}

/* What happens by itself: into the log, and to whoever has the organisation open. */
static void server_notice(void *context, const char *org, enum log_level level, const char *text)
{
    struct server *s = context;
    struct buf json = BUF_INIT;
    struct jsonw w;
    log_write(level, org, "%s", text);
    jsonw_start(&w, &json);
    jsonw_open_object(&w);
    jsonw_key(&w, "notice");
    jsonw_text(&w, text);
    jsonw_close(&w);
    for (struct connection *c = s->connections, *next; c; c = next) {
        next = c->next;
        struct org *o = c->conversation ? conversation_org(c->conversation) : NULL;
        if (!o || strcmp(org_name(o), org) || connection__full(c))
            continue;
        connection__send(c, json.data, json.len);
        if (!conversation_busy(c->conversation)) /* else it goes with what comes */
            connection__flush(c);
    }
    buf_free(&json);
}

/* ---- stopping ---- */

static void server_on_grace(uv_timer_t *timer)
{
    struct server *s = timer->data;
    for (struct connection *c = s->connections, *next; c; c = next) {
        next = c->next;
        connection__drop(c);
    }
}

static void server_stop_connections(struct server *s, const char *why)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "the server is stopping (%s)", why);
    for (struct connection *c = s->connections, *next; c; c = next) {
        next = c->next;
        if (c->closing)
            continue;
        conversation_detach(c->conversation, text.data);
        dispatch__hold(c);
        connection__close_when_sent(c);
    }
    buf_free(&text);
}

static void server_host_closed(void *context)
{
    struct server *s = context;
    s->host = NULL;
    for (size_t i = 0; i < sizeof s->signals / sizeof *s->signals; i++)
        uv_close((uv_handle_t *)&s->signals[i], NULL);
    uv_close((uv_handle_t *)&s->check, NULL);
    uv_close((uv_handle_t *)&s->spin, NULL);
    uv_close((uv_handle_t *)&s->grace, NULL);
}

void server__closed_one(struct server *s)
{
    if (s->stopping && !s->connections && s->host) {
        struct host *h = s->host;
        s->host = NULL;
        host_close(h, server_host_closed, s);
    }
}

void server__stop(struct server *s, const char *why)
{
    if (s->stopping)
        return;
    s->stopping = true;
    log_write(LOG_INFO, NULL, "stopping: %s", why);
    uv_close((uv_handle_t *)&s->listener, NULL);
    server__spin(s, false);
    uv_timer_start(&s->grace, server_on_grace, SERVER_GRACE_MS, 0);
    server_stop_connections(s, why);
    server__closed_one(s);
}

/* ---- starting ---- */

static void server_init(struct server *s)
{
    uv_loop_init(&s->loop);
    uv_pipe_init(&s->loop, &s->listener, 0);
    s->listener.data = s;
    for (size_t i = 0; i < sizeof s->signals / sizeof *s->signals; i++) {
        uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
    }
    uv_check_init(&s->loop, &s->check);
    s->check.data = s;
    uv_idle_init(&s->loop, &s->spin);
    s->spin.data = s;
    uv_timer_init(&s->loop, &s->grace);
    s->grace.data = s;
}

static int server_start(struct server *s, struct error *e)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
    int rc = listen__socket(s, server_on_client, e);
    if (rc)
        return rc;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        uv_signal_start(&s->signals[i], server_on_signal, numbers[i]);
    uv_check_start(&s->check, server_on_check);
    return host_watch_all(s->host, e);
}

static void server_tell_ready(const struct server *s, int ready_fd)
{
    struct host_state state;
    host_state(s->host, &state);
    log_write(LOG_INFO, NULL, "serving %s: %zu organisations, socket %s", home_dir(s->home),
              state.orgs, home_socket(s->home));
    if (ready_fd >= 0 && write(ready_fd, "1", 1) != 1)
        log_write(LOG_WARN, NULL, "nobody reads the descriptor %d that was given for readiness",
                  ready_fd);
}

int server_run(struct home *h, int ready_fd, struct error *e)
{
    struct server *s = mem_new(struct server);
    struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
    s->home = h;
    int rc = listen__lock(h, &s->lock_fd, e);
    if (rc) {
        mem_free(s);
        return rc;
    }
    sigaction(SIGPIPE, &ignore, &before);
    server_init(s);
    rc = host_open(&s->host, &s->loop, h, server_notice, s, e);
    if (!rc)
        host_set_poll(s->host, dispatch__poll, s);
    if (!rc && !(rc = server_start(s, e)))
        server_tell_ready(s, ready_fd);
    if (rc && s->host)
        server__stop(s, "it could not start");
    else if (rc) {
        uv_close((uv_handle_t *)&s->listener, NULL);
        server_host_closed(s);
    }
    uv_run(&s->loop, UV_RUN_DEFAULT);
    int closed = uv_loop_close(&s->loop);
    assert(closed == 0);
    (void)closed;
    sigaction(SIGPIPE, &before, NULL);
    close(s->lock_fd);
    log_write(LOG_INFO, NULL, "stopped");
    mem_free(s);
    return rc;
}
