#!/usr/bin/env bash
# What `make run` shows: a demonstration home in build/demo, made anew, with two organisations that do
# real work; then what they did beside what their files hold; then the REPL, if there is a terminal.
# DIRECTORY names another folder with organizations.csv, services.csv and locations.csv, BATON another
# program, DEMO another home (which is removed first).
set -euo pipefail
cd "$(dirname "$0")/.."

baton=${BATON:-build/release/baton}
export BATON_HOME=${DEMO:-build/demo}
concerns=scripts/data/concerns.csv
directory=${DIRECTORY:-../shared/data/hsds_florida}
if [ -z "${DIRECTORY:-}" ] && [ ! -r "$directory/organizations.csv" ]; then
    directory=scripts/data/small_directory
fi
for file in organizations services locations; do
    [ -r "$directory/$file.csv" ] || { echo "run: there is no $directory/$file.csv" >&2; exit 1; }
done

say() { printf '\n== %s\n' "$*"; }

# Rows of a CSV file, its header not counted. A line ends a row where all quotes are closed; cells may
# hold line ends.
rows() { awk '{ quotes += gsub(/"/, "") } quotes % 2 == 0 { rows++ } END { print rows - 1 }' "$1"; }

count() { # organisation, entity
    "$baton" --org "$1" run scripts/counts.lua "$2" | awk '{ print $2 }'
}

wrong=0
compare() { # what, file, organisation, entity
    local file_rows here mark=
    file_rows=$(rows "$2")
    here=$(count "$3" "$4")
    if [ "$file_rows" != "$here" ]; then
        mark="  DIFFERS"
        wrong=1
    fi
    printf '  %-14s %-10s %-45s %6s %6s%s\n' "$3" "$1" "$2" "$file_rows" "$here" "$mark"
}

if [ -e "$BATON_HOME" ]; then
    [ -f "$BATON_HOME/baton.ini" ] || { echo "run: $BATON_HOME is there and is no home" >&2; exit 1; }
    "$baton" stop >/dev/null 2>&1 || true # a server that still serves the last demonstration
    rm -rf "$BATON_HOME"
fi
"$baton" --quiet init "$BATON_HOME"
"$baton" org add riverside --title "Riverside Unified School District" --zone America/Los_Angeles \
    --plugins pre_referral --clock movable
"$baton" org add florida_legal --title "Florida Legal Aid Network" --zone America/New_York \
    --plugins "hsds_directory, simple_referral"

say "riverside: concerns from $concerns, and a term of work on them"
# Quiet: a term has hundreds of timers, and each says so when it fires. The script tells of every fourth week.
"$baton" --quiet --org riverside run scripts/demo_riverside.lua "$concerns"

say "florida_legal: the directory in $directory"
import=(run scripts/import_hsds.lua "$directory/organizations.csv" "$directory/services.csv" "$directory/locations.csv")
"$baton" --org florida_legal "${import[@]}"
echo "The same again changes nothing:"
"$baton" --org florida_legal "${import[@]}"
say "florida_legal: found again, and referred to"
"$baton" --org florida_legal run scripts/demo_florida.lua

say "The history of both, checked"
for org in riverside florida_legal; do
    "$baton" --org "$org" audit verify
done

say "Rows in the files, and in baton"
printf '  %-14s %-10s %-45s %6s %6s\n' organisation what file rows baton
compare reviews "$concerns" riverside referrals
compare partners "$directory/organizations.csv" florida_legal partners
compare services "$directory/services.csv" florida_legal services
compare locations "$directory/locations.csv" florida_legal locations
if [ $wrong != 0 ]; then
    echo "run: the counts differ" >&2
    exit 1
fi

if [ -t 0 ] && [ -t 1 ]; then
    say "The REPL of riverside: try referrals.find{}, referrals.get(1), help; Ctrl-D ends it"
    exec "$baton" --org riverside repl
fi
cat <<END

To go on by hand:
  $baton --home $BATON_HOME --org riverside repl
  $baton --home $BATON_HOME --org florida_legal report loop_closure
END
