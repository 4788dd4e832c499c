-- The six stages (IRIS Center), then the evaluation to which a review may lead.
-- Everything that a graph can say is data here; the guards say what else must
-- hold, and name all that is missing at once.
local dossier = baton.require("dossier")
local evaluation = baton.require("evaluation")
local fidelity = baton.require("fidelity")
local plan = baton.require("plan")
local short = baton.require("short")
local span = baton.require("span")
local team = baton.require("team")
local values = baton.require("values")

local settings = baton.settings

-- A higher role of the ladder satisfies "specialist"; the others are the organisation's own.
local raisers = { "teacher", "specialist" }
local gatherers = { "teacher", "counsellor", "specialist" }
local members = { "teacher", "counsellor", "psychologist", "specialist" }

local function deadline(within)
    return { within = within and span(within), remind = { span(settings.remind_before) },
             escalate = { { after = span(settings.escalate_after), to = "lead" } } }
end

local function deadline_at(field)
    local by_field = deadline()
    by_field.due_field = field
    return by_field
end

local function refuse_if(problems, intro)
    if #problems == 0 then
        return true
    end
    return false, intro .. table.concat(problems, "; ")
end

-- ---- guards ----

local function review_has_a_parent(r, call)
    local value, missing = values(r, call), {}
    if not r.subject then
        missing[#missing + 1] = "the pupil (subject)"
    end
    if not value("parent") then
        missing[#missing + 1] = "the parent"
    end
    return refuse_if(missing, "the review does not say who takes part: ")
end

local function dossier_is_complete(r, call)
    return refuse_if(dossier.missing(values(r, call)), "the dossier still lacks: ")
end

local function meeting_was_held(r, call)
    return refuse_if(team.problems(values(r, call), call.now_ms), "the meeting is not done: ")
end

local function plan_is_ready(r, call)
    return refuse_if(plan.problems(r, values(r, call)), "the plan may not begin: ")
end

local function plan_has_ended(r, call)
    local ends = r.fields.plan_ends_at
    if ends and call.now_ms < ends and not values(r, call)("severe") then
        return false, ("the plan runs until %s: evaluate earlier only if the case is severe")
            :format(clock.format(ends))
    end
    return true
end

local function progress_is(wanted)
    return function(r, call)
        if values(r, call)("progress") ~= wanted then
            return false, ('this decision is for progress = "%s"'):format(wanted)
        end
        return true
    end
end

-- What the team owes before it refers by itself. A parent owes nothing: parent_request.
local function enough_was_tried(r, call)
    local problems = {}
    local function need(has, needed, what)
        if has < needed then
            problems[#problems + 1] = ("%d of %d %s"):format(has, needed, what)
        end
    end
    if values(r, call)("progress") ~= "no" then
        problems[1] = 'progress is not recorded as "no"'
    end
    need(plan.interventions(r), settings.minimum_interventions, "interventions carried through")
    need(r.fields.rounds_done or 0, settings.minimum_rounds, "rounds")
    local done, due = fidelity.count(r)
    if due > 0 then
        need(done * 100 // due, settings.minimum_fidelity, "per cent of the weekly checks")
    end
    return refuse_if(problems, "the team may not refer yet (a parent may, at any time): ")
end

local function parent_consented(r)
    if r.fields.consent_at then
        return true
    end
    return false, 'no consent of the parent is recorded: consents.add{person=…, purpose="evaluation", status="given"}'
end

-- ---- effects ----

local function invite_parent(r, call)
    local parent = r.fields.parent and people.get(r.fields.parent)
    r:set{ fields = { parent_invited_at = call.now_ms } }
    if parent and parent.email then
        r:message{ to = parent.email, template = "parent_invitation", channel = "file",
                   subject = "Invitation to a meeting about " .. short(r.subject.name),
                   values = { parent = parent.name, pupil = r.subject.name,
                              at = clock.format(r.fields.meeting_at), school = baton.org.title } }
    else
        r:task{ kind = "invitation", role = "specialist", due = "1 working day",
                title = ("Invite %s by telephone or letter"):format(parent and short(parent.name) or "the parent") }
    end
end

local function begin_round(r, call)
    plan.begin(r, call.now_ms)
    fidelity.open_week(r, 1)
end

local function begin_again(r, call)
    plan.next_round(r, true)
    begin_round(r, call)
end

local function request_was_made(r, call)
    if not r.fields.parent_requested_at then
        r:set{ fields = { parent_requested_at = call.now_ms } }
    end
    evaluation.enter(r)
end

baton.workflow{
    name = "pre_referral", version = 2, title = "Pre-referral review",
    migrate = { from = 1 }, -- stages and fields are called the same; deadlines go on
    fields = baton.require("fields"),

    stages = {
        { name = "initial_concern", title = "1 Initial concern", initial = true, owner_roles = raisers,
          required = { "concerns", "raised_by" }, deadline = deadline(settings.concern_within) },
        { name = "information_gathering", title = "2 Information gathering", owner_roles = gatherers,
          deadline = deadline(settings.information_within) },
        { name = "team_discussion", title = "3 Information sharing and team discussion", owner_roles = members,
          deadline = deadline(settings.meeting_within) },
        { name = "strategies", title = "4 Possible strategies", owner_roles = members,
          deadline = deadline(settings.strategies_within) },
        { name = "implementation", title = "5 Implementation and monitoring", owner_roles = members,
          deadline = deadline_at("evaluate_by_at") },
        { name = "decision", title = "6 Evaluation and decision", owner_roles = members,
          deadline = deadline(settings.decision_within) },
        { name = "evaluation", title = "Evaluation", owner_roles = { "psychologist", "specialist" },
          deadline = deadline_at("evaluation_due_at") },

        { name = "discontinued", title = "Goals met, support ended", final = true, outcome = "discontinued" },
        { name = "sustained", title = "Goals met, support goes on", final = true, outcome = "sustained" },
        { name = "evaluated", title = "Evaluated", final = true, outcome = "evaluated" },
        { name = "not_evaluated", title = "Ended without an evaluation", final = true, outcome = "not_evaluated" },
        { name = "closed", title = "Closed", final = true, outcome = "closed" },
    },

    transitions = {
        { name = "start", title = "Start the review", from = "initial_concern", to = "information_gathering",
          roles = raisers, guard = review_has_a_parent },
        { name = "gathered", title = "The dossier is complete", from = "information_gathering",
          to = "team_discussion", roles = gatherers, guard = dossier_is_complete },
        { name = "invite", title = "Invite the parent to the meeting",
          from = { "information_gathering", "team_discussion" }, roles = gatherers,
          required = { "meeting_at" }, effect = invite_parent },
        { name = "set_goals", title = "The team has set goals", from = "team_discussion", to = "strategies",
          roles = members, guard = meeting_was_held, approval = team.approval() },
        { name = "meet_again", title = "Meet again", from = "team_discussion", to = "team_discussion",
          roles = members, effect = team.meet_again },
        { name = "begin", title = "Begin the plan", from = "strategies", to = "implementation",
          roles = members, required = { "monitor" }, guard = plan_is_ready, effect = begin_round },
        { name = "evaluate", title = "The plan has ended", from = "implementation", to = "decision",
          roles = members, required = { "progress_data" }, guard = plan_has_ended, effect = plan.finish },

        -- progress
        { name = "discontinue", title = "Goals met: end the support", from = "decision", to = "discontinued",
          roles = members, guard = progress_is("yes") },
        { name = "sustain", title = "Goals met: keep the support", from = "decision", to = "sustained",
          roles = members, guard = progress_is("yes") },
        -- none
        { name = "continue", title = "Go on as planned", from = "decision", to = "implementation",
          roles = members, guard = progress_is("no"), effect = begin_again },
        { name = "modify", title = "Change the strategies", from = "decision", to = "strategies",
          roles = members, guard = progress_is("no"), effect = function(r) plan.next_round(r, true) end },
        { name = "new_strategy", title = "Try other strategies", from = "decision", to = "strategies",
          roles = members, guard = progress_is("no"), effect = function(r) plan.next_round(r, false) end },
        { name = "refer", title = "Refer for evaluation", from = "decision", to = "evaluation",
          roles = { "psychologist", "specialist" }, guard = enough_was_tried, effect = evaluation.enter },

        -- The parent's right, from every stage: no role, no guard, and no setting takes it away.
        { name = "parent_request", title = "The parent asks for an evaluation", from = "*", to = "evaluation",
          locked = true, source = "20 U.S.C. 1414(a)(1)(B); 34 CFR 300.301(b); OSEP 11-07, 16-07",
          effect = request_was_made },

        { name = "evaluated", title = "The evaluation is done", from = "evaluation", to = "evaluated",
          roles = { "psychologist", "specialist" }, guard = parent_consented,
          reasons = { eligible = { title = "Eligible for special education" },
                      not_eligible = { title = "Not eligible" } },
          effect = function(r, call) r:set{ fields = { evaluated_at = call.now_ms } } end },
        { name = "end_unevaluated", title = "End without an evaluation", from = "evaluation",
          to = "not_evaluated", roles = { "psychologist", "specialist" },
          reasons = { refused = { title = "The parent refuses consent" },
                      withdrawn = { title = "The parent withdraws the request or the consent" },
                      no_answer = { title = "No answer after repeated attempts", comment = true },
                      moved = { title = "The pupil has moved" } } },
        { name = "close", title = "Close the review",
          from = { "initial_concern", "information_gathering", "team_discussion", "strategies",
                   "implementation", "decision" },
          to = "closed", roles = { "specialist" },
          reasons = { resolved = { title = "Resolved with the teacher" },
                      moved = { title = "The pupil has moved" }, duplicate = { title = "A review is open already" },
                      other = { title = "Other", comment = true } } },
    },
}
