#!/usr/bin/env bash
# Runs the spec of the plugin pre_referral: with its default settings, and with each local variant as
# the README of the plugin shows it.
set -euo pipefail
baton=${BATON:?} source=${SOURCE:?}
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
export BATON_HOME=$home/home
readme=$source/plugins/pre_referral/README.md

"$baton" init "$BATON_HOME" >/dev/null

# The first fenced block after the mark of a variant.
snippet() {
    awk -v mark="<!-- variant: $1 -->" '$0 == mark { on = 1; next }
        on && /^```/ { if (inside) exit; inside = 1; next } inside' "$readme"
}

variants=$(sed -n 's/^<!-- variant: \(.*\) -->$/\1/p' "$readme")
[ "$(wc -w <<<"$variants")" = 4 ] || { echo "the README shows other variants than four: $variants"; exit 1; }
for variant in default $variants; do
    org=spec_$variant
    "$baton" org add "$org" >/dev/null
    # Terms without end, so that school days exist whenever this runs.
    {
        cat <<'INI'
[org]
title = Scratch school
zone = America/Los_Angeles
plugins = pre_referral
clock = movable
[roles]
extra = teacher, counsellor, psychologist
[calendar]
week = Mon-Fri 08:00-16:00
terms = 2020-01-01..2099-12-31
INI
        if [ "$variant" != default ]; then
            snippet "$variant"
        fi
    } >"$BATON_HOME/orgs/$org/org.ini"
    "$baton" --org "$org" run "$source/plugins/pre_referral/spec/review.lua" "$variant"
    "$baton" --org "$org" audit verify >/dev/null
done

# No setting takes the parent's request away, and saying so names the source.
org=spec_locked
"$baton" org add "$org" >/dev/null
sed 's/^title = .*/title = Locked/' "$BATON_HOME/orgs/spec_default/org.ini" >"$BATON_HOME/orgs/$org/org.ini"
printf '[workflow pre_referral]\ndisable = parent_request\n' >>"$BATON_HOME/orgs/$org/org.ini"
if "$baton" --org "$org" run "$source/plugins/pre_referral/spec/review.lua" default >"$home/out" 2>&1; then
    echo "parent_request could be disabled"
    exit 1
fi
"$baton" --org "$org" doctor >"$home/doctor" 2>&1 || true
cat "$home/out" "$home/doctor" | grep -q "1414(a)(1)(B)" || { echo "the refusal does not name its source:"; cat "$home/out" "$home/doctor"; exit 1; }
echo "parent_request can't be disabled"
