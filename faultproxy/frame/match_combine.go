package frame

import (
	"slices"
	"strings"
)

// term is a match of this package: it can be combined into a sentence and written
// to a document.
type term interface {
	Match
	// words is what the match adds behind a noun: "containing "x"".
	words() string
	// tree is the match as the conditions of a document, or why it cannot be one.
	tree() (conditions, error)
}

// trigger makes the type that embeds it a [Trigger].
type trigger struct{}

func (trigger) IsTrigger() {}

// verdict is what a match says of an opaque frame: where the payload decides it
// says neither yes nor no, and neither does its opposite.
type verdict int8

const (
	no verdict = iota
	unknown
	yes
)

// judgeOpaque asks a match, whoever made it, about a frame whose payload cannot be
// seen.
func judgeOpaque(m Match, v View) verdict {
	switch m := m.(type) {
	case *notMatch:
		return yes - judgeOpaque(m.match, v)
	case *anyOfMatch:
		best := no
		for _, each := range m.matches {
			best = max(best, judgeOpaque(each, v))
		}
		return best
	case *allOfMatch:
		least := yes
		for _, each := range m.matches {
			least = min(least, judgeOpaque(each, v))
		}
		return least
	case funcMatch:
		// The function is shown v.Opaque and knows what it wants.
	default:
		switch n := m.Needs(); {
		case !n.Dirs.Has(v.Dir), !n.Opcodes.Has(v.Header.Opcode):
			return no
		case n.Payload:
			return unknown
		}
	}
	if m.Match(v) {
		return yes
	}
	return no
}

// Not matches the frames that m does not. A frame whose payload cannot be seen
// (View.Opaque) is matched neither by a payload match nor by its Not.
func Not(m Match) Match {
	mustMatch("Not", m)
	return &notMatch{match: m}
}

type notMatch struct {
	trigger
	match Match
}

func (m *notMatch) String() string { return "frame " + m.words() }

func (m *notMatch) Match(v View) bool {
	if v.Opaque {
		return judgeOpaque(m, v) == yes
	}
	return !m.match.Match(v)
}

func (m *notMatch) words() string {
	switch inner := m.match.(type) {
	case anyMatch:
		return "of no kind"
	case opMatch:
		return "other than " + inner.String()
	case *anyOfMatch, *allOfMatch, *notMatch:
		return "not (" + inner.String() + ")"
	case term:
		return "not " + inner.words()
	}
	return "other than " + m.match.String()
}

func (m *notMatch) Needs() Needs {
	switch inner := m.match.(type) {
	case anyMatch:
		return Needs{}
	case opMatch:
		return Needs{Dirs: Both, Opcodes: AllOpcodes &^ inner.set}
	case dirMatch:
		if inner.dir == Both {
			return Needs{}
		}
		return Needs{Dirs: inner.dir.Opposite(), Opcodes: AllOpcodes}
	}
	// The frames that m can match are a superset of those it does match, so nothing
	// can be taken away from its opposite.
	return Needs{Dirs: Both, Opcodes: AllOpcodes, Payload: m.match.Needs().Payload}
}

func (m *notMatch) tree() (conditions, error) {
	inner, err := treeOf(m.match)
	if err != nil {
		return nil, err
	}
	return conditions{"not": map[string]any(inner)}, nil
}

// AnyOf matches the frames that at least one of the matches does. It panics if
// there are none.
func AnyOf(matches ...Match) Match {
	if len(matches) == 0 {
		panic("frame.AnyOf: name at least one match")
	}
	for _, m := range matches {
		mustMatch("AnyOf", m)
	}
	if len(matches) == 1 {
		return matches[0]
	}
	return &anyOfMatch{matches: slices.Clone(matches)}
}

type anyOfMatch struct {
	trigger
	matches []Match
}

func (m *anyOfMatch) Match(v View) bool {
	if v.Opaque {
		return judgeOpaque(m, v) == yes
	}
	for _, each := range m.matches {
		if each.Match(v) {
			return true
		}
	}
	return false
}

func (m *anyOfMatch) words() string { return "that is " + m.String() }

func (m *anyOfMatch) String() string {
	names := make([]string, len(m.matches))
	for i, each := range m.matches {
		names[i] = each.String()
	}
	return joinWords(names, "or")
}

func (m *anyOfMatch) Needs() Needs {
	var all Needs
	for _, each := range m.matches {
		n := each.Needs()
		all.Dirs |= n.Dirs
		all.Opcodes |= n.Opcodes
		all.Payload = all.Payload || n.Payload
	}
	return all
}

func (m *anyOfMatch) tree() (conditions, error) {
	list, err := treesOf(m.matches)
	if err != nil {
		return nil, err
	}
	return conditions{"any": list}, nil
}

// AllOf matches the frames that every one of the matches does; without any, every
// frame.
func AllOf(matches ...Match) Match {
	var kept []Match
	for _, m := range matches {
		mustMatch("AllOf", m)
		if _, always := m.(anyMatch); !always {
			kept = append(kept, m)
		}
	}
	switch len(kept) {
	case 0:
		return Any
	case 1:
		return kept[0]
	}
	order := slices.Clone(kept)
	slices.SortStableFunc(order, func(a, b Match) int { return cost(a) - cost(b) })
	return &allOfMatch{matches: kept, order: order}
}

// cost puts matches that need only the header before those that read payloads.
func cost(m Match) int {
	if m.Needs().Payload {
		return 1
	}
	return 0
}

type allOfMatch struct {
	trigger
	matches []Match // as given
	order   []Match // the same, cheap ones first
}

func (m *allOfMatch) Match(v View) bool {
	if v.Opaque {
		return judgeOpaque(m, v) == yes
	}
	for _, each := range m.order {
		if !each.Match(v) {
			return false
		}
	}
	return true
}

func (m *allOfMatch) words() string { return "that is " + m.String() }

// String puts the noun first, whatever the order given: "text to-client
// containing "x"".
func (m *allOfMatch) String() string {
	noun := "frame"
	var words, direction []string
	for _, each := range m.matches {
		switch each := each.(type) {
		case opMatch, Frame:
			if noun == "frame" {
				noun = each.String()
			} else {
				words = append(words, "that is "+each.String())
			}
		case dirMatch:
			direction = append(direction, each.words())
		case term:
			words = append(words, each.words())
		default:
			words = append(words, "that is "+each.String())
		}
	}
	return strings.Join(slices.Concat([]string{noun}, direction, words), " ")
}

func (m *allOfMatch) Needs() Needs {
	all := Needs{Dirs: Both, Opcodes: AllOpcodes}
	for _, each := range m.matches {
		n := each.Needs()
		all.Dirs &= n.Dirs
		all.Opcodes &= n.Opcodes
		all.Payload = all.Payload || n.Payload
	}
	return all
}

// tree merges the conditions into one map, in which all hold; what would collide
// goes into "all".
func (m *allOfMatch) tree() (conditions, error) {
	merged := conditions{}
	var rest []any
	for _, each := range m.matches {
		c, err := treeOf(each)
		if err != nil {
			return nil, err
		}
		if len(c) == 0 || merged.collides(c) {
			rest = append(rest, map[string]any(c))
			continue
		}
		for key, value := range c {
			merged[key] = value
		}
	}
	if len(rest) > 0 {
		merged["all"] = rest
	}
	return merged, nil
}

func mustMatch(where string, m Match) {
	if m == nil {
		panic("frame." + where + ": a match is nil; use frame.Any for every frame")
	}
}
