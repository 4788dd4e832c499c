#!/usr/bin/env bash
# import and export: CSV and JSON Lines, mapping, refused lines, pipes.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export HOME="$dir" BATON_HOME="$dir/home" BATON_PLUGINS="$SOURCE/plugins"

fail() { echo "FAIL: $*" >&2; exit 1; }

"$BATON" -q init "$BATON_HOME"
"$BATON" -q org add alpha
cd "$dir"
cat > people.csv <<'END'
Given Name,email,external_id,shoe size
"Ada, Countess",ada@example.org,a1,38
Ben,,b1,43
Zoë,zoe@example.org,z1,40
END
code=0
"$BATON" import people people.csv --map "Given Name=name" >out 2>&1 || code=$?
[ "$code" != 0 ] || fail "an unknown column was taken"
grep -q 'shoe size' out || fail "unknown column: $(cat out)"
"$BATON" import people people.csv --map "Given Name=name" --skip-unknown --dry-run >out || fail "$(cat out)"
grep -q 'dry run' out || fail "dry run: $(cat out)"
[ "$("$BATON" repl -e 'people.count{}')" = 0 ] || fail "a dry run kept something"
"$BATON" import people people.csv --map "Given Name=name" --skip-unknown >out
grep -q '3 created' out || fail "import: $(cat out)"
"$BATON" import people people.csv --map "Given Name=name" --map "shoe size=" --json >out
grep -q '"unchanged":3' out || fail "again: $(cat out)"

# A map file, a separator, standard input.
printf '[columns]\nVorname = name\nMail = email\n' > map.ini
printf 'Vorname;Mail\r\nDörte;doerte@example.org\r\n' |
    "$BATON" import people - --map-file map.ini --separator ';' >out || fail "$(cat out)"
grep -q '1 created' out || fail "stdin: $(cat out)"
rest=$(find /tmp -maxdepth 1 -name 'baton-import-*' -user "$(id -u)" -newer map.ini | wc -l)
[ "$rest" = 0 ] || fail "a temporary file was left"

# Refused lines: named with line and column, at most 20 of them, exit code 1.
{ echo 'name,birth_date,external_id'; for i in $(seq 30); do echo ",,r$i"; done; echo 'Eve,,e1'; } > bad.csv
code=0
"$BATON" import people bad.csv >out 2>err || code=$?
[ "$code" = 1 ] || fail "refused lines end with $code"
grep -q '^line 2: .*name' err || fail "refused: $(cat err)"
[ "$(grep -c '^line ' err)" = 20 ] || fail "refused lines shown: $(grep -c '^line ' err)"
grep -q '10 refused lines more' err || fail "more: $(cat err)"
grep -q '1 created.*30 refused' out || fail "counts: $(cat out)"

# Out and in again: the same.
"$BATON" export people out.csv >/dev/null
"$BATON" export people out.jsonl >/dev/null
[ "$(wc -l < out.jsonl)" = 5 ] || fail "jsonl has $(wc -l < out.jsonl) lines"
"$BATON" export people - | cmp - out.csv || fail "export - differs"
"$BATON" export people - --format jsonl | cmp - out.jsonl || fail "export - jsonl differs"
"$BATON" -q org add beta
"$BATON" --org beta import people out.jsonl --map id= >out 2>&1 || fail "$(cat out)"
grep -q '5 created' out || grep -q '5 lines' out || fail "jsonl in: $(cat out)"

code=0; "$BATON" --org alpha import peple out.csv >out 2>&1 || code=$?
[ "$code" = 2 ] && grep -q 'did you mean "people"' out || fail "entity: $code $(cat out)"
code=0; "$BATON" --org alpha import people none.csv >out 2>&1 || code=$?
[ "$code" = 3 ] || fail "no file: $code $(cat out)"
code=0; "$BATON" --org alpha import people map.ini >out 2>&1 || code=$?
[ "$code" = 2 ] || fail "no format: $code $(cat out)"
code=0; "$BATON" --org alpha export people "$dir/no/such/x.csv" >out 2>&1 || code=$?
[ "$code" = 8 ] || fail "no folder: $code $(cat out)"
code=0; "$BATON" --org alpha export people /dev/full --format csv >out 2>&1 || code=$?
[ "$code" = 8 ] || fail "disk full: $code $(cat out)"

# Pipes and devices are ours, not of whoever hosts the organisation.
mkfifo "$dir/pipe.csv"
cat "$dir/pipe.csv" > piped.csv & reader=$!
"$BATON" --org alpha export people "$dir/pipe.csv" >out 2>&1 || fail "export to a pipe: $(cat out)"
wait "$reader"
"$BATON" --org alpha export people - | cmp - piped.csv || fail "what came through the pipe differs"
"$BATON" --org alpha export people /dev/stdout --format csv -q > direct.csv || fail "/dev/stdout"
cmp direct.csv piped.csv || fail "/dev/stdout differs"
cat piped.csv > "$dir/pipe.csv" & writer=$!
"$BATON" --org alpha import people "$dir/pipe.csv" >out 2>&1 || fail "import from a pipe: $(cat out)"
wait "$writer"
grep -q 'unchanged' out || fail "import from a pipe: $(cat out)"
"$BATON" --org alpha import people <(cat piped.csv) --format csv >out 2>&1 || fail "a substitution: $(cat out)"

# A column that is not known names the ways out; a reference may go without its _id, as in Lua.
printf 'Title,zip\nx,1\n' > cols.csv
code=0; "$BATON" --org alpha import tasks cols.csv >out 2>&1 || code=$?
[ "$code" = 1 ] && grep -q -e '--map' out && grep -q -e '--skip-unknown' out || fail "unknown column: $code $(cat out)"
"$BATON" --org alpha -q repl -e 'staff.add{name="Ines", roles="lead"}' >/dev/null
printf 'title,assignee,who\nCall,S-1,\n' > ref.csv
"$BATON" --org alpha import tasks ref.csv --map who= >out 2>&1 || fail "a reference: $(cat out)"
grep -q '1 line, 1 created' out || fail "one line: $(cat out)"
[ "$("$BATON" --org alpha repl -e 'tasks.first{}.assignee.name')" = Ines ] || fail "the reference"
printf 'title,assignee\nCall,S-77\n' > ref.csv
code=0; "$BATON" --org alpha import tasks ref.csv --json >out 2>&1 || code=$?
[ "$code" = 1 ] && grep -q '"line":2,"message":"' out || fail "refused as JSON: $code $(cat out)"
if grep -q '"message":"line' out; then fail "the line is said twice: $(cat out)"; fi
echo ok
