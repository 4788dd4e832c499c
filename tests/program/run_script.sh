#!/usr/bin/env bash
# baton run: arguments, files that it may touch, errors, Ctrl-C.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export HOME="$dir" BATON_HOME="$dir/home" BATON_PLUGINS="$SOURCE/plugins"

fail() { echo "FAIL: $*" >&2; exit 1; }

"$BATON" -q init "$BATON_HOME"
"$BATON" -q org add alpha
mkdir "$dir/work" "$dir/outside"
cd "$dir/work"

cat > names.csv <<'END'
name,email
Ada,ada@example.org
Ben,ben@example.org
END
cat > in.lua <<'END'
print(arg[0], #arg)
for row in csv.read(arg[1]) do
  people.add{name = row.name, email = row.email}
  progress(1, 2, "people")
end
csv.write(arg[2], {{name = "x", n = 1}}, {columns = {"name", "n"}})
print(people.count{})
END
[ "$("$BATON" run in.lua names.csv "$dir/outside/out.csv" --home x)" = "$(printf 'in.lua\t4\n2')" ] || fail "run"
[ "$(tr -d '\r' < "$dir/outside/out.csv")" = "$(printf 'name,n\nx,1')" ] ||
    fail "written: $(cat "$dir/outside/out.csv")"

# Not named on the command line, not below the current folder.
echo 'print(csv.read("'"$dir"'/outside/out.csv"))' > peek.lua
code=0
"$BATON" run peek.lua >"$dir/out" 2>&1 || code=$?
[ "$code" != 0 ] || fail "a script read a file that it may not"
ln -s ../outside/out.csv link.csv
echo 'print(csv.read("link.csv"))' > link.lua
if "$BATON" run link.lua >"$dir/out" 2>&1; then fail "a script read through a link"; fi

# Errors name file and line; writes before it are kept, each its own turn.
printf 'people.add{name="Cy"}\nerror("broken here")\n' > bad.lua
code=0
"$BATON" run bad.lua >"$dir/out" 2>&1 || code=$?
[ "$code" = 1 ] || fail "a failing script ends with $code"
grep -q 'bad.lua:2.*broken here' "$dir/out" || fail "error: $(cat "$dir/out")"
[ "$("$BATON" repl -e 'people.count{}')" = 3 ] || fail "the write before the error"
printf 'baton.turn(function() people.add{name="Di"} error("no") end)\n' > turn.lua
if "$BATON" run turn.lua >"$dir/out" 2>&1; then fail "turn"; fi
[ "$("$BATON" repl -e 'people.count{}')" = 3 ] || fail "baton.turn is all or nothing"
printf 'x = = 1\n' > syntax.lua
if "$BATON" run syntax.lua >"$dir/out" 2>&1; then fail "syntax"; fi
grep -q 'syntax.lua:1' "$dir/out" || fail "syntax: $(cat "$dir/out")"
code=0
"$BATON" run none.lua >"$dir/out" 2>&1 || code=$?
[ "$code" = 3 ] || fail "a script that is not there ends with $code"
head -c 1200000 /dev/zero | tr '\0' ' ' > large.lua
code=0
"$BATON" run large.lua >"$dir/out" 2>&1 || code=$?
[ "$code" = 7 ] || fail "a script over the limit ends with $code: $(cat "$dir/out")"

# Ctrl-C: the script ends with 130, what it wrote before is there.
printf 'while true do people.add{name="again"} end\n' > loop.lua
"$BATON" run loop.lua >"$dir/out" 2>&1 &
pid=$!
sleep 1
kill -TERM "$pid" # a background job of a script ignores SIGINT
code=0
wait "$pid" || code=$?
[ "$code" = 130 ] || fail "an interrupted script ends with $code: $(cat "$dir/out")"
[ "$("$BATON" repl -e 'people.count{name="again"} > 0')" = true ] || fail "written before Ctrl-C"
"$BATON" -q audit verify || fail "audit after Ctrl-C"
# Also within dry, and in a dry run, which are one turn and have no slices.
printf 'dry(function() people.add{name="tried"} while true do pcall(function() while true do end end) end end)\n' > loop.lua
for option in '' --dry-run; do
    # shellcheck disable=SC2086  # none or one
    "$BATON" run $option loop.lua >"$dir/out" 2>&1 &
    pid=$!
    sleep 1
    kill -TERM "$pid"
    code=0
    wait "$pid" || code=$?
    [ "$code" = 130 ] || fail "dry that is interrupted ends with $code: $(cat "$dir/out")"
    [ "$("$BATON" repl -e 'people.count{name="tried"}')" = 0 ] || fail "kept by an interrupted dry"
done
echo ok
