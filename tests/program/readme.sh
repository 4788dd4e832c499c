#!/usr/bin/env bash
# Runs the README (or the page that is named) as its reader would: blocks behind these marks, in order, in an
# empty folder.
#   <!-- file: PATH -->   the block is written to PATH
#   <!-- shell -->        the block is run by bash; the folder that it changes to stays
#   <!-- repl: ORG -->    the block is piped into the REPL of that organisation
#   <!-- output -->       what the block before printed; … stands for anything within a line
set -euo pipefail
export BATON=${BATON:?}
source=${SOURCE:?}
page=${1:-README.md}
work=$(mktemp -d)
leave() { # a server that a block began and did not come to stop
    local socket
    find "$work/here" -name baton.sock 2>/dev/null | while read -r socket; do
        "$BATON" --home "$(dirname "$socket")" --quiet stop >/dev/null 2>&1 || true
    done
    rm -rf "$work"
}
trap leave EXIT
mkdir "$work/steps" "$work/here" "$work/bin"
ln -s "$BATON" "$work/bin/baton"
export PATH=$work/bin:$PATH
unset BATON_HOME

awk -v dir="$work/steps" '
    /^<!-- (file|shell|repl|output)(:.*)? -->$/ {
        mark = $0
        sub(/^<!-- /, "", mark)
        sub(/ -->$/, "", mark)
        next
    }
    /^```/ && inside { close(file); inside = 0; mark = ""; next }
    /^```/ && mark != "" {
        inside = 1
        step = sprintf("%s/%03d", dir, ++n)
        print mark > (step ".mark")
        close(step ".mark")
        file = step ".block"
        printf "" > file
        next
    }
    inside { print > file }
' "$source/$page"

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

cd "$work/here"
shells=0 repls=0 outputs=0 files=0
for mark in "$work"/steps/*.mark; do
    block=${mark%.mark}.block
    case $(cat "$mark") in
    file:*)
        path=$(sed 's/^file: *//' "$mark")
        mkdir -p "$(dirname "$path")"
        cp "$block" "$path"
        files=$((files + 1))
        ;;
    shell)
        printf '\npwd >"%s/pwd"\n' "$work" >>"$block"
        if ! bash -eu "$block" >"$work/out" 2>&1 </dev/null; then
            printf '%s: this fails:\n%s\nIt said:\n%s\n' "$page" "$(cat "$block")" "$(cat "$work/out")"
            exit 1
        fi
        cd "$(cat "$work/pwd")"
        shells=$((shells + 1))
        ;;
    repl:*)
        org=$(sed 's/^repl: *//' "$mark")
        if ! baton --org "$org" repl <"$block" >"$work/out" 2>&1; then
            printf '%s: the REPL stops at this:\n%s\nIt said:\n%s\n' "$page" "$(cat "$block")" "$(cat "$work/out")"
            exit 1
        fi
        repls=$((repls + 1))
        ;;
    output)
        if ! matches "$block" "$work/out"; then
            printf '%s says:\n%s\nThe program says:\n%s\n' "$page" "$(cat "$block")" "$(cat "$work/out")"
            exit 1
        fi
        outputs=$((outputs + 1))
        ;;
    esac
done
if [ $shells = 0 ] || [ $repls = 0 ] || [ $outputs = 0 ] || [ $files = 0 ]; then
    echo "$page: no file, shell, REPL or output was found: $files, $shells, $repls, $outputs"
    exit 1
fi
echo "$page: $files files, $shells shell blocks, $repls REPL blocks, $outputs outputs as shown"
