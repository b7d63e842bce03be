package replay

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// isTorn reports whether a line is the last one and lacks its end.
func (p *planner) isTorn(line int) bool {
	return !bytes.HasSuffix(p.doc, []byte("\n")) && line == bytes.Count(p.doc, []byte("\n"))+1
}

// mark is the line of an event, and of those that it stands for.
type mark struct{ seq, line int }

// line returns the line that the event of that number stands in.
func (p *planner) line(seq int) int {
	if p.lines == nil {
		p.lines = linesOf(p.doc)
	}
	i, found := slices.BinarySearchFunc(p.lines, seq, func(m mark, seq int) int { return cmp.Compare(m.seq, seq) })
	if !found {
		i--
	}
	return p.lines[max(i, 0)].line
}

// linesOf returns the line of every event, as [timeline.ReadJSONL] numbers them. There
// is at least one.
func linesOf(doc []byte) []mark {
	marks, seq, n := []mark{{0, 0}}, 1, 0
	for text := range bytes.Lines(doc) {
		n++
		var e struct {
			Event string `json:"event"`
			Count int    `json:"count"`
		}
		if json.Unmarshal(text, &e) != nil {
			continue // blank, or torn: the last one
		}
		kind, err := timeline.ParseKind(e.Event)
		if err != nil {
			continue // ready, or of a later version
		}
		marks = append(marks, mark{seq, n})
		if seq++; kind == timeline.KindLost && e.Count > 1 {
			seq += e.Count - 1
		}
	}
	return marks
}
