/* Who works when: after each poll of the loop, one round.
 *
 * A round takes at most one new request of each connection, starts those of the
 * same organisation together, so that their commits are one (DESIGN 2), steps
 * the scripts that run, and writes what came of it. While something is left to
 * do an idle handle keeps the loop from sleeping. */
#include "baton/base/limits.h"
#include "baton/base/memory.h"
#include "server/worker_internal.h"

#include <string.h>

/* ---- an organisation kept closed while its folder is replaced ---- */

static bool dispatch_is_bar(const json_t *request)
{
    const char *op = json_string_value(json_object_get(request, "op"));
    return op && !strcmp(op, "bar") && json_is_string(json_object_get(request, "org"));
}

/* Closes an organisation, so nothing that was taken for it in this round may wait any more. */
static void dispatch_bar(struct connection *c)
{
    static const char done[] = "{\"done\":{}}";
    const char *name = json_string_value(json_object_get(c->request, "org"));
    struct error e = { 0 };
    int rc = c->barred ? error_set(&e, ERROR_BUSY, "%s is kept closed already", c->barred)
                       : host_bar(c->worker->host, name, &e);
    if (rc) {
        wire__send_error(&c->wire, &e);
    } else {
        c->barred = mem_dup(name);
        wire__send(&c->wire, done, sizeof done - 1);
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
        host_hold(c->worker->host, want);
    if (before)
        host_release(c->worker->host, before);
}

/* Finds the organisation of c->request; else answers. */
static void dispatch_route(struct connection *c)
{
    struct error e = { 0 };
    const char *org = json_string_value(json_object_get(c->request, "org"));
    c->org = NULL;
    if (dispatch_is_bar(c->request))
        return;
    if (!org && c == c->worker->control) {
        control__request(c, c->request);
    } else if (host_org(c->worker->host, org ? org : "", &c->org, &e)) {
        error_at(&e, "/org");
        wire__send_error(&c->wire, &e);
    } else {
        host_hold(c->worker->host, c->org); /* until the request is started */
        return;
    }
    json_decref(c->request);
    c->request = NULL;
}

/* Starts all requests that wait for one organisation. */
static void dispatch_start(struct worker *w, struct org *o)
{
    struct conversation *conversations[LIMIT_CONNECTIONS] = { NULL };
    json_t *requests[LIMIT_CONNECTIONS] = { NULL };
    struct connection *started[LIMIT_CONNECTIONS];
    size_t n = 0;
    for (struct connection *c = w->connections; c && n < LIMIT_CONNECTIONS; c = c->next) {
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
        host_release(w->host, o);
    }
    host_changed(w->host, o);
}

static bool dispatch_takes(struct connection *c)
{
    return !c->request && !c->wire.closing && !wire__full(&c->wire) &&
           connection__next(c, &c->request);
}

/* All that the front wants, and then one new request of each client that can take one. In this
 * order: which organisations are ours was said before anybody asked for one of them, and whoever
 * is told an older list closes those that are not on it. */
static void dispatch_requests(struct worker *w)
{
    struct connection *c, *next;
    while (w->control && dispatch_takes(w->control))
        dispatch_route(w->control);
    for (c = w->connections; c; c = next) {
        next = c->next;
        if (c != w->control && dispatch_takes(c))
            dispatch_route(c);
    }
    for (c = w->connections; c;) {
        if (c->request && c->org) {
            dispatch_start(w, c->org);
            c = w->connections; /* from the start: the list may have changed */
        } else {
            c = c->next;
        }
    }
    for (c = w->connections; c; c = c->next)
        if (c->request)
            dispatch_bar(c);
}

static void dispatch_steps(struct worker *w)
{
    for (struct connection *c = w->connections, *next; c; c = next) {
        next = c->next;
        if (c->wire.closing || !conversation_busy(c->conversation) || wire__full(&c->wire))
            continue;
        struct org *o = conversation_org(c->conversation);
        conversation_step(c->conversation);
        dispatch__hold(c);
        if (o && (c->held == o || conversation_org(c->conversation) == o))
            host_changed(w->host, o);
    }
}

/* Nothing is dropped or answered: the loop finds it all again, and soon. */
void dispatch__poll(void *context)
{
    struct worker *w = context;
    bool stop = false;
    if (w->stopping)
        return;
    for (struct connection *c = w->connections; c; c = c->next) {
        if (c->wire.closing)
            continue;
        connection__poll(c);
        wire__flush(&c->wire);
        if (conversation_busy(c->conversation) || !wire__has_frame(&c->wire))
            continue;
        stop = stop || (c == w->control && wire__frame_is(&c->wire, "stop"));
        worker__spin(w, true); /* no event announces what is read already */
    }
    for (struct connection *c = w->connections; stop && c; c = c->next)
        conversation_stop(c->conversation, "the server is stopping");
}

static bool dispatch_has_work(const struct connection *c)
{
    if (c->wire.closing || wire__full(&c->wire))
        return false; /* the end of a write wakes us */
    return conversation_busy(c->conversation) || wire__has_frame(&c->wire);
}

void dispatch__work(struct worker *w)
{
    bool work = false;
    if (w->stopping)
        return;
    dispatch_requests(w);
    dispatch_steps(w);
    for (struct connection *c = w->connections, *next; c; c = next) {
        next = c->next;
        wire__resume(&c->wire);
        work = work || dispatch_has_work(c);
        if (c->wire.closing)
            wire__close_when_sent(&c->wire);
        else
            wire__flush(&c->wire);
    }
    worker__spin(w, work);
    if (w->stop_wanted)
        worker__stop(w, w->stop_wanted);
}
