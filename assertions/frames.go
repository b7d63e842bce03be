package assertions

import (
	"fmt"

	"github.com/onsi/gomega/types"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// HaveSent succeeds if the client has sent a frame that m selects, at least once, or
// as often as Times says. m is a [frame.Match], such as a frame itself, or a matcher
// of Gomega's for the payload as a string:
//
//	Eventually(srv).Should(HaveSent(frame.Contains("subscribe")).Times(2))
//	Expect(srv.Conn(2)).To(HaveSent(frame.Text("hello")))
//	Expect(srv).NotTo(HaveSent(MatchRegexp("^token=")))
//
// On a server, a proxy or a view it is about all connections that show there. A frame
// counts where it arrived from the client, whatever became of it then. Fragments count
// one by one. Payloads are inflated first.
//
// It cannot judge what is missing from the recording: lost events, payloads longer
// than timeline.Limits.Payload or compressed beyond reading, if a match looks at
// payloads, bytes that were no frames, and what nobody read (Freeze, StopReading). What
// was seen often enough all the same is judged.
func HaveSent(m any) Counted {
	p := newPattern(m)
	return counted(call("HaveSent", p), p.err, func(s *scene, n value) verdict {
		return s.frames(p, frame.ToServer, n, "The client sent")
	})
}

// HaveReceived succeeds if the client has received a frame that m selects, at least
// once, or as often as Times says. It is [HaveSent] for the other direction: a frame
// counts where it left for the client, whether the server, a rule or a caller sent it.
// One that a rule dropped was not received.
//
//	Eventually(srv).Should(HaveReceived(frame.Op(frame.OpPing)))
func HaveReceived(m any) Counted {
	p := newPattern(m)
	return counted(call("HaveReceived", p), p.err, func(s *scene, n value) verdict {
		return s.frames(p, frame.ToClient, n, "The client received")
	})
}

// pattern selects frames.
type pattern struct {
	match   frame.Match
	payload types.GomegaMatcher // of the payload, if match is nil
	err     error
}

func newPattern(m any) pattern {
	switch m := m.(type) {
	case frame.Match:
		return pattern{match: m}
	case types.GomegaMatcher:
		return pattern{payload: m}
	}
	return pattern{err: fmt.Errorf("%v (%T) selects no frames: give a frame, a frame.Match such as frame.Contains(\"hi\"), or a matcher for payloads such as ContainSubstring(\"hi\")", m, m)}
}

func (p pattern) String() string {
	if p.match != nil {
		return p.match.String()
	}
	return value{matcher: p.payload}.String()
}

// text says it in a sentence.
func (p pattern) text() string {
	if p.match != nil {
		return p.match.String()
	}
	return "a payload " + clause(p.payload)
}

// selects reports whether the frame is selected. It is blind if it could be, but its
// payload cannot be read.
func (p pattern) selects(e timeline.Event) (selected, blind bool) {
	v := e.View()
	needs := frame.Needs{Dirs: frame.Both, Opcodes: frame.AllOpcodes, Payload: true}
	if p.match != nil {
		needs = p.match.Needs()
	}
	switch {
	case !needs.Dirs.Has(e.Dir) || !needs.Opcodes.Has(e.Header.Opcode):
		return false, false
	case needs.Payload && v.Opaque:
		return false, true
	case p.match != nil:
		return timeline.Selects(p.match, e), false
	}
	ok, err := p.payload.Match(string(v.Payload))
	return ok && err == nil, false
}

// frames counts the frames of one direction.
func (s *scene) frames(p pattern, dir frame.Direction, want value, said string) verdict {
	n := 0
	opened := false
	var sight sight
	var marks []mark
	conns := map[int]bool{}
	for e := range s.events(s.view) {
		sight.see(e, dir)
		if e.Kind != timeline.KindFrame || e.Dir != dir || !e.OfClient() {
			continue
		}
		selected, blind := p.selects(e)
		if blind {
			sight.blind(e)
		}
		if selected {
			n++
			conns[e.Conn] = true
			marks = append(marks, at(e, ""))
		}
	}
	for _, c := range s.conns() {
		opened = opened || c.opened.happened
		if dir == frame.ToServer && c.deaf.happened {
			sight.deaf(c)
		}
	}
	if !want.settled(float64(n)) {
		if !opened {
			return cannot("the client has not connected"+s.where()+", so it could send and receive nothing", "")
		}
		if sight.why != "" {
			v := cannot(sight.why, sight.advice)
			v.marks = sight.marks
			return v
		}
	}
	v := want.verdict(n, fmt.Sprintf("%s %s %s%s", said, p.text(), times(n), s.where()))
	v.marks = marks
	return v
}

// sight says why frames may have passed unseen.
type sight struct {
	why, advice string
	marks       []mark
}

// see is given every event.
func (s *sight) see(e timeline.Event, dir frame.Direction) {
	switch {
	case e.Kind == timeline.KindLost:
		s.say("events are missing from the recording", raise, at(e, "missing"))
	case unparsed(e, dir):
		s.say(unread, lookAtBytes, at(e, ""))
	}
}

// What is said where bytes were no frames.
const (
	unread      = "bytes passed that were not read as frames"
	lookAtBytes = "Look at them on the timeline."
)

// unparsed reports whether with the event bytes pass that are not read as frames.
func unparsed(e timeline.Event, dir frame.Direction) bool {
	return dir.Has(e.Dir) && (e.Kind == timeline.KindOpaque || e.Kind == timeline.KindBytes && e.OfClient())
}

// blind is told of a frame that may be one of those asked for.
func (s *sight) blind(e timeline.Event) {
	if e.Truncated {
		s.say("a payload was kept only in part", "Raise timeline.Limits.Payload.", at(e, "its end was not kept"))
		return
	}
	s.say("a payload is compressed and cannot be read", "Record without context takeover: see faultproxy.Proxy.Compression.", at(e, "unreadable"))
}

// deaf is told of a connection on which nobody reads.
func (s *sight) deaf(c *conn) {
	v := deafness(c, "a frame")
	s.say(v.said, v.advice, v.marks[0])
}

// say keeps the first reason, and where to look.
func (s *sight) say(why, advice string, m mark) {
	if s.why == "" {
		s.why, s.advice = why, advice
	}
	s.marks = append(s.marks, m)
}
