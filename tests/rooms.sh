#!/usr/bin/env bash
# rooms.sh SOURCE_DIR: does each file include only what its room may (DESIGN "Rooms")? Prints each
# violation as file:line: what. Before that it checks itself on files that break every rule.
set -euo pipefail

rules='
function rank(room) { return room in ranks ? ranks[room] : 0 }
function bad(what) { printf "%s:%d: %s\n", shown, FNR, what; broken = 1 }
# A header that belongs to some rooms only.
function only(header, rooms) {
    if (index(" " rooms " ", " " room " ") == 0)
        bad("<" header "> belongs to " rooms ", not to " room)
}
BEGIN {
    n = split("base store domain script host server cli", names, " ")
    for (i = 1; i <= n; i++) ranks[names[i]] = i
}
FNR == 1 {
    shown = FILENAME
    sub("^" top "/", "", shown)
    split(shown, part, "/")
    room = part[1] == "include" ? part[3] : part[2]
    comment = 0
    if (!rank(room)) bad("no room is called " room)
}
{ line = $0 }
comment { if (!sub(/^.*\*\//, "", line)) next; comment = 0 }
{ gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, " ", line) }
line ~ /^[ \t]*#[ \t]*include/ {
    if (match(line, /"[^"]*"/)) {
        header = substr(line, RSTART + 1, RLENGTH - 2)
        split(header, part, "/")
        owner = part[1] == "baton" ? part[2] : part[1]
        if (!rank(owner)) bad("\"" header "\" is neither baton/ROOM/x.h nor ROOM/x.h")
        else if (rank(owner) > rank(room)) bad("\"" header "\": " room " may not know " owner)
        else if (part[1] != "baton" && owner != room) bad("\"" header "\" is private to " owner)
        else if (part[1] != "baton" && shown ~ /^include\//) bad("a public header includes the private \"" header "\"")
    } else if (match(line, /<[^>]*>/)) {
        header = substr(line, RSTART + 1, RLENGTH - 2)
        if (header ~ /^(sqlite3|sqlite3ext|libpq-fe)\.h$/) only(header, "store")
        if (header ~ /^(lua|lauxlib|lualib|luaconf)\.h$/ || header ~ /^lua5/) only(header, "script")
        if (header ~ /^uv\.h$/) only(header, "host server cli")
        if (header ~ /^(histedit|editline\/readline)\.h$/) only(header, "cli")
    }
    next
}
{
    gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
    sub(/\/\/.*$/, "", line)
    if (sub(/\/\*.*$/, "", line)) comment = 1
    if (line ~ /(^|[^A-Za-z0-9_.>])(time|gettimeofday|clock_gettime|timespec_get|ftime)[ \t]*\(/ &&
        shown != "core/base/clock.c")
        bad("reads the clock; only core/base/clock.c may (DESIGN 9)")
}
END { exit broken }
'

check() { # folder
    local top
    top=$(cd "$1" && pwd)
    find "$top/core" "$top/include/baton" -name '*.[ch]' -print0 | sort -z | xargs -0 awk -v top="$top" "$rules"
}

self_test() {
    local dir
    dir=$(mktemp -d)
    # shellcheck disable=SC2064  # the folder of now
    trap "rm -rf '$dir'" EXIT
    mkdir -p "$dir"/core/{base,store,domain,script,host,cli,cellar} "$dir"/include/baton/{base,domain}
    cat >"$dir/core/base/clock.c" <<'C'
#include "baton/base/clock.h"
int64_t now(void) { clock_gettime(CLOCK_REALTIME, &ts); }
C
    cat >"$dir/core/domain/good.c" <<'C'
/* time(NULL) in a comment,
 * #include <lua.h> and clock_gettime( too */
#include "baton/store/store.h"
#include "domain/good_internal.h" /* its own */
#include <string.h>
static int uptime(void) { return x.time(1) + runtime (2); /* time(0) */ } // time(0)
const char *text = "time(0) \" time(0)";
C
    cp "$dir/core/domain/good.c" "$dir/core/domain/good2.c"
    check "$dir" >"$dir/out" || true
    [ ! -s "$dir/out" ] || { echo "rooms.sh: refuses what is right:"; cat "$dir/out"; exit 1; }

    echo '#include "baton/domain/domain.h"' >"$dir/core/store/up.c"
    echo '#include "store/store_internal.h"' >"$dir/core/domain/private.c"
    echo '#include "domain/domain_internal.h"' >"$dir/include/baton/domain/leak.h"
    echo '#include "good_internal.h"' >"$dir/core/domain/bare.c"
    echo '#include <sqlite3.h>' >"$dir/core/script/sql.c"
    echo '# include <lauxlib.h>' >"$dir/core/host/lua.c"
    echo '#include <uv.h>' >"$dir/core/script/uv.c"
    echo '#include <histedit.h>' >"$dir/core/host/edit.c"
    printf 'int x;\n/* a\n b */ int64_t t = time(NULL);\n' >"$dir/core/cli/when.c"
    echo 'int x = gettimeofday(&tv, NULL);' >"$dir/include/baton/base/when.h"
    echo 'int x;' >"$dir/core/cellar/x.c"
    local wanted="core/store/up.c:1 core/domain/private.c:1 include/baton/domain/leak.h:1 core/domain/bare.c:1
        core/script/sql.c:1 core/host/lua.c:1 core/script/uv.c:1 core/host/edit.c:1 core/cli/when.c:3
        include/baton/base/when.h:1 core/cellar/x.c:1"
    if check "$dir" >"$dir/out"; then
        echo "rooms.sh: finds nothing where every rule is broken"
        exit 1
    fi
    local place
    for place in $wanted; do
        grep -q "^$place: " "$dir/out" || { echo "rooms.sh: does not find $place"; cat "$dir/out"; exit 1; }
    done
    [ "$(wc -l <"$dir/out")" = "$(wc -w <<<"$wanted")" ] || { echo "rooms.sh: finds too much:"; cat "$dir/out"; exit 1; }
}

( self_test )
check "${1:?usage: rooms.sh SOURCE_DIR}"
