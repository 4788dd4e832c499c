/* What a case is given as `t`: rows with what is required filled in, the clock,
 * acting as somebody, and what happened so far. */
#include "script/events_internal.h"
#include "script/records_internal.h"
#include "script/referrals_internal.h"
#include "script/spec_internal.h"

#include <string.h>

#include "baton/base/calendar.h"
#include "baton/base/when.h"

enum { FIXTURE_DAY_MS = 24 * 3600 * 1000, FIXTURE_EVENTS = 1000 };

/* ---- rows ---- */

/* The caller's table, copied, at index 1. */
static struct spec *fixture_begin(lua_State *L, const char *what)
{
    struct spec *s = spec__of(L, what);
    if (!lua_isnoneornil(L, 1) && !lua_istable(L, 1))
        script__raisef(L, ERROR_INVALID, "%s takes a table such as {name=…}, got a %s", what,
                       luaL_typename(L, 1));
    lua_settop(L, 1);
    lua_newtable(L);
    if (lua_istable(L, 1))
        for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
            lua_pushvalue(L, -2);
            lua_pushvalue(L, -2);
            lua_rawset(L, 2);
        }
    lua_replace(L, 1);
    s->made++;
    return s;
}

static bool fixture_lacks(lua_State *L, const char *key)
{
    bool lacks = lua_getfield(L, 1, key) == LUA_TNIL;
    lua_pop(L, 1);
    return lacks;
}

static void fixture_text(lua_State *L, const char *key, const char *format, size_t number)
{
    if (!fixture_lacks(L, key))
        return;
    lua_pushstring(L, arena_printf(value__arena(L), format, number)); /* NOLINT: ours */
    lua_setfield(L, 1, key);
}

static int fixture_person(lua_State *L)
{
    struct spec *s = fixture_begin(L, "t.person");
    fixture_text(L, "name", "Person %zu", s->made);
    return records__add(L, ENTITY_PERSON);
}

static int fixture_staff(lua_State *L)
{
    struct spec *s = fixture_begin(L, "t.staff");
    fixture_text(L, "name", "Staff %zu", s->made);
    fixture_text(L, "email", "staff%zu@org.example", s->made);
    if (lua_getfield(L, 1, "roles") == LUA_TTABLE) { /* { "lead", "teacher" } is fine too */
        struct buf *roles = script__hold_buf(L);
        for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, 2); i++) {
            lua_rawgeti(L, 2, i);
            buf_printf(roles, "%s%s", i > 1 ? ", " : "", luaL_checkstring(L, -1));
            lua_pop(L, 1);
        }
        lua_pushstring(L, buf_text(roles));
        lua_setfield(L, 1, "roles");
    }
    lua_settop(L, 1);
    fixture_text(L, "roles", "specialist", 0);
    return records__add(L, ENTITY_STAFF);
}

static int fixture_partner(lua_State *L)
{
    struct spec *s = fixture_begin(L, "t.partner");
    fixture_text(L, "name", "Partner %zu", s->made);
    return records__add(L, ENTITY_PARTNER);
}

/* Calls one of the others without arguments and leaves its row. */
static void fixture_make(lua_State *L, lua_CFunction make)
{
    lua_pushcfunction(L, make);
    lua_call(L, 0, 1);
}

static int fixture_service(lua_State *L)
{
    struct spec *s = fixture_begin(L, "t.service");
    fixture_text(L, "name", "Service %zu", s->made);
    if (fixture_lacks(L, "partner") && fixture_lacks(L, "partner_id")) {
        fixture_make(L, fixture_partner);
        lua_setfield(L, 1, "partner");
    }
    return records__add(L, ENTITY_SERVICE);
}

/* ---- referrals ---- */

/* Pushes something that a field takes. */
static void fixture_push_field(lua_State *L, const struct field *f)
{
    double number = f->has_min ? f->min : f->has_max && f->max < 1 ? f->max : 1;
    switch (f->type) {
    case FIELD_INT:
        lua_pushinteger(L, (lua_Integer)number);
        break;
    case FIELD_REAL:
        lua_pushnumber(L, number);
        break;
    case FIELD_BOOL:
        lua_pushboolean(L, 1);
        break;
    case FIELD_TIME:
        lua_pushinteger(L, domain_now(script__domain(L)) + FIXTURE_DAY_MS);
        break;
    case FIELD_DATE:
        lua_pushstring(L, "2000-01-01");
        break;
    case FIELD_REF:
        fixture_make(L, f->ref == ENTITY_PARTNER   ? fixture_partner
                        : f->ref == ENTITY_SERVICE ? fixture_service
                        : f->ref == ENTITY_STAFF   ? fixture_staff
                                                   : fixture_person);
        break;
    case FIELD_LIST:
        lua_newtable(L);
        for (lua_Integer i = 1; i <= (lua_Integer)number; i++) {
            lua_pushstring(L, f->values ? f->values[0]
                                        : arena_printf(value__arena(L), "%s %d", f->name, (int)i));
            lua_rawseti(L, -2, i);
        }
        break;
    case FIELD_TEXT:
        lua_pushstring(L, f->values ? f->values[0] : f->name);
        break;
    }
}

/* What the first stage asks for and the caller's `fields` do not have. baton.none: left empty. */
static void fixture_fill_fields(lua_State *L, const struct graph *graph)
{
    const struct stage *stage = graph_stage(graph, graph_initial(graph));
    lua_newtable(L);
    int fields = lua_gettop(L);
    if (lua_getfield(L, 1, "fields") == LUA_TTABLE)
        for (lua_pushnil(L); lua_next(L, fields + 1); lua_pop(L, 1)) {
            lua_pushvalue(L, -2);
            lua_pushvalue(L, -2);
            lua_rawset(L, fields);
        }
    lua_settop(L, fields);
    for (const char *const *name = stage->required; name && *name; name++) {
        const struct field *f = graph_field(graph, *name);
        bool there = lua_getfield(L, fields, *name) != LUA_TNIL;
        lua_pop(L, 1);
        if (!f || there)
            continue;
        fixture_push_field(L, f);
        lua_setfield(L, fields, *name);
    }
    for (lua_pushnil(L); lua_next(L, fields); lua_pop(L, 1)) {
        if (!value__is_null(L, -1))
            continue;
        lua_pushvalue(L, -2);
        lua_pushnil(L);
        lua_rawset(L, fields); /* an existing member may be cleared while it is walked */
    }
    lua_setfield(L, 1, "fields");
}

/* The workflow that is meant where none is named: the only one, or the only one of the plugin. */
static const struct graph *fixture_graph(lua_State *L, const struct spec *s)
{
    const struct domain *d = script__domain(L);
    const struct graph *found = NULL;
    struct error e;
    if (lua_getfield(L, 1, "workflow") != LUA_TNIL) {
        if (domain_find_graph(d, luaL_checkstring(L, -1), &found, &e) < 0)
            script__raise(L, &e);
        lua_pop(L, 1);
        return found;
    }
    lua_pop(L, 1);
    size_t count = domain_graph_count(d), own = 0;
    for (size_t i = 0; i < count; i++) {
        const struct graph *g = domain_graph_at(d, i);
        if (count > 1 && s->plugin && strcmp(graph_plugin(g), s->plugin) != 0)
            continue;
        found = g;
        own++;
    }
    if (own != 1)
        script__raisef(
            L, ERROR_INVALID,
            "t.referral: say which workflow: there are %zu (baton.workflows() lists them)", own);
    lua_pushstring(L, graph_name(found));
    lua_setfield(L, 1, "workflow");
    return found;
}

static int fixture_referral(lua_State *L)
{
    struct spec *s = fixture_begin(L, "t.referral");
    const struct graph *graph = fixture_graph(L, s);
    fixture_text(L, "title", "Referral %zu", s->made);
    if (fixture_lacks(L, "subject") && fixture_lacks(L, "subject_id")) {
        fixture_make(L, fixture_person);
        lua_setfield(L, 1, "subject");
    }
    fixture_fill_fields(L, graph);
    script__push_handle(L, ENTITY_REFERRAL, referrals__open(L, 1, 0, "t.referral"));
    return 1;
}

/* ---- names that there are not ---- */

/* t.persn: __index of t and of t.clock; the upvalue is which. */
static int fixture_unknown(lua_State *L)
{
    const char *names[32], *word = luaL_tolstring(L, 2, NULL);
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, 1) && count < 31; lua_pop(L, 1))
        if (lua_type(L, -2) == LUA_TSTRING)
            names[count++] = lua_tostring(L, -2);
    names[count] = NULL;
    script__unknown(L, lua_tostring(L, lua_upvalueindex(1)), "function", word, names);
}

/* The table on top says so when a name is read that it does not have. */
static void fixture_name_all(lua_State *L, const char *what)
{
    lua_createtable(L, 0, 2);
    lua_pushstring(L, what);
    lua_pushcclosure(L, fixture_unknown, 1);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}

/* ---- the clock ---- */

static void fixture_check_clock(lua_State *L, const char *call)
{
    spec__of(L, "t.clock");
    if (!lua_istable(L, 1))
        script__raisef(L, ERROR_INVALID, "the clock is called with a colon: %s", call);
}

static int fixture_clock_advance(lua_State *L)
{
    struct error e;
    int64_t to_ms;
    fixture_check_clock(L, "t.clock:advance(\"1 day\")");
    if (lua_type(L, 2) == LUA_TSTRING) {
        if (when_parse(lua_tostring(L, 2), domain_calendar(script__domain(L)),
                       domain_now(script__domain(L)), &to_ms, &e) < 0)
            script__raisef(L, e.code, "t.clock:advance: %s", e.message);
    } else {
        to_ms = script__check_time(L, 2);
    }
    session__advance_clock(L, to_ms);
    lua_pushinteger(L, to_ms);
    return 1;
}

static int fixture_clock_now(lua_State *L)
{
    fixture_check_clock(L, "t.clock:now()");
    lua_pushinteger(L, domain_now(script__domain(L)));
    return 1;
}

/* ---- what there is ---- */

static int fixture_list(lua_State *L, enum entity entity, const char *what)
{
    spec__of(L, what);
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    if (fixture_lacks(L, "limit")) {
        lua_newtable(L);
        for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
            lua_pushvalue(L, -2);
            lua_pushvalue(L, -2);
            lua_rawset(L, 2);
        }
        lua_pushinteger(L, LIMIT_LIST_ROWS);
        lua_setfield(L, 2, "limit");
        lua_replace(L, 1);
    }
    return records__find(L, entity);
}

static int fixture_messages(lua_State *L)
{
    return fixture_list(L, ENTITY_MESSAGE, "t.messages");
}

static int fixture_tasks(lua_State *L)
{
    return fixture_list(L, ENTITY_TASK, "t.tasks");
}

static int fixture_timers(lua_State *L)
{
    return fixture_list(L, ENTITY_TIMER, "t.timers");
}

struct fixture_events {
    struct events_list list;
    enum entity entity; /* ENTITY_NONE: of all */
    int64_t id;
};

static int fixture_gather(void *context, const struct event *event)
{
    struct fixture_events *f = context;
    if (f->entity != ENTITY_NONE && (event->entity != f->entity || event->entity_id != f->id))
        return 0;
    return events__gather(&f->list, event);
}

/* Of a row, or of all, since the case began; oldest first. */
static int fixture_events(lua_State *L)
{
    const struct spec *s = spec__of(L, "t.events");
    struct fixture_events f = { .list = events__room(L, FIXTURE_EVENTS), .entity = ENTITY_NONE };
    struct error e;
    if (!lua_isnoneornil(L, 1) && !script__is_handle(L, 1, &f.entity, &f.id))
        script__raisef(L, ERROR_INVALID, "t.events takes a row or nothing, got a %s",
                       luaL_typename(L, 1));
    if (store_pending(script__store(L), s->first_seq, fixture_gather, &f, &e) < 0)
        script__raise(L, &e);
    events__push(L, &f.list);
    return 1;
}

/* ---- t ---- */

void spec__push_fixtures(lua_State *L)
{
    static const luaL_Reg all[] = {
        { "person", fixture_person },
        { "staff", fixture_staff },
        { "partner", fixture_partner },
        { "service", fixture_service },
        { "referral", fixture_referral },
        { "as", session__as },
        { "messages", fixture_messages },
        { "tasks", fixture_tasks },
        { "timers", fixture_timers },
        { "events", fixture_events },
        { NULL, NULL },
    };
    static const luaL_Reg clock[] = { { "advance", fixture_clock_advance },
                                      { "now", fixture_clock_now },
                                      { NULL, NULL } };
    lua_createtable(L, 0, 16);
    luaL_setfuncs(L, all, 0);
    lua_createtable(L, 0, 2);
    luaL_setfuncs(L, clock, 0);
    fixture_name_all(L, "t.clock");
    lua_setfield(L, -2, "clock");
    fixture_name_all(L, "t");
}

static const struct script_function fixture_functions[] = {
    { "person", NULL, "t.person{…} → person",
      "a person; what is required and not given is filled in",
      "t.person{ email = \"kim@example.org\" }.email  --> \"kim@example.org\"" },
    { "staff", NULL, "t.staff{roles=\"lead, teacher\", …} → staff",
      "a member of staff; a specialist, if no role is given",
      "t.staff{ name = \"Lena\", roles = \"lead\" }.roles  --> \"lead\"" },
    { "partner", NULL, "t.partner{…} → partner", "a partner",
      "t.partner{ status = \"inactive\" }.status  --> \"inactive\"" },
    { "service", NULL, "t.service{partner=, …} → service",
      "a service, of a new partner if none is given",
      "t.service{ name = \"Sums\" }.partner  --> O-2" },
    { "referral", NULL, "t.referral{workflow=, title=, subject=, fields={…}, …} → referral",
      "a referral of the plugin's workflow; the fields that its first stage requires are filled, "
      "but "
      "for those given as baton.none",
      "t.referral{ workflow = \"tutoring\", fields = { hours = 4 } }.fields.hours  --> 4" },
    { "as", NULL, "t.as(staff, function() … end) → its results",
      "acts as a member of staff meanwhile; else the operator acts, who holds every role",
      "t.as(t.staff{ roles = \"junior\" }, function() return r:can(\"accept\") end)  --> false, "
      "'R-1: \"accept\" needs the role specialist; S-2 has junior'" },
    { "clock:advance", NULL, "t.clock:advance(span or time) → ms",
      "moves the clock and fires everything on the way, in order, at its own time",
      "t.clock:advance(\"4 working days\")\n"
      "r.overdue  --> true" },
    { "clock:now", NULL, "t.clock:now() → ms", "the instant at which the clock stands",
      "clock.format(t.clock:now())  --> \"2026-03-02 09:00\"" },
    { "events", NULL, "t.events(row) → array of {seq, at_ms, kind, actor, about, …}",
      "what happened to a row, or to all, since the case began; oldest first",
      "r:advance(\"accept\")\n"
      "expect(t.events(r)):contains{ kind = \"referral.advanced\", to = \"accepted\" }" },
    { "messages", NULL, "t.messages{column=value, …} → array", "messages, sent or not",
      "t.messages()[1].subject  --> \"Reading help\"" },
    { "tasks", NULL, "t.tasks{column=value, …} → array", "tasks",
      "t.tasks{ status = \"open\" }  --> { K-1 }" },
    { "timers", NULL, "t.timers{column=value, …} → array", "timers",
      "t.timers{ status = \"waiting\" }  --> { T-1 }" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__fixture = { "t", "what a case of a spec is given",
                                               fixture_functions };
