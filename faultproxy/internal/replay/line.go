package replay

import (
	"bytes"
	"encoding/json"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// isTorn reports whether a line is the last one and lacks its end.
func (p *planner) isTorn(line int) bool {
	return !bytes.HasSuffix(p.doc, []byte("\n")) && line == bytes.Count(p.doc, []byte("\n"))+1
}

// line returns the line that the event of that number stands in.
func (p *planner) line(seq int) int {
	if p.lines == nil {
		p.lines = linesOf(p.doc)
	}
	if seq < 1 || seq > len(p.lines) {
		return 0
	}
	return p.lines[seq-1]
}

// linesOf returns the line of every event, as [timeline.ReadJSONL] numbers them.
func linesOf(doc []byte) []int {
	lines, n := []int{}, 0
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
		lines = append(lines, n)
		for ; kind == timeline.KindLost && e.Count > 1; e.Count-- {
			lines = append(lines, n)
		}
	}
	return lines
}
