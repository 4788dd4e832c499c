#!/usr/bin/env bash
# Keeping and letting go: backup and restore, with and without a server; person and organisation erased;
# checkpoints that an outsider checks.
set -eu
dir=$(mktemp -d)
server=
writer=
trap '[ -z "$writer" ] || kill "$writer" 2>/dev/null || true; [ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
export HOME="$dir" BATON_HOME="$dir/home" BATON_PLUGINS="$SOURCE/plugins" LC_ALL=C
unset BATON_HISTORY

fail() { echo "FAIL: $*" >&2; exit 1; }
code() { # exit code, command…: its output in $dir/out
    local wanted=$1 got=0
    shift
    "$@" >"$dir/out" 2>&1 || got=$?
    [ "$got" = "$wanted" ] || fail "$* ends with $got, not $wanted: $(cat "$dir/out")"
}
says() { grep -q -- "$1" "$dir/out" || fail "\"$1\" is not in: $(cat "$dir/out")"; }

"$BATON" -q init "$BATON_HOME"
"$BATON" -q org add school --plugins simple_referral
school=$BATON_HOME/orgs/school
cat >"$dir/fill.lua" <<'END'
local p = people.add{name="Xenobia Quetzalfeather", email="xq@unique.example", phone="+49 555 0199"}
people.add{name="Ben Other"}
local partner = partners.add{name="Centre"}
local service = services.add{name="Tutoring", partner=partner}
local r = referrals.open{workflow="simple_referral", title="Reading, Quetzalfeather", subject=p, partner=partner, service=service}
notes.add{about=r, text="the trouble of Quetzalfeather"}
notes.add{about=p, text="Quetzalfeather is shy"}
tasks.add{title="Call Quetzalfeather", about=r}
consents.add{person=p, purpose="contact", status="given", how="paper of Quetzalfeather"}
messages.send{about=r, to="xq@unique.example", subject="Dear Quetzalfeather", body="Quetzalfeather!"}
p:set{name="Xenobia Quetzalfeather-Smith"}
r:set{title="Reading and writing, Quetzalfeather"}
END
"$BATON" -q run "$dir/fill.lua" >/dev/null
mkdir -p "$school/plugins/own/deep"
printf 'hello' >"$school/plugins/own/deep/x.lua"

# A backup is a tar that other tools read, verified, noted.
code 0 "$BATON" backup school "$dir/one.tar"
says 'backed up to .*one.tar and verified'
tar tf "$dir/one.tar" | head -n 1 | grep -qx school/backup.json || fail "the first member"
mkdir "$dir/by_hand"
tar xf "$dir/one.tar" -C "$dir/by_hand"
(cd "$dir/by_hand" && sha256sum --quiet -c school/backup.sha256) || fail "sums"
[ -e "$dir/by_hand/school/plugins/own/deep/x.lua" ] || fail "own plugins"
[ "$(stat -c %a "$dir/one.tar")" = 600 ] || fail "others may read a backup"
code 5 "$BATON" backup school "$dir/one.tar"
code 0 "$BATON" backup school "$dir/one.tar" --force
code 1 "$BATON" backup school "$school/x.tar"
says 'lies among the organisations'
code 8 "$BATON" backup school "$dir/no/such/x.tar"
code 3 "$BATON" backup scool "$dir/x.tar"
says 'did you mean "school"'
[ -z "$(find "$dir" -maxdepth 1 -name '*.part*')" ] || fail "something half done was left"

# Signed, and kept by somebody else.
code 0 "$BATON" audit checkpoint "$dir/kept.txt"
code 5 "$BATON" audit checkpoint "$dir/kept.txt"
"$BATON" audit key >"$dir/key.pem"
[ "$(stat -c %a "$BATON_HOME/checkpoint.pem")" = 600 ] || fail "the private key can be read"
code 0 "$BATON" audit verify --checkpoint "$dir/kept.txt"
says 'it is the history that was signed'
code 0 "$BATON" audit verify --checkpoint "$dir/kept.txt" --key "$dir/key.pem"
code 0 "$BATON" audit verify --checkpoint "$dir/kept.txt" --key "$(sed -n 2p "$dir/key.pem")"
if command -v openssl >/dev/null && openssl pkeyutl -help 2>&1 | grep -q rawin; then
    sed -n '/^signature /!p' "$dir/kept.txt" >"$dir/message"
    sed -n 's/^signature //p' "$dir/kept.txt" | base64 -d >"$dir/signature"
    code 0 openssl pkeyutl -verify -pubin -inkey "$dir/key.pem" -rawin -in "$dir/message" -sigfile "$dir/signature"
    sed -i 's/^events .*/events 3/' "$dir/message"
    code 1 openssl pkeyutl -verify -pubin -inkey "$dir/key.pem" -rawin -in "$dir/message" -sigfile "$dir/signature"
fi
sed 's/^at 2/at 3/' "$dir/kept.txt" >"$dir/forged.txt"
code 9 "$BATON" audit verify --checkpoint "$dir/forged.txt"
says 'signature does not hold'
head -c 100 "$dir/kept.txt" >"$dir/forged.txt"
code 1 "$BATON" audit verify --checkpoint "$dir/forged.txt"
"$BATON" -q init "$dir/other"
code 9 "$BATON" audit verify --checkpoint "$dir/kept.txt" --key "$("$BATON" --home "$dir/other" audit key | sed -n 2p)"
says 'another key'
"$BATON" -q --home "$dir/other" org add school
code 9 "$BATON" --home "$dir/other" audit verify --checkpoint "$dir/kept.txt" --key "$dir/key.pem"
says 'another history'

# Exports are noted, too.
"$BATON" -q export people "$dir/people.csv"
"$BATON" -q export partners "$dir/partners.csv"

# A person is erased: refused while a referral is open; then no byte is left.
code 2 "$BATON" person erase P-1 --yes
says 'reason'
code 2 "$BATON" person erase P-1 --reason x </dev/null
says '--yes'
code 5 "$BATON" person erase P-1 --reason 'request of 2026-11-20' --yes
says 'R-1'
code 0 "$BATON" person show P-1
says '"note":'
says 'one.tar'
code 0 "$BATON" person erase P-1 --reason 'request of 2026-11-20' --yes --with-open
says 'notes 2'
says 'one.tar'
says 'people.csv'
if grep -q partners.csv "$dir/out"; then fail "a copy without people: $(cat "$dir/out")"; fi
found=$(grep -rail -e zalfeath -e 'xq@unique' "$school" || true)
[ -z "$found" ] || fail "bytes are left in $found"
[ -z "$(ls "$school/outbox")" ] || fail "the message is left"
code 0 "$BATON" audit verify --checkpoint "$dir/kept.txt"
says 'payloads erased'
says 'it is the history that was signed'
[ "$("$BATON" repl -e 'people.get("P-1").name')" = "(erased)" ] || fail "the stub"
[ "$("$BATON" repl -e '#people.search("quetzalfeather")')" = 0 ] || fail "search"
[ "$("$BATON" repl -e 'referrals.get("R-1").stage')" = requested ] || fail "the referral"
code 0 "$BATON" person erase P-1 --reason again --yes --with-open
says 'nothing of P-1 was left'
"$BATON" -q repl -e 'r = referrals.open{workflow="simple_referral", title="Once of Yan", subject=people.add{name="Yan"}, partner=partners.get(1), service=services.get(1)}' -e 'r:set{subject=people.get("P-2")}' >/dev/null
code 0 "$BATON" person show P-3
says 'Once about P-3, now about somebody else.*R-2'
code 0 "$BATON" person erase P-3 --reason x --yes
says 'Once about P-3, now about somebody else.*R-2'

# A file that could not be removed goes the next time.
"$BATON" -q repl -e 'messages.send{to=people.add{name="Zoe", email="zoe@unique.example"}, body="Dear Zoezoe"}' >/dev/null
file=$(grep -l Zoezoe "$school"/outbox/*)
mv "$file" "$dir/aside"
mkdir "$file"
code 8 "$BATON" person erase P-4 --reason x --yes
says 'erase again'
rmdir "$file"
mv "$dir/aside" "$file"
code 0 "$BATON" person erase P-4 --reason x --yes
says 'only files of messages were left'
[ ! -e "$file" ] || fail "the message is left"
code 3 "$BATON" person erase P-77 --reason x --yes
code 1 "$BATON" person erase R-1 --reason x --yes
"$BATON" -q repl -e 'staff.add{name="Jo", roles="lead"}' >/dev/null
code 4 "$BATON" --as S-1 person erase P-2 --reason x --yes

# Everything in open formats; what was erased stays erased.
code 0 "$BATON" org export school "$dir/export"
for name in people referrals notes staff; do
    [ -e "$dir/export/$name.csv" ] || fail "export: $name.csv"
    [ -e "$dir/export/$name.jsonl" ] || fail "export: $name.jsonl"
done
grep -q '"erased":"' "$dir/export/events.jsonl" || fail "events: $(head -n 1 "$dir/export/events.jsonl")"
if grep -rqi quetzalfeather "$dir/export"; then fail "the export tells"; fi
code 5 "$BATON" org export school "$dir/export"

# A restore: refused where there is one, under another name, in its place.
code 5 "$BATON" restore "$dir/one.tar"
says '--replace'
code 0 "$BATON" restore "$dir/one.tar" practice
[ "$("$BATON" --org practice repl -e 'people.get("P-1").name')" = "Xenobia Quetzalfeather-Smith" ] || fail "practice"
[ "$(cat "$BATON_HOME/orgs/practice/plugins/own/deep/x.lua")" = hello ] || fail "own plugins came back"
code 0 "$BATON" restore "$dir/one.tar" --replace
says 'school.replaced'
says 'are back: P-1'
code 0 "$BATON" --org school audit verify
code 0 "$BATON" --org school person erase P-1 --reason again --yes --with-open
says 'replaced by a restore'
for bad in empty:: "text:this is no backup:" ; do
    printf '%s' "${bad#*:}" >"$dir/bad.tar"
    code 9 "$BATON" restore "$dir/bad.tar" bad
done
code 3 "$BATON" restore "$dir/none.tar" bad
# Made by hand: fine; by a newer baton: refused.
by_hand() {
    (cd "$dir/by_hand" && rm -f school/org.db-* && find school -type f ! -name 'backup.*' -print0 | xargs -0 \
        sha256sum school/backup.json >school/backup.sha256 &&
        tar --format=ustar -cf "$dir/by_hand.tar" school/backup.json &&
        find school -type f ! -name 'backup.*' -print0 | xargs -0 tar --format=ustar -rf "$dir/by_hand.tar" &&
        tar --format=ustar -rf "$dir/by_hand.tar" school/backup.sha256)
}
by_hand
code 0 "$BATON" restore "$dir/by_hand.tar" by_hand
code 0 "$BATON" org erase by_hand --yes
sqlite3 "$dir/by_hand/school/org.db" 'PRAGMA user_version = 99'
by_hand
code 5 "$BATON" restore "$dir/by_hand.tar" by_hand
says 'newer baton'

# With a server, while others write.
"$BATON" serve --log warn 2>"$dir/log" &
server=$!
for _ in $(seq 100); do
    [ -S "$BATON_HOME/baton.sock" ] && break
    sleep 0.05
done
printf 'for i = 1, 200000 do people.add{name="w" .. i} end\n' >"$dir/write.lua"
"$BATON" --org practice run "$dir/write.lua" >/dev/null 2>&1 &
writer=$!
for i in 1 2 3; do
    code 0 "$BATON" backup practice "$dir/live$i.tar"
    says 'verified'
done
code 0 "$BATON" --org practice audit verify
kill "$writer" 2>/dev/null || true
wait "$writer" 2>/dev/null || true
writer=
code 0 "$BATON" restore "$dir/live2.tar" third
[ "$("$BATON" --org third repl -e 'people.count() > 2')" = true ] || fail "the third backup"
many=$("$BATON" --org practice repl -e 'people.count()')
code 0 "$BATON" restore "$dir/live1.tar" practice --replace
[ "$("$BATON" --org practice repl -e 'people.count()')" -lt "$many" ] || fail "the server goes on with the old one"
code 0 "$BATON" --org practice person erase P-1 --reason again --yes --with-open
found=$(grep -rail zalfeath "$BATON_HOME/orgs/practice" || true)
[ -z "$found" ] || fail "bytes are left in $found, with a server"
code 0 "$BATON" --org practice audit verify
code 2 "$BATON" org erase third </dev/null
code 0 "$BATON" org erase third --yes
says 'third is erased'
code 0 "$BATON" org erase practice -y
says 'live1.tar'
code 3 "$BATON" --org practice repl -e 1
"$BATON" -q stop
wait "$server" || fail "the server ended with $?: $(cat "$dir/log")"
server=
left=$(find "$BATON_HOME/orgs" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' ')
[ "$left" = "school school.replaced " ] || fail "left: $left"
echo ok
