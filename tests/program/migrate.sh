#!/usr/bin/env bash
# Versions of a workflow: preview, migrate, undo; explain of transitions and events; doctor.
set -euo pipefail
baton=${BATON:?}
home=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$home"' EXIT
export BATON_HOME=$home/home HOME=$home
fail() { echo "FAIL: $*" >&2; exit 1; }
says() { # says WORDS TEXT
    case $2 in *"$1"*) ;; *) fail "\"$1\" is not in: $2" ;; esac
}

"$baton" init "$BATON_HOME" >/dev/null
plugin=$BATON_HOME/plugins/care
mkdir -p "$plugin"
printf '[plugin]\nname = care\nversion = 1.0.0\napi = 1\n' >"$plugin/plugin.ini"
workflow() { # workflow VERSION SECOND DAYS HOURS MIGRATE
    cat >"$plugin/init.lua" <<LUA
baton.workflow{ name = "care", version = $1,
  fields = { need = "text", $4 = "int" },
  stages = { { name = "new" },
    { name = "$2", deadline = { within = "$3", remind = "1 day", escalate = { after = "1 day", to = "lead" } } },
    { name = "done", final = true } },
  transitions = {
    { name = "ask", from = "new", to = "$2" },
    { name = "finish", from = "$2", to = "done", roles = { "lead" },
      guard = function(r) if not r.fields.need then return false, "nobody said what is needed" end return true end,
      effect = function(r) r:note("finished") end },
    { name = "stop", from = "*", to = "done", locked = true, source = "the law" } },
  $5 }
baton.on("referral.advanced", function(event, row) if event.transition == "finish" then row:note("heard") end end)
LUA
}
rows() { "$baton" export referrals - --format jsonl --quiet | sed -E 's/"(version|last_event|updated_at_ms|updated_at)":[^,}]*,?//g'; }

workflow 1 asked "3 days" hours ""
"$baton" org add town --zone UTC --plugins care >/dev/null
"$baton" repl -e 'for i = 1, 4 do referrals.open{workflow="care", title="R" .. i, fields={hours=i}} end
  for i = 1, 3 do referrals.get(i):advance("ask") end
  referrals.get(2):set{fields={hours=baton.none}}' >/dev/null

# The same version with another deadline: told where it matters, by name and number.
workflow 1 asked "5 days" hours ""
says 'workflow "care" version 1 differs from the one that 4 open referrals run; raise its version' "$("$baton" doctor --org town 2>&1 || true)"

# A version that maps nothing.
workflow 2 waiting "5 days" time_needed ""
before=$(rows)
preview=$("$baton" migrate care --preview)
says "fits 0, mapped 0, blocked 4; 0 deadlines move." "$preview"
says 'version 2 has no stage "asked"' "$preview"
says "Nothing was changed." "$preview"
says '"class":"blocked"' "$("$baton" migrate --preview --json)"
code=0; said=$("$baton" migrate care 2>&1) || code=$?
[ "$code" = 5 ] || fail "a migration that is blocked ended with $code: $said"
says "4 referrals are in the way" "$said"
says "R-4: version 2 has no field" "$said"
code=0; said=$("$baton" repl -e 'referrals.get(1):advance("finish")' 2>&1) || code=$?
says "R-1 runs version 1 of care, version 2 is loaded: baton migrate care" "$said"
code=0; said=$("$baton" explain R-1 finish) || code=$?
[ "$code" = 4 ] || fail "explain ended with $code"
says "✗ version: R-1 runs version 1 of care" "$said"
says "baton migrate --preview" "$("$baton" doctor --org town 2>&1 || true)"
[ "$(rows)" = "$before" ] || fail "a preview changed something"
says "waits       it runs version 1, version 2 is loaded: baton migrate care --preview" "$("$baton" repl -e 'return referrals.get(1)')"
says "3 more in stages of version 1: asked 3" "$("$baton" graph care --counts)"
for format in mermaid:%% dot:// 'svg:<!--'; do
    says "${format#*:} 3 more in stages of version 1: asked 3" "$("$baton" graph care --counts --format "${format%%:*}")"
done
case $("$baton" graph care) in *" more in "*) fail "graph counts unasked" ;; esac
# A reload says what it has stopped: in the REPL, and beside a server.
waits="4 open referrals run version 1 of care and wait: baton migrate care --preview"
says "* $waits" "$(echo reload | "$baton" repl 2>&1)"
"$baton" serve >/dev/null 2>&1 & server=$!
for _ in $(seq 200); do "$baton" status >/dev/null 2>&1 && break; sleep 0.05; done
"$baton" --org town status >/dev/null
says "* town: $waits" "$("$baton" reload 2>&1)"
says "* $waits" "$("$baton" --org town reload 2>&1)"
case $("$baton" migrate --preview) in *"were saved since"*) fail "nothing was saved since" ;; esac
touch "$plugin/init.lua"
says "note: files of plugins were saved since they were loaded: baton reload" "$("$baton" migrate --preview)"
kill "$server"; wait "$server" || true; server=
# A workflow that no plugin declares any more.
sed -i 's/^plugins = care/plugins =/' "$BATON_HOME/orgs/town/org.ini"
says '4 open referrals of workflow "care" wait: no plugin declares it' "$("$baton" doctor --org town 2>&1 || true)"
says "waits       no plugin declares care" "$("$baton" repl -e 'return referrals.get(1)')"
sed -i 's/^plugins =.*/plugins = care/' "$BATON_HOME/orgs/town/org.ini"
# What the law demands goes all the same, though the stage is gone.
"$baton" repl -e 'referrals.get(3):advance("stop")' >/dev/null
before=$(rows)

# Another deadline that nobody says a word about is kept: told where it matters.
kept="the deadline of waiting changed; 2 referrals keep their old due times: migrate = { …, deadlines = { waiting = "
workflow 2 waiting "5 days" time_needed 'migrate = { from = 1, stages = { asked = "waiting" }, fields = { hours = "time_needed" } }'
says "$kept" "$("$baton" migrate --preview)"
says '"due_outdated":true' "$("$baton" migrate --preview --json)"

# One that maps them.
workflow 2 waiting "5 days" time_needed 'migrate = { from = 1, stages = { asked = "waiting" }, fields = { hours = "time_needed" }, deadlines = { waiting = "recompute" } }'
preview=$("$baton" migrate --preview)
says "fits 0, mapped 3, blocked 0; 2 deadlines move." "$preview"
case $preview in *"old due time"*) fail "a deadline that moves is said to be kept" ;; esac
says "asked → waiting" "$preview"
[ "$(rows)" = "$before" ] || fail "a preview changed something"
says "Migrated 3 referrals." "$("$baton" migrate care)"
[ "$("$baton" repl -e 'return referrals.get(1).stage .. referrals.get(1).fields.time_needed .. referrals.get(1).workflow_version')" = waiting12 ] || fail "it was not migrated"
"$baton" migrate care | grep -q "Migrated 0 referrals" || fail "migrated twice"

# And back: the rows are what they were.
says "Returned 3 referrals." "$("$baton" migrate care --undo --since "1 hour ago")"
[ "$(rows)" = "$before" ] || fail "undo: $(diff <(echo "$before") <(rows) || true)"
says "Returned 0 referrals." "$("$baton" migrate --undo)"
says "Migrated 3 referrals." "$("$baton" migrate care --quiet)"

# One has moved on: the others may return without it.
"$baton" repl -e 'referrals.get(4):advance("ask")' >/dev/null
code=0; said=$("$baton" migrate care --undo 2>&1) || code=$?
[ "$code" = 5 ] || fail "undo of one that moved ended with $code: $said"
says "(referral.advanced) came since" "$said"
says "Returned 2 referrals." "$("$baton" migrate care --undo --skip-blocked)"
"$baton" migrate care >/dev/null
"$baton" --org town audit verify >/dev/null

# Explain.
code=0; said=$("$baton" explain R-1 finish) || code=$?
[ "$code" = 4 ] || fail "explain ended with $code: $said"
says "finish → done: no" "$said"
says "✓ role" "$said"
says "✗ guard: \"finish\" is refused: nobody said what is needed (care/init.lua:9)" "$said"
says '"may":false' "$("$baton" explain R-1 finish --json || true)"
says "finish → done: no" "$("$baton" explain R-1)"
says "stop → done: yes" "$("$baton" explain R-1)"
"$baton" repl -e 'referrals.get(1):set{fields={need="x"}}' >/dev/null
says "finish → done: yes" "$("$baton" explain R-1 finish)"
seq=$("$baton" repl -e 'referrals.get(1):advance("finish"); for _, e in ipairs(referrals.get(1):history()) do if e.kind == "referral.advanced" then return e.seq end end')
said=$("$baton" explain event "$seq")
says "$seq referral.advanced R-1 by operator" "$said"
grep -qE ' by operator, [0-9-]{10} [0-9:]{8}$' <<<"$said" || fail "not in the zone of the organisation: $said"
says '1. effect of "finish", plugin care (care/init.lua:10)' "$said"
says 'note.created N-1' "$said"
says '2. handler of "referral.advanced", plugin care' "$said"
code=0; "$baton" explain event x >/dev/null 2>&1 || code=$?
[ "$code" = 1 ] || fail "explain event x ended with $code"
says "$seq referral.advanced R-1" "$("$baton" repl -e "explain($seq)")"
says "stop → done: yes" "$("$baton" repl -e 'explain("R-2")')"

# A setting that shapes the workflow: its version is right, whoever edits org.ini is told what holds.
printf '[setting days]\ntype = span\ndefault = 5 days\n' >>"$plugin/plugin.ini"
workflow 3 waiting SETTING time_needed 'migrate = { from = 1, stages = { asked = "waiting" }, fields = { hours = "time_needed" } }'
sed -i 's/"SETTING"/baton.settings.days/' "$plugin/init.lua"
"$baton" repl -e 'referrals.open{workflow="care", title="new"}' >/dev/null
printf '[plugin care]\ndays = 6 days\n' >>"$BATON_HOME/orgs/town/org.ini"
said=$("$baton" doctor --org town 2>&1 || true)
says 'workflow "care" version 3 differs from the one that 1 open referral began with, by a setting that changed, days' "$said"
case $said in *"raise"*) fail "a version is to be raised for a setting: $said" ;; esac
says "by a setting that changed, days" "$(echo reload | "$baton" repl 2>&1)"
case $("$baton" check --org town) in *version-not-raised*) fail "check takes a setting for the plugin" ;; esac
sed -i 's/remind = "1 day"/remind = "2 days"/' "$plugin/init.lua"
says "raise its version" "$("$baton" doctor --org town 2>&1 || true)"
echo ok
