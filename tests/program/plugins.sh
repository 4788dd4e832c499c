#!/usr/bin/env bash
# Every plugin shipped is without a finding, warnings included, passes its specs, takes each
# transition of its workflows in them, and shows the picture of its workflow as it is.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export HOME="$dir" BATON_PLUGINS="$SOURCE/plugins"
unset BATON_HOME
cd "$dir"

for plugin in "$SOURCE"/plugins/*/; do
    plugin=${plugin%/}
    "$BATON" check --strict "$plugin" >check.txt 2>&1 || { cat check.txt; exit 1; }
    [ -d "$plugin/spec" ] || continue
    "$BATON" test "$plugin" >spec.txt 2>&1 || { cat spec.txt; exit 1; }
    ! grep -E 'never (taken|entered)' spec.txt || { echo "FAIL: $plugin: see above"; exit 1; }
done

# picture PLUGIN WORKFLOW
picture() {
    readme=$(<"$SOURCE/plugins/$1/README.md")
    drawn=$("$BATON" graph "$2" --plugin "$SOURCE/plugins/$1")
    case $readme in *"$drawn"*) ;; *) echo "FAIL: the README of $1 shows another picture than: $drawn"; exit 1 ;; esac
}
picture escalation escalation
picture followup followup_check
