/* Methods of referrals: moving them, and what hangs on them. */
#include "baton/domain/advance.h"
#include "script/messages_internal.h"
#include "script/migrate_internal.h"
#include "script/records_internal.h"
#include "script/referrals_internal.h"
#include "script/state_internal.h"

#include <string.h>

int64_t referrals__self(lua_State *L, const char *what)
{
    enum entity entity = ENTITY_NONE;
    int64_t id = 0;
    if (!script__is_handle(L, 1, &entity, &id) || entity != ENTITY_REFERRAL)
        script__raisef(L, ERROR_INVALID, "%s is a method of a referral: r%s(…)", what,
                       strchr(what, ':'));
    return id;
}

static const char *const advance_options[] = { "reason",  "note",    "fields",
                                               "outcome", "version", NULL };

/* Arguments (r, name, options) as the domain takes them. */
struct advance referrals__read_advance(lua_State *L, const char *what)
{
    struct advance a = { .referral_id = referrals__self(L, what) };
    if (lua_type(L, 2) != LUA_TSTRING)
        script__raisef(L, ERROR_INVALID, "%s takes the name of a transition: r%s(\"accept\")", what,
                       strchr(what, ':'));
    a.transition = lua_tostring(L, 2);
    records__check_options(L, 3, what, advance_options);
    if (!lua_istable(L, 3))
        return a;
    a.reason = records__text(L, 3, "reason", what);
    a.note = records__text(L, 3, "note", what);
    a.outcome = records__text(L, 3, "outcome", what);
    if (lua_getfield(L, 3, "version") != LUA_TNIL) {
        int whole;
        a.based_on = lua_tointegerx(L, -1, &whole);
        if (!whole)
            value__refuse(L, -1, what, "version", "a whole number");
    }
    if (lua_getfield(L, 3, "fields") != LUA_TNIL) {
        const struct row *row = script__check_row(L, 1, ENTITY_REFERRAL);
        struct buf *json = script__hold_buf(L);
        script__to_fields(L, -2, ENTITY_REFERRAL, fields__graph(script__domain(L), row), json);
        a.fields = arena_dupn(value__arena(L), buf_text(json), json->len);
        a.fields_len = json->len;
        value__release(L, -1);
    }
    lua_settop(L, 3);
    return a;
}

static int referral_advance(lua_State *L)
{
    struct advance a = referrals__read_advance(L, "referral:advance");
    struct script_write w;
    struct error e;
    const struct row *row;
    script__write_begin(L, &w);
    int rc = domain_advance(script__domain(L), script__actor(L), &a, &row, &e);
    script__write_end(L, &w, rc, &e);
    lua_settop(L, 1);
    return script__pause(L, 1);
}

/* (r, fields): raises what the fields are refused for. */
static int can_fields(lua_State *L)
{
    const struct row *row = script__check_row(L, 1, ENTITY_REFERRAL);
    script__to_fields(L, 2, ENTITY_REFERRAL, fields__graph(script__domain(L), row),
                      script__hold_buf(L));
    return 0;
}

/* Fields that do not fit are an answer, not an error: leaves false and why, if they are. */
static bool can_refuses_fields(lua_State *L)
{
    struct error e;
    enum entity entity = ENTITY_NONE;
    int64_t id;
    if (!script__is_handle(L, 1, &entity, &id) || entity != ENTITY_REFERRAL || !lua_istable(L, 3) ||
        lua_getfield(L, 3, "fields") == LUA_TNIL) {
        lua_settop(L, 3);
        return false;
    }
    lua_pushcfunction(L, can_fields);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 4);
    int status = lua_pcall(L, 2, 0, 0);
    if (status == LUA_OK) {
        lua_settop(L, 3);
        return false;
    }
    budget__rethrow(L);
    quota__check_memory(L, status);
    script__read_error(L, -1, &e);
    if (e.code != ERROR_INVALID && e.code != ERROR_NOT_FOUND)
        lua_error(L);
    lua_pushboolean(L, 0);
    lua_pushstring(L, e.message);
    return true;
}

static int referral_can(lua_State *L)
{
    lua_settop(L, 3);
    if (can_refuses_fields(L))
        return 2;
    struct advance a = referrals__read_advance(L, "referral:can");
    struct error e;
    if (domain_may_advance(script__domain(L), script__actor(L), &a, &e) == 0) {
        lua_pushboolean(L, 1);
        return 1;
    }
    if (e.code == ERROR_CORRUPT || e.code == ERROR_IO || e.code == ERROR_CANCELLED)
        script__raise(L, &e);
    lua_pushboolean(L, 0);
    lua_pushstring(L, e.message);
    return 2;
}

size_t referrals__possible(lua_State *L, const struct row *row, const char **out, size_t room)
{
    struct domain *d = script__domain(L);
    const struct graph *g = fields__graph(d, row);
    int indices[LIMIT_TRANSITIONS];
    size_t found = g ? domain_possible(d, row, indices, LIMIT_TRANSITIONS) : 0, n = 0;
    for (size_t i = 0; i < found && i < LIMIT_TRANSITIONS; i++) {
        const char *name = graph_transition(g, indices[i])->name;
        bool known = false;
        for (size_t k = 0; k < n; k++)
            known = known || !strcmp(out[k], name);
        if (!known && n < room)
            out[n++] = name;
    }
    return n;
}

static int referral_possible(lua_State *L)
{
    const char *names[LIMIT_TRANSITIONS];
    referrals__self(L, "referral:possible");
    size_t n =
        referrals__possible(L, script__check_row(L, 1, ENTITY_REFERRAL), names, LIMIT_TRANSITIONS);
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        lua_pushstring(L, names[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int referral_assign(lua_State *L)
{
    int64_t id = referrals__self(L, "referral:assign");
    int64_t staff = script__check_id(L, 2, ENTITY_STAFF);
    struct script_write w;
    struct error e;
    const struct row *row;
    script__write_begin(L, &w);
    int rc = domain_assign(script__domain(L), script__actor(L), id, staff, &row, &e);
    script__write_end(L, &w, rc, &e);
    lua_settop(L, 1);
    return script__pause(L, 1);
}

static struct value referral_ref(lua_State *L, int64_t id)
{
    char ref[32];
    row_id_format(ENTITY_REFERRAL, id, ref);
    return value_text(arena_dup(value__arena(L), ref));
}

static int referral_task(lua_State *L)
{
    int64_t id = referrals__self(L, "referral:task");
    struct records_input in;
    records__read(L, 2, ENTITY_TASK, NULL, "referral:task", NULL, &in);
    records__put(&in, TASK_ABOUT, referral_ref(L, id));
    const struct row *row = script__check_row(L, 1, ENTITY_REFERRAL);
    /* Nobody's task would never be done: it is the owner's unless it says otherwise. */
    if (!records__get(&in, TASK_ASSIGNEE) && !records__get(&in, TASK_ROLE) &&
        !row_is_null(row, REFERRAL_OWNER))
        records__put(&in, TASK_ASSIGNEE, row->v[REFERRAL_OWNER]);
    script__push_handle(L, ENTITY_TASK, records__write(L, ENTITY_TASK, 0, &in));
    return script__pause(L, 1);
}

static int referral_tasks(lua_State *L)
{
    referrals__self(L, "referral:tasks");
    records__only_of(L, "referral:tasks", "about");
    return records__find(L, ENTITY_TASK);
}

/* Text stays text; anything else is kept as JSON. */
static struct value referral_timer_data(lua_State *L)
{
    static const char *const known[] = { "data", NULL };
    records__check_options(L, 4, "referral:timer", known);
    if (!lua_istable(L, 4) || lua_getfield(L, 4, "data") == LUA_TNIL)
        return value_null();
    if (lua_type(L, -1) == LUA_TSTRING)
        return value_text(arena_dup(value__arena(L), lua_tostring(L, -1)));
    struct buf *json = script__hold_buf(L);
    script__to_json(L, -2, json);
    struct value v = value_text(arena_dupn(value__arena(L), buf_text(json), json->len));
    value__release(L, -1);
    return v;
}

static int referral_timer(lua_State *L)
{
    int64_t id = referrals__self(L, "referral:timer");
    if (lua_type(L, 2) != LUA_TSTRING)
        script__raisef(
            L, ERROR_INVALID,
            "referral:timer takes a name and a time: r:timer(\"check\", \"3 working days\")");
    struct records_input in = { .count = 0 };
    records__put(&in, TIMER_NAME, value_text(lua_tostring(L, 2)));
    records__put(&in, TIMER_ABOUT, referral_ref(L, id));
    records__put(&in, TIMER_AT_MS, value_int(script__check_time(L, 3)));
    records__put(&in, TIMER_DATA, referral_timer_data(L));
    script__push_handle(L, ENTITY_TIMER, records__write(L, ENTITY_TIMER, 0, &in));
    return script__pause(L, 1);
}

static int referral_refer(lua_State *L)
{
    int64_t id = referrals__self(L, "referral:refer");
    script__push_handle(L, ENTITY_REFERRAL, referrals__open(L, 2, id, "referral:refer"));
    return script__pause(L, 1);
}

static int referral_children(lua_State *L)
{
    referrals__self(L, "referral:children");
    records__only_of(L, "referral:children", "parent");
    return records__find(L, ENTITY_REFERRAL);
}

static int referral_message(lua_State *L)
{
    int64_t id = referrals__self(L, "referral:message");
    script__push_handle(L, ENTITY_MESSAGE,
                        messages__send(L, 2, ENTITY_REFERRAL, id, "referral:message"));
    return script__pause(L, 1);
}

static const struct script_function referral_functions[] = {
    { ":advance", referral_advance,
      "r:advance(transition, {reason=, note=, fields={…}, outcome=, version=}) → r",
      "takes a transition; raises with the reason where it is refused",
      "r:advance(\"accept\", { note = \"fits well\" }).stage  --> \"accepted\"\n"
      "r:advance(\"decline\", { reason = \"moved\" })  --> error: R-1: no transition \"decline\" "
      "from stage \"accepted\" …" },
    { ":can", referral_can,
      "r:can(transition, {reason=, note=, fields={…}, outcome=, version=}) → true, or false and "
      "why",
      "would this transition go through, for me and now?",
      "r:can(\"accept\")  --> true\n"
      "r:can(\"decline\")  --> false, 'R-1: \"decline\" needs a reason, one of: no_room, moved'\n"
      "r:can(\"decline\", { reason = \"no_room\" })  --> true" },
    { ":explain", referral_explain,
      "r:explain(transition, {reason=, note=, fields={…}, outcome=, version=}) → "
      "{transition=, to=, may=, checks={…}}; "
      "r:explain() → array of them",
      "may it go, and every reason why not: role, version, fields, reason, approval, guard with "
      "its "
      "file:line; without a name for every transition that is possible",
      "r:explain(\"accept\").may  --> true\n"
      "for _, check in ipairs(r:explain(\"decline\").checks) do\n"
      "  if not check.ok then print(check.check, check.text) end\n"
      "end  --> reason\t\"decline\" needs a reason, one of: no_room, moved" },
    { ":possible", referral_possible, "r:possible() → array of names",
      "the transitions that leave its stage",
      "r:possible()  --> { \"accept\", \"offer\", \"decline\", \"lapse\" }" },
    { ":vote", referrals__vote,
      "r:vote(transition, \"yes\"|\"no\"|\"abstain\", {seat=, for_staff=, note=, version=}) → r",
      "votes in the approval of a transition; for_staff: in whose place (as their delegate)",
      "r:advance(\"offer\")\n"
      "r:vote(\"adopt\", \"yes\", { seat = \"teacher\", for_staff = ines })\n"
      "r:approval(\"adopt\").yes  --> 1" },
    { ":approval", referrals__approval,
      "r:approval(transition) → {state=, need=, yes=, no=, abstained=, seats={…}, missing={…}}",
      "how the votes stand; state is \"open\", \"approved\" or \"refused\"",
      "r:advance(\"offer\")\n"
      "r:approval(\"adopt\")  --> { …, missing = { \"teacher\", \"lead\" }, …, state = \"open\", … "
      "}" },
    { ":pause", referrals__pause, "r:pause{reason=, note=, version=} → r",
      "stops its deadline and keeps what remains, in working time where it counts that; nothing "
      "fires meanwhile",
      "r:pause{ reason = \"school is closed\" }\n"
      "r.paused, r.due_at_ms  --> true, nil" },
    { ":resume", referrals__resume, "r:resume{note=, version=} → r",
      "lets a paused deadline go on with what remained",
      "r:pause{ reason = \"school is closed\" }\n"
      "clock.advance(\"1 week\")\n"
      "r:resume{ note = \"open again\" }\n"
      "clock.format(r.due_at_ms)  --> \"2026-03-11 17:00\"" },
    { ":clock", referrals__clock,
      "r:clock() → array of {holder, stage, from_at_ms, to_at_ms, ms, working_ms, paused}",
      "who held it for how long: the owner, else a role, in each stage; to_at_ms is nil while it "
      "lasts",
      "clock.advance(\"2 hours\")\n"
      "r:clock()[1]  --> { …, holder = S-1, ms = 72…, stage = \"requested\", … }" },
    { ":assign", referral_assign, "r:assign(staff) → r",
      "gives it to a member of staff who may own this stage",
      "r:set{ owner = baton.none }\n"
      "r:assign(ines).owner  --> S-1" },
    { ":task", referral_task, "r:task{title=, assignee=|role=, due=, kind=} → task",
      "something a person must do about it; the owner, if nobody is named",
      "local call = r:task{ title = \"Call the school\", due = \"2 working days\" }\n"
      "call.assignee, clock.format(call.due_at_ms)  --> S-1, \"2026-03-04 09:00\"" },
    { ":tasks", referral_tasks, "r:tasks{status=, …} → array of tasks", "the tasks about it",
      "r:tasks{ status = \"open\" }  --> { K-1 }" },
    { ":timer", referral_timer, "r:timer(name, when, {data=}) → timer",
      "raises the event timer.NAME then; data is text, or a value kept as JSON",
      "r:timer(\"call_again\", \"tomorrow 09:00\").status  --> \"waiting\"" },
    { ":refer", referral_refer, "r:refer{workflow=, title=, subject=, …, fields={…}} → referral",
      "opens a referral that comes from this one",
      "local talk = r:refer{ workflow = \"interview\", title = \"Meet the family\" }\n"
      "talk.parent, talk.stage  --> R-1, \"asked\"" },
    { ":children", referral_children, "r:children{workflow=, …} → array of referrals",
      "the referrals that came from this one",
      "r:refer{ workflow = \"interview\", title = \"Meet the family\" }\n"
      "r:children()  --> { R-2 }" },
    { ":message", referral_message,
      "r:message{to=, template=|body=, values={…}, subject=, channel=\"file\"} → message",
      "puts a message about it into the outbox",
      "r:message{ to = library, subject = \"Reading help\", body = \"Is Monday possible?\" "
      "}.status  --> \"waiting\"" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__referral = { "referral", "methods of referrals",
                                                referral_functions };
