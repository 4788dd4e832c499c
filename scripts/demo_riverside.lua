-- A term of a school district in a minute: reads the concerns of a CSV file,
-- opens a pre-referral review for each, and works on all of them week by week
-- until each has ended or waits for an evaluation.
--
--   baton run --org riverside scripts/demo_riverside.lua scripts/data/concerns.csv
--
-- The organisation needs the plugin pre_referral and a movable clock.

local STOPPED, OVERDUE, PARENT = "C-007", "C-014", "C-021" -- the cases to look at
local WEEKS = 30

local function say(format, ...)
    print(format:format(...))
end

-- ---- who works here ----

local function member(name, email, roles)
    return staff.first{ email = email } or staff.add{ name = name, email = email, roles = roles }
end

local specialist = member("Ruth Calloway", "r.calloway@riverside.example", "specialist")
local counsellor = member("Jonas Weir", "j.weir@riverside.example", "counsellor")
local psychologist = member("Dr. Aiko Mori", "a.mori@riverside.example", "psychologist")
local lead = member("Helen Adeyemi", "h.adeyemi@riverside.example", "lead")
for name, email in pairs{ ["Marta Álvarez"] = "m.alvarez", ["Peter Osei"] = "p.osei",
                          ["Signe Lindgren"] = "s.lindgren", ["Dana Park"] = "d.park" } do
    member(name, email .. "@riverside.example", "teacher")
end

-- ---- stage 1: the concerns ----

local function person(external_id, columns)
    columns.external_id = external_id
    return people.first{ external_id = external_id } or people.add(columns)
end

local function concerns_of(row)
    local concerns = {}
    for _, concern in ipairs(text.split(row.concerns, ";")) do
        concerns[#concerns + 1] = text.trim(concern)
    end
    return concerns
end

local function open_review(row)
    local teacher = staff.first{ email = row.teacher_email }
    local parent = person(row.case .. "/parent", { name = row.parent, phone = row.parent_phone,
                                                   email = row.parent_email ~= "" and row.parent_email or nil })
    local pupil = person(row.case, { name = row.pupil, birth_date = row.birth_date })
    local r = referrals.open{
        workflow = "pre_referral", external_id = row.case, title = row.concerns, subject = pupil, referrer = parent,
        owner = teacher, fields = {
            raised_by = row.raised_by, concerns = concerns_of(row), severe = row.severe == "yes", parent = parent,
            teacher = teacher, specialist = specialist, counsellor = counsellor, psychologist = psychologist,
            administrator = lead,
        },
    }
    r:note(row.note)
    return r
end

local rows, reviews = {}, {}
for row in csv.read(arg[1] or error("usage: demo_riverside.lua concerns.csv", 0)) do
    rows[#rows + 1] = row
end
for i, row in ipairs(rows) do
    reviews[i] = baton.turn(function() return open_review(row) end)
    progress(i, #rows, "concerns")
end
say("%d concerns read, %d reviews opened", #rows, #reviews)

-- ---- what a week brings to a review, by stage ----

local function gather(r)
    local name = r.subject.name
    return {
        records = "promoted each year", attendance = "6 days missed this term", discipline = "none",
        earlier_scores = "below the 25th percentile", parent_interview = "the parent sees it at home too",
        child_interview = name .. " finds it hard to begin", work_samples = "three samples collected",
        earlier_interventions = "extra time", observations = { "classroom: easily lost", "playground: at ease" },
    }
end

local function weeks_for(r, n)
    return r.fields.severe and 3 or 4 + (r.id + n) % 3
end

local act = {}

function act.initial_concern(r)
    if r.external_id ~= OVERDUE then
        r:advance("start")
    end
end

function act.information_gathering(r)
    if r.external_id == STOPPED and not r.fields.records then
        local seen = gather(r)
        seen.attendance, seen.child_interview, seen.observations[2] = nil, nil, nil
        r:set{ fields = seen }
        return
    end
    r:advance("gathered", { fields = gather(r) })
    r:advance("invite", { fields = { meeting_at = "3 working days" } })
end

function act.team_discussion(r)
    for _, voter in ipairs{ r.fields.teacher, counsellor } do
        r:vote("set_goals", "yes", { for_staff = voter })
    end
    r:advance("set_goals", { fields = { parent_attended = r.id % 4 ~= 0, attended = { "teacher", "specialist", "counsellor" },
                                        goals = { r.fields.concerns[1] .. ": back with the class by summer" } } })
end

function act.strategies(r)
    for n, concern in ipairs(r.fields.concerns) do
        baton.call("add_strategy", { review = r.ref, concern = concern, weeks = weeks_for(r, n),
                                     title = ("Small steps for %s, round %d"):format(concern, r.fields.round or 1) })
    end
    r:advance("begin", { fields = { monitor = specialist, accommodations = { "seat in front", "more time" } } })
end

function act.implementation(r)
    if tasks.count{ about = r, kind = "fidelity_check", status = "open" } > 0 and (r.id + clock.now() // 604800000) % 7 ~= 0 then
        baton.call("record_check", { review = r.ref, followed = true })
    end
    if clock.now() >= r.fields.plan_ends_at then
        r:advance("evaluate", { fields = { progress_data = { "start: 10", ("now: %d"):format(12 + r.id % 9) } } })
    end
end

function act.decision(r)
    local yes, no = { fields = { progress = "yes" } }, { fields = { progress = "no" } }
    if r.id % 4 ~= 0 or r.fields.rounds_done > 2 then
        r:advance(r.id % 3 == 0 and "sustain" or "discontinue", yes)
    elseif r.fields.rounds_done == 1 then
        r:advance(({ [0] = "continue", "modify", "new_strategy" })[r.id // 4 % 3], no)
    else
        r:advance("refer", no)
    end
end

function act.evaluation(r)
    if not r.fields.consent_at then
        consents.add{ person = r.fields.parent, purpose = "evaluation", status = "given", given_at_ms = clock.now(),
                      scope = r.subject.ref, how = "on paper" }
    elseif clock.now() > clock.parse("35 days", r.fields.consent_at) then
        r:advance("evaluated", { reason = r.id % 2 == 0 and "eligible" or "not_eligible" })
    end
end

-- ---- the three cases to look at ----

local function case(id)
    return referrals.first{ external_id = id }
end

local function show_stopped()
    local r = case(STOPPED)
    local _, why = baton.try(function() return r:advance("gathered") end)
    say("\nStopped by a guard: %s, %s\n  %s", r.ref, r.subject.name, why)
end

local function show_overdue()
    local r = case(OVERDUE)
    say("\nLeft alone: %s, %s, still in %s", r.ref, r.subject.name, r.stage)
    local steps = { ["referral.reminder"] = "reminded", ["referral.overdue"] = "overdue",
                    ["referral.escalated"] = "escalated" }
    local history = r:history{ limit = 50 } -- newest first
    for i = #history, 1, -1 do
        if steps[history[i].kind] then
            say("  %s  %s", clock.format(history[i].at_ms), steps[history[i].kind])
        end
    end
    for task in tasks.each{ about = r, role = "lead", status = "open" } do
        say("  task %s for a lead: %s", task.ref, task.title)
        task:done("spoke with the teacher")
    end
    r:advance("start", { note = "started by the lead" })
end

local function show_parent()
    local r = case(PARENT)
    local from = r.stage
    r:advance("parent_request", { note = "letter of the parent" })
    say("\nA parent's request: %s, %s, from %s to %s at once", r.ref, r.subject.name, from, r.stage)
    clock.advance("3 days")
    act.evaluation(r)
    say("  consent given %s, evaluation due %s (60 days)", clock.format(r.fields.consent_at),
        clock.format(r.fields.evaluation_due_at))
end

-- ---- the weeks ----

local function open_reviews()
    local found = {}
    for r in referrals.each{ workflow = "pre_referral", open = true } do
        found[#found + 1] = r
    end
    return found
end

-- What the team does in the same week as what leads to it.
local at_once = { strategies = true, decision = true }

local function work_on(r)
    local before
    repeat
        before = r.stage
        act[before](r)
    until r.stage == before or not at_once[r.stage]
end

for week = 1, WEEKS do
    local still_open = open_reviews()
    for _, r in ipairs(still_open) do
        baton.turn(function() work_on(r) end)
    end
    if week == 2 then
        show_stopped()
        show_overdue()
    elseif week == 4 then
        show_parent()
    end
    if #still_open == 0 then
        break
    end
    progress(week, WEEKS, "weeks")
    if week % 4 == 0 then
        say("Week %d, %s: %d of %d reviews are open", week, clock.format(clock.now()), #open_reviews(), #reviews)
    end
    clock.advance(week == 1 and "8 working days" or "1 week")
end

-- ---- what came of it ----

say("\nReviews by stage after %s:", clock.format(clock.now()))
local total = 0
for stage, count in pairs(referrals.count_by("stage", { workflow = "pre_referral" })) do
    say("  %-22s %3d", stage, count)
    total = total + count
end
say("  %-22s %3d", "all", total)
local done, due = 0, 0
for _, row in ipairs(baton.run_report("fidelity")) do
    done, due = done + row.done, due + row.due
end
say("Weekly checks: %d of %d done", done, due)
say("Reviews with at least 2 interventions: %d", #baton.run_report("interventions", { at_least = 2 }))
say("Evaluations asked for or consented to: %d", #baton.run_report("evaluations"))
