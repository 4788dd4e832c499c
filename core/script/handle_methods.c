/* Methods of every handle, of tasks and of timers. */
#include "script/events_internal.h"
#include "script/records_internal.h"

#include <stdio.h>
#include <string.h>

static int64_t method_self(lua_State *L, enum entity *entity)
{
    int64_t id;
    if (!script__is_handle(L, 1, entity, &id))
        script__raisef(L, ERROR_INVALID, "not a handle: call methods with a colon, as in h:set{…}");
    return id;
}

static const char *method_name(lua_State *L, enum entity entity, const char *verb)
{
    return arena_printf(value__arena(L), "%s:%s", schema_of(entity)->name, verb);
}

static const struct graph *method_graph(lua_State *L, enum entity entity, int64_t id)
{
    const struct row *row;
    struct error e;
    if (entity != ENTITY_REFERRAL)
        return NULL;
    if (store_get(script__store(L), entity, id, &row, &e) < 0)
        script__raise(L, &e);
    return fields__graph_to_set(L, 2, row);
}

static int handle_set(lua_State *L)
{
    enum entity entity;
    int64_t id = method_self(L, &entity);
    struct records_input in;
    records__read(L, 2, entity, method_graph(L, entity, id), method_name(L, entity, "set"), NULL,
                  &in);
    records__write(L, entity, id, &in);
    lua_settop(L, 1);
    return script__pause(L, 1);
}

static int handle_history(lua_State *L)
{
    enum entity entity;
    struct error e;
    int64_t id = method_self(L, &entity);
    size_t limit = events__limit(L, 2, method_name(L, entity, "history"));
    struct events_list list = events__room(L, limit);
    if (store_history(script__store(L), entity, id, limit, events__gather, &list, &e) < 0)
        script__raise(L, &e);
    events__push(L, &list);
    return 1;
}

static struct value method_about(lua_State *L, enum entity entity, int64_t id)
{
    char ref[32];
    row_id_format(entity, id, ref);
    return value_text(arena_dup(value__arena(L), ref));
}

static int handle_note(lua_State *L)
{
    static const struct column text = { "text", COLUMN_TEXT, 0, ENTITY_NONE, NULL, "" };
    enum entity entity;
    int64_t id = method_self(L, &entity);
    struct records_input in = { .count = 0 };
    records__put(&in, NOTE_ABOUT, method_about(L, entity, id));
    records__put(&in, NOTE_TEXT,
                 script__convert(L, 2, &text, method_name(L, entity, "note"), "text"));
    script__push_handle(L, ENTITY_NOTE, records__write(L, ENTITY_NOTE, 0, &in));
    return script__pause(L, 1);
}

static int handle_notes(lua_State *L)
{
    enum entity entity;
    method_self(L, &entity);
    records__only_of(L, method_name(L, entity, "notes"), "about");
    return records__find(L, ENTITY_NOTE);
}

static const struct script_function handle_functions[] = {
    { ":set", handle_set, "h:set{column=value, fields={…}, version=} → h",
      "changes columns and custom fields; baton.none empties one; version= refuses if somebody was "
      "faster",
      "r:set{ title = \"Reading and writing\", fields = { hours = 3 } }\n"
      "r.title, r.fields.hours  --> \"Reading and writing\", 3\n"
      "r:set{ fields = { hours = 99 } }  --> error: field \"hours\" takes a whole number from 1 to "
      "40, not 99" },
    { ":history", handle_history, "h:history{limit=50} → array of {seq, at_ms, kind, actor, …}",
      "its events, newest first",
      "r:advance(\"accept\")\n"
      "r:history()[1]  --> { …, from = \"requested\", kind = \"referral.advanced\", … }" },
    { ":note", handle_note, "h:note(text) → note", "writes a note about it",
      "r:note(\"the family moves in May\").author  --> nil\n"
      "as(ines, function() return r:note(\"called back\") end).author  --> S-1" },
    { ":notes", handle_notes, "h:notes{limit=50} → array of notes", "the notes about it",
      "r:notes()[1].text  --> \"prefers mornings\"" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__handle = { "handle", "methods of every handle",
                                              handle_functions };

/* ---- tasks and timers ---- */

static int64_t method_check_self(lua_State *L, enum entity wanted, const char *what)
{
    enum entity entity;
    int64_t id = method_self(L, &entity);
    if (entity != wanted)
        script__raisef(L, ERROR_INVALID, "%s is a method of a %s, got a %s", what,
                       schema_of(wanted)->name, schema_of(entity)->name);
    return id;
}

static int task_done(lua_State *L)
{
    static const struct column outcome = { "outcome", COLUMN_TEXT, 0, ENTITY_NONE, NULL, "" };
    int64_t id = method_check_self(L, ENTITY_TASK, "task:done");
    struct records_input in = { .count = 0 };
    records__put(&in, TASK_STATUS, value_text("done"));
    if (!value__is_null(L, 2))
        records__put(&in, TASK_OUTCOME, script__convert(L, 2, &outcome, "task:done", "outcome"));
    records__write(L, ENTITY_TASK, id, &in);
    lua_settop(L, 1);
    return script__pause(L, 1);
}

static int task_cancel(lua_State *L)
{
    int64_t id = method_check_self(L, ENTITY_TASK, "task:cancel");
    struct records_input in = { .count = 0 };
    records__put(&in, TASK_STATUS, value_text("cancelled"));
    records__write(L, ENTITY_TASK, id, &in);
    lua_settop(L, 1);
    return script__pause(L, 1);
}

static const struct script_function task_functions[] = {
    { ":done", task_done, "t:done(outcome) → t", "marks a task as done, with what came of it",
      "t:done(\"spoke to the mother\")\n"
      "t.status, t.outcome  --> \"done\", \"spoke to the mother\"" },
    { ":cancel", task_cancel, "t:cancel() → t", "drops a task that is no longer needed",
      "t:cancel().status  --> \"cancelled\"" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__task = { "task", "methods of tasks", task_functions };

static int timer_cancel(lua_State *L)
{
    int64_t id = method_check_self(L, ENTITY_TIMER, "timer:cancel");
    struct records_input in = { .count = 0 };
    records__put(&in, TIMER_AT_MS, value_null());
    records__put(&in, TIMER_STATUS, value_text("cancelled"));
    records__write(L, ENTITY_TIMER, id, &in);
    lua_settop(L, 1);
    return script__pause(L, 1);
}

static const struct script_function timer_functions[] = {
    { ":cancel", timer_cancel, "t:cancel() → t", "a timer that has not fired never will",
      "timers.get(1):cancel().status  --> \"cancelled\"" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__timer = { "timer", "methods of timers", timer_functions };
