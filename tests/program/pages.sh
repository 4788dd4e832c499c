#!/usr/bin/env bash
# Runs the pages as their reader would: README.md, docs/*.md, the README of each plugin, the manual pages (or
# the pages that are named), each from its top in an empty folder.
#
# Who writes a page says of each block what it is, by a mark on the line before it; one without a mark fails:
#   <!-- file: PATH -->    the block is written to PATH
#   <!-- add: PATH -->     the block is added to the end of PATH
#   <!-- shell -->         the block is run by bash; the folder that it changes to stays
#   <!-- repl: ORG -->     the block is piped into the REPL of that organisation
#   <!-- script: ORG -->   the block is a script, run in that organisation
#   <!-- output -->        what the step before printed; … stands for anything within a line
#   <!-- variant: NAME --> settings; tests/program/pre_referral.sh runs the specs with each
#   <!-- not run: WHY -->  only where it cannot be: it installs packages, say
# and what a reader has already, by lines of their own (commands parted by ; as && would hide a failure):
#   <!-- run: COMMAND -->  a line for bash that is not shown
# A manual page has the same marks as comments (.\" shell) before .Bd -literal. In docs/lua-api.md there are
# none: tests/host/test_examples.c runs it.
set -euo pipefail
export BATON=${BATON:?}
export SOURCE=${SOURCE:?}
export BATON_PLUGINS=$SOURCE/plugins
work=$(mktemp -d)
leave() { # a server that a block began and did not come to stop
    local socket
    find "$work" -name baton.sock 2>/dev/null | while read -r socket; do
        "$BATON" --home "$(dirname "$socket")" --quiet stop >/dev/null 2>&1 || true
    done
    rm -rf "$work"
}
trap leave EXIT
mkdir "$work/bin"
ln -s "$BATON" "$work/bin/baton"
export PATH=$work/bin:$PATH
unset BATON_HOME

# NNN.mark and NNN.block for each step of a page.
read_page() { # page, folder
    awk -v dir="$2" '
        function step(text) {
            path = sprintf("%s/%03d", dir, ++n)
            print text > (path ".mark")
            close(path ".mark")
            printf "" > (path ".block")
        }
        /^(<!-- |\.\\" )(file|add|shell|repl|script|output|variant|not run|run)(:.*)?( -->)?$/ {
            mark = $0
            sub(/^(<!-- |\.\\" )/, "", mark)
            sub(/ -->$/, "", mark)
            if (mark ~ /^run:/) { step(mark); mark = "" }
            next
        }
        inside && (/^```/ || /^\.Ed/) { close(path ".block"); inside = 0; next }
        /^```/ || /^\.Bd -literal/ {
            inside = 1
            step(mark == "" ? "no mark in line " NR : mark)
            mark = ""
            next
        }
        inside { sub(/^\\&/, ""); print > (path ".block") }
    ' "$1"
}

# Does a file match lines in which … stands for anything?
matches() { # wanted, seen
    local wanted seen
    exec 3<"$1" 4<"$2"
    while IFS= read -r wanted <&3; do
        IFS= read -r seen <&4 || return 1
        wanted=${wanted%"${wanted##*[![:space:]]}"} seen=${seen%"${seen##*[![:space:]]}"}
        local pattern=${wanted//\\/\\\\}
        pattern=${pattern//\*/\\*} pattern=${pattern//\?/\\?} pattern=${pattern//\[/\\[} pattern=${pattern//…/*}
        # shellcheck disable=SC2053  # a pattern on purpose
        [[ $seen == $pattern ]] || return 1
    done
    ! IFS= read -r seen <&4
}

# Prints what went wrong and ends: what was run (a file), what it said.
wrong() { # page, why, file
    printf '%s: %s:\n%s\nIt said:\n%s\n' "$1" "$2" "$(cat "$3")" "$(cat "$work/out")" >&2
    exit 1
}

run_step() { # page, mark, block
    local argument=${2#*: }
    case $2 in
    file:*) mkdir -p "$(dirname "$argument")" && cp "$3" "$argument" ;;
    add:*) cat "$3" >>"$argument" ;;
    shell | run:*)
        [ "$2" = shell ] || echo "$argument" >"$3"
        printf '\npwd >"%s/pwd"\n' "$work" >>"$3"
        bash -eu "$3" >"$work/out" 2>&1 </dev/null || wrong "$1" "this fails" "$3"
        cd "$(cat "$work/pwd")"
        ;;
    repl:*) baton --org "$argument" repl <"$3" >"$work/out" 2>&1 || wrong "$1" "the REPL stops at this" "$3" ;;
    script:*) baton --org "$argument" run "$3" >"$work/out" 2>&1 || wrong "$1" "this script fails" "$3" ;;
    output) matches "$3" "$work/out" || wrong "$1" "it shows" "$3" ;;
    variant:* | "not run:"*) ;;
    *) wrong "$1" "$2: say what this block is, see the top of tests/program/pages.sh" "$3" ;;
    esac
}

run_page() { # page
    local here=$work/${1//\//_} mark
    mkdir -p "$here/steps" "$here/folder"
    read_page "$SOURCE/$1" "$here/steps"
    cd "$here/folder"
    : >"$work/out"
    for mark in "$here"/steps/*.mark; do
        [ -e "$mark" ] || continue # a page without blocks
        run_step "$1" "$(cat "$mark")" "${mark%.mark}.block"
    done
    echo "$1: $(cat "$here"/steps/*.mark 2>/dev/null | sed 's/:.*//' | sort | uniq -c | awk '{ printf "%s%s", sep, $0; sep = "," }' |
        tr -s ' ')"
}

if [ $# = 0 ]; then
    cd "$SOURCE"
    set -- *.md docs/*.md docs/man/*.[1-9] plugins/*/README.md
fi
for page in "$@"; do
    [ "$page" = docs/lua-api.md ] || run_page "$page"
done
