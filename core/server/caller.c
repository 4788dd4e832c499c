/* A client of the control socket, as the front sees it.
 *
 * Its request is read as far as needed to know where it goes, and goes there as
 * it came, on a line to the worker that hosts the organisation; frames come back
 * the same way until the last one, then the next request is taken. What is asked
 * without an organisation the front answers (gather.c). When the worker dies the
 * request is answered with an error, and the next one goes to its successor.
 * Some beyond the limit are heard all the same: whoever asks how the server is,
 * or to stop it, must not be kept out by others. They have one request, and soon. */
#include "server/front_internal.h"

#include <string.h>

#include "baton/base/json.h"
#include "baton/base/log.h"
#include "baton/base/memory.h"

/* ---- the end ---- */

static void caller_hang_up(struct caller *c)
{
    struct line *l = c->line;
    c->line = NULL;
    if (l)
        wire__drop(&l->wire);
}

static void caller_freed(struct wire *wire)
{
    struct caller *c = (struct caller *)wire;
    struct front *f = c->front;
    mem_free(c);
    front__ended_one(f);
}

void caller__drop(struct caller *c)
{
    if (!c->link)
        return;
    caller_hang_up(c);
    if (c->gather)
        gather__forget(c->gather);
    c->gather = NULL;
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    c->link = NULL;
    c->front->caller_count--;
    wire__drop(&c->wire);
}

static void caller_gone(struct wire *wire)
{
    caller__drop((struct caller *)wire);
}

/* ---- what comes back ---- */

static void caller_notice(struct caller *c, const char *text)
{
    struct buf json = BUF_INIT;
    struct jsonw w;
    jsonw_start(&w, &json);
    jsonw_open_object(&w);
    jsonw_key(&w, "notice");
    jsonw_text(&w, text);
    jsonw_close(&w);
    wire__send(&c->wire, json.data, json.len);
    buf_free(&json);
}

/* Our own writer wrote it: the member that makes a frame the last one comes first. */
static bool caller_is_last(const char *json, size_t n)
{
    static const char *const last[] = { "{\"done\":", "{\"error\":", "{\"incomplete\":" };
    for (size_t i = 0; i < sizeof last / sizeof *last; i++)
        if (n > strlen(last[i]) && !memcmp(json, last[i], strlen(last[i])))
            return true;
    return false;
}

static void caller_relay(struct caller *c)
{
    const char *json;
    size_t n;
    while (c->line && !wire__full(&c->wire) && (json = wire__frame(&c->line->wire, &n))) {
        if (n == 0 || n > LIMIT_FRAME_BYTES) { /* more than any client takes */
            c->waiting = false;
            wire__refuse_length(&c->wire, n);
            caller_hang_up(c);
            return;
        }
        bool last = c->waiting && caller_is_last(json, n);
        wire__send(&c->wire, json, n);
        wire__take(&c->line->wire);
        if (last)
            c->waiting = c->looked = false;
    }
    if (c->line)
        wire__resume(&c->line->wire);
}

/* The worker of its line is dead, and all that it said was passed on. */
static void caller_tell_loss(struct caller *c)
{
    const struct ward *w = c->line->ward;
    caller_hang_up(c);
    if (!c->waiting && c->front->stopping)
        return;
    if (!c->waiting) {
        struct buf text = BUF_INIT;
        buf_printf(&text,
                   "the process that hosted %s ended %s: the variables of this session are gone",
                   c->org, w->last_words);
        caller_notice(c, text.data);
        buf_free(&text);
        return;
    }
    struct error e = { 0 };
    if (w->stopped) /* before it took the request out of its line */
        error_set(&e, ERROR_CANCELLED, "the server is stopping: the request was not begun");
    else
        error_set(
            &e, ERROR_IO,
            "the process that hosted %s ended %s. Its open turn is undone; what it had committed "
            "stays: look what is there before you send this again",
            c->org, w->last_words);
    c->waiting = c->looked = false;
    wire__send_error(&c->wire, &e);
}

void caller__bereave(struct caller *c, const struct ward *w)
{
    if (c->line && c->line->ward == w)
        c->line->bereft = true;
}

void caller__answer(struct caller *c, const char *json, size_t n)
{
    c->gather = NULL;
    c->waiting = c->looked = false;
    wire__send(&c->wire, json, n);
    c->wire.closing = c->spare_until_ms && !c->stays;
}

/* ---- those who are too many ---- */

static int caller_too_many(struct error *e)
{
    return error_set(e, ERROR_LIMIT, "%d clients are connected already, no more can be",
                     LIMIT_CONNECTIONS);
}

/* Told in the next round, not here: libuv accepts as long as somebody connects, and whoever is
 * answered at once and tries again would keep it from everything else. */
static void caller_turn_away(struct caller *c)
{
    struct error e = { 0 };
    caller_too_many(&e);
    log_write(LOG_WARN, NULL, "a client was turned away: %s", e.message);
    wire__send_error(&c->wire, &e);
    c->wire.closing = true;
}

/* ---- requests ---- */

static void caller_ask_front(struct caller *c, const char *op)
{
    static const char done[] = "{\"done\":{}}";
    struct error e = { 0 };
    c->waiting = true;
    if (!strcmp(op, "status")) {
        gather__status(c);
    } else if (!strcmp(op, "reload")) {
        gather__reload(c->front, c);
    } else if (!strcmp(op, "stop")) {
        c->stays = true;
        caller__answer(c, done, sizeof done - 1);
        wire__flush(&c->wire);
        c->front->stop_wanted = true;
    } else {
        c->waiting = false;
        error_set(&e, ERROR_INVALID,
                  "%.64s needs an organisation: {\"op\":\"%.64s\",\"org\":\"NAME\"}", op, op);
        error_at(&e, "/org");
        wire__send_error(&c->wire, &e);
    }
}

static int caller_ask_worker(struct caller *c, const char *org, const char *json, size_t n,
                             struct error *e)
{
    struct ward *w;
    if (c->spare_until_ms)
        return caller_too_many(e);
    int rc = places__find(c->front, org, &w, e);
    if (rc) {
        error_at(e, "/org");
        return rc;
    }
    if (c->line && c->line->ward != w)
        caller_hang_up(c); /* and leaves its session behind, as elsewhere */
    if (!c->line && (rc = ward__connect(w, c, org, e)))
        return rc;
    strcpy(c->org, org); /* found, so it is a name */
    c->waiting = true;
    wire__send(&c->line->wire, json, n);
    return 0;
}

static void caller_route(struct caller *c, const json_t *request, const char *json, size_t n)
{
    struct error e = { 0 };
    const char *op = json_string_value(json_object_get(request, "op"));
    const json_t *org = json_object_get(request, "org");
    int rc = 0;
    if (json_is_string(org)) {
        rc = caller_ask_worker(c, json_string_value(org), json, n, &e);
    } else if (org && !json_is_null(org)) {
        rc = error_set(&e, ERROR_INVALID, "\"org\" must be the name of an organisation");
        error_at(&e, "/org");
    } else if (!op) {
        rc = error_set(&e, ERROR_INVALID,
                       "a request is an object with a text \"op\", like {\"op\":\"status\"}");
        error_at(&e, "/op");
    } else if (strcmp(op, "cancel")) { /* a cancel comes too late: it is answered already */
        caller_ask_front(c, op);
    }
    if (rc)
        wire__send_error(&c->wire, &e);
}

/* While a request is at its worker only a cancel goes after it. */
static void caller_look_for_cancel(struct caller *c)
{
    const char *json;
    size_t n;
    if (c->looked || !(json = wire__frame(&c->wire, &n)))
        return;
    c->looked = true;
    if (!wire__frame_is(&c->wire, "cancel"))
        return;
    if (c->line)
        wire__send(&c->line->wire, json, n);
    wire__take(&c->wire);
    c->looked = false;
}

static void caller_take_requests(struct caller *c)
{
    const char *json;
    size_t n;
    while (!c->waiting && !wire__full(&c->wire) && (json = wire__frame(&c->wire, &n))) {
        struct error e = { 0 };
        json_t *request;
        if (n == 0 || n > LIMIT_FRAME_BYTES) {
            wire__refuse_length(&c->wire, n);
            return;
        }
        if (json_read(json, n, &request, &e)) {
            wire__send_error(&c->wire, &e);
        } else {
            caller_route(c, request, json, n);
            json_decref(request);
        }
        wire__take(&c->wire);
    }
    if (c->waiting)
        caller_look_for_cancel(c);
}

void caller__work(struct caller *c)
{
    struct front *f = c->front;
    caller_relay(c);
    if (c->line && c->line->bereft && c->line->wire.ended && !wire__has_frame(&c->line->wire))
        caller_tell_loss(c);
    if (!f->stopping && !c->wire.closing)
        caller_take_requests(c);
    if (c->spare_until_ms && !c->waiting && !c->stays && !c->wire.closing &&
        uv_now(&f->loop) >= c->spare_until_ms)
        caller_turn_away(c);
    if (c->line)
        wire__flush(&c->line->wire);
    wire__resume(&c->wire);
    if (c->wire.closing || (f->stopping && !c->waiting && !c->stays))
        wire__close_when_sent(&c->wire);
    else
        wire__flush(&c->wire);
}

/* ---- the beginning ---- */

static struct caller *caller_new(struct front *f)
{
    struct caller *c = mem_new(struct caller);
    wire__open(&c->wire, &f->loop, caller_gone, caller_freed);
    c->front = f;
    c->next = f->callers;
    if (c->next)
        c->next->link = &c->next;
    c->link = &f->callers;
    f->callers = c;
    f->caller_count++;
    return c;
}

void caller__accept(struct front *f)
{
    struct caller *c = caller_new(f);
    if (uv_accept((uv_stream_t *)&f->listener, (uv_stream_t *)&c->wire.pipe)) {
        caller__drop(c);
        return;
    }
    if (f->caller_count > LIMIT_CONNECTIONS)
        c->spare_until_ms = uv_now(&f->loop) + LIMIT_SPARE_MS;
    if (f->caller_count <= LIMIT_CONNECTIONS + LIMIT_SPARE_CONNECTIONS)
        wire__read(&c->wire);
    else
        caller_turn_away(c);
}
