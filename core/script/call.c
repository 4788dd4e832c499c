/* The one way into Lua code of others (DESIGN 5): traceback, budgets, blame and
 * counters for every call, and nothing that costs when it goes well.
 *
 * A call is a record on the C stack, linked from the innermost outwards. It
 * says who acts and for which plugin, and holds the deadline; nested calls
 * have the nearest deadline of all. An error is read by the message handler,
 * while Lua still protects us, into the error of the caller: afterwards nothing
 * may allocate. */
#include "script/plugin_internal.h"

#include <string.h>

#include "baton/base/clock.h"
#include "baton/script/page.h"
#include "baton/store/store.h"

/* A worker says what it is at, for the front that watches it: a call into C that never returns can
 * only be ended from outside. */
static void call_write_page(struct script *s, const struct script_call *c)
{
    uint64_t budget_ns = (uint64_t)c->frame->budget_ms * 1000000;
    page_begin(s->options.page, s->options.org, c->frame->plugin->name, c->frame->loading,
               c->began_ns, budget_ns ? c->began_ns + budget_ns : UINT64_MAX);
}

/* Back in the nearest call into a plugin around this one, or in none. */
static void call_leave_page(struct script *s, const struct script_call *c)
{
    do
        c = c->up;
    while (c && !c->frame->plugin);
    if (c)
        call_write_page(s, c);
    else
        page_end(s->options.page);
}

static void call_begin(struct script *s, struct script_call *c, lua_State *L,
                       const struct script_frame *frame, struct error *e)
{
    *c = (struct script_call){
        .up = s->call,
        .frame = frame,
        .base = L,
        .outer_running = s->running,
        .outer_deadline = s->deadline,
        .outer_slice_end = s->slice_end,
        .until = frame->budget_ms ? s->tick + frame->budget_ms / BUDGET_TICK_MS + 1 : UINT64_MAX,
        .read_only = frame->read_only || (s->call && s->call->read_only),
        .error = e ? e : &s->scratch,
        .began_ns = clock_monotonic_ns(),
    };
    quota__begin(s, c);
    s->blamed = false;
    s->running = L;
    s->slice_end = UINT64_MAX;
    if (c->until < s->deadline)
        s->deadline = c->until;
    if (!c->up)
        c->outer_active = budget__enter(s);
    s->call = c;
    if (s->options.page && frame->plugin)
        call_write_page(s, c);
}

static void call_account(struct script_call *c)
{
    struct plugin *p = c->frame->plugin;
    uint64_t spent = clock_monotonic_ns() - c->began_ns;
    if (c->up)
        c->up->inner_ns += spent;
    if (!p)
        return;
    p->calls++;
    p->cpu_ns += spent - (c->inner_ns < spent ? c->inner_ns : spent);
}

static void call_end(struct script *s, struct script_call *c)
{
    call_account(c);
    if (s->options.page && c->frame->plugin)
        call_leave_page(s, c);
    s->call = c->up;
    s->running = c->outer_running;
    s->slice_end = c->outer_slice_end;
    s->deadline = c->outer_deadline;
    if (s->kill != KILL_NONE && s->kill_call == c) {
        s->kill = KILL_NONE;
        s->kill_call = NULL;
        s->cancel_wanted = 0;
        lua_sethook(c->base, NULL, 0, 0);
    }
    if (c->up)
        return;
    s->cancel_wanted = 0;
    s->starved = false;
    s->starved_where[0] = '\0';
    budget__leave(c->outer_active);
    if (arena_bytes(s->arena) > 0)
        arena_reset(s->arena);
}

/* ---- what went wrong ---- */

/* Does any line of it say more than "[C]: in ?"? */
static bool call_tells(const char *traceback)
{
    while ((traceback = strstr(traceback, "\n\t")) != NULL) {
        traceback += 2;
        if (*traceback != '[')
            return true;
    }
    return false;
}

static void call_keep_traceback(lua_State *L, lua_State *where, int level)
{
    struct script *s = script__of(L);
    buf_clear(&s->traceback);
    luaL_traceback(L, where, NULL, level);
    if (call_tells(lua_tostring(L, -1)))
        buf_puts(&s->traceback, lua_tostring(L, -1));
    lua_pop(L, 1);
}

/* The message handler: the error value is its argument and its result. */
static int call_on_error(lua_State *L)
{
    struct script *s = script__of(L);
    struct script_call *c = s->call;
    if (!c || c->error_read)
        return 1;
    c->error_read = true;
    script__read_error(L, 1, c->error);
    if (!c->error->where[0])
        error__place(L, 1, c->error->where, sizeof c->error->where);
    buf_clear(&s->traceback);
    if (c->error->code == ERROR_SCRIPT && s->kill == KILL_NONE)
        call_keep_traceback(L, L, 1);
    return 1;
}

/* The same for a coroutine that died; `L` holds the error value, the base of the call is the
 * coroutine. */
static int call_on_dead(lua_State *L)
{
    struct script *s = script__of(L);
    struct script_call *c = s->call;
    c->error_read = true;
    script__read_error(L, 1, c->error);
    if (!c->error->where[0])
        error__place(c->base, 0, c->error->where, sizeof c->error->where);
    buf_clear(&s->traceback);
    if (c->error->code == ERROR_SCRIPT && s->kill == KILL_NONE)
        call_keep_traceback(L, c->base, 0);
    return 0;
}

static void call_log(struct script *s, const struct script_call *c, const struct error *e)
{
    if (c->frame->plugin->loading) /* why it is left out is said by whoever loads it */
        return;
    if (!s->options.output || (e->code != ERROR_SCRIPT && e->code != ERROR_LIMIT))
        return;
    struct buf text = BUF_INIT;
    if (e->where[0])
        buf_printf(&text, "%s: ", e->where);
    buf_puts(&text, e->message);
    if (s->traceback.len && e->code == ERROR_SCRIPT)
        buf_printf(&text, "\n%s", buf_text(&s->traceback));
    s->options.output(s->options.context, SCRIPT_LOG_ERROR, c->frame->plugin->name, buf_text(&text),
                      text.len);
    buf_free(&text);
}

/* error("not enough memory", 0) gives the same status: the allocator knows better. */
static bool call_out_of_memory(const struct script *s, struct error *e)
{
    if (!s->starved) {
        error_set(e, ERROR_SCRIPT, "not enough memory (says the code: there was enough)");
        return false;
    }
    quota__explain_memory(s, e);
    if (s->starved_where[0])
        error_at(e, "%s", s->starved_where);
    return true;
}

/* That disk or database failed makes even locked transitions fail: a plugin that says so is not
 * believed, unless they did. */
static void call_distrust(struct script *s, struct error *e)
{
    bool machine = e->code == ERROR_IO || e->code == ERROR_CORRUPT || e->code == ERROR_BUSY;
    if (machine && !s->lost.code && !store_failed(domain_store(s->domain)))
        e->code = ERROR_SCRIPT;
}

/* Makes *c->error whole, blames the plugin; returns the code. */
static int call_failed(struct script *s, struct script_call *c, int status)
{
    struct error *e = c->error;
    struct plugin *p = c->frame->plugin;
    bool kill = false;
    s->place[0] = '\0';
    if (budget__killed(s, c, e))
        kill = s->kill != KILL_CANCEL;
    else if (s->kill != KILL_NONE)
        error_set(e, s->kill == KILL_CANCEL ? ERROR_CANCELLED : ERROR_LIMIT,
                  "stopped with the call around it");
    else if (status == LUA_ERRMEM && !c->error_read)
        kill = call_out_of_memory(s, e);
    else if (!c->error_read)
        error_set(e, ERROR_SCRIPT, "an error while an error was handled");
    if (p) {
        call_distrust(s, e);
        error_prefix(e, "plugin %s, %s", p->name, c->frame->what ? c->frame->what : "call");
        if (e->code == ERROR_SCRIPT || e->code == ERROR_LIMIT)
            p->failures++;
        call_log(s, c, e);
        /* A call that ends with the one around it, or on request, is not at fault. */
        if (kill || s->kill == KILL_NONE)
            breaker__failed(p, c->frame, kill, e);
    }
    return -(int)e->code;
}

static void call_went_well(const struct script_call *c)
{
    if (c->frame->plugin && !c->frame->plugin->loading)
        breaker__went_well(c->frame->plugin);
}

/* Between the end of a budget and the return of the call that it ends, nothing more begins. */
static int call_refuse(lua_State *L, int nargs, struct error *e)
{
    lua_settop(L, lua_gettop(L) - nargs - 1);
    if (script__of(L)->kill == KILL_CANCEL)
        return error_set(e, ERROR_CANCELLED, "stopped on request");
    return error_set(e, ERROR_LIMIT, "the time budget of the call is used up");
}

int script__call(lua_State *L, const struct script_frame *frame, int nargs, int nresults,
                 struct error *e)
{
    struct script *s = script__of(L);
    struct script_call c;
    if (s->kill != KILL_NONE)
        return call_refuse(L, nargs, e);
    int handler = lua_gettop(L) - nargs;
    lua_pushcfunction(L, call_on_error);
    lua_insert(L, handler);
    call_begin(s, &c, L, frame, e);
    int status = lua_pcall(L, nargs, nresults, handler);
    int rc = status == LUA_OK ? 0 : call_failed(s, &c, status);
    rc = write__close(s, &c, rc, e);
    if (rc == 0)
        call_went_well(&c);
    if (rc < 0)
        lua_settop(L, handler); /* results of a call that may not be kept, or the error value */
    call_end(s, &c);
    lua_remove(L, handler);
    return rc;
}

int script__resume(lua_State *L, lua_State *co, const struct script_frame *frame, int nargs,
                   int *nresults, bool *yielded, struct error *e)
{
    struct script *s = script__of(L);
    struct script_call c;
    if (s->kill != KILL_NONE)
        return error_set(e, ERROR_LIMIT, "the time budget of the call is used up");
    call_begin(s, &c, co, frame, e);
    c.resumable = true;
    s->slice_end = s->tick + BUDGET_SLICE_TICKS;
    int count = 0, rc = 0;
    int status = lua_resume(co, L, nargs, &count);
    if (status == LUA_OK || status == LUA_YIELD) {
        *nresults = count;
        *yielded = status == LUA_YIELD;
    } else {
        if (status != LUA_ERRMEM && lua_checkstack(L, 2)) {
            lua_pushcfunction(L, call_on_dead);
            lua_xmove(co, L, 1);
            if (lua_pcall(L, 1, 0, 0) != LUA_OK)
                lua_pop(L, 1);
        }
        rc = call_failed(s, &c, status);
    }
    rc = write__close(s, &c, rc, e);
    call_end(s, &c);
    return rc;
}

int script__protect(lua_State *L, const struct script_frame *frame, lua_CFunction f, void *arg,
                    struct error *e)
{
    if (!lua_checkstack(L, LUA_MINSTACK))
        return error_set(e, ERROR_LIMIT, "the Lua stack is full");
    lua_pushcfunction(L, f);
    lua_pushlightuserdata(L, arg);
    return script__call(L, frame, 1, 0, e);
}

const char *script__traceback(const struct script *s)
{
    return buf_text(&s->traceback);
}
