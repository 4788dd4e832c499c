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
spec=$source/plugins/pre_referral/spec/review.lua
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
[calendar]
week = Mon-Fri 08:00-16:00
terms = 2020-01-01..2099-12-31
INI
        if [ "$variant" != default ]; then
            snippet "$variant"
        fi
    } >"$BATON_HOME/orgs/$org/org.ini"
    # What the README shows is taken, and is what the spec runs.
    "$baton" --org "$org" repl -e 'assert(baton.workflows()[1] == "pre_referral")' >/dev/null
    [ "$variant" = default ] && continue
    grep -q "describe(\"$variant\"" "$spec" || { echo "the spec has no variant $variant"; exit 1; }
    while read -r key _ value; do
        grep -Eq "$key = (\"$value\"|$value|true)" "$spec" ||
            { echo "the spec does not run $variant with $key = $value"; exit 1; }
    done < <(snippet "$variant" | grep ' = ')
done
"$baton" test "$source/plugins/pre_referral" >"$home/spec" || { cat "$home/spec"; exit 1; }
tail -1 "$home/spec"
if grep "never" "$home/spec"; then
    echo "the spec leaves something out"
    exit 1
fi

# Roles: whoever may not start a review may still pass on a parent's request.
org=spec_roles
"$baton" org add "$org" --plugins pre_referral >/dev/null
"$baton" --org "$org" repl >/dev/null <<'LUA'
staff.add{ name = "J", email = "j@school.example", roles = "junior" }
staff.add{ name = "T", email = "t@school.example", roles = "teacher" }
parent = people.add{ name = "Parent" }
new = { workflow = "pre_referral", subject = people.add{ name = "Pupil" } }
new.fields = { parent = parent, raised_by = "teacher", concerns = { "reading" } }
referrals.open(new)
referrals.open(new)
LUA
as_junior=("$baton" --org "$org" --as j@school.example repl -e)
if "${as_junior[@]}" 'referrals.get(1):advance("start")' >"$home/out" 2>&1; then
    echo "a junior started a review"
    exit 1
fi
"$baton" --org "$org" --as t@school.example repl -e 'referrals.get(1):advance("start")' >/dev/null
"${as_junior[@]}" 'assert(referrals.get(2):advance("parent_request").stage == "evaluation")' >/dev/null

# The command line reaches commands and reports.
"$baton" --org "$org" repl >/dev/null <<'LUA'
r = referrals.get(1)
for _, name in ipairs{ "records", "attendance", "discipline", "earlier_scores", "parent_interview", "child_interview", "work_samples", "earlier_interventions" } do r:set{ fields = { [name] = "x" } } end
r:advance("gathered", { fields = { observations = { "classroom: a", "bus: b" } } })
r:advance("invite", { fields = { meeting_at = "now" } })
r:advance("set_goals", { fields = { parent_attended = true, attended = { "a", "b" }, goals = { "g" } } })
LUA
"$baton" --org "$org" call add_strategy review=R-1 concern=1 title="Repeated reading" weeks=5 >/dev/null
if "$baton" --org "$org" call add_strategy review=R-1 concern=1 title=x weeks=50 >"$home/out" 2>&1; then
    echo "50 weeks were accepted"
    exit 1
fi
grep -q "at most 6 are allowed" "$home/out" || { cat "$home/out"; exit 1; }
"$baton" --org "$org" report fidelity >/dev/null
"$baton" --org "$org" report evaluations | grep -q 'R-2' || { echo "the report leaves out R-2"; exit 1; }

# No setting takes the parent's request away, and saying so names the source.
org=spec_locked
"$baton" org add "$org" >/dev/null
sed 's/^title = .*/title = Locked/' "$BATON_HOME/orgs/spec_default/org.ini" >"$BATON_HOME/orgs/$org/org.ini"
printf '[workflow pre_referral]\ndisable = parent_request\n' >>"$BATON_HOME/orgs/$org/org.ini"
"$baton" --org "$org" repl -e 'local r = referrals.open{ workflow = "pre_referral" }
r:advance("parent_request") assert(r.stage == "evaluation")' >"$home/out" 2>&1 ||
    { echo "parent_request could be disabled"; cat "$home/out"; exit 1; }
"$baton" --org "$org" doctor >"$home/doctor" 2>&1 || true
cat "$home/out" "$home/doctor" | grep -q "1414(a)(1)(B)" || { echo "the refusal does not name its source:"; cat "$home/out" "$home/doctor"; exit 1; }
echo "parent_request can't be disabled"
