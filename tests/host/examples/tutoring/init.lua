baton.workflow{
    name = "tutoring", version = 1, title = "Tutoring",
    fields = { need = "text", hours = { type = "int", min = 1, max = 40, help = "a week" } },
    stages = {
        { name = "requested", initial = true, required = { "need" },
          deadline = { within = "3 working days", remind = { "1 working day" },
                       expire = { after = "10 days", transition = "lapse" } } },
        { name = "offered" },
        { name = "accepted", owner_roles = { "specialist" } },
        { name = "done", final = true, outcome = "completed" },
        { name = "declined", final = true, outcome = "declined" },
        { name = "lapsed", final = true, outcome = "lapsed" },
    },
    transitions = {
        { name = "accept", from = "requested", to = "accepted", roles = { "specialist" } },
        { name = "offer", from = "requested", to = "offered" },
        { name = "adopt", from = "offered", to = "accepted",
          approval = { need = 2, seats = { "teacher", "lead" } } },
        { name = "decline", from = { "requested", "offered" }, to = "declined", reasons = { "no_room", "moved" } },
        { name = "lapse", from = "requested", to = "lapsed" },
        { name = "finish", from = "accepted", to = "done" },
    },
}

baton.workflow{
    name = "interview", version = 1, title = "Interview",
    stages = { { name = "asked" }, { name = "held", final = true } },
    transitions = { { name = "hold", from = "asked", to = "held" } },
}

baton.command("call_back", { help = "notes a call", args = { { name = "referral", type = "referral", required = true } } },
    function(args)
        local r = referrals.get(args.referral)
        r:note("called back")
        return r.stage
    end)

baton.report("by_stage", { help = "open referrals by stage" }, function()
    local rows = {}
    for stage, count in pairs(referrals.count_by("stage", { open = true })) do
        rows[#rows + 1] = { stage = stage, count = count }
    end
    return rows
end)
