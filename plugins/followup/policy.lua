-- Whom we may reach, and how. No other file decides it.
local policy = {}

function policy.may_call(person)
    local rule = baton.settings.call_back
    if not person or not person.phone or rule == "never" then
        return false
    end
    return rule == "always" or consents.holds(person, "contact")
end

-- What the owner is to do to hear from somebody: a call only where it is allowed.
function policy.how_to_reach(person)
    if policy.may_call(person) then
        return ("call %s (%s)"):format(person.name, person.phone)
    elseif person.email then
        return ("write to %s, do not call"):format(person.name)
    end
    return ("ask %s at the next visit, do not call"):format(person.name)
end

function policy.partner_of(r)
    return r.partner or (r.service and r.service.partner)
end

function policy.partner_address(r)
    local partner = policy.partner_of(r)
    return (r.service and r.service.email) or (partner and partner.email)
end

-- A task for whoever owns the referral; without an owner, for a role.
function policy.task(r, task, role)
    if r.owner then
        task.assignee = r.owner
    else
        task.role = role or "specialist"
    end
    return r:task(task)
end

-- "requested, accepted" → { requested = true, accepted = true }
function policy.set_of(words)
    local set = {}
    for _, word in ipairs(text.split(words, ",")) do
        set[text.trim(word)] = true
    end
    return set
end

return policy
