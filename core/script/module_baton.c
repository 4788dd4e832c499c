/* The module `baton`: what plugins declare, and what scripts do as a whole. */
#include "script/migrate_internal.h"
#include "script/plugin_internal.h"

#include <string.h>

/* ---- baton.emit ---- */

/* Names of the core are its own: a plugin must not claim that a referral advanced. */
static void emit_check_kind(lua_State *L, const char *kind)
{
    char first[LIMIT_NAME_BYTES + 1];
    size_t n = strcspn(kind, ".");
    const char *plugin = script__plugin_name(L);
    if (n == 0 || !kind[n] || !kind[n + 1] || n > LIMIT_NAME_BYTES ||
        strspn(kind, "abcdefghijklmnopqrstuvwxyz0123456789_.") != strlen(kind) ||
        strlen(kind) > 2 * LIMIT_NAME_BYTES)
        script__raisef(L, ERROR_INVALID,
                       "baton.emit: \"%.80s\" is no event: write \"%s.something\"", kind,
                       plugin ? plugin : "my");
    memcpy(first, kind, n);
    first[n] = '\0';
    if (schema_named(first))
        script__raisef(
            L, ERROR_DENIED,
            "baton.emit: events \"%s.…\" are baton's own; choose a name such as \"%s.%s\"", first,
            plugin ? plugin : "my", kind + n + 1);
}

static void emit_about(lua_State *L, int index, enum entity *entity, int64_t *id)
{
    *entity = ENTITY_NONE;
    *id = 0;
    if (lua_isnoneornil(L, index) || script__is_handle(L, index, entity, id))
        return;
    const char *ref = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : NULL;
    if (!ref || row_id_parse(ref, entity, id) < 0 || *entity == ENTITY_NONE)
        script__raisef(L, ERROR_INVALID,
                       "baton.emit: about takes a handle or a reference such as \"R-12\", got a %s",
                       luaL_typename(L, index));
}

static int baton_emit(lua_State *L)
{
    const char *kind = luaL_checkstring(L, 1);
    enum entity entity;
    int64_t id;
    struct script_write w;
    struct error e;
    lua_settop(L, 3);
    emit_check_kind(L, kind);
    emit_about(L, 3, &entity, &id);
    struct buf *detail = script__hold_buf(L);
    if (!lua_isnil(L, 2)) {
        luaL_checktype(L, 2, LUA_TTABLE);
        script__to_json(L, 2, detail);
        if (detail->len && detail->data[0] != '{')
            script__raisef(L, ERROR_INVALID,
                           "baton.emit: the detail takes a table with names, { count = 3 }");
    }
    bool members = detail->len > 2;
    script__write_begin(L, &w);
    int rc = domain_emit(script__domain(L), script__actor(L), kind, entity, id,
                         members ? detail->data : NULL, members ? detail->len : 0, &e);
    script__write_end(L, &w, rc, &e);
    return script__pause(L, 0);
}

/* ---- baton.turn, baton.try ---- */

/* Everything in fn is one commit, or nothing is; its error goes on to the caller. */
static int baton_turn(lua_State *L)
{
    struct script_write w;
    struct error e;
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    script__write_begin(L, &w);
    int status = lua_pcall(L, 0, LUA_MULTRET, 0);
    if (status == LUA_OK) {
        script__write_end(L, &w, 0, &e);
        return script__pause(L, lua_gettop(L));
    }
    script__write_undo(L, &w);
    return lua_error(L);
}

/* value… | nil, message, code */
static int try_finish(lua_State *L, int status, lua_KContext extra)
{
    struct error e;
    (void)extra;
    if (status == LUA_OK || status == LUA_YIELD)
        return lua_gettop(L);
    budget__rethrow(L);
    quota__check_memory(L, status);
    script__read_error(L, -1, &e);
    lua_pushnil(L);
    if (e.where[0] && e.code == ERROR_SCRIPT)
        lua_pushfstring(L, "%s: %s", e.where, e.message);
    else
        lua_pushstring(L, e.message);
    lua_pushstring(L, error_code_name(e.code));
    return 3;
}

static int baton_try(lua_State *L)
{
    luaL_checkany(L, 1);
    int status = lua_pcallk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, 0, try_finish);
    return try_finish(L, status, 0);
}

/* ---- what there is ---- */

static int baton_actor(lua_State *L)
{
    const struct actor *actor = script__actor(L);
    if (actor->staff_id)
        script__push_handle(L, ENTITY_STAFF, actor->staff_id);
    else
        lua_pushnil(L);
    return 1;
}

static int baton_workflows(lua_State *L)
{
    const struct domain *d = script__domain(L);
    size_t count = domain_graph_count(d);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_pushstring(L, graph_name(domain_graph_at(d, i)));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static const struct script_function baton_functions[] = {
    { "workflow", workflow_add,
      "baton.workflow{name=, version=, fields={…}, stages={…}, transitions={…}, children={…}, "
      "migrate={…}}",
      "declares a workflow, while a plugin loads; it is checked as a whole",
      "-- in init.lua\n"
      "baton.workflow{\n"
      "  name = \"mentoring\", version = 1,\n"
      "  fields = { need = \"text\" },\n"
      "  stages = { { name = \"asked\", required = { \"need\" } }, { name = \"matched\", final = "
      "true } },\n"
      "  transitions = { { name = \"match\", from = \"asked\", to = \"matched\" } },\n"
      "}\n"
      "-- in a script\n"
      "local m = referrals.open{ workflow = \"mentoring\", subject = ada, fields = { need = "
      "\"company\" } }\n"
      "m:advance(\"match\").stage  --> \"matched\"" },
    { "on", hooks_on, "baton.on(event, function(event, row) … end, {priority=, workflow=, stage=})",
      "runs a function at each event of that name (\"referral.advanced\", \"task.*\"), in the same "
      "command",
      "-- in init.lua\n"
      "baton.on(\"referral.advanced\", function(event, row)\n"
      "  row:note(\"from \" .. event.from .. \" to \" .. event.to)\n"
      "end, { workflow = \"tutoring\" })\n"
      "-- in a script\n"
      "r:advance(\"accept\")\n"
      "notes.first{ about = r, order = \"newest\" }.text  --> \"from requested to accepted\"" },
    { "emit", baton_emit, "baton.emit(\"my.thing\", {detail}, about)",
      "writes an event of your own, about a row or nothing; handlers hear it",
      "baton.emit(\"tutoring.met\", { minutes = 45 }, r)\n"
      "r:history{ limit = 1 }[1]  --> { about = R-1, actor = \"operator\", …, kind = "
      "\"tutoring.met\", minutes = 45, … }" },
    { "field", workflow_field,
      "baton.field(entity, name, {type=, values=, min=, max=, index=, help=})",
      "declares a custom field of an entity, while a plugin loads",
      "-- in init.lua\n"
      "baton.field(\"person\", \"grade\", { type = \"int\", min = 0, max = 12 })\n"
      "-- in a script\n"
      "ada:set{ fields = { grade = 7 } }\n"
      "people.count{ fields = { grade = 7 } }  --> 1" },
    { "command", commands_add,
      "baton.command(name, {help=, args={{name=, type=, required=}}}, function(args) … end)",
      "offers a function by name to users and scripts, while a plugin loads",
      "-- in init.lua\n"
      "baton.command(\"close_case\", { help = \"ends a referral\", args = { { name = \"referral\", "
      "required = true } } },\n"
      "  function(args) return referrals.get(args.referral):advance(\"decline\", { reason = "
      "\"moved\" }).stage end)\n"
      "-- in a script\n"
      "baton.call(\"close_case\", { referral = r })  --> \"declined\"" },
    { "migrate", baton_migrate,
      "baton.migrate{workflow=, preview=, skip_blocked=, undo=, since=} → array of {referral, "
      "class, stage, to_stage, due_from_ms, due_to_ms, why, …}",
      "moves open referrals to the loaded version of their workflow (class fits, mapped or "
      "blocked), "
      "or takes that back; preview only looks",
      "baton.migrate{ workflow = \"tutoring\", preview = true }  --> {}" },
    { "call", commands_call, "baton.call(name, {arguments}) → result",
      "runs a command that a plugin declared",
      "baton.call(\"call_back\", { referral = r })  --> \"requested\"" },
    { "job", jobs_add,
      "baton.job(name, {every=\"1 hour\"} or {at=\"06:00\", days=\"working\"}, function() … end)",
      "runs a function by the clock; one missed while asleep runs once",
      "-- in init.lua\n"
      "baton.job(\"weekly\", { every = \"1 week\" }, function()\n"
      "  for referral in referrals.each{ open = true } do\n"
      "    referral:note(\"still \" .. referral.stage)\n"
      "  end\n"
      "end)\n"
      "-- in a script\n"
      "clock.advance(\"8 days\")\n"
      "notes.first{ about = r, order = \"newest\" }.text  --> \"still requested\"" },
    { "report", commands_add_report,
      "baton.report(name, {help=, args={…}, columns={\"review\", {name=\"due\", type=\"time\"}}}, "
      "function(args) return rows end)",
      "offers a report by name; it may only read; `columns` is the order that it is shown in",
      "-- in init.lua\n"
      "baton.report(\"due\", { help = \"what is due when\", columns = { \"referral\", { name = "
      "\"due\", type = \"time\" } } },\n"
      "  function()\n"
      "    local rows = {}\n"
      "    for referral in referrals.each{ open = true } do\n"
      "      rows[#rows + 1] = { referral = referral, due = referral.due_at_ms }\n"
      "    end\n"
      "    return rows\n"
      "  end)\n"
      "-- in a script\n"
      "baton.run_report(\"due\")[1].referral  --> \"R-1\"" },
    { "run_report", commands_run_report, "baton.run_report(name, {arguments}) → rows",
      "runs a report that a plugin declared",
      "baton.run_report(\"by_stage\")  --> { { count = 1, stage = \"requested\" } }" },
    { "require", plugin_require, "baton.require(file) → what it returns",
      "loads FILE.lua of the same plugin, once; names of a-z, 0-9, _ and /",
      "-- in letters.lua\n"
      "return { greeting = function(person) return \"Dear \" .. person.name end }\n"
      "-- in init.lua\n"
      "local letters = baton.require(\"letters\")\n"
      "baton.command(\"greet\", {}, function(args) return "
      "letters.greeting(people.get(args.person)) end)\n"
      "-- in a script\n"
      "baton.call(\"greet\", { person = ada })  --> \"Dear Ada Lovelace\"" },
    { "turn", baton_turn, "baton.turn(function() … end) → its results",
      "all that the function writes is one commit, or nothing of it is",
      "baton.turn(function()\n"
      "  people.add{ name = \"Kim Doe\" }\n"
      "  r:advance(\"finish\")\n"
      "end)  --> error: R-1: no transition \"finish\" from stage \"requested\" …\n"
      "people.count{ name = \"Kim Doe\" }  --> 0" },
    { "try", baton_try, "baton.try(fn, …) → results | nil, message, code",
      "calls a function; a refusal comes back as nil, message and code (\"denied\", \"conflict\", "
      "…)",
      "baton.try(function() return r:advance(\"accept\") end)  --> R-1\n"
      "baton.try(function() return r:advance(\"accept\") end)  --> nil, 'R-1: no transition "
      "\"accept\" …', \"invalid\"" },
    { "actor", baton_actor, "baton.actor() → staff | nil", "who acts, if it is a member of staff",
      "as(ines, function() return baton.actor() end)  --> S-1\n"
      "baton.actor()  --> nil" },
    { "workflows", baton_workflows, "baton.workflows() → array of names",
      "the workflows that plugins declared",
      "baton.workflows()  --> { \"tutoring\", \"interview\" }" },
    { "settings", NULL, "baton.settings.NAME",
      "a setting of the plugin, typed by plugin.ini; read-only",
      "-- in init.lua\n"
      "baton.settings.pupils_per_tutor  --> 3" },
    { "plugin", NULL, "baton.plugin → {name, version}", "the plugin that this code belongs to",
      "-- in init.lua\n"
      "baton.plugin  --> { name = \"office\", version = \"1.2.0\" }" },
    { "org", NULL, "baton.org → {name, title, zone}", "the organisation",
      "baton.org.zone  --> \"UTC\"" },
    { "none", NULL, "baton.none", "no value: to empty a column, or to find rows where it is empty",
      "r:set{ owner = baton.none }\n"
      "referrals.count{ owner = baton.none }  --> 1" },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct script_module script__baton = { "baton",
                                             "what plugins declare, and scripts do as a whole",
                                             baton_functions };
