-- What follows from what has happened.
local evaluation = baton.require("evaluation")
local fidelity = baton.require("fidelity")
local plan = baton.require("plan")

messages.template("parent_invitation", [[
Dear {{parent}},

we would like to talk with you about how {{pupil}} can be helped at school, and
invite you to a meeting on {{at}}. You may bring whoever you wish. Nothing is
decided without you, and you may ask for an evaluation at any time.

{{school}}
]])

baton.on("referral.advanced", function(event, r)
    if event.from == "implementation" and r.stage ~= "implementation" then
        fidelity.stop(r, event.at_ms)
    end
    -- A parent's request stops no help: strategies under way go on until the review ends.
    if not r.open then
        plan.stop(r)
    end
end, { workflow = "pre_referral" })

baton.on("timer.fidelity_check", function(_, timer)
    local r = referrals.get(timer.about)
    if r and r.stage == "implementation" then
        fidelity.open_week(r, math.tointeger(tonumber(timer.data)))
    end
end)

baton.on("timer.hand_off_due", function(_, timer)
    local r = referrals.get(timer.about)
    if r then
        evaluation.packet_due(r)
    end
end)

baton.on("consent.created", function(_, consent)
    evaluation.consent_changed(consent)
end)
baton.on("consent.changed", function(_, consent)
    evaluation.consent_changed(consent)
end)
