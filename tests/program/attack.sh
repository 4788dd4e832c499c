#!/usr/bin/env bash
# baton doctor --attack against the program itself: every group that has attacks has passed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export TMPDIR="$dir" BATON_PLUGINS="$SOURCE/plugins"
unset BATON_HOME

fail() { echo "FAIL: $*" >&2; exit 1; }

# A name that is none; then a table, with one attack; nothing stays behind.
code=0; "$BATON" doctor --attack --only nonsense >"$dir/out" 2>&1 || code=$?
[ "$code" = 2 ] && grep -q 'no attack "nonsense"' "$dir/out" || fail "--only: $code $(cat "$dir/out")"
"$BATON" doctor --attack --only loop-guard >"$dir/out" || fail "one: $(cat "$dir/out")"
grep -q '1 attacks: 0 failed' "$dir/out" || fail "one: $(cat "$dir/out")"
grep -Eq '^ *1  loop-guard .* ok$' "$dir/out" || fail "the table: $(cat "$dir/out")"

# All of them.
"$BATON" doctor --attack --json >"$dir/all.json" 2>"$dir/err" ||
    fail "$(cat "$dir/err"; grep -o '{"group"[^}]*"FAILED"[^}]*}' "$dir/all.json"; grep -o '"log":.*' "$dir/all.json")"
for group in 1 2 3 4 5 6 7 8 9 10; do
    grep -Eq "\"group\": *$group," "$dir/all.json" || fail "no attack of group $group"
done
grep -q '"failed":0}' "$dir/all.json" || fail "$(tail -c 200 "$dir/all.json")"

# Ctrl-C: it ends soon, and cleans up.
"$BATON" doctor --attack --only 1 >"$dir/out" 2>&1 &
pid=$!
for _ in $(seq 200); do
    if compgen -G "$dir/baton-attack-*/baton.sock" >/dev/null; then break; fi
    sleep 0.05
done
kill -TERM "$pid"
code=0; wait "$pid" || code=$?
[ "$code" = 130 ] || fail "interrupted: $code $(cat "$dir/out")"
if compgen -G "$dir/baton-attack-*"; then fail "something is left behind"; fi
echo ok
