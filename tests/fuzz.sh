#!/usr/bin/env bash
# The fuzz targets with libFuzzer, one after another: fuzz.sh [TARGET…]. FUZZ_SECONDS says how long each
# runs (600). What it found out stays in build/fuzz/corpus/TARGET; an input that fails in build/fuzz/found.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
seconds=${FUZZ_SECONDS:-600}
if ! command -v clang >/dev/null; then
    echo "fuzz: clang is missing; make fuzz-deps installs it" >&2
    exit 1
fi
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    for file in tests/fuzz/fuzz_*.c; do
        name=$(basename "$file" .c)
        targets+=("${name#fuzz_}")
    done
fi
cmake --preset fuzz >build/cmake-fuzz.log 2>&1 || { cat build/cmake-fuzz.log; exit 1; }
cmake --build --preset fuzz --target "${targets[@]/#/fuzz_}"
mkdir -p build/fuzz/found
for target in "${targets[@]}"; do
    echo "fuzz: $target, $seconds seconds"
    mkdir -p "build/fuzz/corpus/$target"
    "build/fuzz/tests/fuzz_$target" -max_total_time="$seconds" -max_len=4096 -timeout=10 -print_final_stats=1 \
        -verbosity=0 -artifact_prefix="$root"/build/fuzz/found/ "$root/build/fuzz/corpus/$target" "$root/tests/fuzz/corpus/$target" \
        2>"build/fuzz/$target.log" || { tail -40 "build/fuzz/$target.log"; exit 1; }
    grep -E 'number_of_executed_units|average_exec_per_sec' "build/fuzz/$target.log" || true
done
