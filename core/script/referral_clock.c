/* Methods of referrals around their clock: r:pause, r:resume, r:clock. */
#include "baton/domain/clock_record.h"
#include "baton/domain/pause.h"
#include "script/records_internal.h"
#include "script/referrals_internal.h"

#include <string.h>

/* {reason=, note=, version=}, which may be absent. */
static struct pause clock_read(lua_State *L, const char *what)
{
    static const char *const known[] = { "reason", "note", "version", NULL };
    struct pause p = { .referral_id = referrals__self(L, what) };
    records__check_options(L, 2, what, known);
    if (!lua_istable(L, 2))
        return p;
    p.reason = records__text(L, 2, "reason", what);
    p.note = records__text(L, 2, "note", what);
    if (lua_getfield(L, 2, "version") != LUA_TNIL) {
        int whole;
        p.based_on = lua_tointegerx(L, -1, &whole);
        if (!whole)
            value__refuse(L, -1, what, "version", "a whole number");
    }
    lua_settop(L, 2);
    return p;
}

static int clock_write(lua_State *L, const char *what,
                       int (*verb)(struct domain *d, const struct actor *actor,
                                   const struct pause *p, const struct row **out, struct error *e))
{
    struct pause p = clock_read(L, what);
    struct script_write w;
    struct error e;
    const struct row *row;
    script__write_begin(L, &w);
    int rc = verb(script__domain(L), script__actor(L), &p, &row, &e);
    script__write_end(L, &w, rc, &e);
    lua_settop(L, 1);
    return script__pause(L, 1);
}

int referrals__pause(lua_State *L)
{
    return clock_write(L, "referral:pause", domain_pause);
}

int referrals__resume(lua_State *L)
{
    return clock_write(L, "referral:resume", domain_resume);
}

/* ---- r:clock ---- */

static void clock_set_int(lua_State *L, const char *key, int64_t n)
{
    lua_pushinteger(L, n);
    lua_setfield(L, -2, key);
}

static void clock_push(lua_State *L, const struct clock_held *h)
{
    lua_createtable(L, 0, 7);
    if (h->staff_id)
        script__push_handle(L, ENTITY_STAFF, h->staff_id);
    else
        lua_pushstring(L, *h->role ? h->role : "nobody");
    lua_setfield(L, -2, "holder");
    lua_pushstring(L, h->stage);
    lua_setfield(L, -2, "stage");
    clock_set_int(L, "from_at_ms", h->from_ms);
    if (!h->lasts)
        clock_set_int(L, "to_at_ms", h->to_ms);
    clock_set_int(L, "ms", h->ms);
    clock_set_int(L, "working_ms", h->working_ms);
    if (!h->paused)
        return;
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "paused");
}

int referrals__clock(lua_State *L)
{
    int64_t id = referrals__self(L, "referral:clock");
    struct clock_held *held;
    struct error e;
    size_t count;
    if (domain_clock_record(script__domain(L), id, value__arena(L), &held, &count, &e) < 0)
        script__raise(L, &e);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        clock_push(L, &held[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}
