-- After completion: are client and provider doing business, are they happy, what has it
-- brought? asked_client → asked_provider → answered; who is silent is passed over. A closed
-- referral takes no children any more, so the check names it in its field "follows".
local policy = baton.require("policy")
local settings = baton.settings

local both_parties = {}
local stages = policy.set_of(settings.completed_stages)

messages.template("followup_question", [[
Dear {{name}},

some time ago we brought {{who}} and you together ({{ref}}). Please tell us in a line or two:
- Do you work with each other?
- Are you happy with it?
- What has it brought, if possible in figures?

{{from}}
]])

function both_parties.entered(r)
    if stages[r.stage] and timers.count{ about = r, name = "followup_check" } == 0 then
        r:timer("followup_check", settings.check_after)
    end
end

baton.on("timer.followup_check", function(_, timer)
    local r = referrals.get(timer.about)
    referrals.open{ workflow = "followup_check", title = ("Follow-up of %s"):format(r.title or r.ref), subject = r.subject,
                    referrer = r.referrer, partner = policy.partner_of(r), service = r.service, owner = r.owner,
                    fields = { follows = r } }
end)

-- ---- the questions ----

local function followed_ref(r)
    return (r.fields.follows or r).ref
end

local function question(r, name, address, who, how)
    if address then
        r:message{ to = address, template = "followup_question", subject = "How is it going? " .. r.ref,
                   values = { name = name, who = who, ref = followed_ref(r), from = baton.org.title } }
    end
    policy.task(r, { kind = "question", due = settings.answer_within,
                     title = address and ("Record what %s answers"):format(name)
                         or ("Doing business, happy, benefit? %s"):format(how) })
end

local function ask_client(r)
    local client, partner = r.subject, policy.partner_of(r)
    if client then
        question(r, client.name, client.email, partner and partner.name or "the provider", policy.how_to_reach(client))
    end
end

-- The provider learns no name that a letter could carry to others: the number of the referral says it.
local function ask_provider(r)
    local partner = policy.partner_of(r)
    if partner then
        question(r, partner.name, policy.partner_address(r), "a client", "ask " .. partner.name)
    end
end

local function answer_recorded(r, outcome)
    for task in tasks.each{ about = r, kind = "question", status = "open" } do
        task:done(outcome)
    end
end

local function lead_if_unhappy(r, happy, who)
    if happy == false then
        r:task{ kind = "unhappy", role = "lead", due = "1 working day",
                title = ("%s is not happy (%s): listen, find out why, make it good, and ask again")
                    :format(who and who.name or "Somebody", followed_ref(r)) }
    end
end

local function client_answered(r)
    answer_recorded(r, "answered")
    lead_if_unhappy(r, r.fields.happy, r.subject)
    ask_provider(r)
end

local function client_silent(r)
    answer_recorded(r, "no answer")
    ask_provider(r)
end

local function provider_answered(r)
    answer_recorded(r, "answered")
    lead_if_unhappy(r, r.fields.provider_happy, policy.partner_of(r))
end

local function give_up(r)
    answer_recorded(r, "no answer")
end

-- ---- the workflow ----

local function answer_deadline(transition)
    return { within = settings.answer_within, remind = { "1 day" },
             expire = { after = settings.give_up_after, transition = transition } }
end

baton.workflow{
    name = "followup_check", version = 1, title = "Check with both parties",
    fields = {
        follows = { type = "ref", to = "referral", index = true, help = "the completed referral" },
        doing_business = { type = "bool", help = "the client says: they work with each other" },
        happy = { type = "bool", help = "the client is happy" },
        provider_doing_business = { type = "bool", help = "the provider says: they work with each other" },
        provider_happy = { type = "bool", help = "the provider is happy" },
        benefit = { type = "text", help = "what it has brought, if possible in figures" },
        feedback = { type = "text", help = "what they said" },
    },
    stages = {
        { name = "asked_client", title = "Client asked", initial = true, deadline = answer_deadline("client_silent") },
        { name = "asked_provider", title = "Provider asked", deadline = answer_deadline("provider_silent") },
        { name = "answered", title = "Answered", final = true, outcome = "answered" },
        { name = "unanswered", title = "The provider did not answer", final = true, outcome = "unanswered" },
        { name = "dropped", title = "Not asked any more", final = true, outcome = "dropped" },
    },
    transitions = {
        { name = "client_answered", title = "The client has answered", from = "asked_client", to = "asked_provider",
          required = { "doing_business", "happy" }, effect = client_answered },
        { name = "client_silent", title = "No answer from the client", from = "asked_client", to = "asked_provider",
          effect = client_silent },
        { name = "provider_answered", title = "The provider has answered", from = "asked_provider", to = "answered",
          required = { "provider_doing_business", "provider_happy" }, effect = provider_answered },
        { name = "provider_silent", title = "No answer from the provider", from = "asked_provider", to = "unanswered",
          effect = give_up },
        { name = "drop", title = "Ask no more", from = "*", to = "dropped",
          reasons = { not_wanted = { title = "A party does not want to be asked" },
                      moved = { title = "The client has moved" }, other = { title = "Other", comment = true } },
          effect = give_up },
    },
}

baton.on("referral.opened", function(_, r)
    ask_client(r)
end, { workflow = "followup_check" })

-- ---- what came of it ----

local function tally(row, column, value)
    if value then
        row[column] = row[column] + 1
    end
end

baton.report("followup", { help = "checks with both parties, by partner: how many answered, do business, are happy" }, function()
    local rows, by_partner = {}, {}
    for r in referrals.each{ workflow = "followup_check" } do
        local name = r.partner and r.partner.name or "(no partner)"
        local row = by_partner[name]
        if not row then
            row = { partner = name, checks = 0, answered = 0,
                    doing_business = 0, clients_happy = 0, provider_happy = 0, benefits = 0 }
            by_partner[name], rows[#rows + 1] = row, row
        end
        local fields = r.fields
        row.checks = row.checks + 1
        tally(row, "answered", r.outcome == "answered")
        tally(row, "doing_business", fields.doing_business)
        tally(row, "clients_happy", fields.happy)
        tally(row, "provider_happy", fields.provider_happy)
        tally(row, "benefits", fields.benefit)
    end
    return rows
end)

return both_parties
