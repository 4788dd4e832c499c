/* What only sessions have as globals: as, dry, at, watch, timing. The last three
 * are wishes: the host fulfils them after the statement (session_wishes). */
#include "baton/base/calendar.h"
#include "baton/base/memory.h"
#include "baton/base/when.h"
#include "script/migrate_internal.h"
#include "script/session_internal.h"
#include "script/state_internal.h"
#include "script/value_internal.h"

#include <string.h>

static struct session *extra_session(lua_State *L, const char *what)
{
    struct session *s = script__session(L);
    if (!s || script__plugin_name(L))
        script__raisef(L, ERROR_DENIED, "%s is for scripts and the prompt", what);
    return s;
}

/* ---- as ---- */

struct extra_actor { /* owned texts */
    struct actor actor;
    char *name, *roles;
};

/* nil and "operator": the operator. */
static void extra_read_actor(lua_State *L, int index, struct extra_actor *out)
{
    const char *word = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : NULL;
    struct error e;
    *out = (struct extra_actor){ 0 };
    if (value__is_null(L, index) || (word && !strcmp(word, "operator"))) {
        out->name = mem_dup("operator");
        out->actor.name = out->name;
        return;
    }
    const struct row *row;
    if (word && strchr(word, '@')) {
        if (store_find_by(script__store(L), ENTITY_STAFF, STAFF_EMAIL, word, &row, &e) < 0)
            script__raisef(L, ERROR_NOT_FOUND, "no member of staff has the mail address %.200s",
                           word);
    } else {
        row = script__check_row(L, index, ENTITY_STAFF);
    }
    char ref[32];
    row_id_format(ENTITY_STAFF, row->id, ref);
    if (strcmp(row_text(row, STAFF_STATUS), "active") != 0)
        script__raisef(L, ERROR_DENIED, "%s (%.100s) is %s: only active staff can act", ref,
                       row_text(row, STAFF_NAME), row_text(row, STAFF_STATUS));
    out->name = mem_dup(ref);
    out->roles = mem_dup(row_text(row, STAFF_ROLES));
    out->actor = (struct actor){ row->id, out->name, out->roles };
}

/* In place: frames that are at work point to it. */
static struct extra_actor extra_swap(struct session *s, const struct extra_actor *with)
{
    struct extra_actor before = { s->actor, s->actor_name, s->actor_roles };
    s->actor = with->actor;
    s->actor_name = with->name;
    s->actor_roles = with->roles;
    return before;
}

static void extra_free_actor(struct extra_actor *a)
{
    mem_free(a->name);
    mem_free(a->roles);
}

int session__as(lua_State *L)
{
    struct session *s = extra_session(L, "as");
    struct extra_actor actor;
    if (!s->may_switch)
        script__raisef(
            L, ERROR_DENIED,
            "as: only the operator may act as somebody else, and this session was opened "
            "as %s",
            s->actor_name);
    bool calls = !lua_isnoneornil(L, 2);
    if (calls)
        luaL_checktype(L, 2, LUA_TFUNCTION);
    extra_read_actor(L, 1, &actor);
    struct extra_actor before = extra_swap(s, &actor);
    if (!calls) {
        extra_free_actor(&before);
        return 0;
    }
    int status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 0);
    actor = extra_swap(s, &before);
    extra_free_actor(&actor);
    if (status != LUA_OK) {
        budget__rethrow(L);
        return lua_error(L);
    }
    return lua_gettop(L) - 1;
}

/* ---- wishes ---- */

static int extra_at(lua_State *L)
{
    struct session *s = extra_session(L, "at");
    struct error e;
    int64_t at_ms = 0;
    const char *code = luaL_optstring(L, 2, NULL);
    if (s->mode != SESSION_STATEMENT)
        script__raisef(
            L, ERROR_DENIED,
            "at is for the prompt: a script moves the clock of a movable organisation by "
            "clock.advance");
    bool back = lua_isnoneornil(L, 1);
    if (!back && lua_type(L, 1) == LUA_TSTRING) {
        if (when_parse(lua_tostring(L, 1), domain_calendar(script__domain(L)), session__now(L),
                       &at_ms, &e) < 0)
            script__raisef(L, e.code, "at: %s", e.message);
    } else if (!back) {
        at_ms = script__check_time(L, 1);
    }
    if (!back && at_ms < session__now(L))
        script__raisef(L, ERROR_INVALID, "at: a time to come is wanted, this one is past");
    s->wants_at = true;
    s->at_back = back;
    s->at_ms = at_ms;
    mem_free(s->at_code);
    s->at_code = mem_dup(code);
    return 0;
}

static int extra_watch(lua_State *L)
{
    struct session *s = extra_session(L, "watch");
    const char *kind = NULL;
    bool on = true;
    if (lua_isboolean(L, 1))
        on = lua_toboolean(L, 1);
    else if (!lua_isnoneornil(L, 1))
        kind = luaL_checkstring(L, 1);
    s->wants_watch = true;
    s->watch_on = on;
    mem_free(s->watch_kind);
    s->watch_kind = mem_dup(kind);
    return 0;
}

static int extra_timing(lua_State *L)
{
    struct session *s = extra_session(L, "timing");
    s->timing = lua_isnone(L, 1) || lua_toboolean(L, 1);
    return 0;
}

const struct actor *session_actor(const struct session *s)
{
    return &s->actor;
}

void session_wishes(struct session *s, struct session_wishes *out)
{
    *out = (struct session_wishes){ .at = s->wants_at,
                                    .at_back = s->at_back,
                                    .at_ms = s->at_ms,
                                    .at_code = s->at_code,
                                    .watch = s->wants_watch,
                                    .watch_on = s->watch_on,
                                    .watch_kind = s->watch_kind,
                                    .timing = s->timing };
    s->wants_at = s->wants_watch = false;
}

void session__free_extras(struct session *s)
{
    mem_free(s->at_code);
    mem_free(s->watch_kind);
}

void session__add_extras(lua_State *L)
{
    static const luaL_Reg extras[] = { { "as", session__as },
                                       { "dry", session__dry },
                                       { "at", extra_at },
                                       { "watch", extra_watch },
                                       { "timing", extra_timing },
                                       { "explain", session__explain },
                                       { NULL, NULL } };
    luaL_setfuncs(L, extras, 0);
}

static const struct script_function extra_functions[] = {
    { "as", NULL, "as(staff, function() … end) → its results",
      "acts as a member of staff while the function runs, or without one from now on; as() is the "
      "operator again",
      "as(ines, function() return baton.actor() end)  --> S-1\n"
      "as(\"ines@school.example\")\n"
      "baton.actor().name  --> \"Ines Ortiz\"\n"
      "as()" },
    { "explain", NULL, "explain(referral, transition, {reason=, note=, fields={…}})",
      "prints whether a transition may go, with every question that is asked of it; without a "
      "name, all that leave the stage. explain(12) prints which handlers event 12 led to",
      "-- at the prompt\n"
      "explain(\"R-1\", \"decline\")\n"
      "--> …\n"
      "explain(r:history()[1].seq)\n"
      "--> …" },
    { "_", NULL, "_ → the last result", "at the prompt, what the statement before gave",
      "-- at the prompt\n"
      "people.count{}\n"
      "--> 1\n"
      "_ + 1\n"
      "--> 2" },
    { "dry", NULL, "dry(function() … end)",
      "runs it, undoes all that it wrote, and prints what would have changed, row by row, and what "
      "would have been sent",
      "-- at the prompt\n"
      "dry(function() r:advance(\"accept\") end)\n"
      "--> changed R-1 (referral)\n"
      "-->     stage: \"requested\" → \"accepted\"\n"
      "-->     due_at_ms: 2026-03-05 09:00 → none\n"
      "--> 0 rows would be created, 1 changed, 0 messages sent; nothing was kept\n"
      "r.stage\n"
      "--> requested" },
    { "at", NULL, "at(time, code)",
      "goes to a scratch copy at a later time, after all that falls due on the way, or only "
      "evaluates the text `code` there; at() comes back. Nothing there is kept, or sent",
      "-- at the prompt\n"
      "at(\"4 working days\", \"referrals.count{ overdue = true }\")\n"
      "-->   R-1 (Reading help) is due 2026-03-05 09:00 in stage \"requested\"\n"
      "-->   R-1 (Reading help) is overdue since 2026-03-05 09:00 in stage \"requested\"\n"
      "--> 2 things happened until 2026-03-06 09:00\n"
      "--> 1" },
    { "watch", NULL, "watch(kind)",
      "prints the events of this organisation as they happen: all, or \"referral.*\"; watch(false) "
      "ends it",
      "-- at the prompt\n"
      "watch(\"referral.*\")\n"
      "--> watching referral.*; watch(false) ends it\n"
      "watch(false)\n"
      "--> no longer watching" },
    { "timing", NULL, "timing(on)", "prints how long each statement took; timing(false) ends it",
      "-- at the prompt\n"
      "timing(true)\n"
      "referrals.count{}\n"
      "--> 1\n"
      "timing(false)" },
    { "progress", NULL, "progress(done, total, label)",
      "how far a script is, shown on a terminal; without total: how much it did",
      "local done, total = 0, people.count{}\n"
      "for person in people.each{} do\n"
      "  done = done + 1\n"
      "  progress(done, total, \"people\")\n"
      "end\n"
      "done  --> 1" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__session_extras = {
    "session", "what scripts and the prompt have besides: plain functions, no module",
    extra_functions
};
