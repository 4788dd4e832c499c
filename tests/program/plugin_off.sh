#!/usr/bin/env bash
# A plugin that keeps failing, as people see it: switched off with the reason, by doctor, status and
# the next one who tries; on again by hand; and the limits of a call, set and shown.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export HOME="$dir" BATON_HOME="$dir/home" BATON_PLUGINS="$SOURCE/plugins"

fail() { echo "FAIL: $*" >&2; exit 1; }
refused() { # part of what is said, command…
    local part=$1 code=0
    shift
    "$@" >"$dir/out" 2>&1 || code=$?
    [ "$code" != 0 ] || fail "it went: $*"
    grep -qF -- "$part" "$dir/out" || fail "no \"$part\": $(cat "$dir/out")"
}

"$BATON" -q init "$BATON_HOME"
mkdir -p "$BATON_HOME/plugins/odd"
printf '[plugin]\nname = odd\nversion = 1.0.0\napi = 1\npermissions = people, messages\n' >"$BATON_HOME/plugins/odd/plugin.ini"
cat >"$BATON_HOME/plugins/odd/init.lua" <<'LUA'
baton.on("person.created", function(event, row)
  if row.name == "loop" then while true do pcall(error) end end
  if row.name == "rows" then while true do pcall(people.add, {name = "more"}) end end
  if row.name == "loud" then while true do pcall(print, "loud") end end
  if row.name == "mail" then while true do pcall(messages.send, {to = "a@example.org", body = "b"}) end end
end)
LUA
"$BATON" -q org add oak --plugins odd
printf '\n[limits]\ncall_ms = 50\ncall_rows = 10\ncall_bytes = 4000\ncall_output_bytes = 2000\ncall_effects = 2\n' >>"$BATON_HOME/orgs/oak/org.ini"

"$BATON" org show | grep -q '^limits .* 50 ms, 2.0 kB of output, 2 messages, 10 rows of 4.0 kB' || fail "limits: $("$BATON" org show)"
"$BATON" doctor | grep -q 'ok .*limits: .* 2 messages, 10 rows of 4.0 kB' || fail "doctor: $("$BATON" doctor)"
for of in "loop:call_ms" "rows:call_rows" "loud:call_output_bytes" "mail:call_effects"; do
    refused "(${of#*:} in [limits] of org.ini)" "$BATON" repl -e "people.add{name='${of%:*}'}"
    grep -qF "odd/init.lua:" "$dir/out" || fail "no line: $(cat "$dir/out")"
done
sed -i 's/^call_rows = 10/call_rows = 0/' "$BATON_HOME/orgs/oak/org.ini"
refused 'call_rows' "$BATON" repl -e '1'
sed -i 's/^call_rows = 0/call_rows = 10/' "$BATON_HOME/orgs/oak/org.ini"

# The fifth kill; each was another process, and still they are counted.
"$BATON" plugin list | grep -Eq '^odd +1.0.0 +on ' || fail "list: $("$BATON" plugin list)"
refused 'switched off since' "$BATON" repl -e "people.add{name='loop'}"
"$BATON" plugin list | grep -Eq '^odd +1.0.0 +off .*of 5 kills within 10 minutes' || fail "off: $("$BATON" plugin list)"
refused 'bad   org oak: plugin odd is switched off since' "$BATON" doctor
"$BATON" org show | grep -q 'odd 1.0.0: loaded: switched off since' || fail "show"
[ "$("$BATON" repl -e "people.add{name='loop'}.name" 2>/dev/null)" = loop ] || fail "it is called all the same"
"$BATON" plugin on odd | grep -q 'switched on' || fail "on"
"$BATON" doctor >/dev/null || fail "doctor finds something bad"
refused 'on already' "$BATON" plugin on odd
refused 'there is odd' "$BATON" plugin on od
"$BATON" plugin off odd --why 'too loud' >/dev/null
"$BATON" plugin list --json | grep -q '"off_why": *"operator switched it off: too loud"' || fail "$("$BATON" plugin list --json)"
"$BATON" audit verify >/dev/null || fail "audit"

# A typo: what is due meanwhile waits, and is not lost.
"$BATON" plugin on odd >/dev/null
sed -i 's/^permissions = .*/&, timers/' "$BATON_HOME/plugins/odd/plugin.ini"
sed -i 's/^clock = .*/clock = movable/' "$BATON_HOME/orgs/oak/org.ini"
cat >>"$BATON_HOME/plugins/odd/init.lua" <<'LUA'
baton.on("person.created", function(event, row) if row.name == "ring" then timers.add{name = "ring", about = row, at = "1 day"} end end)
baton.on("timer.ring", function() people.add{name = "rang"} end)
LUA
cp "$BATON_HOME/plugins/odd/init.lua" "$dir/good.lua"
"$BATON" repl -e "people.add{name='ring'}" >/dev/null
echo 'baton.on(' >>"$BATON_HOME/plugins/odd/init.lua"
"$BATON" repl -e "clock.advance('2 days')" >/dev/null 2>"$dir/said"
[ "$(grep -c 'timers of plugin odd wait: plugin odd is not loaded' "$dir/said")" = 1 ] || fail "not said once: $(cat "$dir/said")"
refused '1 timers and deadlines of 0 referrals are due and wait: plugin odd is not loaded' "$BATON" doctor
"$BATON" org show 2>/dev/null | grep -q '^waiting   1 timers' || fail "show: $("$BATON" org show 2>&1)"
cp "$dir/good.lua" "$BATON_HOME/plugins/odd/init.lua"
"$BATON" repl -e "clock.advance('1 minute')" >/dev/null 2>&1
[ "$("$BATON" repl -e "people.count{name='rang'}" 2>/dev/null)" = 1 ] || fail "the timer is lost"
echo ok
