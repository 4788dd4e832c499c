---@meta
-- The Lua modules of baton, for the Lua language server. Made from the registration table by:
-- baton reference --format luals

---@class baton.Handle
---@field id integer
---@field ref string "R-12"
---@field version integer
---@field created_at_ms integer
---@field updated_at_ms integer
---@field fields table<string, any>
local Handle = {}

---@class baton.Person: baton.Handle
---@field name string|nil full name
---@field email string|nil mail address
---@field phone string|nil telephone number
---@field birth_date string|nil YYYY-MM-DD
---@field language string|nil preferred language, as a BCP 47 tag
---@field address string|nil postal address
---@field external_id string|nil id in the system it came from; an import finds the row by it
local Person = {}

---@class baton.Partner: baton.Handle
---@field name string|nil name
---@field alternate_name string|nil other name or abbreviation
---@field kind string|nil what it is: clinic, school, law firm, ...
---@field email string|nil mail address for referrals
---@field phone string|nil telephone number
---@field url string|nil web address
---@field description string|nil what it does and for whom
---@field status string|nil active or inactive
---@field external_id string|nil id in the system it came from; an import finds the row by it
local Partner = {}

---@class baton.Service: baton.Handle
---@field partner_id number|nil who offers it
---@field partner baton.Partner|nil
---@field name string|nil name
---@field alternate_name string|nil other name
---@field description string|nil what it is
---@field email string|nil mail address for referrals
---@field phone string|nil telephone number
---@field url string|nil web address
---@field areas string|nil areas served, separated by ;
---@field topics string|nil needs it answers, separated by ;
---@field min_age number|nil youngest age served, in years
---@field max_age number|nil oldest age served, in years
---@field capacity string|nil yes, no, waiting_list or unknown
---@field checked_at_ms number|nil when somebody last confirmed the entry
---@field status string|nil active or inactive
---@field external_id string|nil id in the system it came from; an import finds the row by it
local Service = {}

---@class baton.Location: baton.Handle
---@field partner_id number|nil whose it is
---@field partner baton.Partner|nil
---@field name string|nil name
---@field address string|nil postal address
---@field phone string|nil telephone number
---@field url string|nil web address
---@field latitude number|nil degrees north, WGS 84
---@field longitude number|nil degrees east, WGS 84
---@field external_id string|nil id in the system it came from; an import finds the row by it
local Location = {}

---@class baton.Staff: baton.Handle
---@field name string|nil full name
---@field email string|nil mail address
---@field roles string|nil roles, separated by commas: junior, specialist, senior, lead, admin, or the organisation's own
---@field status string|nil active or inactive
---@field external_id string|nil id in the system it came from; an import finds the row by it
local Staff = {}

---@class baton.Referral: baton.Handle
---@field workflow string|nil name of its workflow
---@field workflow_version number|nil version of the workflow that it runs
---@field stage string|nil stage it is in
---@field stage_at_ms number|nil when it entered the stage
---@field title string|nil what it is about, in a line
---@field subject_id number|nil the person who is to be taken care of
---@field subject baton.Person|nil
---@field referrer_id number|nil the person who asks
---@field referrer baton.Person|nil
---@field from_partner_id number|nil the partner who asks
---@field from_partner baton.Partner|nil
---@field partner_id number|nil the partner who is asked
---@field partner baton.Partner|nil
---@field service_id number|nil the service that is asked for
---@field service baton.Service|nil
---@field owner_id number|nil the member of staff who sees to it
---@field owner baton.Staff|nil
---@field parent_id number|nil the referral from which it came
---@field parent baton.Referral|nil
---@field priority string|nil routine, urgent or emergency
---@field outcome string|nil how it ended
---@field due_at_ms number|nil deadline of the stage
---@field wake_at_ms number|nil next reminder, deadline or escalation
---@field wake_step number|nil which of the stage's steps that is
---@field closed_at_ms number|nil when it ended
---@field external_id string|nil id in the system it came from; an import finds the row by it
---@field open boolean
---@field overdue boolean
local Referral = {}

---@class baton.Timer: baton.Handle
---@field name string|nil name, for the handler of timer.NAME
---@field about string|nil what it is about: R-12, P-3, ...
---@field plugin string|nil plugin that set it
---@field at_ms number|nil when it fires; null once it has
---@field status string|nil waiting, fired or cancelled
---@field data string|nil text for its handler
local Timer = {}

---@class baton.Task: baton.Handle
---@field title string|nil what is to be done
---@field about string|nil what it is about: R-12, P-3, ...
---@field assignee_id number|nil who is to do it
---@field assignee baton.Staff|nil
---@field role string|nil or the role of whoever may do it
---@field kind string|nil what it is: reminder, escalation, conversation, ...
---@field status string|nil open, done or cancelled
---@field due_at_ms number|nil until when
---@field done_at_ms number|nil when it was done
---@field outcome string|nil what came of it
local Task = {}

---@class baton.Note: baton.Handle
---@field about string|nil what it is about: R-12, P-3, ...
---@field author_id number|nil who wrote it
---@field author baton.Staff|nil
---@field text string|nil what it says
local Note = {}

---@class baton.Message: baton.Handle
---@field about string|nil what it is about: R-12, P-3, ...
---@field channel string|nil how it goes out: file
---@field recipient string|nil address that the channel understands
---@field subject string|nil subject line
---@field body string|nil text
---@field template string|nil template that it was made from
---@field status string|nil waiting, sent, dead or cancelled
---@field attempts number|nil times that delivery was tried
---@field send_at_ms number|nil next attempt
---@field sent_at_ms number|nil when it was delivered
---@field last_error string|nil why the last attempt failed
local Message = {}

---@class baton.Consent: baton.Handle
---@field person_id number|nil who consents
---@field person baton.Person|nil
---@field purpose string|nil to what: evaluation, disclosure, contact, ...
---@field status string|nil given, refused or withdrawn
---@field given_at_ms number|nil when it was given
---@field expires_at_ms number|nil until when it holds
---@field scope string|nil what it covers, or to whom
---@field how string|nil how it was given: paper, by phone, ...
local Consent = {}

---@class baton.Account: baton.Handle
---@field name string|nil name, unique: reward_expense, owed/P-12
---@field kind string|nil asset, liability, equity, income or expense
---@field currency string|nil of all its entries: an ISO 4217 code
---@field holder string|nil to whom it belongs: P-12, O-3, ...
local Account = {}

---@class baton.Entry: baton.Handle
---@field key string|nil what it is for, unique: the same key is posted once
---@field kind string|nil reward_accrued, reward_reduced, payout_settled, ...
---@field debit_id number|nil account that receives
---@field debit baton.Account|nil
---@field credit_id number|nil account that gives
---@field credit baton.Account|nil
---@field amount_minor number|nil minor units of the currency, above 0
---@field currency string|nil that of both accounts
---@field about string|nil what it is about: R-12, P-3, ...
---@field reverses_id number|nil the entry that it takes back, all or in part
---@field reverses baton.Entry|nil
---@field memo string|nil a line for people
local Entry = {}

---@class baton.Programme: baton.Handle
---@field name string|nil name, unique: bring_a_friend
---@field title string|nil as people read it
---@field audience string|nil whom it is for
---@field objectives string|nil what it is to bring about
---@field baseline_bp number|nil referral rate before it, in basis points
---@field goal_bp number|nil referral rate that it aims at, in basis points
---@field channels string|nil where it is shared, separated by commas: mail, social, in_person
---@field currency string|nil of its rewards: an ISO 4217 code
---@field attribution string|nil first or last: which touch wins
---@field window_days number|nil a touch counts this many days of 24 hours
---@field terms string|nil what is promised to whom, in words
---@field terms_version number|nil one more with each change of the terms
---@field terms_from_at_ms number|nil since when these terms hold
---@field starts_at_ms number|nil conversions count from here on
---@field ends_at_ms number|nil and before this
---@field status string|nil draft, active, paused or ended
local Programme = {}

---@class baton.Code: baton.Handle
---@field programme_id number|nil of which programme
---@field programme baton.Programme|nil
---@field code string|nil the code itself, in capitals
---@field referrer string|nil whose it is: P-12, O-3, S-2
---@field channel string|nil where it is shared
---@field expires_at_ms number|nil until when it counts
---@field status string|nil active or inactive
local Code = {}

---@class baton.Touch: baton.Handle
---@field key string|nil what it is, unique: source and id there; the same key is one touch
---@field programme_id number|nil of which programme
---@field programme baton.Programme|nil
---@field kind string|nil click, share, code or claim
---@field code_id number|nil the code or link that was used
---@field code baton.Code|nil
---@field referrer string|nil who referred: P-12, O-3, S-2
---@field person_id number|nil who was referred, if known
---@field person baton.Person|nil
---@field visitor string|nil or how the source calls a visitor whom we do not know
---@field channel string|nil where it happened
---@field touched_at_ms number|nil when it happened
local Touch = {}

---@class baton.Conversion: baton.Handle
---@field key string|nil source/id there, unique: the same key is one conversion
---@field programme_id number|nil of which programme
---@field programme baton.Programme|nil
---@field kind string|nil sale, refund or chargeback
---@field of_key string|nil of a refund or chargeback: key of its sale
---@field amount_minor number|nil minor units of the currency, above 0 whatever the kind
---@field currency string|nil an ISO 4217 code
---@field items number|nil how many were sold
---@field product string|nil what was sold
---@field person_id number|nil the customer, if known
---@field person baton.Person|nil
---@field visitor string|nil or how the source calls a visitor whom we do not know
---@field converted_at_ms number|nil when it happened
---@field touch_id number|nil the touch that it is attributed to
---@field touch baton.Touch|nil
---@field referrer string|nil who referred, as that touch says
local Conversion = {}

---what plugins declare, and scripts do as a whole.
baton = {}

---declares a workflow, while a plugin loads; it is checked as a whole.
---
---    baton.workflow{name=, version=, fields={…}, stages={…}, transitions={…}, children={…}, migrate={…}}
---```lua
----- in init.lua
---baton.workflow{
---  name = "mentoring", version = 1,
---  fields = { need = "text" },
---  stages = { { name = "asked", required = { "need" } }, { name = "matched", final = true } },
---  transitions = { { name = "match", from = "asked", to = "matched" } },
---}
----- in a script
---local m = referrals.open{ workflow = "mentoring", subject = ada, fields = { need = "company" } }
---m:advance("match").stage  --> "matched"
---```
---@param options? table
function baton.workflow(options) end

---runs a function at each event of that name ("referral.advanced", "task.*"), in the same command.
---
---    baton.on(event, function(event, row) … end, {priority=, workflow=, stage=})
---```lua
----- in init.lua
---baton.on("referral.advanced", function(event, row)
---  row:note("from " .. event.from .. " to " .. event.to)
---end, { workflow = "tutoring" })
----- in a script
---r:advance("accept")
---notes.first{ about = r, order = "newest" }.text  --> "from requested to accepted"
---```
---@param event? any
---@param fn? function
---@param options? table
function baton.on(event, fn, options) end

---writes an event of your own, about a row or nothing; handlers hear it.
---
---    baton.emit("my.thing", {detail}, about)
---```lua
---baton.emit("tutoring.met", { minutes = 45 }, r)
---r:history{ limit = 1 }[1]  --> { about = R-1, actor = "operator", …, kind = "tutoring.met", minutes = 45, … }
---```
---@param value? any
---@param options? table
---@param about? any
function baton.emit(value, options, about) end

---declares a custom field of an entity, while a plugin loads.
---
---    baton.field(entity, name, {type=, values=, min=, max=, index=, help=})
---```lua
----- in init.lua
---baton.field("person", "grade", { type = "int", min = 0, max = 12 })
----- in a script
---ada:set{ fields = { grade = 7 } }
---people.count{ fields = { grade = 7 } }  --> 1
---```
---@param entity? any
---@param name? any
---@param options? table
function baton.field(entity, name, options) end

---offers a function by name to users and scripts, while a plugin loads.
---
---    baton.command(name, {help=, args={{name=, type=, required=}}}, function(args) … end)
---```lua
----- in init.lua
---baton.command("close_case", { help = "ends a referral", args = { { name = "referral", required = true } } },
---  function(args) return referrals.get(args.referral):advance("decline", { reason = "moved" }).stage end)
----- in a script
---baton.call("close_case", { referral = r })  --> "declined"
---```
---@param name? any
---@param options? table
---@param fn? function
function baton.command(name, options, fn) end

---moves open referrals to the loaded version of their workflow (class fits, mapped or blocked), or takes that back; preview only looks.
---
---    baton.migrate{workflow=, preview=, skip_blocked=, undo=, since=} → array of {referral, class, stage, to_stage, due_from_ms, due_to_ms, why, …}
---```lua
---baton.migrate{ workflow = "tutoring", preview = true }  --> {}
---```
---@param options? table
---@return table[]
function baton.migrate(options) end

---runs a command that a plugin declared.
---
---    baton.call(name, {arguments}) → result
---```lua
---baton.call("call_back", { referral = r })  --> "requested"
---```
---@param name? any
---@param options? table
---@return any
function baton.call(name, options) end

---runs a function by the clock; one missed while asleep runs once.
---
---    baton.job(name, {every="1 hour"} or {at="06:00", days="working"}, function() … end)
---```lua
----- in init.lua
---baton.job("weekly", { every = "1 week" }, function()
---  for referral in referrals.each{ open = true } do
---    referral:note("still " .. referral.stage)
---  end
---end)
----- in a script
---clock.advance("8 days")
---notes.first{ about = r, order = "newest" }.text  --> "still requested"
---```
---@param name? any
---@param options? table
---@param fn? function
function baton.job(name, options, fn) end

---offers a report by name; it may only read; `columns` is the order that it is shown in.
---
---    baton.report(name, {help=, args={…}, columns={"review", {name="due", type="time"}}}, function(args) return rows end)
---```lua
----- in init.lua
---baton.report("due", { help = "what is due when", columns = { "referral", { name = "due", type = "time" } } },
---  function()
---    local rows = {}
---    for referral in referrals.each{ open = true } do
---      rows[#rows + 1] = { referral = referral, due = referral.due_at_ms }
---    end
---    return rows
---  end)
----- in a script
---baton.run_report("due")[1].referral  --> "R-1"
---```
---@param name? any
---@param options? table
---@param fn? function
function baton.report(name, options, fn) end

---runs a report that a plugin declared.
---
---    baton.run_report(name, {arguments}) → rows
---```lua
---baton.run_report("by_stage")  --> { { count = 1, stage = "requested" } }
---```
---@param name? any
---@param options? table
---@return any
function baton.run_report(name, options) end

---loads FILE.lua of the same plugin, once; names of a-z, 0-9, _ and /.
---
---    baton.require(file) → what it returns
---```lua
----- in letters.lua
---return { greeting = function(person) return "Dear " .. person.name end }
----- in init.lua
---local letters = baton.require("letters")
---baton.command("greet", {}, function(args) return letters.greeting(people.get(args.person)) end)
----- in a script
---baton.call("greet", { person = ada })  --> "Dear Ada Lovelace"
---```
---@param file? any
---@return any
function baton.require(file) end

---all that the function writes is one commit, or nothing of it is.
---
---    baton.turn(function() … end) → its results
---```lua
---baton.turn(function()
---  people.add{ name = "Kim Doe" }
---  r:advance("finish")
---end)  --> error: R-1: no transition "finish" from stage "requested" …
---people.count{ name = "Kim Doe" }  --> 0
---```
---@param fn? function
---@return any
function baton.turn(fn) end

---calls a function; a refusal comes back as nil, message and code ("denied", "conflict", …).
---
---    baton.try(fn, …) → results | nil, message, code
---```lua
---baton.try(function() return r:advance("accept") end)  --> R-1
---baton.try(function() return r:advance("accept") end)  --> nil, 'R-1: no transition "accept" …', "invalid"
---```
---@param fn? function
---@param ... any
---@return any|nil
function baton.try(fn, ...) end

---who acts, if it is a member of staff.
---
---    baton.actor() → staff | nil
---```lua
---as(ines, function() return baton.actor() end)  --> S-1
---baton.actor()  --> nil
---```
---@return baton.Staff|nil
function baton.actor() end

---the workflows that plugins declared.
---
---    baton.workflows() → array of names
---```lua
---baton.workflows()  --> { "tutoring", "interview" }
---```
---@return string[]
function baton.workflows() end

---a setting of the plugin, typed by plugin.ini; read-only.
---
---    baton.settings.NAME
---```lua
----- in init.lua
---baton.settings.pupils_per_tutor  --> 3
---```
baton.settings = {}

---the plugin that this code belongs to.
---
---    baton.plugin → {name, version}
---```lua
----- in init.lua
---baton.plugin  --> { name = "office", version = "1.2.0" }
---```
baton.plugin = {}

---the organisation.
---
---    baton.org → {name, title, zone}
---```lua
---baton.org.zone  --> "UTC"
---```
baton.org = {}

---no value: to empty a column, or to find rows where it is empty.
---
---    baton.none
---```lua
---r:set{ owner = baton.none }
---referrals.count{ owner = baton.none }  --> 1
---```
baton.none = nil

---the one thing that workflows move; methods: help "referral".
referrals = {}

---the row of that id: a number, or "R-12".
---
---    referrals.get(id) → handle or nil
---```lua
---referrals.get("R-1")  --> R-1
---referrals.get(99)  --> nil
---```
---@param id? any
---@return baton.Referral|nil
function referrals.get(id) end

---rows that meet all conditions; a value may be {before=, after=, at_least=, at_most=, isnt=} or baton.none.
---
---    referrals.find{column=value, fields={…}, limit=50, after=id, order="newest"} → array
---```lua
---referrals.find{ open = true, stage = "requested" }  --> { R-1 }
---```
---@param options? table
---@return baton.Referral[]
function referrals.find(options) end

---the first row that meets all conditions.
---
---    referrals.first{column=value, …} → handle or nil
---```lua
---referrals.first{ open = true, stage = "requested" }  --> R-1
---```
---@param options? table
---@return baton.Referral|nil
function referrals.first(options) end

---all rows that meet all conditions, however many: for x in referrals.each{…} do … end.
---
---    referrals.each{column=value, …} → iterator of handles
---```lua
---for x in referrals.each{ open = true, stage = "requested" } do print(x) end  --> R-1
---```
---@param options? table
---@return any
function referrals.each(options) end

---how many rows meet all conditions.
---
---    referrals.count{column=value, …} → number
---```lua
---referrals.count{ open = true, stage = "requested" }  --> 1
---```
---@param options? table
---@return number
function referrals.count(options) end

---how many rows there are of each value of a column; "none" where it is empty.
---
---    referrals.count_by(column, {column=value, …}) → {value=number, …}
---```lua
---referrals.count_by("stage")  --> { requested = 1 }
---```
---@param column? any
---@param options? table
---@return table
function referrals.count_by(column, options) end

---opens a referral in the first stage of its workflow.
---
---    referrals.open{workflow=, title=, subject=, referrer=, partner=, fields={…}, …} → referral
---```lua
---local r2 = referrals.open{ workflow = "tutoring", title = "Sums", subject = ada, fields = { need = "sums" } }
---r2.stage  --> "requested"
---```
---@param options? table
---@return baton.Referral
function referrals.open(options) end

---takes a transition; raises with the reason where it is refused.
---
---    r:advance(transition, {reason=, note=, fields={…}, outcome=, version=}) → r
---```lua
---r:advance("accept", { note = "fits well" }).stage  --> "accepted"
---r:advance("decline", { reason = "moved" })  --> error: R-1: no transition "decline" from stage "accepted" …
---```
---@param transition? any
---@param options? table
---@return self
function Referral:advance(transition, options) end

---would this transition go through, for me and now?.
---
---    r:can(transition, {reason=, note=, fields={…}, outcome=, version=}) → true, or false and why
---```lua
---r:can("accept")  --> true
---r:can("decline")  --> false, 'R-1: "decline" needs a reason, one of: no_room, moved'
---r:can("decline", { reason = "no_room" })  --> true
---```
---@param transition? any
---@param options? table
---@return boolean
function Referral:can(transition, options) end

---may it go, and every reason why not: role, version, fields, reason, approval, guard with its file:line; without a name for every transition that is possible.
---
---    r:explain(transition, {reason=, note=, fields={…}, outcome=, version=}) → {transition=, to=, may=, checks={…}}; r:explain() → array of them
---```lua
---r:explain("accept").may  --> true
---for _, check in ipairs(r:explain("decline").checks) do
---  if not check.ok then print(check.check, check.text) end
---end  --> reason	"decline" needs a reason, one of: no_room, moved
---```
---@param transition? any
---@param options? table
---@return table
function Referral:explain(transition, options) end

---the transitions that leave its stage.
---
---    r:possible() → array of names
---```lua
---r:possible()  --> { "accept", "offer", "decline", "lapse" }
---```
---@return string[]
function Referral:possible() end

---votes in the approval of a transition; for_staff: in whose place (as their delegate).
---
---    r:vote(transition, "yes"|"no"|"abstain", {seat=, for_staff=, note=, version=}) → r
---```lua
---r:advance("offer")
---r:vote("adopt", "yes", { seat = "teacher", for_staff = ines })
---r:approval("adopt").yes  --> 1
---```
---@param transition? any
---@param value? any
---@param options? table
---@return self
function Referral:vote(transition, value, options) end

---how the votes stand; state is "open", "approved" or "refused".
---
---    r:approval(transition) → {state=, need=, yes=, no=, abstained=, seats={…}, missing={…}}
---```lua
---r:advance("offer")
---r:approval("adopt")  --> { …, missing = { "teacher", "lead" }, …, state = "open", … }
---```
---@param transition? any
---@return table
function Referral:approval(transition) end

---stops its deadline and keeps what remains, in working time where it counts that; nothing fires meanwhile.
---
---    r:pause{reason=, note=, version=} → r
---```lua
---r:pause{ reason = "school is closed" }
---r.paused, r.due_at_ms  --> true, nil
---```
---@param options? table
---@return self
function Referral:pause(options) end

---lets a paused deadline go on with what remained.
---
---    r:resume{note=, version=} → r
---```lua
---r:pause{ reason = "school is closed" }
---clock.advance("1 week")
---r:resume{ note = "open again" }
---clock.format(r.due_at_ms)  --> "2026-03-11 17:00"
---```
---@param options? table
---@return self
function Referral:resume(options) end

---who held it for how long: the owner, else a role, in each stage; to_at_ms is nil while it lasts.
---
---    r:clock() → array of {holder, stage, from_at_ms, to_at_ms, ms, working_ms, paused}
---```lua
---clock.advance("2 hours")
---r:clock()[1]  --> { …, holder = S-1, ms = 72…, stage = "requested", … }
---```
---@return table[]
function Referral:clock() end

---gives it to a member of staff who may own this stage.
---
---    r:assign(staff) → r
---```lua
---r:set{ owner = baton.none }
---r:assign(ines).owner  --> S-1
---```
---@param staff? any
---@return self
function Referral:assign(staff) end

---something a person must do about it; the owner, if nobody is named.
---
---    r:task{title=, assignee=|role=, due=, kind=} → task
---```lua
---local call = r:task{ title = "Call the school", due = "2 working days" }
---call.assignee, clock.format(call.due_at_ms)  --> S-1, "2026-03-04 09:00"
---```
---@param options? table
---@return baton.Task
function Referral:task(options) end

---the tasks about it.
---
---    r:tasks{status=, …} → array of tasks
---```lua
---r:tasks{ status = "open" }  --> { K-1 }
---```
---@param options? table
---@return baton.Task[]
function Referral:tasks(options) end

---raises the event timer.NAME then; data is text, or a value kept as JSON.
---
---    r:timer(name, when, {data=}) → timer
---```lua
---r:timer("call_again", "tomorrow 09:00").status  --> "waiting"
---```
---@param name? any
---@param when? any
---@param options? table
---@return baton.Timer
function Referral:timer(name, when, options) end

---opens a referral that comes from this one.
---
---    r:refer{workflow=, title=, subject=, …, fields={…}} → referral
---```lua
---local talk = r:refer{ workflow = "interview", title = "Meet the family" }
---talk.parent, talk.stage  --> R-1, "asked"
---```
---@param options? table
---@return baton.Referral
function Referral:refer(options) end

---the referrals that came from this one.
---
---    r:children{workflow=, …} → array of referrals
---```lua
---r:refer{ workflow = "interview", title = "Meet the family" }
---r:children()  --> { R-2 }
---```
---@param options? table
---@return baton.Referral[]
function Referral:children(options) end

---puts a message about it into the outbox.
---
---    r:message{to=, template=|body=, values={…}, subject=, channel="file"} → message
---```lua
---r:message{ to = library, subject = "Reading help", body = "Is Monday possible?" }.status  --> "waiting"
---```
---@param options? table
---@return baton.Message
function Referral:message(options) end

---persons: clients, referrers, prospects.
people = {}

---the row of that id: a number, or "P-12".
---
---    people.get(id) → handle or nil
---```lua
---people.get("P-1")  --> P-1
---people.get(99)  --> nil
---```
---@param id? any
---@return baton.Person|nil
function people.get(id) end

---rows that meet all conditions; a value may be {before=, after=, at_least=, at_most=, isnt=} or baton.none.
---
---    people.find{column=value, fields={…}, limit=50, after=id, order="newest"} → array
---```lua
---people.find{ name = "Ada Lovelace" }  --> { P-1 }
---```
---@param options? table
---@return baton.Person[]
function people.find(options) end

---the first row that meets all conditions.
---
---    people.first{column=value, …} → handle or nil
---```lua
---people.first{ name = "Ada Lovelace" }  --> P-1
---```
---@param options? table
---@return baton.Person|nil
function people.first(options) end

---all rows that meet all conditions, however many: for x in people.each{…} do … end.
---
---    people.each{column=value, …} → iterator of handles
---```lua
---for x in people.each{ name = "Ada Lovelace" } do print(x) end  --> P-1
---```
---@param options? table
---@return any
function people.each(options) end

---how many rows meet all conditions.
---
---    people.count{column=value, …} → number
---```lua
---people.count{ name = "Ada Lovelace" }  --> 1
---```
---@param options? table
---@return number
function people.count(options) end

---how many rows there are of each value of a column; "none" where it is empty.
---
---    people.count_by(column, {column=value, …}) → {value=number, …}
---```lua
---people.count_by("language")  --> { en = 1 }
---```
---@param column? any
---@param options? table
---@return table
function people.count_by(column, options) end

---a client, referrer or prospect.
---
---    people.add{name=, email=, phone=, birth_date=, language=, address=, external_id=, fields={…}} → handle
---```lua
---people.add{ name = "Kim Doe", phone = "555-0100" }  --> P-2
---people.add{ phone = "555-0100" }  --> error: person.name (full name) is missing
---```
---@param options? table
---@return baton.Person
function people.add(options) end

---full text, best first; case and accents do not matter, the last word may be a beginning.
---
---    people.search(words, {limit=50}) → array of handles
---```lua
---people.search("LOVE")  --> { P-1 }
---```
---@param words? any
---@param options? table
---@return baton.Person[]
function people.search(words, options) end

---organisations and professionals that receive or send referrals.
partners = {}

---the row of that id: a number, or "O-12".
---
---    partners.get(id) → handle or nil
---```lua
---partners.get("O-1")  --> O-1
---partners.get(99)  --> nil
---```
---@param id? any
---@return baton.Partner|nil
function partners.get(id) end

---rows that meet all conditions; a value may be {before=, after=, at_least=, at_most=, isnt=} or baton.none.
---
---    partners.find{column=value, fields={…}, limit=50, after=id, order="newest"} → array
---```lua
---partners.find{ kind = "library" }  --> { O-1 }
---```
---@param options? table
---@return baton.Partner[]
function partners.find(options) end

---the first row that meets all conditions.
---
---    partners.first{column=value, …} → handle or nil
---```lua
---partners.first{ kind = "library" }  --> O-1
---```
---@param options? table
---@return baton.Partner|nil
function partners.first(options) end

---all rows that meet all conditions, however many: for x in partners.each{…} do … end.
---
---    partners.each{column=value, …} → iterator of handles
---```lua
---for x in partners.each{ kind = "library" } do print(x) end  --> O-1
---```
---@param options? table
---@return any
function partners.each(options) end

---how many rows meet all conditions.
---
---    partners.count{column=value, …} → number
---```lua
---partners.count{ kind = "library" }  --> 1
---```
---@param options? table
---@return number
function partners.count(options) end

---how many rows there are of each value of a column; "none" where it is empty.
---
---    partners.count_by(column, {column=value, …}) → {value=number, …}
---```lua
---partners.count_by("kind")  --> { library = 1 }
---```
---@param column? any
---@param options? table
---@return table
function partners.count_by(column, options) end

---who receives or sends referrals.
---
---    partners.add{name=, kind=, email=, phone=, url=, description=, status=, fields={…}} → handle
---```lua
---partners.add{ name = "Family Clinic", kind = "clinic" }  --> O-2
---```
---@param options? table
---@return baton.Partner
function partners.add(options) end

---full text, best first; case and accents do not matter, the last word may be a beginning.
---
---    partners.search(words, {limit=50}) → array of handles
---```lua
---partners.search("libr")  --> { O-1 }
---```
---@param words? any
---@param options? table
---@return baton.Partner[]
function partners.search(words, options) end

---what partners offer.
services = {}

---the row of that id: a number, or "V-12".
---
---    services.get(id) → handle or nil
---```lua
---services.get("V-1")  --> V-1
---services.get(99)  --> nil
---```
---@param id? any
---@return baton.Service|nil
function services.get(id) end

---rows that meet all conditions; a value may be {before=, after=, at_least=, at_most=, isnt=} or baton.none.
---
---    services.find{column=value, fields={…}, limit=50, after=id, order="newest"} → array
---```lua
---services.find{ capacity = "yes" }  --> { V-1 }
---```
---@param options? table
---@return baton.Service[]
function services.find(options) end

---the first row that meets all conditions.
---
---    services.first{column=value, …} → handle or nil
---```lua
---services.first{ capacity = "yes" }  --> V-1
---```
---@param options? table
---@return baton.Service|nil
function services.first(options) end

---all rows that meet all conditions, however many: for x in services.each{…} do … end.
---
---    services.each{column=value, …} → iterator of handles
---```lua
---for x in services.each{ capacity = "yes" } do print(x) end  --> V-1
---```
---@param options? table
---@return any
function services.each(options) end

---how many rows meet all conditions.
---
---    services.count{column=value, …} → number
---```lua
---services.count{ capacity = "yes" }  --> 1
---```
---@param options? table
---@return number
function services.count(options) end

---how many rows there are of each value of a column; "none" where it is empty.
---
---    services.count_by(column, {column=value, …}) → {value=number, …}
---```lua
---services.count_by("capacity")  --> { yes = 1 }
---```
---@param column? any
---@param options? table
---@return table
function services.count_by(column, options) end

---something that a partner offers.
---
---    services.add{partner=, name=, areas=, topics=, min_age=, max_age=, capacity=, fields={…}} → handle
---```lua
---services.add{ partner = library, name = "Sums", min_age = 6, max_age = 12 }  --> V-2
---```
---@param options? table
---@return baton.Service
function services.add(options) end

---full text, best first; case and accents do not matter, the last word may be a beginning.
---
---    services.search(words, {limit=50}) → array of handles
---```lua
---services.search("reading")  --> { V-1 }
---```
---@param words? any
---@param options? table
---@return baton.Service[]
function services.search(words, options) end

---where partners offer their services.
locations = {}

---the row of that id: a number, or "L-12".
---
---    locations.get(id) → handle or nil
---```lua
---locations.get("L-1")  --> L-1
---locations.get(99)  --> nil
---```
---@param id? any
---@return baton.Location|nil
function locations.get(id) end

---rows that meet all conditions; a value may be {before=, after=, at_least=, at_most=, isnt=} or baton.none.
---
---    locations.find{column=value, fields={…}, limit=50, after=id, order="newest"} → array
---```lua
---locations.find{ partner = library }  --> { L-1 }
---```
---@param options? table
---@return baton.Location[]
function locations.find(options) end

---the first row that meets all conditions.
---
---    locations.first{column=value, …} → handle or nil
---```lua
---locations.first{ partner = library }  --> L-1
---```
---@param options? table
---@return baton.Location|nil
function locations.first(options) end

---all rows that meet all conditions, however many: for x in locations.each{…} do … end.
---
---    locations.each{column=value, …} → iterator of handles
---```lua
---for x in locations.each{ partner = library } do print(x) end  --> L-1
---```
---@param options? table
---@return any
function locations.each(options) end

---how many rows meet all conditions.
---
---    locations.count{column=value, …} → number
---```lua
---locations.count{ partner = library }  --> 1
---```
---@param options? table
---@return number
function locations.count(options) end

---how many rows there are of each value of a column; "none" where it is empty.
---
---    locations.count_by(column, {column=value, …}) → {value=number, …}
---```lua
---locations.count_by("partner")  --> { … = 1 }
---```
---@param column? any
---@param options? table
---@return table
function locations.count_by(column, options) end

---a place of a partner.
---
---    locations.add{partner=, name=, address=, phone=, latitude=, longitude=, fields={…}} → handle
---```lua
---locations.add{ partner = library, name = "Bus stop branch", address = "2 High Street" }  --> L-2
---```
---@param options? table
---@return baton.Location
function locations.add(options) end

---members of the organisation and their roles.
staff = {}

---the row of that id: a number, or "S-12".
---
---    staff.get(id) → handle or nil
---```lua
---staff.get("S-1")  --> S-1
---staff.get(99)  --> nil
---```
---@param id? any
---@return baton.Staff|nil
function staff.get(id) end

---rows that meet all conditions; a value may be {before=, after=, at_least=, at_most=, isnt=} or baton.none.
---
---    staff.find{column=value, fields={…}, limit=50, after=id, order="newest"} → array
---```lua
---staff.find{ status = "active" }  --> { S-1 }
---```
---@param options? table
---@return baton.Staff[]
function staff.find(options) end

---the first row that meets all conditions.
---
---    staff.first{column=value, …} → handle or nil
---```lua
---staff.first{ status = "active" }  --> S-1
---```
---@param options? table
---@return baton.Staff|nil
function staff.first(options) end

---all rows that meet all conditions, however many: for x in staff.each{…} do … end.
---
---    staff.each{column=value, …} → iterator of handles
---```lua
---for x in staff.each{ status = "active" } do print(x) end  --> S-1
---```
---@param options? table
---@return any
function staff.each(options) end

---how many rows meet all conditions.
---
---    staff.count{column=value, …} → number
---```lua
---staff.count{ status = "active" }  --> 1
---```
---@param options? table
---@return number
function staff.count(options) end

---how many rows there are of each value of a column; "none" where it is empty.
---
---    staff.count_by(column, {column=value, …}) → {value=number, …}
---```lua
---staff.count_by("status")  --> { active = 1 }
---```
---@param column? any
---@param options? table
---@return table
function staff.count_by(column, options) end

---a member of staff; only admin and the operator may.
---
---    staff.add{name=, email=, roles="lead, teacher", fields={…}} → handle
---```lua
---staff.add{ name = "Grace Hopper", email = "grace@school.example", roles = "lead" }  --> S-2
---```
---@param options? table
---@return baton.Staff
function staff.add(options) end

---what people must do.
tasks = {}

---the row of that id: a number, or "K-12".
---
---    tasks.get(id) → handle or nil
---```lua
---tasks.get("K-1")  --> K-1
---tasks.get(99)  --> nil
---```
---@param id? any
---@return baton.Task|nil
function tasks.get(id) end

---rows that meet all conditions; a value may be {before=, after=, at_least=, at_most=, isnt=} or baton.none.
---
---    tasks.find{column=value, fields={…}, limit=50, after=id, order="newest"} → array
---```lua
---tasks.find{ about = r, status = "open" }  --> { K-1 }
---```
---@param options? table
---@return baton.Task[]
function tasks.find(options) end

---the first row that meets all conditions.
---
---    tasks.first{column=value, …} → handle or nil
---```lua
---tasks.first{ about = r, status = "open" }  --> K-1
---```
---@param options? table
---@return baton.Task|nil
function tasks.first(options) end

---all rows that meet all conditions, however many: for x in tasks.each{…} do … end.
---
---    tasks.each{column=value, …} → iterator of handles
---```lua
---for x in tasks.each{ about = r, status = "open" } do print(x) end  --> K-1
---```
---@param options? table
---@return any
function tasks.each(options) end

---how many rows meet all conditions.
---
---    tasks.count{column=value, …} → number
---```lua
---tasks.count{ about = r, status = "open" }  --> 1
---```
---@param options? table
---@return number
function tasks.count(options) end

---how many rows there are of each value of a column; "none" where it is empty.
---
---    tasks.count_by(column, {column=value, …}) → {value=number, …}
---```lua
---tasks.count_by("status")  --> { open = 1 }
---```
---@param column? any
---@param options? table
---@return table
function tasks.count_by(column, options) end

---something a person must do.
---
---    tasks.add{title=, about=, assignee=|role=, due=, kind=} → handle
---```lua
---tasks.add{ title = "Call back", about = ada, role = "lead", due = "tomorrow 09:00" }  --> K-2
---```
---@param options? table
---@return baton.Task
function tasks.add(options) end

---marks a task as done, with what came of it.
---
---    t:done(outcome) → t
---```lua
---t:done("spoke to the mother")
---t.status, t.outcome  --> "done", "spoke to the mother"
---```
---@param outcome? any
---@return self
function Task:done(outcome) end

---drops a task that is no longer needed.
---
---    t:cancel() → t
---```lua
---t:cancel().status  --> "cancelled"
---```
---@return self
function Task:cancel() end

---what is due.
timers = {}

---the row of that id: a number, or "T-12".
---
---    timers.get(id) → handle or nil
---```lua
---timers.get("T-1")  --> T-1
---timers.get(99)  --> nil
---```
---@param id? any
---@return baton.Timer|nil
function timers.get(id) end

---rows that meet all conditions; a value may be {before=, after=, at_least=, at_most=, isnt=} or baton.none.
---
---    timers.find{column=value, fields={…}, limit=50, after=id, order="newest"} → array
---```lua
---timers.find{ status = "waiting" }  --> { T-1 }
---```
---@param options? table
---@return baton.Timer[]
function timers.find(options) end

---the first row that meets all conditions.
---
---    timers.first{column=value, …} → handle or nil
---```lua
---timers.first{ status = "waiting" }  --> T-1
---```
---@param options? table
---@return baton.Timer|nil
function timers.first(options) end

---all rows that meet all conditions, however many: for x in timers.each{…} do … end.
---
---    timers.each{column=value, …} → iterator of handles
---```lua
---for x in timers.each{ status = "waiting" } do print(x) end  --> T-1
---```
---@param options? table
---@return any
function timers.each(options) end

---how many rows meet all conditions.
---
---    timers.count{column=value, …} → number
---```lua
---timers.count{ status = "waiting" }  --> 1
---```
---@param options? table
---@return number
function timers.count(options) end

---how many rows there are of each value of a column; "none" where it is empty.
---
---    timers.count_by(column, {column=value, …}) → {value=number, …}
---```lua
---timers.count_by("name")  --> { check_in = 1 }
---```
---@param column? any
---@param options? table
---@return table
function timers.count_by(column, options) end

---raises the event timer.NAME at that time.
---
---    timers.add{name=, at=, about=, data=} → handle
---```lua
---timers.add{ name = "call_again", at = "2 weeks", about = r }  --> T-2
---```
---@param options? table
---@return baton.Timer
function timers.add(options) end

---a timer that has not fired never will.
---
---    t:cancel() → t
---```lua
---timers.get(1):cancel().status  --> "cancelled"
---```
---@return self
function Timer:cancel() end

---free text on anything.
notes = {}

---the row of that id: a number, or "N-12".
---
---    notes.get(id) → handle or nil
---```lua
---notes.get("N-1")  --> N-1
---notes.get(99)  --> nil
---```
---@param id? any
---@return baton.Note|nil
function notes.get(id) end

---rows that meet all conditions; a value may be {before=, after=, at_least=, at_most=, isnt=} or baton.none.
---
---    notes.find{column=value, fields={…}, limit=50, after=id, order="newest"} → array
---```lua
---notes.find{ about = r }  --> { N-1 }
---```
---@param options? table
---@return baton.Note[]
function notes.find(options) end

---the first row that meets all conditions.
---
---    notes.first{column=value, …} → handle or nil
---```lua
---notes.first{ about = r }  --> N-1
---```
---@param options? table
---@return baton.Note|nil
function notes.first(options) end

---all rows that meet all conditions, however many: for x in notes.each{…} do … end.
---
---    notes.each{column=value, …} → iterator of handles
---```lua
---for x in notes.each{ about = r } do print(x) end  --> N-1
---```
---@param options? table
---@return any
function notes.each(options) end

---how many rows meet all conditions.
---
---    notes.count{column=value, …} → number
---```lua
---notes.count{ about = r }  --> 1
---```
---@param options? table
---@return number
function notes.count(options) end

---how many rows there are of each value of a column; "none" where it is empty.
---
---    notes.count_by(column, {column=value, …}) → {value=number, …}
---```lua
---notes.count_by("author")  --> { none = 1 }
---```
---@param column? any
---@param options? table
---@return table
function notes.count_by(column, options) end

---writes a note; h:note(text) is shorter.
---
---    notes.add{about=, text=} → handle
---```lua
---notes.add{ about = ada, text = "reads with large print" }  --> N-2
---```
---@param options? table
---@return baton.Note
function notes.add(options) end

---what goes out: the outbox.
messages = {}

---the row of that id: a number, or "M-12".
---
---    messages.get(id) → handle or nil
---```lua
---messages.get("M-1")  --> M-1
---messages.get(99)  --> nil
---```
---@param id? any
---@return baton.Message|nil
function messages.get(id) end

---rows that meet all conditions; a value may be {before=, after=, at_least=, at_most=, isnt=} or baton.none.
---
---    messages.find{column=value, fields={…}, limit=50, after=id, order="newest"} → array
---```lua
---messages.find{ status = "waiting" }  --> { M-1 }
---```
---@param options? table
---@return baton.Message[]
function messages.find(options) end

---the first row that meets all conditions.
---
---    messages.first{column=value, …} → handle or nil
---```lua
---messages.first{ status = "waiting" }  --> M-1
---```
---@param options? table
---@return baton.Message|nil
function messages.first(options) end

---all rows that meet all conditions, however many: for x in messages.each{…} do … end.
---
---    messages.each{column=value, …} → iterator of handles
---```lua
---for x in messages.each{ status = "waiting" } do print(x) end  --> M-1
---```
---@param options? table
---@return any
function messages.each(options) end

---how many rows meet all conditions.
---
---    messages.count{column=value, …} → number
---```lua
---messages.count{ status = "waiting" }  --> 1
---```
---@param options? table
---@return number
function messages.count(options) end

---how many rows there are of each value of a column; "none" where it is empty.
---
---    messages.count_by(column, {column=value, …}) → {value=number, …}
---```lua
---messages.count_by("status")  --> { waiting = 1 }
---```
---@param column? any
---@param options? table
---@return table
function messages.count_by(column, options) end

---puts a message into the outbox; to is an address, or somebody who has one; about is the person it goes to unless given.
---
---    messages.send{to=, template=|body=, values={…}, subject=, about=, channel="file"} → message
---```lua
---messages.send{ to = ada, subject = "Monday", body = "The library expects you at 10.", about = r }  --> M-2
---```
---@param options? table
---@return baton.Message
function messages.send(options) end

---declares a text with {{names}}: values, {{referral.title}}, {{subject.name}}, {{org.title}}; {{#if name}}…{{/if}}.
---
---    messages.template(name, text)
---```lua
----- in init.lua
---messages.template("welcome", "Dear {{subject.name}}, {{#if day}}see you on {{day}}{{/if}}")
----- in a script
---messages.send{ to = ada, subject = "Welcome", template = "welcome", values = { day = "Monday" }, about = r }.body  --> "Dear Ada Lovelace, see you on Monday"
---```
---@param name? any
---@param text? any
function messages.template(name, text) end

---who agreed to what, for which purpose.
consents = {}

---the row of that id: a number, or "C-12".
---
---    consents.get(id) → handle or nil
---```lua
---consents.get("C-1")  --> C-1
---consents.get(99)  --> nil
---```
---@param id? any
---@return baton.Consent|nil
function consents.get(id) end

---rows that meet all conditions; a value may be {before=, after=, at_least=, at_most=, isnt=} or baton.none.
---
---    consents.find{column=value, fields={…}, limit=50, after=id, order="newest"} → array
---```lua
---consents.find{ person = ada }  --> { C-1 }
---```
---@param options? table
---@return baton.Consent[]
function consents.find(options) end

---the first row that meets all conditions.
---
---    consents.first{column=value, …} → handle or nil
---```lua
---consents.first{ person = ada }  --> C-1
---```
---@param options? table
---@return baton.Consent|nil
function consents.first(options) end

---all rows that meet all conditions, however many: for x in consents.each{…} do … end.
---
---    consents.each{column=value, …} → iterator of handles
---```lua
---for x in consents.each{ person = ada } do print(x) end  --> C-1
---```
---@param options? table
---@return any
function consents.each(options) end

---how many rows meet all conditions.
---
---    consents.count{column=value, …} → number
---```lua
---consents.count{ person = ada }  --> 1
---```
---@param options? table
---@return number
function consents.count(options) end

---how many rows there are of each value of a column; "none" where it is empty.
---
---    consents.count_by(column, {column=value, …}) → {value=number, …}
---```lua
---consents.count_by("purpose")  --> { disclosure = 1 }
---```
---@param column? any
---@param options? table
---@return table
function consents.count_by(column, options) end

---records that a person gave, refused or withdrew a consent.
---
---    consents.add{person=, purpose=, status="given", given_at_ms=, expires=, scope=, how=} → handle
---```lua
---consents.add{ person = ada, purpose = "evaluation", how = "by phone", expires = "1 year" }  --> C-2
---```
---@param options? table
---@return baton.Consent
function consents.add(options) end

---is there a consent that holds now?.
---
---    consents.holds(person, purpose) → true or false
---```lua
---consents.holds(ada, "disclosure")  --> true
---consents.holds(ada, "evaluation")  --> false
---```
---@param person? any
---@param purpose? any
---@return boolean
function consents.holds(person, purpose) end

---of the ledger: read them here.
accounts = {}

---the row of that id: a number, or "A-12".
---
---    accounts.get(id) → handle or nil
---```lua
---accounts.get("A-1")  --> A-1
---accounts.get(99)  --> nil
---```
---@param id? any
---@return baton.Account|nil
function accounts.get(id) end

---rows that meet all conditions; a value may be {before=, after=, at_least=, at_most=, isnt=} or baton.none.
---
---    accounts.find{column=value, fields={…}, limit=50, after=id, order="newest"} → array
---```lua
---accounts.find{ kind = "expense" }  --> { A-1 }
---```
---@param options? table
---@return baton.Account[]
function accounts.find(options) end

---the first row that meets all conditions.
---
---    accounts.first{column=value, …} → handle or nil
---```lua
---accounts.first{ kind = "expense" }  --> A-1
---```
---@param options? table
---@return baton.Account|nil
function accounts.first(options) end

---all rows that meet all conditions, however many: for x in accounts.each{…} do … end.
---
---    accounts.each{column=value, …} → iterator of handles
---```lua
---for x in accounts.each{ kind = "expense" } do print(x) end  --> A-1
---```
---@param options? table
---@return any
function accounts.each(options) end

---how many rows meet all conditions.
---
---    accounts.count{column=value, …} → number
---```lua
---accounts.count{ kind = "expense" }  --> 1
---```
---@param options? table
---@return number
function accounts.count(options) end

---how many rows there are of each value of a column; "none" where it is empty.
---
---    accounts.count_by(column, {column=value, …}) → {value=number, …}
---```lua
---accounts.count_by("kind")  --> { expense = 1, liability = 1 }
---```
---@param column? any
---@param options? table
---@return table
function accounts.count_by(column, options) end

---of the ledger: read them here.
entries = {}

---the row of that id: a number, or "E-12".
---
---    entries.get(id) → handle or nil
---```lua
---entries.get("E-1")  --> E-1
---entries.get(99)  --> nil
---```
---@param id? any
---@return baton.Entry|nil
function entries.get(id) end

---rows that meet all conditions; a value may be {before=, after=, at_least=, at_most=, isnt=} or baton.none.
---
---    entries.find{column=value, fields={…}, limit=50, after=id, order="newest"} → array
---```lua
---entries.find{ debit = "A-1" }  --> { E-1 }
---```
---@param options? table
---@return baton.Entry[]
function entries.find(options) end

---the first row that meets all conditions.
---
---    entries.first{column=value, …} → handle or nil
---```lua
---entries.first{ debit = "A-1" }  --> E-1
---```
---@param options? table
---@return baton.Entry|nil
function entries.first(options) end

---all rows that meet all conditions, however many: for x in entries.each{…} do … end.
---
---    entries.each{column=value, …} → iterator of handles
---```lua
---for x in entries.each{ debit = "A-1" } do print(x) end  --> E-1
---```
---@param options? table
---@return any
function entries.each(options) end

---how many rows meet all conditions.
---
---    entries.count{column=value, …} → number
---```lua
---entries.count{ debit = "A-1" }  --> 1
---```
---@param options? table
---@return number
function entries.count(options) end

---how many rows there are of each value of a column; "none" where it is empty.
---
---    entries.count_by(column, {column=value, …}) → {value=number, …}
---```lua
---entries.count_by("kind")  --> { reward_accrued = 1 }
---```
---@param column? any
---@param options? table
---@return table
function entries.count_by(column, options) end

---double entry: accounts, entries, balances.
ledger = {}

---the account of that name, made if there is none; kind: asset, liability, equity, income or expense.
---
---    ledger.account{name=, kind=, currency=, holder=} → handle
---```lua
---ledger.account{ name = "reward_expense", kind = "expense", currency = "USD" }  --> A-1
---ledger.account{ name = "bank", kind = "asset", currency = "USD" }  --> A-3
---```
---@param options? table
---@return baton.Handle
function ledger.account(options) end

---moves an amount from one account to another; the same key again changes nothing; amount: minor units, or text such as "14.70".
---
---    ledger.post{key=, kind=, debit=, credit=, amount=, about=, memo=} → entry, is it new
---```lua
---local bank = ledger.account{ name = "bank", kind = "asset", currency = "USD" }
---ledger.post{ key = "paid/1", kind = "payout_settled", debit = "A-2", credit = bank, amount = "5.91" }  --> E-2, true
---ledger.post{ key = "paid/1", kind = "payout_settled", debit = "A-2", credit = bank, amount = "5.91" }  --> E-2, false
---```
---@param options? table
---@return baton.Entry
function ledger.post(options) end

---takes an entry back, all of it or an amount, by an entry the other way round.
---
---    ledger.reverse(entry, {key=, amount=, memo=}) → entry, is it new
---```lua
---ledger.reverse("E-1", { key = "refund/1", amount = "2.00" })  --> E-2, true
---ledger.balance("A-2")  --> 391
---```
---@param entry? any
---@param options? table
---@return baton.Entry
function ledger.reverse(entry, options) end

---the sum of its entries: debits less credits of an asset or expense, else credits less debits.
---
---    ledger.balance(account) → minor units
---```lua
---ledger.balance("A-2")  --> 591
---```
---@param account? any
---@return any
function ledger.balance(account) end

---reads every entry and says whether the books are right.
---
---    ledger.prove() → {ok, accounts, entries, why}
---```lua
---ledger.prove()  --> { accounts = 2, entries = 1, ok = true }
---```
---@return table
function ledger.prove() end

---referral programmes.
programmes = {}

---the row of that id: a number, or "G-12".
---
---    programmes.get(id) → handle or nil
---```lua
---programmes.get("G-1")  --> G-1
---programmes.get(99)  --> nil
---```
---@param id? any
---@return baton.Programme|nil
function programmes.get(id) end

---rows that meet all conditions; a value may be {before=, after=, at_least=, at_most=, isnt=} or baton.none.
---
---    programmes.find{column=value, fields={…}, limit=50, after=id, order="newest"} → array
---```lua
---programmes.find{ status = "active" }  --> { G-1 }
---```
---@param options? table
---@return baton.Programme[]
function programmes.find(options) end

---the first row that meets all conditions.
---
---    programmes.first{column=value, …} → handle or nil
---```lua
---programmes.first{ status = "active" }  --> G-1
---```
---@param options? table
---@return baton.Programme|nil
function programmes.first(options) end

---all rows that meet all conditions, however many: for x in programmes.each{…} do … end.
---
---    programmes.each{column=value, …} → iterator of handles
---```lua
---for x in programmes.each{ status = "active" } do print(x) end  --> G-1
---```
---@param options? table
---@return any
function programmes.each(options) end

---how many rows meet all conditions.
---
---    programmes.count{column=value, …} → number
---```lua
---programmes.count{ status = "active" }  --> 1
---```
---@param options? table
---@return number
function programmes.count(options) end

---how many rows there are of each value of a column; "none" where it is empty.
---
---    programmes.count_by(column, {column=value, …}) → {value=number, …}
---```lua
---programmes.count_by("status")  --> { active = 1 }
---```
---@param column? any
---@param options? table
---@return table
function programmes.count_by(column, options) end

---a referral programme: whom it is for, what it promises, which touch wins.
---
---    programmes.add{name=, currency=, status="draft", attribution="last", window_days=30, terms=, …} → handle
---```lua
---programmes.add{ name = "colleagues", currency = "EUR", attribution = "first" }  --> G-2
---```
---@param options? table
---@return baton.Programme
function programmes.add(options) end

---codes and links of referrers.
codes = {}

---the row of that id: a number, or "D-12".
---
---    codes.get(id) → handle or nil
---```lua
---codes.get("D-1")  --> D-1
---codes.get(99)  --> nil
---```
---@param id? any
---@return baton.Code|nil
function codes.get(id) end

---rows that meet all conditions; a value may be {before=, after=, at_least=, at_most=, isnt=} or baton.none.
---
---    codes.find{column=value, fields={…}, limit=50, after=id, order="newest"} → array
---```lua
---codes.find{ referrer = "P-1" }  --> { D-1 }
---```
---@param options? table
---@return baton.Code[]
function codes.find(options) end

---the first row that meets all conditions.
---
---    codes.first{column=value, …} → handle or nil
---```lua
---codes.first{ referrer = "P-1" }  --> D-1
---```
---@param options? table
---@return baton.Code|nil
function codes.first(options) end

---all rows that meet all conditions, however many: for x in codes.each{…} do … end.
---
---    codes.each{column=value, …} → iterator of handles
---```lua
---for x in codes.each{ referrer = "P-1" } do print(x) end  --> D-1
---```
---@param options? table
---@return any
function codes.each(options) end

---how many rows meet all conditions.
---
---    codes.count{column=value, …} → number
---```lua
---codes.count{ referrer = "P-1" }  --> 1
---```
---@param options? table
---@return number
function codes.count(options) end

---how many rows there are of each value of a column; "none" where it is empty.
---
---    codes.count_by(column, {column=value, …}) → {value=number, …}
---```lua
---codes.count_by("channel")  --> { mail = 1 }
---```
---@param column? any
---@param options? table
---@return table
function codes.count_by(column, options) end

---the code or link of one referrer in one channel; one is made up if none is given.
---
---    codes.add{programme=, referrer=, code=, channel=, expires=} → handle
---```lua
---codes.add{ programme = "G-1", referrer = "S-1", code = "ines" }.code  --> "INES"
---#codes.add{ programme = "G-1", referrer = "O-1" }.code  --> 8
---```
---@param options? table
---@return baton.Code
function codes.add(options) end

---who was referred, when and how.
touches = {}

---the row of that id: a number, or "H-12".
---
---    touches.get(id) → handle or nil
---```lua
---touches.get("H-1")  --> H-1
---touches.get(99)  --> nil
---```
---@param id? any
---@return baton.Touch|nil
function touches.get(id) end

---rows that meet all conditions; a value may be {before=, after=, at_least=, at_most=, isnt=} or baton.none.
---
---    touches.find{column=value, fields={…}, limit=50, after=id, order="newest"} → array
---```lua
---touches.find{ kind = "click" }  --> { H-1 }
---```
---@param options? table
---@return baton.Touch[]
function touches.find(options) end

---the first row that meets all conditions.
---
---    touches.first{column=value, …} → handle or nil
---```lua
---touches.first{ kind = "click" }  --> H-1
---```
---@param options? table
---@return baton.Touch|nil
function touches.first(options) end

---all rows that meet all conditions, however many: for x in touches.each{…} do … end.
---
---    touches.each{column=value, …} → iterator of handles
---```lua
---for x in touches.each{ kind = "click" } do print(x) end  --> H-1
---```
---@param options? table
---@return any
function touches.each(options) end

---how many rows meet all conditions.
---
---    touches.count{column=value, …} → number
---```lua
---touches.count{ kind = "click" }  --> 1
---```
---@param options? table
---@return number
function touches.count(options) end

---how many rows there are of each value of a column; "none" where it is empty.
---
---    touches.count_by(column, {column=value, …}) → {value=number, …}
---```lua
---touches.count_by("kind")  --> { click = 1 }
---```
---@param column? any
---@param options? table
---@return table
function touches.count_by(column, options) end

---somebody was referred: a click, a share, a code entered, a claim; the same key again changes nothing.
---
---    touches.record{key=, programme=, kind=, code= or referrer=, person= or visitor=, channel=, touched_at=} → handle, is it new
---```lua
---local ben = people.add{ name = "Ben Sato" }
---touches.record{ key = "web/2", programme = "G-1", kind = "code", code = "ada-10", person = ben }  --> H-2, true
---touches.record{ key = "web/2", programme = "G-1", kind = "code", code = "ada-10", person = ben }  --> H-2, false
---```
---@param options? table
---@return baton.Touch
function touches.record(options) end

---what came of it.
conversions = {}

---the row of that id: a number, or "X-12".
---
---    conversions.get(id) → handle or nil
---```lua
---conversions.get("X-1")  --> X-1
---conversions.get(99)  --> nil
---```
---@param id? any
---@return baton.Conversion|nil
function conversions.get(id) end

---rows that meet all conditions; a value may be {before=, after=, at_least=, at_most=, isnt=} or baton.none.
---
---    conversions.find{column=value, fields={…}, limit=50, after=id, order="newest"} → array
---```lua
---conversions.find{ kind = "sale" }  --> { X-1 }
---```
---@param options? table
---@return baton.Conversion[]
function conversions.find(options) end

---the first row that meets all conditions.
---
---    conversions.first{column=value, …} → handle or nil
---```lua
---conversions.first{ kind = "sale" }  --> X-1
---```
---@param options? table
---@return baton.Conversion|nil
function conversions.first(options) end

---all rows that meet all conditions, however many: for x in conversions.each{…} do … end.
---
---    conversions.each{column=value, …} → iterator of handles
---```lua
---for x in conversions.each{ kind = "sale" } do print(x) end  --> X-1
---```
---@param options? table
---@return any
function conversions.each(options) end

---how many rows meet all conditions.
---
---    conversions.count{column=value, …} → number
---```lua
---conversions.count{ kind = "sale" }  --> 1
---```
---@param options? table
---@return number
function conversions.count(options) end

---how many rows there are of each value of a column; "none" where it is empty.
---
---    conversions.count_by(column, {column=value, …}) → {value=number, …}
---```lua
---conversions.count_by("kind")  --> { sale = 1 }
---```
---@param column? any
---@param options? table
---@return table
function conversions.count_by(column, options) end

---a sale, attributed to the touch that wins; or a refund or chargeback `of` one; the same key again changes nothing.
---
---    conversions.record{key=, programme=, kind="sale", amount=, currency=, person= or visitor=, of=, items=, product=, converted_at=} → handle, is it new
---```lua
---local sale = conversions.record{ key = "shop/1002", programme = "G-1", amount = "49.00",
---    currency = "USD", visitor = "cookie-7" }
---sale.referrer  --> P-1
---conversions.record{ key = "shop/1002-r", programme = "G-1", kind = "refund", of = sale,
---    amount = "9.00", currency = "USD" }  --> X-3, true
---```
---@param options? table
---@return baton.Conversion
function conversions.record(options) end

---what is left of a sale after refunds and chargebacks.
---
---    conversions.net(sale) → minor units
---```lua
---conversions.net("X-1")  --> 1970
---```
---@param sale? any
---@return any
function conversions.net(sale) end

---amounts in whole minor units.
money = {}

---an amount as people write it, in whole minor units (cents) of an ISO 4217 currency.
---
---    money.parse(text, currency) → minor units
---```lua
---money.parse("14.70", "USD")  --> 1470
---```
---@param text? any
---@param currency? any
---@return any
function money.parse(text, currency) end

---minor units with the point of their currency.
---
---    money.format(minor, currency) → text
---```lua
---money.format(1470, "USD")  --> "14.70 USD"
---```
---@param minor? any
---@param currency? any
---@return string
function money.format(minor, currency) end

---minor × numerator ÷ denominator, rounded once: half_up, half_down, half_even, up, down, ceiling or floor; 30 % is 3000 of 10000 basis points.
---
---    money.portion(minor, numerator, denominator, rounding="half_up") → minor units
---```lua
---money.portion(4900, 3000, 10000)  --> 1470
---money.portion(9999, 3000, 10000, "floor")  --> 2999
---```
---@param minor? any
---@param numerator? any
---@param denominator? any
---@param rounding? any
---@return any
function money.portion(minor, numerator, denominator, rounding) end

---parts in the proportion of the weights that add up to the whole.
---
---    money.split(minor, {weight, …}) → {minor, …}
---```lua
---money.split(100, { 1, 1, 1 })  --> { 34, 33, 33 }
---```
---@param minor? any
---@param options? table
---@return table
function money.split(minor, options) end

---the append-only history of the organisation.
events = {}

---the latest events, oldest of them first.
---
---    events.recent{limit=50} → array of {seq, at_ms, kind, actor, about, …}
---```lua
---events.recent{ limit = 1 }  --> { { about = C-1, actor = "operator", …, kind = "consent.created", … } }
---```
---@param options? table
---@return table[]
function events.recent(options) end

---the events that follow one, in order; 0 is the start.
---
---    events.after(seq, {limit=50}) → array of events
---```lua
---events.after(0, { limit = 1 })  --> { { about = P-1, …, kind = "person.created", seq = 1, … } }
---```
---@param seq? any
---@param options? table
---@return table[]
function events.after(seq, options) end

---which effect and handlers ran for an event, in order: plugin, where (file:line), us (microseconds) and what each wrote; and what caused it.
---
---    events.explain(seq) → {seq, kind, actor, about, caused_by=, by=, handlers={…}}
---```lua
----- in init.lua
---baton.on("referral.advanced", function(_, row) row:note("moved") end)
----- in a script
---r:advance("accept")
---local seq = events.recent{ limit = 3 }[1].seq
---events.explain(seq).handlers[1].plugin  --> "office"
---```
---@param seq? any
---@return table
function events.explain(seq) end

---changes columns and custom fields; baton.none empties one; version= refuses if somebody was faster.
---
---    h:set{column=value, fields={…}, version=} → h
---```lua
---r:set{ title = "Reading and writing", fields = { hours = 3 } }
---r.title, r.fields.hours  --> "Reading and writing", 3
---r:set{ fields = { hours = 99 } }  --> error: field "hours" takes a whole number from 1 to 40, not 99
---```
---@param options? table
---@return self
function Handle:set(options) end

---its events, newest first.
---
---    h:history{limit=50} → array of {seq, at_ms, kind, actor, …}
---```lua
---r:advance("accept")
---r:history()[1]  --> { …, from = "requested", kind = "referral.advanced", … }
---```
---@param options? table
---@return table[]
function Handle:history(options) end

---writes a note about it.
---
---    h:note(text) → note
---```lua
---r:note("the family moves in May").author  --> nil
---as(ines, function() return r:note("called back") end).author  --> S-1
---```
---@param text? any
---@return baton.Note
function Handle:note(text) end

---the notes about it.
---
---    h:notes{limit=50} → array of notes
---```lua
---r:notes()[1].text  --> "prefers mornings"
---```
---@param options? table
---@return baton.Note[]
function Handle:notes(options) end

---the organisation's time.
clock = {}

---milliseconds since 1970, by the organisation's clock.
---
---    clock.now() → ms
---```lua
---clock.now()  --> 1772442000000
---```
---@return number
function clock.now() end

---a time in the organisation's zone; without arguments: now.
---
---    clock.format(ms, "minutes"|"seconds"|"date"|"time"|"iso"|"relative") → text
---```lua
---clock.format(clock.now())  --> "2026-03-02 09:00"
---clock.format(r.due_at_ms, "date")  --> "2026-03-05"
---```
---@param ms? any
---@param value? any
---@return string
function clock.format(ms, value) end

---"2026-03-01 09:00", "tomorrow 09:00", "3 working days" (from now, or from `from`).
---
---    clock.parse(text, from) → ms
---```lua
---clock.format(clock.parse("3 working days"))  --> "2026-03-05 09:00"
---clock.format(clock.parse("2 days", "2026-12-24 18:00"))  --> "2026-12-26 18:00"
---```
---@param text? any
---@param from? any
---@return number
function clock.parse(text, from) end

---moves a movable clock forwards; what falls due on the way happens (scripts and the prompt).
---
---    clock.advance(span or time) → ms
---```lua
---clock.advance("4 working days")
---r.overdue  --> true
---```
---@param span? any
---@return number
function clock.advance(span) end

---working days after the first day, up to and with the last.
---
---    clock.working_days(from, to) → number
---```lua
---clock.working_days("2026-03-02", "2026-03-09")  --> 5
---```
---@param from? any
---@param to? any
---@return number
function clock.working_days(from, to) end

---tables of other programs.
csv = {}

---rows as tables keyed by the header; empty or repeated names become column_N.
---
---    csv.read(file, {separator=",", header=true|false|{names}}) → iterator of row, line
---```lua
---for row, line in csv.read("people.csv") do print(line, row.name) end  --> 2	Ada Lovelace
-----> 3	Grace Hopper
---```
---@param file? any
---@param options? table
---@return any
function csv.read(file, options) end

---the same for text.
---
---    csv.parse(text, {separator=",", header=true|false|{names}}) → array of rows
---```lua
---csv.parse("name,age\nAda Lovelace,36")  --> { { age = "36", name = "Ada Lovelace" } }
---```
---@param text? any
---@param options? table
---@return table[]
function csv.parse(text, options) end

---writes a list or an iterator of tables or handles; a column may be "fields.x" or "subject.name".
---
---    csv.write(file, rows, {columns={…}}) → number
---```lua
---csv.write("out.csv", people.each{}, { columns = { "ref", "name" } })  --> 1
---```
---@param file? any
---@param rows? any
---@param options? table
---@return number
function csv.write(file, rows, options) end

---values as JSON text and back.
json = {}

---null in an object is nil, in a list baton.none.
---
---    json.decode(text) → value
---```lua
---json.decode('{"hours": [2, 3]}').hours  --> { 2, 3 }
---json.decode('{"hours": 2')  --> error: json.decode: 1:11: not valid JSON: …
---```
---@param text? any
---@return any
function json.decode(text) end

---members in the order of their names; handles as "R-12".
---
---    json.encode(value, {pretty=false}) → text
---```lua
---json.encode{ subject = ada, hours = { 2, 3 } }  --> '{"hours":[2,3],"subject":"P-1"}'
---```
---@param value? any
---@param options? table
---@return string
function json.encode(value, options) end

---reads a file.
---
---    json.read(file) → value
---```lua
---json.read("request.json")  --> { hours = 2, title = "Reading help" }
---```
---@param file? any
---@return any
function json.read(file) end

---replaces a file.
---
---    json.write(file, value, {pretty=false})
---```lua
---json.write("out.json", { referral = r, stage = r.stage }, { pretty = true })
---json.read("out.json").referral  --> "R-1"
---```
---@param file? any
---@param value? any
---@param options? table
function json.write(file, value, options) end

---marks a table, so that it is [] and not {} when empty.
---
---    json.list(table) → table
---```lua
---json.encode{ tags = json.list{} }  --> '{"tags":[]}'
---json.encode{ tags = {} }  --> '{"tags":{}}'
---```
---@param table? any
---@return table
function json.list(table) end

---words of people.
text = {}

---without case and accents, for comparing names.
---
---    text.fold(text) → text
---```lua
---text.fold("Éva") == text.fold("EVA")  --> true
---```
---@param text? any
---@return string
function text.fold(text) end

---parts between separators; without one: between commas, trimmed.
---
---    text.split(text, separator) → array
---```lua
---text.split("reading, sums")  --> { "reading", "sums" }
---text.split("555-0100", "-")  --> { "555", "0100" }
---```
---@param text? any
---@param separator? any
---@return table
function text.split(text, separator) end

---without space around it.
---
---    text.trim(text) → text
---```lua
---text.trim("  Ada Lovelace ")  --> "Ada Lovelace"
---```
---@param text? any
---@return string
function text.trim(text) end

---does it begin so?.
---
---    text.starts(text, beginning) → true or false
---```lua
---text.starts(r.ref, "R-")  --> true
---```
---@param text? any
---@param beginning? any
---@return boolean
function text.starts(text, beginning) end

---the word that comes nearest, if one is near.
---
---    text.nearest(word, {words}) → word or nil
---```lua
---text.nearest("acept", { "accept", "decline" })  --> "accept"
---text.nearest("xyz", { "accept", "decline" })  --> nil
---```
---@param word? any
---@param options? table
---@return any|nil
function text.nearest(word, options) end

---the lines of a file.
---
---    text.lines(file) → iterator
---```lua
---for line in text.lines("names.txt") do print(line) end  --> Ada Lovelace
-----> Grace Hopper
---```
---@param file? any
---@return any
function text.lines(file) end

---lines for whoever looks after the organisation.
log = {}

---a line for the log; format as in string.format.
---
---    log.info(format, …)
---```lua
---log.info("%d people", people.count{})
---```
---@param format? any
---@param ... any
function log.info(format, ...) end

---something to look at.
---
---    log.warn(format, …)
---```lua
---log.warn("%s has no mail address", ada.name)
---```
---@param format? any
---@param ... any
function log.warn(format, ...) end

---something that went wrong.
---
---    log.error(format, …)
---```lua
---log.error("line %d of %s cannot be read", 12, "people.csv")
---```
---@param format? any
---@param ... any
function log.error(format, ...) end

---acts as a member of staff while the function runs, or without one from now on; as() is the operator again.
---
---    as(staff, function() … end) → its results
---```lua
---as(ines, function() return baton.actor() end)  --> S-1
---as("ines@school.example")
---baton.actor().name  --> "Ines Ortiz"
---as()
---```
---@param staff? any
---@param fn? function
---@return any
function as(staff, fn) end

---prints whether a transition may go, with every question that is asked of it; without a name, all that leave the stage. explain(12) prints which handlers event 12 led to.
---
---    explain(referral, transition, {reason=, note=, fields={…}})
---```lua
----- at the prompt
---explain("R-1", "decline")
-----> …
---explain(r:history()[1].seq)
-----> …
---```
---@param referral? any
---@param transition? any
---@param options? table
function explain(referral, transition, options) end

---at the prompt, what the statement before gave.
---
---    _ → the last result
---```lua
----- at the prompt
---people.count{}
-----> 1
---_ + 1
-----> 2
---```
_ = {}

---runs it, undoes all that it wrote, and prints what would have changed, row by row, and what would have been sent.
---
---    dry(function() … end)
---```lua
----- at the prompt
---dry(function() r:advance("accept") end)
-----> changed R-1 (referral)
----->     stage: "requested" → "accepted"
----->     due_at_ms: 2026-03-05 09:00 → none
-----> 0 rows would be created, 1 changed, 0 messages sent; nothing was kept
---r.stage
-----> requested
---```
---@param fn? function
function dry(fn) end

---goes to a scratch copy at a later time, after all that falls due on the way, or only evaluates the text `code` there; at() comes back. Nothing there is kept, or sent.
---
---    at(time, code)
---```lua
----- at the prompt
---at("4 working days", "referrals.count{ overdue = true }")
----->   R-1 (Reading help) is due 2026-03-05 09:00 in stage "requested"
----->   R-1 (Reading help) is overdue since 2026-03-05 09:00 in stage "requested"
-----> 2 things happened until 2026-03-06 09:00
-----> 1
---```
---@param time? any
---@param code? any
function at(time, code) end

---prints the events of this organisation as they happen: all, or "referral.*"; watch(false) ends it.
---
---    watch(kind)
---```lua
----- at the prompt
---watch("referral.*")
-----> watching referral.*; watch(false) ends it
---watch(false)
-----> no longer watching
---```
---@param kind? any
function watch(kind) end

---prints how long each statement took; timing(false) ends it.
---
---    timing(on)
---```lua
----- at the prompt
---timing(true)
---referrals.count{}
-----> 1
---timing(false)
---```
---@param on? any
function timing(on) end

---how far a script is, shown on a terminal; without total: how much it did.
---
---    progress(done, total, label)
---```lua
---local done, total = 0, people.count{}
---for person in people.each{} do
---  done = done + 1
---  progress(done, total, "people")
---end
---done  --> 1
---```
---@param done? any
---@param total? any
---@param label? any
function progress(done, total, label) end

---a group of specs of a plugin and the organisation that they run in; the clock stands at `at` (2026-03-02 09:00, UTC unless zone says) until it is moved; groups nest.
---
---    describe(name, {settings={…}, plugins={…}, workflows={…}, zone=, at=, title=, roles={…}, calendar={week=, holidays=, terms=}}, function() … end)
---```lua
---describe("tutoring", { zone = "Europe/Berlin", at = "2026-05-04 08:00" }, function()
---  it("has a clock", function(t) expect(t.clock:now()):is_at("2026-05-04 08:00") end)
---end)
---```
---@param name? any
---@param options? table
---@param fn? function
function describe(name, options, fn) end

---one case, in a scratch organisation of its own: nothing is left of it; t has fixtures (help "t"); without a function it is pending.
---
---    it(name, function(t) … end)
---```lua
---it("declines with a reason", function(t)
---  local r = t.referral{ workflow = "tutoring" }
---  expect(r:advance("decline", { reason = "moved" }).stage):equals("declined")
---end)
---it("tells the family")   -- pending
---```
---@param name? any
---@param fn? function
function it(name, fn) end

---one case for each row; the name is a format for the values of the row.
---
---    each({ {4, true}, {7, false} }, function(t, weeks, ok) … end, "%d weeks")
---```lua
---each({ { 4, true }, { 41, false } }, function(t, hours, fits)
---  local r = t.referral{ workflow = "tutoring" }
---  expect(r:can("accept", { fields = { hours = hours } })):equals(fits)
---end, "%d hours")
---```
---@param options? table
---@param fn? function
---@param value? any
function each(options, fn, value) end

---runs before each case of its group, outer groups first; what it puts into t the case finds there.
---
---    before(function(t) … end)
---```lua
---before(function(t) t.tutor = t.staff{ roles = "specialist" } end)
---it("may own", function(t)
---  local r = t.referral{ workflow = "tutoring", owner = t.tutor }
---  expect(r.owner):equals(t.tutor)
---end)
---```
---@param fn? function
function before(fn) end

---runs after each case that went well: what must hold after all of them.
---
---    after(function(t) … end)
---```lua
---after(function(t) expect(t.messages{ status = "dead" }):has_length(0) end)
---it("writes to nobody", function(t) t.referral{ workflow = "tutoring" } end)
---```
---@param fn? function
function after(fn) end

---what a case of a spec is given.
---@class baton.T
local t = { clock = {} }

---a person; what is required and not given is filled in.
---
---    t.person{…} → person
---```lua
---t.person{ email = "kim@example.org" }.email  --> "kim@example.org"
---```
---@param options? table
---@return baton.Person
function t.person(options) end

---a member of staff; a specialist, if no role is given.
---
---    t.staff{roles="lead, teacher", …} → staff
---```lua
---t.staff{ name = "Lena", roles = "lead" }.roles  --> "lead"
---```
---@param options? table
---@return baton.Staff
function t.staff(options) end

---a partner.
---
---    t.partner{…} → partner
---```lua
---t.partner{ status = "inactive" }.status  --> "inactive"
---```
---@param options? table
---@return baton.Partner
function t.partner(options) end

---a service, of a new partner if none is given.
---
---    t.service{partner=, …} → service
---```lua
---t.service{ name = "Sums" }.partner  --> O-2
---```
---@param options? table
---@return baton.Service
function t.service(options) end

---a referral of the plugin's workflow; the fields that its first stage requires are filled, but for those given as baton.none.
---
---    t.referral{workflow=, title=, subject=, fields={…}, …} → referral
---```lua
---t.referral{ workflow = "tutoring", fields = { hours = 4 } }.fields.hours  --> 4
---```
---@param options? table
---@return baton.Referral
function t.referral(options) end

---acts as a member of staff meanwhile; else the operator acts, who holds every role.
---
---    t.as(staff, function() … end) → its results
---```lua
---t.as(t.staff{ roles = "junior" }, function() return r:can("accept") end)  --> false, 'R-1: "accept" needs the role specialist; S-2 has junior'
---```
---@param staff? any
---@param fn? function
---@return any
function t.as(staff, fn) end

---moves the clock and fires everything on the way, in order, at its own time.
---
---    t.clock:advance(span or time) → ms
---```lua
---t.clock:advance("4 working days")
---r.overdue  --> true
---```
---@param span? any
---@return number
function t.clock:advance(span) end

---the instant at which the clock stands.
---
---    t.clock:now() → ms
---```lua
---clock.format(t.clock:now())  --> "2026-03-02 09:00"
---```
---@return number
function t.clock:now() end

---what happened to a row, or to all, since the case began; oldest first.
---
---    t.events(row) → array of {seq, at_ms, kind, actor, about, …}
---```lua
---r:advance("accept")
---expect(t.events(r)):contains{ kind = "referral.advanced", to = "accepted" }
---```
---@param row? any
---@return table[]
function t.events(row) end

---messages, sent or not.
---
---    t.messages{column=value, …} → array
---```lua
---t.messages()[1].subject  --> "Reading help"
---```
---@param options? table
---@return table
function t.messages(options) end

---tasks.
---
---    t.tasks{column=value, …} → array
---```lua
---t.tasks{ status = "open" }  --> { K-1 }
---```
---@param options? table
---@return table
function t.tasks(options) end

---timers.
---
---    t.timers{column=value, …} → array
---```lua
---t.timers{ status = "waiting" }  --> { T-1 }
---```
---@param options? table
---@return table
function t.timers(options) end

---what a spec expects of a value.
---@class baton.Expect
local Expect = {}

---@return baton.Expect
function expect(value) end

---the same value, or the same row.
---
---    expect(value):equals(wanted)
---```lua
---expect(r.subject):equals(ada)
---expect(r.stage):equals("accepted")  --> error: expected "accepted"
----->      got "requested"
---```
---@param wanted? any
function Expect:equals(wanted) end

---another value.
---
---    expect(value):isnt(other)
---```lua
---expect(r.stage):isnt("declined")
---```
---@param other? any
function Expect:isnt(other) end

---nothing.
---
---    expect(value):is_nil()
---```lua
---expect(r.closed_at_ms):is_nil()
---```
function Expect:is_nil() end

---not nil.
---
---    expect(value):is_something()
---```lua
---expect(r.due_at_ms):is_something()
---```
function Expect:is_something() end

---true itself.
---
---    expect(value):is_true()
---```lua
---expect(r.open):is_true()
---```
function Expect:is_true() end

---false itself.
---
---    expect(value):is_false()
---```lua
---expect(r.overdue):is_false()
---```
function Expect:is_false() end

---that, or more.
---
---    expect(number):at_least(wanted)
---```lua
---expect(r.fields.hours):at_least(1)
---```
---@param wanted? any
function Expect:at_least(wanted) end

---that, or less.
---
---    expect(number):at_most(wanted)
---```lua
---expect(r.fields.hours):at_most(40)
---```
---@param wanted? any
function Expect:at_most(wanted) end

---an instant, in the organisation's zone.
---
---    expect(ms):is_at(time)
---```lua
---expect(r.due_at_ms):is_at("2026-03-05 09:00")
---```
---@param time? any
function Expect:is_at(time) end

---a text has it in it; an array has an element that is it, or that has all members of the table; a row has these columns.
---
---    expect(text or array or row):contains(part)
---```lua
---expect(r.title):contains("help")
---expect(r:possible()):contains("accept")
---expect(r):contains{ stage = "requested", owner = ines }
---```
---@param part? any
function Expect:contains(part) end

---the opposite of contains.
---
---    expect(text or array or row):lacks(part)
---```lua
---expect(r:possible()):lacks("finish")
---```
---@param part? any
function Expect:lacks(part) end

---a pattern of Lua occurs in it.
---
---    expect(text):matches(pattern)
---```lua
---expect(r.ref):matches("^R%-%d+$")
---```
---@param pattern? any
function Expect:matches(pattern) end

---a table with the same members, all the way down; says which differ.
---
---    expect(table):same_as(wanted)
---```lua
---expect({ r:can("accept") }):same_as{ true }
---```
---@param wanted? any
function Expect:same_as(wanted) end

---so many elements or bytes.
---
---    expect(array or text):has_length(n)
---```lua
---expect(r:tasks{}):has_length(1)
---```
---@param n? any
function Expect:has_length(n) end

---it raises an error whose message has each part, or whose code is the part ("denied").
---
---    expect(function() … end):fails(part, …)
---```lua
---expect(function() r:advance("finish") end):fails("finish")
---```
---@param part? any
---@param ... any
function Expect:fails(part, ...) end
