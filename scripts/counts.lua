-- Prints how many rows of each entity there are, a line for each: "partners 20".
--
--   baton run --org florida_legal scripts/counts.lua partners services
local modules = { people = people, partners = partners, services = services, locations = locations, staff = staff,
                  referrals = referrals, tasks = tasks, timers = timers, notes = notes, messages = messages,
                  consents = consents }
for _, name in ipairs(arg) do
    local module = modules[name] or error(("no entity %q"):format(name), 0)
    print(name, module.count{})
end
