-- From the request to its end, deadlines and letters included.

describe("simple_referral", { zone = "Europe/London" }, function()
    before(function(t)
        t.partner_of_service = t.partner{ name = "Law Centre", email = "intake@law.example" }
        t.advice = t.service{ name = "Eviction advice", partner = t.partner_of_service }
        t.client = t.person{ name = "Ada Lovelace", phone = "555-0100" }
        t.r = t.referral{ service = t.advice, subject = t.client, fields = { need = "hearing next week" } }
    end)

    local function consent(t)
        consents.add{ person = t.client, purpose = "disclosure", status = "given" }
    end

    it("starts as requested, with the partner of its service", function(t)
        expect(t.r.stage):equals("requested")
        expect(t.r.partner):equals(t.partner_of_service)
        expect(t.r.due_at_ms):is_at("2026-03-05 09:00")
        expect(t.events(t.r)):contains{ kind = "referral.opened" }
    end)

    describe("the letter", function()
        it("does not name a client who has not agreed", function(t)
            expect(t.messages{ about = t.r }):has_length(1)
            local letter = t.messages{ about = t.r }[1]
            expect(letter.recipient):equals("intake@law.example")
            expect(letter.body):contains("We refer a client to you for Eviction advice")
            expect(letter.body):lacks("Ada")
            expect(letter.body):lacks("555-0100")
            expect(t.tasks{ about = t.r }):contains{ kind = "consent", role = "specialist" }
        end)

        it("names one who has", function(t)
            consent(t)
            local r = t.referral{ service = t.advice, subject = t.client, fields = { need = "x" } }
            local letter = t.messages{ about = r }[1]
            expect(letter.body):contains("We refer Ada Lovelace to you")
            expect(letter.body):contains("555-0100")
            expect(t.tasks{ about = r }):has_length(0)
        end)

        it("is a task where the partner has no address", function(t)
            local r = t.referral{ service = t.service{ partner = t.partner{ name = "Food bank" } } }
            expect(t.messages{ about = r }):has_length(0)
            expect(t.tasks{ about = r }):contains{ kind = "contact",
                title = "Tell Food bank of " .. r.ref .. ": no mail address is known" }
        end)

        it("goes out at once", function(t)
            t.clock:advance("1 minute")
            expect(t.messages{ status = "sent" }):has_length(1)
        end)
    end)

    it("goes all the way", function(t)
        consent(t)
        t.r:advance("accept")
        t.r:advance("start")
        expect(t.r.fields.first_contact_at):equals(t.clock:now())
        expect(function() t.r:advance("complete") end):fails("result")
        t.r:advance("complete", { fields = { result = "the hearing was put off" } })
        expect(t.r.outcome):equals("completed")
        expect(t.r.open):is_false()
    end)

    it("waits for consent before the client is met", function(t)
        t.r:advance("accept")
        expect(function() t.r:advance("start") end):fails("denied", "Ada Lovelace has not consented")
        expect(t.r.stage):equals("accepted")
        consent(t)
        t.r:advance("start", { fields = { first_contact_at = "2026-03-01 10:00" } })
        expect(t.r.fields.first_contact_at):is_at("2026-03-01 10:00")
    end)

    it("needs a client before work starts", function(t)
        local r = t.referral{ service = t.advice, subject = baton.none, fields = { need = "x" } }
        r:advance("accept")
        expect(function() r:advance("start") end):fails("does not say who the client is")
    end)

    it("is not accepted for a partner that is not active", function(t)
        t.partner_of_service:set{ status = "inactive" }
        expect(function() t.r:advance("accept") end):fails("Law Centre is not active")
    end)

    it("is not accepted without a need", function(t)
        local r = t.referral{ service = t.advice, fields = { need = baton.none } }
        expect(function() r:advance("accept") end):fails("need")
    end)

    each({ { "at_capacity" }, { "not_eligible" }, { "out_of_area" } }, function(t, reason)
        t.r:advance("decline", { reason = reason })
        expect(t.r.stage):equals("declined")
    end, "is declined: %s")

    it("is declined for another reason with a comment only", function(t)
        expect(function() t.r:advance("decline", { reason = "other" }) end):fails("needs a note")
        expect(function() t.r:advance("decline") end):fails("reason")
        t.r:advance("decline", { reason = "other", note = "closed for the summer" })
        expect(t.r.outcome):equals("declined")
    end)

    each({ "requested", "accepted", "in_progress" }, function(t, stage)
        consent(t)
        if stage ~= "requested" then t.r:advance("accept") end
        if stage == "in_progress" then t.r:advance("start") end
        expect(t.r.stage):equals(stage)
        expect(function() t.r:advance("cancel") end):fails("note")
        t.r:advance("cancel", { note = "moved away" })
        expect(t.r.stage):equals("cancelled")
    end, "can be cancelled while %s")

    it("reminds the owner a working day before, then tells a lead", function(t)
        local ines = t.staff{ name = "Ines", roles = "specialist" }
        t.r:assign(ines)
        t.clock:advance("2 working days")
        expect(t.tasks{ about = t.r, kind = "reminder" }):contains{ assignee = ines }
        expect(t.tasks{ about = t.r, kind = "overdue" }):has_length(0)
        t.clock:advance("1 working day")
        expect(t.events(t.r)):contains{ kind = "referral.overdue", actor = "timer" }
        t.clock:advance("1 working day")
        expect(t.tasks{ about = t.r, kind = "escalation" }):contains{ role = "lead" }
    end)
end)

describe("simple_referral without consent", { settings = { consent_needed = false, answer_within = "2 days" } }, function()
    it("names the client at once", function(t)
        local r = t.referral{ service = t.service{ partner = t.partner{ email = "a@b.example" } },
                              subject = t.person{ name = "Grace" } }
        expect(t.messages{ about = r }[1].body):contains("We refer Grace to you")
        expect(r.due_at_ms):is_at("2026-03-04 09:00")
        r:advance("accept", { fields = { need = "food" } }):advance("start")
        expect(r.stage):equals("in_progress")
    end)
end)

describe("the report loop_closure", function()
    it("counts by partner", function(t)
        local centre = t.partner{ name = "Centre" }
        t.referral{ partner = centre, fields = { need = "a" } }
        t.referral{ partner = centre }:advance("decline", { reason = "at_capacity" })
        t.referral{}
        expect(baton.run_report("loop_closure")):contains{ partner = "Centre", sent = 2, open = 1, declined = 1, completed = 0 }
        expect(baton.run_report("loop_closure")):contains{ partner = "(no partner)", sent = 1 }
    end)
end)
