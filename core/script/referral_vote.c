/* Methods of referrals around approvals: r:vote, r:approval, and the lines of
 * the card. */
#include "baton/domain/approval.h"
#include "script/records_internal.h"
#include "script/referrals_internal.h"

#include <string.h>

static const char *vote_transition(lua_State *L, const char *what, int64_t *id)
{
    enum entity entity = ENTITY_NONE;
    if (!script__is_handle(L, 1, &entity, id) || entity != ENTITY_REFERRAL)
        script__raisef(L, ERROR_INVALID, "%s is a method of a referral: r%s(…)", what,
                       strchr(what, ':'));
    if (lua_type(L, 2) != LUA_TSTRING)
        script__raisef(L, ERROR_INVALID, "%s takes the name of a transition: r%s(\"accept\")", what,
                       strchr(what, ':'));
    return lua_tostring(L, 2);
}

int referrals__vote(lua_State *L)
{
    static const char *const known[] = { "seat", "for_staff", "note", "version", NULL };
    static const char what[] = "referral:vote";
    struct ballot b = { .referral_id = 0 };
    struct script_write w;
    struct error e;
    const struct row *row;
    b.transition = vote_transition(L, what, &b.referral_id);
    if (lua_type(L, 3) != LUA_TSTRING)
        script__raisef(L, ERROR_INVALID, "%s takes a vote: r:vote(\"accept\", \"yes\")", what);
    if (vote_read(lua_tostring(L, 3), &b.vote, &e) < 0)
        script__raisef(L, ERROR_INVALID, "%s: %s", what, e.message);
    records__check_options(L, 4, what, known);
    if (lua_istable(L, 4)) {
        b.seat = records__text(L, 4, "seat", what);
        b.note = records__text(L, 4, "note", what);
        if (lua_getfield(L, 4, "for_staff") != LUA_TNIL)
            b.for_staff = script__check_id(L, -1, ENTITY_STAFF);
        if (lua_getfield(L, 4, "version") != LUA_TNIL) {
            int whole;
            b.based_on = lua_tointegerx(L, -1, &whole);
            if (!whole)
                value__refuse(L, -1, what, "version", "a whole number");
        }
    }
    lua_settop(L, 3);
    script__write_begin(L, &w);
    int rc = domain_vote(script__domain(L), script__actor(L), &b, &row, &e);
    script__write_end(L, &w, rc, &e);
    lua_settop(L, 1);
    return script__pause(L, 1);
}

/* ---- r:approval ---- */

static void approval_set_text(lua_State *L, const char *key, const char *text)
{
    if (!text || !*text)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}

static void approval_set_int(lua_State *L, const char *key, int64_t i)
{
    lua_pushinteger(L, i);
    lua_setfield(L, -2, key);
}

static void approval_set_true(lua_State *L, const char *key, bool is)
{
    if (!is)
        return;
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, key);
}

static void approval_push_seat(lua_State *L, const struct seat *s, const struct seat_vote *v)
{
    lua_createtable(L, 0, 10);
    approval_set_text(L, "name", s->name);
    approval_set_text(L, "title", s->title);
    approval_set_text(L, "role", s->role);
    approval_set_text(L, "field", s->field);
    approval_set_int(L, "weight", s->weight);
    approval_set_true(L, "mandatory", s->mandatory);
    approval_set_true(L, "veto", s->veto);
    if (v->vote == VOTE_NONE)
        return;
    approval_set_text(L, "vote", vote_word(v->vote));
    approval_set_text(L, "by", v->by);
    approval_set_text(L, "note", v->note);
    approval_set_int(L, "at_ms", v->at_ms);
    if (v->staff_id) {
        script__push_handle(L, ENTITY_STAFF, v->staff_id);
        lua_setfield(L, -2, "staff");
    }
}

void referrals__push_approval(lua_State *L, const struct approval_now *now)
{
    const struct approval *a = now->transition->approval;
    lua_Integer waiting = 0;
    lua_createtable(L, 0, 8);
    approval_set_text(L, "state", approval_word(now->state));
    approval_set_int(L, "need", a->need);
    approval_set_int(L, "yes", now->yes);
    approval_set_int(L, "no", now->no);
    approval_set_int(L, "abstained", now->abstained);
    lua_createtable(L, (int)a->seat_count, 0);
    lua_newtable(L);
    for (size_t i = 0; i < a->seat_count; i++) {
        approval_push_seat(L, &a->seats[i], &now->seats[i]);
        lua_rawseti(L, -3, (lua_Integer)i + 1);
        if (now->state == APPROVAL_OPEN && approval_waits_for(now, i)) {
            lua_pushstring(L, a->seats[i].name);
            lua_rawseti(L, -2, ++waiting);
        }
    }
    lua_setfield(L, -3, "missing");
    lua_setfield(L, -2, "seats");
}

int referrals__approval(lua_State *L)
{
    int64_t id = 0;
    struct error e;
    const char *transition = vote_transition(L, "referral:approval", &id);
    struct approval_now *now = arena_alloc(value__arena(L), sizeof *now);
    if (domain_approval(script__domain(L), id, transition, value__arena(L), now, &e) < 0)
        script__raise(L, &e);
    referrals__push_approval(L, now);
    return 1;
}

void referrals__show_approvals(lua_State *L, const struct row *row, const struct graph *g,
                               void (*line)(struct buf *out, const char *text), struct buf *out)
{
    struct domain *d = script__domain(L);
    int indices[LIMIT_TRANSITIONS];
    size_t count = g ? domain_possible(d, row, indices, LIMIT_TRANSITIONS) : 0;
    struct approval_now *now = arena_alloc(value__arena(L), sizeof *now);
    struct buf *text = script__hold_buf(L);
    for (size_t i = 0; i < count; i++) {
        const struct transition *t = graph_transition(g, indices[i]);
        if (!t || !t->approval || domain_approval(d, row->id, t->name, NULL, now, NULL) < 0)
            continue;
        buf_clear(text);
        buf_printf(text, "%s: %s, %d of %d yes", t->name, approval_word(now->state), now->yes,
                   t->approval->need);
        if (now->state == APPROVAL_OPEN) {
            buf_puts(text, "; missing: ");
            approval_missing(now, text);
        }
        line(out, buf_text(text));
    }
    value__release(L, -1);
    lua_pop(L, 1);
}
