/* A worker process: some organisations of a home on one loop (DESIGN 6). It has
 * no network and no signals of its own: lines of clients come in through the
 * door, a socket that the front holds, and what the front wants is asked on the
 * control line. The front restarts it when it dies.
 *
 * Life: page, host, control line, door → the loop → worker__stop (the front asks
 * for it, or is gone): scripts are stopped, what is unsent gets two seconds,
 * organisations settle and close → the loop has no handle left. */
#include "server/worker_internal.h"

#include "baton/base/json.h"
#include "baton/base/log.h"
#include "baton/base/memory.h"
#include "baton/script/page.h"
#include "server/confine_internal.h"

#include <assert.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

enum { WORKER_GRACE_MS = 2000 }; /* to send what is left, when stopping */

/* ---- events ---- */

static void worker_on_check(uv_check_t *check)
{
    dispatch__work(check->data);
}

static void worker_on_spin(uv_idle_t *idle)
{
    (void)idle; /* being active is all that it does: the check handle works */
}

void worker__spin(struct worker *w, bool on)
{
    if (on)
        uv_idle_start(&w->spin, worker_on_spin); /* nothing, if it is active */
    else
        uv_idle_stop(&w->spin);
}

/* What happens by itself: into the log, and to whoever has the organisation open. */
static void worker_notice(void *context, const char *org, enum log_level level, const char *text)
{
    struct worker *w = context;
    struct buf json = BUF_INIT;
    struct jsonw writer;
    log_write(level, org, "%s", text);
    jsonw_start(&writer, &json);
    jsonw_open_object(&writer);
    jsonw_key(&writer, "notice");
    jsonw_text(&writer, text);
    jsonw_close(&writer);
    for (struct connection *c = w->connections, *next; c; c = next) {
        next = c->next;
        struct org *o = c->conversation ? conversation_org(c->conversation) : NULL;
        if (!o || strcmp(org_name(o), org) || wire__full(&c->wire))
            continue;
        wire__send(&c->wire, json.data, json.len);
        if (!conversation_busy(c->conversation)) /* else it goes with what comes */
            wire__flush(&c->wire);
    }
    buf_free(&json);
}

/* ---- the door ---- */

static void worker_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct worker *w = handle->data;
    (void)suggested;
    *out = uv_buf_init(w->door_bytes, sizeof w->door_bytes);
}

static void worker_on_door(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct worker *w = stream->data;
    (void)buf;
    if (n < 0) /* the control line says why */
        uv_read_stop(stream);
    while (!w->stopping && uv_pipe_pending_count((uv_pipe_t *)stream) > 0)
        connection__accept(w);
}

/* ---- which organisations ---- */

static int worker_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool worker_is_ours(void *context, const char *org)
{
    const struct worker *w = context;
    return w->org_count && bsearch(&org, w->orgs, w->org_count, sizeof *w->orgs, worker_order);
}

int worker__take(struct worker *w, const json_t *orgs, struct error *e)
{
    mem_free(w->orgs);
    json_decref(w->orgs_json);
    w->orgs_json = json_deep_copy(orgs);
    w->org_count = json_array_size(w->orgs_json);
    w->orgs = mem_zero((w->org_count + 1) * sizeof *w->orgs);
    for (size_t i = 0; i < w->org_count; i++)
        w->orgs[i] = json_string_value(json_array_get(w->orgs_json, i));
    qsort(w->orgs, w->org_count, sizeof *w->orgs, worker_order);
    return host_watch_all(w->host, e);
}

/* ---- stopping ---- */

static void worker_on_grace(uv_timer_t *timer)
{
    struct worker *w = timer->data;
    for (struct connection *c = w->connections, *next; c; c = next) {
        next = c->next;
        connection__drop(c);
    }
}

static void worker_stop_connections(struct worker *w, const char *why)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "the server is stopping (%s)", why);
    for (struct connection *c = w->connections, *next; c; c = next) {
        next = c->next;
        if (c->wire.closing)
            continue;
        conversation_detach(c->conversation, text.data);
        dispatch__hold(c);
        wire__close_when_sent(&c->wire);
    }
    buf_free(&text);
}

static void worker_host_closed(void *context)
{
    struct worker *w = context;
    uv_close((uv_handle_t *)&w->door, NULL);
    uv_close((uv_handle_t *)&w->check, NULL);
    uv_close((uv_handle_t *)&w->spin, NULL);
    uv_close((uv_handle_t *)&w->grace, NULL);
}

void worker__closed_one(struct worker *w)
{
    if (w->stopping && !w->connections && w->host) {
        struct host *h = w->host;
        w->host = NULL;
        host_close(h, worker_host_closed, w);
    }
}

void worker__stop(struct worker *w, const char *why)
{
    if (w->stopping)
        return;
    w->stopping = true;
    worker__spin(w, false);
    uv_timer_start(&w->grace, worker_on_grace, WORKER_GRACE_MS, 0);
    worker_stop_connections(w, why);
    worker__closed_one(w);
}

/* ---- starting ---- */

/* Signals of a terminal or a service manager reach every process of the server; what they mean is
 * the front's to say. When that is killed, so are we, whatever hangs here. */
static void worker_leave_signals(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void worker_open(struct worker *w, struct home *h)
{
    w->home = h;
    uv_loop_init(&w->loop);
    uv_pipe_init(&w->loop, &w->door, 1);
    w->door.data = w;
    uv_check_init(&w->loop, &w->check);
    w->check.data = w;
    uv_idle_init(&w->loop, &w->spin);
    w->spin.data = w;
    uv_timer_init(&w->loop, &w->grace);
    w->grace.data = w;
}

static int worker_map_page(struct script_page **out, struct error *e)
{
    void *page = mmap(NULL, sizeof(struct script_page), PROT_READ | PROT_WRITE, MAP_SHARED,
                      WORKER_PAGE_FD, 0);
    if (page == MAP_FAILED)
        return error_set(e, ERROR_INVALID,
                         "a worker is started by baton serve only: it has no page to write on");
    *out = page;
    return 0;
}

static int worker_begin(struct worker *w, struct script_page *page, struct error *e)
{
    int rc = host_open(&w->host, &w->loop, w->home, worker_notice, w, e);
    if (rc)
        return rc;
    host_set_poll(w->host, dispatch__poll, w);
    host_set_page(w->host, page);
    host_set_ours(w->host, worker_is_ours, w);
    w->control = connection__new(w, WORKER_CONTROL_FD);
    if (!w->control || uv_pipe_open(&w->door, WORKER_DOOR_FD) ||
        uv_read_start((uv_stream_t *)&w->door, worker_alloc, worker_on_door))
        return error_set(e, ERROR_INVALID,
                         "a worker is started by baton serve only: it has no line to it");
    uv_check_start(&w->check, worker_on_check);
    return 0;
}

int worker_run(struct home *h, struct error *e)
{
    struct script_page *page = NULL;
    int rc = worker_map_page(&page, e);
    if (rc)
        return rc;
    struct worker *w = mem_new(struct worker);
    worker_leave_signals();
    worker_open(w, h);
    rc = worker_begin(w, page, e);
    if (!rc)
        confine__apply();
    else if (w->host)
        worker__stop(w, "it could not start");
    else
        worker_host_closed(w);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    int closed = uv_loop_close(&w->loop);
    assert(closed == 0);
    (void)closed;
    munmap(page, sizeof *page);
    mem_free(w->orgs);
    json_decref(w->orgs_json);
    mem_free(w->stop_wanted);
    mem_free(w);
    return rc;
}
