#!/usr/bin/env bash
# The REPL with -e and with piped input: bare results, the first error stops it.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export HOME="$dir" BATON_HOME="$dir/home" BATON_PLUGINS="$SOURCE/plugins"

fail() { echo "FAIL: $*" >&2; exit 1; }

"$BATON" -q init "$BATON_HOME"
"$BATON" -q org add alpha --clock movable

[ "$("$BATON" repl -e '1 + 1')" = 2 ] || fail "-e: $("$BATON" repl -e '1 + 1')"
[ "$("$BATON" repl -e 'x = 20' -e 'x + 1')" = 21 ] || fail "a session of two -e"
[ "$(printf '1+1\n\nfunction f(a)\n  return a * 2\nend\nf(21)\n' | "$BATON" repl)" = "$(printf '2\n42')" ] ||
    fail "piped lines"
[ "$(printf '7\nquit\n8\n' | "$BATON" repl)" = 7 ] || fail "quit"

# Work is kept, statement by statement; what fails leaves nothing.
printf 'ada = people.add{name="Ada"}\npeople.add{name="Ben"}\n' | "$BATON" -q repl >/dev/null
[ "$("$BATON" repl -e 'people.count{}')" = 2 ] || fail "two people"
code=0
said=$(printf 'people.add{name="Cy"}\n\npeople.add{name="Di"}; error("stop here")\npeople.add{name="Ed"}\n' |
    "$BATON" repl 2>&1 >/dev/null) || code=$?
[ "$code" = 1 ] || fail "an error ends with $code"
case $said in *"line 3 of the input"*"stop here"*) ;; *) fail "the error says: $said" ;; esac
[ "$("$BATON" repl -e 'people.count{}')" = 3 ] || fail "the failed statement left something"

code=0
said=$(printf 'for i = 1, 3 do\n  print(i)\n' | "$BATON" repl 2>&1) || code=$?
[ "$code" = 1 ] || fail "an unfinished statement ends with $code"
case $said in *"lines 1 to 2"*"ends before"*) ;; *) fail "unfinished: $said" ;; esac
code=0
"$BATON" repl -e 'people.add{nmae="x"}' >"$dir/out" 2>&1 || code=$?
[ "$code" = 1 ] || fail "an unknown column ends with $code"
grep -q 'did you mean "name"' "$dir/out" || fail "unknown column: $(cat "$dir/out")"
code=0
"$BATON" --as S-99 repl -e 1 >"$dir/out" 2>&1 || code=$?
[ "$code" = 3 ] || fail "an unknown member of staff ends with $code: $(cat "$dir/out")"

# Errors as JSON, on the standard output.
code=0
said=$("$BATON" --json repl -e 'error("no")' 2>/dev/null) || code=$?
case $said in '{"error":{"code":"script"'*) ;; *) fail "json error: $said" ;; esac

# Results as JSON: a line each, records as objects, whatever JSON does not know as text.
[ "$("$BATON" --json repl -e 'people.get(1).name' -e '1, nil' -e 'people.find{name="nobody"}' -e '{a={1,2}}')" = \
    "$(printf '"Ada"\n1\nnull\n[]\n{"a":[1,2]}')" ] || fail "json: $("$BATON" --json repl -e '1, nil')"
case $("$BATON" --json repl -e 'people.find{name="Ada"}') in
'[{'*'"name":"Ada"'*'"ref":"P-1"'*'}]') ;;
*) fail "rows as JSON: $("$BATON" --json repl -e 'people.find{name="Ada"}')" ;;
esac
[ "$("$BATON" --json repl -e 'print')" = '"function"' ] || fail "a function as JSON"

# A statement that never ends is stopped.
code=0
"$BATON" repl -e 'while true do end' >"$dir/out" 2>&1 || code=$?
[ "$code" = 7 ] || fail "an endless statement ends with $code: $(cat "$dir/out")"

# Ctrl-C stops a statement at once.
"$BATON" repl -e 'while true do end' >"$dir/out" 2>&1 &
pid=$!
sleep 0.5
kill -INT "$pid" 2>/dev/null || kill -TERM "$pid"
code=0
wait "$pid" || code=$?
[ "$code" = 130 ] || [ "$code" = 7 ] || fail "an interrupted statement ends with $code: $(cat "$dir/out")"

# Time moves in order, and says what fired.
printf 'timers.add{name="ring", at_ms="2 hours"}\nclock.advance("3 hours")\n' | "$BATON" repl >"$dir/out" 2>&1 ||
    fail "$(cat "$dir/out")"
grep -q 'ring' "$dir/out" || fail "the timer did not say that it fired: $(cat "$dir/out")"
echo ok
