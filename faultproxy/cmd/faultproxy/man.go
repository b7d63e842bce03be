package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/alecthomas/kong"
)

// manCmd is `faultproxy man`.
type manCmd struct{}

// Help is shown below the flags.
func (*manCmd) Help() string {
	return `Examples:

  faultproxy man | man -l -
  faultproxy man >/usr/local/share/man/man1/faultproxy.1`
}

// Run prints the page.
func (*manCmd) Run(s *session) error {
	parser, err := newParser()
	if err != nil {
		return err
	}
	_, err = io.WriteString(s.stdout, manPage(parser.Model))
	return err
}

// manPage is the manual page of the whole command line, for man(7).
func manPage(app *kong.Application) string {
	p := &page{}
	p.line(`.TH FAULTPROXY 1 "" faultproxy "User Commands"`)
	p.line(".nh") // names and examples are to be copied
	p.line(".ad l")
	p.line(".SH NAME")
	p.line(`faultproxy \- a WebSocket proxy that breaks connections on purpose`)
	p.line(".SH SYNOPSIS")
	p.line(".B faultproxy")
	p.line(".I command")
	p.line("[flags]")
	p.line(".SH DESCRIPTION")
	p.text(description)
	p.line(".PP")
	p.line("Every command explains itself with")
	p.line(`.BR \-\-help .`)
	p.line(".SH COMMANDS")
	p.commands(app.Node)
	p.environment(app.Node)
	p.line(".SH EXIT STATUS")
	for _, e := range [][2]string{{"0", "It was done."}, {"1", "It could not be done; the commands above say when that is."}, {"2", "It was not asked for properly."}} {
		p.line(".TP")
		p.line(".B " + e[0])
		p.text(e[1])
	}
	return p.String()
}

// page is a page that is being written.
type page struct{ strings.Builder }

// line writes a line of markup.
func (p *page) line(text string) { p.WriteString(text + "\n") }

// text writes a paragraph.
func (p *page) text(text string) { p.line(guarded(roff(text))) }

// commands writes of all commands below a node, those that only hold others included.
func (p *page) commands(n *kong.Node) {
	for _, c := range n.Children {
		if c.Hidden {
			continue
		}
		p.line(fmt.Sprintf(".SS %q", roff(strings.TrimPrefix(c.FullPath(), "faultproxy "))))
		p.line(".B " + roff(c.FullPath()))
		p.line(guarded(roff(strings.TrimSpace(strings.TrimPrefix(c.Summary(), c.Path())))))
		p.line(".PP")
		p.text(c.Help)
		for _, arg := range c.Positional {
			p.entry("<"+arg.Name+">", arg.Help)
		}
		p.flags(c.Flags)
		p.detail(c.Detail)
		p.commands(c)
	}
}

// entry writes of a flag or an argument.
func (p *page) entry(term, about string) {
	p.line(".TP")
	p.line(".B " + roff(term))
	p.text(about)
}

// flags writes of flags, those of a group below its heading, and before them those of none.
func (p *page) flags(flags []*kong.Flag) {
	heading := func(f *kong.Flag) string {
		if f.Group == nil {
			return ""
		}
		return f.Group.Title
	}
	headings := []string{""}
	for _, f := range flags {
		if h := heading(f); !slices.Contains(headings, h) {
			headings = append(headings, h)
		}
	}
	for _, h := range headings {
		begun := h == ""
		for _, f := range flags {
			if f.Hidden || heading(f) != h {
				continue
			}
			if !begun {
				p.line(".PP")
				p.text(h)
				begun = true
			}
			p.entry(flagTerm(f), f.Help)
		}
	}
}

// flagTerm is a flag as it is typed.
func flagTerm(f *kong.Flag) string {
	term := "--" + f.Name
	if f.Tag.Negatable != "" {
		term = "--" + f.Name + ", --no-" + f.Name
	}
	if f.Short != 0 {
		term = "-" + string(f.Short) + ", " + term
	}
	switch {
	case f.IsBool() || f.IsCounter():
	case f.Enum != "" && f.PlaceHolder == "":
		term += "=" + strings.Join(f.EnumSlice(), "|")
	default:
		term += "=" + f.FormatPlaceHolder()
	}
	return term
}

// detail writes what is below the flags in the help: paragraphs, and examples, which are
// indented there and stay as they are.
func (p *page) detail(text string) {
	example := false
	for _, line := range strings.Split(text, "\n") {
		switch indented := strings.HasPrefix(line, "  "); {
		case line == "":
			continue
		case indented && !example:
			p.line(".PP\n.RS 2\n.nf")
			example = true
		case !indented && example:
			p.line(".fi\n.RE")
			p.line(".PP")
			example = false
		case !indented && blankBefore(text, line):
			p.line(".PP")
		}
		p.text(strings.TrimPrefix(line, "  "))
	}
	if example {
		p.line(".fi\n.RE")
	}
}

// blankBefore reports whether a paragraph begins with a line of a text.
func blankBefore(text, line string) bool {
	return strings.HasPrefix(text, line) || strings.Contains(text, "\n\n"+line)
}

// environment writes of the variables that flags take their values from.
func (p *page) environment(app *kong.Node) {
	p.line(".SH ENVIRONMENT")
	var names []string
	of := map[string][]string{}
	_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if f, ok := node.(*kong.Flag); ok {
			for _, name := range f.Envs {
				if of[name] == nil {
					names = append(names, name)
				}
				if flag := "--" + f.Name; !slices.Contains(of[name], flag) {
					of[name] = append(of[name], flag)
				}
			}
		}
		return next(nil)
	})
	for _, name := range names {
		p.entry(name, "Instead of "+strings.Join(of[name], " and ")+".")
	}
	p.entry("NO_COLOR", "Leaves colors out.")
}

// roff is a text without markup of its own, and of ASCII, as all readers of pages take it.
func roff(text string) string {
	var b strings.Builder
	for _, c := range marks.Replace(text) {
		if c > unicode.MaxASCII {
			fmt.Fprintf(&b, `\[u%04X]`, c)
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}

// marks are the characters that mean something else to roff, or are shown as another.
var marks = strings.NewReplacer(`\`, `\e`, "-", `\-`, `"`, `\(dq`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`)

// guarded is lines of text, none of which is taken for markup.
func guarded(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
