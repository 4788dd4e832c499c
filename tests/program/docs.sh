#!/usr/bin/env bash
# The pages in docs/ keep in step with the program: links lead somewhere, and the manual page names every
# command with its options. pages.sh runs what they show.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export BATON_PLUGINS="$SOURCE/plugins"
unset BATON_HOME

fail() { echo "FAIL: $*" >&2; exit 1; }

# What pages.sh must not let pass: a block without a mark, one that fails, one that shows something else.
refused() { # WHY, then the page on stdin
    mkdir -p "$dir/pages"
    cat >"$dir/pages/page.md"
    if env SOURCE="$dir/pages" bash "$SOURCE/tests/program/pages.sh" page.md >"$dir/said" 2>&1; then
        fail "pages.sh lets a page pass: $(cat "$dir/pages/page.md")"
    fi
    grep -q "$1" "$dir/said" || fail "pages.sh says: $(cat "$dir/said")"
}
printf '```sh\ntrue\n```\n' | refused "no mark in line 1"
printf '<!-- shell -->\n```sh\ntrue\n```\n\n```\nx\n```\n' | refused "no mark in line 6"
printf '<!-- shell -->\n```sh\nfalse\ntrue\n```\n' | refused "this fails"
printf '<!-- run: echo yes -->\n<!-- output -->\n```\nn…o\n```\n' | refused "it shows"
printf '.\\" shell\n.Bd -literal\nfalse\n.Ed\n' | refused "this fails"
printf '<!-- run: baton init --quiet . ; baton --quiet org add a -->\n<!-- repl: a -->\n```lua\nx.y\n```\n' |
    refused "the REPL stops"

# Links to files, from the page's folder.
for page in README.md CONTRIBUTING.md docs/how-to.md docs/how-it-works.md docs/security.md; do
    grep -oE '\]\([^):#]+\)' "$SOURCE/$page" | sed 's/^](//; s/)$//' | while read -r link; do
        [ -e "$(dirname "$SOURCE/$page")/$link" ] || fail "$page: $link is not there"
    done
done

# docs/security.md: each promise in a table names a test, and each group of attacks has its section.
page=$SOURCE/docs/security.md
awk '/^## / { on = /^## (To |Threats)/ } on && /^\| / && !/^\| (promise|who) \|/ && !/\]\(\.\.\/tests\// { print }' "$page" >"$dir/untested"
[ ! -s "$dir/untested" ] || fail "docs/security.md promises without a test: $(cat "$dir/untested")"
[ "$(grep -c '](\.\./tests/' "$page")" -gt 30 ] || fail "docs/security.md names few tests"
grep -ohE '^ *(\{ |\.group = )[0-9]+,' "$SOURCE"/core/cli/attack_*.c | grep -oE '[0-9]+' | sort -nu >"$dir/groups"
[ "$(wc -l <"$dir/groups")" -ge 10 ] || fail "few groups of attacks are read from core/cli"
while read -r group; do
    grep -q "^### Group $group: " "$page" || fail "docs/security.md has no section on group $group of the attacks"
done <"$dir/groups"

# The commands that there are.
"$BATON" help | sed -n 's/^  \([a-z][a-z -]*[a-z]\) *[A-Z].*/\1/p' >"$dir/commands"
[ "$(wc -l <"$dir/commands")" -gt 20 ] || fail "few commands are read from the help"

# What a page names in passing: `baton x` begins with a command.
for page in "$SOURCE"/*.md "$SOURCE"/docs/*.md "$SOURCE"/plugins/*/README.md; do
    grep -oE '`baton [a-z]+' "$page" | sed 's/.* //' | sort -u | while read -r word; do
        grep -qE "^$word( |\$)" "$dir/commands" || fail "$page names a command that there is not: baton $word"
    done
done

# The manual page: an entry for each command, and in it each option by its letter or its name.
page=$SOURCE/docs/man/baton.1
while read -r command; do
    awk -v start=".It Cm $command" '
        /^\.(It|El|Ss|Sh)/ { on = index($0 " ", start " ") == 1 }
        on' "$page" >"$dir/entry"
    [ -s "$dir/entry" ] || fail "docs/man/baton.1 has no \".It Cm $command\""
    # shellcheck disable=SC2086  # two words: org add
    "$BATON" $command --help | awk '/^Options:/ { on = 1; next } /^$/ { on = 0 } on' |
        sed -nE 's/^  (-([a-zA-Z]),|   ) --([a-z-]+).*/\3 \2/p' | while read -r name letter; do
        grep -qE "Fl Fl $name( |\$)${letter:+|Fl $letter( |\$)}" "$dir/entry" ||
            fail "docs/man/baton.1: the entry of \"$command\" lacks --$name"
    done
done <"$dir/commands"
# And nothing that is not there.
sed -n 's/^\.It Cm \([a-z ]*[a-z]\).*/\1/p' "$page" | while read -r words; do
    found=
    while read -r command; do
        case "$words " in "$command "*) found=yes ;; esac
    done <"$dir/commands"
    [ -n "$found" ] || fail "docs/man/baton.1: there is no command \"$words\""
done

# Both pages are well formed, where there is something to ask.
for page in "$SOURCE"/docs/man/*.[1-9]; do
    if command -v mandoc >/dev/null; then
        mandoc -T lint -W warning "$page" >"$dir/lint" || fail "$(cat "$dir/lint")"
    elif command -v groff >/dev/null && [ -e /usr/share/groff/current/tmac/mdoc.tmac ]; then
        groff -mdoc -ww -z -T utf8 "$page" 2>"$dir/lint" || fail "$(cat "$dir/lint")"
        [ ! -s "$dir/lint" ] || fail "$(cat "$dir/lint")"
    fi
done
echo ok
