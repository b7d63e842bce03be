package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
)

// ctlDiagnose is `faultproxy ctl diagnose`.
type ctlDiagnose struct {
	Conn connection `arg:"" optional:"" default:"all" complete:"all,latest" help:"A connection: its number, or latest. Default: all."`
}

// Run says why connections ended.
func (d *ctlDiagnose) Run(s *session, ctl *ctlCmd) error {
	c, err := ctl.open(s)
	if err != nil {
		return err
	}
	type one struct {
		Number int
		Text   string
	}
	var list []one
	var raw []byte
	if d.Conn == "all" {
		if raw, err = c.ask(http.MethodGet, nil, "diagnosis"); err != nil {
			return err
		}
		all, err := answer[struct{ Diagnoses []one }](raw)
		if err != nil {
			return err
		}
		list = all.Diagnoses
	} else {
		if raw, err = c.ask(http.MethodGet, nil, "connections", string(d.Conn), "diagnosis"); err != nil {
			return err
		}
		this, err := answer[one](raw)
		if err != nil {
			return err
		}
		list = []one{this}
	}
	return c.say(raw, func(w io.Writer) error {
		if len(list) == 0 {
			_, err := fmt.Fprintln(w, "no connections")
			return err
		}
		for i, each := range list {
			if i > 0 {
				fmt.Fprintln(w)
			}
			if _, err := fmt.Fprintln(w, each.Text); err != nil {
				return err
			}
		}
		return nil
	})
}

// ctlFindings is `faultproxy ctl findings`.
type ctlFindings struct {
	Policy string `placeholder:"FILE" help:"What the client promises, as YAML or JSON. Default: nothing but what the standards ask for."`
}

// errBroken is what findings ends with if a client broke a rule.
var errBroken = errors.New("a rule of good behaviour is broken")

// Run judges.
func (f *ctlFindings) Run(s *session, ctl *ctlCmd) error {
	c, err := ctl.open(s)
	if err != nil {
		return err
	}
	var policy any
	if f.Policy != "" {
		if policy, err = policyTree(f.Policy); err != nil {
			return err
		}
	}
	raw, err := c.ask(http.MethodPost, policy, "findings")
	if err != nil {
		return err
	}
	found, err := answer[struct {
		Broken   bool
		Findings []struct {
			Rule, Verdict, Text, Advice string
			Conn                        int
		}
	}](raw)
	if err != nil {
		return err
	}
	err = c.say(raw, func(w io.Writer) error {
		if len(found.Findings) == 0 {
			_, err := fmt.Fprintln(w, "no findings")
			return err
		}
		lines := []string{"VERDICT\tRULE\tCONN\tFINDING"}
		for _, each := range found.Findings {
			conn := "-"
			if each.Conn != 0 {
				conn = strconv.Itoa(each.Conn)
			}
			lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%s", each.Verdict, each.Rule, conn, each.Text))
		}
		return table(w, lines...)
	})
	if err == nil && found.Broken {
		err = errBroken
	}
	return err
}

// policyTree reads a policy as it is sent.
func policyTree(path string) (any, error) {
	doc, err := os.ReadFile(path)
	if err != nil {
		return nil, badUsage("--policy: %w", err)
	}
	var sent any
	src := source{file: path, doc: string(doc)}
	err = src.read(func(tree any, body ast.Node) []problem {
		sent = tree
		_, err := diagnosis.ParsePolicy(tree)
		return src.placed(err, body)
	})
	return sent, err
}

// ctlDownload is `faultproxy ctl download`.
type ctlDownload struct {
	Format string  `arg:"" enum:"jsonl,har,svg,html" help:"What to fetch: the recording (jsonl), an HTTP Archive (har), sequence diagrams (svg) or a page (html)."`
	Output string  `short:"o" placeholder:"FILE" default:"-" help:"Where to put it; only its owner can read the file. Default: stdout."`
	Conn   ordinal `placeholder:"N" help:"Only connection N, of svg."`
}

// downloads are the last parts of their addresses.
var downloads = map[string]string{"jsonl": "recording.jsonl", "har": "archive.har", "svg": "diagram.svg", "html": "report.html"}

// longestDownload is how long one may take.
const longestDownload = 10 * time.Minute

// Run fetches.
func (d *ctlDownload) Run(s *session, ctl *ctlCmd) error {
	c, err := ctl.open(s)
	if err != nil {
		return err
	}
	if d.Conn != 0 && d.Format != "svg" {
		return badUsage("--conn goes with svg")
	}
	path, err := c.path(downloads[d.Format])
	if err != nil {
		return err
	}
	if d.Conn != 0 {
		path += "?conn=" + strconv.Itoa(int(d.Conn))
	}
	ctx, cancel := context.WithTimeout(s.ctx, longestDownload)
	defer cancel()
	raw, err := c.DoUntil(ctx, http.MethodGet, path, nil)
	if err != nil {
		return c.explain(err)
	}
	return writeOutput(s, cmp.Or(d.Output, "-"), func(w io.Writer) error { _, err := w.Write(raw); return err })
}
