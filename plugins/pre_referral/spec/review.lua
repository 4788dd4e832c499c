-- Every rule of the plugin, run in a scratch organisation whose clock is movable:
--
--   baton run --org scratch plugins/pre_referral/spec/review.lua [VARIANT]
--
-- VARIANT is one of those in the README: default, two_interventions,
-- four_interventions, two_rounds, packet. It must be what org.ini says.

local variant = arg[1] or "default"
local passed = 0

local function check(what, truth, seen)
    if not truth then
        error(("FAILED: %s%s"):format(what, seen ~= nil and (" (saw " .. tostring(seen) .. ")") or ""), 2)
    end
    passed = passed + 1
end

local function equal(what, seen, wanted)
    check(what .. " is " .. tostring(wanted), seen == wanted, seen)
end

-- fn must be refused with each of the texts in its message.
local function refused(what, fn, ...)
    local value, message = baton.try(fn)
    check(what .. " is refused", value == nil and message, value)
    for _, part in ipairs{ ... } do
        check(("%s is refused because of %q"):format(what, part), message:find(part, 1, true), message)
    end
end

local number = 0
local function unique()
    number = number + 1
    return variant .. number
end

local function member(roles)
    local name = unique()
    return staff.add{ name = name, email = name .. "@school.example", roles = roles }
end

local teacher, counsellor = member("teacher"), member("counsellor")
local psychologist, lead, monitor = member("psychologist"), member("lead"), member("specialist")

local function open_review(set)
    local parent = people.add{ name = "Parent " .. unique(), email = unique() .. "@family.example" }
    local pupil = people.add{ name = "Pupil " .. unique() }
    local fields = { raised_by = "teacher", concerns = { "reading fluency", "attention" },
                     parent = parent, teacher = teacher }
    for name, value in pairs(set or {}) do
        fields[name] = value
    end
    return referrals.open{ workflow = "pre_referral", title = "Review of " .. pupil.name, subject = pupil,
                           owner = monitor, fields = fields }
end

local dossier = {
    records = "grades fall since spring", attendance = "12 days missed", discipline = "none",
    earlier_scores = "fluency 41 words a minute", parent_interview = "reads no more at home",
    child_interview = "says that letters dance", work_samples = "two dictations",
    earlier_interventions = "none", observations = { "classroom: guesses words", "playground: plays in a group" },
}

local function to_team(r)
    r:advance("start"):advance("gathered", { fields = dossier })
    return r
end

local function to_strategies(r)
    to_team(r)
    r:advance("invite", { fields = { meeting_at = "2 days" } })
    clock.advance("3 days")
    return r:advance("set_goals", { fields = { parent_attended = true, attended = { "teacher", "specialist", "parent" },
                                               goals = { "60 words a minute", "ten minutes at one task" } } })
end

local function add(r, concern, title, weeks)
    return baton.call("add_strategy", { review = r.ref, concern = tostring(concern), title = title, weeks = weeks })
end

local function to_implementation(r, weeks, suffix)
    add(r, 1, "Repeated reading" .. (suffix or ""), weeks)
    add(r, "attention", "Check in, check out" .. (suffix or ""), weeks)
    return r:advance("begin", { fields = { monitor = monitor } })
end

local function run_plan(r, weeks, followed)
    for week = 1, weeks do
        if week <= (followed or weeks) then
            baton.call("record_check", { review = r.ref, followed = true })
        end
        clock.advance("1 week")
    end
    return r:advance("evaluate", { fields = { progress_data = { "week 1: 41", "last week: 44" } } })
end

local function weeks_between(from_ms, to_ms)
    return (to_ms - from_ms + 3600000) // (7 * 24 * 3600000) -- an hour more or less at the change of clocks
end

-- ---- the default settings: every stage, every guard ----

local function stages_one_to_three()
    local r = open_review{ concerns = baton.none, parent = baton.none }
    equal("a new review's stage", r.stage, "initial_concern")
    check("the concern has a deadline", r.due_at_ms)
    refused("a start without concerns", function() r:advance("start") end, "concerns")
    r:set{ fields = { concerns = { "reading fluency", "attention" } } }
    refused("a start without a parent", function() r:advance("start") end, "the parent")
    r:set{ fields = { parent = people.add{ name = "Parent " .. unique() } } }
    r:advance("start")

    refused("an empty dossier", function() r:advance("gathered") end, "school records", "attendance", "discipline",
        "earlier scores", "parent interview", "child interview", "work samples", "earlier interventions", "observations")
    r:set{ fields = dossier }
    r:set{ fields = { observations = { "classroom: a", "Classroom: b" }, attendance = "  " } }
    refused("a dossier with one setting", function() r:advance("gathered") end,
        "still lacks: attendance; observations in 2 different settings (so far: classroom)")
    r:advance("gathered", { fields = { observations = dossier.observations, attendance = "none missed" } })
    equal("the stage after the dossier", r.stage, "team_discussion")

    refused("goals without a meeting", function() r:advance("set_goals") end, "no meeting", "not invited", "parent came",
        "at least two", "no goal")
    refused("an invitation without a date", function() r:advance("invite") end, "meeting_at")
    r:advance("invite", { fields = { meeting_at = "3 days" } })
    equal("inviting stays in its stage", r.stage, "team_discussion")
    check("the invitation's time is kept", r.fields.parent_invited_at)
    equal("a parent without mail is asked by task", tasks.count{ about = r, kind = "invitation", status = "open" }, 1)
    local meeting = { parent_attended = false, attended = { "teacher", "counsellor" }, goals = { "reads aloud" } }
    refused("goals before the meeting", function() r:advance("set_goals", { fields = meeting }) end, "still to come")
    clock.advance("4 days")
    r:advance("set_goals", { fields = meeting })
    equal("the stage after the meeting", r.stage, "strategies")
end

local function stage_four()
    local r = to_team(open_review())
    local before = messages.count{ about = r }
    r:advance("invite", { fields = { meeting_at = "1 day" } })
    equal("a parent with mail gets a message", messages.count{ about = r } - before, 1)
    check("the message names the pupil", messages.first{ about = r }.body:find(r.subject.name, 1, true))
    clock.advance("2 days")
    r:advance("set_goals", { fields = { parent_attended = true, attended = { "a", "b" }, goals = { "g" } } })

    refused("a plan without monitor", function() r:advance("begin") end, "monitor")
    local with_monitor = { fields = { monitor = monitor } }
    refused("a plan without strategies", function() r:advance("begin", with_monitor) end,
        'concern "reading fluency" has no strategy', 'concern "attention" has no strategy')
    refused("a strategy for nothing", function() add(r, "swimming", "x", 4) end, 'no concern "swimming"')
    refused("a strategy for concern 3", function() add(r, 3, "x", 4) end, "none numbered 3")
    refused("a strategy of 3 weeks", function() add(r, 1, "x", 3) end, "at least 4")
    refused("a strategy of 7 weeks", function() add(r, 1, "x", 7) end, "at most 6")
    local strategy = tasks.get(add(r, "READING", "Repeated reading", 5))
    equal("part of the words finds the concern", strategy.fields.strategy_concern, "reading fluency")
    equal("the teacher carries it out", strategy.assignee, teacher)
    refused("a plan with half its concerns", function() r:advance("begin", with_monitor) end, '"attention" has no strategy')
    local late = tasks.get(add(r, 2, "Check in", 4))
    late:set{ fields = { strategy_weeks = 9 } }
    refused("a plan with a long strategy", function() r:advance("begin", with_monitor) end, 'strategy "Check in" lasts 9 weeks')
    late:cancel()
    refused("a dropped strategy", function() r:advance("begin", with_monitor) end, '"attention" has no strategy')
    add(r, 2, "Seat in front", 4)
    r:advance("begin", with_monitor)
    equal("the plan lasts as long as its longest strategy", weeks_between(r.fields.began_at, r.fields.plan_ends_at), 5)
    equal("a strategy ends at its own time", weeks_between(r.fields.began_at, strategy.due_at_ms), 5)
    check("the deadline lies after the plan", r.due_at_ms > r.fields.plan_ends_at)

    local severe = to_strategies(open_review{ severe = true })
    to_implementation(severe, 2)
    equal("a severe case may have two weeks", weeks_between(severe.fields.began_at, severe.fields.plan_ends_at), 2)
    severe:advance("evaluate", { fields = { progress_data = { "worse at once" } } })
    equal("a severe case need not wait for the end", severe.stage, "decision")
end

local function stage_five()
    local r = to_implementation(to_strategies(open_review()), 4)
    local check_of_week = function(n) return tasks.find{ about = r, kind = "fidelity_check" }[n] end
    equal("the first week has one check", tasks.count{ about = r, kind = "fidelity_check" }, 1)
    equal("the check is the monitor's", check_of_week(1).assignee, monitor)
    refused("an evaluation at once", function() r:advance("evaluate", { fields = { progress_data = { "x" } } }) end, "runs until")
    baton.call("record_check", { review = r.ref, followed = false, note = "two sessions fell out" })
    equal("the check is recorded", check_of_week(1).outcome, "not followed")
    refused("a second check in a week", function() baton.call("record_check", { review = r.ref, followed = true }) end,
        "no open weekly check")
    clock.advance("1 week")
    equal("each week has its check", tasks.count{ about = r, kind = "fidelity_check" }, 2)
    clock.advance("2 weeks")
    equal("checks go on to the end", tasks.count{ about = r, kind = "fidelity_check" }, 4)
    clock.advance("1 week")
    equal("and no further", tasks.count{ about = r, kind = "fidelity_check" }, 4)
    refused("an evaluation without data", function() r:advance("evaluate") end, "progress_data")
    r:advance("evaluate", { fields = { progress_data = { "41", "58" } } })
    local row
    for _, candidate in ipairs(baton.run_report("fidelity")) do
        row = candidate.review == r.ref and candidate or row
    end
    check("the report has the review", row)
    equal("checks done", row.done, 1)
    equal("checks due", row.due, 4)
    equal("no check stays open", tasks.count{ about = r, kind = "fidelity_check", status = "open" }, 0)
    equal("no timer stays", timers.count{ about = r, status = "waiting" }, 0)
    equal("strategies are carried through", tasks.count{ about = r, kind = "strategy", status = "done" }, 2)
    equal("one round is done", r.fields.rounds_done, 1)
    return r
end

local function stage_six(r)
    refused("a decision without progress", function() r:advance("discontinue") end, "progress")
    refused("success without progress", function() r:advance("sustain", { fields = { progress = "no" } }) end, '"yes"')
    refused("failure with progress", function() r:advance("continue", { fields = { progress = "yes" } }) end, '"no"')
    r:advance("continue", { fields = { progress = "no" } })
    equal("going on is a second round", r.fields.round, 2)
    equal("with the same strategies", tasks.count{ about = r, kind = "strategy", status = "open" }, 2)
    equal("whose progress is not known yet", r.fields.progress, nil)
    run_plan(r, 4)

    r:advance("modify", { fields = { progress = "no" } })
    equal("a change goes back to the strategies", r.stage, "strategies")
    local kept = tasks.first{ about = r, kind = "strategy", status = "open" }
    kept:set{ title = "Repeated reading in pairs", fields = { strategy_weeks = 6 } }
    r:advance("begin")
    equal("the changed one counts", weeks_between(r.fields.began_at, r.fields.plan_ends_at), 6)
    run_plan(r, 6)

    r:advance("new_strategy", { fields = { progress = "no" } })
    refused("a new round needs new strategies", function() r:advance("begin") end, "has no strategy")
    to_implementation(r, 4, " again")
    run_plan(r, 4)
    local found
    for _, row in ipairs(baton.run_report("interventions", { at_least = 3 })) do
        found = row.review == r.ref and row or found
    end
    check("the report counts different strategies only", found and found.interventions == 5, found and found.interventions)
    for _, row in ipairs(baton.run_report("interventions", { at_least = 6 })) do
        check("a report of six leaves it out", row.review ~= r.ref)
    end
    r:advance("sustain", { fields = { progress = "yes" } })
    equal("the outcome", r.outcome, "sustained")
    check("the review is over", not r.open)
end

local function refer_and_evaluate()
    local r = run_plan(to_implementation(to_strategies(open_review()), 4), 4)
    r:advance("refer", { fields = { progress = "no" } })
    equal("the stage after referring", r.stage, "evaluation")
    equal("no clock without consent", r.due_at_ms, nil)
    equal("somebody is to ask for it", tasks.count{ about = r, kind = "consent", status = "open" }, 1)
    refused("an evaluation without consent", function() r:advance("evaluated", { reason = "eligible" }) end, "no consent")
    clock.advance("10 days")
    local at = clock.now()
    consents.add{ person = r.fields.parent, purpose = "disclosure", status = "given", given_at_ms = at }
    equal("another consent starts no clock", r.fields.consent_at, nil)
    consents.add{ person = r.fields.parent, purpose = "evaluation", status = "given", given_at_ms = at, scope = r.subject.ref }
    equal("the clock starts with consent", r.fields.consent_at, at)
    equal("and runs 60 days", r.fields.evaluation_due_at, clock.parse("60 days", at))
    equal("which is the deadline", r.due_at_ms, r.fields.evaluation_due_at)
    equal("nobody is to ask any more", tasks.count{ about = r, kind = "consent", status = "open" }, 0)
    clock.advance("20 days")
    r:advance("evaluated", { reason = "not_eligible" })
    equal("the outcome", r.outcome, "evaluated")
    for _, row in ipairs(baton.run_report("evaluations")) do
        if row.review == r.ref then
            equal("days from consent to evaluation", row.consent_to_evaluation, 20)
        end
    end
end

local function parent_requests()
    local shapes = {
        initial_concern = function(r) return r end,
        information_gathering = function(r) return r:advance("start") end,
        team_discussion = to_team,
        strategies = to_strategies,
        implementation = function(r) return to_implementation(to_strategies(r), 4) end,
        decision = function(r) return run_plan(to_implementation(to_strategies(r), 4), 4) end,
    }
    for stage, lead_to in pairs(shapes) do
        local r = lead_to(open_review())
        equal("the stage before the request", r.stage, stage)
        r:advance("parent_request")
        equal("a parent's request from " .. stage .. " leads to", r.stage, "evaluation")
        equal("no check is asked for any more", tasks.count{ about = r, kind = "fidelity_check", status = "open" }, 0)
        local asked = r.fields.parent_requested_at
        check("the request's time is kept", asked)
        clock.advance("2 days")
        r:advance("parent_request")
        equal("asking again changes nothing", r.fields.parent_requested_at, asked)
        consents.add{ person = r.fields.parent, purpose = "evaluation", status = "given", given_at_ms = clock.now() }
        check("consent without scope is for the only child", r.fields.consent_at)
    end

    local r = open_review():advance("parent_request")
    local given = consents.add{ person = r.fields.parent, purpose = "evaluation", status = "given", given_at_ms = clock.now() }
    given:set{ status = "withdrawn" }
    equal("a withdrawn consent stops the clock", r.due_at_ms, nil)
    refused("an evaluation after withdrawal", function() r:advance("evaluated", { reason = "eligible" }) end, "no consent")
    r:advance("end_unevaluated", { reason = "withdrawn" })
    equal("the outcome", r.outcome, "not_evaluated")

    local sibling = open_review():advance("parent_request")
    consents.add{ person = sibling.fields.parent, purpose = "evaluation", status = "given", given_at_ms = clock.now(),
                  scope = "P-999999" }
    equal("a consent for another child starts no clock", sibling.fields.consent_at, nil)
end

local function deadlines()
    local r = open_review()
    clock.advance("4 working days")
    clock.advance("1 hour")
    equal("the owner is reminded", tasks.count{ about = r, status = "open" } >= 1, true)
    check("not overdue yet", not r.overdue)
    clock.advance("1 working day")
    clock.advance("1 hour")
    check("overdue", r.overdue)
    clock.advance("3 working days")
    equal("a lead is told", tasks.count{ about = r, role = "lead" }, 1)
    local kinds = {}
    for _, event in ipairs(r:history{ limit = 100 }) do
        kinds[event.kind] = (kinds[event.kind] or 0) + 1
    end
    equal("reminders", kinds["referral.reminder"], 1)
    equal("overdue events", kinds["referral.overdue"], 1)
    equal("escalations", kinds["referral.escalated"], 1)

    local late = open_review():advance("parent_request")
    consents.add{ person = late.fields.parent, purpose = "evaluation", status = "given", given_at_ms = clock.now() }
    clock.advance("61 days")
    check("an evaluation is overdue after 60 days", late.overdue)
    clock.advance("3 working days")
    equal("and a lead is told", tasks.count{ about = late, role = "lead" }, 1)
end

local function closing()
    local r = open_review()
    refused("closing without a reason", function() r:advance("close") end, "reason")
    refused("closing for another reason without words", function() r:advance("close", { reason = "other" }) end)
    r:advance("close", { reason = "resolved" })
    equal("the outcome", r.outcome, "closed")
    refused("a request when all is over", function() r:advance("parent_request") end)

    local running = to_implementation(to_strategies(open_review()), 4)
    running:advance("close", { reason = "moved" })
    equal("no strategy is asked for any more", tasks.count{ about = running, kind = "strategy", status = "open" }, 0)
    equal("no check either", tasks.count{ about = running, kind = "fidelity_check", status = "open" }, 0)
end

-- ---- the local variants ----

local function may_not_refer(r, part)
    refused("a referral too early", function() r:advance("refer", { fields = { progress = "no" } }) end, part)
end

local specs = {
    default = function()
        stages_one_to_three()
        stage_four()
        stage_six(stage_five())
        refer_and_evaluate()
        parent_requests()
        deadlines()
        closing()
    end,

    two_interventions = function()
        local r = to_strategies(open_review{ concerns = { "reading fluency" } })
        add(r, 1, "Repeated reading", 4)
        run_plan(r:advance("begin", { fields = { monitor = monitor } }), 4)
        may_not_refer(r, "1 of 2 interventions")
        r:advance("continue", { fields = { progress = "no" } })
        run_plan(r, 4)
        may_not_refer(r, "1 of 2 interventions")
        r:advance("new_strategy", { fields = { progress = "no" } })
        add(r, 1, "Phonics in small steps", 6)
        run_plan(r:advance("begin"), 6)
        r:advance("refer", { fields = { progress = "no" } })
        local at = clock.now()
        consents.add{ person = r.fields.parent, purpose = "evaluation", status = "given", given_at_ms = at }
        equal("30 school days to evaluate", r.fields.evaluation_due_at, clock.parse("30 school days", at))
    end,

    four_interventions = function()
        local r = run_plan(to_implementation(to_strategies(open_review()), 4), 4)
        may_not_refer(r, "2 of 4 interventions")
        r:advance("new_strategy", { fields = { progress = "no" } })
        run_plan(to_implementation(r, 4, " II"), 4)
        r:advance("refer", { fields = { progress = "no" } })
        local other = run_plan(to_implementation(to_strategies(open_review()), 4), 4)
        other:advance("parent_request")
        equal("a parent does not wait for four", other.stage, "evaluation")
    end,

    two_rounds = function()
        local r = to_strategies(open_review())
        refused("a strategy of 5 weeks", function() add(r, 1, "x", 5) end, "at least 6")
        run_plan(to_implementation(r, 6), 6)
        may_not_refer(r, "1 of 2 rounds")
        run_plan(r:advance("continue", { fields = { progress = "no" } }), 6)
        r:advance("refer", { fields = { progress = "no" } })
        equal("the stage after two rounds", r.stage, "evaluation")
    end,

    packet = function()
        local kept = open_review():advance("parent_request")
        local task = tasks.first{ about = kept, kind = "hand_off" }
        check("a packet is asked for", task)
        equal("within 24 hours", (task.due_at_ms - clock.now() + 60000) // 3600000, 24)
        task:done("handed over")
        clock.advance("25 hours")
        equal("in time: no lead is told", tasks.count{ about = kept, kind = "escalation" }, 0)
        local late = open_review():advance("parent_request")
        clock.advance("25 hours")
        equal("late: a lead is told", tasks.count{ about = late, kind = "escalation", role = "lead" }, 1)
    end,
}

local spec = specs[variant]
if not spec then
    error(("no variant %q"):format(variant), 0)
end
spec()
print(("%s: %d checks passed"):format(variant, passed))
