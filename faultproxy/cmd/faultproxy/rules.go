package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// parseRules reads the rule, or the list of rules, of a --rule. What is wrong is shown
// where it stands.
func parseRules(doc string) ([]faultproxy.Rule, error) {
	return source{doc: doc}.rules()
}

// readRules reads the rules of a file, which is YAML or JSON.
func readRules(path string) ([]faultproxy.Rule, error) {
	doc, err := os.ReadFile(path)
	if err != nil {
		return nil, badUsage("--rules: %w", err)
	}
	return source{file: path, doc: string(doc)}.rules()
}

// source is a document.
type source struct {
	file string // empty: an argument
	name string // of the argument; empty: --rule
	doc  string
}

func (s source) rules() ([]faultproxy.Rule, error) {
	var rules []faultproxy.Rule
	err := s.read(func(tree any, body ast.Node) []problem {
		if text := notRules(tree); text != "" {
			return []problem{s.at(locate(body, ""), "", text)}
		}
		parsed, err := faultproxy.ParseRules(tree)
		rules = parsed
		return append(s.placed(err, body), s.sameNames(body, tree)...)
	})
	return rules, err
}

// read has the document decoded, which returns what is wrong with it. The error shows
// all of that, in the order in which it stands there.
func (s source) read(decode func(tree any, body ast.Node) []problem) error {
	body, problems := s.parse()
	if len(problems) == 0 || body != nil {
		var tree any // what has a key twice is looked at all the same
		if err := yaml.UnmarshalWithOptions([]byte(s.doc), &tree, yaml.AllowDuplicateMapKey()); err != nil {
			problems = append(problems, s.notYAML(err))
		} else {
			problems = append(problems, decode(tree, body)...)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = s.show(p)
	}
	return badUsage("%s", strings.Join(lines, "\n"))
}

// placed gives what is wrong with a tree its places in the document.
func (s source) placed(err error, body ast.Node) (problems []problem) {
	var found schema.Problems
	switch {
	case errors.As(err, &found):
		for _, p := range found {
			p.Path = strings.TrimPrefix(p.Path+blamed(p.Text), ".")
			problems = append(problems, s.at(locate(body, p.Path), p.Path, p.Text))
		}
	case err != nil:
		problems = []problem{{text: err.Error()}}
	}
	return problems
}

// notRules says why a document cannot be a rule or a list of them; empty if it can.
func notRules(tree any) string {
	const want, example = "want a rule or a list of rules, got ", "; a rule is such as {on: {frame: {op: pong}}, do: drop}"
	switch v := tree.(type) {
	case nil:
		return want + "nothing" + example
	case map[string]any:
		if _, wrapped := v["rules"]; wrapped {
			return want + `a map with the key "rules"; leave that out and begin with the list`
		}
		if _, phases := v["phases"]; phases {
			return want + "a scenario; use --scenario"
		}
		if _, proxies := v["proxies"]; proxies {
			return want + "a configuration; use --config"
		}
		return ""
	case []any:
		return ""
	}
	return want + fmt.Sprintf("%v", tree) + example
}

// blamed is the part of a rule that is to blame if the rule as a whole is refused.
func blamed(text string) string {
	about, refused := strings.CutPrefix(text, `rule "`)
	if !refused {
		return ""
	}
	_, about, _ = strings.Cut(about, `": `)
	switch {
	case strings.HasPrefix(about, "connection"):
		return ".conns"
	case strings.HasPrefix(about, `"idle`), strings.HasPrefix(about, `"elapsed`), strings.HasPrefix(about, `"every`), strings.HasPrefix(about, `"at `):
		return ".on"
	}
	return ".do"
}
