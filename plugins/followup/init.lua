-- Stands beside the workflows that the settings name, and changes nothing in them: it hears
-- what happens to their referrals, and writes letters, tasks and a referral of its own.
local both_parties = baton.require("both_parties")
local check_in = baton.require("check_in")
local letter = baton.require("letter")
local policy = baton.require("policy")

local followed = policy.set_of(baton.settings.workflows)
followed.followup_check = nil -- a check is not checked on

local function entered(r)
    letter.entered(r)
    check_in.entered(r)
    both_parties.entered(r)
end

baton.on("referral.opened", function(_, r)
    if followed[r.workflow] then
        entered(r)
    end
end)

baton.on("referral.advanced", function(event, r)
    if followed[r.workflow] and event.from ~= event.to then
        check_in.stop(r)
        entered(r)
    end
end)

-- What somebody did beyond what was asked is worth keeping.
baton.command("extra_mile", {
    help = "records what was done beyond what was asked",
    args = { { name = "referral", type = "text", required = true }, { name = "what", type = "text", required = true } },
}, function(args)
    local r = referrals.get(args.referral)
    if not r then
        error(("there is no referral %s"):format(args.referral), 0)
    end
    r:note("Extra mile: " .. args.what)
    baton.emit("followup.extra_mile", { what = args.what }, r)
    return r.ref
end)
