/* The files that `baton new` writes. They are checked and their spec is run by
 * the tests, so what a new author gets works. */
#include "cli/new_internal.h"

#include <stddef.h>

static const char plugin_ini[] = "[plugin]\n"
                                 "name = {{name}}\n"
                                 "version = 1.0.0\n"
                                 "title = {{title}}\n"
                                 "api = 1\n"
                                 "\n"
                                 "[setting answer_within]\n"
                                 "type = span\n"
                                 "default = 3 working days\n"
                                 "help = until when a request is to be accepted or declined\n"
                                 "\n"
                                 "[setting finish_within]\n"
                                 "type = span\n"
                                 "default = 6 weeks\n"
                                 "help = from acceptance to the end\n";

/* The same workflow for a plugin and for a file of one; only where its spans come from differs. */
#define NEW_WORKFLOW(ANSWER, FINISH)                                                               \
    "baton.workflow{\n"                                                                            \
    "    name = \"{{name}}\", version = 1, title = \"{{title}}\",\n"                               \
    "    fields = {\n"                                                                             \
    "        need = { type = \"text\", help = \"what is asked for\" },\n"                          \
    "        result = { type = \"text\", help = \"what came of it\" },\n"                          \
    "    },\n"                                                                                     \
    "    stages = {\n"                                                                             \
    "        { name = \"requested\", title = \"Requested\", initial = true, owner_roles = { "      \
    "\"specialist\" },\n"                                                                          \
    "          deadline = { within = " ANSWER ", remind = { \"1 working day\" },\n"                \
    "                       escalate = { { after = \"1 working day\", to = \"lead\" } } } },\n"    \
    "        { name = \"accepted\", title = \"Accepted\", owner_roles = { \"specialist\" },\n"     \
    "          deadline = { within = " FINISH ", remind = { \"5 working days\" },\n"               \
    "                       expire = { after = \"30 days\", transition = \"lapse\" } } },\n"       \
    "        { name = \"done\", title = \"Done\", final = true, outcome = \"completed\" },\n"      \
    "        { name = \"declined\", title = \"Declined\", final = true },\n"                       \
    "        { name = \"lapsed\", title = \"Lapsed\", final = true },\n"                           \
    "    },\n"                                                                                     \
    "    transitions = {\n"                                                                        \
    "        { name = \"accept\", from = \"requested\", to = \"accepted\", roles = { "             \
    "\"specialist\" }, required = { \"need\" } },\n"                                               \
    "        { name = \"decline\", from = \"requested\", to = \"declined\", roles = { "            \
    "\"specialist\" },\n"                                                                          \
    "          reasons = { not_eligible = \"Not eligible\", other = { title = \"Other\", comment " \
    "= true } } },\n"                                                                              \
    "        { name = \"finish\", from = \"accepted\", to = \"done\", required = { \"result\" "    \
    "}, guard = no_task_is_open },\n"                                                              \
    "        { name = \"lapse\", from = \"accepted\", to = \"lapsed\" },\n"                        \
    "    },\n"                                                                                     \
    "}\n"                                                                                          \
    "\n"                                                                                           \
    "-- What happens besides: here a task for whoever begins.\n"                                   \
    "baton.on(\"referral.advanced\", function(event, r)\n"                                         \
    "    if event.to == \"accepted\" then\n"                                                       \
    "        r:task{ title = \"First contact: \" .. (r.title or r.ref), role = \"specialist\", "   \
    "due = \"2 working days\" }\n"                                                                 \
    "    end\n"                                                                                    \
    "end, { workflow = \"{{name}}\" })\n"

#define NEW_GUARD                                                                                  \
    "-- A guard only reads; it says why not.\n"                                                    \
    "local function no_task_is_open(r)\n"                                                          \
    "    local open = r:tasks{ status = \"open\" }\n"                                              \
    "    if #open > 0 then\n"                                                                      \
    "        return false, (\"%d task(s) are still open\"):format(#open)\n"                        \
    "    end\n"                                                                                    \
    "    return true\n"                                                                            \
    "end\n\n"

static const char plugin_init[] =
    "-- {{title}}: requested, accepted, done; or declined, or lapsed on the way.\n"
    "local settings = baton.settings\n\n" NEW_GUARD NEW_WORKFLOW("settings.answer_within",
                                                                 "settings.finish_within");

static const char workflow_lua[] =
    "-- {{title}}: requested, accepted, done; or declined, or lapsed on the way.\n\n" NEW_GUARD
        NEW_WORKFLOW("\"3 working days\"", "\"6 weeks\"");

static const char spec_lua[] =
    "-- Run by: baton test\n"
    "describe(\"{{name}}\", function()\n"
    "    local function request(t)\n"
    "        return t.referral{ workflow = \"{{name}}\", title = \"An example\", fields = { need = "
    "\"help\" } }\n"
    "    end\n"
    "\n"
    "    it(\"is overdue when nobody answers\", function(t)\n"
    "        local r = request(t)\n"
    "        t.clock:advance(\"2 working days\")\n"
    "        expect(r.overdue):equals(false)\n"
    "        t.clock:advance(\"2 working days\")\n"
    "        expect(r.stage):equals(\"requested\")\n"
    "        expect(r.overdue):equals(true)\n"
    "    end)\n"
    "\n"
    "    it(\"ends when its tasks are done\", function(t)\n"
    "        local r = request(t)\n"
    "        r:advance(\"accept\")\n"
    "        expect(function()\n"
    "            r:advance(\"finish\", { fields = { result = \"helped\" } })\n"
    "        end):fails(\"still open\")\n"
    "        for _, task in ipairs(r:tasks{ status = \"open\" }) do\n"
    "            task:done(\"called\")\n"
    "        end\n"
    "        r:advance(\"finish\", { fields = { result = \"helped\" } })\n"
    "        expect(r.stage):equals(\"done\")\n"
    "        expect(r.outcome):equals(\"completed\")\n"
    "    end)\n"
    "\n"
    "    it(\"is declined with a reason\", function(t)\n"
    "        local r = request(t)\n"
    "        expect(function() r:advance(\"decline\") end):fails(\"reason\")\n"
    "        r:advance(\"decline\", { reason = \"not_eligible\" })\n"
    "        expect(r.open):equals(false)\n"
    "    end)\n"
    "\n"
    "    it(\"lapses when nobody ends it\", function(t)\n"
    "        local r = request(t)\n"
    "        r:advance(\"accept\")\n"
    "        t.clock:advance(\"80 days\")\n"
    "        expect(r.stage):equals(\"lapsed\")\n"
    "    end)\n"
    "end)\n";

static const char plugin_readme[] =
    "# {{name}}\n"
    "\n"
    "{{title}}: a plugin of baton.\n"
    "\n"
    "| file | holds |\n"
    "|---|---|\n"
    "| plugin.ini | name, version, permissions, settings with their defaults |\n"
    "| init.lua | the workflow, and what happens besides |\n"
    "| spec/{{name}}_spec.lua | what must hold, run with moved time |\n"
    "\n"
    "```\n"
    "baton check .                           mistakes, without running anything\n"
    "baton test .                            the spec\n"
    "baton graph {{name}} --plugin .  the workflow as a picture (--format svg)\n"
    "```\n"
    "\n"
    "An organisation uses it when its org.ini says `plugins = {{name}}`. Its settings go into\n"
    "`[plugin {{name}}]` there.\n";

static const char script_lua[] =
    "-- {{title}}. Run by: baton run {{name}}.lua [DAYS]\n"
    "-- Lists referrals that nobody has touched for some days.\n"
    "local days = tonumber(arg[1] or 14)\n"
    "local since = clock.now() - days * 24 * 3600 * 1000\n"
    "local found = 0\n"
    "\n"
    "for r in referrals.each{ open = true, updated_at_ms = { before = since } } do\n"
    "    found = found + 1\n"
    "    print((\"%s  %-16s %-14s %s\"):format(r.ref, r.workflow, r.stage, r.title or \"\"))\n"
    "end\n"
    "print((\"%d open referrals were not touched for %d days\"):format(found, days))\n";

const struct new_file new_plugin_files[] = { { "plugin.ini", plugin_ini },
                                             { "init.lua", plugin_init },
                                             { "README.md", plugin_readme },
                                             { "spec/{{name}}_spec.lua", spec_lua },
                                             { NULL, NULL } };
const struct new_file new_workflow_files[] = { { "{{name}}.lua", workflow_lua },
                                               { "spec/{{name}}_spec.lua", spec_lua },
                                               { NULL, NULL } };
const struct new_file new_script_files[] = { { "{{name}}.lua", script_lua }, { NULL, NULL } };
