#!/usr/bin/env bash
# A disk that is full, one that is read-only, files copied by hand, two processes on one home. Full
# and read-only disks are file systems of this test's own, in a namespace of its own; where the
# machine allows none, tests/crash has the same faults from a disk that is made to fail.
set -eu
dir=$(mktemp -d)
server=
holder=
end() {
    [ -z "$holder" ] || kill "$holder" 2>/dev/null || true
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    umount "$dir/small" 2>/dev/null || true
    rm -rf "$dir"
}
trap end EXIT
export HOME="$dir" BATON_PLUGINS="$SOURCE/plugins" LC_ALL=C

fail() { echo "FAIL: $*" >&2; exit 1; }
# says CODE TEXT COMMAND…: it ends so, and says that; nothing at all where TEXT is empty.
says() {
    local wanted=$1 text=$2 code=0
    shift 2
    "$BATON" "$@" >"$dir/out" 2>&1 || code=$?
    [ "$code" = "$wanted" ] || fail "$*: ends with $code, not $wanted: $(cat "$dir/out")"
    grep -q -- "$text" "$dir/out" || fail "$*: does not say $text: $(cat "$dir/out")"
    ! grep -q 'disk I/O error' "$dir/out" || fail "$*: $(cat "$dir/out")"
}
wait_for() { # COMMAND…: true within some seconds
    for _ in $(seq 200); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.05
    done
    fail "waited for: $*: $(cat "$dir/serve.log" 2>/dev/null)"
}

# ---- a small file system, in a namespace of its own ----
if [ "${1:-}" = small ]; then
    mkdir "$dir/small"
    mount -t tmpfs -o size=4m none "$dir/small"
    export BATON_HOME="$dir/small/home"
    "$BATON" -q init "$BATON_HOME"
    "$BATON" -q org add alpha
    "$BATON" -q repl -e 'people.add{name="Ada"}' >/dev/null

    fill() { head -c 16M /dev/zero >"$dir/small/filler" 2>/dev/null || true; }
    fill
    says 0 '^1$' -q repl -e 'people.count()' # reading needs no room
    says 8 'org.db: the disk is full' repl -e 'for i = 1, 100 do people.add{name="Bob"} end'
    says 8 'the disk is full\|No space left' org add beta
    says 8 'baton.lock: No space left' serve
    says 1 'bad .*disk: ' doctor
    rm "$dir/small/filler"
    "$BATON" serve >"$dir/serve.log" 2>&1 &
    server=$!
    wait_for test -S "$BATON_HOME/baton.sock"
    fill
    says 8 'org.db: the disk is full' repl -e 'people.add{name=string.rep("x", 60000)}'
    says 8 'org.db: the disk is full' repl -e 'people.add{name=string.rep("x", 60000)}'
    says 0 '^1$' -q repl -e 'people.count()'
    rm "$dir/small/filler"
    wait_for "$BATON" repl -e 'people.add{name="Cid"}' # the same server
    says 0 '^2$' -q repl -e 'people.count()'
    "$BATON" -q stop
    wait "$server" || fail "the server ended with $?: $(cat "$dir/serve.log")"
    server=
    "$BATON" audit verify >/dev/null || fail "audit"
    "$BATON" -q org add beta
    says 0 '^0$' -q --org beta repl -e 'people.count()'

    mount -o remount,ro "$dir/small"
    says 8 'org.db: can.t be written: Read-only file system' --org alpha repl -e 'people.count()'
    says 8 'Read-only file system' org add gamma
    says 8 'Read-only file system' init "$dir/small/other"
    says 8 'Read-only file system' serve
    says 0 alpha org list
    says 1 'read-only file system' doctor
    mount -o remount,rw "$dir/small"
    says 0 '^2$' -q --org alpha repl -e 'people.count()'
    exit 0
fi
if unshare -rm true 2>/dev/null; then
    unshare -rm bash "$0" small
else
    echo "no namespace of its own here: full and read-only disks are left to tests/crash"
fi

# ---- two processes on one home ----
export BATON_HOME="$dir/home"
"$BATON" -q init "$BATON_HOME"
"$BATON" -q org add alpha
mkfifo "$dir/in"
"$BATON" repl <"$dir/in" >/dev/null 2>&1 &
holder=$!
exec 3>"$dir/in"
wait_for test -e "$BATON_HOME/orgs/alpha/org.pid"
"$BATON" serve >"$dir/serve.log" 2>&1 3>&- & # it serves; what is held waits
server=$!
wait_for test -S "$BATON_HOME/baton.sock"
says 6 "pid $holder" repl -e 'people.add{name="Ada"}'
says 6 "already\|running" serve # a second server
exec 3>&-
wait "$holder" || fail "the prompt ended with $?"
holder=
wait_for "$BATON" repl -e 'people.add{name="Ada"}'
says 0 '^1$' -q repl -e 'people.count()'
kill -9 "$server"
wait "$server" 2>/dev/null || true
server=
says 0 '^1$' -q repl -e 'people.count()' # the socket and the locks of the dead are no obstacle
cp -a "$BATON_HOME/orgs/alpha" "$dir/backup"

# ---- an old database beside a newer log ----
db="$BATON_HOME/orgs/alpha/org.db"
for i in 1 2 3; do "$BATON" -q repl -e "people.add{name='number $i'}" >/dev/null; done
rm -f "$BATON_HOME/baton.sock" # of the dead one
"$BATON" serve >"$dir/serve.log" 2>&1 &
server=$!
wait_for test -S "$BATON_HOME/baton.sock"
"$BATON" -q repl -e 'people.add{name="in the log"}' >/dev/null
kill -9 "$server"
wait "$server" 2>/dev/null || true
server=
[ -s "$db-wal" ] || fail "nothing in the log"
cp "$db-wal" "$dir/wal"
cp "$dir/backup/org.db" "$db"
says 9 'org.db-wal does not belong to' repl -e 'people.count()'
says 1 'does not belong to' doctor
cmp -s "$db" "$dir/backup/org.db" && cmp -s "$db-wal" "$dir/wal" || fail "it was touched"
rm "$db-wal"
says 0 '^1$' -q repl -e 'people.count()'
"$BATON" audit verify >/dev/null || fail "audit of the older one"
echo ok
