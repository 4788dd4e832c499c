-- While a referral stays where it is, its owner looks after it again and again: one task
-- at a time, set by a timer that sets the next. Moving on ends it.
local policy = baton.require("policy")
local settings = baton.settings

local check_in = {}
local stages = policy.set_of(settings.check_in_stages)

local function set_timer(r)
    local urgent = r.priority and r.priority ~= "routine"
    r:timer("followup_check_in", urgent and settings.urgent_check_in_every or settings.check_in_every)
end

function check_in.entered(r)
    if r.open and stages[r.stage] then
        set_timer(r)
    end
end

function check_in.stop(r)
    for timer in timers.each{ about = r, name = "followup_check_in", status = "waiting" } do
        timer:cancel()
    end
    for task in tasks.each{ about = r, kind = "check_in", status = "open" } do
        task:set{ status = "cancelled", outcome = "moved on" }
    end
end

local function what_to_do(r)
    local steps, partner = {}, policy.partner_of(r)
    if partner then
        steps[1] = ("ask %s how it stands"):format(partner.name)
    end
    if r.subject then
        steps[#steps + 1] = policy.how_to_reach(r.subject)
    end
    return #steps > 0 and table.concat(steps, "; ") or "see how it stands"
end

-- A check-in that nobody did is not doubled: a lead hears of it, once.
local function ask(r)
    if tasks.count{ about = r, kind = "check_in", status = "open" } == 0 then
        policy.task(r, { kind = "check_in", due = "1 working day",
                         title = ("%s has been %s since %s: %s"):format(r.ref, r.stage:gsub("_", " "),
                             clock.format(r.stage_at_ms, "date"), what_to_do(r)) })
    elseif tasks.count{ about = r, kind = "check_in_missed", status = "open" } == 0 then
        r:task{ kind = "check_in_missed", role = "lead", due = "1 working day",
                title = ("Nobody has checked in on %s"):format(r.ref) }
    end
end

baton.on("timer.followup_check_in", function(_, timer)
    local r = referrals.get(timer.about)
    if r.open and stages[r.stage] then
        ask(r)
        set_timer(r)
    end
end)

return check_in
