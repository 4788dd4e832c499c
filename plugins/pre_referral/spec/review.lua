-- Every rule of the plugin, and the local variants of the README with the settings that it shows.

local school = { zone = "America/Los_Angeles",
                 calendar = { week = "Mon-Fri 08:00-16:00", terms = "2020-01-01..2099-12-31" } }
local teacher, monitor, counsellor, psychologist

local number = 0
local function unique()
    number = number + 1
    return "x" .. number
end

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

local function agree(r)
    r:vote("set_goals", "yes", { for_staff = teacher }):vote("set_goals", "yes", { for_staff = counsellor })
    return r
end

local function to_strategies(r)
    agree(to_team(r))
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

local function staff_of_the_school(t)
    teacher, monitor = t.staff{ roles = "teacher" }, t.staff{ roles = "specialist" }
    counsellor, psychologist = t.staff{ roles = "counsellor" }, t.staff{ roles = "psychologist" }
    t.staff{ roles = "lead" }
end

describe("pre_referral", school, function()
    before(staff_of_the_school)

    it("goes from a concern to strategies", function()
        local r = open_review{ concerns = baton.none, parent = baton.none }
        expect(r.stage):equals("initial_concern") -- a new review's stage
        expect(r.due_at_ms):is_something() -- the concern has a deadline
        expect(function() r:advance("start") end):fails("concerns") -- a start without concerns
        r:set{ fields = { concerns = { "reading fluency", "attention" } } }
        expect(function() r:advance("start") end):fails("the parent") -- a start without a parent
        r:set{ fields = { parent = people.add{ name = "Parent " .. unique() } } }
        r:advance("start")

        -- an empty dossier
        expect(function() r:advance("gathered") end):fails(
            "school records", "attendance", "discipline", "earlier scores", "parent interview", "child interview",
            "work samples", "earlier interventions", "observations")
        r:set{ fields = dossier }
        r:set{ fields = { observations = { "classroom: a", "Classroom: b" }, attendance = "  " } }
        -- a dossier with one setting
        expect(function() r:advance("gathered") end):fails(
            "still lacks: attendance; observations in 2 different settings (so far: classroom)")
        r:advance("gathered", { fields = { observations = dossier.observations, attendance = "none missed" } })
        expect(r.stage):equals("team_discussion") -- the stage after the dossier

        expect(function() r:advance("set_goals") end):fails("needs an approval: 0 of 2 yes") -- before the team has agreed
        agree(r)
        -- goals without a meeting
        expect(function() r:advance("set_goals") end):fails(
            "no meeting", "not invited", "parent came", "at least 2", "no goal")
        expect(function() r:advance("invite") end):fails("meeting_at") -- an invitation without a date
        r:advance("invite", { fields = { meeting_at = "3 days" } })
        expect(r.stage):equals("team_discussion") -- inviting stays in its stage
        expect(r.fields.parent_invited_at):is_something() -- the invitation's time is kept
        -- a parent without mail is asked by task
        expect(tasks.count{ about = r, kind = "invitation", status = "open" }):equals(1)
        local meeting = { parent_attended = false, attended = { "teacher", "counsellor" }, goals = { "reads aloud" } }
        -- goals before the meeting
        expect(function() r:advance("set_goals", { fields = meeting }) end):fails("still to come")
        clock.advance("4 days")
        r:advance("set_goals", { fields = meeting })
        expect(r.stage):equals("strategies") -- the stage after the meeting
    end)

    it("asks for a strategy for each concern, as long as the settings say", function()
        local r = to_team(open_review())
        local before = messages.count{ about = r }
        r:advance("invite", { fields = { meeting_at = "1 day" } })
        expect(messages.count{ about = r } - before):equals(1) -- a parent with mail gets a message
        expect(messages.first{ about = r }.body):contains(r.subject.name) -- the message names the pupil
        clock.advance("2 days")
        agree(r):advance("set_goals", { fields = { parent_attended = true, attended = { "a", "b" }, goals = { "g" } } })

        expect(function() r:advance("begin") end):fails("monitor") -- a plan without monitor
        local with_monitor = { fields = { monitor = monitor } }
        -- a plan without strategies
        expect(function() r:advance("begin", with_monitor) end):fails(
            'concern "reading fluency" has no strategy', 'concern "attention" has no strategy')
        expect(function() add(r, "swimming", "x", 4) end):fails('no concern "swimming"') -- a strategy for nothing
        expect(function() add(r, 3, "x", 4) end):fails("none numbered 3") -- a strategy for concern 3
        expect(function() add(r, 1, "x", 3) end):fails("at least 4") -- a strategy of 3 weeks
        expect(function() add(r, 1, "x", 7) end):fails("at most 6") -- a strategy of 7 weeks
        local strategy = tasks.get(add(r, "READING", "Repeated reading", 5))
        expect(strategy.fields.strategy_concern):equals("reading fluency") -- part of the words finds the concern
        expect(strategy.assignee):equals(teacher) -- the teacher carries it out
        -- a plan with half its concerns
        expect(function() r:advance("begin", with_monitor) end):fails('"attention" has no strategy')
        local late = tasks.get(add(r, 2, "Check in", 4))
        late:set{ fields = { strategy_weeks = 9 } }
        -- a plan with a long strategy
        expect(function() r:advance("begin", with_monitor) end):fails('strategy "Check in" lasts 9 weeks')
        late:cancel()
        expect(function() r:advance("begin", with_monitor) end):fails('"attention" has no strategy') -- a dropped strategy
        add(r, 2, "Seat in front", 4)
        r:advance("begin", with_monitor)
        -- the plan lasts as long as its longest strategy
        expect(weeks_between(r.fields.began_at, r.fields.plan_ends_at)):equals(5)
        expect(weeks_between(r.fields.began_at, strategy.due_at_ms)):equals(5) -- a strategy ends at its own time
        expect(r.due_at_ms):at_least(r.fields.plan_ends_at + 1) -- the deadline lies after the plan
    end)

    it("decides on goals by the seats of the team", function()
        local r = to_team(open_review())
        expect(tasks.count{ about = r, kind = "vote", status = "open" }):equals(4) -- every seat is asked
        expect(tasks.first{ about = r, kind = "vote", assignee = teacher }):is_something() -- the pupil's teacher by name
        r:advance("invite", { fields = { meeting_at = "1 day" } })
        clock.advance("2 days")
        r:vote("set_goals", "yes", { for_staff = psychologist })
        expect(function() r:vote("set_goals", "no", { for_staff = psychologist }) end):fails("one person fills one seat")
        expect(function() r:advance("set_goals") end):fails("1 of 2 yes; missing: teacher, specialist, counsellor")
        r:vote("set_goals", "yes", { for_staff = teacher })
        expect(r:approval("set_goals").state):equals("approved")
        expect(tasks.count{ about = r, kind = "vote", status = "open" }):equals(0) -- nobody is asked any more
        r:advance("set_goals", { fields = { parent_attended = true, attended = { "a", "b" }, goals = { "g" } } })
        expect(r.stage):equals("strategies")
    end)

    it("meets again where the team does not agree", function()
        local r = to_team(open_review())
        r:advance("invite", { fields = { meeting_at = "1 day" } })
        for _, who in ipairs{ teacher, monitor, counsellor } do
            r:vote("set_goals", "no", { for_staff = who }) -- three of four: two can't say yes any more
        end
        expect(r.stage):equals("team_discussion")
        expect(r.fields.meeting_at):is_nil() -- there is to be another meeting
        expect(r.fields.parent_invited_at):is_nil() -- to which the parent is invited anew
        expect(r:approval("set_goals").yes):equals(0)
        expect(tasks.count{ about = r, kind = "vote", status = "open" }):equals(4) -- everybody is asked anew
        agree(r)
        expect(function() r:advance("set_goals") end):fails("no meeting", "not invited")
        r:advance("meet_again") -- whoever wants to may meet once more before goals are set
        expect(r:approval("set_goals").state):equals("open")
    end)

    it("lets a severe case be shorter", function()
        local severe = to_strategies(open_review{ severe = true })
        to_implementation(severe, 2)
        -- a severe case may have two weeks
        expect(weeks_between(severe.fields.began_at, severe.fields.plan_ends_at)):equals(2)
        severe:advance("evaluate", { fields = { progress_data = { "worse at once" } } })
        expect(severe.stage):equals("decision") -- a severe case need not wait for the end
    end)

    it("checks fidelity each week", function()
        local r = to_implementation(to_strategies(open_review()), 4)
        local check_of_week = function(n) return tasks.find{ about = r, kind = "fidelity_check" }[n] end
        expect(tasks.count{ about = r, kind = "fidelity_check" }):equals(1) -- the first week has one check
        expect(check_of_week(1).assignee):equals(monitor) -- the check is the monitor's
        -- an evaluation at once
        expect(function() r:advance("evaluate", { fields = { progress_data = { "x" } } }) end):fails("runs until")
        baton.call("record_check", { review = r.ref, followed = false, note = "two sessions fell out" })
        expect(check_of_week(1).outcome):equals("not followed") -- the check is recorded
        -- a second check in a week
        expect(function() baton.call("record_check", { review = r.ref, followed = true }) end):fails(
            "no open weekly check")
        clock.advance("1 week")
        expect(tasks.count{ about = r, kind = "fidelity_check" }):equals(2) -- each week has its check
        clock.advance("2 weeks")
        expect(tasks.count{ about = r, kind = "fidelity_check" }):equals(4) -- checks go on to the end
        clock.advance("1 week")
        expect(tasks.count{ about = r, kind = "fidelity_check" }):equals(4) -- and no further
        expect(function() r:advance("evaluate") end):fails("progress_data") -- an evaluation without data
        r:advance("evaluate", { fields = { progress_data = { "41", "58" } } })
        local row
        for _, candidate in ipairs(baton.run_report("fidelity")) do
            row = candidate.review == r.ref and candidate or row
        end
        expect(row):is_something() -- the report has the review
        expect(row.done):equals(1) -- checks done
        expect(row.due):equals(4) -- checks due
        expect(tasks.count{ about = r, kind = "fidelity_check", status = "open" }):equals(0) -- no check stays open
        expect(timers.count{ about = r, status = "waiting" }):equals(0) -- no timer stays
        expect(tasks.count{ about = r, kind = "strategy", status = "done" }):equals(2) -- strategies are carried through
        expect(r.fields.rounds_done):equals(1) -- one round is done
    end)

    it("decides by progress, round after round", function()
        local r = run_plan(to_implementation(to_strategies(open_review()), 4), 4)
        expect(function() r:advance("discontinue") end):fails("progress") -- a decision without progress
        -- success without progress
        expect(function() r:advance("sustain", { fields = { progress = "no" } }) end):fails('"yes"')
        -- failure with progress
        expect(function() r:advance("continue", { fields = { progress = "yes" } }) end):fails('"no"')
        r:advance("continue", { fields = { progress = "no" } })
        expect(r.fields.round):equals(2) -- going on is a second round
        expect(tasks.count{ about = r, kind = "strategy", status = "open" }):equals(2) -- with the same strategies
        expect(r.fields.progress):is_nil() -- whose progress is not known yet
        run_plan(r, 4)

        r:advance("modify", { fields = { progress = "no" } })
        expect(r.stage):equals("strategies") -- a change goes back to the strategies
        local kept = tasks.first{ about = r, kind = "strategy", status = "open" }
        kept:set{ title = "Repeated reading in pairs", fields = { strategy_weeks = 6 } }
        r:advance("begin")
        expect(weeks_between(r.fields.began_at, r.fields.plan_ends_at)):equals(6) -- the changed one counts
        run_plan(r, 6)

        r:advance("new_strategy", { fields = { progress = "no" } })
        expect(function() r:advance("begin") end):fails("has no strategy") -- a new round needs new strategies
        to_implementation(r, 4, " again")
        run_plan(r, 4)
        local found
        for _, row in ipairs(baton.run_report("interventions", { at_least = 3 })) do
            found = row.review == r.ref and row or found
        end
        expect(found):contains{ interventions = 5 } -- the report counts different strategies only
        for _, row in ipairs(baton.run_report("interventions", { at_least = 6 })) do
            expect(row.review):isnt(r.ref) -- a report of six leaves it out
        end
        r:advance("sustain", { fields = { progress = "yes" } })
        expect(r.outcome):equals("sustained") -- the outcome
        expect(r.open):is_false() -- the review is over
    end)

    it("is discontinued where all is well without it", function()
        local r = run_plan(to_implementation(to_strategies(open_review()), 4), 4)
        expect(function() r:advance("discontinue", { fields = { progress = "no" } }) end):fails("progress")
        r:advance("discontinue", { fields = { progress = "yes" } })
        expect(r.outcome):equals("discontinued")
    end)

    it("evaluates within 60 days of consent", function()
        local r = run_plan(to_implementation(to_strategies(open_review()), 4), 4)
        r:advance("refer", { fields = { progress = "no" } })
        expect(r.stage):equals("evaluation") -- the stage after referring
        expect(r.due_at_ms):is_nil() -- no clock without consent
        expect(tasks.count{ about = r, kind = "consent", status = "open" }):equals(1) -- somebody is to ask for it
        -- an evaluation without consent
        expect(function() r:advance("evaluated", { reason = "eligible" }) end):fails("no consent")
        clock.advance("10 days")
        local at = clock.now()
        consents.add{ person = r.fields.parent, purpose = "disclosure", status = "given", given_at_ms = at }
        expect(r.fields.consent_at):is_nil() -- another consent starts no clock
        consents.add{ person = r.fields.parent, purpose = "evaluation", status = "given", given_at_ms = at,
                      scope = r.subject.ref }
        expect(r.fields.consent_at):equals(at) -- the clock starts with consent
        expect(r.fields.evaluation_due_at):equals(clock.parse("60 days", at)) -- and runs 60 days
        expect(r.due_at_ms):equals(r.fields.evaluation_due_at) -- which is the deadline
        expect(tasks.count{ about = r, kind = "consent", status = "open" }):equals(0) -- nobody is to ask any more
        clock.advance("20 days")
        r:advance("evaluated", { reason = "not_eligible" })
        expect(r.outcome):equals("evaluated") -- the outcome
        for _, row in ipairs(baton.run_report("evaluations")) do
            if row.review == r.ref then
                expect(row.consent_to_evaluation):equals(20) -- days from consent to evaluation
            end
        end
    end)

    -- 20 U.S.C. 1414(a)(1)(B): a parent may ask at any time.
    each({
        { "initial_concern", function(r) return r end },
        { "information_gathering", function(r) return r:advance("start") end },
        { "team_discussion", to_team },
        { "strategies", to_strategies },
        { "implementation", function(r) return to_implementation(to_strategies(r), 4) end },
        { "decision", function(r) return run_plan(to_implementation(to_strategies(r), 4), 4) end },
    }, function(_, stage, lead_to)
        local r = lead_to(open_review())
        expect(r.stage):equals(stage) -- the stage before the request
        r:advance("parent_request")
        expect(r.stage):equals("evaluation")
        -- no check is asked for any more
        expect(tasks.count{ about = r, kind = "fidelity_check", status = "open" }):equals(0)
        local asked = r.fields.parent_requested_at
        expect(asked):is_something() -- the request's time is kept
        clock.advance("2 days")
        r:advance("parent_request")
        expect(r.fields.parent_requested_at):equals(asked) -- asking again changes nothing
        consents.add{ person = r.fields.parent, purpose = "evaluation", status = "given",
                                    given_at_ms = clock.now() }
        expect(r.fields.consent_at):is_something() -- consent without scope is for the only child
    end, "gives a parent an evaluation from %s")

    it("stops the clock when consent is withdrawn", function()
        local r = open_review():advance("parent_request")
        local given = consents.add{ person = r.fields.parent, purpose = "evaluation", status = "given",
            given_at_ms = clock.now() }
        given:set{ status = "withdrawn" }
        expect(r.due_at_ms):is_nil() -- a withdrawn consent stops the clock
        -- an evaluation after withdrawal
        expect(function() r:advance("evaluated", { reason = "eligible" }) end):fails("no consent")
        r:advance("end_unevaluated", { reason = "withdrawn" })
        expect(r.outcome):equals("not_evaluated") -- the outcome
    end)

    it("takes a consent for another child as none", function()
        local sibling = open_review():advance("parent_request")
        consents.add{ person = sibling.fields.parent, purpose = "evaluation", status = "given", given_at_ms = clock.now(),
                      scope = "P-999999" }
        expect(sibling.fields.consent_at):is_nil() -- a consent for another child starts no clock
    end)

    it("reminds, is overdue, and tells a lead", function()
        local r = open_review()
        clock.advance("4 working days")
        clock.advance("1 hour")
        expect(tasks.count{ about = r, status = "open" } >= 1):is_true() -- the owner is reminded
        expect(r.overdue):is_false() -- not overdue yet
        clock.advance("1 working day")
        clock.advance("1 hour")
        expect(r.overdue):is_true() -- overdue
        clock.advance("3 working days")
        expect(tasks.count{ about = r, role = "lead" }):equals(1) -- a lead is told
        local kinds = {}
        for _, event in ipairs(r:history{ limit = 100 }) do
            kinds[event.kind] = (kinds[event.kind] or 0) + 1
        end
        expect(kinds["referral.reminder"]):equals(1) -- reminders
        expect(kinds["referral.overdue"]):equals(1) -- overdue events
        expect(kinds["referral.escalated"]):equals(1) -- escalations
    end)

    it("tells a lead of an evaluation that is late", function()
        local late = open_review():advance("parent_request")
        consents.add{ person = late.fields.parent, purpose = "evaluation", status = "given", given_at_ms = clock.now() }
        clock.advance("61 days")
        expect(late.overdue):is_true() -- an evaluation is overdue after 60 days
        clock.advance("3 working days")
        expect(tasks.count{ about = late, role = "lead" }):equals(1) -- and a lead is told
    end)

    it("closes with a reason", function()
        local r = open_review()
        expect(function() r:advance("close") end):fails("reason") -- closing without a reason
        -- closing for another reason without words
        expect(function() r:advance("close", { reason = "other" }) end):fails()
        r:advance("close", { reason = "resolved" })
        expect(r.outcome):equals("closed") -- the outcome
        expect(function() r:advance("parent_request") end):fails() -- a request when all is over
    end)

    it("asks for nothing more once it is closed", function()
        local running = to_implementation(to_strategies(open_review()), 4)
        running:advance("close", { reason = "moved" })
        -- no strategy is asked for any more
        expect(tasks.count{ about = running, kind = "strategy", status = "open" }):equals(0)
        expect(tasks.count{ about = running, kind = "fidelity_check", status = "open" }):equals(0) -- no check either
    end)
end)

-- ---- the local variants ----

local function may_not_refer(r, part)
    expect(function() r:advance("refer", { fields = { progress = "no" } }) end):fails(part) -- a referral too early
end

describe("pre_referral", school, function()
    before(staff_of_the_school)

    local two = { minimum_interventions = 2, shortest_weeks = 4, longest_weeks = 6, evaluation_days = "30 school days" }
    describe("two_interventions", { settings = two }, function()
        it("refers after two interventions", function()
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
            expect(r.fields.evaluation_due_at):equals(clock.parse("30 school days", at)) -- 30 school days to evaluate
        end)
    end)

    describe("four_interventions", { settings = { minimum_interventions = 4 } }, function()
        it("refers after four interventions", function()
            local r = run_plan(to_implementation(to_strategies(open_review()), 4), 4)
            may_not_refer(r, "2 of 4 interventions")
            r:advance("new_strategy", { fields = { progress = "no" } })
            run_plan(to_implementation(r, 4, " II"), 4)
            r:advance("refer", { fields = { progress = "no" } })
            local other = run_plan(to_implementation(to_strategies(open_review()), 4), 4)
            other:advance("parent_request")
            expect(other.stage):equals("evaluation") -- a parent does not wait for four
        end)
    end)

    describe("two_rounds", { settings = { minimum_rounds = 2, shortest_weeks = 6, longest_weeks = 6 } }, function()
        it("refers after two rounds of six weeks", function()
            local r = to_strategies(open_review())
            expect(function() add(r, 1, "x", 5) end):fails("at least 6") -- a strategy of 5 weeks
            run_plan(to_implementation(r, 6), 6)
            may_not_refer(r, "1 of 2 rounds")
            run_plan(r:advance("continue", { fields = { progress = "no" } }), 6)
            r:advance("refer", { fields = { progress = "no" } })
            expect(r.stage):equals("evaluation") -- the stage after two rounds
        end)
    end)

    describe("parent_seat", { settings = { parent_seat = true, team_size = 3 } }, function()
        it("counts the parent's voice, and does not wait for it", function()
            local meeting = { parent_attended = true, attended = { "teacher", "counsellor", "parent" }, goals = { "g" } }
            local r, other = to_team(open_review{ parent_speaker = monitor }), to_team(open_review())
            for _, review in ipairs{ r, other } do
                review:advance("invite", { fields = { meeting_at = "1 day" } })
                agree(review)
                expect(function() review:advance("set_goals") end):fails("2 of 3 yes")
            end
            clock.advance("2 days")
            expect(tasks.count{ about = r, kind = "vote", assignee = monitor }):equals(1) -- who takes down what the parent says
            r:vote("set_goals", "yes", { for_staff = monitor, seat = "parent", note = "by telephone" })
            expect(function() r:advance("set_goals", { fields = { attended = { "a", "b" } } }) end):fails("at least 3 who came")
            expect(r:advance("set_goals", { fields = meeting }).stage):equals("strategies")
            other:vote("set_goals", "yes", { for_staff = psychologist }) -- three without the parent
            expect(other:advance("set_goals", { fields = meeting }).stage):equals("strategies")
        end)

        it("lets the parent say no without stopping the team", function()
            local r = to_team(open_review{ parent_speaker = monitor })
            r:vote("set_goals", "no", { for_staff = monitor, seat = "parent" })
            agree(r):vote("set_goals", "yes", { for_staff = psychologist })
            expect(r:approval("set_goals").state):equals("approved")
        end)
    end)

    describe("recorded", { settings = { team_votes = false } }, function()
        it("takes the word of whoever records the meeting", function()
            local r = to_team(open_review())
            expect(tasks.count{ about = r, kind = "vote" }):equals(0)
            r:advance("invite", { fields = { meeting_at = "1 day" } })
            clock.advance("2 days")
            r:advance("set_goals", { fields = { parent_attended = true, attended = { "a", "b" }, goals = { "g" } } })
            expect(r.stage):equals("strategies")
        end)
    end)

    describe("packet", { settings = { hand_off_packet = true, hand_off_within = "24 hours" } }, function()
        it("asks for a packet within 24 hours", function()
            local kept = open_review():advance("parent_request")
            local task = tasks.first{ about = kept, kind = "hand_off" }
            expect(task):is_something() -- a packet is asked for
            expect((task.due_at_ms - clock.now() + 60000) // 3600000):equals(24) -- within 24 hours
            task:done("handed over")
            clock.advance("25 hours")
            expect(tasks.count{ about = kept, kind = "escalation" }):equals(0) -- in time: no lead is told
            local late = open_review():advance("parent_request")
            clock.advance("25 hours")
            expect(tasks.count{ about = late, kind = "escalation", role = "lead" }):equals(1) -- late: a lead is told
        end)
    end)
end)

describe("pre_referral, by school days", { zone = school.zone, at = "2026-12-14 09:00", settings = { school_days = true },
    calendar = { week = "Mon-Fri 08:00-16:00", terms = "2026-08-17..2026-12-18, 2027-01-04..2027-06-04" } }, function()
    before(staff_of_the_school)

    describe("school_days", { settings = { school_days = true } }, function()
        it("counts no day of the holidays", function()
            local r = open_review()
            expect(r.due_at_ms):equals(clock.parse("5 school days")) -- the concern
            r:advance("start")
            expect(r.due_at_ms):equals(clock.parse("15 school days"))
            expect(r.due_at_ms > clock.parse("15 working days")):is_true()
            clock.advance("15 working days") -- the holidays are over by then, the deadline is not
            expect(tasks.count{ about = r, kind = "reminder" }):equals(0)
            expect(r.overdue):is_false()
            clock.advance("2 weeks")
            clock.advance("3 working days")
            expect(tasks.count{ about = r, kind = "reminder" }):equals(1)
            expect(r.overdue):is_true()
        end)
    end)
end)

describe("pre_referral, a parent's request", { zone = school.zone,
    calendar = { week = "Mon-Fri 08:00-16:00", terms = "2020-01-01..2020-06-30" } }, function()
    before(staff_of_the_school)

    local function has_gone(r)
        expect(r.stage):equals("evaluation")
        expect(tasks.count{ about = r, kind = "effect_failed" }):equals(0) -- with all that follows from it
        expect(tasks.count{ about = r, kind = "consent" }):equals(1)
        return tasks.first{ about = r, kind = "consent" }
    end

    local late = { consent_within = "10 school days", evaluation_days = "30 school days",
                   hand_off_packet = true, hand_off_within = "2 school days" }
    describe("after the last term", { settings = late }, function()
        it("counts working days", function()
            local task = has_gone(open_review():advance("parent_request"))
            expect(task.due_at_ms):equals(clock.parse("10 working days"))
        end)

        it("starts the clock with a consent given before", function()
            local r = open_review()
            local at = clock.now()
            consents.add{ person = r.fields.parent, purpose = "evaluation", status = "given", given_at_ms = at }
            r:advance("parent_request")
            expect(tasks.count{ about = r, kind = "effect_failed" }):equals(0)
            expect(r.fields.evaluation_due_at):equals(clock.parse("30 working days", at))
        end)
    end)

    describe("with a packet", { settings = { hand_off_packet = true } }, function()
        it("asks the specialists where the owner has left", function()
            local r = open_review()
            monitor:set{ status = "inactive" }
            has_gone(r:advance("parent_request"))
            local task = tasks.first{ about = r, kind = "hand_off" }
            expect(task.assignee):is_nil()
            expect(task.role):equals("specialist")
        end)

        it("asks the owner otherwise", function()
            local r = open_review():advance("parent_request")
            expect(tasks.first{ about = r, kind = "hand_off" }.assignee):equals(monitor)
        end)
    end)

    it("takes names of any length", function()
        local r = open_review()
        r.subject:set{ name = ("ä"):rep(30000) }
        people.get(r.fields.parent):set{ name = ("x"):rep(60000) }
        local task = has_gone(r:advance("parent_request"))
        expect(#task.title < 400):is_true()
        expect(utf8.len(task.title)):is_something() -- cut between characters
    end)
end)

describe("pre_referral, by role", school, function()
    before(staff_of_the_school)

    it("is started by whoever may, and a parent's request is passed on by anybody", function(t)
        local junior = t.staff{ roles = "junior" }
        local r, other = open_review(), open_review()
        t.as(junior, function()
            expect(function() r:advance("start") end):fails("denied")
        end)
        t.as(teacher, function() r:advance("start") end)
        expect(r.stage):equals("information_gathering")
        t.as(junior, function() other:advance("parent_request") end)
        expect(other.stage):equals("evaluation")
    end)
end)
