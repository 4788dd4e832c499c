#!/usr/bin/env bash
# A running server: the same commands in the live organisation; busy, reload, stop.
set -eu
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
export HOME="$dir" BATON_HOME="$dir/home" BATON_PLUGINS="$SOURCE/plugins"

fail() { echo "FAIL: $*" >&2; cat "$dir/log" >&2 2>/dev/null || true; exit 1; }
start() {
    "$BATON" serve 2>>"$dir/log" &
    server=$!
    for _ in $(seq 100); do
        if "$BATON" status 2>/dev/null | grep -q pid; then return; fi
        sleep 0.05
    done
    fail "the server does not listen"
}

"$BATON" -q init "$BATON_HOME"
"$BATON" -q org add alpha
"$BATON" -q org add beta
start
"$BATON" status | grep -q alpha || fail "status"
"$BATON" status --json | grep -q '"orgs"' || fail "status --json"
code=0; "$BATON" serve >"$dir/out" 2>&1 || code=$?
[ "$code" = 6 ] || fail "a second server ends with $code"

[ "$("$BATON" -o alpha repl -e '1 + 1')" = 2 ] || fail "repl"
[ "$(printf 'a = 1\nfunction f()\nreturn a + 1\nend\nf()\n' | "$BATON" -o alpha repl)" = 2 ] || fail "a session"
"$BATON" -o alpha repl -e 'people.add{name="Ada"}' >/dev/null
[ "$("$BATON" -o alpha repl -e 'people.count{}')" = 1 ] || fail "people of alpha"
[ "$("$BATON" -o beta repl -e 'people.count{}')" = 0 ] || fail "people of beta"
code=0
printf 'x = 1\nerror("no")\n' | "$BATON" -o alpha repl >"$dir/out" 2>&1 || code=$?
[ "$code" = 1 ] && grep -q 'line 2' "$dir/out" || fail "error: $code $(cat "$dir/out")"

# A worker that stands still keeps no client: the second signal ends it, or a while after the first.
worker=$("$BATON" status --json | sed -n 's/.*"workers":\[{"pid":\([0-9]*\).*/\1/p')
kill -STOP "$worker"
"$BATON" -o alpha repl -e '1' >/dev/null 2>"$dir/stopped" &
client=$!
sleep 0.3
kill -TERM "$client"
code=0; wait "$client" || code=$?
kill -CONT "$worker"
[ "$code" = 130 ] && grep -q 'has not answered' "$dir/stopped" || fail "a client that waits: $code $(cat "$dir/stopped")"

cd "$dir"
printf 'name\nBen\nCy\n' > in.csv
"$BATON" -o alpha import people in.csv >"$dir/out" || fail "import"
grep -q '2 created' "$dir/out" || fail "import: $(cat "$dir/out")"
[ "$("$BATON" -o alpha export people - | wc -l)" = 4 ] || fail "export"
printf 'print(people.count{}, arg[1])\n' > s.lua
[ "$("$BATON" -o alpha run s.lua x)" = "$(printf '3\tx')" ] || fail "run"
"$BATON" -o alpha audit verify | grep -q 'whole' || fail "audit"
"$BATON" org show alpha | grep -q '3 people' || fail "org show"
"$BATON" doctor >"$dir/out" || fail "doctor: $(cat "$dir/out")"

# Ctrl-C at a client stops its script only.
printf 'while true do people.count{} end\n' > loop.lua
"$BATON" -o alpha run loop.lua >"$dir/out" 2>&1 &
pid=$!
sleep 0.5
[ "$("$BATON" -o alpha repl -e 'people.count{}')" = 3 ] || fail "others wait for a script"
kill -TERM "$pid"
code=0; wait "$pid" || code=$?
[ "$code" = 130 ] || fail "an interrupted script ends with $code: $(cat "$dir/out")"

# An import that fills the server for long: Ctrl-C ends it, and says what was kept.
awk 'BEGIN { print "name,external_id"; for (i = 0; i < 3000000; i++) print "P" i ",x" i }' > many.csv
"$BATON" -q org add delta
"$BATON" -o delta import people many.csv >"$dir/out" 2>&1 &
pid=$!
sleep 0.7
kill -TERM "$pid"
code=0; wait "$pid" || code=$?
[ "$code" = 130 ] && grep -q 'kept before' "$dir/out" || fail "an interrupted import ends with $code: $(cat "$dir/out")"

# A statement too, though nothing in it gives way, and nobody waits for its 5 s.
"$BATON" -o alpha repl -e 'while true do end' >"$dir/out" 2>&1 &
pid=$!
sleep 0.5
began=$(date +%s%N)
kill -TERM "$pid"
code=0; wait "$pid" || code=$?
[ "$code" = 130 ] || fail "an interrupted statement ends with $code: $(cat "$dir/out")"
[ "$("$BATON" -o beta repl -e 'people.count{}')" = 0 ] || fail "after an interrupted statement"
[ $((($(date +%s%N) - began) / 1000000)) -lt 3000 ] || fail "an interrupted statement went on"

# Reload: settings that are wrong are refused and the old ones stay.
cp home/orgs/alpha/org.ini org.ini
echo 'nonsense' >> home/orgs/alpha/org.ini
code=0; "$BATON" -o alpha reload >"$dir/out" 2>&1 || code=$?
[ "$code" = 1 ] && grep -q 'org.ini' "$dir/out" || fail "reload of nonsense: $code $(cat "$dir/out")"
[ "$("$BATON" -o alpha repl -e 'people.count{}')" = 3 ] || fail "after a refused reload"
cp org.ini home/orgs/alpha/org.ini
sed -i 's/^title = .*/title = Renamed/' home/orgs/alpha/org.ini
"$BATON" -q reload || fail "reload"
[ "$("$BATON" -o alpha repl -e 'baton.org.title')" = Renamed ] || fail "the new title"

# What goes wrong by itself is more than information in the log.
mkdir -p home/plugins/broken
printf '[plugin]\nname = broken\nversion = 1.0.0\napi = 1\n' > home/plugins/broken/plugin.ini
echo 'oops(' > home/plugins/broken/init.lua
"$BATON" -q org add gamma --plugins broken 2>/dev/null
grep -q ' error org=gamma plugin broken is left out' "$dir/log" || fail "the level of a plugin that is left out"
"$BATON" status | grep -q 'gamma *UTC' || fail "the zone in the status"

# Not even an import keeps it from ending.
"$BATON" -o delta import people many.csv >"$dir/out" 2>&1 &
pid=$!
sleep 0.5
timeout 5 "$BATON" stop | grep -q Stopped || fail "stop"
code=0; wait "$pid" || code=$?
[ "$code" = 130 ] && grep -q 'the server is stopping' "$dir/out" || fail "a stopped import: $code $(cat "$dir/out")"
code=0; wait "$server" || code=$?
[ "$code" = 0 ] || fail "the server ended with $code"
code=0; "$BATON" stop >"$dir/out" 2>&1 || code=$?
[ "$code" = 3 ] || fail "stop without a server ends with $code"
[ "$("$BATON" -o alpha repl -e 'people.count{}')" = 3 ] || fail "after the server"

# SIGTERM ends it as well, and a killed one leaves nothing in the way.
start
"$BATON" -o delta import people many.csv >"$dir/out" 2>&1 &
pid=$!
sleep 0.5
kill -TERM "$server"
wait "$pid" || true
grep -q 'the server is stopping' "$dir/out" || fail "a terminated import: $(cat "$dir/out")"
code=0; wait "$server" || code=$?
[ "$code" = 0 ] || fail "SIGTERM ended it with $code"
start
"$BATON" -o alpha repl -e 'people.add{name="Di"}' >/dev/null
kill -KILL "$server"
wait "$server" 2>/dev/null || true
server=
[ "$("$BATON" -o alpha repl -e 'people.count{}')" = 4 ] || fail "after kill -9"
"$BATON" -q -o alpha audit verify || fail "audit after kill -9"
echo ok
