# Completion of baton for bash. Installed to share/bash-completion/completions/baton; or, for one shell:
#   source scripts/baton-completion.bash
# Commands and options are asked of `baton help` itself, so what it completes is what it has. Nothing here
# opens an organisation: Tab must not let time pass in it.

# The names of commands, one a line: "org add".
_baton_commands() {
    "$_baton_program" help 2>/dev/null | sed -n 's/^  \([a-z][a-z -]*[a-z]\) *[A-Z].*/\1/p'
}

# The options of a command, or with none those of every command: "--org NAME" and "-o NAME" a line each.
_baton_options() {
    local text
    if [ -n "$1" ]; then
        # shellcheck disable=SC2086  # two words: org add
        text=$("$_baton_program" $1 --help 2>/dev/null)
    else
        text=$("$_baton_program" help 2>/dev/null)
    fi
    printf '%s\n' "$text" | awk '
        match($0, /^(  -[a-zA-Z], |      )--[a-z][a-z-]*/) {
            rest = substr($0, RLENGTH + 1) # a value follows after one space, the explanation after several
            value = match(rest, /^ [^ ]+/) ? substr(rest, 1, RLENGTH) : ""
            for (i = 1; i <= 2 && $i ~ /^-/; i++) {
                name = $i
                sub(/,$/, "", name)
                print name value
            }
        }'
}

# Does this option take a value?
_baton_takes_value() { # option, lines of _baton_options
    case $'\n'$2$'\n' in *$'\n'"$1 "*) return 0 ;; esac
    return 1
}

# The home: --home of the line, BATON_HOME, or the nearest folder upwards with baton.ini.
_baton_home() {
    local dir
    if [ -n "$_baton_given_home" ]; then
        dir=$_baton_given_home
        case $dir in "~"*) dir=$HOME${dir#\~} ;; esac
    elif [ -n "${BATON_HOME:-}" ]; then
        dir=$BATON_HOME
    else
        dir=$PWD
        while [ -n "$dir" ] && [ ! -e "$dir/baton.ini" ]; do dir=${dir%/*}; done
    fi
    [ -e "$dir/baton.ini" ] && printf '%s\n' "$dir"
}

_baton_orgs() {
    local home
    home=$(_baton_home) || return 0
    "$_baton_program" --home "$home" org list --json 2>/dev/null | tr -d '[]" ' | tr , '\n'
}

# Folders with a plugin.ini: those of organisations, of the home, and those that ship with baton.
_baton_plugins() {
    local home program ini
    home=$(_baton_home) || home=
    program=$(readlink -f "$(command -v "$_baton_program")")
    for ini in ${home:+"$home"/orgs/*/plugins/*/plugin.ini "$home"/plugins/*/plugin.ini} \
        "${BATON_PLUGINS:-${program%/bin/*}/share/baton/plugins}"/*/plugin.ini; do
        [ -e "$ini" ] || continue
        ini=${ini%/plugin.ini}
        printf '%s\n' "${ini##*/}"
    done | sort -u
}

# Fills COMPREPLY from words, or from names of files or folders.
_baton_words() {
    local word
    while IFS= read -r word; do
        if [ -n "$word" ] && [[ $word == "$_baton_cur"* ]]; then COMPREPLY+=("$word"); fi
    done < <(printf '%s\n' "$@")
}
_baton_files() { # -f or -d
    local name
    compopt -o filenames 2>/dev/null || true # outside of a completion, in the test, there is none
    while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen "$1" -- "$_baton_cur")
}
# The last of words that commas separate.
_baton_list() {
    local head=
    case $_baton_cur in *,*) head=${_baton_cur%,*}, ;; esac
    local whole=$_baton_cur i
    _baton_cur=${whole##*,}
    _baton_words "$@"
    for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]=$head${COMPREPLY[i]}; done
    compopt -o nospace 2>/dev/null || true # another may follow
}

# The value of an option.
_baton_value() { # command, option
    case $1:$2 in
    *:--org | *:-o) _baton_words "$(_baton_orgs)" ;;
    replay:--plugin | replay:-p)
        _baton_words "$(_baton_plugins)"
        _baton_files -d
        ;;
    *:--home | *:--dir | *:--plugin) _baton_files -d ;;
    "org add:--plugins" | "org add:-p") _baton_list "$(_baton_plugins)" ;;
    "org add:--clock") _baton_words system movable ;;
    "org add:--zone" | "org add:-z")
        _baton_words UTC "$(awk '!/^#/ { print $3 }' /usr/share/zoneinfo/zone.tab 2>/dev/null)" ;;
    "graph:--format" | "graph:-f") _baton_words text mermaid dot svg ;;
    "reference:--format" | "reference:-f") _baton_words markdown luacheck luals ;;
    *:--format | "import:-f" | "export:-f") _baton_words csv jsonl ;;
    *:--separator) _baton_words tab ;;
    serve:--log) _baton_words error warn info debug ;;
    *:--file | "calendar preview:-f" | *:--junit | *:--out | graph:-O | *:--map-file | \
        *:--checkpoint | *:--key) _baton_files -f ;;
    esac
}

# A word that is no option: the how manyth behind the command.
_baton_argument() { # command, 1…
    case $1:$2 in
    init:1) _baton_files -d ;;
    "org show:1" | "org erase:1" | restore:2) _baton_words "$(_baton_orgs)" ;;
    backup:* | "org export:"*)
        _baton_words "$(_baton_orgs)"
        _baton_files -f
        ;;
    restore:1 | "audit checkpoint:1") _baton_files -f ;;
    import:1 | export:1)
        _baton_words people partners services locations staff referrals timers tasks notes messages consents ;;
    import:2 | export:2 | run:*) _baton_files -f ;;
    check:*)
        _baton_words "$(_baton_plugins)"
        _baton_files -d
        ;;
    test:*)
        _baton_words "$(_baton_plugins)"
        _baton_files -f
        ;;
    new:1) _baton_words plugin workflow script ;;
    explain:1) _baton_words event ;;
    "plugin on:1" | "plugin off:1") _baton_words "$(_baton_plugins)" ;;
    help:1)
        _baton_words "$(_baton_commands | cut -d ' ' -f 1 | sort -u)" exit-codes org.ini baton.ini plugin.ini workflow \
            stage transition deadline fields guard approval children migrate events roles templates referrals people \
            partners services locations staff tasks timers notes messages consents clock csv json text log session spec
        ;;
    help:2) _baton_words "$(_baton_commands | sed -n "s/^${COMP_WORDS[COMP_CWORD - 1]} //p")" ;;
    esac
}

_baton() {
    local _baton_program=${COMP_WORDS[0]} _baton_cur=${COMP_WORDS[COMP_CWORD]} _baton_given_home=
    local commands command='' options word previous='' i count=0 ended=''
    COMPREPLY=()
    command -v "$_baton_program" >/dev/null || _baton_program=baton
    commands=$(_baton_commands)
    [ -n "$commands" ] || return 0
    options=$(_baton_options '')

    # What stands before the cursor. bash takes --org=x for three words: --org = x.
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [ -n "$previous" ]; then
            [ "$word" = = ] && continue
            if [ "$previous" = --home ]; then _baton_given_home=$word; fi
            previous=
        elif [ -n "$ended" ]; then
            count=$((count + 1))
        elif [ "$word" = -- ]; then
            ended=yes
        elif [[ $word == -* ]]; then
            if _baton_takes_value "$word" "$options"; then previous=$word; fi
        elif [ -z "$command" ] || ! printf '%s\n' "$commands" | grep -qx -- "$command"; then
            command=${command:+$command }$word
            options=$(_baton_options "$command")
            [ -n "$options" ] || options=$(_baton_options '')
        else
            count=$((count + 1))
            if [ "$command" = run ]; then ended=yes; fi
        fi
    done

    if [ -n "$previous" ]; then
        if [ "$_baton_cur" = = ]; then _baton_cur=; fi
        _baton_value "$command" "$previous"
    elif [ -z "$ended" ] && [[ $_baton_cur == -* ]]; then
        _baton_words "$(printf '%s\n' "$options" | sed 's/ .*//' | grep '^--')"
    elif [ -z "$command" ]; then
        _baton_words "$(printf '%s\n' "$commands" | cut -d ' ' -f 1 | uniq)"
    elif ! printf '%s\n' "$commands" | grep -qx -- "$command"; then
        _baton_words "$(printf '%s\n' "$commands" | sed -n "s/^$command //p")"
    else
        _baton_argument "$command" $((count + 1))
    fi
    return 0
}
complete -F _baton baton
