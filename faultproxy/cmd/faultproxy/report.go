package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/goccy/go-yaml/ast"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/report"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// reportCmd is `faultproxy report`.
type reportCmd struct {
	Files    []string `arg:"" name:"file" help:"Recordings, made with faultproxy run --record FILE or --json; - is stdin."`
	Output   string   `short:"o" placeholder:"FILE" help:"The page: HTML in one file that needs nothing else. - is stdout, also if there is no other output."`
	HAR      string   `name:"har" placeholder:"FILE" help:"An HTTP Archive, which the network panel of Chrome's developer tools imports. - is stdout."`
	SVG      string   `name:"svg" placeholder:"FILE" help:"Sequence diagrams of the connections, of one recording. - is stdout."`
	Attempts string   `placeholder:"FILE" help:"A plot of when clients asked to be let in, a panel for each recording. - is stdout."`
	Conn     int      `placeholder:"N" help:"Only connection N."`
	Policy   string   `placeholder:"FILE" help:"What the client promises, as YAML or JSON; the page then says how it kept that."`
	Client   string   `enum:"chromium,node-ws" default:"chromium" help:"Whose close event to report: ${enum}."`
	Title    string   `help:"The heading of the page."`

	whose
}

// Help is shown below the flags.
func (*reportCmd) Help() string {
	return `Examples:

  faultproxy run --preset nginx --record out.jsonl         then, when sockets have died:
  faultproxy report out.jsonl -o out.html                  all of it, to read or to pass on
  faultproxy report out.jsonl --har out.har                for the network panel of Chrome's developer tools
  faultproxy report out.jsonl --svg out.svg --conn 3       a picture of the third connection
  faultproxy report old.jsonl new.jsonl --attempts herd.svg   do clients come back all at once?
  faultproxy report before.jsonl after.jsonl --policy page.yaml -o both.html

A policy is such as {dialect: text, interval: 30s, answer_timeout: 10s, backoff: {kind: exponential, first: 1s}}.
Files that it writes can be read by their owner only, since they hold what frames carried.

Exit status: 1 if a recording cannot be read, or only in part; what could be read is reported. 2 if
the policy or a flag is wrong. What the client broke does not change it.`
}

// Run writes the reports.
func (c *reportCmd) Run(s *session) error {
	client, err := diagnosis.ParseClientKind(c.Client)
	if err != nil {
		return usageError{err}
	}
	if c.Output == "" && c.HAR == "" && c.SVG == "" && c.Attempts == "" {
		c.Output = "-"
	}
	if err := c.checkOutputs(); err != nil {
		return err
	}
	page := report.Page{Title: c.Title, Client: client}
	diagram := report.Diagram{Title: c.Title, Client: client}
	if c.Policy != "" {
		policy, err := readPolicy(c.Policy)
		if err != nil {
			return err
		}
		page.Policy = &policy
		if policy.Dialect.Name != "" {
			diagram.Dialects = append(diagram.Dialects, policy.Dialect)
		}
	}
	recordings, broken := c.read(s.stdin)
	if len(recordings) == 0 {
		return broken
	}
	errs := []error{broken}
	for _, out := range []struct {
		file  string
		write func(io.Writer) error
	}{
		{c.Output, func(w io.Writer) error { return page.HTML(w, recordings...) }},
		{c.HAR, func(w io.Writer) error { return report.HAR(w, recordings...) }},
		{c.SVG, func(w io.Writer) error { return diagram.SVG(w, recordings[0]) }},
		{c.Attempts, func(w io.Writer) error { return report.Attempts{Title: c.Title}.SVG(w, recordings...) }},
	} {
		if out.file != "" {
			errs = append(errs, writeOutput(s, out.file, out.write))
		}
	}
	return errors.Join(errs...)
}

// checkOutputs refuses what cannot all be written.
func (c *reportCmd) checkOutputs() error {
	if c.Conn < 0 {
		return badUsage("--conn: %d is no number from 1", c.Conn)
	}
	if c.SVG != "" && len(c.Files) > 1 {
		return badUsage("--svg draws one recording; give it one file")
	}
	said := map[string]string{}
	for _, out := range [][2]string{{"-o", c.Output}, {"--har", c.HAR}, {"--svg", c.SVG}, {"--attempts", c.Attempts}} {
		flag, file := out[0], out[1]
		if other := said[file]; file != "" && other != "" {
			return badUsage("%s and %s both go to %s; give them a file each", other, flag, file)
		}
		said[file] = flag
		for _, in := range c.Files {
			if file != "-" && same(in, file) {
				return badUsage("%s: %s is the recording itself, which would be lost", flag, file)
			}
		}
	}
	stdin := 0
	for _, in := range c.Files {
		if in == "-" {
			stdin++
		}
	}
	if stdin > 1 {
		return badUsage("- is there %d times, and stdin can be read once", stdin)
	}
	return nil
}

// same reports whether two names are of the same file.
func same(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// read reads the recordings; what is wrong with some does not hold up the others.
func (c *reportCmd) read(stdin io.Reader) (recordings []timeline.Viewer, broken error) {
	for _, name := range c.Files {
		tl, err := c.recording(name, stdin)
		if err != nil {
			broken = errors.Join(broken, err)
		}
		if tl == nil {
			continue
		}
		var view timeline.Viewer = tl
		if c.Conn > 0 {
			view = tl.Conn(c.Conn)
			if tl.Conn(c.Conn).Len() == 0 {
				broken = errors.Join(broken, fmt.Errorf("%s has no connection %d; it has %d", name, c.Conn, len(tl.Conns())))
				continue
			}
		}
		if name == "-" {
			name = "stdin"
		}
		recordings = append(recordings, report.Named{Name: name, Viewer: view})
	}
	return recordings, broken
}

// recording reads a recording; nil if there is nothing in it.
func (c *reportCmd) recording(name string, stdin io.Reader) (*timeline.Timeline, error) {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	in, err := c.part(in, name)
	if err != nil {
		return nil, err
	}
	tl, err := timeline.ReadJSONL(in)
	switch {
	case err != nil && tl.Len() == 0:
		return nil, fmt.Errorf("%s: %w", name, err)
	case err != nil:
		return tl, fmt.Errorf("%s: %w", name, err)
	case tl.Len() == 0 && tl.Seed() == 0:
		return nil, fmt.Errorf("nothing to report: %s is empty, without even the first line of a recording", name)
	}
	return tl, nil
}

// readPolicy reads a policy from a file, which is YAML or JSON.
func readPolicy(path string) (policy diagnosis.Policy, err error) {
	doc, err := os.ReadFile(path)
	if err != nil {
		return policy, badUsage("--policy: %w", err)
	}
	src := source{file: path, doc: string(doc)}
	err = src.read(func(tree any, body ast.Node) []problem {
		parsed, err := diagnosis.ParsePolicy(tree)
		policy = parsed
		policy.Name = cmp.Or(policy.Name, path)
		return src.placed(err, body)
	})
	return policy, err
}

// writeOutput writes a document to a file that only its owner can read, or to stdout. A
// file that was there is replaced once all of it is made.
func writeOutput(s *session, name string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	if name == "-" {
		_, err := s.stdout.Write(b.Bytes())
		return err
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		_ = f.Chmod(0o600) // of what was there before; whoever may not do that may write it all the same
	}
	_, err = f.Write(b.Bytes())
	return cmp.Or(err, f.Close())
}
