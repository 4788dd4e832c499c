-- What people do often enough to have a name for it.
local fidelity = baton.require("fidelity")
local plan = baton.require("plan")

-- What is refused is the caller's mistake, not the plugin's.
local function refuse(format, ...)
    error({ code = "invalid", message = format:format(...) })
end

local function review(ref)
    local r = referrals.get(ref)
    if not r or r.workflow ~= "pre_referral" then
        refuse("%s is no pre-referral review", ref)
    end
    return r
end

baton.command("add_strategy", {
    help = "adds a strategy for one concern of a review that is in stage 4",
    args = {
        { name = "review", type = "text", required = true },
        { name = "concern", type = "text", required = true }, -- its number or its words
        { name = "title", type = "text", required = true },
        { name = "weeks", type = "int", required = true },
        { name = "assignee", type = "text" },                 -- the teacher, if nobody else
    },
}, function(args)
    local r = review(args.review)
    if r.stage ~= "strategies" then
        refuse("%s is in stage %s: strategies are chosen in stage strategies", r.ref, r.stage)
    end
    local concern, why = plan.concern(r, args.concern)
    if not concern then
        refuse("%s", why)
    end
    local wrong = plan.wrong_weeks(args.weeks, r.fields.severe)
    if wrong then
        refuse('strategy "%s" %s', args.title, wrong)
    end
    return plan.add(r, { concern = concern, title = args.title, weeks = args.weeks,
                         assignee = args.assignee or r.fields.teacher }).ref
end)

baton.command("record_check", {
    help = "records the oldest weekly check of a review that is still open",
    args = {
        { name = "review", type = "text", required = true },
        { name = "followed", type = "bool", required = true },
        { name = "note", type = "text" },
    },
}, function(args)
    local r = review(args.review)
    local task = fidelity.next_open(r)
    if not task then
        refuse("%s has no open weekly check", r.ref)
    end
    if args.note then
        task:note(args.note)
    end
    task:done(args.followed and "followed" or "not followed")
    return task.ref
end)
