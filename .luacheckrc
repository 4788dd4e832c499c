-- What `make lint` looks for in Lua: the language that plugins and scripts have here.
std = "lua54"
max_line_length = 130
-- The modules that the sandbox adds (`baton repl`, help). luacheck knows only those of Lua.
read_globals = {
    "accounts", "baton", "clock", "codes", "consents", "conversions", "csv", "entries", "events", "json", "ledger",
    "locations", "log", "messages", "money", "notes", "partners", "people", "programmes", "progress", "referrals",
    "services", "staff", "tasks", "text", "timers", "touches",
}
-- What `baton test` adds for the files below PLUGIN/spec.
files["**/spec/*.lua"].read_globals = { "after", "before", "describe", "each", "expect", "it" }
