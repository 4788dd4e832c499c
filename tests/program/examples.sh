#!/usr/bin/env bash
# Runs the examples of `baton help COMMAND`, each command's in order in a fresh copy of the home made here, and
# the settings that `baton help org.ini` and `baton help baton.ini` show. What an example can rely on:
#   ~/referrals      the current folder, a home; plugins tutoring and mentoring (which has specs),
#                    drafts/tutoring, a change of the first; scripts/ as shipped; build/, ~/lua
#   riverside        its one organisation: plugins pre_referral, simple_referral, escalation and tutoring; a clock
#                    that moves; R-1 to R-12 in stages that can be left by accept, S-1 to S-3, 345 events and more
#   concerns.csv (Given Name, Mail), next-year.ini (an org.ini with other holidays)
# What else a command needs (a server, a name that is free) is in ready().
set -eu
dir=$(mktemp -d)
server=
leave() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$dir"
}
trap leave EXIT
export HOME="$dir" BATON_PLUGINS="$SOURCE/plugins"
unset BATON_HOME
mkdir "$dir/bin" "$dir/lua"
ln -s "$BATON" "$dir/bin/baton"
PATH=$dir/bin:$PATH

fail() { echo "FAIL: $*" >&2; exit 1; }

make_home() {
    baton --quiet init ~/made
    cd ~/made
    mkdir build drafts
    cp -r "$SOURCE/tests/host/examples/tutoring" plugins/
    cp -r plugins/tutoring drafts/
    sed -i "s/3 working days/5 working days/" drafts/tutoring/init.lua
    cp -r "$SOURCE/scripts" .
    baton --quiet new plugin mentoring
    baton --quiet org add riverside --clock movable --plugins pre_referral,simple_referral,escalation,tutoring
    printf 'Given Name,Mail\nAda,ada@family.example\nDov,dov@family.example\n' >concerns.csv
    { cat orgs/riverside/org.ini && printf '[calendar]\nholidays = 2030-01-01\n'; } >next-year.ini
    cat >rows.lua <<'LUA'
for _, name in ipairs{ "Ines", "Jan", "Lena" } do
    staff.add{ name = name, email = name:lower() .. "@riverside.example", roles = "admin, teacher, counsellor, psychologist" }
end
baton.turn(function()
    for i = 1, 12 do
        local r = referrals.open{ workflow = i % 2 == 0 and "simple_referral" or "tutoring", title = "Request " .. i,
                                  subject = people.add{ name = "Person " .. i }, fields = { need = "advice" } }
        for day = 1, 30 do
            r:note("day " .. day)
        end
    end
end)
LUA
    baton --quiet run rows.lua
    rm rows.lua
}

serve() {
    baton serve --log warn >"$dir/served" 2>&1 &
    server=$!
    for _ in $(seq 200); do
        [ -S baton.sock ] && return
        sleep 0.05
    done
    fail "no server: $(cat "$dir/served")"
}

ready() { # command
    case $1 in
    init) cd ~ && rm -r ~/referrals ;;
    "org add") rm -r orgs/riverside ;;
    new) rm -r plugins/tutoring ;;
    reload | stop) serve ;;
    restore) baton --quiet backup riverside riverside.tar ;;
    "audit verify") baton --quiet audit checkpoint kept.txt ;;
    "plugin on") baton --quiet plugin off tutoring ;;
    esac
}

# Those that go on until somebody stops them: a line that runs for as long as we wait did well.
lasts() { # line
    case $1 in *" serve"* | *--watch*) return 0 ;; esac
    return 1
}

run_line() { # command, line
    local code=0
    if lasts "$2"; then
        timeout -s INT -k 20 2 bash -c "$2" >"$dir/said" 2>&1 </dev/null || code=$?
        [ $code != 124 ] || code=0
    else
        bash -c "$2" >"$dir/said" 2>&1 </dev/null || code=$?
        [ "$1" != doctor ] || [ $code != 1 ] || code=0 # it found something, that is its work
    fi
    [ $code = 0 ] || fail "the example of \"$1\" ends with $code: $2: $(cat "$dir/said")"
    [ "$1" != stop ] || { wait "$server" && server=; }
}

make_home
baton help | sed -n 's/^  \([a-z][a-z -]*[a-z]\) *[A-Z].*/\1/p' >"$dir/commands"
[ "$(wc -l <"$dir/commands")" -gt 20 ] || fail "few commands are read from the help"
lines=0
while read -r command <&3; do
    rm -rf ~/referrals
    cp -a ~/made ~/referrals
    cd ~/referrals
    # shellcheck disable=SC2086  # two words: org add
    baton $command --help | sed '1,/^Example:$/d; s/^  //' >"$dir/lines"
    [ -s "$dir/lines" ] || fail "baton $command --help has no example"
    ready "$command"
    while read -r line <&4; do
        run_line "$command" "$line"
        lines=$((lines + 1))
    done 4<"$dir/lines"
    [ -z "$server" ] || { baton --quiet stop && wait "$server" && server=; }
done 3<"$dir/commands"

# The files of settings, as the help shows them, below the line that says what they are.
cd ~/made
baton help org.ini | sed -n '/^\[/,/^Changes hold/p' | sed '$d' >orgs/riverside/org.ini
baton --org riverside check >"$dir/said" 2>&1 || fail "baton help org.ini: $(cat "$dir/said")"
baton help baton.ini | sed -n '/^\[/,$p' >baton.ini
baton org list >"$dir/said" 2>&1 || fail "baton help baton.ini: $(cat "$dir/said")"
echo "$lines lines of $(wc -l <"$dir/commands") commands"
