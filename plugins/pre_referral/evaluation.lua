-- After the review: an evaluation. Its clock starts with the parent's consent
-- (20 U.S.C. 1414(a)(1)(C), 34 CFR 300.301(c): 60 days, or what the state says),
-- never with the request and never later than the consent.
local short = baton.require("short")

local evaluation = {}

-- When a span is over. A calendar may not say (no school days after its last term); as a parent's
-- request waits for no calendar, working days count then, and if those have none either, 14 days.
local function due_after(span, from_ms)
    for _, try in ipairs{ span, (span:gsub("school", "working")), "14 days" } do
        local ok, at_ms = pcall(clock.parse, try, from_ms)
        if ok then
            return at_ms
        end
        log.warn("%s: %s", try, type(at_ms) == "table" and at_ms.message or at_ms)
    end
end

-- A consent covers a review if it says so, or if it says nothing and the parent
-- has no other child under review.
local function covers(consent, r)
    local scope = consent.scope
    if not scope or scope == "" then
        return true
    end
    for _, word in ipairs(text.split(scope, ",")) do
        word = text.trim(word)
        if word == r.ref or (r.subject and (word == r.subject.ref or text.fold(word) == text.fold(r.subject.name))) then
            return true
        end
    end
    return false
end

-- Reviews that wait in evaluation for this consent.
local function waiting_for(consent)
    local found = {}
    for r in referrals.each{ workflow = "pre_referral", stage = "evaluation", fields = { parent = consent.person } } do
        if covers(consent, r) then
            found[#found + 1] = r
        end
    end
    return found
end

function evaluation.start_clock(r, consent_at)
    r:set{ fields = {
        consent_at = consent_at,
        evaluation_due_at = due_after(baton.settings.evaluation_days, consent_at),
    } }
end

local function ask_for_consent(r)
    local parent = r.fields.parent and people.get(r.fields.parent)
    r:task{ kind = "consent", role = "specialist", due = due_after(baton.settings.consent_within),
            title = ("Ask %s for consent to the evaluation of %s"):format(parent and short(parent.name) or "the parent",
                r.subject and short(r.subject.name) or r.ref) }
end

local function ask_for_packet(r)
    if not baton.settings.hand_off_packet then
        return
    end
    local due = due_after(baton.settings.hand_off_within)
    local owner = r.owner and r.owner.status == "active" and r.owner or nil
    r:task{ kind = "hand_off", due = due, assignee = owner, role = not owner and "specialist" or nil,
            title = "Hand over the packet: dossier, goals, strategies, progress data, fidelity record" }
    r:timer("hand_off_due", due)
end

-- A consent given earlier in this review (it was asked for in good time) starts the clock at once.
local function consent_given_before(r)
    local parent = r.fields.parent
    if not parent then
        return nil
    end
    for consent in consents.each{ person_id = parent, purpose = "evaluation", status = "given" } do
        if consent.given_at_ms and consent.given_at_ms >= r.created_at_ms and covers(consent, r) then
            return consent
        end
    end
end

-- A review enters evaluation: by the team's decision or by the parent's request.
function evaluation.enter(r)
    if r.fields.consent_at then
        return -- asked a second time: the clock runs already
    end
    local consent = consent_given_before(r)
    if consent then
        evaluation.start_clock(r, consent.given_at_ms)
    else
        ask_for_consent(r)
    end
    ask_for_packet(r)
end

function evaluation.consent_changed(consent)
    if consent.purpose ~= "evaluation" then
        return
    end
    for _, r in ipairs(waiting_for(consent)) do
        if consent.status == "given" and not r.fields.consent_at then
            evaluation.start_clock(r, consent.given_at_ms or clock.now())
            for task in tasks.each{ about = r, kind = "consent", status = "open" } do
                task:done("given")
            end
        elseif consent.status ~= "given" and r.fields.consent_at then
            r:set{ fields = { consent_at = baton.none, evaluation_due_at = baton.none } }
            r:task{ kind = "consent", role = "lead",
                    title = ("Consent is %s: nobody may evaluate"):format(consent.status) }
        end
    end
end

-- The packet's time is over: a lead hears of it if nobody has handed it over.
function evaluation.packet_due(r)
    if tasks.count{ about = r, kind = "hand_off", status = "open" } > 0 then
        r:task{ kind = "escalation", role = "lead",
                title = ("The hand-off packet of %s is late"):format(r.ref) }
    end
end

return evaluation
