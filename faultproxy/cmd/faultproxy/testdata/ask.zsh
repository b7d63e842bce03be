# Prints what Zsh would complete: zsh -f ask.zsh SCRIPT LINE…, a line of hits for each. An
# interactive Zsh in a terminal of its own gets the line and a tab, and tells what it was
# about to offer.
zmodload zsh/zpty
zpty -b shell zsh -f -i
zpty -w shell "PS1=; bindkey -e; autoload -Uz compinit; compinit -u -D; source ${(q)1}"
zpty -w shell 'compadd() {
    if [[ $*[1,(i)--] == *(-O|-A|-D)* ]]; then
        builtin compadd "$@"
    else
        local -a hits
        builtin compadd -A hits "$@"
        print -r -- "<hit>"$^hits"</hit>"
        local shown=$*[(I)-*d]
        ((shown)) && print -r -- "<about>"${(P)^*[shown+1]}"</about>"
    fi
}'
zpty -w shell 'ask() { _main_complete; print "<end>" }; zle -C ask complete-word ask; bindkey "^I" ask'
zpty -w shell 'print "<ready""y>"'
zpty -r -m shell said '*<readyy>*'
for line in "${@:2}"; do
    zpty -w -n shell $'\x15'"$line"$'\t' # over what was typed before
    zpty -r -m shell said '*<end>*'
    print -r -- "${${said//$'\n'/}//$'\r'/}"
done
zpty -d shell
