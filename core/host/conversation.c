/* A conversation: requests one after another, and the session between them.
 *
 * A request goes start → (a turn, or steps) → finish → end, whatever its op
 * (request_internal.h); exactly one last frame answers it. Sessions live in the
 * organisation's Lua state, so when that is thrown away the organisation tells
 * its watches and the session is gone: the next request makes a new one and
 * says so. */
#include "host/request_internal.h"

#include "baton/base/clock.h"
#include "baton/base/limits.h"
#include "baton/base/memory.h"

#include <assert.h>
#include <string.h>

enum { CONVERSATION_TICKS = 8 }; /* turns of what became due, before an answer */

static void conversation_drop_session(struct conversation *c)
{
    session_close(c->session);
    c->session = NULL;
}

static void conversation_drop_script(struct conversation *c)
{
    session_close(c->script);
    c->script = NULL;
    if (c->org)
        org__leave_old(c->org, c->old);
    c->old = NULL;
}

static void conversation_drop_sessions(struct conversation *c)
{
    conversation_drop_session(c);
    conversation_drop_script(c);
    conversation__end_hold(c);
}

static void conversation_explain(const struct conversation *c, struct error *e)
{
    if (e->code == ERROR_CANCELLED && c->stopped)
        error_prefix(e, "%s", c->stopped);
}

/* Frees what the request held. The answer comes after it: it may start the next request. */
static void conversation_end(struct conversation *c)
{
    if (c->op->end)
        c->op->end(c);
    conversation_drop_script(c);
    c->state = NULL;
    c->op = NULL;
    c->cancelled = 0;
    c->stopped = NULL;
    json_decref(c->request);
    c->request = NULL;
    arena_reset(c->arena);
}

static void conversation_fail(struct conversation *c, struct error *error)
{
    conversation_explain(c, error);
    conversation_end(c);
    conversation__answer_error(c, error);
}

/* The same session in the new world, with its variables. What cannot go on is lost, and told. */
static bool conversation_carry_session(struct conversation *c)
{
    struct session_options options = session_same(c->session);
    struct session *next = NULL;
    struct error why;
    struct buf left = BUF_INIT, text = BUF_INIT;
    if (session_open(&next, c->org->world.script, &options, &why) ||
        session_carry(next, c->session, &left, &why)) {
        session_close(next);
        buf_free(&left);
        return false;
    }
    session_close(c->session);
    c->session = next;
    if (left.len) {
        buf_printf(&text,
                   "the organisation was reloaded; of this session's variables these are "
                   "gone, being code: %s",
                   left.data);
        conversation__notice(c, text.data);
    }
    buf_free(&left);
    buf_free(&text);
    return true;
}

/* A script that runs goes on with the code that it began with. */
static void conversation_keep_script(struct conversation *c)
{
    if (c->old)
        return;
    c->old = c->org->old;
    c->old->users++;
}

static void conversation_detached(struct org_watch *w, const char *why, enum org_detach how)
{
    struct conversation *c =
        (struct conversation *)((char *)w - offsetof(struct conversation, watch));
    if (c->session && !(how == ORG_RELOADED && conversation_carry_session(c))) {
        strncpy(c->lost, why, sizeof c->lost - 1);
        conversation_drop_session(c);
    }
    if (how == ORG_RELOADED && c->script) {
        conversation_keep_script(c);
        return;
    }
    conversation_drop_script(c);
    if (how != ORG_RELOADED)
        conversation__end_hold(c);
    if (how == ORG_CLOSED) {
        org__unwatch(&c->watch);
        c->org = NULL;
    }
    if (!c->op || !c->op->step || c->stepping)
        return; /* a turn or a step that is at work ends with its own error */
    struct error e = { 0 };
    error_set(&e, ERROR_CANCELLED, "%s: %s was stopped", why, c->op->name);
    conversation_fail(c, &e);
}

struct conversation *conversation_new(conversation_frame frame, void *context)
{
    struct conversation *c = mem_new(struct conversation);
    c->frame = frame;
    c->context = context;
    c->arena = arena_new(0);
    c->watch.detached = conversation_detached;
    return c;
}

void conversation_free(struct conversation *c)
{
    if (!c)
        return;
    if (c->op)
        conversation_end(c);
    conversation__end_away(c);
    conversation_drop_sessions(c);
    org__unwatch(&c->watch);
    arena_free(c->arena);
    buf_free(&c->text);
    buf_free(&c->held);
    mem_free(c);
}

static void conversation_adopt(struct conversation *c, struct org *o)
{
    if (c->org == o)
        return;
    conversation_drop_sessions(c);
    c->lost[0] = '\0';
    c->watch.committed = NULL;
    c->org = o;
    org__watch(o, &c->watch);
}

static bool conversation_same_actor(const struct actor *a, const struct actor *b)
{
    return !strcmp(a->name, b->name) && !a->roles == !b->roles &&
           (!a->roles || !strcmp(a->roles, b->roles));
}

const struct org_world *conversation__world(const struct conversation *c)
{
    return c->old ? &c->old->world : &c->org->world;
}

int conversation__session(struct conversation *c, struct error *e)
{
    if (c->session && !conversation_same_actor(&c->actor, &c->session_actor)) {
        session_close(c->session);
        c->session = NULL;
        strncpy(c->lost, "somebody else acts now, or in another role", sizeof c->lost - 1);
    }
    if (c->session)
        return 0;
    const char *cwd = NULL;
    int rc = request__path(c, "cwd", false, &cwd, e);
    if (rc)
        return rc;
    static const char *const none[] = { NULL };
    struct session_options options = { .actor = &c->actor,
                                       .output = conversation__output,
                                       .context = c,
                                       .cwd = cwd,
                                       .files = none,
                                       .args = none,
                                       .script_name = "session" };
    if ((rc = session_open(&c->session, c->org->world.script, &options, e)))
        return rc;
    c->session_actor = c->actor;
    if (c->lost[0]) {
        struct buf text = BUF_INIT;
        buf_printf(&text, "%s: the variables of this session are gone", c->lost);
        conversation__notice(c, text.data);
        buf_free(&text);
        c->lost[0] = '\0';
    }
    return 0;
}

/* Fires what the request made due: messages go out, timers for now ring. Bounded: the host's loop
 * does the rest. What fails here is no failure of the request, which is committed. */
static void conversation_tick(struct conversation *c)
{
    struct error e = { 0 };
    bool more = true;
    int rc = 0;
    uint64_t until_ns = clock_monotonic_ns() + (uint64_t)LIMIT_TICK_MS * 1000000;
    for (int i = 0;
         !rc && more && i < CONVERSATION_TICKS && c->org && (!i || clock_monotonic_ns() < until_ns);
         i++)
        rc = org__tick_some(c->org, &more, &e);
    if (rc)
        conversation__notice(c, e.message);
}

/* The request did its work or failed: the answer. */
static void conversation_finish(struct conversation *c, int rc, struct error *e)
{
    struct buf json = BUF_INIT;
    struct jsonw w;
    conversation__flush(c);
    conversation__release(c); /* committed, or failed alone: what was printed may be seen */
    jsonw_start(&w, &json);
    jsonw_open_object(&w);
    if (!rc && c->incomplete) {
        jsonw_key(&w, "incomplete");
        jsonw_bool(&w, true);
    } else if (!rc) {
        jsonw_key(&w, "done");
        jsonw_open_object(&w);
        if (c->op->finish)
            rc = c->op->finish(c, &w, e);
        jsonw_close(&w);
    }
    jsonw_close(&w);
    if (c->org)
        breaker__write_alone(c->org); /* guards run outside turns, too */
    if (c->op->writes && !c->incomplete && c->org)
        conversation_tick(c);
    c->incomplete = false;
    if (rc)
        conversation_explain(c, e);
    conversation_end(c);
    if (rc)
        conversation__answer_error(c, e);
    else
        conversation__last(c, json.data, json.len);
    buf_free(&json);
}

/* Reads the request. Negative: it is answered already. */
static int conversation_begin(struct conversation *c, struct org *o, json_t *request)
{
    struct error e = { 0 };
    const char *as = NULL;
    assert(!c->op);
    conversation_adopt(c, o);
    int rc = request__check(request, &c->op, &e);
    if (rc) {
        conversation__answer_error(c, &e);
        return rc;
    }
    c->request = json_incref(request);
    c->stream = SCRIPT_PRINT;
    if ((rc = org__alive(o, &e)) || (rc = request__text(c, "as", false, &as, NULL, &e)))
        goto out;
    if ((rc = org_actor(o, as, &c->actor, &e))) {
        error_at(&e, "/as");
        goto out;
    }
    if (c->op != &op_calendar) /* which shows what would move before it moves */
        calendar__follow(o);
    c->hold = c->op->turn != NULL;
    if (c->op->start)
        rc = c->op->start(c, &e);
out:
    if (rc) {
        c->hold = false;
        conversation_fail(c, &e);
    }
    return rc;
}

static int conversation_turn(void *context, struct org *o, struct error *e)
{
    struct conversation *c = context;
    (void)o;
    if (c->cancelled) /* while others of the same turn ran */
        return error_set(e, ERROR_CANCELLED, "stopped on request");
    return c->op->turn(c, e);
}

/* Those that began and are one command each, as one turn. */
static void conversation_run_turn(struct conversation *const *c, size_t count, struct org *o)
{
    struct org_command *commands = mem_zero(count * sizeof *commands);
    struct error e = { 0 };
    for (size_t i = 0; i < count; i++)
        commands[i] = (struct org_command){ .run = conversation_turn, .context = c[i] };
    int rc = org_turn_many(o, commands, count, &e);
    for (size_t i = 0; rc && i < count; i++)
        conversation__drop_held(c[i]); /* it speaks of what did not happen */
    for (size_t i = 0; i < count; i++)
        conversation_finish(c[i], rc ? rc : commands[i].result, rc ? &e : &commands[i].error);
    mem_free(commands);
}

void conversation_start_value(struct conversation *c, struct org *o, struct json_t *request)
{
    struct error e = { 0 };
    if (conversation__start_away(c, request) || conversation_begin(c, o, request))
        return;
    if (c->op->turn)
        conversation_run_turn(&c, 1, o);
    else if (!c->op->step)
        conversation_finish(c, 0, &e);
}

void conversation_start_many(struct conversation *const *c, struct json_t *const *requests,
                             size_t count, struct org *o)
{
    struct conversation *sharing[LIMIT_TURN_COMMANDS];
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (n == LIMIT_TURN_COMMANDS || c[i]->away || !conversation_shares(requests[i])) {
            conversation_start_value(c[i], o, requests[i]);
            continue;
        }
        if (conversation_begin(c[i], o, requests[i]) == 0)
            sharing[n++] = c[i];
    }
    if (n)
        conversation_run_turn(sharing, n, o);
}

bool conversation_shares(const struct json_t *request)
{
    const char *op = json_string_value(json_object_get(request, "op"));
    return op && (!strcmp(op, "eval") || !strcmp(op, "command") || !strcmp(op, "report"));
}

void conversation_start(struct conversation *c, struct org *o, const char *json, size_t n)
{
    struct error e = { 0 };
    json_t *request;
    if (json_read(json, n, &request, &e)) {
        conversation__answer_error(c, &e);
        return;
    }
    conversation_start_value(c, o, request);
    json_decref(request);
}

void conversation_step(struct conversation *c)
{
    struct error e = { 0 };
    bool done = false;
    if (!c->op || !c->op->step)
        return;
    c->stepping = true;
    int rc = c->op->step(c, &done, &e);
    c->stepping = false;
    if (c->org)
        breaker__write_alone(c->org);
    conversation__flush(c);
    if (rc || done)
        conversation_finish(c, rc, &e);
}

bool conversation_busy(const struct conversation *c)
{
    return c->op != NULL;
}

void conversation_cancel(struct conversation *c)
{
    if (!c->op)
        return;
    c->cancelled = 1;
    if (c->script)
        session_cancel(c->script);
    else if (c->session && c->op->turn)
        session_cancel(c->session);
}

void conversation_stop(struct conversation *c, const char *why)
{
    if (c->op && !c->cancelled)
        c->stopped = why;
    conversation_cancel(c);
}

bool conversation_has_session(const struct conversation *c)
{
    return c->session || c->script || c->holds;
}

struct org *conversation_org(const struct conversation *c)
{
    return c->org;
}

void conversation_detach(struct conversation *c, const char *why)
{
    if (c->org)
        conversation_detached(&c->watch, why, ORG_CLOSED);
}
