#!/usr/bin/env bash
# lint.sh all|format: what a reviewer should not have to look for. `format` changes the C sources; `all`
# changes nothing, runs every check, and fails if one of them did. Needs `make lint-deps`.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t sources < <(find core tests -name '*.c' | sort)
mapfile -t headers < <(find core include tests -name '*.h' | sort)

if [ "${1:-all}" = format ]; then
    clang-format -i "${sources[@]}" "${headers[@]}"
    exit 0
fi

failed=()
step() {
    local name=$1
    shift
    printf '%-14s' "$name"
    local start=$SECONDS output
    if output=$("$@" 2>&1); then
        echo "clean ($((SECONDS - start)) s)"
    else
        echo "FAILED"
        printf '%s\n' "$output"
        failed+=("$name")
    fi
}

tidy() {
    # One file at a time: of several, clang-tidy 14 takes va_start of all but the first for missing. What
    # it says on stderr is how many warnings it did not show. -UNDEBUG: asserts say what must hold.
    printf '%s\0' "${sources[@]}" |
        xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet --warnings-as-errors='*' -p build/release --extra-arg=-UNDEBUG 2>/dev/null
}
check_cpp() {
    cppcheck --project=build/release/compile_commands.json --cppcheck-build-dir=build/cppcheck -j "$(nproc)" \
        --enable=warning,performance,portability --inline-suppr --suppressions-list=.cppcheck \
        --error-exitcode=1 --quiet
}
check_lua() {
    local file status=0
    while read -r file; do
        luac5.4 -p "$file" || status=1
    done < <(find plugins scripts tests -name '*.lua')
    luacheck --quiet --no-color plugins scripts || status=1
    return $status
}
check_shell() {
    find scripts tests .ci -type f \( -name '*.sh' -o -name '*.bash' -o -path '.ci/run' \) -print0 | xargs -0 shellcheck --severity=warning
}

mkdir -p build/cppcheck
step rooms bash tests/rooms.sh .
step clang-format clang-format --dry-run --Werror "${sources[@]}" "${headers[@]}"
step lua check_lua
step shellcheck check_shell
step cppcheck check_cpp
step clang-tidy tidy
if [ ${#failed[@]} -gt 0 ]; then
    echo "lint: failed: ${failed[*]}" >&2
    exit 1
fi
