-- awaiting_update → current ⇄ grace → past_due; resolved, or cancelled, from all of them.
-- An update puts the case back to current from wherever it is. The clock takes "missed" and
-- "grace_over"; a timer, set once when the case is opened, takes "expire".
local settings = baton.settings

local watched = {}
for _, name in ipairs(text.split(settings.workflows, ",")) do
    watched[text.trim(name)] = true
end
watched.escalation = nil -- an escalation does not escalate itself

messages.template("update_reminder", [[
{{partner}}: an update on {{ref}} was due.

Please say how it stands. Without an update by {{until}} the case is past due and a lead decides.
{{from}}
]])

-- ---- deadlines ----

-- Reminders are counted back from the end of the grace: with 10 and 2, on its days 2, 4, 6 and 8.
local function grace_reminders()
    local list = {}
    for day = settings.remind_every_days, settings.grace_days - 1, settings.remind_every_days do
        list[#list + 1] = (settings.grace_days - day) .. " days"
    end
    return #list > 0 and list or nil
end

local function missed_after(deadline)
    deadline.remind = { "1 day" }
    deadline.expire = { after = "0 minutes", transition = "missed" }
    return deadline
end

-- What the clock takes is not for people to take early.
local function deadline_is_over(r, call)
    if r.due_at_ms and call.now_ms >= r.due_at_ms then
        return true
    end
    return false, "the update is not overdue"
end

local function is_too_old(r, call)
    local ends = clock.parse(settings.cancel_after, r.created_at_ms)
    if call.now_ms >= ends then
        return true
    end
    return false, "it is cancelled by itself on " .. clock.format(ends, "date")
end

-- ---- effects ----

-- Its owner keeps the case; what happens to it now is for a lead to decide.
local function lead_decides(r)
    r:task{ kind = "past_due", role = "lead", due = settings.lead_within,
            title = ("Decide on %s: no update since %s"):format(r.ref,
                clock.format(r.fields.last_update_at or r.created_at_ms, "date")) }
end

local function record_update(r, call)
    r:set{ fields = { last_update_at = call.now_ms, next_update_at = clock.parse(settings.update_every, call.now_ms),
                      updates = (r.fields.updates or 0) + 1 } }
end

local anywhere = { "awaiting_update", "current", "grace", "past_due" }

baton.workflow{
    name = "escalation", version = 1, title = "Escalation",
    fields = {
        cause = { type = "text", help = "why it was escalated",
                  values = { "no_answer", "overdue", "complaint", "safety", "other" } },
        last_update_at = { type = "time", help = "when somebody last said how it stands" },
        next_update_at = { type = "time", help = "until when somebody must say so again" },
        updates = { type = "int", min = 0, help = "how often somebody has said so" },
    },
    stages = {
        { name = "awaiting_update", title = "Awaiting the first update", initial = true,
          deadline = missed_after{ within = settings.first_update } },
        { name = "current", title = "Up to date", deadline = missed_after{ due_field = "next_update_at" } },
        { name = "grace", title = "Update missed, in grace",
          deadline = { within = settings.grace_days .. " days", remind = grace_reminders(),
                       expire = { after = "0 minutes", transition = "grace_over" } } },
        { name = "past_due", title = "Past due",
          deadline = { within = settings.lead_within, escalate = { { after = "1 working day", to = "admin" } } } },
        { name = "resolved", title = "Resolved", final = true, outcome = "resolved" },
        { name = "cancelled", title = "Cancelled", final = true, outcome = "cancelled" },
    },
    transitions = {
        { name = "update", title = "Say how it stands", from = anywhere, to = "current", note = true,
          effect = record_update },
        { name = "missed", title = "The update was missed", from = { "awaiting_update", "current" }, to = "grace",
          guard = deadline_is_over },
        { name = "grace_over", title = "The grace is over", from = "grace", to = "past_due",
          guard = deadline_is_over, effect = lead_decides },
        { name = "resolve", title = "Settle it", from = anywhere, to = "resolved",
          reasons = { answered = { title = "The partner has answered" },
                      redirected = { title = "Another partner has taken over", comment = true },
                      agreed = { title = "All parties agree on what happens", comment = true },
                      unfounded = { title = "There was nothing to escalate", comment = true } } },
        { name = "cancel", title = "Cancel it", from = anywhere, to = "cancelled", roles = { "senior" },
          reasons = { withdrawn = { title = "Whoever asked for it has withdrawn" },
                      duplicate = { title = "Another escalation covers it" },
                      unreachable = { title = "The client cannot be reached", comment = true },
                      other = { title = "Other", comment = true } } },
        { name = "expire", title = "Too old", from = anywhere, to = "cancelled", guard = is_too_old,
          reasons = { too_old = { title = "Open for longer than an escalation may be" } } },
    },
}

-- ---- from the first day to the last ----

baton.on("referral.opened", function(_, r)
    local ends = clock.parse(settings.cancel_after, r.created_at_ms)
    local notice = ends - (clock.parse(settings.cancel_notice) - clock.now())
    r:timer("escalation_expires", ends)
    if notice > clock.now() then
        r:timer("escalation_expires_soon", notice)
    end
end, { workflow = "escalation" })

baton.on("timer.escalation_expires_soon", function(_, timer)
    local r = referrals.get(timer.about)
    r:task{ kind = "expires_soon", assignee = r.owner, role = not r.owner and "lead" or nil,
            due = settings.cancel_notice, title = ("%s is cancelled on %s unless it is settled"):format(r.ref,
                clock.format(clock.parse(settings.cancel_after, r.created_at_ms), "date")) }
end)

baton.on("timer.escalation_expires", function(_, timer)
    referrals.get(timer.about):advance("expire", { reason = "too_old" })
end)

-- Leaving a stage settles what was asked for in it; the end leaves no timer behind.
baton.on("referral.advanced", function(event, r)
    if event.from == "past_due" then
        for task in tasks.each{ about = r, kind = "past_due", status = "open" } do
            task:done(event.transition)
        end
    end
    if not r.open then
        for timer in timers.each{ about = r, status = "waiting" } do
            timer:cancel()
        end
        for task in tasks.each{ about = r, kind = "expires_soon", status = "open" } do
            task:cancel()
        end
    end
end, { workflow = "escalation" })

baton.on("referral.reminder", function(_, r)
    local address = (r.service and r.service.email) or (r.partner and r.partner.email)
    if settings.remind_partner and address then
        r:message{ to = address, template = "update_reminder", subject = "Update on " .. r.ref,
                   values = { partner = r.partner and r.partner.name or r.service.name, ref = r.ref,
                              ["until"] = clock.format(r.due_at_ms), from = baton.org.title } }
    end
end, { workflow = "escalation", stage = "grace" })

-- ---- how one begins ----

local function running(r)
    return referrals.first{ workflow = "escalation", parent = r, open = true }
end

local function open_for(r, cause)
    return r:refer{ workflow = "escalation", title = ("Escalation of %s"):format(r.title or r.ref), subject = r.subject,
                    referrer = r.referrer, partner = r.partner, service = r.service, owner = r.owner,
                    fields = { cause = cause } }
end

baton.on("referral.escalated", function(_, r)
    if watched[r.workflow] and not running(r) then
        open_for(r, "overdue")
    end
end)

baton.command("escalate", {
    help = "opens an escalation of a referral",
    args = { { name = "referral", type = "text", required = true },
             { name = "cause", type = "text", required = true } },
}, function(args)
    local r = referrals.get(args.referral)
    if not r then
        error(("there is no referral %s"):format(args.referral), 0)
    end
    local other = running(r)
    if other then
        error(("%s is escalated already: %s"):format(r.ref, other.ref), 0)
    end
    return open_for(r, args.cause).ref
end)
