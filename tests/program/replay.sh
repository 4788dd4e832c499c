#!/usr/bin/env bash
# The demonstration's term, replayed: with the plugin as it is nothing differs, with a changed one
# exactly the reviews whose rows say that they must. Here and through a running server.
set -euo pipefail
baton=$(realpath "${BATON:?}")
source=${SOURCE:?}
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
export BATON_HOME=$work/home HOME=$work
fail() { echo "FAIL: $*" >&2; exit 1; }
says() { case $2 in *"$1"*) ;; *) fail "\"$1\" is not in: $2" ;; esac; }
code_of() { code=0; "$@" >"$work/out" 2>&1 || code=$?; }

cd "$source"
"$baton" --quiet init "$BATON_HOME"
"$baton" org add riverside --zone America/Los_Angeles --plugins pre_referral --clock movable >/dev/null
"$baton" --quiet run scripts/demo_riverside.lua scripts/data/concerns.csv >/dev/null

rows() { "$baton" export referrals - --format jsonl --quiet; }
rows >"$work/before"
# Reviews whose row matches, and their ids: R-1 R-2 …
those() { { grep -E "$1" "$work/before" || true; } | sed -E 's/^\{"id":"?R?-?([0-9]+)"?,.*/R-\1/' | sort; }
# Reviews of a class in the report.
of_class() { grep -oE "\"referral\":\"R-[0-9]+\",\"title\":\"([^\"\\]|\\\\.)*\",\"workflow\":\"pre_referral\",\"class\":\"($1)\"" "$work/out" | sed -E 's/^"referral":"(R-[0-9]+)".*/\1/' | sort || true; }
same_list() { # what, wanted, got
    [ -n "$2" ] || fail "$1: nothing is expected, so nothing is proved"
    [ "$2" = "$3" ] || fail "$1: $(diff <(echo "$2") <(echo "$3") || true)"
}
draft() { # sed script, file
    rm -rf "$work/draft"
    cp -r plugins/pre_referral "$work/draft" # its folder need not be called like the plugin
    sed -i -E "$1" "$work/draft/$2"
    if diff -rq plugins/pre_referral "$work/draft" >/dev/null; then fail "sed changed nothing: $1"; fi
}
replay() { code_of "$baton" replay --plugin "${1:-$work/draft}" --since 2020-01-01 --json; }
closed=$(those '"closed_at(_ms)?":[^n]')
count=$(echo "$closed" | wc -l)

# As it is, by name and as a copy.
replay pre_referral
[ "$code" = 0 ] || fail "unchanged, exit code $code: $(cat "$work/out")"
says "\"finished\":$count,\"same\":$count," "$(cat "$work/out")"
cp -r plugins/pre_referral "$work/draft"
code_of "$baton" replay -p "$work/draft" -s 2020-01-01
[ "$code" = 0 ] || fail "unchanged, exit code $code: $(cat "$work/out")"
says "$count  as they did" "$(cat "$work/out")"

# Another outcome of one stage: those that ended in it.
draft '/name = "discontinued", title/s/outcome = "discontinued"/outcome = "goals_met"/' workflow.lua
replay
[ "$code" = 1 ] || fail "a changed outcome, exit code $code"
same_list "outcome" "$(those '"stage":"discontinued"')" "$(of_class end)"
same_list "outcome, rest" "$(comm -23 <(echo "$closed") <(those '"stage":"discontinued"'))" \
    "$(comm -23 <(echo "$closed") <(of_class '[a-z_]+'))"

# A stricter guard: those for which the parent did not come.
draft 's/value\("parent_attended"\) == nil/not value("parent_attended")/' team.lua
replay
same_list "guard" "$(those '"parent_attended":false')" "$(of_class unknown)"
says "whether the parent came" "$(cat "$work/out")"
[ "$(of_class 'end|way|deadlines')" = "" ] || fail "a guard changed more than it refused"

# A shorter deadline of the first stage: it moves for all; the one that was left alone is told earlier.
draft '/^\[setting concern_within\]/,/^help/s/^default = .*/default = 2 working days/' plugin.ini
replay
same_list "deadline" "$closed" "$(of_class 'deadlines|way')"
says '"deadlines":[{"stage":"initial_concern",' "$(cat "$work/out")"

# For people, and --since, and what is wrong.
draft '/name = "discontinued", title/s/outcome = "discontinued"/outcome = "goals_met"/' workflow.lua
code_of "$baton" replay --plugin "$work/draft" --since 2020-01-01 --limit 1
says "and $(($(those '"stage":"discontinued"' | wc -l) - 1)) more" "$(cat "$work/out")"
says "differs in outcome" "$(cat "$work/out")"
code_of "$baton" replay --plugin "$work/draft" --since 2099-01-01
[ "$code" = 0 ] || fail "nothing to judge, exit code $code"
says "0 referrals have ended since 2099-01-01" "$(cat "$work/out")"
code_of "$baton" replay --plugin "$work/draft"
[ "$code" = 2 ] || fail "without --since, exit code $code"
code_of "$baton" replay --plugin pre_referal --since 2020-01-01
[ "$code" = 3 ] || fail "an unknown plugin, exit code $code"
says 'did you mean "pre_referral"' "$(cat "$work/out")"
code_of "$baton" replay --plugin "$work/nowhere" --since 2020-01-01
says "is no folder of a plugin" "$(cat "$work/out")"

# Through a server: the same, and the home is as it was.
"$baton" replay --plugin "$work/draft" --since 2020-01-01 --json >"$work/here" || true
mkfifo "$work/ready"
"$baton" serve --ready-fd 3 3>"$work/ready" >/dev/null 2>&1 &
server=$!
head -c 1 "$work/ready" >/dev/null
replay
[ "$code" = 1 ] || fail "through a server, exit code $code: $(cat "$work/out")"
cmp -s "$work/here" "$work/out" || fail "a server says something else"
"$baton" stop >/dev/null
wait "$server" || true
server=
rows | cmp -s - "$work/before" || fail "a replay changed the home"
echo ok
