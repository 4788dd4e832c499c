#!/usr/bin/env bash
# Runs what `make run` runs, with the small directory, and looks at what it shows.
set -euo pipefail
export BATON=${BATON:?}
cd "${SOURCE:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DEMO=$work/demo DIRECTORY=scripts/data/small_directory

bash scripts/run.sh >"$work/out" 2>&1 </dev/null || { cat "$work/out"; exit 1; }

wanted() { # pattern, times
    local seen
    seen=$(grep -cE "$1" "$work/out" || true)
    [ "$seen" = "$2" ] || { printf 'seen %s times instead of %s: %s\n' "$seen" "$2" "$1"; cat "$work/out"; exit 1; }
}
wanted '^40 concerns read, 40 reviews opened' 1
wanted 'the dossier still lacks: attendance; child interview; observations in 2 different settings' 1
wanted '^  [0-9-]+ [0-9:]+  (reminded|overdue|escalated)$' 3
wanted 'for a lead: .* is escalated' 1
wanted "^A parent's request: .* to evaluation at once" 1
wanted '^  all +40$' 1
wanted '^partners +3 rows: 3 created, 0 changed, 0 unchanged, 0 refused' 1
wanted '^services +6 rows: 6 created, .* \(1 shifted' 1
wanted '^locations +8 rows: 8 created' 1
wanted ' rows: 0 created, 0 changed, [368] unchanged, 0 refused' 3
wanted 'the history is whole' 2
wanted 'DIFFERS' 0
wanted '^  (riverside|florida_legal) +(reviews|partners|services|locations) ' 4

# The other half: a count that differs must be seen.
sed '$d' scripts/data/small_directory/locations.csv >"$work/locations.csv"
cp scripts/data/small_directory/{organizations,services}.csv "$work/"
DIRECTORY=$work bash scripts/run.sh >"$work/out" 2>&1 </dev/null || { cat "$work/out"; exit 1; }
wanted '^locations +7 rows: 7 created' 1
printf '"no uuid",,,,,,\r\n' >>"$work/locations.csv"
if DIRECTORY=$work bash scripts/run.sh >"$work/out" 2>&1 </dev/null; then
    echo "a location that was refused did not make the counts differ"
    exit 1
fi
wanted 'locations.csv:9: refused: no organization_uuid' 2
wanted 'DIFFERS' 1
