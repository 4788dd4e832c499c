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
[ "$(wc -w <<<"$variants")" = 7 ] || { echo "the README shows other variants than seven: $variants"; exit 1; }
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
        grep -Eq "$key = (\"$value\"|$value|true|false)" "$spec" ||
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
for _, role in ipairs{ "counsellor", "psychologist" } do staff.add{ name = role, roles = role } end
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
r:vote("set_goals", "yes", { for_staff = staff.first{ name = "counsellor" } })
r:vote("set_goals", "yes", { for_staff = staff.first{ name = "psychologist" } })
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

"$baton" check --strict "$source/plugins/pre_referral" || { echo "the check is not clean"; exit 1; }

# Reviews of version 1, which has no votes, go on in version 2; a parent's request waits for nothing.
org=spec_version
"$baton" org add "$org" >/dev/null
sed 's/^title = .*/title = Versions/' "$BATON_HOME/orgs/spec_default/org.ini" >"$BATON_HOME/orgs/$org/org.ini"
mkdir -p "$BATON_HOME/orgs/$org/plugins"
cp -r "$source/plugins/pre_referral" "$BATON_HOME/orgs/$org/plugins/"
old=$BATON_HOME/orgs/$org/plugins/pre_referral
sed -i -e 's/version = 2,/version = 1,/' -e '/migrate = { from = 1 }/d' -e 's/, approval = team.approval()//' \
    -e '/name = "meet_again"/,/effect = team.meet_again/d' "$old/workflow.lua"
sed -i '/parent_speaker/d' "$old/fields.lua"
"$baton" --org "$org" repl >/dev/null <<'LUA'
T = staff.add{ name = "T", roles = "teacher" }
staff.add{ name = "C", roles = "counsellor" }
parent = people.add{ name = "Parent" }
function new() return referrals.open{ workflow = "pre_referral", title = "one of " .. referrals.count() + 1, subject = people.add{ name = "Pupil" }, fields = { parent = parent, teacher = T, raised_by = "teacher", concerns = { "reading" } } } end
function gather(r)
    r:advance("start")
    for _, name in ipairs{ "records", "attendance", "discipline", "earlier_scores", "parent_interview", "child_interview", "work_samples", "earlier_interventions" } do r:set{ fields = { [name] = "x" } } end
    return r:advance("gathered", { fields = { observations = { "classroom: a", "bus: b" } } }):advance("invite", { fields = { meeting_at = "now" } })
end
function goals(r) return r:advance("set_goals", { fields = { parent_attended = true, attended = { "a", "b" }, goals = { "g" } } }) end
new()
gather(new())
goals(gather(new()))
new():advance("close", { reason = "moved" })
new()
assert(referrals.get(1).workflow_version == 1)
clock.advance("2 working days")
LUA
rm -rf "$old"
cat >"$home/migrate.lua" <<'LUA'
due = {}
for r in referrals.each{ open = true } do due[r.id] = r.due_at_ms end
assert(not pcall(function() referrals.get(2):advance("set_goals") end))
assert(referrals.get(5):advance("parent_request").stage == "evaluation")
preview = baton.migrate{ preview = true }
assert(#preview == 3)
for _, row in ipairs(preview) do assert(row.class == "fits" and not row.deadline_moves and row.stage == row.to_stage) end
assert(#baton.migrate{} == 3)
for r in referrals.each{ open = true } do assert(r.workflow_version == 2 and (r.id == 5 or r.due_at_ms == due[r.id]), r.ref) end
assert(referrals.get(4).workflow_version == 1) -- closed: it stays what it was
assert(tasks.count{ kind = "vote", status = "open", about = "R-2" } == 4) -- whoever is to vote now is asked
assert(tasks.count{ kind = "vote", status = "open" } == 4)
for _, id in ipairs{ 1, 2 } do referrals.get(2):vote("set_goals", "yes", { for_staff = id }) end
assert(referrals.get(2):advance("set_goals", { fields = { parent_attended = true, attended = { "a", "b" }, goals = { "g" } } }).stage == "strategies")
assert(referrals.get(3).stage == "strategies")
LUA
"$baton" --org "$org" repl <"$home/migrate.lua" >"$home/out" 2>&1 ||
    { echo "reviews of version 1 do not go on:"; cat "$home/out"; exit 1; }

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
