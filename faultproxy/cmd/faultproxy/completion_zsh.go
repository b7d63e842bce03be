package main

import (
	"fmt"
	"strings"
)

// zshScript completes in zsh: sourced, or as a file of the fpath.
func zshScript(all []spot) string {
	var b strings.Builder
	deeper, valued, values, args := places(all)
	fmt.Fprintf(&b, `#compdef faultproxy
# Completes faultproxy in zsh: faultproxy completion zsh >"${fpath[1]}/_faultproxy"
_faultproxy() {
	local cur=${words[CURRENT]} prev=${words[CURRENT-1]} at= n=0 i word
	local -a values described
	local files=
	if [[ $cur == --*=* ]]; then
		prev=${cur%%%%=*}
		compset -P '*='
	fi
	for ((i = 2; i < CURRENT; i++)); do
		word=${words[i]}
		case "$at $word" in
		(%s)
			at="${at:+$at }$word" n=0 ;;
		(%s)
			((i++)) ;;
		(*' '-*) ;;
		(*) ((n++)) ;;
		esac
	done
	case "$at $prev" in
`, quoted(deeper, "|"), quoted(valued, "|"))
	for _, v := range values {
		fmt.Fprintf(&b, "\t(%s) %s ;;\n", quoted([]string{v.at}, ""), v.zsh())
	}
	b.WriteString("\t(*)\n\t\tif [[ $cur == -* ]]; then\n\t\t\tcase \"$at\" in\n")
	for _, s := range all {
		var flags []word
		for _, f := range s.flags {
			for _, name := range f.names() {
				flags = append(flags, word{name, f.about})
			}
		}
		fmt.Fprintf(&b, "\t\t\t(%s) described=(%s) ;;\n", quoted([]string{s.path}, ""), described(flags))
	}
	b.WriteString("\t\t\tesac\n\t\telse\n\t\t\tcase \"$at $n\" in\n")
	for _, s := range all {
		if len(s.commands) > 0 {
			fmt.Fprintf(&b, "\t\t\t(%s) described=(%s) ;;\n", quoted([]string{s.path + " 0"}, ""), described(s.commands))
		}
	}
	for _, a := range args {
		fmt.Fprintf(&b, "\t\t\t(%s) %s ;;\n", argPattern(a.at), a.zsh())
	}
	b.WriteString(`			esac
		fi ;;
	esac
	(($#described)) && _describe faultproxy described
	(($#values)) && compadd -a values
	[[ -n $files ]] && _files
	return 0
}
if [[ ${funcstack[1]} == _faultproxy ]]; then
	_faultproxy "$@"
else
	compdef _faultproxy faultproxy
fi
`)
	return b.String()
}

// zsh sets what the value can be.
func (h hint) zsh() string {
	text := "values=(" + quoted(h.words, " ") + ")"
	if h.files {
		text += " files=1"
	}
	return text
}

// described are words with what they are about, as _describe takes them.
func described(words []word) string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = strings.ReplaceAll(w.text, ":", `\:`) + ":" + w.about
	}
	return quoted(list, " ")
}
