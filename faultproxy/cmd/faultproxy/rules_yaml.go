package main

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// parse reads the document as YAML, of which JSON is a part. The body is nil if there is
// none, or no sense in looking at it.
func (s source) parse() (body ast.Node, problems []problem) {
	if !utf8.ValidString(s.doc) {
		before := s.doc[:validPrefix(s.doc)]
		last := before[strings.LastIndex(before, "\n")+1:]
		return nil, []problem{{line: 1 + strings.Count(before, "\n"), column: 1 + utf8.RuneCountInString(last),
			text: "from here on it is not UTF-8; save the file as UTF-8"}}
	}
	file, err := parser.ParseBytes([]byte(s.doc), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, []problem{s.notYAML(err)}
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	if len(bodies) == 0 {
		return nil, nil
	}
	if len(bodies) > 1 {
		problems = append(problems, s.at(first(bodies[1]), "", "a second document; put everything into one"))
	}
	return bodies[0], append(problems, s.twice(bodies[0])...)
}

// validPrefix is how much of a text is UTF-8.
func validPrefix(text string) int {
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)) {
			return i
		}
	}
	return len(text)
}

// twice finds keys that a map has twice: YAML forbids it, and one of them would be lost.
func (s source) twice(node ast.Node) (problems []problem) {
	ast.Walk(visitor(func(n ast.Node) {
		m, ok := n.(*ast.MappingNode)
		if !ok {
			return
		}
		lines := map[string]int{}
		for _, pair := range m.Values {
			key := pair.Key.GetToken()
			if line, again := lines[key.Value]; again {
				problems = append(problems, s.at(key, "", fmt.Sprintf("the key %q is already there, in line %d; leave one of them out", key.Value, line)))
			} else {
				lines[key.Value] = key.Position.Line
			}
		}
	}), node)
	return problems
}

// visitor calls a function with every node.
type visitor func(ast.Node)

func (v visitor) Visit(n ast.Node) ast.Visitor {
	v(n)
	return v
}

// sameNames finds rules that have the name of an earlier one.
func (s source) sameNames(body ast.Node, tree any) (problems []problem) {
	list, _ := tree.([]any)
	seen := map[string]int{}
	for i, each := range list {
		rule, _ := each.(map[string]any)
		name, _ := rule["name"].(string)
		if earlier, again := seen[name]; again && name != "" {
			path := fmt.Sprintf("[%d].name", i)
			problems = append(problems, s.at(locate(body, path), path,
				fmt.Sprintf("rule [%d] is called %q already; call this one otherwise, or leave the name out", earlier, name)))
		} else {
			seen[name] = i
		}
	}
	return problems
}

// notYAML is what is wrong with a document that is no YAML.
func (s source) notYAML(err error) problem {
	var at yaml.Error
	if !errors.As(err, &at) {
		return problem{syntax: true, text: err.Error()}
	}
	text := at.GetMessage()
	for _, h := range hints {
		if strings.Contains(text, h.says) {
			text = strings.Replace(h.better, "{}", text, 1)
			break
		}
	}
	p := s.at(at.GetToken(), "", text)
	p.syntax = true
	return p
}

// hints are what to do about errors of the parser; {} is what that says.
var hints = []struct{ says, better string }{
	{"found character '\t'", "a tab; indent with spaces"},
	{"mapping value is not allowed", "{}: put a text with a colon in it in quotes, and indent only what belongs to the line above"},
	{"could not find end character of", "{}: close the quotes"},
	{"sequence end token ']' not found", "the list that begins here is not closed; end it with ]"},
	{"flow mapping end token '}'", "the map that begins here is not closed; end it with }"},
	{"could not find alias", "{}: an anchor such as &name has to stand before it"},
}
