#!/usr/bin/env bash
# The REPL follows the files of its plugins: alone, on a terminal, and beside a server.
set -eu
dir=$(mktemp -d)
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
export HOME="$dir" BATON_HOME="$dir/home" TERM=xterm BATON_HISTORY=
export BATON_PLUGINS="$dir/shipped"
p=$dir/home/plugins

fail() { echo "FAIL: $*" >&2; cat -v "$dir/out" >&2 2>/dev/null || true; exit 1; }
plugin() { # NAME: its plugin.ini
    mkdir -p "$1"
    printf '[plugin]\nname = %s\nversion = 1.0.0\ntitle = A test\napi = 1\n' "$(basename "$1")" >"$1/plugin.ini"
}
says() { # FOLDER TEXT: what the command of the plugin in it returns
    printf 'baton.command("%s", {}, function() return "%s" end)\n' "$(basename "$1")" "$2" >"$1/init.lua"
}
"$BATON" -q init "$BATON_HOME"
"$BATON" -q org add alpha
plugin "$p/one"
says "$p/one" first
printf 'return "part"\n' >"$p/one/part.lua"
ini=$dir/home/orgs/alpha/org.ini
sed -i '/^plugins/d' "$ini"
sed -i 's/^\[org\]/[org]\nplugins = one/' "$ini"

# A conversation with a REPL that is piped: `ask LINE PATTERN` waits for an answer.
talk() {
    mkfifo "$dir/in"
    "$BATON" repl "$@" <"$dir/in" >"$dir/out" 2>&1 &
    repl=$!
    exec 9>"$dir/in"
    rm "$dir/in"
    number=0
    printf 'print("answered 0")\n' >&9
}
hangs_up() {
    exec 9>&-
    wait "$repl" || fail "the REPL ended with $?"
}
ask() {
    number=$((number + 1))
    printf '%s\nprint("answered %d")\n' "$1" "$number" >&9
    for _ in $(seq 200); do
        grep -q "answered $number" "$dir/out" && break
        kill -0 "$repl" 2>/dev/null || fail "the REPL is gone after: $1"
        sleep 0.05
    done
    last=$(sed -n "/answered $((number - 1))\$/,\$p" "$dir/out")
    case $last in *"$2"*) ;; *) fail "'$1' does not answer '$2' but: $last" ;; esac
}
one='baton.call("one")'

changes() { # everything that may be done to a plugin beside a REPL
    ask "$one" first
    ask 'kept = { people.add{ name = "Ada" }, 7 }; lost = function() end' ""
    says "$p/one" second
    ask "$one" "reloaded one (init.lua changed)"
    case $last in *"being code: lost"*) ;; *) fail "nothing said of what is lost: $last" ;; esac
    ask 'kept[1].name .. kept[2]' Ada7
    ask "$one" second

    # Renamed over, as editors do; several at once; one gone.
    says "$dir/home" third
    sed 's/"home"/"one"/' "$dir/home/init.lua" >"$p/one/.init.lua.swp"
    rm "$dir/home/init.lua"
    mv "$p/one/.init.lua.swp" "$p/one/init.lua"
    printf 'return "other"\n' >"$p/one/other.lua"
    rm "$p/one/part.lua"
    ask "$one" "reloaded one (init.lua changed, other.lua new, part.lua gone)"
    ask "$one" third

    # Half written: the old one stays, once told; mended: the new one.
    printf 'baton.command("one", {}, function() return\n' >"$p/one/init.lua"
    ask "$one" "not reloaded one (init.lua changed): plugin one: one/init.lua:"
    case $last in *"stays as it was"*third*) ;; *) fail "the old one does not stay: $last" ;; esac
    ask "$one" third
    case $last in *"not reloaded"*) fail "tried again without a change: $last" ;; esac
    says "$p/one" fourth
    ask "$one" fourth

    # Settings that are wrong, then a plugin that is not there yet, then is, behind a link.
    cp "$ini" "$dir/ini"
    printf 'nonsense = 1\n' >>"$ini"
    ask "$one" "not reloaded org.ini changed"
    sed 's/^plugins = one/plugins = one, two/' "$dir/ini" >"$ini"
    ask "$one" "not reloaded org.ini changed: plugin two"
    plugin "$dir/elsewhere/two"
    says "$dir/elsewhere/two" linked
    ln -s ../../elsewhere/two "$p/two"
    ask 'baton.call("two")' "reloaded two (init.lua new, plugin.ini new)"
    ask 'baton.call("two")' linked
    says "$dir/elsewhere/two" "linked again"
    ask 'baton.call("two")' "linked again"

    # Specs are none of its business, neither are an editor's own files.
    mkdir -p "$p/one/spec"
    printf 'it("x", function() end)\n' >"$p/one/spec/x.lua"
    printf 'x' >"$p/one/.init.lua.swp"
    ask "$one" fourth
    case $last in *reloaded*) fail "reloaded for a spec: $last" ;; esac

    # Off, asked for, on.
    ask "reload off" ""
    says "$p/one" fifth
    ask "$one" fourth
    ask reload reloaded
    ask "$one" fifth
    says "$p/one" sixth
    ask "$one" fifth
    ask "reload on" reloaded
    ask "$one" sixth
    cp "$dir/ini" "$ini"
    ask "$one" "reloaded org.ini changed"
    says "$p/one" first
    rm -r "$p/one/spec" "$p/one/other.lua" "$p/two" "$dir/elsewhere"
    printf 'return "part"\n' >"$p/one/part.lua"
    ask "$one" first
}
talk
changes
hangs_up
talk --no-reload
ask "$one" first
says "$p/one" seventh
ask "$one" first
hangs_up
says "$p/one" first

# The same beside a server, which others see too.
"$BATON" -q serve >"$dir/log" 2>&1 &
server=$!
for _ in $(seq 100); do "$BATON" -q status >/dev/null 2>&1 && break; sleep 0.05; done
talk
changes
says "$p/one" shared
ask "$one" shared
[ "$("$BATON" repl -e "$one")" = shared ] || fail "somebody else does not see the reload"
hangs_up
"$BATON" -q stop
wait "$server" || true
server=""
says "$p/one" first

# On a terminal, while a line is being typed: a notice above it, and the line is kept.
shown() { # TEXT: waits until the terminal shows it
    for _ in $(seq 200); do
        grep -qF "$1" "$dir/tty" 2>/dev/null && return
        sleep 0.05
    done
}
if command -v script >/dev/null; then
    {
        shown 'alpha> '
        printf '"typed " .. baton.call('
        shown 'baton.call('
        says "$p/one" "while waiting"
        shown '* reloaded'
        printf '"one")\n'
        shown 'typed while waiting'
        printf '\004'
        sleep 0.3
    } | timeout 60 script -qefc "exec $BATON repl" /dev/null >"$dir/tty" 2>&1 || fail "the REPL ended with $?"
    cp "$dir/tty" "$dir/out"
    grep -q 'Plugins are reloaded when they are saved' "$dir/out" || fail "the banner does not say so"
    grep -q '\* reloaded one (init.lua changed)' "$dir/out" || fail "no notice at the prompt"
    grep -q 'typed while waiting' "$dir/out" || fail "the line that was typed is lost"
fi
echo ok
