/* r:explain and events.explain give tables; explain, of sessions, prints lines
 * about either. */
#include "baton/domain/explain.h"
#include "baton/base/json.h"
#include "baton/domain/trace.h"
#include "script/migrate_internal.h"
#include "script/records_internal.h"
#include "script/referrals_internal.h"

/* (r), (r, options), (r, "accept"), (r, "accept", options): leaves the JSON's buffer on top. */
static struct buf *explain_referral(lua_State *L, const char *what)
{
    struct jsonw w;
    struct error e;
    lua_settop(L, 3);
    bool all = lua_type(L, 2) != LUA_TSTRING;
    if (all && lua_istable(L, 2))
        lua_copy(L, 2, 3);
    else if (all && !lua_isnil(L, 2))
        script__raisef(L, ERROR_INVALID,
                       "%s takes the name of a transition, or nothing for all of them", what);
    if (all) { /* the reader wants a name */
        lua_pushliteral(L, "all");
        lua_replace(L, 2);
    }
    struct advance a = referrals__read_advance(L, what);
    struct buf *json = script__hold_buf(L);
    jsonw_start(&w, json);
    int rc = all ? domain_explain_all(script__domain(L), script__actor(L), &a, &w, &e)
                 : domain_explain(script__domain(L), script__actor(L), &a, &w, NULL, &e);
    if (rc < 0)
        script__raise(L, &e);
    return json;
}

int referral_explain(lua_State *L)
{
    struct buf *json = explain_referral(L, "referral:explain");
    script__push_json_text(L, buf_text(json), json->len);
    return 1;
}

static struct buf *explain_event(lua_State *L, const char *what)
{
    struct jsonw w;
    struct error e;
    int whole;
    lua_Integer seq = lua_tointegerx(L, 1, &whole);
    if (!whole || seq < 1)
        script__raisef(L, ERROR_INVALID, "%s takes the seq of an event: %s(345)", what, what);
    struct buf *json = script__hold_buf(L);
    jsonw_start(&w, json);
    if (domain_explain_event(script__domain(L), seq, &w, &e) < 0)
        script__raise(L, &e);
    return json;
}

int events_explain(lua_State *L)
{
    struct buf *json = explain_event(L, "events.explain");
    script__push_json_text(L, buf_text(json), json->len);
    return 1;
}

/* A number is an event; "R-12" or a handle is a referral. */
int session__explain(lua_State *L)
{
    struct error e;
    struct buf *json, *text;
    if (lua_type(L, 1) == LUA_TSTRING && !lua_isinteger(L, 1) && !lua_isnumber(L, 1)) {
        script__push_handle(L, ENTITY_REFERRAL, script__check_id(L, 1, ENTITY_REFERRAL));
        lua_replace(L, 1);
    }
    json =
        lua_isnumber(L, 1) ? explain_event(L, "explain") : explain_referral(L, "referral:explain");
    text = script__hold_buf(L);
    if (explain_text(buf_text(json), json->len, text, &e) < 0)
        script__raise(L, &e);
    while (text->len > 0 && text->data[text->len - 1] == '\n')
        text->data[--text->len] = '\0';
    script__output(L, SCRIPT_PRINT, buf_text(text), text->len);
    return script__pause(L, 0);
}
