package assertions

import (
	"fmt"
	"strings"

	"github.com/onsi/gomega/types"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// pattern selects frames, or messages.
type pattern struct {
	match   frame.Match
	payload types.GomegaMatcher // of the payload, if match is nil
	given   any                 // what is neither
	err     error
}

func newPattern(m any) pattern {
	switch m := m.(type) {
	case frame.Match:
		return pattern{match: m}
	case types.GomegaMatcher:
		p := pattern{payload: m}
		if err := misfit(m); err != nil {
			p.err = fmt.Errorf("the matcher takes no payload: %s", strings.TrimSuffix(squeeze(err.Error()), "."))
		}
		return p
	}
	return pattern{given: m, err: fmt.Errorf("%v (%T) selects no frames: give a frame, a frame.Match such as frame.Contains(\"hi\"), or a matcher for payloads such as ContainSubstring(\"hi\")", m, m)}
}

func (p pattern) String() string {
	switch {
	case p.match != nil:
		return p.match.String()
	case p.payload != nil:
		return callOf(p.payload)
	}
	return argument(p.given)
}

// text says it in a sentence.
func (p pattern) text() string {
	if p.match != nil {
		return p.match.String()
	}
	return "a payload " + clause(p.payload)
}

// inquiry asks a pattern about what one timeline shows.
type inquiry struct {
	pattern
	messages  bool // whole ones are asked about, not single frames
	partial   bool // what is looked at may begin within a message
	assembler timeline.Assembler

	took bool  // the matcher could take a payload
	err  error // of the first that it could not take
}

func (p pattern) inquiry(v *timeline.View) *inquiry {
	return &inquiry{pattern: p, messages: p.match == nil || timeline.OfMessages(p.match), partial: v.Beginning() != ""}
}

// next is given every event, and returns what to ask about, if that is complete with it.
func (q *inquiry) next(e timeline.Event) (unit timeline.Message, ok bool) {
	alone := timeline.Message{Event: e, Frames: 1, DoneAt: e.At, DoneSeq: e.Seq}
	if !q.messages {
		return alone, e.Kind == timeline.KindFrame && e.OfClient()
	}
	m, ok := q.assembler.See(e)
	if ok && m.Header.Opcode == frame.OpContinuation { // there is no beginning
		return alone, !q.partial
	}
	return m, ok
}

// selects reports whether a frame or message is selected. It is blind if it could be,
// but its payload cannot be read.
func (q *inquiry) selects(unit timeline.Message) (selected, blind bool) {
	v := unit.View()
	needs := frame.Needs{Dirs: frame.Both, Opcodes: frame.AllOpcodes, Payload: true}
	if q.match != nil {
		needs = q.match.Needs()
	}
	switch {
	case !needs.Dirs.Has(v.Dir) || !needs.Opcodes.Has(v.Header.Opcode):
		return false, false
	case needs.Payload && v.Opaque:
		return false, true
	case q.match != nil:
		return q.match.Match(v), false
	}
	ok, err := takes(q.payload, v.Payload)
	switch {
	case err == nil:
		q.took = true
	case q.err == nil:
		q.err = err
	}
	return ok && err == nil, false
}

// unfit says why the matcher takes no payload; nil if it took one, or would take others.
func (q *inquiry) unfit() error {
	if q.err == nil || q.took || takesAny(q.payload) {
		return nil
	}
	return q.err
}

// inFragments says in how many fragments a message came; nothing of one that is whole.
func inFragments(m timeline.Message) string {
	if m.Frames < 2 {
		return ""
	}
	return fmt.Sprintf("in %d fragments", m.Frames)
}
