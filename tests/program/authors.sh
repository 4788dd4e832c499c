#!/usr/bin/env bash
# What a workflow author does first: new, check, test, graph.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export HOME="$dir" BATON_PLUGINS="$SOURCE/plugins"
unset BATON_HOME

fail() { echo "FAIL: $*" >&2; exit 1; }
# exits CODE WORDS COMMAND…: the command ends with CODE and says WORDS.
exits() {
    want=$1 words=$2
    shift 2
    code=0
    said=$("$@" 2>&1 </dev/null) || code=$?
    [ "$code" = "$want" ] || fail "$* ended with $code, not $want: $said"
    case $said in *"$words"*) ;; *) fail "$* says: $said" ;; esac
}

# ---- without a home: a plugin in the current folder ----
cd "$dir"
exits 0 "Next: baton check" "$BATON" new plugin tutoring
exits 5 "exists already" "$BATON" new plugin tutoring
exits 2 "is no name" "$BATON" new plugin Tutoring
exits 2 "has 300 characters, a name at most 64" "$BATON" new plugin "$(printf 'a%.0s' $(seq 300))"
exits 0 "warning: baton brings a plugin simple_referral along" "$BATON" new plugin simple_referral
rm -r simple_referral
exits 2 'did you mean "plugin"?' "$BATON" new plugn x
exits 3 "a workflow is a file of a plugin" "$BATON" new workflow mentoring
[ -z "$(find . -name '*.new')" ] || fail "the folder made aside is left"
exits 0 "0 errors, 0 warnings" "$BATON" check tutoring
exits 0 "4 passed, 0 failed" "$BATON" test tutoring
cd tutoring
exits 0 "0 errors, 0 warnings" "$BATON" check --strict
exits 0 "init.lua requires it now" "$BATON" new workflow mentoring
exits 5 "exists already" "$BATON" new workflow mentoring
exits 0 "0 errors, 0 warnings" "$BATON" check --strict .
exits 0 "8 passed, 0 failed" "$BATON" test .

# ---- check: what is wrong, where, and the exit code ----
sed -i 's/to = "accepted", roles/to = "acepted", roles/' init.lua
line=$(grep -n '"acepted"' init.lua | cut -d: -f1)
exits 1 "init.lua:$line: error: transition \"accept\" enters an unknown stage \"acepted\", did you mean \"accepted\"? [stage-unknown]" \
    "$BATON" check
exits 1 "\"code\":\"stage-unknown\",\"severity\":\"error\",\"plugin\":\"tutoring\",\"file\":\"./init.lua\",\"line\":$line," \
    "$BATON" check --json
sed -i 's/"acepted"/"accepted"/' init.lua
echo 'unused = 1' >> init.lua
exits 0 "[global-assigned]" "$BATON" check
exits 1 "[global-assigned]" "$BATON" check --strict
sed -i '$d' init.lua
exits 0 "stage-unreachable" "$BATON" check --kinds
exits 3 "holds no plugin.ini" "$BATON" check ../nowhere/x
exits 1 "no plugin" "$BATON" check nowhere
cd ..

# ---- every shipped plugin is clean ----
for plugin in "$SOURCE"/plugins/*/; do
    exits 0 "0 errors, 0 warnings" "$BATON" check --strict "$plugin"
done

# ---- with a home and an organisation ----
"$BATON" --quiet init home
cd home
exits 0 "home/plugins/mediation" "$BATON" new plugin mediation
"$BATON" --quiet org add demo --plugins mediation --clock movable
exits 0 "1 plugin checked: 0 errors, 0 warnings" "$BATON" check
mkdir plugins/bare
exits 1 'plugin "bare": plugin.ini is missing in its folder' "$BATON" check bare
rmdir plugins/bare
printf '[plugin mediation]\nanswer_within = soon\n' >> orgs/demo/org.ini
exits 1 "[org-setting]" "$BATON" check --org demo
sed -i 's/soon/5 working days/' orgs/demo/org.ini
exits 0 "0 errors, 0 warnings" "$BATON" check --org demo
"$BATON" --quiet --org demo repl >"$dir/out" 2>&1 <<'LUA' || fail "$(cat "$dir/out")"
staff.add{ name = "Ada", email = "ada@x.example", roles = "junior" }
for i = 1, 3 do referrals.open{ workflow = "mediation", title = "x", fields = { need = "n" } } end
referrals.get(1):advance("accept")
LUA
exits 0 "nobody in the organisation may own it: specialist [role-unheld]" "$BATON" check --org demo
exits 1 "role-unheld" "$BATON" check --org demo --strict

# ---- graph ----
exits 0 "(>) requested" "$BATON" graph mediation
exits 0 "2 open" "$BATON" graph mediation --counts
exits 0 "flowchart TD" "$BATON" graph mediation --format mermaid
exits 0 "digraph mediation" "$BATON" graph mediation --format dot
"$BATON" graph mediation --format svg --counts --out mediation.svg
grep -q '<svg xmlns' mediation.svg || fail "no SVG was written"
grep -q '>2</text>' mediation.svg || fail "the SVG shows no counts"
exits 0 "[x] lapsed" "$BATON" graph mediation --plugin plugins/mediation
exits 3 'did you mean "mediation"?' "$BATON" graph mediaton
exits 2 'did you mean "svg"?' "$BATON" graph mediation --format sgv
# A copy: its folder may be called what a plugin cannot be.
cp -r plugins/mediation mediation-v1
exits 0 "[x] lapsed" "$BATON" graph mediation --plugin mediation-v1
exits 0 "the folder mediation-v1 must be called mediation" "$BATON" check mediation-v1
rm "mediation-v1/init.lua"
exits 1 "no workflow of mediation loads" "$BATON" graph mediation --plugin mediation-v1
exits 1 "init.lua" "$BATON" check mediation-v1
rm -r mediation-v1
exits 2 "leave one of them out" "$BATON" graph mediation --plugin plugins/mediation --counts
exits 8 "can't write" "$BATON" graph mediation --out "$dir/none/x.svg"

# ---- while a server hosts it ----
"$BATON" serve >"$dir/serve" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; rm -rf "$dir"' EXIT
for _ in $(seq 100); do [ -S baton.sock ] && break; sleep 0.1; done
exits 0 "2 open" "$BATON" graph mediation --counts
exits 0 "were not looked at" "$BATON" check --org demo
"$BATON" --quiet stop
wait $server || true

# ---- a script; the reference ----
exits 0 "Next: baton run" "$BATON" new script stale
exits 5 "exists already" "$BATON" new script stale
exits 0 "open referrals were not touched" "$BATON" run stale.lua 1
exits 0 "stds.baton" "$BATON" reference --format luacheck
exits 0 "---@meta" "$BATON" reference --format luals
exits 2 'did you mean "luals"?' "$BATON" reference --format lual
if command -v luacheck >/dev/null; then
    exits 0 "0 warnings" luacheck --no-color --config plugins/mediation/.luacheckrc plugins/mediation
fi
echo ok
