-- The letter after a referral, within 24 hours. It names the referral, not the client:
-- whoever reads it knows who it is about, and nobody else learns it.
local policy = baton.require("policy")
local settings = baton.settings

local letter = {}
local stages = policy.set_of(settings.letter_stages)

messages.template("followup_letter", [[
Dear {{name}},

{{#if client}}we have asked {{partner}} for help for you{{else}}thank you for your referral {{ref}}.
We have passed it on to {{partner}}{{/if}}{{#if service}}: {{service}}{{/if}}. It stands at "{{stage}}".
{{#if words}}
{{words}}
{{/if}}
{{#if due}}You will hear from us by {{due}} at the latest. {{/if}}Please tell us at once if something is not as you expected.

{{from}}
]])

local function readers(r)
    local list = {}
    if settings.letter_to ~= "client" and r.referrer then
        list[1] = r.referrer
    end
    if settings.letter_to ~= "referrer" and r.subject and r.subject ~= list[1] then
        list[#list + 1] = r.subject
    end
    return list
end

function letter.send(r, words)
    local partner = policy.partner_of(r)
    for _, person in ipairs(readers(r)) do
        if person.email then
            r:message{ to = person.email, template = "followup_letter", subject = "Your referral " .. r.ref,
                       values = { name = person.name, client = person == r.subject and "yes" or "", ref = r.ref,
                                  partner = partner and partner.name or "a partner", service = r.service and r.service.name or "",
                                  stage = r.stage:gsub("_", " "), words = words or "",
                                  due = r.due_at_ms and clock.format(r.due_at_ms, "date") or "", from = baton.org.title } }
        end
    end
end

-- Who has no mail address hears from a person, until the same hour.
local function ask_for_letters(r, due)
    for _, person in ipairs(readers(r)) do
        if not person.email then
            policy.task(r, { kind = "followup_letter", due = due,
                             title = ("No mail address: %s, or send a letter"):format(policy.how_to_reach(person)) })
        end
    end
end

-- Once in the life of a referral: its timer stays as a row, fired or not.
function letter.entered(r)
    if not stages[r.stage] or #readers(r) == 0 or timers.count{ about = r, name = "followup_letter" } > 0 then
        return
    end
    local due = clock.parse(settings.within)
    r:timer("followup_letter", math.min(clock.parse(settings.letter_after), due))
    r:timer("followup_letter_due", due)
    ask_for_letters(r, due)
end

local function is_late(r)
    for message in messages.each{ about = r, template = "followup_letter" } do
        if message.status == "dead" or (message.status == "waiting" and message.attempts > 0) then
            return true
        end
    end
    return tasks.count{ about = r, kind = "followup_letter", status = "open" } > 0
end

baton.on("timer.followup_letter", function(_, timer)
    letter.send(referrals.get(timer.about))
end)

baton.on("timer.followup_letter_due", function(_, timer)
    local r = referrals.get(timer.about)
    if is_late(r) then
        r:task{ kind = "escalation", role = "lead", due = "1 working day",
                title = ("The follow-up letter of %s did not go out in time"):format(r.ref) }
    end
end)

baton.command("followup_letter", {
    help = "sends the follow-up letter now, with words of your own",
    args = { { name = "referral", type = "text", required = true }, { name = "words", type = "text" } },
}, function(args)
    local r = referrals.get(args.referral)
    local waiting = r and timers.first{ about = r, name = "followup_letter", status = "waiting" }
    if not waiting then
        error(("no follow-up letter of %s is waiting"):format(args.referral), 0)
    end
    waiting:cancel()
    letter.send(r, args.words)
    return r.ref
end)

return letter
