-- What the names in examples stand for: one row of each kind.
ada = people.add{ name = "Ada Lovelace", email = "ada@example.org", language = "en" }
library = partners.add{ name = "City Library", kind = "library", email = "desk@library.example" }
reading = services.add{ partner = library, name = "Reading aloud", topics = "reading", capacity = "yes" }
locations.add{ partner = library, name = "Main Street" }
ines = staff.add{ name = "Ines Ortiz", email = "ines@school.example", roles = "specialist, teacher" }
r = referrals.open{ workflow = "tutoring", title = "Reading help", subject = ada, partner = library, service = reading,
                    owner = ines, fields = { need = "reading", hours = 2 } }
t = r:task{ title = "Call the family", due = "2 working days" }
r:timer("check_in", "2 weeks")
r:note("prefers mornings")
r:message{ to = library, subject = "Reading help", body = "May Ada come on Monday?" }
cost = ledger.account{ name = "reward_expense", kind = "expense", currency = "USD" }
owed = ledger.account{ name = "owed/P-1", kind = "liability", currency = "USD", holder = ada }
ledger.post{ key = "shop/1001/reward", kind = "reward_accrued", debit = cost, credit = owed, amount = "5.91" }
friends = programmes.add{ name = "bring_a_friend", currency = "USD", status = "active" }
codes.add{ programme = friends, referrer = ada, code = "ADA-10", channel = "mail" }
touches.record{ key = "web/1", programme = friends, kind = "click", code = "ADA-10", visitor = "cookie-7" }
conversions.record{ key = "shop/1001", programme = friends, amount = "19.70", currency = "USD", visitor = "cookie-7" }
consents.add{ person = ada, purpose = "disclosure", status = "given", how = "paper" }
