-- What the README of followup speaks of: R-10 was completed two weeks ago, R-11 asks about it, R-12 was accepted just now.
local ada = people.add{ name = "Ada", email = "ada@home.example" }
consents.add{ person = ada, purpose = "disclosure", status = "given" }
local r
for i = 1, 11 do
    r = referrals.open{ workflow = "simple_referral", title = "Advice", subject = ada, fields = { need = "advice" } }
    r:advance("accept")
    if i == 10 then
        r:advance("start"):advance("complete", { fields = { result = "done" } })
        clock.advance("15 days")
    end
end
