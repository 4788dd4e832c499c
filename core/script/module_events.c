/* events.*: the organisation's history, and events as tables:
 * { seq, at_ms, kind, actor, about = handle, version, and what the payload
 * holds: set, fields, transition, reason, … }. */
#include "script/events_internal.h"
#include "script/migrate_internal.h"
#include "script/records_internal.h"

struct events_list events__room(lua_State *L, size_t room)
{
    struct arena *a = value__arena(L);
    return (struct events_list){ a, arena_alloc(a, room * sizeof(struct event)), 0, room };
}

int events__gather(void *context, const struct event *event)
{
    struct events_list *list = context;
    if (list->count == list->room)
        return 0;
    struct event *copy = &list->at[list->count++];
    *copy = *event;
    copy->kind = arena_dup(list->arena, event->kind ? event->kind : "");
    copy->actor = arena_dup(list->arena, event->actor ? event->actor : "");
    copy->payload =
        event->payload ? arena_dupn(list->arena, event->payload, event->payload_len) : NULL;
    copy->salt = copy->hash = copy->payload_digest = NULL;
    return 0;
}

static void events_push_one(lua_State *L, const struct event *event)
{
    if (event->payload)
        script__push_json_text(L, event->payload, event->payload_len);
    else
        lua_pushnil(L);
    if (!lua_istable(L, -1)) {
        lua_pop(L, 1);
        lua_newtable(L);
    }
    if (!event->payload) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, "erased");
    }
    lua_pushinteger(L, event->seq);
    lua_setfield(L, -2, "seq");
    lua_pushinteger(L, event->at_ms);
    lua_setfield(L, -2, "at_ms");
    lua_pushstring(L, event->kind);
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, event->actor);
    lua_setfield(L, -2, "actor");
    if (event->entity > ENTITY_NONE && event->entity < ENTITY_END && event->entity_id > 0) {
        script__push_handle(L, event->entity, event->entity_id);
        lua_setfield(L, -2, "about");
        lua_pushinteger(L, event->version);
        lua_setfield(L, -2, "version");
    }
}

void events__push(lua_State *L, const struct events_list *list)
{
    lua_createtable(L, (int)list->count, 0);
    for (size_t i = 0; i < list->count; i++) {
        events_push_one(L, &list->at[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

size_t events__limit(lua_State *L, int index, const char *what)
{
    static const char *const known[] = { "limit", NULL };
    lua_Integer limit = LIMIT_LIST_DEFAULT;
    records__check_options(L, index, what, known);
    if (lua_istable(L, index) && lua_getfield(L, index, "limit") != LUA_TNIL) {
        int whole;
        limit = lua_tointegerx(L, -1, &whole);
        if (!whole || limit < 1 || limit > LIMIT_LIST_ROWS)
            value__refuse(L, -1, what, "limit", "a whole number from 1 to 1000");
    }
    return (size_t)limit;
}

static int events_list(lua_State *L, int64_t after, size_t limit)
{
    struct error e;
    struct events_list list = events__room(L, limit);
    if (store_events(script__store(L), after, limit, events__gather, &list, &e) < 0)
        script__raise(L, &e);
    events__push(L, &list);
    return 1;
}

static int events_recent(lua_State *L)
{
    size_t limit = events__limit(L, 1, "events.recent");
    int64_t last = store_last_event(script__store(L));
    return events_list(L, last > (int64_t)limit ? last - (int64_t)limit : 0, limit);
}

static int events_after(lua_State *L)
{
    int whole;
    lua_Integer seq = lua_tointegerx(L, 1, &whole);
    if (!whole || seq < 0)
        script__raisef(L, ERROR_INVALID, "events.after takes the seq of an event: events.after(0)");
    return events_list(L, seq, events__limit(L, 2, "events.after"));
}

static const struct script_function events_functions[] = {
    { "recent", events_recent,
      "events.recent{limit=50} → array of {seq, at_ms, kind, actor, about, …}",
      "the latest events, oldest of them first",
      "events.recent{ limit = 1 }  --> { { about = C-1, actor = \"operator\", …, kind = "
      "\"consent.created\", … } }" },
    { "after", events_after, "events.after(seq, {limit=50}) → array of events",
      "the events that follow one, in order; 0 is the start",
      "events.after(0, { limit = 1 })  --> { { about = P-1, …, kind = \"person.created\", seq = 1, "
      "… } }" },
    { "explain", events_explain,
      "events.explain(seq) → {seq, kind, actor, about, caused_by=, by=, handlers={…}}",
      "which effect and handlers ran for an event, in order: plugin, where (file:line), us "
      "(microseconds) and what each wrote; and what caused it",
      "-- in init.lua\n"
      "baton.on(\"referral.advanced\", function(_, row) row:note(\"moved\") end)\n"
      "-- in a script\n"
      "r:advance(\"accept\")\n"
      "local seq = events.recent{ limit = 3 }[1].seq\n"
      "events.explain(seq).handlers[1].plugin  --> \"office\"" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__events = { "events",
                                              "the append-only history of the organisation",
                                              events_functions };
