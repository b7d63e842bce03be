package assertions

import (
	"fmt"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// HaveSent succeeds if the client has sent a frame or message that m selects, at least
// once, or as often as Times says. m is a [frame.Match], such as a frame itself, or a
// matcher of Gomega's for the payload, which is given it as a string, or as []byte if it
// takes that:
//
//	Eventually(srv).Should(HaveSent(frame.Contains("subscribe")).Times(2))
//	Expect(srv.Conn(2)).To(HaveSent(frame.Text("hello")))
//	Expect(srv).NotTo(HaveSent(MatchRegexp("^token=")))
//
// What looks at payloads is asked about whole messages: many clients send long ones in
// fragments, so that a message of several frames counts once, when its last frame has
// come, and is marked where it begins. What looks at headers only is asked about every
// frame: frame.Op(frame.OpContinuation), frame.Fin(false), frame.Size. Payloads are
// inflated first.
//
// On a server, a proxy or a view it is about all connections that show there. A frame
// counts where it arrived from the client, whatever became of it then.
//
// It cannot judge what is missing from the recording: lost events, payloads longer
// than timeline.Limits.Payload or compressed beyond reading, if a match looks at
// payloads, bytes that were no frames, and what nobody read (Freeze, StopReading). What
// was seen often enough all the same is judged. Nor can it with a matcher that takes no
// payload at all, such as MatchRegexp of what is no regular expression; one that does
// not take this one or that, such as MatchJSON where it is no JSON, does not select it.
func HaveSent(m any) Counted {
	p := newPattern(m)
	return counted(call("HaveSent", p), p.err, func(s *scene, n value) verdict {
		return s.frames(p, frame.ToServer, n, "The client sent")
	})
}

// HaveReceived succeeds if the client has received a frame or message that m selects, at
// least once, or as often as Times says. It is [HaveSent] for the other direction: a
// frame counts where it left for the client, whether the server, a rule or a caller sent
// it. One that a rule dropped was not received. A message in fragments counts once, when
// the last of them has left.
//
//	Eventually(srv).Should(HaveReceived(frame.Op(frame.OpPing)))
func HaveReceived(m any) Counted {
	p := newPattern(m)
	return counted(call("HaveReceived", p), p.err, func(s *scene, n value) verdict {
		return s.frames(p, frame.ToClient, n, "The client received")
	})
}

// frames counts the frames, or messages, of one direction.
func (s *scene) frames(p pattern, dir frame.Direction, want value, said string) verdict {
	n := 0
	opened := false
	var sight sight
	var marks []mark
	asked := p.inquiry(s.view)
	for e := range s.events(s.view) {
		sight.see(e, dir)
		unit, ok := asked.next(e)
		if !ok || unit.Dir != dir {
			continue
		}
		selected, blind := asked.selects(unit)
		if blind {
			sight.blind(unit)
		}
		if selected {
			n++
			marks = append(marks, at(unit.Event, inFragments(unit)))
		}
	}
	for _, c := range s.conns() {
		opened = opened || c.opened.happened
		if dir == frame.ToServer && c.deaf.happened {
			sight.deaf(c)
		}
	}
	if !want.settled(float64(n)) {
		switch {
		case asked.unfit() != nil:
			return unfit(asked.unfit())
		case !opened:
			return cannot("the client has not connected"+s.where()+", so it could send and receive nothing", "")
		case sight.why != "":
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

// blind is told of a frame or message that may be one of those asked for.
func (s *sight) blind(u timeline.Message) {
	switch {
	case !u.Truncated:
		s.say("a payload is compressed and cannot be read", "Record without context takeover: see faultproxy.Proxy.Compression.", at(u.Event, "unreadable"))
	case u.Frames > 1:
		s.say("a message came in fragments that were not all kept whole", "Raise timeline.Limits.Payload.",
			at(u.Event, fmt.Sprintf("of %d fragments", u.Frames)))
	default:
		s.say("a payload was kept only in part", "Raise timeline.Limits.Payload.", at(u.Event, "its end was not kept"))
	}
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
