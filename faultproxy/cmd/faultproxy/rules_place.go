package main

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// problem is one thing that is wrong with a document.
type problem struct {
	line, column int // from 1; 0 is not known
	path         string
	text         string
	syntax       bool // it is no YAML
}

// at is a problem at a token, which may be nil.
func (s source) at(t *token.Token, path, text string) problem {
	p := problem{path: path, text: text}
	lines := strings.Split(s.doc, "\n")
	if t == nil || t.Position.Line < 1 || t.Position.Line > len(lines) {
		return p
	}
	p.line, p.column = t.Position.Line, t.Position.Column
	line := []rune(lines[p.line-1])
	word := []rune(strings.TrimSpace(t.Origin))
	if next := p.column; len(word) > 0 && next < len(line) && line[next-1] == ' ' && line[next] == word[0] {
		p.column++ // some tokens of the parser begin with the blank before them
	}
	return p
}

// show says what is wrong and where, with the line and a mark below the place.
func (s source) show(p problem) string {
	text := p.text
	if p.path != "" {
		text = p.path + ": " + text
	}
	switch {
	case s.file != "":
		where := fmt.Sprintf("%s:%d:%d: ", s.file, max(p.line, 1), max(p.column, 1))
		if p.syntax {
			where += "not YAML: "
		}
		text = where + text
	case p.syntax:
		text = cmp.Or(s.name, "--rule") + " is not YAML: " + p.inLine() + text
	default:
		text = cmp.Or(s.name, "--rule") + ": " + p.inLine() + text
	}
	if p.line == 0 {
		return text
	}
	return text + "\n" + mark(strings.Split(s.doc, "\n")[p.line-1], p.column)
}

func (p problem) inLine() string {
	if p.line == 0 {
		return ""
	}
	return fmt.Sprintf("line %d, column %d: ", p.line, p.column)
}

// mark shows a line with a mark below a column: of a long one what is near.
func mark(line string, column int) string {
	const before, most = 60, 120
	runes := []rune(strings.NewReplacer("\t", " ", "\r", "").Replace(line))
	column = min(column, len(runes)+1)
	if from := column - 1 - before; len(runes) > most && from > 0 {
		runes = append([]rune("…"), runes[from:]...)
		column -= from - 1
	}
	if len(runes) > most {
		runes = append(runes[:most:most], '…')
	}
	return fmt.Sprintf("  %s\n  %s^", string(runes), strings.Repeat(" ", column-1))
}

// locate returns the token at a path of the document, or as near to it as the document
// goes; nil if there is none.
func locate(node ast.Node, path string) *token.Token {
	if node == nil {
		return nil
	}
	at := first(node)
	for _, step := range steps(path) {
		key, child := descend(node, step)
		if child == nil {
			return at
		}
		node, at = child, key
	}
	return at
}

// first is where a node begins.
func first(node ast.Node) *token.Token {
	switch n := node.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return first(n.Values[0])
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	case *ast.AnchorNode:
		return cmp.Or(n.Start, n.GetToken())
	}
	return node.GetToken()
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
			return first(n.Values[i]), n.Values[i]
		}
	case *ast.AnchorNode:
		return descend(n.Value, step)
	}
	return nil, nil
}
