package main

import (
	"fmt"
	"strings"
)

// fishScript completes in fish, from 3.0 on.
func fishScript(all []spot) string {
	var b strings.Builder
	deeper, valued, _, args := places(all)
	fmt.Fprintf(&b, `# Completes faultproxy in fish: faultproxy completion fish >~/.config/fish/completions/faultproxy.fish
function __faultproxy_at -d 'whether the command so far is this, with so many arguments, or +: any'
	set -l at ''
	set -l n 0
	set -l skip 0
	for word in (commandline -opc)[2..-1]
		if test $skip = 1
			set skip 0
			continue
		end
		switch "$at $word"
			case %s
				set at (string trim -- "$at $word")
			case %s
				set skip 1
			case '* -*'
			case '*'
				set n (math $n + 1)
		end
	end
	test "$at" = "$argv[1]"; and contains -- "$argv[2]" $n + ''
end
complete -c faultproxy -f
`, quotedFish(deeper), quotedFish(valued))
	for _, s := range all {
		begin := fishAt(s.path)
		for _, c := range s.commands {
			fmt.Fprintf(&b, "%s -a %s -d %s\n", begin, c.text, quotedFish([]string{c.about}))
		}
		for _, f := range s.flags {
			line := begin + " -l " + strings.TrimPrefix(f.text, "--")
			if f.short != 0 {
				line += " -s " + string(f.short)
			}
			if f.valued {
				line += f.value.fish()
			}
			fmt.Fprintf(&b, "%s -d %s\n", line, quotedFish([]string{f.about}))
		}
	}
	for _, a := range args {
		if len(a.words) > 0 || a.files {
			path, n := a.at[:len(a.at)-2], a.at[len(a.at)-1:]
			fmt.Fprintln(&b, fishAt(path, n)+strings.TrimPrefix(strings.Replace(a.fish(), " -r", "", 1), " -x"))
		}
	}
	return b.String()
}

// fishAt begins a line about a place: a command, and how many arguments it has.
func fishAt(place ...string) string {
	at := "__faultproxy_at"
	for _, word := range place {
		at += " " + quotedFish([]string{word})
	}
	return "complete -c faultproxy -n " + quotedFish([]string{at})
}

// fish says what the value of a flag can be.
func (h hint) fish() string {
	text := " -x"
	if h.files {
		text = " -r -F"
	}
	if len(h.words) > 0 {
		text += " -a " + quotedFish([]string{strings.Join(h.words, " ")})
	}
	return text
}

// quotedFish are texts in quotes of fish, with blanks between them.
func quotedFish(texts []string) string {
	list := make([]string, len(texts))
	for i, text := range texts {
		list[i] = "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
	}
	return strings.Join(list, " ")
}
