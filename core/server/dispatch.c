/* Who works when: after each poll of the loop, one round.
 *
 * A round takes at most one new request of each connection, starts those of the
 * same organisation together, so that their commits are one (DESIGN 2), steps
 * the scripts that run, and writes what came of it. While something is left to
 * do an idle handle keeps the loop from sleeping. */
#include "baton/base/json.h"
#include "baton/base/limits.h"
#include "baton/base/log.h"
#include "baton/base/memory.h"
#include "server/server_internal.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* ---- requests that are not an organisation's ---- */

static void dispatch_done(struct connection *c, const struct buf *members)
{
    struct buf json = BUF_INIT;
    buf_puts(&json, "{\"done\":{");
    buf_add(&json, buf_text(members), members->len);
    buf_puts(&json, "}}");
    connection__send(c, json.data, json.len);
    buf_free(&json);
}

static void dispatch_list_one(void *context, const struct host_listed *org)
{
    struct jsonw *w = context;
    jsonw_open_object(w);
    jsonw_key(w, "name");
    jsonw_text(w, org->name);
    jsonw_key(w, "zone");
    jsonw_text(w, org->zone);
    jsonw_key(w, "awake");
    jsonw_bool(w, org->awake);
    jsonw_key(w, "next_due_ms");
    if (org->next_due_ms == INT64_MAX)
        jsonw_null(w);
    else
        jsonw_int(w, org->next_due_ms);
    jsonw_key(w, "memory_bytes");
    jsonw_int(w, (int64_t)org->memory_bytes);
    jsonw_close(w);
}

static void dispatch_status(struct connection *c)
{
    struct buf json = BUF_INIT;
    struct jsonw w;
    jsonw_start(&w, &json);
    jsonw_open_object(&w);
    jsonw_key(&w, "done");
    jsonw_open_object(&w);
    jsonw_key(&w, "version");
    jsonw_text(&w, BATON_VERSION);
    jsonw_key(&w, "pid");
    jsonw_int(&w, getpid());
    jsonw_key(&w, "orgs");
    jsonw_open_array(&w);
    host_list(c->server->host, dispatch_list_one, &w);
    jsonw_close(&w);
    jsonw_close(&w);
    jsonw_close(&w);
    connection__send(c, json.data, json.len);
    buf_free(&json);
}

static void dispatch_server_op(struct connection *c, const char *op)
{
    static const struct buf nothing = BUF_INIT;
    struct error e = { 0 };
    if (!strcmp(op, "status")) {
        dispatch_status(c);
    } else if (!strcmp(op, "stop")) {
        dispatch_done(c, &nothing);
        c->server->stop_wanted = true;
    } else if (!strcmp(op, "reload")) {
        if (host_reload(c->server->host, &e))
            connection__send_error(c, &e);
        else
            dispatch_done(c, &nothing);
    } else {
        error_set(&e, ERROR_INVALID,
                  "%.64s needs an organisation: {\"op\":\"%.64s\",\"org\":\"NAME\"}", op, op);
        error_at(&e, "/org");
        connection__send_error(c, &e);
    }
}

/* ---- an organisation kept closed while its folder is replaced ---- */

static bool dispatch_is_bar(const json_t *request)
{
    const char *op = json_string_value(json_object_get(request, "op"));
    return op && !strcmp(op, "bar") && json_is_string(json_object_get(request, "org"));
}

/* Closes an organisation, so nothing that was taken for it in this round may wait any more. */
static void dispatch_bar(struct connection *c)
{
    static const struct buf nothing = BUF_INIT;
    const char *name = json_string_value(json_object_get(c->request, "org"));
    struct error e = { 0 };
    int rc = c->barred ? error_set(&e, ERROR_BUSY, "%s is kept closed already", c->barred)
                       : host_bar(c->server->host, name, &e);
    if (rc) {
        connection__send_error(c, &e);
    } else {
        c->barred = mem_dup(name);
        dispatch_done(c, &nothing);
    }
    json_decref(c->request);
    c->request = NULL;
}

/* ---- requests of organisations ---- */

void dispatch__hold(struct connection *c)
{
    struct org *want = NULL;
    if (conversation_busy(c->conversation) || conversation_has_session(c->conversation))
        want = conversation_org(c->conversation);
    if (want == c->held)
        return;
    struct org *before = c->held;
    c->held = want;
    if (want)
        host_hold(c->server->host, want);
    if (before)
        host_release(c->server->host, before);
}

/* Finds the organisation of c->request; else answers. */
static void dispatch_route(struct connection *c)
{
    struct error e = { 0 };
    const char *op = json_string_value(json_object_get(c->request, "op"));
    const json_t *org = json_object_get(c->request, "org");
    c->org = NULL;
    if (dispatch_is_bar(c->request))
        return;
    if (json_is_string(org)) {
        if (host_org(c->server->host, json_string_value(org), &c->org, &e) == 0) {
            host_hold(c->server->host, c->org); /* until the request is started */
            return;
        }
        error_at(&e, "/org");
    } else if (org && !json_is_null(org)) {
        error_set(&e, ERROR_INVALID, "\"org\" must be the name of an organisation");
        error_at(&e, "/org");
    } else if (!op) {
        error_set(&e, ERROR_INVALID,
                  "a request is an object with a text \"op\", like {\"op\":\"status\"}");
        error_at(&e, "/op");
    } else {
        dispatch_server_op(c, op);
        goto out;
    }
    connection__send_error(c, &e);
out:
    json_decref(c->request);
    c->request = NULL;
}

/* Starts all requests that wait for one organisation. */
static void dispatch_start(struct server *s, struct org *o)
{
    struct conversation *conversations[LIMIT_CONNECTIONS] = { NULL };
    json_t *requests[LIMIT_CONNECTIONS] = { NULL };
    struct connection *started[LIMIT_CONNECTIONS];
    size_t n = 0;
    for (struct connection *c = s->connections; c && n < LIMIT_CONNECTIONS; c = c->next) {
        if (!c->request || c->org != o)
            continue;
        conversations[n] = c->conversation;
        requests[n] = c->request;
        c->request = NULL;
        c->org = NULL;
        started[n++] = c;
    }
    conversation_start_many(conversations, requests, n, o);
    for (size_t i = 0; i < n; i++) {
        json_decref(requests[i]);
        dispatch__hold(started[i]);
        host_release(s->host, o);
    }
    host_changed(s->host, o);
}

/* One new request of each connection that can take one. */
static void dispatch_requests(struct server *s)
{
    struct connection *c, *next;
    for (c = s->connections; c; c = next) {
        next = c->next;
        if (!c->request && !c->closing && !connection__full(c) && connection__next(c, &c->request))
            dispatch_route(c);
    }
    for (c = s->connections; c;) {
        if (c->request && c->org) {
            dispatch_start(s, c->org);
            c = s->connections; /* from the start: the list may have changed */
        } else {
            c = c->next;
        }
    }
    for (c = s->connections; c; c = c->next)
        if (c->request)
            dispatch_bar(c);
}

static void dispatch_steps(struct server *s)
{
    for (struct connection *c = s->connections, *next; c; c = next) {
        next = c->next;
        if (c->closing || !conversation_busy(c->conversation) || connection__full(c))
            continue;
        struct org *o = conversation_org(c->conversation);
        conversation_step(c->conversation);
        dispatch__hold(c);
        if (o && (c->held == o || conversation_org(c->conversation) == o))
            host_changed(s->host, o);
    }
}

/* The signals that stop us wait while a round is under way (dispatch__work). */
static void dispatch_block(int how)
{
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    pthread_sigmask(how, &stops, NULL);
}

static bool dispatch_signalled(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT));
}

/* Nothing is dropped or answered: the loop finds it all again, and soon. */
void dispatch__poll(void *context)
{
    struct server *s = context;
    if (s->stopping)
        return;
    bool stop = dispatch_signalled();
    connection__accept_waiting(s);
    for (struct connection *c = s->connections; c; c = c->next) {
        if (c->closing)
            continue;
        connection__poll(c);
        connection__flush(c);
        if (conversation_busy(c->conversation) || !connection__has_frame(c))
            continue;
        stop = stop || connection__wants_stop(c);
        server__spin(s, true); /* no event announces what is read already */
    }
    for (struct connection *c = s->connections; stop && c; c = c->next)
        conversation_stop(c->conversation, "the server is stopping");
}

static bool dispatch_has_work(const struct connection *c)
{
    if (c->closing || connection__full(c))
        return false; /* the end of a write wakes us */
    return conversation_busy(c->conversation) || connection__has_frame(c);
}

void dispatch__work(struct server *s)
{
    bool work = false;
    if (s->stopping)
        return;
    dispatch_block(SIG_BLOCK);
    dispatch_requests(s);
    dispatch_steps(s);
    dispatch_block(SIG_UNBLOCK);
    for (struct connection *c = s->connections, *next; c; c = next) {
        next = c->next;
        connection__resume(c);
        work = work || dispatch_has_work(c);
        if (c->closing)
            connection__close_when_sent(c);
        else
            connection__flush(c);
    }
    server__spin(s, work);
    if (s->stop_wanted)
        server__stop(s, "a client asked for it");
}
