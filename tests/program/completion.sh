#!/usr/bin/env bash
# The completion of bash: lines as somebody types them, and what Tab offers.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export HOME="$dir" BATON_PLUGINS="$SOURCE/plugins"
unset BATON_HOME
mkdir "$dir/bin"
ln -s "$BATON" "$dir/bin/baton"
PATH=$dir/bin:$PATH

fail() { echo "FAIL: $*" >&2; exit 1; }
# shellcheck source=/dev/null
source "$SOURCE/scripts/baton-completion.bash"
complete -p baton | grep -q -- '-F _baton' || fail "baton is not completed"

tab() { # WORD…: what Tab offers behind the last, words with a space between
    COMP_WORDS=(baton "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _baton
    echo "${COMPREPLY[*]:-}"
}
offers() { # WANTED WORD…: exactly these
    local wanted=$1 seen
    shift
    seen=$(tab "$@")
    [ "$seen" = "$wanted" ] || fail "baton $*: \"$seen\", not \"$wanted\""
}
has() { # WORD, of what Tab offers behind the others
    local wanted=$1 seen
    shift
    seen=$(tab "$@")
    case " $seen " in *" $wanted "*) ;; *) fail "baton $*: \"$seen\" lacks \"$wanted\"" ;; esac
}

# Commands, those of two words too, and every command of the help.
offers "import" im
offers "repl report replay" rep
offers "add list show export erase" org ""
offers "verify checkpoint key" audit ""
offers "show preview" calendar ""
offers "" nonsense ""
while read -r first second; do
    has "$first" ""
    [ -z "$second" ] || has "$second" "$first" ""
done < <(_baton_program=baton _baton_commands)
[ "$(_baton_program=baton _baton_commands | wc -l)" -gt 20 ] || fail "few commands are read from the help"

# Options: of all, of one command, behind a value, behind --x=.
has --home --
has --dry-run import people x.csv --
has --skip-unknown import --s
has --json import --
has --plugins org add x --p
offers "csv jsonl" export people x --format ""
offers "text mermaid dot svg" graph -f ""
offers "jsonl" export people x --format = j
offers "system movable" org add x --clock ""
offers "" run script.lua --ho

# Organisations, plugins, entities.
cd "$dir"
offers "" --org ""
baton --quiet init home
baton --quiet --home home org add alpha --clock movable
baton --quiet --home home org add beta
baton --quiet --home home new plugin mentoring
offers "" --org ""
offers "alpha beta" --home home --org ""
offers "alpha" --home home -o a
offers "beta" --home = home org show b
cd home
offers "alpha beta" --org ""
offers "beta" org show b
has people import ""
offers "people partners" export p
offers "referrals" --org alpha export r
has mentoring check ""
has simple_referral test s
offers "mentoring" org add x --plugins m
offers "mentoring,simple_referral" org add x --plugins mentoring,s
touch rows.csv
offers "rows.csv" import people r
mkdir scripts.d
has scripts.d init s
has org.ini help o
has list help org l
offers "event" explain e
offers "plugin workflow script" new ""

# Nothing was opened by asking.
[ ! -e orgs/alpha/org.pid ] || fail "an organisation is open"
echo ok
