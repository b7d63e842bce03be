package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// parseRules reads a rule, or a list of rules, in YAML. What is wrong is shown
// where it stands.
func parseRules(doc string) ([]faultproxy.Rule, error) {
	var tree any
	if err := yaml.Unmarshal([]byte(doc), &tree); err != nil {
		var at yaml.Error
		if errors.As(err, &at) {
			return nil, badUsage("--rule is not YAML: %s", excerpt(doc, at.GetToken(), "", at.GetMessage()))
		}
		return nil, badUsage("--rule is not YAML: %v", err)
	}
	rules, err := faultproxy.ParseRules(tree)
	var problems schema.Problems
	if !errors.As(err, &problems) {
		return rules, err
	}
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = "--rule: " + excerpt(doc, locate(doc, p.Path), p.Path, p.Text)
	}
	return nil, badUsage("%s", strings.Join(lines, "\n"))
}

// excerpt says what is wrong, with the line and a mark below the place.
func excerpt(doc string, at *token.Token, path, text string) string {
	if path != "" {
		text = path + ": " + text
	}
	lines := strings.Split(doc, "\n")
	if at == nil || at.Position.Line < 1 || at.Position.Line > len(lines) {
		return text
	}
	line, column := at.Position.Line, at.Position.Column
	return fmt.Sprintf("line %d, column %d: %s\n  %s\n  %s^", line, column, text, lines[line-1], strings.Repeat(" ", column-1))
}

// locate returns the token at a path of the document, or as near to it as the
// document goes.
func locate(doc, path string) *token.Token {
	file, err := parser.ParseBytes([]byte(doc), 0)
	if err != nil || len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil
	}
	node := file.Docs[0].Body
	at := node.GetToken()
	for _, step := range steps(path) {
		key, child := descend(node, step)
		if child == nil {
			return at
		}
		node, at = child, key
	}
	return at
}

// steps takes a path such as `[1].do["a b"].hex` apart: texts are keys, numbers
// indexes.
func steps(path string) []any {
	var steps []any
	for path != "" {
		switch quoted, err := strconv.QuotedPrefix(strings.TrimPrefix(path, "[")); {
		case err == nil:
			key, _ := strconv.Unquote(quoted)
			steps = append(steps, key)
			path = path[len("[")+len(quoted)+len("]"):]
		case path[0] == '[':
			digits, rest, _ := strings.Cut(path[1:], "]")
			index, _ := strconv.Atoi(digits)
			steps = append(steps, index)
			path = rest
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			steps = append(steps, path[:end])
			path = path[end:]
		}
		path = strings.TrimPrefix(path, ".")
	}
	return steps
}

// descend returns the node behind a key or an index, and the token that names it.
func descend(node ast.Node, step any) (*token.Token, ast.Node) {
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, pair := range n.Values {
			if key, child := descend(pair, step); child != nil {
				return key, child
			}
		}
	case *ast.MappingValueNode:
		if n.Key.GetToken().Value == step {
			return n.Key.GetToken(), n.Value
		}
	case *ast.SequenceNode:
		if i, ok := step.(int); ok && i < len(n.Values) {
			return n.Values[i].GetToken(), n.Values[i]
		}
	case *ast.AnchorNode:
		return descend(n.Value, step)
	}
	return nil, nil
}
