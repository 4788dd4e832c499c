#!/bin/sh
# deps.sh build|lint|fuzz: installs the Debian packages that are missing, and none else. Where all are there,
# it touches neither network nor package lists.
set -eu

case "${1:-build}" in
build)
    # The compiler and the libraries of DESIGN "Dependencies" that are in use; sqlite3 and lua5.4 are what
    # tests and benchmarks compare with.
    packages="gcc libc6-dev make cmake ninja-build pkg-config
        liblua5.4-dev libsqlite3-dev libuv1-dev libinih-dev libjansson-dev libsodium-dev libedit-dev
        libutf8proc-dev libcmocka-dev tzdata sqlite3 lua5.4"
    ;;
lint)
    packages="clang-format clang-tidy cppcheck shellcheck lua5.4 lua-check"
    ;;
fuzz)
    packages="clang libclang-rt-dev llvm"
    ;;
*)
    echo "usage: deps.sh build|lint|fuzz" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null 2>&1; then
    # shellcheck disable=SC2086  # a list of words
    echo "deps: this is not Debian; what Debian calls" $packages "must be there" >&2
    exit 0
fi

# shellcheck disable=SC2086  # a list of words
installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' $packages 2>/dev/null | sed -n 's/^.i *//p' || true)
missing=
for package in $packages; do
    case "
$installed
" in
    *"
$package
"*) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1; then
    as_root=sudo
else
    echo "deps: these packages are missing, and installing them needs root. Run as root:" >&2
    echo "  apt-get update && apt-get install -y --no-install-recommends$missing" >&2
    exit 1
fi

echo "deps: installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086  # no sudo: no word; and a list of words
if ! { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing; } >"$log" 2>&1
then
    tail -n 20 "$log" >&2
    echo "deps: apt-get failed; the packages are:$missing" >&2
    exit 1
fi
