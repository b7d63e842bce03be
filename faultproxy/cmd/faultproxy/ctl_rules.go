package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/goccy/go-yaml/ast"
)

// ctlAdd is `faultproxy ctl add`.
type ctlAdd struct {
	Rule  []string `arg:"" optional:"" help:"Rules, or lists of them, as YAML or JSON: see faultproxy run --help."`
	Rules []string `sep:"none" placeholder:"FILE" help:"The rules in a YAML or JSON file, before those of the arguments. May be given more than once."`
}

// Run adds rules.
func (a *ctlAdd) Run(s *session, ctl *ctlCmd) error {
	c, err := ctl.open(s)
	if err != nil {
		return err
	}
	trees, err := a.trees()
	if err != nil {
		return err
	}
	if len(trees) == 0 {
		return badUsage("no rule to add; give one, such as '{on: {frame: {op: pong}}, do: drop}', or --rules FILE")
	}
	raw, err := c.ask(http.MethodPost, trees, "rules")
	if err != nil {
		return err
	}
	added, err := answer[struct{ Rules []ruleAnswer }](raw)
	if err != nil || ctl.JSON {
		return c.done(raw, err, "")
	}
	for _, r := range added.Rules {
		fmt.Fprintf(s.stdout, "added %s: %s\n", r.Name, r.Text)
	}
	return nil
}

// trees are the rules, checked here, where what is wrong can be shown where it stands.
func (a *ctlAdd) trees() ([]any, error) {
	var trees []any
	for _, path := range a.Rules {
		doc, err := os.ReadFile(path)
		if err != nil {
			return nil, badUsage("--rules: %w", err)
		}
		more, err := ruleTrees(source{file: path, doc: string(doc)})
		if err != nil {
			return nil, err
		}
		trees = append(trees, more...)
	}
	for _, doc := range a.Rule {
		more, err := ruleTrees(source{name: "RULE", doc: doc})
		if err != nil {
			return nil, err
		}
		trees = append(trees, more...)
	}
	return trees, nil
}

// ruleTrees are the rules of a document as they are sent.
func ruleTrees(src source) ([]any, error) {
	if _, err := src.rules(); err != nil {
		return nil, err
	}
	var trees []any
	err := src.read(func(tree any, _ ast.Node) []problem {
		if list, ok := tree.([]any); ok {
			trees = list
		} else {
			trees = []any{tree}
		}
		return nil
	})
	return trees, err
}

// ctlRm is `faultproxy ctl rm`.
type ctlRm struct {
	Names []string `arg:"" optional:"" name:"name" help:"Names of rules; ls --rules lists them."`
	All   bool     `help:"All of them, but not those of a preset."`
}

// Run removes rules, up to the first that is not there.
func (r *ctlRm) Run(s *session, ctl *ctlCmd) error {
	c, err := ctl.open(s)
	if err != nil {
		return err
	}
	if r.All == (len(r.Names) > 0) {
		return badUsage("which rules? name them, or say --all")
	}
	if r.All {
		raw, err := c.ask(http.MethodDelete, nil, "rules")
		if err != nil {
			return err
		}
		gone, err := answer[struct{ Removed []string }](raw)
		return c.done(raw, err, "removed %s", counted(len(gone.Removed), "rule"))
	}
	for _, name := range r.Names {
		raw, err := c.ask(http.MethodDelete, nil, "rules", name)
		if err := c.done(raw, err, "removed %s", name); err != nil {
			return err
		}
	}
	return nil
}
