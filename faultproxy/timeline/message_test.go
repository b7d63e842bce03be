package timeline_test

import (
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// part is a fragment of the client's that passed at a time.
func part(at time.Duration, op frame.Opcode, fin bool, payload string) timeline.Event {
	return timeline.Event{Seq: int(at / time.Second), At: at, Conn: 1, Kind: timeline.KindFrame, Dir: frame.ToServer, Seen: timeline.Passed,
		Header: frame.Header{Opcode: op, Fin: fin, Length: uint64(len(payload))}, Payload: []byte(payload)}
}

// assembled is what comes out of an assembler: "text a+b in 2".
func assembled(a *timeline.Assembler, events ...timeline.Event) []timeline.Message {
	var out []timeline.Message
	for _, e := range events {
		if m, ok := a.See(e); ok {
			out = append(out, m)
		}
	}
	return out
}

func TestAssemblerPutsFragmentsTogether(t *testing.T) {
	const s = time.Second
	got := assembled(&timeline.Assembler{},
		part(1*s, frame.OpText, true, "whole"),
		part(2*s, frame.OpText, false, `{"type":"sub`),
		part(3*s, frame.OpPing, true, "between"),
		part(4*s, frame.OpContinuation, false, "scri"),
		part(5*s, frame.OpContinuation, true, `be"}`),
		part(6*s, frame.OpBinary, true, "next"))
	if len(got) != 4 {
		t.Fatalf("%d messages, want 4: %+v", len(got), got)
	}
	m := got[2]
	if string(m.Payload) != `{"type":"subscribe"}` || m.Header.Opcode != frame.OpText || !m.Header.Fin || m.Header.Length != 20 ||
		m.Seq != 2 || m.At != 2*s || m.DoneAt != 5*s || m.DoneSeq != 5 || m.Frames != 3 || m.Truncated {
		t.Errorf("%+v", m)
	}
	if !frame.JSON("type", "subscribe").Match(m.View()) {
		t.Errorf("no match of JSON: %v", m.View())
	}
	if one := got[0]; one.Frames != 1 || one.DoneAt != 1*s || one.DoneSeq != 1 || string(one.Payload) != "whole" {
		t.Errorf("%+v", one)
	}
	if c := got[1]; c.Header.Opcode != frame.OpPing || c.Frames != 1 {
		t.Errorf("a ping between fragments: %+v", c)
	}
}

// What is recorded never changes, whatever is appended to a copy of it.
func TestAssemblerLeavesEventsAlone(t *testing.T) {
	shared := []byte("begin|rest of the chunk")
	first := part(1, frame.OpText, false, "")
	first.Payload = shared[:5]
	assembled(&timeline.Assembler{}, first, part(2, frame.OpContinuation, true, "XXXX"))
	if string(shared) != "begin|rest of the chunk" {
		t.Errorf("the timeline's payloads are now %q", shared)
	}
}

func TestAssemblerSaysWhatItDoesNotKnow(t *testing.T) {
	begin, end := part(1, frame.OpText, false, "be"), part(3, frame.OpContinuation, true, "gin")
	short := end
	short.Truncated = true
	squeezed := begin
	squeezed.Opaque = true
	lost := func(conn int) timeline.Event { return timeline.Event{Conn: conn, Kind: timeline.KindLost, Count: 2} }
	for name, c := range map[string]struct {
		events  []timeline.Event
		unknown bool
	}{
		"all is there":              {[]timeline.Event{begin, end}, false},
		"an end that was not kept":  {[]timeline.Event{begin, short}, true},
		"compressed":                {[]timeline.Event{squeezed, end}, true},
		"lost in between":           {[]timeline.Event{begin, lost(1), end}, true},
		"lost of no connection":     {[]timeline.Event{begin, lost(0), end}, true},
		"lost of another":           {[]timeline.Event{begin, lost(2), end}, false},
		"its beginning is not seen": {[]timeline.Event{end}, true},
	} {
		got := assembled(&timeline.Assembler{}, c.events...)
		if len(got) != 1 || got[0].View().Opaque != c.unknown {
			t.Errorf("%s: %+v, want one, unknown: %t", name, got, c.unknown)
		}
	}
	for name, events := range map[string][]timeline.Event{
		"unfinished": {begin},
		"ended":      {begin, {Conn: 1, Kind: timeline.KindEnded}},
		"unparsed":   {begin, {Conn: 1, Kind: timeline.KindOpaque, Dir: frame.ToServer}},
	} {
		if got := assembled(&timeline.Assembler{}, events...); len(got) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	again := assembled(&timeline.Assembler{}, begin, part(2, frame.OpText, true, "anew"))
	if len(again) != 1 || string(again[0].Payload) != "anew" {
		t.Errorf("a message that begins within another: %+v", again)
	}
}

// Connections, directions, vantage points and the two sides of a proxy have messages of
// their own.
func TestAssemblerKeepsStreamsApart(t *testing.T) {
	variants := map[string]func(*timeline.Event){
		"a": func(*timeline.Event) {},
		"b": func(e *timeline.Event) { e.Conn = 2 },
		"c": func(e *timeline.Event) { e.Dir = frame.ToClient },
		"d": func(e *timeline.Event) { e.Vantage = timeline.AtServer },
	}
	var begin, end []timeline.Event
	for name, change := range variants {
		one, two := part(1, frame.OpText, false, name), part(2, frame.OpContinuation, true, name)
		change(&one)
		change(&two)
		begin, end = append(begin, one), append(end, two)
	}
	for _, m := range assembled(&timeline.Assembler{}, append(begin, end...)...) {
		if p := string(m.Payload); len(p) != 2 || p[0] != p[1] {
			t.Errorf("%q: from two streams", p)
		}
	}

	arrived, left := part(1, frame.OpText, true, "arrived"), part(2, frame.OpText, true, "left")
	arrived.Seen, left.Seen = timeline.Arrived, timeline.Left
	back := arrived
	back.Dir, back.Payload = frame.ToClient, []byte("from the server")
	for far, want := range map[bool]string{false: "arrived", true: "left, from the server"} {
		var words []string
		for _, m := range assembled(&timeline.Assembler{Far: far}, arrived, left, back) {
			words = append(words, string(m.Payload))
		}
		if got := strings.Join(words, ", "); got != want {
			t.Errorf("far %t: %s, want %s", far, got, want)
		}
	}
}

func TestOfMessages(t *testing.T) {
	for _, m := range []frame.Match{frame.Contains("x"), frame.JSON("a", 1), frame.Text("x"), frame.Not(frame.Contains("x")),
		frame.AllOf(frame.Op(frame.OpText), frame.Contains("x")), frame.Func("mine", func(frame.View) bool { return true })} {
		if !timeline.OfMessages(m) {
			t.Errorf("%v is about messages", m)
		}
	}
	for _, m := range []frame.Match{frame.Any, frame.Op(frame.OpContinuation), frame.Fin(false), frame.Size(1, 2), frame.Ping(nil),
		frame.AllOf(frame.Op(frame.OpContinuation), frame.Contains("x"))} {
		if timeline.OfMessages(m) {
			t.Errorf("%v is about frames", m)
		}
	}
}
