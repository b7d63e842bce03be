package schema

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Decode calls fn with the root of the tree v and returns what the getters and
// [Node.Fail] complained about: nil, or [Problems]. The tree is made of what
// encoding/json and YAML decoders produce: map[string]any, map[any]any, []any,
// string, bool, Go's integers and floats, json.Number and nil. It is only read.
func Decode(v any, fn func(Node)) error {
	d := &document{}
	fn(Node{doc: d, value: v, exists: true})
	if len(d.problems) == 0 {
		return nil
	}
	return d.problems
}

type document struct{ problems Problems }

// Node is one place in a document: a value, or the place where a key is missing.
// Getters never stop: on a wrong type they record a problem and return the zero
// value. On a missing node they return the zero value and record nothing; ask
// [Node.Exists] where a default differs from it, or use [Node.Required].
type Node struct {
	doc    *document
	path   string
	value  any
	exists bool
}

// Path returns the place, such as "rules[0].do.drop"; empty for the root.
func (n Node) Path() string { return n.path }

// Exists reports whether the place is in the document, even if it holds null.
func (n Node) Exists() bool { return n.exists }

// IsNull reports whether the place is missing or holds null (in YAML, nothing).
func (n Node) IsNull() bool { return n.value == nil }

// Value returns the value as it was decoded; nil if missing.
func (n Node) Value() any { return n.value }

// Fail records a problem at this place.
func (n Node) Fail(format string, args ...any) {
	p := Problem{Path: n.path, Text: fmt.Sprintf(format, args...)}
	if !slices.Contains(n.doc.problems, p) {
		n.doc.problems = append(n.doc.problems, p)
	}
}

// Failed reports whether a problem was recorded at this place or below it.
func (n Node) Failed() bool {
	return slices.ContainsFunc(n.doc.problems, func(p Problem) bool {
		rest, below := strings.CutPrefix(p.Path, n.path)
		return below && (n.path == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// At returns the value of a key, or a missing node. A node that is not a map has
// no keys; that is not a problem here but in [Node.Only] and [Node.Keys].
func (n Node) At(key string) Node {
	child := Node{doc: n.doc, path: join(n.path, key)}
	switch m := n.value.(type) {
	case map[string]any:
		child.value, child.exists = m[key]
	case map[any]any:
		for k, v := range m {
			if fmt.Sprint(k) == key {
				child.value, child.exists = v, true
			}
		}
	}
	return child
}

// Required is [Node.At], and a problem if the key is missing.
func (n Node) Required(key string) Node {
	child := n.At(key)
	if !child.exists {
		child.Fail("missing, but required")
	}
	return child
}

// Keys returns the keys of a map in alphabetical order. Null is an empty map;
// anything else is a problem.
func (n Node) Keys() []string {
	var keys []string
	switch m := n.value.(type) {
	case nil:
	case map[string]any:
		for k := range m {
			keys = append(keys, k)
		}
	case map[any]any:
		for k := range m {
			keys = append(keys, fmt.Sprint(k))
		}
	default:
		n.wrong("a map")
	}
	slices.Sort(keys)
	return keys
}

// Only checks that the node is a map and has no keys but these.
func (n Node) Only(known ...string) {
	for _, key := range n.Keys() {
		if !slices.Contains(known, key) {
			n.At(key).Fail("unknown key %q%s", key, options(key, known))
		}
	}
}

// OneOf checks that the node is a map with exactly one key, one of these, and
// returns that key and its value; the key is empty if there was a problem.
func (n Node) OneOf(known ...string) (string, Node) {
	before := len(n.doc.problems)
	n.Only(known...)
	if len(n.doc.problems) > before {
		return "", Node{doc: n.doc, path: n.path}
	}
	keys := n.Keys()
	switch len(keys) {
	case 1:
		return keys[0], n.At(keys[0])
	case 0:
		n.Fail("want exactly one of %s, got none", list(known, "or"))
	default:
		n.Fail("want exactly one of %s, got %s", list(known, "or"), list(keys, "and"))
	}
	return "", Node{doc: n.doc, path: n.path}
}

// List returns the elements of a list. Null is an empty list; anything else is a
// problem.
func (n Node) List() []Node {
	switch v := n.value.(type) {
	case nil:
		return nil
	case []any:
		nodes := make([]Node, len(v))
		for i := range v {
			nodes[i] = Node{doc: n.doc, path: n.path + "[" + strconv.Itoa(i) + "]", value: v[i], exists: true}
		}
		return nodes
	}
	n.wrong("a list")
	return nil
}

// OneOrMany returns the elements of a list, or the node itself where it is
// anything else: a single value counts as a list of one. Null is empty.
func (n Node) OneOrMany() []Node {
	if _, many := n.value.([]any); many || n.value == nil {
		return n.List()
	}
	return []Node{n}
}

// join appends a key to a path, quoted if it could be misread.
func join(path, key string) string {
	if key == "" || strings.ContainsAny(key, ".[]\" \t\n") {
		return path + "[" + strconv.Quote(key) + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}
