package main

import (
	"fmt"
	"strings"
)

// fishScript completes in fish, from 3.0 on.
func fishScript(all []spot) string {
	var b strings.Builder
	deeper, valued, _, _ := places(all)
	fmt.Fprintf(&b, `# Completes faultproxy in fish: faultproxy completion fish >~/.config/fish/completions/faultproxy.fish
function __faultproxy_at -d 'whether the command so far is this'
	set -l at ''
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
		end
	end
	test "$at" = "$argv[1]"
end
complete -c faultproxy -f
`, quotedFish(deeper), quotedFish(valued))
	for _, s := range all {
		begin := fmt.Sprintf("complete -c faultproxy -n %s", quotedFish([]string{"__faultproxy_at " + quotedFish([]string{s.path})}))
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
		for _, a := range s.args {
			if len(a.words) > 0 || a.files {
				fmt.Fprintln(&b, begin+strings.TrimPrefix(strings.Replace(a.fish(), " -r", "", 1), " -x"))
			}
		}
	}
	return b.String()
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
