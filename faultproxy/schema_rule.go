package faultproxy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// ParseRule reads a rule from a tree as YAML and JSON decoders make it, such as
//
//	{on: {frame: {op: pong, dir: to-client}}, do: drop, conns: "2-4", times: 3}
//
// It says everything that is wrong with it, with the path of each problem, and
// also refuses rules that [Proxy.Add] would refuse. [Rule.Tree] writes such trees.
func ParseRule(tree any) (Rule, error) {
	var r Rule
	err := schema.Decode(tree, func(n schema.Node) { r = DecodeRule(n) })
	return r, err
}

// ParseRules reads a list of rules, or a single one; see [ParseRule].
func ParseRules(tree any) ([]Rule, error) {
	var rules []Rule
	err := schema.Decode(tree, func(n schema.Node) {
		if n.IsNull() {
			n.Fail("want a rule or a list of rules, got nothing")
		}
		for _, each := range n.OneOrMany() {
			rules = append(rules, DecodeRule(each))
		}
	})
	return rules, err
}

var ruleKeys = []string{"name", "on", "do", "conns", "skip", "times", "one_in", "spare", "count", "after", "for", "expect", "final"}

// maxCount bounds the numbers of a rule, so that they fit an int everywhere.
const maxCount = 1<<31 - 1

// DecodeRule is [ParseRule] for a part of a larger document. What is wrong is
// recorded at the node, and the result is then of no use.
func DecodeRule(n schema.Node) Rule {
	if n.IsNull() {
		n.Fail(`want a rule such as {on: {frame: {op: pong}}, do: drop}, got nothing`)
		return Rule{}
	}
	n.Only(ruleKeys...)
	r := Rule{
		Name:  n.At("name").String(),
		Skip:  n.At("skip").IntIn(0, maxCount),
		Times: n.At("times").IntIn(0, maxCount),
		OneIn: n.At("one_in").IntIn(0, maxCount),
		Spare: n.At("spare").IntIn(0, maxCount),
		After: n.At("after").Duration(),
		For:   n.At("for").Duration(),
		Final: n.At("final").Bool(),
	}
	if on := n.At("on"); on.Exists() {
		r.On = decodeTrigger(on)
	}
	if conns := n.At("conns"); conns.Exists() {
		r.Conns = decodeConns(conns)
	}
	switch n.At("count").Enum("connection", "proxy") {
	case "connection":
		r.Count = CountPerConnection
	case "proxy":
		r.Count = CountPerProxy
	}
	if n.At("expect").Enum("fired") != "" {
		r.Expect = Fired
	}
	if do := n.Required("do"); do.Exists() {
		r.Do = decodeFault(do)
	}
	if !n.Failed() {
		named := r
		named.Name = nameFor(r, nil)
		if _, err := arm(named); err != nil {
			n.Fail("%v", err)
		}
	}
	return r
}

// Tree returns the rule as a tree of map[string]any, []any, string, bool and
// numbers, the same for YAML and JSON. [ParseRule] reads it back. Go functions, and
// matches and faults of other packages, cannot be written; the error says which.
func (r Rule) Tree() (any, error) {
	do, err := faultTree(r.Do)
	if err != nil {
		return nil, r.notWritten(err)
	}
	tree := map[string]any{"do": do}
	if r.On != nil {
		on, err := triggerTree(r.On)
		if err != nil {
			return nil, r.notWritten(err)
		}
		tree["on"] = on
	}
	if !r.Conns.isZero() {
		tree["conns"] = r.Conns.tree()
	}
	put(tree, "name", r.Name)
	put(tree, "skip", r.Skip)
	put(tree, "times", r.Times)
	put(tree, "one_in", r.OneIn)
	put(tree, "spare", r.Spare)
	putTime(tree, "after", r.After)
	putTime(tree, "for", r.For)
	put(tree, "final", r.Final)
	put(tree, "count", map[Scope]string{CountPerConnection: "connection", CountPerProxy: "proxy"}[r.Count])
	put(tree, "expect", map[Expectation]string{Fired: "fired"}[r.Expect])
	if err := writable(tree); err != nil {
		return nil, r.notWritten(err)
	}
	return tree, nil
}

func (r Rule) notWritten(err error) error {
	return fmt.Errorf("rule %q cannot be written to a file: %w", nameFor(r, nil), err)
}

// put sets a key, unless its value is the default.
func put[T comparable](tree map[string]any, key string, value T) {
	var zero T
	if value != zero {
		tree[key] = value
	}
}

// putTime sets a key to a duration in Go's notation, unless it is zero.
func putTime(tree map[string]any, key string, d time.Duration) {
	if d != 0 {
		tree[key] = d.String()
	}
}

// writable reports the first text of a tree that YAML and JSON cannot hold.
func writable(tree any) error {
	switch v := tree.(type) {
	case string:
		if !utf8.ValidString(v) {
			return fmt.Errorf("the text %q is not UTF-8", v)
		}
	case []any:
		for _, each := range v {
			if err := writable(each); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if err := cmp.Or(writable(key), writable(v[key])); err != nil {
				return err
			}
		}
	}
	return nil
}

func isMap(n schema.Node) bool {
	switch n.Value().(type) {
	case map[string]any, map[any]any:
		return true
	}
	return false
}
