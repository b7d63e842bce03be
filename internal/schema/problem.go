// Package schema walks an untyped tree, such as YAML and JSON decode to, and
// collects everything that is wrong with it, each with its path. Rules, whole
// configuration files and API bodies are all read through it, so the same names
// and the same complaints hold wherever a document comes from.
package schema

import "strings"

// Problem is one thing that is wrong in a document.
type Problem struct {
	// Path is the place, such as "rules[0].do.drop"; empty for the document itself.
	Path string
	// Text says what is wrong there and what to write instead.
	Text string
}

// String returns "path: text".
func (p Problem) String() string {
	if p.Path == "" {
		return p.Text
	}
	return p.Path + ": " + p.Text
}

// Problems is everything that is wrong in a document, in the order it was found.
// It is never empty when it is returned as an error.
type Problems []Problem

// Error lists the problems, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}
