#!/usr/bin/env bash
# Working time as an organisation's people meet it: a month, deadlines that a new calendar would move and
# does move, a clock that stands still, and who held it.
set -euo pipefail
baton=${BATON:?}
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
export BATON_HOME=$home/home

fail() {
    echo "calendar.sh: $*" >&2
    exit 1
}
has() { # FILE TEXT
    grep -qF -- "$2" "$1" || { cat "$1" >&2; fail "\"$2\" is not there"; }
}
lacks() {
    ! grep -qF -- "$2" "$1" || { cat "$1" >&2; fail "\"$2\" is there"; }
}

"$baton" init "$BATON_HOME" >/dev/null
"$baton" org add river >/dev/null
org=$BATON_HOME/orgs/river
mkdir -p "$org/plugins/jobs"
cat >"$org/plugins/jobs/plugin.ini" <<'INI'
[plugin]
name = jobs
version = 1.0.0
api = 1
INI
cat >"$org/plugins/jobs/init.lua" <<'LUA'
baton.workflow{
  name = "job",
  stages = {
    { name = "work", owner_roles = { "specialist" },
      deadline = { within = "10 working days", remind = "1 working day",
                   escalate = { { after = "1 working day", to = "lead" }, { after = "3 working days", to = "admin" } },
                   expire = { after = "30 days", transition = "lapse" } } },
    { name = "on_hold", clock = "paused" },
    { name = "done", final = true },
    { name = "lapsed", final = true },
  },
  transitions = {
    { name = "hold", from = "work", to = "on_hold" },
    { name = "return", from = "on_hold", to = "work" },
    { name = "finish", from = "*", to = "done" },
    { name = "lapse", from = "work", to = "lapsed" },
  },
}
LUA
ini() { # HOLIDAYS
    cat <<INI
[org]
title = River
zone = Europe/Berlin
plugins = jobs
clock = movable
[calendar]
week = Mon-Thu 08:00-12:00 13:00-16:00, Fri 08:00-12:00
holidays = 2030-01-01$1
terms = 2029-09-03..2029-12-14, 2030-01-07..2030-06-28
INI
}
ini "" >"$org/org.ini"
run() { "$baton" --org river "$@"; }

# A month.
run calendar show --month 2030-01 >"$home/out"
has "$home/out" "river, 2030-01, times in Europe/Berlin"
has "$home/out" "Mon-Thu  08:00-12:00 13:00-16:00"
has "$home/out" "Holidays (*): 2030-01-01."
has "$home/out" "22 working days, 19 school days (s)."
run calendar show --month 2030-01 --json | grep -q '"working_days":22' || fail "no JSON of a month"
if run calendar show --month 2030-13 2>"$home/out"; then fail "a month 13"; fi
has "$home/out" "expected as in 2026-11"

# Three referrals due in January 2030: one runs, one is paused, one has no deadline.
cat >"$home/fill.lua" <<'LUA'
clock.advance("2029-12-28 09:00")
for i = 1, 3 do referrals.open{ workflow = "job", title = "job " .. i } end
referrals.get(2):pause{ reason = "snow" }
referrals.get(3):advance("hold")
print(clock.format(referrals.get(1).due_at_ms))
LUA
run run "$home/fill.lua" >"$home/out"
has "$home/out" "2030-01-14 09:00"

# What another file would do; the settings as they are; nothing is changed by asking.
run calendar preview >"$home/out"
has "$home/out" "The calendar is the one by which deadlines were computed."
has "$home/out" "Of 1 open referrals with a deadline 0 would move"
ini ", 2030-01-02..2030-01-04" >"$home/other.ini"
run calendar preview --file "$home/other.ini" >"$home/out"
has "$home/out" "2030-01-14 09:00"
has "$home/out" "2030-01-17 09:00"
has "$home/out" "1 would move"
has "$home/out" "would be 2030-01-01..2030-01-04"
cp "$home/other.ini" "$org/org.ini"
run calendar preview >"$home/out"
has "$home/out" "2030-01-17 09:00"
run calendar preview --json | grep -q '"moved":1' || fail "a preview has loaded the settings"
run calendar preview --json | grep -q '"referral":"R-1","title":"job 1"' || fail "no JSON of a move"

# Loaded: it says what moved, once.
run repl -e 'print(clock.format(referrals.get(1).due_at_ms))' >"$home/out" 2>&1
has "$home/out" "the calendar has changed: 1 deadline moved"
has "$home/out" "2030-01-17 09:00"
run repl -e 'print(referrals.get(1):history()[1].kind)' >"$home/out" 2>&1
has "$home/out" "referral.rescheduled"
lacks "$home/out" "the calendar has changed"

# The card, and the record.
run repl -e 'return referrals.get(2)' >"$home/out"
has "$home/out" "paused since 2029-12-28 09:00"
run repl -e 'return referrals.get(3)' >"$home/out"
has "$home/out" "that of stage \"work\" paused since"
run explain R-3 return >"$home/out" || true
has "$home/out" "paused since"
cat >"$home/on.lua" <<'LUA'
clock.advance("2030-01-08 09:00")
referrals.get(2):resume()
referrals.get(3):advance("return")
LUA
run run "$home/on.lua"
run clock R-2 >"$home/out"
has "$home/out" "specialist"
has "$home/out" "paused"
run clock r-3 --json | grep -q '"stage":"on_hold"' || fail "no JSON of the record"
if run clock 'R-1")os' 2>"$home/out"; then fail "that was no referral"; fi
has "$home/out" "expected as in R-12"
if run clock R-99 2>"$home/out"; then fail "there is no R-99"; fi
has "$home/out" "R-99"

# The chain to its end.
cat >"$home/end.lua" <<'LUA'
clock.advance("2030-04-01 09:00")
local r = referrals.get(1)
print(r.stage)
local found = {}
for _, event in ipairs(r:history()) do found[#found + 1] = event.kind end
print(table.concat(found, " "))
for _, t in ipairs(tasks.find{ about = r }) do print(t.kind, t.role) end
LUA
run run "$home/end.lua" >"$home/out"
has "$home/out" "lapsed"
has "$home/out" "referral.advanced referral.escalated referral.escalated referral.overdue referral.reminder"
has "$home/out" "escalation	lead"
has "$home/out" "escalation	admin"
run audit verify >/dev/null

# The same through a server: a reload moves them.
ini "" >"$org/org.ini"
run repl -e 'referrals.open{ workflow = "job" }' >/dev/null 2>&1
"$baton" serve >"$home/serve.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; rm -rf "$home"' EXIT
for _ in $(seq 100); do [ -S "$BATON_HOME/baton.sock" ] && break; sleep 0.05; done
ini ", 2030-04-02..2030-04-05" >"$org/org.ini"
run calendar preview >"$home/out"
has "$home/out" "1 would move"
run reload >/dev/null
run calendar preview >"$home/out"
has "$home/out" " 0 would move"
"$baton" stop >/dev/null
wait $server
