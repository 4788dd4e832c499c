-- Stage 5: once a week the monitor checks that the strategies are carried out as
-- planned. Each check is a task of kind "fidelity_check" that the monitor has
-- until the end of its week; a timer opens the next. A check counts as due once
-- its week is over or it is done, and as missed when its week ended without it.
local short = baton.require("short")

local fidelity = {}

local kind = "fidelity_check"

-- Weeks are counted from the start of the round, so a timer that fires late moves nothing.
local function week_ends(r, week)
    return clock.parse(week .. " weeks", r.fields.began_at)
end

-- Opens the check of one week, and sets the timer of the next if the plan still runs then.
function fidelity.open_week(r, week)
    local ends = week_ends(r, week)
    r:task{
        kind = kind, due = ends, assignee = r.fields.monitor,
        title = ("Round %d, week %d: is the plan of %s followed?")
            :format(r.fields.round, week, r.subject and short(r.subject.name) or r.ref),
    }
    if ends < r.fields.plan_ends_at then
        r:timer(kind, ends, { data = tostring(week + 1) })
    end
end

-- Leaving stage 5: no further check is asked for, and those not done in their week are missed.
function fidelity.stop(r, now_ms)
    for timer in timers.each{ about = r, name = kind, status = "waiting" } do
        timer:cancel()
    end
    for task in tasks.each{ about = r, kind = kind, status = "open" } do
        local missed = task.due_at_ms and task.due_at_ms <= now_ms
        task:set{ status = "cancelled", outcome = missed and "missed" or "not due any more" }
    end
end

-- The oldest check that is still open, or nil.
function fidelity.next_open(r)
    local oldest
    for task in tasks.each{ about = r, kind = kind, status = "open" } do
        if not oldest or task.due_at_ms < oldest.due_at_ms then
            oldest = task
        end
    end
    return oldest
end

-- done, due: two counts. Their quotient is the measure; it has no value where none was due.
function fidelity.count(r)
    local done, due, now_ms = 0, 0, clock.now()
    for task in tasks.each{ about = r, kind = kind } do
        if task.status == "done" then
            done, due = done + 1, due + 1
        elseif task.outcome == "missed" or (task.status == "open" and task.due_at_ms <= now_ms) then
            due = due + 1
        end
    end
    return done, due
end

return fidelity
