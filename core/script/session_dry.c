/* dry(fn): everything runs, then is undone, and what would have changed is
 * printed. The writes are a point inside the command at hand, or inside one of
 * their own where a script has none. */
#include "baton/domain/changes.h"
#include "baton/store/store.h"
#include "script/session_internal.h"
#include "script/state_internal.h"
#include "script/value_internal.h"

static void dry_release(void *changes)
{
    changes_free(changes);
}

/* A part that failed and was caught marks the call that opened the command. */
static struct script_call *dry_owner(lua_State *L)
{
    struct script_call *c = script__of(L)->call;
    while (c->up && !c->own_command)
        c = c->up;
    return c;
}

static void dry_show(lua_State *L, struct changes *changes)
{
    struct buf *text = script__hold_buf(L);
    changes_text(changes, script__domain(L), text);
    script__output(L, SCRIPT_PRINT, buf_text(text), text->len);
}

int session__dry(lua_State *L)
{
    struct domain *d = script__domain(L);
    struct script_write w;
    struct domain_point point;
    struct changes *changes = NULL;
    struct error e;
    if (!script__session(L) || script__plugin_name(L))
        script__raisef(L, ERROR_DENIED, "dry is for scripts and the prompt");
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    script__write_begin(L, &w);
    struct script_call *owner = dry_owner(L);
    struct session *session = script__session(L);
    bool trial = session->trial, wanted_clock = session->wants_clock;
    int64_t clock_to_ms = session->clock_to_ms;
    bool spoiled = owner->spoiled;
    int64_t seq = store_last_event(domain_store(d));
    if (domain_point_begin(d, &point, &e) < 0)
        script__write_end(L, &w, -(int)e.code, &e);
    lua_pushvalue(L, 1);
    session->trial = true;
    int status = lua_pcall(L, 0, 0, 0);
    session->trial = trial;
    int rc = changes_gather(d, seq, &changes, &e);
    int undone = domain_point_undo(d, &point, rc < 0 ? NULL : &e);
    owner->spoiled = spoiled;
    session->wants_clock = wanted_clock; /* a clock.advance inside was tried out only */
    session->clock_to_ms = clock_to_ms;
    if (rc == 0 && (rc = undone) == 0)
        rc = changes_settle(changes, d, &e);
    script__write_undo(L, &w);
    script__hold(L, changes, dry_release); /* before anything is raised */
    if (status != LUA_OK)
        budget__rethrow(L);
    if (rc < 0)
        script__raise(L, &e);
    dry_show(L, changes);
    lua_settop(L, 2); /* fn, the error where there is one */
    return status == LUA_OK ? 0 : lua_error(L);
}
