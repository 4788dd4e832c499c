#!/usr/bin/env bash
# baton test, dry runs, and what the prompt has besides: as, dry, at, watch, timing.
set -eu
dir=$(mktemp -d)
server=''
watcher=''
trap 'kill $server $watcher 2>/dev/null || true; rm -rf "$dir"' EXIT
export HOME="$dir" BATON_HOME="$dir/home" BATON_PLUGINS="$SOURCE/plugins"
cd "$dir"
fail() { echo "FAIL: $*" >&2; cat "$dir/out" >&2 2>/dev/null || true; exit 1; }

# ---- specs ----
mkdir -p tutoring/spec
cat >tutoring/plugin.ini <<'END'
[plugin]
name = tutoring
version = 1.0.0
title = Tutoring
api = 1
END
cat >tutoring/init.lua <<'END'
baton.workflow{ name = "tutoring", version = 1, title = "Tutoring",
    stages = { { name = "asked", initial = true, deadline = { within = "2 days", escalate = { { after = "1 day", to = "lead" } } } },
               { name = "done", final = true, outcome = "done" } },
    transitions = { { name = "finish", from = "asked", to = "done" }, { name = "drop", from = "asked", to = "done" } } }
END
cat >tutoring/spec/a.lua <<'END'
describe("tutoring", function()
    it("is overdue", function(t)
        local r = t.referral{}
        t.clock:advance("2 days")
        expect(t.events(r)):contains{ kind = "referral.overdue" }
    end)
    it("finishes", function(t)
        expect(t.referral{}:advance("finish").stage):equals("dne & <gone>")
    end)
end)
END
code=0; "$BATON" test tutoring >out 2>&1 || code=$?
[ "$code" = 1 ] || fail "a failing spec ends with $code"
grep -q "✓ tutoring › is overdue" out || fail "passed"
grep -q "✗ tutoring › finishes" out || fail "failed"
grep -q "tutoring/spec/a.lua:8" out || fail "the line"
grep -q 'expected "dne & <gone>"' out && grep -q 'got "done"' out || fail "the difference"
grep -q "tutoring: 2 of 2 stages, 1 of 2 transitions" out || fail "coverage"
grep -q "1 transition never taken: drop" out || fail "never taken"
[ "$(tail -1 out)" = "1 passed, 1 failed" ] || fail "the last line"
(cd tutoring && "$BATON" test >../out 2>&1) || true
[ "$(tail -1 out)" = "1 passed, 1 failed" ] || fail "in the folder of the plugin"
"$BATON" test --filter overdue tutoring/spec/a.lua >out || fail "a filter, a file"
[ "$(tail -1 out)" = "1 passed, 0 failed" ] || fail "a filter"
code=0; "$BATON" test --filter overdeu tutoring >out 2>&1 || code=$?
[ "$code" = 1 ] && grep -q 'no case has "overdeu" in its name' out || fail "a filter that meets nothing ends with $code"
"$BATON" test . -q --junit out.xml >/dev/null 2>&1 || true
grep -q '<testsuite name="baton" tests="2" failures="1"' out.xml || fail "JUnit: $(cat out.xml)"
grep -q 'expected &quot;dne &amp; &lt;gone&gt;&quot;' out.xml || fail "JUnit: $(cat out.xml)"
mkdir -p odd/spec
: >odd/init.lua
cp tutoring/plugin.ini odd/plugin.ini && sed -i 's/tutoring/odd/' odd/plugin.ini
cat >odd/spec/a.lua <<'END'
describe("odd", function()
    it("n \255\254 \27\1", function() error("bad \255 \0 \8 \239\191\191") end)
end)
END
"$BATON" test odd -q --junit odd.xml >/dev/null 2>&1 || true
rm -r odd
if grep -qaP '[\x00-\x08\x0b-\x1f]' odd.xml; then fail "JUnit: control characters"; fi
iconv -f utf-8 -t utf-16 odd.xml >/dev/null || fail "JUnit: not UTF-8"
grep -q 'odd › n ��' odd.xml || fail "JUnit: bytes that are not UTF-8: $(cat odd.xml)"
"$BATON" test tutoring --json >out 2>/dev/null || true
grep -q '"failed": *1' out && grep -q '"never_taken": *"drop"' out || fail "JSON"

# Told to stop, it stops the case at hand, at once.
mkdir -p loop/spec
: >loop/init.lua
sed 's/tutoring/loop/' tutoring/plugin.ini >loop/plugin.ini
cat >loop/spec/a.lua <<'END'
describe("loop", function()
    it("does not end", function()
        print("it runs")
        while true do pcall(function() while true do end end) end
    end)
    it("comes behind it", function() end)
end)
END
"$BATON" test loop >out 2>&1 &
server=$!
for _ in $(seq 300); do
    if grep -q "it runs" out; then break; fi
    sleep 0.1
done
kill -TERM "$server"
code=0; wait "$server" || code=$?
server=''
rm -r loop
[ "$code" = 130 ] || fail "baton test that is told to stop ends with $code"
grep -q "stopped on request" out || fail "it does not say that it was stopped"
if grep -q "comes behind it" out; then fail "another case began"; fi

code=0; "$BATON" test nothing_of_that_name >out 2>&1 || code=$?
[ "$code" = 3 ] || fail "an unknown plugin ends with $code"
"$BATON" test simple_referral >out || fail "the shipped specs"
if grep -q never out; then fail "simple_referral leaves something out"; fi

# Runs again when a file changes.
"$BATON" test tutoring --watch >watched 2>&1 &
watcher=$!
for _ in $(seq 100); do grep -q waiting watched && break; sleep 0.05; done
sed -i 's/dne & <gone>/done/' tutoring/spec/a.lua
for _ in $(seq 100); do grep -q "2 passed, 0 failed" watched && break; sleep 0.05; done
grep -q "2 passed, 0 failed" watched || fail "watching: $(cat watched)"
kill -INT $watcher; wait $watcher || true
watcher=

# ---- dry runs ----
"$BATON" -q init "$BATON_HOME"
"$BATON" -q org add alpha
mkdir -p home/orgs/alpha/plugins
cp -r tutoring home/orgs/alpha/plugins/
cat >>home/orgs/alpha/plugins/tutoring/init.lua <<'END'
baton.command("rename", { args = { { name = "to", type = "text", required = true } } }, function(args)
    people.get(1):set{ name = args.to }
end)
END
sed -i 's/^\(api = 1\)/\1\npermissions = people/' home/orgs/alpha/plugins/tutoring/plugin.ini
sed -i 's/^\[org\]/[org]\nplugins = tutoring/' home/orgs/alpha/org.ini
grep -v '^plugins = *$' home/orgs/alpha/org.ini >org.ini; mv org.ini home/orgs/alpha/org.ini
"$BATON" repl -e 'people.add{ name = "Ada" }' >/dev/null
code=0; "$BATON" repl -e 'referrals.open{ workflow = "tutoring", title = "x", fields = { monitor = 1 } }' >out 2>&1 || code=$?
[ "$code" = 2 ] || [ "$code" = 1 ] || fail "a field of a workflow that has none ends with $code"
grep -q 'unknown field "monitor": workflow "tutoring" declares no fields' out || fail "fields of a workflow that has none"
cat >change.lua <<'END'
people.get(1):set{ name = "Eve" }
local r = referrals.open{ workflow = "tutoring", subject = people.get(1), title = "x" }
messages.send{ to = "a@b.example", subject = "Hi", body = "Dear" }
print("in it", people.get(1).name, r)
END
dry() {
    "$BATON" run --dry-run change.lua >out 2>&1 || fail "run --dry-run"
    grep -q 'in it.*Eve.*R-1' out || fail "it runs"
    grep -q 'name: "Ada" → "Eve"' out || fail "old and new"
    grep -q 'created R-1 (referral)' out || fail "created"
    grep -q 'would send M-1 to a@b.example by file: Hi' out || fail "sent"
    grep -q '1 row.* created\|2 rows would be created, 1 changed, 1 message sent; nothing was kept' out || fail "summary"
    "$BATON" run --dry-run --json change.lua 2>/dev/null | grep -v '^in it' >out
    grep -q '"change": *"created"' out || fail "JSON"
    "$BATON" call rename --dry-run to=Zoe >out || fail "call --dry-run"
    grep -q 'name: "Ada" → "Zoe"' out || fail "call"
    [ "$("$BATON" repl -e 'people.get(1).name, referrals.count{}, messages.count{}')" = "$(printf 'Ada\t0\t0')" ] || fail "something was kept"
    printf 'json.write("kept.json", { 1 }) csv.write("kept.csv", { { a = 1 } }) json.write("x.json", { 1 })' >files.lua
    echo kept >kept.csv
    "$BATON" run --dry-run files.lua >out 2>&1 || fail "run --dry-run with files"
    grep -q "would write $dir/kept.json: [0-9]* bytes" out && grep -q "would write $dir/kept.csv: [0-9]* bytes" out || fail "files"
    "$BATON" repl -e 'dry(function() json.write("kept.json", { 1 }) end)' >out || fail "dry with a file"
    grep -q "would write $dir/kept.json" out || fail "dry with a file"
    [ ! -e kept.json ] && [ "$(cat kept.csv)" = kept ] || fail "a dry run wrote files"
    printf 'json.write("/nowhere_at_all/x.json", { 1 })' >files.lua
    if "$BATON" run --dry-run files.lua >out 2>&1; then fail "a dry run writes where it may not"; fi
    printf 'people.add{name="X"}\nerror("broken")\n' >broken.lua
    code=0; "$BATON" run --dry-run broken.lua >out 2>&1 || code=$?
    [ "$code" = 1 ] && grep -q 'created P-2' out && grep -q 'broken.lua:2.*broken' out || fail "a script that fails"
    [ "$("$BATON" repl -e 'people.count{}')" = 1 ] || fail "a failed one was kept"
}
dry

# ---- the prompt ----
prompt() {
    "$BATON" repl >out 2>&1 <<'END' || fail "prompt"
r = referrals.open{ workflow = "tutoring", title = "x" }
timing(true)
timing(false)
at("3 days", "referrals.get(1).overdue")
at("4 days")
tasks.count{ kind = "escalation" }
referrals.get(1):advance("finish").stage
at()
referrals.get(1).stage
watch("referral.*")
referrals.get(1):advance("drop").stage
staff.add{ name = "Ines", roles = "lead" }.ref
as("S-1")
baton.actor().name
END
    grep -q 'overdue since' out || fail "what happened on the way"
    grep -q '^true$' out || fail "at with code"
    grep -q '^1$' out || fail "the escalation"
    grep -q 'back to now' out || fail "back"
    grep -q '^asked$' out || fail "nothing of it is kept"
    grep -q ' ms$' out || fail "timing"
    grep -q '^\* .*R-1 referral.advanced drop: asked → done, by operator' out || fail "watch"
    grep -q '^Ines$' out || fail "as"
}
cp -r home before
prompt
rm -rf home; mv before home

# The same in a server, where one connection sees what another does.
"$BATON" serve 2>>log &
server=$!
for _ in $(seq 100); do "$BATON" status 2>/dev/null | grep -q pid && break; sleep 0.05; done
dry
prompt
mkfifo line
"$BATON" repl <line >seen 2>&1 &
watcher=$!
exec 3>line
echo 'watch()' >&3
for _ in $(seq 100); do grep -q watching seen && break; sleep 0.05; done
"$BATON" repl -e 'people.add{ name = "Seen" }' >/dev/null
echo '1 + 1' >&3
for _ in $(seq 100); do grep -q '^2' seen && break; sleep 0.05; done
exec 3>&-
wait $watcher || true
watcher=
grep -q 'P-2 person.created, by operator' seen || fail "watch in a server: $(cat seen)"
"$BATON" audit verify >out || fail "audit"
