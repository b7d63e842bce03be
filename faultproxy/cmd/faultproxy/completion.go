package main

import (
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

// completionCmd is `faultproxy completion`.
type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"Whose: ${enum}."`
}

// Help is shown below the flags.
func (*completionCmd) Help() string {
	return `Examples:

  source <(faultproxy completion bash)                     for this shell; in ~/.bashrc, for all
  faultproxy completion zsh >"${fpath[1]}/_faultproxy"     before compinit
  faultproxy completion fish >~/.config/fish/completions/faultproxy.fish`
}

// Run prints the script.
func (c *completionCmd) Run(s *session) error {
	parser, err := newParser()
	if err != nil {
		return err
	}
	write := map[string]func([]spot) string{"bash": bashScript, "zsh": zshScript, "fish": fishScript}[c.Shell]
	_, err = io.WriteString(s.stdout, write(spots(parser.Model.Node, "")))
	return err
}

// spot is a command, and what may follow it.
type spot struct {
	path     string // such as "ctl ls"; empty: the program itself
	commands []word
	flags    []flagWord
	args     []hint // in their order
	more     bool   // the last of args may come again
}

// word is a word, and what it is about.
type word struct{ text, about string }

// flagWord is a flag.
type flagWord struct {
	word        // with its dashes
	short  rune // 0: none
	valued bool // something follows it
	value  hint
}

// hint says what a value can be. The zero value says nothing.
type hint struct {
	words []string
	files bool
}

// spots are a command and those below it.
func spots(n *kong.Node, path string) []spot {
	s := spot{path: path}
	for _, group := range n.AllFlags(true) {
		for _, f := range group {
			valued := !f.IsBool() && !f.IsCounter()
			s.flags = append(s.flags, flagWord{word{"--" + f.Name, sentence(f.Help)}, f.Short, valued, hintOf(f.Value, f.PlaceHolder)})
			if f.Tag.Negatable != "" {
				s.flags = append(s.flags, flagWord{word: word{"--no-" + f.Name, "Not: " + sentence(f.Help)}})
			}
		}
	}
	for _, arg := range n.Positional {
		s.args = append(s.args, hintOf(arg, strings.ToUpper(arg.Name)))
		s.more = arg.IsCumulative()
	}
	below := []spot{}
	for _, child := range n.Children {
		s.commands = append(s.commands, word{child.Name, sentence(child.Help)})
		below = append(below, spots(child, strings.TrimSpace(path+" "+child.Name))...)
	}
	return append([]spot{s}, below...)
}

// hintOf is what a value can be: what its tag complete lists (preset stands for all
// presets, file for files), the values of its enum, or a file if it is called so.
func hintOf(v *kong.Value, called string) (h hint) {
	listed := v.EnumSlice()
	if v.Enum == "" {
		listed = strings.FieldsFunc(v.Tag.Get("complete"), func(r rune) bool { return r == ',' })
	}
	for _, text := range listed {
		switch text {
		case "file":
			h.files = true
		case "preset":
			for _, p := range middlebox.All() {
				h.words = append(h.words, p.Name)
			}
		default:
			h.words = append(h.words, text)
		}
	}
	h.files = h.files || called == "FILE"
	return h
}

// sentence is the first of a text, without its end.
func sentence(text string) string {
	first, _, _ := strings.Cut(text, ". ")
	first, _, _ = strings.Cut(first, ": ")
	return strings.TrimSuffix(first, ".")
}

// arm is a branch of a case statement, for one place in a command line.
type arm struct {
	at string
	hint
}

// places are the three lists that scripts of shells with case statements are made of:
// what makes a longer command, which flags take a value, and what that or an argument can
// be. In the first two and for flags a place is the command and the word; for arguments it
// is the command and how many there are before it, or + for all that follow.
func places(all []spot) (deeper, valued []string, values, args []arm) {
	for _, s := range all {
		for _, c := range s.commands {
			deeper = append(deeper, s.path+" "+c.text)
		}
		for _, f := range s.flags {
			for _, name := range f.names() {
				if f.valued {
					valued = append(valued, s.path+" "+name)
					values = append(values, arm{s.path + " " + name, f.value})
				}
			}
		}
		for i, a := range s.args {
			at := string(rune('0' + i))
			if i == len(s.args)-1 && s.more {
				at = "+"
			}
			args = append(args, arm{s.path + " " + at, a})
		}
	}
	return deeper, valued, values, args
}

// names are those of a flag, with their dashes.
func (f flagWord) names() []string {
	if f.short == 0 {
		return []string{f.text}
	}
	return []string{f.text, "-" + string(f.short)}
}

func textsOf(words []word) []string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = w.text
	}
	return list
}

// quoted are texts in quotes of shells, with something between them.
func quoted(texts []string, between string) string {
	list := slices.Clone(texts)
	for i, text := range list {
		list[i] = "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	}
	return strings.Join(list, between)
}
