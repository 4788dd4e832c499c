/* One line, two ends: a control socket, or a conversation with an organisation
 * that lives in this process. Who asks does not see which.
 *
 * Ctrl-C becomes a frame {"op":"cancel"} to a server; a conversation here is told
 * from the signal handler, since it may be deep in a long statement. */
#include "cli/link_internal.h"

#include <poll.h>
#include <string.h>

#include "baton/base/buf.h"
#include "baton/base/clock.h"
#include "baton/base/error.h"
#include "baton/base/json.h"
#include "baton/base/memory.h"
#include "baton/host/home.h"
#include "baton/host/org.h"
#include "baton/host/request.h"
#include "baton/server/client.h"
#include "cli/cli_internal.h"

enum { LINK_IDLE_MAX_MS = 60000, LINK_SETTLE_MS = 20, LINK_CANCEL_MS = 3000, LINK_LOOK_MS = 100 };

struct link {
    link_frame frame;
    void *context;
    struct client *client; /* remote */
    struct org *org;       /* local */
    struct conversation *conversation;
    bool busy;
    bool cancelled;
};

static void link_rest(struct link *l)
{
    l->busy = false;
    interrupt_rest();
}

static void link_answer(void *context, const char *json, size_t n, bool last)
{
    struct link *l = context;
    if (last)
        link_rest(l);
    l->frame(l->context, json, n, last);
}

static void link_notice(void *context, const char *org, enum log_level level, const char *text)
{
    struct link *l = context;
    struct buf json = BUF_INIT;
    struct jsonw w;
    (void)org;
    (void)level;
    jsonw_start(&w, &json);
    jsonw_open_object(&w);
    jsonw_key(&w, "notice");
    jsonw_text(&w, text);
    jsonw_close(&w);
    l->frame(l->context, json.data, json.len, false);
    buf_free(&json);
}

static int link_open_local(struct link *l, const struct home *home, const char *org,
                           struct error *e)
{
    int result = org_open(&l->org, home, org, link_notice, l, e);
    if (result == 0)
        l->conversation = conversation_new(link_answer, l);
    return result;
}

int link_open(struct link **out, const struct home *home, const char *org, link_frame frame,
              void *context, struct error *e)
{
    struct link *l = mem_new(struct link);
    l->frame = frame;
    l->context = context;
    int result = client_open(&l->client, home_socket(home), e);
    if (result == -ERROR_NOT_FOUND && org)
        result = link_open_local(l, home, org, e);
    else if (result == -ERROR_NOT_FOUND)
        error_set(e, ERROR_NOT_FOUND, "no server runs for the home %s; start one with: baton serve",
                  home_dir(home));
    if (result < 0)
        link_close(l);
    else
        *out = l;
    return result;
}

void link_close(struct link *l)
{
    if (!l)
        return;
    conversation_free(l->conversation);
    if (l->org)
        org_close(l->org);
    client_close(l->client);
    mem_free(l);
}

bool link_is_remote(const struct link *l)
{
    return l->client != NULL;
}

struct org *link_org(struct link *l)
{
    return l->org;
}

/* From a signal handler, while a statement computes: conversation_cancel is made for that. */
static void link_stop(void *context)
{
    struct link *l = context;
    conversation_cancel(l->conversation);
}

int link_start(struct link *l, const char *json, size_t n, struct error *e)
{
    l->cancelled = false;
    l->busy = true;
    interrupt_busy(l->client ? NULL : link_stop, l);
    if (l->client) {
        int result = client_send(l->client, json, n, e);
        if (result < 0)
            link_rest(l);
        return result;
    }
    conversation_start(l->conversation, l->org, json, n);
    return 0;
}

bool link_busy(const struct link *l)
{
    return l->busy;
}

/* Frames of a server do not say whether they are the last: their members do. */
static bool link_is_last(const char *json, size_t n)
{
    struct json_slice member;
    return jsons_get(json, n, "done", 4, &member) || jsons_get(json, n, "error", 5, &member) ||
           jsons_get(json, n, "incomplete", 10, &member);
}

int link_step(struct link *l, struct error *e)
{
    if (!l->client) {
        if (l->busy)
            conversation_step(l->conversation);
        return 0;
    }
    const char *json;
    size_t n;
    int got;
    bool was_busy = l->busy;
    while ((got = client_poll(l->client, &json, &n, e)) > 0)
        link_answer(l, json, n, l->busy && link_is_last(json, n));
    if (got < 0 && was_busy && !l->busy)
        return 0; /* answered, then closed: the next step says so */
    return got;
}

int link_fd(const struct link *l)
{
    return l->client ? client_fd(l->client) : -1;
}

static const char link_cancel_request[] = "{\"op\":\"cancel\"}";

void link_cancel(struct link *l)
{
    if (!l->busy || l->cancelled)
        return;
    l->cancelled = true;
    if (l->client)
        client_send(l->client, link_cancel_request, strlen(link_cancel_request), NULL);
    else
        conversation_cancel(l->conversation);
}

/* A server that was asked to stop a request, twice or a while ago, may stand still. */
static int link_give_up(const struct link *l, bool again, uint64_t until_ns, struct error *e)
{
    if (!l->client || !l->busy || !(again || clock_monotonic_ns() >= until_ns))
        return 0;
    return error_set(e, ERROR_CANCELLED,
                     "the server was told to stop the request and has not answered: whether it was "
                     "done must be looked up");
}

int link_request(struct link *l, const char *json, size_t n, struct error *e)
{
    struct pollfd polled[2] = { { .fd = link_fd(l), .events = POLLIN },
                                { .fd = interrupt_open(), .events = POLLIN } };
    int result = link_start(l, json, n, e);
    uint64_t until_ns = UINT64_MAX;
    while (result == 0 && l->busy) {
        bool again = false;
        if (l->client) /* a failure (EINTR) only makes us look once more */
            poll(polled, 2, l->cancelled ? LINK_LOOK_MS : -1);
        if (interrupt_take()) {
            again = l->cancelled;
            if (!again)
                until_ns = clock_monotonic_ns() + (uint64_t)LINK_CANCEL_MS * 1000000;
            link_cancel(l);
        }
        result = link_step(l, e);
        if (result == 0)
            result = link_give_up(l, again, until_ns, e);
    }
    if (result < 0)
        link_rest(l);
    interrupt_close();
    return result;
}

int link_idle(struct link *l, int64_t *next_ms, struct error *e)
{
    *next_ms = LINK_IDLE_MAX_MS;
    if (!l->org)
        return 0;
    int result = 0;
    if (org_tick_at(l->org) <= org_now(l->org))
        result = org_tick(l->org, e);
    bool more = false;
    if (result == 0)
        result = org_settle_some(l->org, &more, e);
    if (result < 0)
        return result;
    int64_t at = org_tick_at(l->org), now = org_now(l->org);
    if (at <= now + LINK_IDLE_MAX_MS)
        *next_ms = at > now ? at - now : 0;
    if (*next_ms < LINK_SETTLE_MS || more)
        *next_ms = LINK_SETTLE_MS;
    return 0;
}

void link_wait_closed(struct link *l)
{
    const char *json;
    size_t n;
    while (l->client && client_receive(l->client, &json, &n, NULL) > 0)
        ;
}

void link_begin(struct jsonw *w, struct buf *out, const char *op, const char *org, const char *as)
{
    jsonw_start(w, out);
    jsonw_open_object(w);
    jsonw_key(w, "op");
    jsonw_text(w, op);
    if (org) {
        jsonw_key(w, "org");
        jsonw_text(w, org);
    }
    if (as) {
        jsonw_key(w, "as");
        jsonw_text(w, as);
    }
}
