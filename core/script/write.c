/* Where the writes of Lua code land.
 *
 * In a hook, a REPL statement or baton.turn a command is open already, and what
 * is written is part of it. A script's coroutine outside of one gets a turn and
 * a command around each write, so that a script that stops halfway has done
 * what it says it has. Between writes it lets the loop go on now and then. */
#include "script/plugin_internal.h"

#include <string.h>

#include "baton/store/store.h"

static void write_refuse_read_only(lua_State *L)
{
    const struct script_call *c = script__of(L)->call;
    const struct plugin *p = script__plugin(L);
    if (p && p->loading)
        script__raisef(L, ERROR_DENIED, "a plugin may only declare and read while it loads");
    /* The call that may not is this one or one further out. */
    while (c->up && !c->frame->read_only)
        c = c->up;
    const char *what = c->frame->what ? c->frame->what : "";
    script__raisef(L, ERROR_DENIED, "a %s may only read",
                   strncmp(what, "report", 6) == 0 ? "report" : "guard");
}

/* The call remembers what is open, for write__abandon. */
static void write_mark(lua_State *L, const struct script_write *w)
{
    struct script_call *c = script__of(L)->call;
    c->own_turn = w->own_turn;
    c->own_command = w->own_command;
}

void script__write_begin(lua_State *L, struct script_write *w)
{
    struct store *store = script__store(L);
    struct error e;
    *w = (struct script_write){ .last_event = store_last_event(store) };
    if (script__read_only(L))
        write_refuse_read_only(L);
    script__charge(L, QUOTA_ROWS, 0);
    script__charge(L, QUOTA_BYTES, 0);
    if (store_in_command(store))
        return;
    if (!script__of(L)->call)
        script__raisef(L, ERROR_DENIED, "nothing may be written here");
    if (!store_in_turn(store)) {
        if (store_turn_begin(store, &e) < 0)
            script__raise(L, &e);
        w->own_turn = true;
    }
    domain_command_begin(script__domain(L));
    w->own_command = true;
    write_mark(L, w);
}

/* Ends what begin began; `result` 0 keeps it. */
static int write_finish(struct domain *d, const struct script_write *w, int result, struct error *e)
{
    struct store *store = domain_store(d);
    struct error lost;
    int ended = domain_command_end(d, result >= 0, result >= 0 ? e : &lost);
    if (result >= 0)
        result = ended;
    if (!w->own_turn)
        return result;
    if (result < 0)
        store_turn_abort(store);
    else
        result = store_turn_commit(store, e);
    return result;
}

static int write_refuse_spoiled(struct error *e)
{
    return error_set(e, ERROR_CANCELLED,
                     "nothing is kept, because a part of it failed half-way and was caught");
}

void script__write_end(lua_State *L, struct script_write *w, int result, struct error *e)
{
    struct script_call *c = script__of(L)->call;
    if (w->own_command) {
        if (result >= 0 && c->spoiled)
            result = write_refuse_spoiled(e);
        c->spoiled = false;
        result = write_finish(script__domain(L), w, result, e);
        *w = (struct script_write){ 0 };
        write_mark(L, w);
    }
    if (result >= 0)
        return;
    struct script *s = script__of(L);
    if (!s->lost.code && store_failed(script__store(L)))
        s->lost = *e; /* code may catch it, and still it is the end of this state */
    script__raise(L, e);
}

void script__write_undo(lua_State *L, struct script_write *w)
{
    struct error ignored;
    struct script_call *c = script__of(L)->call;
    if (w->own_command) {
        c->spoiled = false;
        write_finish(script__domain(L), w, -ERROR_CANCELLED, &ignored);
        *w = (struct script_write){ 0 };
        write_mark(L, w);
        return;
    }
    if (store_last_event(script__store(L)) == w->last_event)
        return;
    while (c->up && !c->own_command && !c->frame->via) /* a hook fails by itself: see locked.c */
        c = c->up;
    c->spoiled = true;
}

int write__close(struct script *s, struct script_call *c, int rc, struct error *e)
{
    if (c->own_command) {
        struct script_write w = { .own_turn = c->own_turn, .own_command = true };
        struct error ignored;
        c->own_turn = c->own_command = false;
        write_finish(s->domain, &w, -ERROR_CANCELLED, &ignored);
        return rc < 0 ? rc : error_set(e, ERROR_CANCELLED, "a write was interrupted and is undone");
    }
    return rc == 0 && c->spoiled ? write_refuse_spoiled(e) : rc;
}

static int write_resumed(lua_State *L, int status, lua_KContext nresults)
{
    (void)L;
    (void)status;
    return (int)nresults;
}

int script__pause(lua_State *L, int nresults)
{
    struct script *s = script__of(L);
    const struct script_call *c = s->call;
    if (!c || !c->resumable || c->base != L || s->tick < s->slice_end || !lua_isyieldable(L) ||
        store_in_command(script__store(L)))
        return nresults;
    return lua_yieldk(L, 0, nresults, write_resumed);
}
