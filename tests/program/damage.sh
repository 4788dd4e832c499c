#!/usr/bin/env bash
# audit verify and doctor: a forged history, a damaged file, open permissions, a second process.
set -eu
dir=$(mktemp -d)
holder=
trap '[ -z "$holder" ] || kill "$holder" 2>/dev/null || true; rm -rf "$dir"' EXIT
export HOME="$dir" BATON_HOME="$dir/home" BATON_PLUGINS="$SOURCE/plugins" LC_ALL=C

fail() { echo "FAIL: $*" >&2; exit 1; }
db="$BATON_HOME/orgs/alpha/org.db"

"$BATON" -q init "$BATON_HOME"
"$BATON" -q org add alpha
for i in 1 2 3; do echo "people.add{name=\"person number $i\"}"; done | "$BATON" repl >/dev/null
"$BATON" audit verify | grep -q 'the history is whole' || fail "audit"
"$BATON" audit verify --json | grep -q '"broken_seq":0' || fail "audit --json"
"$BATON" doctor >"$dir/out" || fail "doctor: $(cat "$dir/out")"
grep -q '0 bad' "$dir/out" || fail "doctor: $(cat "$dir/out")"
"$BATON" doctor --json | grep -q '"level":"ok"' || fail "doctor --json"

# Someone forges what happened.
cp "$db" "$dir/good.db"
sed -i 's/person number 2/person number 9/g' "$db"
code=0; "$BATON" audit verify >"$dir/out" 2>&1 || code=$?
[ "$code" = 9 ] || fail "a forged history ends with $code: $(cat "$dir/out")"
grep -q 'broken at line 2' "$dir/out" || fail "the broken line: $(cat "$dir/out")"
cp "$dir/good.db" "$db"

# Forged with care: a payload taken out, a row changed, what is due struck out.
"$BATON" repl -e 'timers.add{name="tea", at="2 days"}' >/dev/null
cp "$db" "$dir/good.db"
forge() { # what the audit must say, SQL
    sqlite3 "$db" "$2"
    code=0; "$BATON" audit verify >"$dir/out" 2>&1 || code=$?
    [ "$code" = 9 ] && grep -q "$1" "$dir/out" || fail "$2: $code $(cat "$dir/out")"
    rm -f "$db-wal" "$db-shm"
    cp "$dir/good.db" "$db"
}
forge 'its hash differs' "UPDATE event SET digest = zeroblob(32), payload = NULL, salt = NULL WHERE seq = 3"
forge 'name' "UPDATE person SET name = 'somebody else' WHERE id = 3"
forge 'list of what is due' "DELETE FROM due"

# No database, or not one.
code=0; printf 'this is no database at all, but long enough to be looked at %01000d' 0 > "$db"
"$BATON" repl -e 1 >"$dir/out" 2>&1 || code=$?
[ "$code" = 9 ] || fail "no database ends with $code: $(cat "$dir/out")"
code=0; "$BATON" doctor >"$dir/out" 2>&1 || code=$?
[ "$code" = 1 ] && grep -q '^bad .*org alpha' "$dir/out" && grep -q 'remedy: .*backup' "$dir/out" ||
    fail "doctor of a damaged file: $code $(cat "$dir/out")"
cp "$dir/good.db" "$db"
rm -f "$db-wal" "$db-shm"

# Folders that others may read.
chmod 755 "$BATON_HOME"
"$BATON" doctor >"$dir/out" || fail "a warning is no failure: $(cat "$dir/out")"
grep -q 'remedy: chmod 700' "$dir/out" || fail "permissions: $(cat "$dir/out")"
chmod 700 "$BATON_HOME"

# A plugin that does not load is named; the organisation works without it.
mkdir -p "$BATON_HOME/plugins/broken"
printf '[plugin]\nname = broken\nversion = 1.0.0\napi = 1\n' > "$BATON_HOME/plugins/broken/plugin.ini"
printf 'local x = nil\nx.y = 1\n' > "$BATON_HOME/plugins/broken/init.lua"
sed -i 's/^; plugins = .*/plugins = broken/' "$BATON_HOME/orgs/alpha/org.ini"
grep -q '^plugins = broken' "$BATON_HOME/orgs/alpha/org.ini" || fail "org.ini: $(cat "$BATON_HOME/orgs/alpha/org.ini")"
[ "$("$BATON" -q repl -e 'people.count{}')" = 3 ] || fail "with a broken plugin"
code=0; "$BATON" doctor >"$dir/out" 2>&1 || code=$?
[ "$code" = 1 ] && grep -q 'broken.*init.lua:2' "$dir/out" || fail "doctor of a broken plugin: $code $(cat "$dir/out")"
sed -i 's/^plugins = .*/; plugins = none/' "$BATON_HOME/orgs/alpha/org.ini"

# A second process.
mkfifo "$dir/in"
"$BATON" repl <"$dir/in" >/dev/null 2>&1 &
holder=$!
exec 3>"$dir/in"
echo 'x = 1' >&3
for _ in $(seq 100); do
    [ -e "$BATON_HOME/orgs/alpha/org.pid" ] && break
    sleep 0.05
done
code=0; "$BATON" repl -e 1 >"$dir/out" 2>&1 || code=$?
[ "$code" = 6 ] && grep -q "$holder" "$dir/out" || fail "a second process: $code $(cat "$dir/out")"
exec 3>&-
wait "$holder" || fail "the first process ended with $?"
holder=
[ "$("$BATON" repl -e 'people.count{}')" = 3 ] || fail "afterwards"
echo ok
