-- What a review holds beside the columns of a referral: its subject is the
-- pupil, its owner the member of staff who leads it.
local dossier = baton.require("dossier")

local fields = {
    -- who takes part
    raised_by = { type = "text", values = { "teacher", "specialist", "parent", "administrator" },
                  help = "who raised the concern" },
    parent = { type = "ref", to = "person", index = true, help = "parent or guardian" },
    teacher = { type = "ref", to = "staff", help = "the pupil's teacher" },
    specialist = { type = "ref", to = "staff", help = "specialist in the team" },
    administrator = { type = "ref", to = "staff", help = "administrator in the team" },
    counsellor = { type = "ref", to = "staff", help = "counsellor in the team" },
    psychologist = { type = "ref", to = "staff", help = "psychologist in the team" },
    monitor = { type = "ref", to = "staff", help = "who checks each week that the plan is followed" },

    -- stage 1
    concerns = { type = "list", min = 1, max = 8, help = "each concern in a few words" },
    severe = { type = "bool", help = "so severe that strategies may be shorter than usual" },

    -- stage 3
    meeting_at = { type = "time", help = "when the team meets" },
    parent_invited_at = { type = "time", help = "when the parent was invited to the meeting" },
    parent_attended = { type = "bool", help = "whether the parent came" },
    attended = { type = "list", help = "who came to the meeting" },
    parent_speaker = { type = "ref", to = "staff", help = "who takes down what the parent says, where the parent has a seat" },
    goals = { type = "list", help = "goals, the most important first" },

    -- stages 4 to 6; the strategies themselves are tasks, see plan.lua
    accommodations = { type = "list", help = "what is made easier meanwhile" },
    round = { type = "int", min = 1, max = 20, help = "which round of strategies this is" },
    rounds_done = { type = "int", min = 0, max = 20, help = "rounds carried through" },
    began_at = { type = "time", help = "when this round began" },
    plan_ends_at = { type = "time", help = "when the longest strategy of this round ends" },
    evaluate_by_at = { type = "time", help = "until when the team is to look at the results" },
    progress_data = { type = "list", help = "what was measured, a line for each date" },
    progress = { type = "text", values = { "yes", "no" }, help = "whether the goals come nearer" },

    -- evaluation
    parent_requested_at = { type = "time", help = "when the parent asked for an evaluation" },
    consent_at = { type = "time", help = "when the parent consented to the evaluation" },
    evaluation_due_at = { type = "time", help = "until when the evaluation must be done" },
    evaluated_at = { type = "time", help = "when the evaluation was done" },
}

for _, part in ipairs(dossier.parts) do
    fields[part.name] = { type = part.type or "text", help = part.help }
end

return fields
