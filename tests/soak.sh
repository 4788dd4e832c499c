#!/usr/bin/env bash
# The long forms of the tests (power cuts, faults of the disk, kills, ...), again and again:
# BATON_SOAK=1 makes a test do its work at full size.
# SOAK_ROUNDS says how often (3). Stops at the first failure.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${SOAK_ROUNDS:-3}
for round in $(seq "$rounds"); do
    echo "soak: round $round of $rounds"
    BATON_SOAK=1 ctest --preset release --timeout 3600
done
