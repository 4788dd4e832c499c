-- The whole life of an escalation by the clock, and every way out of it.

describe("escalation", { zone = "Europe/London" }, function()
    before(function(t)
        t.lead = t.staff{ name = "Lea", roles = "lead" }
        t.owner = t.staff{ name = "Ines", roles = "specialist" }
        t.partner_asked = t.partner{ name = "Law Centre", email = "intake@law.example" }
        t.r = t.referral{ partner = t.partner_asked, owner = t.owner, fields = { cause = "no_answer" } }
    end)

    it("waits seven days for the first update", function(t)
        expect(t.r.stage):equals("awaiting_update")
        expect(t.r.due_at_ms):is_at("2026-03-09 09:00")
        t.clock:advance("6 days")
        expect(t.tasks{ about = t.r, kind = "reminder" }):contains{ assignee = t.owner }
        expect(t.r.stage):equals("awaiting_update")
        t.clock:advance("1 day")
        expect(t.r.stage):equals("grace")
        expect(t.events(t.r)):contains{ kind = "referral.advanced", transition = "missed", actor = "timer" }
    end)

    it("then wants one every thirty days", function(t)
        t.clock:advance("2 days")
        expect(function() t.r:advance("update") end):fails("note")
        t.r:advance("update", { note = "They call the client on Friday" })
        expect(t.r.stage):equals("current")
        expect(t.r.due_at_ms):equals(clock.parse("30 days"))
        t.clock:advance("20 days")
        t.r:advance("update", { note = "First meeting held" })
        expect(t.r.due_at_ms):equals(clock.parse("30 days"))
        expect(t.r.fields.updates):equals(2)
        t.clock:advance("29 days")
        expect(t.r.stage):equals("current")
        t.clock:advance("1 day")
        expect(t.r.stage):equals("grace")
    end)

    it("reminds every second day of the grace, and then is past due", function(t)
        t.clock:advance("7 days")
        expect(t.messages{ about = t.r }):has_length(0)
        for n = 1, 4 do
            t.clock:advance("2 days")
            expect(t.messages{ about = t.r }):has_length(n)
            expect(t.tasks{ about = t.r, kind = "reminder" }):has_length(n + 1)
        end
        expect(t.messages{ about = t.r }[1].body):contains("Without an update by 2026-03-19 09:00")
        expect(t.r.stage):equals("grace")
        t.clock:advance("2 days")
        expect(t.messages{ about = t.r }):has_length(4)
        expect(t.r.stage):equals("past_due")
        expect(t.tasks{ about = t.r, kind = "past_due" }):contains{ role = "lead", status = "open" }
    end)

    it("is up to date again after an update in the grace", function(t)
        t.clock:advance("10 days")
        t.r:advance("update", { note = "They were on holiday" })
        expect(t.r.stage):equals("current")
        t.clock:advance("10 days")
        expect(t.messages{ about = t.r }):has_length(1)
    end)

    it("is up to date again after an update past due, and the lead need not decide", function(t)
        t.clock:advance("17 days")
        expect(t.r.stage):equals("past_due")
        t.r:advance("update", { note = "They have answered" })
        expect(t.r.stage):equals("current")
        expect(t.tasks{ about = t.r, kind = "past_due" }):contains{ status = "done", outcome = "update" }
    end)

    it("tells an administrator if no lead decides", function(t)
        t.clock:advance("17 days")
        t.clock:advance("3 working days")
        expect(t.tasks{ about = t.r, kind = "escalation" }):contains{ role = "admin" }
    end)

    it("is cancelled by itself at 24 months, however often it was updated", function(t)
        for _ = 1, 29 do
            t.clock:advance("25 days")
            t.r:advance("update", { note = "goes on" })
        end
        expect(t.tasks{ about = t.r, kind = "expires_soon" }):contains{ assignee = t.owner }
        expect(t.r.open):is_true()
        t.clock:advance("2028-03-02 09:00")
        expect(t.r.stage):equals("cancelled")
        expect(t.events(t.r)):contains{ transition = "expire", reason = "too_old" }
        expect(t.tasks{ about = t.r, kind = "expires_soon", status = "open" }):has_length(0)
    end)

    it("is cancelled at 24 months where nobody ever said a word", function(t)
        t.clock:advance("24 months")
        expect(t.r.stage):equals("cancelled")
    end)

    it("is cancelled at 24 months where its clock is paused, too", function(t)
        t.r:pause{ reason = "the partner moves house" }
        t.clock:advance("23 months")
        expect(t.r.stage):equals("awaiting_update")
        t.clock:advance("1 month")
        expect(t.r.stage):equals("cancelled")
    end)

    each({ { "answered" }, { "redirected", "to the Advice Bureau" }, { "agreed", "they meet in June" },
           { "unfounded", "the mail was in the spam folder" } }, function(t, reason, note)
        if note then
            expect(function() t.r:advance("resolve", { reason = reason }) end):fails("needs a note")
        end
        t.r:advance("resolve", { reason = reason, note = note })
        expect(t.r.outcome):equals("resolved")
        expect(t.timers{ about = t.r, status = "waiting" }):has_length(0)
        t.clock:advance("25 months")
        expect(t.r.stage):equals("resolved")
    end, "is resolved: %s")

    it("is cancelled by a senior, with a coded reason", function(t)
        t.as(t.owner, function()
            expect(function() t.r:advance("cancel", { reason = "duplicate" }) end):fails("denied", "senior")
        end)
        t.as(t.lead, function()
            expect(function() t.r:advance("cancel") end):fails("reason")
            expect(function() t.r:advance("cancel", { reason = "other" }) end):fails("needs a note")
            t.r:advance("cancel", { reason = "duplicate" })
        end)
        expect(t.r.outcome):equals("cancelled")
    end)

    it("leaves to the clock what is the clock's", function(t)
        expect(function() t.r:advance("missed") end):fails("not overdue")
        expect(function() t.r:advance("expire", { reason = "too_old" }) end):fails("by itself on 2028-03-02")
        t.clock:advance("8 days")
        expect(function() t.r:advance("grace_over") end):fails("not overdue")
    end)
end)

describe("other settings", { settings = { first_update = "2 working days", update_every = "1 week", grace_days = 3,
                                          remind_every_days = 5, remind_partner = false, cancel_after = "20 days" } }, function()
    it("hold", function(t)
        local r = t.referral{ partner = t.partner{ email = "a@b.example" } }
        expect(r.due_at_ms):is_at("2026-03-04 09:00")
        t.clock:advance("2026-03-07 09:00")
        expect(r.stage):equals("past_due")
        expect(t.messages{ about = r }):has_length(0)
        expect(t.timers{ about = r, name = "escalation_expires_soon" }):has_length(0)
        t.clock:advance("2026-03-22 09:00")
        expect(r.stage):equals("cancelled")
    end)
end)

describe("a first update within hours", { settings = { first_update = "12 hours" } }, function()
    it("is missed in time", function(t)
        local r = t.referral{}
        t.clock:advance("12 hours")
        expect(r.stage):equals("grace")
    end)
end)

local beside = { plugins = { "simple_referral" }, settings = { workflows = "simple_referral" } }

describe("an escalation of a referral", beside, function()
    before(function(t)
        t.asked = t.referral{ workflow = "simple_referral", title = "Advice for Ada", partner = t.partner{ name = "Law Centre" } }
    end)

    it("opens by itself when a deadline is escalated, once", function(t)
        t.clock:advance("4 working days")
        local children = t.asked:children{ workflow = "escalation" }
        expect(children):has_length(1)
        expect(children[1].title):equals("Escalation of Advice for Ada")
        expect(children[1].partner):equals(t.asked.partner)
        expect(children[1].fields.cause):equals("overdue")
        t.asked:advance("accept", { fields = { need = "advice" } })
        t.clock:advance("10 days")
        expect(t.asked:children{ workflow = "escalation" }):has_length(1)
    end)

    it("is opened by a command, once", function(t)
        local ref = baton.call("escalate", { referral = t.asked.ref, cause = "complaint" })
        expect(referrals.get(ref).parent):equals(t.asked)
        expect(function() baton.call("escalate", { referral = t.asked.ref, cause = "safety" }) end)
            :fails("escalated already: " .. ref)
        referrals.get(ref):advance("resolve", { reason = "answered" })
        baton.call("escalate", { referral = t.asked.ref, cause = "safety" })
    end)

    it("needs a referral and a known cause", function(t)
        expect(function() baton.call("escalate", { referral = "R-99", cause = "safety" }) end):fails("there is no referral R-99")
        expect(function() baton.call("escalate", { referral = t.asked.ref, cause = "bored" }) end):fails("cause")
    end)
end)
