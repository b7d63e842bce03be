package frame

import (
	"encoding/hex"
	"fmt"
	"math"
	"regexp"

	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// conditions is a match as a document holds it: all of them must hold.
type conditions map[string]any

var conditionNames = []string{
	"op", "dir", "equals", "hex", "contains", "regexp", "json", "size", "fin", "not", "any", "all",
}

// collides reports whether merging the other into c would change either: a key of
// both, or an "all", which the merged map needs for itself.
func (c conditions) collides(other conditions) bool {
	for key := range other {
		if _, taken := c[key]; taken || key == "all" {
			return true
		}
	}
	return false
}

// EncodeMatch returns the match as a tree of map[string]any, []any, string, bool
// and numbers, the same for YAML and JSON: a map of conditions all of which hold,
// such as {op: text, dir: to-client, contains: "x"}. Go functions and types from
// elsewhere cannot be written; the error says which. [DecodeMatch] reads it back.
func EncodeMatch(m Match) (any, error) {
	if m == nil {
		return nil, fmt.Errorf("the match is nil; use frame.Any for every frame")
	}
	c, err := treeOf(m)
	if err != nil {
		return nil, err
	}
	return map[string]any(c), nil
}

func treeOf(m Match) (conditions, error) {
	switch m := m.(type) {
	case Frame:
		c := equalTo(m.Payload)
		c["op"] = opcodeName(m.Opcode & 0xF)
		return c, nil
	case term:
		return m.tree()
	}
	return nil, fmt.Errorf("the match %q (%T) cannot be written to a file: it is none of package frame's", m, m)
}

func treesOf(matches []Match) ([]any, error) {
	list := make([]any, len(matches))
	for i, m := range matches {
		c, err := treeOf(m)
		if err != nil {
			return nil, err
		}
		list[i] = map[string]any(c)
	}
	return list, nil
}

// DecodeMatch reads what [EncodeMatch] writes. An empty map is [Any]; `op` takes
// one name or a list, `size` a bound or both. What is wrong is recorded at the
// node, and the result is then of no use, but never nil.
func DecodeMatch(n schema.Node) Match {
	n.Only(conditionNames...)
	var all []Match
	add := func(m Match) {
		if m != nil {
			all = append(all, m)
		}
	}
	if op := n.At("op"); op.Exists() {
		add(decodeOp(op))
	}
	if dir := n.At("dir"); dir.Exists() {
		if d, err := ParseDirection(dir.Enum(ToServer.String(), ToClient.String(), Both.String())); err == nil {
			add(Toward(d))
		}
	}
	if text := n.At("equals"); text.Exists() {
		add(Equals(text.String()))
	}
	if digits := n.At("hex"); digits.Exists() {
		payload, err := hex.DecodeString(digits.String())
		if err != nil {
			digits.Fail("want an even number of hexadecimal digits such as 00ff, got %q", digits.String())
		}
		add(Equals(payload))
	}
	if part := n.At("contains"); part.Exists() {
		add(Contains(part.String()))
	}
	if re := n.At("regexp"); re.Exists() {
		compiled, err := regexp.Compile(re.String())
		if err != nil {
			re.Fail("%v", err)
		} else {
			add(regexpMatch{re: compiled})
		}
	}
	if doc := n.At("json"); doc.Exists() {
		add(decodeJSONMatch(doc))
	}
	if size := n.At("size"); size.Exists() {
		add(decodeSize(size))
	}
	if fin := n.At("fin"); fin.Exists() {
		add(Fin(fin.Bool()))
	}
	if not := n.At("not"); not.Exists() {
		add(Not(DecodeMatch(not)))
	}
	if list := n.At("any"); list.Exists() {
		matches := decodeMatches(list)
		if len(matches) == 0 {
			list.Fail("want at least one match: none of nothing never holds")
		} else {
			add(AnyOf(matches...))
		}
	}
	if list := n.At("all"); list.Exists() {
		all = append(all, decodeMatches(list)...)
	}
	return AllOf(all...)
}

func decodeMatches(list schema.Node) []Match {
	var matches []Match
	for _, each := range list.OneOrMany() {
		matches = append(matches, DecodeMatch(each))
	}
	return matches
}

func decodeOp(n schema.Node) Match {
	var ops []Opcode
	for _, each := range n.OneOrMany() {
		switch each.Value().(type) {
		case string:
			op, err := ParseOpcode(each.String())
			if err != nil {
				each.Fail("%v", err)
			}
			ops = append(ops, op)
		default:
			// YAML reads 0x3 as a number.
			ops = append(ops, Opcode(each.IntIn(0, 15)))
		}
	}
	if len(ops) == 0 {
		n.Fail("want at least one opcode: %s", joinWords(opcodeNames, "or"))
		return nil
	}
	return Op(ops...)
}

func decodeJSONMatch(n schema.Node) Match {
	n.Only("path", "value")
	path, value := n.Required("path"), n.Required("value")
	if n.Failed() {
		return nil
	}
	text := path.String()
	if path.Failed() {
		return nil
	}
	m, err := newJSONMatch(text, value.Value())
	if err != nil {
		n.Fail("%v", err)
		return nil
	}
	return m
}

func decodeSize(n schema.Node) Match {
	n.Only("min", "max")
	low, high := 0, -1
	if min := n.At("min"); min.Exists() {
		low = min.IntIn(0, math.MaxInt)
	}
	if max := n.At("max"); max.Exists() {
		high = max.IntIn(0, math.MaxInt)
		if !n.Failed() && high < low {
			n.Fail("min %d is above max %d: no frame is of such a size", low, high)
		}
	}
	if n.Failed() {
		return nil
	}
	return Size(int64(low), int64(high))
}
