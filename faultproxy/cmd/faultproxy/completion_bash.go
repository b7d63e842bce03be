package main

import (
	"fmt"
	"strings"
)

// bashScript completes in bash, from 3.2 on. Bash takes --flag=value apart at the "=".
func bashScript(all []spot) string {
	var b strings.Builder
	deeper, valued, values, args := places(all)
	fmt.Fprintf(&b, `# Completes faultproxy in bash: source <(faultproxy completion bash)
_faultproxy() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at= n=0 i word words= files=
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case "$at $word" in
		%s)
			at="${at:+$at }$word" n=0 ;;
		%s)
			[[ ${COMP_WORDS[i+1]} == = ]] && ((i++))
			((i++)) ;;
		*' '-*) ;;
		*) ((n++)) ;;
		esac
	done
	COMPREPLY=()
	case "$at $prev" in
`, quoted(deeper, "|"), quoted(valued, "|"))
	for _, v := range values {
		fmt.Fprintf(&b, "\t%s) %s ;;\n", quoted([]string{v.at}, ""), v.bash())
	}
	b.WriteString("\t*)\n\t\tif [[ $cur == -* ]]; then\n\t\t\tcase \"$at\" in\n")
	for _, s := range all {
		var flags []string
		for _, f := range s.flags {
			flags = append(flags, f.names()...)
		}
		fmt.Fprintf(&b, "\t\t\t%s) words=%s ;;\n", quoted([]string{s.path}, ""), quoted([]string{strings.Join(flags, " ")}, ""))
	}
	b.WriteString("\t\t\tesac\n\t\telse\n\t\t\tcase \"$at $n\" in\n")
	for _, s := range all {
		if len(s.commands) > 0 {
			args = append(args, arm{s.path + " 0", hint{words: textsOf(s.commands)}})
		}
	}
	for _, a := range args {
		fmt.Fprintf(&b, "\t\t\t%s) %s ;;\n", argPattern(a.at), a.bash())
	}
	b.WriteString(`			esac
		fi ;;
	esac
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
	if [[ $files ]]; then
		compopt -o filenames 2>/dev/null
		while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$cur")
	fi
}
complete -F _faultproxy faultproxy
`)
	return b.String()
}

// bash sets what the value can be.
func (h hint) bash() string {
	text := "words=" + quoted([]string{strings.Join(h.words, " ")}, "")
	if h.files {
		text += " files=1"
	}
	return text
}

// argPattern is a pattern for the place of an argument.
func argPattern(at string) string {
	if path, all := strings.CutSuffix(at, "+"); all {
		return quoted([]string{path}, "") + "*"
	}
	return quoted([]string{at}, "")
}
