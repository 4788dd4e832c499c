#!/usr/bin/env bash
# The REPL and progress on a terminal, which script(1) makes.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export HOME="$dir" BATON_HOME="$dir/home" BATON_PLUGINS="$SOURCE/plugins" TERM=xterm
unset BATON_HISTORY XDG_STATE_HOME

fail() { echo "FAIL: $*" >&2; cat -v "$dir/out" >&2 2>/dev/null || true; exit 1; }
if ! command -v script >/dev/null; then
    echo "no script(1) here: nothing is tested"
    exit 0
fi
"$BATON" -q init "$BATON_HOME"
"$BATON" -q org add alpha --clock movable
"$BATON" -q repl -e 'people.add{name="Ada\27[2J"}' >/dev/null

# Lines, a continuation, a completion, an error, Ctrl-C, Ctrl-D.
{
    sleep 1
    printf '40 + 2\n'
    sleep 0.3
    printf 'function f()\n'
    sleep 0.3
    printf 'return "from f"\nend\n'
    sleep 0.3
    printf 'f()\n'
    sleep 0.3
    printf 'refer\t'
    sleep 0.3
    printf '\003'
    sleep 0.3
    printf 'error("oh no")\n'
    sleep 0.3
    printf 'people.get(1).name\n'
    sleep 0.3
    printf '\004'
    sleep 0.5
} | timeout 60 script -qec "exec $BATON repl" /dev/null >"$dir/out" 2>&1 || fail "the REPL ended with $?"
grep -q 'hosted here' "$dir/out" || fail "banner"
grep -q '42' "$dir/out" || fail "a result"
grep -q '\.\.> ' "$dir/out" || fail "the prompt of a continuation"
grep -q 'from f' "$dir/out" || fail "a function"
grep -q 'rals' "$dir/out" || fail "a completion"
grep -q 'oh no' "$dir/out" || fail "an error"
grep -q 'x1b' "$dir/out" || fail "an escape in data came through"
grep -q 'function' "$dir/.local/state/baton/history" || fail "history"
[ "$(stat -c %a "$dir/.local/state/baton/history")" = 600 ] || fail "others may read the history"

# What does not end it: a list on an empty line, Ctrl-C and Ctrl-L there, an unfinished string. A
# list draws the prompt once and leaves the line as it was; the only match gets its quote.
"$BATON" -q repl -e 'people.add{name="Ben"}' >/dev/null
{
    sleep 1
    printf '\t'
    sleep 0.4
    printf '1 + 1 == 2\n'
    sleep 0.3
    printf 'people.get("P-\t'
    sleep 0.4
    printf '1\t).name .. "!"\n'
    sleep 0.4
    printf 'people.get("P-\t'
    sleep 0.3
    printf '\003'
    sleep 0.3
    printf '\014'
    sleep 0.3
    printf 'x = "a\n'
    sleep 0.3
    printf '\014'
    sleep 0.3
    printf 'x\177'
    sleep 0.3
    printf 'for i = 1, 2 do\n'
    sleep 0.3
    printf 'print("round " .. i)\nend\n'
    sleep 0.3
    printf '\020'
    sleep 0.3
    printf '\n'
    sleep 0.3
    printf '"still " .. "here"\n'
    sleep 0.3
    printf 'exit\n'
    sleep 0.5
} | timeout 60 script -qec "exec $BATON repl" /dev/null >"$dir/out" 2>&1 || fail "the REPL ended with $?"
grep -q 'referrals' "$dir/out" || fail "the list on an empty line"
grep -q '^true' "$dir/out" || fail "Tab on an empty line ended it"
grep -q 'P-1  P-2' "$dir/out" || fail "the list of ids"
grep -q '!' "$dir/out" || fail "a completed line"
grep -q '^Ada' "$dir/out" || fail "the completed quote"
if grep -q 'alpha> alpha>' "$dir/out"; then fail "the prompt is drawn twice"; fi
[ "$(grep -c '^round 1' "$dir/out")" = 2 ] || fail "a statement of several lines from the history"
grep -q 'still here' "$dir/out" || fail "something ended it early"

# A timer that fires while the REPL waits says so above the prompt.
printf 'timers.add{name="tea", at_ms=clock.now() + 1500}\n' > "$dir/line"
{
    sleep 1
    cat "$dir/line"
    sleep 3
    printf '\004'
    sleep 0.5
} | timeout 60 script -qec "exec $BATON repl" /dev/null >"$dir/out" 2>&1 || fail "the REPL ended with $?"
grep -q '^.*\* .*tea' "$dir/out" || fail "a timer"

# Progress on a terminal, none in a pipe.
printf 'for i = 1, 30 do progress(i, 30, "steps") local t = clock.now() while clock.now() < t + 20 do end end\n' > "$dir/p.lua"
timeout 60 script -qec "exec $BATON run $dir/p.lua" /dev/null </dev/null >"$dir/out" 2>&1 || fail "progress ended with $?"
grep -q 'steps \[#' "$dir/out" || fail "no progress on a terminal"
[ -z "$("$BATON" run "$dir/p.lua" 2>&1)" ] || fail "progress in a pipe"
echo ok
