#!/usr/bin/env bash
# Help, versions, exit codes, homes and organisations.
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

exits 0 "baton " "$BATON" version
exits 0 "baton " "$BATON" --version
exits 0 "sqlite" "$BATON" version --verbose
exits 0 '"lua":"5.4' "$BATON" version --json
exits 0 "Usage" "$BATON" --help
exits 2 "Usage" "$BATON"
exits 0 "interrupted" "$BATON" help exit-codes
exits 0 "movable" "$BATON" help org.ini
exits 0 "Example" "$BATON" help import
# A command and a word of Lua of the same name: both.
exits 0 "restart" "$BATON" help migrate
exits 0 "Usage: baton migrate" "$BATON" help migrate
exits 0 "clock.advance" "$BATON" help clock
exits 0 "In Lua:" "$BATON" help explain
exits 3 "baton help lists the commands" "$BATON" help nosuch
exits 0 "Example" "$BATON" import --help
exits 0 "org list" "$BATON" org --help
exits 0 "referrals" "$BATON" help referrals
exits 0 "referrals" "$BATON" reference
exits 2 'did you mean "import"?' "$BATON" imprt
exits 2 "did you mean --home?" "$BATON" --hme x repl
exits 2 "something is missing" "$BATON" init

# Homes.
cd "$dir"
exits 3 "baton init" "$BATON" org list
exits 3 "baton init" "$BATON" --home "$dir/none" org list
exits 0 "Made a home in $PWD/home" "$BATON" init home
mkdir -m 755 shared && mkdir -m 700 private
exits 0 "(mode 755); to keep it to yourself: chmod 700 shared" "$BATON" init shared
"$BATON" init private | grep -q chmod && fail "init warns of a folder that is its owner's alone"
[ "$(stat -c %a home private shared | xargs)" = "700 700 755" ] || fail "modes of homes"
exits 5 "home already" "$BATON" init home
[ "$(stat -c %a home)" = 700 ] || fail "the home has mode $(stat -c %a home)"
cd home
exits 3 "no organisation yet" "$BATON" repl -e 1
exits 0 "Added alpha" "$BATON" org add alpha --title "Alpha & Söhne" --zone Europe/Berlin
exits 5 "exists already" "$BATON" org add alpha
exits 2 "movable" "$BATON" org add beta --clock wrong
exits 2 "name of an organisation" "$BATON" org add Wrong
exits 2 "zone" "$BATON" org add beta --zone Europe/Berlinn
case $said in *org.ini*) fail "a file that is not there is blamed: $said" ;; esac
exits 3 "no plugin" "$BATON" org add beta --plugins nothing_like_it
[ "$("$BATON" org list)" = alpha ] || fail "org list"

# Found from a folder below, by --home and by BATON_HOME.
mkdir -p deep/er
cd deep/er
[ "$("$BATON" org list)" = alpha ] || fail "upwards"
cd /
[ "$("$BATON" --home "$dir/home" org list --json)" = '["alpha"]' ] || fail "--home"
[ "$(BATON_HOME=$dir/home "$BATON" org list)" = alpha ] || fail "BATON_HOME"
export BATON_HOME="$dir/home"

exits 0 "Alpha & Söhne" "$BATON" org show
exits 0 '"zone":"Europe/Berlin"' "$BATON" org show alpha --json
exits 3 'did you mean "alpha"?' "$BATON" org show alpa
exits 3 'did you mean "alpha"?' "$BATON" repl --org alhpa -e 1
exits 0 "Added beta" "$BATON" org add beta --clock movable --roles teacher,counsellor
exits 2 "alpha, beta" "$BATON" repl -e 1
exits 2 "Header=column" "$BATON" --org alpha import people x.csv --map foo
exits 2 "one character" "$BATON" --org alpha import people x.csv --separator ';;'
exits 2 "NAME=VALUE" "$BATON" --org alpha report x extra
exits 3 "No such file" "$BATON" --org alpha run nope.lua
exits 2 "org add" "$BATON" org
exits 2 "audit verify" "$BATON" audit
exits 3 "no member of staff S-9" "$BATON" --org alpha --as S-9 repl -e 1
case $said in */as*) fail "the request shows through: $said" ;; esac
exits 0 "No server runs" "$BATON" status
exits 0 "zone" "$BATON" status
exits 3 "baton serve" "$BATON" stop
exits 3 "baton serve" "$BATON" reload

# What plugins offer by name, and how a report is shown.
mkdir -p "$BATON_HOME/plugins/desk"
printf '[plugin]\nname = desk\nversion = 1.0.0\napi = 1\n' > "$BATON_HOME/plugins/desk/plugin.ini"
cat > "$BATON_HOME/plugins/desk/init.lua" <<'EOF'
baton.command("greet", { help = "says hello", args = { { name = "who", type = "text", required = true, help = "whom" },
    { name = "loud", type = "bool" } } }, function(args) return "hello " .. args.who end)
baton.report("due", { help = "what is due", columns = { { name = "due", type = "time" }, "review" } },
    function() return { { zeal = 1, review = "R-1", due = 0 } } end)
baton.report("nothing", {}, function() return {} end)
EOF
exits 0 "Added desk" "$BATON" org add desk --plugins desk --zone Europe/Berlin
exits 0 "greet who=text [loud=bool]" "$BATON" --org desk call
exits 0 "says hello" "$BATON" --org desk call
exits 0 '"name":"greet"' "$BATON" --org desk call --json
exits 0 "what is due" "$BATON" --org desk report
exits 0 "commands  greet" "$BATON" org show desk
exits 3 'did you mean "greet"?' "$BATON" --org desk call gret who=x
exits 0 "hello x" "$BATON" --org desk call greet who=x
exits 0 "1970-01-01 01:00  R-1        1" "$BATON" --org desk report due
exits 0 '[{"due":0,"review":"R-1","zeal":1}]' "$BATON" --org desk report due --json
exits 0 "no rows" "$BATON" --org desk report nothing
[ -z "$("$BATON" --org desk report nothing 2>/dev/null)" ] || fail "no rows are printed"
echo 'baton.report("x", { columns = { { name = "a", type = "tiem" } } }, function() end)' > "$BATON_HOME/plugins/desk/init.lua"
exits 0 'did you mean "time"?' "$BATON" org show desk
echo 'oops(' > "$BATON_HOME/plugins/desk/init.lua"
exits 0 "plugin desk does not load" "$BATON" org add late --plugins desk
exits 0 '"problems":[{"plugin":"desk"' "$BATON" org add later --plugins desk --json

# Settings that are wrong are named with their place.
printf '[org]\ntitle = B\nzoen = UTC\n' > "$BATON_HOME/orgs/beta/org.ini"
exits 1 "org.ini:3" "$BATON" repl --org beta -e 1
echo ok
