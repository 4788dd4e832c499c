-- Finds services in the directory again, however they are spelled, and refers
-- clients to them.
--
--   baton run --org florida_legal scripts/demo_florida.lua
--
-- The organisation needs the plugin simple_referral and a directory, see
-- import_hsds.lua.

local function say(format, ...)
    print(format:format(...))
end

-- Searching folds case and accents: all of these find what is written otherwise.
local function find(words)
    local found = services.search(words, { limit = 100 })
    say("  %s%s %3d found%s", words, (" "):rep(20 - utf8.len(words)), #found,
        found[1] and (", first: %s (%s)"):format(found[1].name, found[1].partner.name) or "")
    return found
end

say("Search:")
find("VETERANS")
find("Immígration")
local evictions = find("eviction")
assert(#evictions >= 2, "the directory has two services for evictions")
assert(#find("EVÍCTION") == #evictions, "case and accents change nothing")
assert(#find("unicorn grooming") == 0, "nothing is found for nonsense")

local clerk = staff.first{ email = "clerk@florida-legal.example" }
    or staff.add{ name = "Theo Marsh", email = "clerk@florida-legal.example", roles = "specialist" }

local function client(name, phone)
    return people.first{ name = name } or people.add{ name = name, phone = phone, language = "es" }
end

local function refer(subject, service, need)
    local r = referrals.open{ workflow = "simple_referral", title = need, subject = subject, service = service,
                              owner = clerk, fields = { need = need } }
    say("%s: %s → %s, %s, answer due %s", r.ref, subject.name, service.name, r.partner.name, clock.format(r.due_at_ms))
    return r
end

say("\nReferrals:")
local renee = client("Renée Duarte", "850-555-0199")
local first = refer(renee, evictions[1], "eviction notice, hearing in two weeks")
first:advance("decline", { reason = "at_capacity", note = "no lawyer free this month" })
say("  declined: no capacity; the next one is asked")

local second = refer(renee, evictions[2], "eviction notice, hearing in two weeks")
second:advance("accept")
local _, why = baton.try(function() return second:advance("start") end)
say("  accepted; start is refused: %s", why)
consents.add{ person = renee, purpose = "disclosure", status = "given", given_at_ms = "now", how = "by telephone" }
second:advance("start"):advance("complete", { fields = { result = "hearing postponed, rent paid in parts" } })
say("  consent given, started, %s", second.outcome)

local third = refer(client("Luis Ortega", "850-555-0123"), evictions[1], "deposit not paid back")
say("  %s waits for its answer; letters in the outbox: %d", third.ref, messages.count{})
