-- Beside simple_referral: the letter, the check-ins, and the check with both parties.

local beside = { plugins = { "simple_referral" }, zone = "Europe/London" }
local function with(settings)
    return { plugins = beside.plugins, zone = beside.zone, settings = settings }
end

local function make(t)
    t.owner = t.staff{ name = "Ines", roles = "specialist" }
    t.client = t.person{ name = "Ada", email = "ada@home.example", phone = "555-0100" }
    t.referrer = t.person{ name = "Bob", email = "bob@school.example" }
    t.centre = t.partner{ name = "Law Centre", email = "intake@law.example" }
    t.r = t.referral{ workflow = "simple_referral", subject = t.client, referrer = t.referrer, partner = t.centre,
                      owner = t.owner, fields = { need = "advice" } }
end

local function letters(t, r)
    return t.messages{ about = r or t.r, template = "followup_letter" }
end

local function checks(t)
    return referrals.find{ workflow = "followup_check", fields = { follows = t.r } }
end

local function complete(t)
    consents.add{ person = t.client, purpose = "disclosure", status = "given" }
    t.r:advance("accept"):advance("start"):advance("complete", { fields = { result = "done" } })
end

describe("the letter", beside, function()
    before(make)

    it("goes to referrer and client within 24 hours, once", function(t)
        expect(letters(t)):has_length(0)
        t.clock:advance("4 hours")
        expect(letters(t)):has_length(2)
        expect(letters(t)):contains{ recipient = "bob@school.example", status = "sent" }
        expect(letters(t)):contains{ recipient = "ada@home.example", status = "sent" }
        t.r:advance("accept")
        t.clock:advance("2 days")
        expect(letters(t)):has_length(2)
        expect(t.tasks{ about = t.r, kind = "escalation", role = "lead" }):has_length(0)
    end)

    it("says what the reader needs, and names the client to nobody else", function(t)
        t.clock:advance("4 hours")
        local to_referrer, to_client = letters(t)[1].body, letters(t)[2].body
        expect(to_referrer):contains("thank you for your referral " .. t.r.ref)
        expect(to_referrer):contains("Law Centre")
        expect(to_referrer):contains('It stands at "requested"')
        expect(to_referrer):contains("by 2026-03-05 at the latest")
        expect(to_referrer):lacks("Ada")
        expect(to_client):contains("Dear Ada,")
        expect(to_client):contains("we have asked Law Centre for help for you")
    end)

    it("can carry words of the owner, and goes out at once then", function(t)
        baton.call("followup_letter", { referral = t.r.ref, words = "Good luck on Friday!" })
        expect(letters(t)[2].body):contains("\nGood luck on Friday!\n")
        t.clock:advance("1 day")
        expect(letters(t)):has_length(2)
        expect(function() baton.call("followup_letter", { referral = t.r.ref }) end)
            :fails("no follow-up letter of " .. t.r.ref .. " is waiting")
    end)

    it("is a task where there is no address; a lead is told when its time is over", function(t)
        local client = t.person{ name = "Cleo", email = baton.none, phone = "555-0199" }
        local r = t.referral{ workflow = "simple_referral", subject = client, owner = t.owner, partner = t.centre }
        local task = t.tasks{ about = r, kind = "followup_letter" }[1]
        expect(task.assignee):equals(t.owner)
        expect(task.title):contains("ask Cleo at the next visit, do not call")
        expect(task.due_at_ms):equals(clock.parse("24 hours"))
        t.clock:advance("24 hours")
        expect(t.tasks{ about = r, kind = "escalation" }):contains{ role = "lead" }
    end)

    it("does not trouble a lead where the task was done", function(t)
        local r = t.referral{ workflow = "simple_referral", subject = t.person{ name = "Cleo", email = baton.none } }
        t.tasks{ about = r, kind = "followup_letter" }[1]:done("by post")
        t.clock:advance("24 hours")
        expect(t.tasks{ about = r, kind = "escalation" }):has_length(0)
    end)
end)

describe("the letter by other settings", with{ letter_to = "client", letter_stages = "accepted", within = "2 hours" }, function()
    before(make)

    it("waits for its stage, and never longer than it may", function(t)
        t.clock:advance("5 hours")
        expect(letters(t)):has_length(0)
        t.r:advance("accept")
        t.clock:advance("2 hours")
        expect(letters(t)):has_length(1)
        expect(letters(t)[1].recipient):equals("ada@home.example")
        expect(t.tasks{ about = t.r, kind = "escalation" }):has_length(0)
    end)
end)

describe("check-ins", beside, function()
    before(make)

    local function open_ones(t)
        return t.tasks{ about = t.r, kind = "check_in", status = "open" }
    end

    it("come every seven days while the referral stays", function(t)
        t.clock:advance("6 days")
        expect(open_ones(t)):has_length(0)
        t.clock:advance("1 day")
        expect(open_ones(t)):has_length(1)
        expect(open_ones(t)[1].assignee):equals(t.owner)
        expect(open_ones(t)[1].title):contains("has been requested since 2026-03-02: ask Law Centre how it stands")
        open_ones(t)[1]:done("they will answer tomorrow")
        t.clock:advance("7 days")
        expect(open_ones(t)):has_length(1)
    end)

    it("are not doubled: a lead hears of one that nobody did, once", function(t)
        t.clock:advance("21 days")
        expect(open_ones(t)):has_length(1)
        expect(t.tasks{ about = t.r, kind = "check_in_missed" }):has_length(1)
        expect(t.tasks{ about = t.r, kind = "check_in_missed" }[1].role):equals("lead")
    end)

    it("stop when it moves, and begin again where it moved to", function(t)
        t.clock:advance("7 days")
        t.r:advance("accept")
        expect(open_ones(t)):has_length(0)
        expect(t.tasks{ about = t.r, kind = "check_in" }):contains{ status = "cancelled", outcome = "moved on" }
        t.clock:advance("6 days")
        expect(open_ones(t)):has_length(0)
        t.clock:advance("1 day")
        expect(open_ones(t)[1].title):contains("has been accepted since 2026-03-09")
    end)

    it("stop when it ends", function(t)
        t.r:advance("decline", { reason = "at_capacity" })
        expect(t.timers{ about = t.r, name = "followup_check_in", status = "waiting" }):has_length(0)
        t.clock:advance("30 days")
        expect(t.tasks{ about = t.r, kind = "check_in" }):has_length(0)
    end)

    it("are daily where it is urgent", function(t)
        local r = t.referral{ workflow = "simple_referral", priority = "urgent" }
        t.clock:advance("1 day")
        expect(t.tasks{ about = r, kind = "check_in" }):contains{ role = "specialist" }
    end)

    it("call the client back only with consent", function(t)
        t.clock:advance("7 days")
        expect(open_ones(t)[1].title):contains("write to Ada, do not call")
        open_ones(t)[1]:done()
        consents.add{ person = t.client, purpose = "contact", status = "given" }
        t.clock:advance("7 days")
        expect(open_ones(t)[1].title):contains("call Ada (555-0100)")
    end)
end)

describe("call_back = never", with{ call_back = "never" }, function()
    it("holds whatever the client has consented to", function(t)
        make(t)
        consents.add{ person = t.client, purpose = "contact", status = "given" }
        t.clock:advance("7 days")
        expect(t.tasks{ about = t.r, kind = "check_in" }[1].title):contains("write to Ada, do not call")
    end)
end)

describe("call_back = always", with{ call_back = "always" }, function()
    it("needs no consent", function(t)
        make(t)
        t.clock:advance("7 days")
        expect(t.tasks{ about = t.r, kind = "check_in" }[1].title):contains("call Ada (555-0100)")
    end)
end)

describe("an extra mile", beside, function()
    it("is recorded", function(t)
        make(t)
        baton.call("extra_mile", { referral = t.r.ref, what = "brought the papers to court" })
        expect(t.r:notes()[1].text):equals("Extra mile: brought the papers to court")
        expect(t.events(t.r)):contains{ kind = "followup.extra_mile", what = "brought the papers to court" }
        expect(function() baton.call("extra_mile", { referral = "R-99", what = "x" }) end):fails("there is no referral R-99")
    end)
end)

describe("the check with both parties", beside, function()
    before(function(t)
        make(t)
        complete(t)
        t.clock:advance("14 days")
        t.check = checks(t)[1]
    end)

    it("begins two weeks after completion, once, and is not followed up itself", function(t)
        expect(checks(t)):has_length(1)
        expect(t.check.stage):equals("asked_client")
        expect(t.check.owner):equals(t.owner)
        expect(t.messages{ about = t.check }[1].recipient):equals("ada@home.example")
        expect(t.messages{ about = t.check }[1].body):contains("we brought Law Centre and you together (" .. t.r.ref .. ")")
        expect(t.timers{ about = t.check }):has_length(0)
    end)

    it("asks the client, then the provider", function(t)
        expect(function() t.check:advance("client_answered") end):fails("doing_business")
        t.check:advance("client_answered", { fields = { doing_business = true, happy = true, benefit = "flat kept" } })
        expect(t.check.stage):equals("asked_provider")
        expect(t.messages{ about = t.check }[2].recipient):equals("intake@law.example")
        expect(t.messages{ about = t.check }[2].body):lacks("Ada")
        expect(t.tasks{ about = t.check, kind = "question" }):contains{ status = "done", outcome = "answered" }
        t.check:advance("provider_answered", { fields = { provider_doing_business = true, provider_happy = true } })
        expect(t.check.outcome):equals("answered")
        expect(t.tasks{ about = t.check, kind = "unhappy" }):has_length(0)
        expect(t.tasks{ about = t.check, kind = "question", status = "open" }):has_length(0)
        expect(baton.run_report("followup")):same_as{ { partner = "Law Centre", checks = 1, answered = 1, doing_business = 1,
                                                        clients_happy = 1, provider_happy = 1, benefits = 1 } }
    end)

    it("gives a lead a task for whoever is unhappy", function(t)
        t.check:advance("client_answered", { fields = { doing_business = true, happy = false, feedback = "always late" } })
        expect(t.tasks{ about = t.check, kind = "unhappy" }):has_length(1)
        expect(t.tasks{ about = t.check, kind = "unhappy" }[1].role):equals("lead")
        expect(t.tasks{ about = t.check, kind = "unhappy" }[1].title):contains("Ada is not happy")
        t.check:advance("provider_answered", { fields = { provider_doing_business = false, provider_happy = false } })
        expect(t.tasks{ about = t.check, kind = "unhappy" }[2].title):contains("Law Centre is not happy")
    end)

    it("passes over who is silent", function(t)
        t.clock:advance("21 days")
        expect(t.check.stage):equals("asked_provider")
        t.clock:advance("21 days")
        expect(t.check.outcome):equals("unanswered")
        expect(t.tasks{ about = t.check, kind = "question" }):contains{ status = "done", outcome = "no answer" }
        expect(baton.run_report("followup")):contains{ checks = 1, answered = 0 }
    end)

    it("is dropped for a coded reason", function(t)
        expect(function() t.check:advance("drop") end):fails("reason")
        t.check:advance("drop", { reason = "not_wanted" })
        expect(t.check.outcome):equals("dropped")
        expect(t.tasks{ about = t.check, kind = "question", status = "open" }):has_length(0)
    end)
end)

describe("another workflow", with{ workflows = "pre_referral" }, function()
    it("is left alone", function(t)
        make(t)
        complete(t)
        t.clock:advance("30 days")
        expect(letters(t)):has_length(0)
        expect(t.tasks{ about = t.r, kind = "check_in" }):has_length(0)
        expect(checks(t)):has_length(0)
    end)
end)
