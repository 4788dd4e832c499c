/* Every kind of finding: a seeded mistake that it finds, and a near neighbour
 * that it accepts. */
#include "plugin_fixture.h"

#include "baton/domain/version.h"
#include "baton/script/check.h"

struct file {
    const char *name, *text;
};

static const struct file base[] = {
    { "plugins/p/plugin.ini", "[plugin]\n"
                              "name = p\n"
                              "version = 1.2.0\n"
                              "api = 1\n"
                              "permissions = people, messages, timers\n"
                              "requires = q >= 1.0\n"
                              "[setting within]\n"
                              "type = span\n"
                              "default = 3 working days\n"
                              "[setting limit]\n"
                              "type = int\n"
                              "default = 3\n"
                              "min = 1\n"
                              "max = 9\n" },
    { "plugins/p/more.lua", "local M = {}\n"
                            "local least = baton.settings.limit\n"
                            "function M.enough(r)\n"
                            "    return #r:tasks{ status = 'open' } < least\n"
                            "end\n"
                            "return M\n" },
    { "plugins/p/init.lua",
      "local settings = baton.settings\n"
      "local more = baton.require('more')\n"
      "messages.template('letter', 'Dear {{name}}')\n"
      "baton.field('person', 'grade', 'int')\n"
      "local function ready(r)\n"
      "    return r.fields.need ~= nil and r.subject ~= nil\n"
      "end\n"
      "baton.workflow{\n"
      "  name = 'tutoring', title = 'Tutoring',\n"
      "  fields = { need = 'text', hours = { type = 'int', help = 'a week' },\n"
      "             meets_at = { type = 'time', help = 'when' } },\n"
      "  stages = {\n"
      "    { name = 'requested', owner_roles = { 'specialist' }, required = { 'need' },\n"
      "      deadline = { within = settings.within, remind = { '1 working day' },\n"
      "                   escalate = { { after = '1 working day', to = 'lead' } },\n"
      "                   expire = { after = '10 days', transition = 'lapse' } } },\n"
      "    { name = 'matched', deadline = { due_field = 'meets_at', remind = '1 day' } },\n"
      "    { name = 'done', final = true, outcome = 'completed' },\n"
      "    { name = 'lapsed', final = true },\n"
      "  },\n"
      "  transitions = {\n"
      "    { name = 'match', from = 'requested', to = 'matched', roles = { 'specialist' },\n"
      "      required = { 'meets_at' }, reasons = { 'good_fit', 'other' }, guard = ready,\n"
      "      effect = function(r, call) r:timer('look', '2 weeks') end },\n"
      "    { name = 'write_down', from = 'matched', note = true },\n"
      "    { name = 'finish', from = 'matched', to = 'done', guard = more.enough },\n"
      "    { name = 'lapse', from = { 'requested', 'matched' }, to = 'lapsed' },\n"
      "    { name = 'ask', from = '*', to = 'matched', locked = true, source = '34 CFR 300' },\n"
      "  },\n"
      "}\n"
      "baton.on('referral.advanced', function(event, r)\n"
      "  if r.stage == 'matched' then\n"
      "    r:message{ to = 'a@b.example', template = 'letter', subject = 'x', values = {} }\n"
      "    r:task{ title = 'Call', role = 'lead', due = '1 working day' }\n"
      "    baton.emit('p.matched', {}, r)\n"
      "  end\n"
      "end, { workflow = 'tutoring' })\n"
      "baton.on('p.matched', function(event, r) log.info(r.ref) end)\n"
      "baton.on('timer.look', function(event, timer)\n"
      "  local r = referrals.get(timer.about) if r:can('finish') then r:advance('finish') end\n"
      "end)\n"
      "baton.command('stale', {}, function() return people.count{ name = 'x' } end)\n"
      "baton.job('nightly', { every = '1 hour' }, function() baton.call('stale') end)\n"
      "-- end\n" },
    { "plugins/q/plugin.ini", "[plugin]\nname = q\nversion = 1.5.0\nroles = tutor\n" },
    { "plugins/q/init.lua", "log.info('here')\n" },
    { "org.ini", "[plugin p]\nlimit = 4\n[workflow tutoring]\ndisable = write_down\n" },
};
enum { FILES = sizeof base / sizeof *base };

/* A second workflow, at the end of init.lua. */
#define MINI(stages, transitions)                                                                  \
    "baton.workflow{ name = 'mini', title = 'Mini', stages = {" stages "},\n"                      \
    "  transitions = {" transitions "} }\n"
#define MINI_STAGES "{ name = 'a' }, { name = 'b', final = true }"
#define MINI_GO "{ name = 'go', from = 'a', to = 'b' }"

static const struct kind_case {
    const char *code, *file;
    const char *from, *bad, *good; /* put in place of `from` */
    int line;                      /* of the finding; 0: not asked */
    const char *part;              /* of its message; or NULL */
} cases[] = {
    /* plugin.ini */
    { "ini-unreadable", "plugins/p/plugin.ini", "api = 1\n", "api\n", "api = 1\n\n", 4, NULL },
    { "ini-key-unknown", "plugins/p/plugin.ini", "api = 1\n", "api = 1\nverison = 2\n",
      "api = 1\ntitle = P\n", 5, "did you mean \"version\"?" },
    { "ini-name", "plugins/p/plugin.ini", "name = p", "name = pp", "name = p", 2, "its folder, p" },
    { "ini-version", "plugins/p/plugin.ini", "1.2.0", "one", "1.2", 3, NULL },
    { "ini-api", "plugins/p/plugin.ini", "api = 1", "api = 2", "title = P", 4, NULL },
    { "permission-unknown", "plugins/p/plugin.ini", "timers\n", "timers, peple\n", "timers \n", 5,
      "did you mean \"people\"?" },
    { "permission-missing", "plugins/p/plugin.ini", "people, messages, timers", "people, messages",
      "messages, people, timers", 0, "permission \"timers\"" },
    { "permission-unused", "plugins/p/plugin.ini", "timers\n", "timers, services\n", "timers \n", 5,
      "services" },
    { "requires-malformed", "plugins/p/plugin.ini", "q >= 1.0", "q => 1.0", "q > 1.0", 6, NULL },
    { "requires-missing", "plugins/p/plugin.ini", "q >= 1.0", "qq", "q", 6, "qq" },
    { "requires-version", "plugins/p/plugin.ini", "q >= 1.0", "q >= 2.0", "q >= 1.5", 6,
      "there is 1.5.0" },
    { "requires-ring", "plugins/q/plugin.ini", "roles = tutor\n", "roles = tutor\nrequires = p\n",
      "roles = tutor\n\n", 0, "in a ring" },
    { "setting-malformed", "plugins/p/plugin.ini", "default = 3\n", "default = 10\n",
      "default = 9\n", 12, "1 to 9" },
    { "setting-bounds", "plugins/p/plugin.ini", "default = 3\nmin = 1", "min = 10", "min = 2", 0,
      "no value fits" },
    { "setting-unknown", "plugins/p/init.lua", "settings.within", "settings.witin",
      "settings['within']", 14, "did you mean \"within\"?" },
    { "setting-unused", "plugins/p/more.lua", "baton.settings.limit", "4",
      "baton.settings['limit']", 0, "settings.limit" },
    /* org.ini */
    { "org-setting", "org.ini", "limit = 4", "limit = 10", "limit = 9", 2, "1 to 9" },
    { "org-setting", "org.ini", "limit = 4", "limt = 4", "limit = 1", 2,
      "did you mean \"limit\"?" },
    { "org-disable-unknown", "org.ini", "write_down", "write_dwn", "write_down", 4,
      "did you mean \"write_down\"?" },
    { "org-disable-locked", "org.ini", "write_down", "ask", "write_down", 4, "34 CFR 300" },
    { "org-workflow-unknown", "org.ini", "[workflow tutoring]", "[workflow tutorign]",
      "[workflow tutoring]", 4, "did you mean \"tutoring\"?" },
    { "role-unheld", "plugins/p/init.lua", "to = 'lead' } }", "to = 'admin' } }",
      "to = 'senior' } }", 13, "admin" },
    /* sources */
    { "syntax", "plugins/p/more.lua", "local M = {}", "local M = = {}", "local M <const> = {}", 1,
      NULL },
    { "load-failed", "plugins/p/init.lua", "-- end", "error('no')", "pcall(error, 'no')", 44,
      "no" },
    { "global-unknown", "plugins/p/init.lua", "log.info(r.ref)", "prnt(r.ref)", "print(r.ref)", 38,
      "did you mean \"print\"?" },
    { "global-assigned", "plugins/p/init.lua", "-- end", "count = 1", "local count = 1", 44,
      "count" },
    { "function-unknown", "plugins/p/init.lua", "people.count{", "people.cont{", "people.first{",
      42, "did you mean \"count\"?" },
    { "require-missing", "plugins/p/init.lua", "baton.require('more')", "baton.require('mor')",
      "baton.require'more'", 2, "did you mean \"more\"?" },
    { "require-ring", "plugins/p/more.lua", "local M = {}", "local M = { baton.require('init') }",
      "local M = { 1 }", 0, "requires it again" },
    { "file-unused", "plugins/p/init.lua", "local more = baton.require('more')",
      "local more = { enough = ready, least = settings.limit }",
      "local more = baton.require('mo' .. 're')", 0, "more" },
    { "declared-late", "plugins/p/init.lua", "log.info(r.ref)",
      "baton.on('p.matched', function() end)", "log.info('on')", 38, "baton.on" },
    { "guard-writes", "plugins/p/init.lua", "return r.fields.need ~= nil",
      "r:set{ title = 'x' } return r.fields.need ~= nil",
      "local t = { set = print } t.set('x') return r.fields.need ~= nil", 6, ":set" },
    { "guard-writes", "plugins/p/more.lua", "return #r:tasks",
      "r:task{ title = 'x' } return #r:tasks", "return #r:tasks{} + #r:tasks", 4, ":task" },
    { "handle-assigned", "plugins/p/init.lua", "log.info(r.ref)", "r.title = 'x'",
      "event.title = 'x'", 38, "h:set{title" },
    { "time-malformed", "plugins/p/init.lua", "due = '1 working day'", "due = '1 workign day'",
      "due = 'tomorrow 09:00'", 34, NULL },
    /* names in sources */
    { "event-unknown", "plugins/p/init.lua", "'referral.advanced'", "'referral.advancd'",
      "'referral.opened'", 31, "did you mean \"referral.advanced\"?" },
    { "event-never-emitted", "plugins/p/init.lua", "baton.on('p.matched'", "baton.on('p.mached'",
      "baton.on('p.*'", 38, "p.mached" },
    { "timer-unhandled", "plugins/p/init.lua", "baton.on('timer.look'",
      "baton.on('referral.opened'", "baton.on('timer.*'", 24, "timer.look" },
    { "timer-never-set", "plugins/p/init.lua", "r:timer('look', '2 weeks')",
      "people.add{ name = 'x' }", "timers.add{ name = 'look', at = '2 weeks', about = r }", 39,
      "look" },
    { "template-unknown", "plugins/p/init.lua", "template = 'letter'", "template = 'leter'",
      "template = 'let' .. 'ter'", 33, "did you mean \"letter\"?" },
    { "template-unused", "plugins/p/init.lua", "template = 'letter'", "body = 'x'",
      "template = ('letter')", 3, "letter" },
    { "command-unknown", "plugins/p/init.lua", "baton.call('stale')", "baton.call('stal')",
      "baton.call('stale', {})", 43, "did you mean \"stale\"?" },
    { "workflow-unknown", "plugins/p/init.lua", "{ workflow = 'tutoring' }",
      "{ workflow = 'tutorin' }", "{ workflow = 'tutoring', stage = 'matched' }", 37,
      "did you mean \"tutoring\"?" },
    { "workflow-unknown", "plugins/p/init.lua", "  transitions = {",
      "  children = { tutorin = 'refuse' },\n  transitions = {",
      "  children = { tutoring = 'refuse', ['*'] = 'keep' },\n  transitions = {", 21,
      "did you mean \"tutoring\"?" },
    { "transition-unknown", "plugins/p/init.lua", "r:advance('finish')", "r:advance('finsh')",
      "r:advance('lapse')", 40, "did you mean \"finish\"?" },
    { "stage-name-unknown", "plugins/p/init.lua", "r.stage == 'matched'", "r.stage == 'mached'",
      "r.stage ~= 'lapsed'", 32, "did you mean \"matched\"?" },
    { "stage-name-unknown", "plugins/p/init.lua", "{ workflow = 'tutoring' }",
      "{ stage = 'mached' }", "{ stage = 'matched' }", 37, "did you mean \"matched\"?" },
    { "stage-name-unknown", "plugins/p/init.lua", "{ workflow = 'tutoring' }",
      "({ { stage = 'mached' } })[1]", "({ { stage = 'matched' } })[1]", 31,
      "never runs: no stage \"mached\", did you mean \"matched\"?" },
    { "declaration-refused", "plugins/p/init.lua", "'Dear {{name}}'", "'Dear {{#if name}}'",
      "'Dear {{nobody}}'", 3, "{{#if}} is not closed by {{/if}}" },
    { "reason-unknown", "plugins/p/init.lua", "r:advance('finish')",
      "r:advance('match', { reason = 'godfit' })", "r:advance('match', { reason = 'other' })", 40,
      "good_fit" },
    { "field-name-unknown", "plugins/p/init.lua", "r.fields.need ~= nil", "r.fields.ned ~= nil",
      "r.fields['need'] ~= nil", 6, "did you mean \"need\"?" },
    { "field-name-unknown", "plugins/p/init.lua", "log.info(r.ref)",
      "r:set{ fields = { nead = 'x' } }", "r:set{ fields = { need = 'x' } }", 38,
      "did you mean \"need\"?" },
    { "column-unknown", "plugins/p/init.lua", "people.count{ name = 'x' }",
      "people.count{ nmae = 'x' }", "people.count{ email = 'x', limit = 3 }", 42,
      "did you mean \"name\"?" },
    { "column-unknown", "plugins/p/init.lua", "r.subject ~= nil", "r.subjct ~= nil",
      "r.subject ~= nil", 6, "a referral has no column or method \"subjct\", did you mean" },
    { "column-unknown", "plugins/p/init.lua", "r.subject ~= nil", "r.subject.nmae ~= nil",
      "r.subject.name ~= nil", 6, "a person has no column or method \"nmae\", did you mean" },
    { "column-unknown", "plugins/p/init.lua", "if r.stage == 'matched' then",
      "if r.stge == 'matched' then", "if r.set and r.due_at_ms and r.paused and r.id then", 32,
      "did you mean \"stage\"?" },
    /* Nobody knows what p.matched is about, nor what is given to a function that is called. */
    { "column-unknown", "plugins/p/init.lua", "people.count{ name = 'x' }",
      "people.count{ nmae = 'x' }",
      "people.count{ created = 'now' } + (function(r) return r.nmae end)(1)", 42, "nmae" },
    { "column-unknown", "plugins/p/init.lua", "if r.stage == 'matched' then",
      "do local x = r.subject.nme", "r = r.subject if r.name then", 32, "\"nme\"" },
    { "method-unknown", "plugins/p/init.lua", "r:task{ title", "r:tsk{ title",
      "r:set{ priority = 'urgent', version = 1 } r:task{ title", 34,
      "a referral has no method \"tsk\", did you mean \"task\"" },
    { "method-unknown", "plugins/p/init.lua", "r:task{ title", "r.subject:task{ title",
      "r:tasks()[1]:done('x') r:set{}:task{ title", 34, "a person has no method \"task\"" },
    { "option-unknown", "plugins/p/init.lua", "subject = 'x', values", "recipient = 'x', values",
      "channel = 'file', values", 33, "referral:message has no option \"recipient\"" },
    { "option-unknown", "plugins/p/init.lua", "r:timer('look', '2 weeks')",
      "r:timer('look', '2 weeks') r:can('finish', { resaon = 'x' })",
      "r:timer('look', '2 weeks', { data = 'x' }) r:can('finish', { outcome = 'x', version = 1 })",
      24, "did you mean \"reason\"?" },
    { "option-unknown", "plugins/p/init.lua", "due = '1 working day'", "deu = '1 working day'",
      "due_at_ms = 5, assignee_id = 1, kind = 'x', fields = {}", 34, "did you mean \"due\"" },
    { "role-unknown", "plugins/p/init.lua", "role = 'lead'", "role = 'laed'", "role = 'tutor'", 34,
      "did you mean \"lead\"?" },
    { "role-unknown", "plugins/p/init.lua", "owner_roles = { 'specialist' }",
      "owner_roles = { 'specalist' }", "owner_roles = { 'junior', 'specialist' }", 13,
      "did you mean \"specialist\"?" },
    /* declarations */
    { "key-unknown", "plugins/p/init.lua", "note = true", "notes = true",
      "note = true, help = 'a note'", 25, "did you mean \"note\"?" },
    { "declaration-refused", "plugins/p/init.lua", "need = 'text'", "need = 'txt'", "need = 'list'",
      0, "did you mean \"text\"?" },
    { "declaration-refused", "plugins/p/init.lua", "-- end",
      MINI("{ name = 'a', deadline = { within = '3 workin days', remind = '1 day' } }, "
           "{ name = 'b', final = true }",
           MINI_GO),
      MINI("{ name = 'a', deadline = { within = '3 working days', remind = '1 day' } }, "
           "{ name = 'b', final = true }",
           MINI_GO),
      0, "unknown unit \"workin\", did you mean \"working\"?" },
    { "declaration-refused", "plugins/p/init.lua", "baton.command('stale', {}",
      "baton.command('stale', { args = 1 }", "baton.command('stale', { args = {} }", 42, NULL },
    { "job-interval", "plugins/p/init.lua", "every = '1 hour'", "every = '10 seconds'",
      "every = '1 minute'", 43, "a minute" },
    { "workflow-empty", "plugins/p/init.lua", "-- end", MINI("", MINI_GO),
      MINI(MINI_STAGES, MINI_GO), 44, "no stages" },
    { "workflow-untitled", "plugins/p/init.lua", ", title = 'Tutoring'", "", ", title = 'T'", 8,
      NULL },
    /* stages */
    { "stage-twice", "plugins/p/init.lua", "-- end", MINI(MINI_STAGES ", { name = 'a' }", MINI_GO),
      MINI(MINI_STAGES ", { name = 'c' }", MINI_GO ", { name = 'x', from = 'a', to = 'c' },"
                                                   "{ name = 'x', from = 'c', to = 'b' }"),
      44, "twice" },
    { "stage-initial", "plugins/p/init.lua", "-- end",
      MINI("{ name = 'a', initial = true }, { name = 'c', initial = true }, { name = 'b', final = "
           "true }",
           "{ name = 'go', from = { 'a', 'c' }, to = 'b' }"),
      MINI("{ name = 'a', initial = true }, { name = 'b', final = true }", MINI_GO), 44, "both" },
    { "stage-unreachable", "plugins/p/init.lua", "-- end",
      MINI(MINI_STAGES ", { name = 'c' }", "{ name = 'go', from = { 'a', 'c' }, to = 'b' }"),
      MINI(MINI_STAGES ", { name = 'c' }",
           "{ name = 'go', from = { 'a', 'c' }, to = 'b' }, { name = 'x', from = 'a', to = 'c' }"),
      44, "\"c\"" },
    { "stage-no-way-out", "plugins/p/init.lua", "-- end",
      MINI(MINI_STAGES ", { name = 'c' }, { name = 'd' }",
           MINI_GO ", { name = 'x', from = 'a', to = 'c' }, { name = 'y', from = 'c', to = 'd' },"
                   "{ name = 'z', from = 'd', to = 'c' }"),
      MINI(MINI_STAGES ", { name = 'c' }, { name = 'd' }",
           MINI_GO ", { name = 'x', from = 'a', to = 'c' }, { name = 'y', from = 'c', to = 'd' },"
                   "{ name = 'z', from = 'd', to = 'b' }"),
      44, "no way leads" },
    { "stage-dead-end", "plugins/p/init.lua", "-- end",
      MINI(MINI_STAGES ", { name = 'c' }", MINI_GO ", { name = 'x', from = 'a', to = 'c' }"),
      MINI(MINI_STAGES ", { name = 'c', final = true }",
           MINI_GO ", { name = 'x', from = 'a', to = 'c' }"),
      44, "final = true" },
    { "stage-final-left", "plugins/p/init.lua", "-- end",
      MINI(MINI_STAGES, "{ name = 'go', from = { 'a', 'b' }, to = 'b' }"),
      MINI(MINI_STAGES, "{ name = 'go', from = '*', to = 'b' }"), 45, "final stage" },
    { "stage-final-deadline", "plugins/p/init.lua", "-- end",
      MINI("{ name = 'a' }, { name = 'b', final = true, deadline = { within = '2 days', remind = "
           "'1 day' } }",
           MINI_GO),
      MINI("{ name = 'a', deadline = { within = '2 days', remind = '1 day' } }, { name = 'b', "
           "final = true }",
           MINI_GO),
      44, NULL },
    { "stage-outcome", "plugins/p/init.lua", "-- end",
      MINI("{ name = 'a', outcome = 'x' }, { name = 'b', final = true }", MINI_GO),
      MINI("{ name = 'a' }, { name = 'b', final = true, outcome = 'x' }", MINI_GO), 44, NULL },
    { "stage-never-owned", "plugins/p/init.lua", "-- end",
      MINI("{ name = 'a', owner_roles = { 'specialist' } }, { name = 'b', final = true }",
           "{ name = 'go', from = 'a', to = 'b', roles = { 'lead' } }"),
      MINI("{ name = 'a', owner_roles = { 'lead' } }, { name = 'b', final = true }",
           "{ name = 'go', from = 'a', to = 'b', roles = { 'specialist' } }"),
      44, "none of the transitions" },
    /* transitions */
    { "stage-unknown", "plugins/p/init.lua", "from = 'matched', to = 'done'",
      "from = 'matchd', to = 'done'", "from = { 'matched' }, to = 'done'", 26,
      "did you mean \"matched\"?" },
    { "transition-twice", "plugins/p/init.lua", "-- end", MINI(MINI_STAGES, MINI_GO ", " MINI_GO),
      MINI(MINI_STAGES ", { name = 'c' }",
           MINI_GO ", { name = 'x', from = 'a', to = 'c' }, { name = 'go', from = 'c', to = 'b' }"),
      45, "two transitions \"go\"" },
    { "transition-idle", "plugins/p/init.lua", "'matched', note = true", "'matched'",
      "'matched', required = { 'hours' }", 25, "write_down" },
    { "transition-locked", "plugins/p/init.lua", "locked = true,",
      "locked = true, roles = { 'lead' },", "locked = true, help = 'the right',", 28,
      "has no roles" },
    { "transition-locked", "plugins/p/init.lua", ", source = '34 CFR 300'", "",
      ", source = '34 CFR 300.301'", 28, "names its source" },
    { "reason-twice", "plugins/p/init.lua", "'good_fit', 'other'", "'good_fit', 'good_fit'",
      "'good_fit', 'goodfit'", 23, "good_fit" },
    { "required-unknown", "plugins/p/init.lua", "required = { 'need' }", "required = { 'nede' }",
      "required = { 'title' }", 13, "did you mean \"need\"?" },
    { "required-not-settable", "plugins/p/init.lua", "required = { 'need' }",
      "required = { 'due_at_ms' }", "required = { 'partner_id' }", 13, "only baton itself" },
    { "approval-impossible", "plugins/p/init.lua", "guard = more.enough",
      "guard = more.enough, approval = { seats = { 'lead', 'specialist' }, need = 3 }",
      "guard = more.enough, approval = { seats = { 'lead', 'specialist' }, need = 2 }", 26,
      "weigh 2" },
    /* deadlines */
    { "deadline-idle", "plugins/p/init.lua", "due_field = 'meets_at', remind = '1 day'",
      "due_field = 'meets_at'", "due_field = 'meets_at', escalate = '1 day'", 17,
      "who will notice" },
    { "deadline-never", "plugins/p/init.lua", "within = settings.within",
      "within = '3 school days'", "within = settings.within or '3 days'", 13, "never comes" },
    { "deadline-outside", "plugins/p/init.lua", "-- end",
      MINI("{ name = 'a', deadline = { within = '12 hours', remind = '1 hour' } }, { name = 'b', "
           "final = true }",
           MINI_GO),
      MINI("{ name = 'a', deadline = { within = '12 working hours', remind = '1 hour' } }, { name "
           "= 'b', final = true }",
           MINI_GO),
      44, "outside of it" },
    { "deadline-field", "plugins/p/init.lua", "due_field = 'meets_at'", "due_field = 'meet_at'",
      "due_field = ('meets_at')", 17, "did you mean \"meets_at\"?" },
    { "deadline-field", "plugins/p/init.lua", "due_field = 'meets_at'", "due_field = 'hours'",
      "due_field = 'meets_at', escalate = '2 days'", 17, "must be a time or a date" },
    { "deadline-field-unset", "plugins/p/init.lua", "required = { 'meets_at' }",
      "required = { 'need' }", "required = { 'need', 'meets_at' }", 17, "nothing sets" },
    { "remind-too-early", "plugins/p/init.lua", "remind = { '1 working day' }",
      "remind = { '4 working days' }", "remind = { '2 working days' }", 13, "4 working days" },
    { "escalate-after-expire", "plugins/p/init.lua", "after = '1 working day'", "after = '3 weeks'",
      "after = '1 week'", 13, "expired before" },
    { "expire-unknown", "plugins/p/init.lua", "transition = 'lapse'", "transition = 'finish'",
      "transition = ('lapse')", 16, "does not leave it" },
    { "expire-asks", "plugins/p/init.lua", "to = 'lapsed' },", "to = 'lapsed', note = true },",
      "to = 'lapsed', reasons = { 'expired', 'other' } },", 16, "a note" },
    { "steps-without-deadline", "plugins/p/init.lua", "-- end",
      MINI("{ name = 'a', deadline = { remind = '1 day' } }, { name = 'b', final = true }",
           MINI_GO),
      MINI("{ name = 'a', deadline = { within = '3 days', remind = '1 day' } }, { name = 'b', "
           "final = true }",
           MINI_GO),
      44, "neither within nor due_field" },
    /* fields */
    { "field-unused", "plugins/p/init.lua", "need = 'text',", "need = 'text', other_need = 'text',",
      "need = 'text', other_need = { type = 'text', help = 'x' },", 10, "other_need" },
    { "field-is-column", "plugins/p/init.lua", "need = 'text',", "need = 'text', title = 'text',",
      "need = 'text', titles = { help = 'x' },", 0, "\"title\"" },
};

/* Kinds with a test of their own below. */
static const char *const others[] = { "version-not-raised", "migrate-unknown", NULL };

/* ---- running ---- */

/* The base with one part put in place of another; plugins, org.ini and script anew. */
static void write_files(struct fix *f, const char *file, const char *from, const char *to)
{
    bool found = !file;
    for (size_t i = 0; i < FILES; i++) {
        struct buf text = BUF_INIT;
        const char *at = file && !strcmp(base[i].name, file) ? strstr(base[i].text, from) : NULL;
        if (at) {
            found = true;
            buf_add(&text, base[i].text, (size_t)(at - base[i].text));
            buf_puts(&text, to);
            buf_puts(&text, at + strlen(from));
        } else {
            buf_puts(&text, base[i].text);
        }
        fix_write(f, base[i].name, buf_text(&text));
        if (!strcmp(base[i].name, "org.ini"))
            fix_org_ini(f, buf_text(&text));
        buf_free(&text);
    }
    if (!found)
        fail_msg("\"%s\" is not in %s", from, file);
}

static struct check *run(struct fix *f)
{
    static const char *const names[] = { "p", "q", NULL };
    static const char *const held[] = { "specialist", "lead", "tutor", NULL };
    static const struct check_org org = { .roles_held = held };
    char dir[96];
    snprintf(dir, sizeof dir, "%s/plugins", f->dir);
    const char *const dirs[] = { dir, NULL };
    struct check *c = check_new();
    fix_reopen(f);
    ok(check_plugins(c, f->s, names, NULL, dirs, f->org_ini, &org, &f->e));
    return c;
}

static void list(const struct check *c, struct buf *out)
{
    for (size_t i = 0; i < check_count(c); i++) {
        const struct check_finding *g = check_at(c, i);
        buf_printf(out, "  %s:%d: %s [%s]\n", g->file, g->line, g->message, g->kind->code);
    }
}

static const struct check_finding *find(const struct check *c, const char *code, const char *part)
{
    const struct check_finding *first = NULL;
    for (size_t i = 0; i < check_count(c); i++) {
        const struct check_finding *g = check_at(c, i);
        if (strcmp(g->kind->code, code) != 0)
            continue;
        if (!part || strstr(g->message, part))
            return g;
        first = first ? first : g;
    }
    return first;
}

static void seeded(struct fix *f, const struct kind_case *k, struct buf *failures)
{
    struct buf found = BUF_INIT;
    write_files(f, k->file, k->from, k->bad);
    struct check *c = run(f);
    const struct check_finding *g = find(c, k->code, k->part);
    list(c, &found);
    if (!g)
        buf_printf(failures, "%s: not found for %s; found:\n%s", k->code, k->bad, buf_text(&found));
    else if (k->part && !strstr(g->message, k->part))
        buf_printf(failures, "%s: \"%s\" is not in \"%s\"\n", k->code, k->part, g->message);
    else if (k->line && g->line != k->line)
        buf_printf(failures, "%s: line %d, not %d: %s\n", k->code, g->line, k->line, g->message);
    check_free(c);
    buf_free(&found);
}

static void accepted(struct fix *f, const struct kind_case *k, struct buf *failures)
{
    struct buf found = BUF_INIT;
    write_files(f, k->file, k->from, k->good);
    struct check *c = run(f);
    list(c, &found);
    if (check_count(c))
        buf_printf(failures, "%s: not clean with %s:\n%s", k->code, k->good, buf_text(&found));
    check_free(c);
    buf_free(&found);
}

static void every_kind(void **state)
{
    struct fix *f = *state;
    struct buf failures = BUF_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        seeded(f, &cases[i], &failures);
        accepted(f, &cases[i], &failures);
    }
    if (failures.len) {
        fputs(buf_text(&failures), stderr); /* longer than cmocka takes */
        fail();
    }
    buf_free(&failures);
}

/* Nobody adds a kind without a mistake that it finds. */
static void no_kind_is_left_out(void **state)
{
    const struct check_kind *kind;
    size_t count = 0;
    (void)state;
    for (; (kind = check_kind_at(count)); count++) {
        bool covered = false;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            covered = covered || !strcmp(cases[i].code, kind->code);
        for (size_t i = 0; others[i]; i++)
            covered = covered || !strcmp(others[i], kind->code);
        if (!covered || !*kind->help)
            fail_msg("%s has no case", kind->code);
        for (size_t i = 0; i < count; i++)
            assert_string_not_equal(check_kind_at(i)->code, kind->code);
    }
    assert_true(count >= 30);
}

static void the_base_is_clean(void **state)
{
    struct fix *f = *state;
    struct buf found = BUF_INIT;
    write_files(f, NULL, NULL, NULL);
    struct check *c = run(f);
    list(c, &found);
    assert_string_equal(buf_text(&found), "");
    check_free(c);
}

/* An organisation that takes away the only way to a stage asked for that; it loads too. */
static void a_stage_that_is_not_wanted(void **state)
{
    struct fix *f = *state;
    struct buf found = BUF_INIT;
    write_files(f, "org.ini", "write_down", "finish");
    struct check *c = run(f);
    list(c, &found);
    assert_string_equal(buf_text(&found), "");
    check_free(c);
}

/* One misspelling does not hide another, in whatever file. */
static void all_at_once(void **state)
{
    struct fix *f = *state;
    static const char *const codes[] = { "ini-version",   "setting-bounds", "key-unknown",
                                         "stage-unknown", "role-unknown",   "global-unknown",
                                         "syntax",        "job-interval",   "required-unknown" };
    write_files(f, NULL, NULL, NULL);
    fix_write(f, "plugins/p/plugin.ini",
              "[plugin]\nname = p\nversion = x\n[setting n]\ntype = int\nmin = 3\nmax = 2\n");
    fix_write(f, "plugins/p/other.lua", "local function\n");
    fix_write(f, "plugins/p/init.lua",
              "baton.workflow{ name = 'w', titel = 'W', stages = {\n"
              "  { name = 'a', titel = 'A', required = { 'nope' } }, { name = 'b', final = true, x "
              "= 1 } },\n"
              "  transitions = {\n"
              "  { name = 'go', from = 'a', to = 'bb', roles = { 'laed' } } } }\n"
              "baton.job('j', { every = '1 second' }, function() prnt(1) end)\n");
    struct check *c = run(f);
    struct buf found = BUF_INIT;
    list(c, &found);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (!find(c, codes[i], NULL))
            fail_msg("%s is missing:\n%s", codes[i], buf_text(&found));
    assert_non_null(find(c, "key-unknown", "\"x\""));
    for (size_t i = 1; i < check_count(c); i++) { /* in order */
        const struct check_finding *a = check_at(c, i - 1), *b = check_at(c, i);
        int order = strcmp(a->plugin, b->plugin);
        order = order ? order : strcmp(a->file, b->file);
        assert_true(order < 0 || (order == 0 && a->line <= b->line));
    }
    buf_free(&found);
    check_free(c);
}

/* A cause is told, what only follows from it is not. */
static void only_causes(void **state)
{
    struct fix *f = *state;
    static const struct {
        const char *file, *from, *to, *code;
    } mistakes[] = {
        { "plugins/p/init.lua", "from = 'requested', to = 'matched'",
          "from = 'requested', to = 'mached'", "stage-unknown" },
        { "plugins/p/init.lua", "from = 'matched', to = 'done'", "from = 'mached', to = 'done'",
          "stage-unknown" },
        { "plugins/p/init.lua", "local settings =", "local local settings =", "syntax" },
        { "plugins/p/more.lua", "return M", "return return M", "syntax" },
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct buf found = BUF_INIT;
        write_files(f, mistakes[i].file, mistakes[i].from, mistakes[i].to);
        struct check *c = run(f);
        list(c, &found);
        if (check_count(c) != 1 || !find(c, mistakes[i].code, NULL))
            fail_msg("%s:\n%s", mistakes[i].to, buf_text(&found));
        buf_free(&found);
        check_free(c);
    }
}

/* Only what was asked for is told; what it requires is loaded all the same. */
static void only_what_is_wanted(void **state)
{
    struct fix *f = *state;
    static const char *const names[] = { "p", "q", NULL }, *const only[] = { "p", NULL };
    char dir[96];
    write_files(f, "plugins/q/init.lua", "log.info", "count = 1 log.info");
    snprintf(dir, sizeof dir, "%s/plugins", f->dir);
    const char *const dirs[] = { dir, NULL };
    struct check *c = check_new();
    fix_reopen(f);
    ok(check_plugins(c, f->s, names, only, dirs, f->org_ini, NULL, &f->e));
    assert_int_equal(check_count(c), 0);
    check_free(c);
}

/* A source may hold anything that Lua takes; a check neither hangs nor reads beyond it. */
static void odd_sources(void **state)
{
    struct fix *f = *state;
    static const char *const sources[] = {
        "",
        "--[==[ long\n]] ]==] local a = [[\nx]] .. [=[ ]] ]=] ; return a, "
        "'\\\n\\065\\x41\\u{20}\\z  b'",
        "goto done do local a <close> = nil end ::done:: ; ;",
        "local a, b = {}, {} ; a.b, b['c'] = 1, 2 ; a[1], (a).x = 3, 4 ; ('x'):rep(2)",
        "for i = 1, 2 do for k, v in pairs{ 1, 2; x = 3, ['y z'] = 4, [5] = 6 } do local _ = k, v "
        "end end",
        "repeat local x = 0x1p4 + 1e+5 // 2 ~ 3 >> 1 << 2 & 7 | 8 until x ~= nil and not x or #'a' "
        "<= 1",
        "local f function f(...) return ..., f, function(a, ...) return select('#', a, ...) end "
        "end f{} f'x' f[[y]]",
        "local t = { f = function() return { g = function() end } end } t.f().g() t['f']()['g']()",
        "if nil then elseif true then else end while false do break end return 1;",
    };
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        struct buf found = BUF_INIT;
        write_files(f, NULL, NULL, NULL);
        fix_write(f, "plugins/q/init.lua", sources[i]);
        struct check *c = run(f);
        list(c, &found);
        if (check_count(c))
            fail_msg("%s:\n%s", sources[i], buf_text(&found));
        check_free(c);
        buf_free(&found);
    }
}

/* A workflow that changed under its version, while a referral runs it. */
static void version_not_raised(void **state)
{
    struct fix *f = *state;
    static const char *const names[] = { "p", "q", NULL };
    write_files(f, NULL, NULL, NULL);
    ok(fix_load(f, names));
    ok(store_turn_begin(f->store, &f->e));
    domain_command_begin(f->d);
    ok(domain_keep_versions(f->d, &f->e));
    ok(domain_command_end(f->d, true, &f->e));
    ok(store_turn_commit(f->store, &f->e));
    ok(fix_run(f, "referrals.open{ workflow = 'tutoring', title = 'x', fields = { need = 'n' } }"));

    struct check *c = run(f);
    assert_int_equal(check_count(c), 0);
    check_free(c);
    write_files(f, "plugins/p/init.lua", "{ 'requested', 'matched' }, to = 'lapsed'",
                "{ 'requested' }, to = 'lapsed'");
    c = run(f);
    assert_non_null(find(c, "version-not-raised", NULL));
    assert_string_equal(find(c, "version-not-raised", NULL)->file, "p/init.lua");
    check_free(c);
    write_files(f, "plugins/p/init.lua", "{ 'requested', 'matched' }, to = 'lapsed'",
                "{ 'requested' }, to = 'lapsed', help = 'x'");
    fix_write(f, "plugins/p/init.lua", base[2].text);
    c = run(f);
    assert_int_equal(check_count(c), 0);
    check_free(c);
}

/* Old names of a migration are held against the version that the store has kept. */
static void migrate_unknown(void **state)
{
    struct fix *f = *state;
    static const char *const names[] = { "p", "q", NULL };
    static const char moved[] = "name = 'tutoring', title = 'Tutoring', version = 2,\n"
                                "  migrate = { from = 1, stages = { %s = 'matched' },\n"
                                "              fields = { %s = 'need' } },\n";
    static const struct {
        const char *stage, *field;
        size_t findings;
    } names_of[] = { { "requested", "need", 0 }, { "requestd", "need", 1 }, { "done", "nede", 1 } };
    write_files(f, NULL, NULL, NULL);
    ok(fix_load(f, names));
    ok(store_turn_begin(f->store, &f->e));
    domain_command_begin(f->d);
    ok(domain_keep_versions(f->d, &f->e));
    ok(domain_command_end(f->d, true, &f->e));
    ok(store_turn_commit(f->store, &f->e));
    for (size_t i = 0; i < sizeof names_of / sizeof *names_of; i++) {
        char text[256];
        snprintf(text, sizeof text, moved, names_of[i].stage, names_of[i].field);
        write_files(f, "plugins/p/init.lua", "name = 'tutoring', title = 'Tutoring',\n", text);
        struct check *c = run(f);
        assert_int_equal(check_count(c), names_of[i].findings);
        if (names_of[i].findings) {
            const struct check_finding *g = find(c, "migrate-unknown", "did you mean");
            assert_string_equal(g->kind->code, "migrate-unknown");
            assert_int_equal(g->line, i == 1 ? 10 : 11);
            assert_contains(g->message, i == 1 ? "\"requested\"" : "\"need\"");
        }
        check_free(c);
    }
    write_files(f, NULL, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_kind_is_left_out),
        cmocka_unit_test_setup_teardown(the_base_is_clean, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(a_stage_that_is_not_wanted, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(every_kind, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(all_at_once, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(only_causes, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(only_what_is_wanted, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(odd_sources, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(migrate_unknown, fix_setup, fix_teardown),
        cmocka_unit_test_setup_teardown(version_not_raised, fix_setup, fix_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
