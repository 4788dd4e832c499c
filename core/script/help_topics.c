/* Help on what is declared rather than called: the tables that a plugin hands to baton.workflow,
 * and the files beside it. Part of `help`, and of the reference. */
#include <string.h>

#include "script/help_internal.h"

static const char topic_examples[] =
    "r is the referral R-1, \"Reading help\", in the stage requested of the workflow tutoring; t "
    "is "
    "its task K-1.\n"
    "ada (P-1) is its subject, library (O-1) its partner, ines (S-1), a specialist and teacher, "
    "its "
    "owner. It is\n"
    "Monday, 2026-03-02 09:00.\n"
    "Behind --> stands what comes back or is printed; after error: what it is refused with; … is "
    "anything.\n"
    "An example is a script, or has comments that say where its parts go: -- in init.lua, -- at "
    "the "
    "prompt.\n";

static const char topic_workflow[] =
    "baton.workflow{\n"
    "  name = \"tutoring\",        -- a-z, 0-9, _\n"
    "  version = 1,              -- raise it with each change; open referrals stay on theirs: see "
    "migrate\n"
    "  title = \"Tutoring\",\n"
    "  fields = { … },           -- help fields\n"
    "  stages = { { … }, … },    -- help stage; the first is the initial one unless one says so\n"
    "  transitions = { { … }, … },  -- help transition\n"
    "  children = { … },         -- help children\n"
    "  migrate = { … },          -- help migrate\n"
    "}\n"
    "Checked as a whole when the plugin loads: every stage can be reached, each has a way to a "
    "final one.\n"
    "To copy from: plugins/simple_referral/init.lua; `baton new plugin NAME` writes one that "
    "works.\n";

static const char topic_stage[] =
    "{ name = \"requested\", title = \"Requested\", help = \"…\",\n"
    "  initial = true,                  -- where a referral begins\n"
    "  final = true, outcome = \"done\",  -- where it ends; a final stage has no way out\n"
    "  owner_roles = { \"specialist\" },  -- who may own a referral here; left out: anybody\n"
    "  required = { \"need\" },           -- fields that must be filled to LEAVE the stage, unless "
    "the\n"
    "                                   -- transition goes to a final stage or is locked\n"
    "  deadline = { … },                -- help deadline\n"
    "  clock = \"paused\" }               -- the deadline of the stage it came from waits "
    "meanwhile\n";

static const char topic_transition[] =
    "{ name = \"match\", title = \"Match\", help = \"…\",\n"
    "  from = \"requested\",     -- a stage, a list of stages, or \"*\": every one that is not "
    "final\n"
    "  to = \"matched\",         -- left out: it stays where it is\n"
    "  roles = { \"lead\" },     -- one of them is needed; left out: anybody\n"
    "  required = { \"tutor\" }, -- fields that must be filled (those set along with it count)\n"
    "  reasons = { \"moved\", \"no_room\" },   -- one of them must be given; help reasons has "
    "more: comment,\n"
    "                          -- cooling_off, reroute\n"
    "  note = true,            -- a note must be given\n"
    "  guard = function(r, call) … end,   -- help guard\n"
    "  effect = function(r, call) … end,  -- runs after it, in the same commit; may write\n"
    "  approval = { … },       -- help approval\n"
    "  locked = true, source = \"20 U.S.C. 1414(a)(1)(B)\" }  -- nothing stands before it: no "
    "role, field or\n"
    "                          -- guard, and no organisation can disable it\n"
    "Taken by r:advance(\"match\", { reason=, note=, fields={…}, outcome=, version= }).\n";

static const char topic_reasons[] =
    "reasons = { \"moved\",               -- of a transition: a code of a-z, 0-9, _\n"
    "            other = \"Something else\",   -- with a title for people\n"
    "            full = { title = \"No room\", comment = true, cooling_off = \"30 days\", "
    "reroute = true } }\n"
    "One of them must be given: r:advance(\"refuse\", { reason = \"full\", note = \"until "
    "May\" }). It stands in the\n"
    "history and in call.reason of guards and effects.\n"
    "comment: a note must be given with it.\n"
    "cooling_off: when the transition ends the referral, the same may not be opened again before "
    "then: a referral\n"
    "of the same workflow, about the same subject, to the same partner and service (all three "
    "alike; where none of\n"
    "them is set, nothing is held up). Opening one, or making one the same by r:set, is denied "
    "(exit code 4) and\n"
    "names the one that ended and the day from which it may be. The day is reckoned when it ends "
    "and does not move\n"
    "when the workflow or the calendar change later.\n"
    "reroute: another way must be found. Writes a task (kind reroute) for the owner, else for the "
    "first of the\n"
    "stage's owner_roles, else a lead: \"R-1 needs another route: …\"; and raises "
    "referral.reroute (event.transition,\n"
    "from, reason), on which a plugin may open the next one.\n";

static const char topic_deadline[] =
    "deadline = {\n"
    "  within = \"3 working days\",         -- from entering the stage; or due_field = "
    "\"meets_at\"\n"
    "  remind = { \"1 working day\", { before = \"2 hours\", to = \"lead\" } },   -- before it\n"
    "  escalate = { { after = \"1 working day\", to = \"lead\" }, { after = \"5 days\", to = "
    "\"admin\" } },\n"
    "  expire = { after = \"10 days\", transition = \"lapse\" } }   -- the clock takes it\n"
    "to = \"lead\" is a role, to = { field = \"monitor\" } whom that field names; without, the "
    "owner.\n"
    "Each step makes a task for them and raises referral.reminder,\n"
    "referral.overdue or referral.escalated. Times: \"90 minutes\", \"4 working hours\", \"2 "
    "days\", \"6 weeks\",\n"
    "\"3 months\", \"3 working days\", \"30 school days\"; working time comes from [calendar] of "
    "org.ini.\n"
    "Working days count days from the next one on and keep the time of day, moved into opening "
    "hours: what begins\n"
    "on Saturday at 01:00 is due, after \"1 working day\", on Monday as the office opens. "
    "\"8 working hours\" counts\n"
    "time that the office is open.\n"
    "r:pause{ reason= } stops the clock and keeps what remains, r:resume() starts it again.\n";

static const char topic_fields[] =
    "fields = {\n"
    "  need  = \"text\",\n"
    "  how   = { type = \"text\", values = { \"low\", \"high\" }, help = \"how soon\" },\n"
    "  hours = { type = \"int\", min = 1, max = 40, index = true },   -- index: cheap to find by\n"
    "  tutor = { type = \"ref\", to = \"staff\" } }\n"
    "Types: text, int, real, bool, time (an instant), date (\"2026-03-01\"), list (of texts), ref "
    "(to person,\n"
    "partner, service, location, staff, referral, …). baton.field(\"person\", \"grade\", \"int\") "
    "adds one to an\n"
    "entity. Read r.fields.need; write r:set{ fields = { need = \"x\" } } or along with a "
    "transition.\n";

static const char topic_guard[] =
    "guard = function(r, call)\n"
    "  if not r.partner then return false, \"choose a partner first\" end\n"
    "  return true\n"
    "end\n"
    "true lets it go; false or nil refuses, with the message. A guard that fails refuses too, and "
    "it may\n"
    "only read. call: transition, from, to, reason, note, fields (those set along with it), actor, "
    "now_ms,\n"
    "and approval (as r:approval gives it) where the transition needs one.\n"
    "In an effect r is the referral as it became. An effect that fails undoes the transition.\n";

static const char topic_approval[] =
    "approval = {\n"
    "  need = 2,                 -- weight of yes; \"majority\" (the default): more than half; "
    "\"all\"\n"
    "  seats = { \"teacher\",      -- a role; or a table:\n"
    "    { name = \"psychologist\", role = \"psychologist\", weight = 2, mandatory = true },\n"
    "    { name = \"monitor\", field = \"monitor\", veto = true } },   -- a field that names "
    "staff\n"
    "  several = false,          -- true: one person may fill several seats\n"
    "  auto = true,              -- taken by itself once approved\n"
    "  otherwise = \"decline\" }   -- taken once refused, by baton, with the reason "
    "\"refused\" if it has reasons\n"
    "Votes: r:vote(\"adopt\", \"yes\", { seat=, for_staff=, note= }); r:approval(\"adopt\") tells "
    "how it stands.\n"
    "Each seat that is waited for has a task (kind vote) for its person or role, until the vote, "
    "the\n"
    "decision, or the end of the stage.\n"
    "otherwise names a transition like any other: whoever has its roles may take it by hand. To "
    "leave it to the\n"
    "vote, give it guard = function(r) return r:approval(\"adopt\").state == \"refused\", \"the "
    "team decides\" end.\n"
    "A vote is the seat's: it stands when the field names somebody else later (staff and by of\n"
    "r:approval say whose it was). A seat that has not voted asks whom its field names now; who "
    "was\n"
    "inactive may vote at once, and gets the task with the next change of the referral.\n"
    "Delegates: staff fields delegate, delegate_until, absent_from, absent_until.\n";

static const char topic_children[] =
    "children = { interview = { transition = \"withdraw\" },   -- closing the parent takes it in "
    "each\n"
    "             complaint = \"refuse\",                      -- the parent waits for them\n"
    "             [\"*\"] = \"keep\" }                           -- the default\n"
    "By the workflow of the child, made by r:refer{ workflow = … }.\n";

static const char topic_migrate[] =
    "version = 2,\n"
    "migrate = { from = 1, stages = { asked = \"requested\" }, fields = { old = \"new\", gone = "
    "false },\n"
    "            deadlines = { requested = \"keep\" } }   -- keep what remains (default), restart, "
    "recompute\n"
    "An open referral stays on the version that it runs until `baton migrate`; `baton migrate "
    "--preview`\n"
    "says of each what would become of it, `baton migrate --undo` goes back.\n";

static const char topic_plugin_ini[] =
    "[plugin]\n"
    "name = tutoring            the name of its folder\n"
    "version = 1.0.0\n"
    "title = Tutoring\n"
    "api = 1\n"
    "requires = other >= 1.0    plugins that must load before it\n"
    "permissions = people, staff, messages   what it writes beyond referrals, tasks and notes:\n"
    "                           people, partners, services, locations, staff, messages, timers, "
    "consents, ledger, programmes, codes\n"
    "roles = teacher, tutor     roles that its workflows name, beside the built-in ones\n"
    "\n"
    "[setting pupils_per_tutor] read as baton.settings.pupils_per_tutor, set in [plugin tutoring] "
    "of org.ini\n"
    "type = int                 text, int, real, bool, span (\"3 working days\"), words (with "
    "values = a, b)\n"
    "default = 3\n"
    "min = 1\n"
    "max = 20\n"
    "help = how many pupils one tutor may have\n"
    "\n"
    "Comments stand on lines of their own, after ; or #.\n";

static const char topic_events[] =
    "baton.on(\"referral.advanced\", function(event, row) … end, { workflow=, stage=, priority= "
    "})\n"
    "event: kind, at_ms, row, and what the event carries (transition, from, to, reason, note, …).\n"
    "A name may end in .*; higher priority first. A handler that fails undoes the command that "
    "raised it.\n"
    "\n"
    "referral.opened .advanced .changed .assigned .reminder .overdue .escalated .paused .resumed "
    ".voted\n"
    "  .approved .refused_by_vote .reroute .child_closed .migrated .rescheduled\n"
    "timer.NAME, when a timer of that name fires\n"
    "task.done .cancelled (event.outcome), message.sent .failed .dead\n"
    "person partner service location staff task timer note message consent: .created .changed\n"
    "and whatever plugins raise with baton.emit(\"my.event\", { … }, about). Only in the history, "
    "for nobody\n"
    "to hear: referral.step_failed, referral.effect_failed and timer.failed, of what failed.\n";

static const char topic_roles[] = "Built in, each holding the ones before it: junior, specialist, "
                                  "senior, lead, admin. Roles of its own an\n"
                                  "organisation adds with [roles] extra = … in org.ini, a plugin "
                                  "with roles = … in plugin.ini; each is\n"
                                  "satisfied by itself only. A member of staff has roles = "
                                  "\"senior, teacher\". Without --as you act as the\n"
                                  "operator, who has every role.\n";

static const char topic_templates[] =
    "messages.template(\"welcome\", \"Dear {{subject.name}}, {{#if date}}on "
    "{{date}}{{else}}soon{{/if}} …\")\n"
    "r:message{ to = \"ada@example.org\", template = \"welcome\", values = { date = \"Monday\" } "
    "}\n"
    "Names are looked up in values, then in what the message is about: {{referral.title}}, "
    "{{subject.name}},\n"
    "{{referral.fields.need}}. What a value holds is never read as a template.\n";

static const char topic_columns[] =
    "What every record of a kind holds; r.title reads it, nil where it is empty. r:set{ title = "
    "\"x\" } writes it,\n"
    "baton.none empties it; people.add{ … }, referrals.open{ … } and find{ … } take the same "
    "names.\n"
    "What names another record has two: r.subject is the person, r.subject_id its number. Both "
    "are written and\n"
    "found alike: subject = ada, subject = \"P-1\", subject_id = 1. A time is a number of ms; "
    "due = \"2 days\" writes\n"
    "due_at_ms. Besides, each record has id, ref (\"R-1\"), version, created_at_ms, "
    "updated_at_ms and fields (help\n"
    "fields). Those by baton nobody else writes; workflow is given when a referral is opened.\n";

static const char topic_prompt[] =
    "baton repl takes Lua, statement by statement; each is all or nothing, and its result is "
    "shown. Besides what\n"
    "scripts have (help session: as, at, dry, watch, timing):\n"
    "  help, help referrals.find    words of the API; Tab completes names, columns, ids, "
    "transitions\n"
    "  _                            the result of the statement before\n"
    "  explain(\"R-2\", \"assess\")    why a transition may go or not; explain(12): what event 12 "
    "led to\n"
    "  reload, reload off           plugins and org.ini anew; no longer by itself\n"
    "Variables are global; a reload keeps those that are values, records, or tables of these.\n";

static const struct help_topic topics[] = {
    { "examples", "what their names and --> stand for", topic_examples },
    { "prompt", "what can be typed at the prompt of baton repl", topic_prompt },
    { "workflow", "what baton.workflow takes", topic_workflow },
    { "stage", "a stage of a workflow", topic_stage },
    { "transition", "a way from one stage to another", topic_transition },
    { "reasons", "why a transition is taken; cooling_off, reroute", topic_reasons },
    { "deadline", "deadlines, reminders, escalation", topic_deadline },
    { "fields", "custom fields and their types", topic_fields },
    { "columns", "what every record of a kind has", topic_columns },
    { "guard", "guards and effects", topic_guard },
    { "approval", "votes by seats", topic_approval },
    { "children", "referrals that came from a referral", topic_children },
    { "migrate", "a new version of a workflow", topic_migrate },
    { "plugin.ini", "the file that makes a folder a plugin", topic_plugin_ini },
    { "events", "what baton.on can hear", topic_events },
    { "roles", "who may do what", topic_roles },
    { "templates", "texts of messages", topic_templates },
    { NULL, NULL, NULL },
};

const struct help_topic *help__topics(void)
{
    return topics;
}

/* Keys of tables that have no page of their own: "cooling_off" is found under "reasons". */
static const char *const alias_names[] = { "cooling_off", "reroute", "reason", "repl", NULL };
static const char *const alias_topics[] = { "reasons", "reasons", "reasons", "prompt" };

const char *const *help__aliases(void)
{
    return alias_names;
}

const struct help_topic *help__topic(const char *name)
{
    for (size_t i = 0; alias_names[i]; i++)
        if (!strcmp(alias_names[i], name))
            return help__topic(alias_topics[i]);
    for (const struct help_topic *t = topics; t->name; t++)
        if (!strcmp(t->name, name))
            return t;
    return NULL;
}
