"""The scripts that make bash, zsh and fish ask `fmtool completion answer` at a TAB.

An answer is a line with its kind (`words`, `files` or `folders`), one with the word at the cursor,
and then whole words that could stand in its place. Files are left to the shell, which knows how
they are spelled there.
"""

BASH = r"""# Completion of fmtool for bash: source <(fmtool completion bash)
_fmtool() {
    local kind word stem breaks value
    local -a answer
    COMPREPLY=()
    mapfile -t answer < <(
        "${1/#\~\//$HOME/}" completion answer line "${COMP_LINE:0:COMP_POINT}" 2>/dev/null
    )
    (( ${#answer[@]} > 1 )) || return 0
    kind=${answer[0]} word=${answer[1]}
    # Of a word readline replaces only what follows the last of its breaks.
    breaks=${COMP_WORDBREAKS//[^=:]/}
    stem=
    [[ -z $breaks ]] || stem=${word%"${word##*[$breaks]}"}
    if [[ $kind == words ]]; then
        COMPREPLY=("${answer[@]:2}")
        COMPREPLY=("${COMPREPLY[@]#"$stem"}")
        if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=./,] ]]; then
            compopt -o nospace
        fi
        return 0
    fi
    value=${word#"${word%%=*}="}
    compopt -o filenames
    if [[ $kind == folders ]]; then
        mapfile -t COMPREPLY < <(compgen -d -- "${value/#\~\//$HOME/}")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "${value/#\~\//$HOME/}")
    fi
    [[ $breaks == *=* || $word == "$value" ]] || COMPREPLY=("${COMPREPLY[@]/#/${word%%=*}=}")
}
complete -F _fmtool fmtool
"""

ZSH = r"""#compdef fmtool
# Completion of fmtool for zsh: source <(fmtool completion zsh), or this as _fmtool in a folder of
# $fpath.
_fmtool() {
    local kind stem program=${(Q)words[1]}
    local -a answer open closed
    answer=("${(@f)$(${~program} completion answer words "${(@Q)words[2,CURRENT-1]}" \
        "${(Q)PREFIX}" 2>/dev/null)}")
    (( $#answer > 1 )) || return 1
    kind=$answer[1]
    if [[ $kind != words ]]; then
        [[ $PREFIX != *=* ]] || compset -P 1 '*='
        if [[ $kind == folders ]]; then _files -/; else _files; fi
        return
    fi
    stem=${PREFIX%${PREFIX##*[=,]}}
    answer=("${(@)answer[3,-1]#$stem}")
    [[ -z $stem ]] || compset -P '*[=,]'
    open=(${(M)answer:#*[=./,]})
    closed=(${answer:#*[=./,]})
    compadd -Q -S '' -a open
    compadd -Q -a closed
}
if [[ $funcstack[1] == _fmtool ]]; then
    _fmtool "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef _fmtool fmtool
fi
"""

FISH = r"""# Completion of fmtool for fish: fmtool completion fish | source
function __fmtool_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answer ($words[1] completion answer words $words[2..-1] "$current" 2>/dev/null)
    set -q answer[2]; or return
    if test $answer[1] = words
        set -q answer[3]; and printf '%s\n' $answer[3..-1]
        return
    end
    set -l parts (string split -m 1 = -- "$current")
    set -l key
    set -l value "$current"
    if set -q parts[2]
        set key $parts[1]=
        set value $parts[2]
    end
    if test $answer[1] = folders
        __fish_complete_directories "$value" '' | string replace -r '^' -- "$key"
    else
        __fish_complete_path "$value" | string replace -r '^' -- "$key"
    end
end
complete -c fmtool -f -a '(__fmtool_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
