-- requested → accepted → in_progress → completed, or declined or cancelled on the way.
local settings = baton.settings

messages.template("referral_letter", [[
We refer {{client}} to you for {{service}}.

What is needed: {{need}}
{{#if contact}}Contact: {{contact}}
{{/if}}
Please accept or decline {{ref}} by {{due}}.
{{from}}
]])

local function may_disclose(r)
    return not settings.consent_needed or (r.subject and consents.holds(r.subject, "disclosure"))
end

-- The partner hears at once, but not who it is for as long as the client has not agreed.
baton.on("referral.opened", function(_, r)
    local client, known = r.subject, may_disclose(r)
    local service, partner = r.service, r.partner or (r.service and r.service.partner)
    if partner and not r.partner then
        r:set{ partner_id = partner }
    end
    local address = (service and service.email) or (partner and partner.email)
    if not address then
        r:task{ kind = "contact", role = "specialist", due = "1 working day",
                title = ("Tell %s of %s: no mail address is known"):format(partner and partner.name or "the partner", r.ref) }
        return
    end
    r:message{ to = address, channel = "file", template = "referral_letter", subject = "Referral " .. r.ref,
               values = { client = known and client and client.name or "a client", service = service and service.name or "help",
                          need = r.fields.need or "not said yet",
                          contact = known and client and (client.phone or client.email) or "",
                          ref = r.ref, due = clock.format(r.due_at_ms), from = baton.org.title } }
    if client and not known then
        r:task{ kind = "consent", role = "specialist", due = "1 working day",
                title = ("Ask %s whether %s may learn the name"):format(client.name, partner and partner.name or "the partner") }
    end
end, { workflow = "simple_referral" })

local function partner_is_active(r)
    if r.partner and r.partner.status == "inactive" then
        return false, r.partner.name .. " is not active"
    end
    return true
end

local function client_may_be_named(r)
    if not r.subject then
        return false, "the referral does not say who the client is (subject)"
    elseif not may_disclose(r) then
        return false, ("%s has not consented: consents.add{person=%q, purpose=\"disclosure\", status=\"given\"}")
            :format(r.subject.name, r.subject.ref)
    end
    return true
end

local function deadline(within)
    return { within = within, remind = { "1 working day" }, escalate = { { after = "1 working day", to = "lead" } } }
end

baton.workflow{
    name = "simple_referral", version = 1, title = "Referral to a service",
    fields = {
        need = { type = "text", help = "what the client needs" },
        first_contact_at = { type = "time", help = "when the partner first spoke with the client" },
        result = { type = "text", help = "what came of it" },
    },
    stages = {
        { name = "requested", title = "Requested", initial = true, deadline = deadline(settings.answer_within) },
        { name = "accepted", title = "Accepted", deadline = deadline(settings.start_within) },
        { name = "in_progress", title = "In progress", deadline = deadline(settings.finish_within) },
        { name = "completed", title = "Completed", final = true, outcome = "completed" },
        { name = "declined", title = "Declined", final = true, outcome = "declined" },
        { name = "cancelled", title = "Cancelled", final = true, outcome = "cancelled" },
    },
    transitions = {
        { name = "accept", from = "requested", to = "accepted", required = { "need" }, guard = partner_is_active },
        { name = "start", title = "First contact made", from = "accepted", to = "in_progress",
          guard = client_may_be_named,
          effect = function(r, call)
              if not r.fields.first_contact_at then
                  r:set{ fields = { first_contact_at = call.now_ms } }
              end
          end },
        { name = "complete", from = "in_progress", to = "completed", required = { "result" } },
        { name = "decline", from = { "requested", "accepted" }, to = "declined",
          reasons = { at_capacity = { title = "No capacity" }, not_eligible = { title = "Client is not eligible" },
                      out_of_area = { title = "Outside the area served" },
                      other = { title = "Other", comment = true } } },
        { name = "cancel", from = "*", to = "cancelled", note = true },
    },
}

baton.report("loop_closure", { help = "referrals by partner: sent, accepted, declined, completed" }, function()
    local rows, by_partner = {}, {}
    for r in referrals.each{ workflow = "simple_referral" } do
        local name = r.partner and r.partner.name or "(no partner)"
        local row = by_partner[name]
        if not row then
            row = { partner = name, sent = 0, open = 0, declined = 0, completed = 0, cancelled = 0 }
            by_partner[name], rows[#rows + 1] = row, row
        end
        row.sent = row.sent + 1
        local column = r.open and "open" or r.stage
        row[column] = row[column] + 1
    end
    return rows
end)
