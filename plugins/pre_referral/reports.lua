-- The measures of a district: are plans followed, how much is tried, how long do parents wait.
local fidelity = baton.require("fidelity")
local plan = baton.require("plan")

local HOUR_MS = 60 * 60 * 1000
local DAY_MS = 24 * HOUR_MS

local function pupil(r)
    return r.subject and r.subject.name or ""
end

local function rows_of(filter, row)
    local rows = {}
    filter.workflow = "pre_referral"
    for r in referrals.each(filter) do
        rows[#rows + 1] = row(r)
    end
    return rows
end

baton.report("fidelity", { help = "weekly checks done and due of each review that had a plan" }, function()
    return rows_of({}, function(r)
        local done, due = fidelity.count(r)
        if due > 0 then
            return { review = r.ref, pupil = pupil(r), stage = r.stage, done = done, due = due,
                     percent = done * 100 // due }
        end
    end)
end)

baton.report("interventions", {
    help = "reviews in which at least so many different strategies were carried through",
    args = { { name = "at_least", type = "int" } },
}, function(args)
    local at_least = args.at_least or 1
    return rows_of({}, function(r)
        local count = plan.interventions(r)
        if count >= at_least then
            return { review = r.ref, pupil = pupil(r), stage = r.stage, interventions = count,
                     rounds = r.fields.rounds_done or 0 }
        end
    end)
end)

-- Whole days; one of 23 hours, when clocks change, is one too.
local function days(from_ms, to_ms)
    return from_ms and to_ms and (to_ms - from_ms + HOUR_MS) // DAY_MS or nil
end

baton.report("evaluations", { help = "days from the parent's request to consent, and from consent to the evaluation" },
    function()
        return rows_of({}, function(r)
            local f = r.fields
            if f.parent_requested_at or f.consent_at then
                return { review = r.ref, pupil = pupil(r), stage = r.stage,
                         request_to_consent = days(f.parent_requested_at, f.consent_at),
                         consent_to_evaluation = days(f.consent_at, f.evaluated_at),
                         due = f.evaluation_due_at and clock.format(f.evaluation_due_at) or nil }
            end
        end)
    end)
