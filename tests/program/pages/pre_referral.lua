-- What the README of pre_referral speaks of: a review, R-1, in stage 4, or, with "meeting", in stage 3.
local parent = people.add{ name = "Eva", email = "eva@family.example" }
local pupil = people.add{ name = "Ada" }
local monitor = staff.add{ name = "Ines", email = "ines@school.example", roles = "specialist" }
local teacher = staff.add{ name = "Tom", email = "tom@school.example", roles = "teacher" }
local counsellor = staff.add{ name = "Cora", email = "cora@school.example", roles = "counsellor" }
local r = referrals.open{ workflow = "pre_referral", title = "Review of Ada", subject = pupil, owner = monitor,
                          fields = { raised_by = "teacher", concerns = { "reading fluency" }, parent = parent,
                                     teacher = teacher } }
r:advance("start"):advance("gathered", { fields = {
    records = "grades fall since spring", attendance = "12 days missed", discipline = "none",
    earlier_scores = "fluency 41 words a minute", parent_interview = "reads no more at home",
    child_interview = "says that letters dance", work_samples = "two dictations", earlier_interventions = "none",
    observations = { "classroom: guesses words", "playground: plays in a group" } } })
r:advance("invite", { fields = { meeting_at = "2 days" } })
clock.advance("3 days")
if arg[1] == "meeting" then
    return
end
r:vote("set_goals", "yes", { for_staff = teacher }):vote("set_goals", "yes", { for_staff = counsellor })
r:advance("set_goals", { fields = { parent_attended = true, attended = { "teacher", "parent" },
                                    goals = { "60 words a minute" } } })
