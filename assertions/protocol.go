package assertions

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// HaveKeptProtocol succeeds if nothing that the client sent breaks RFC 6455: masks,
// reserved bits and opcodes, lengths, fragments, control frames, close codes, UTF-8, and
// nothing after its Close. See [frame.Rules] for all rules.
//
//	Expect(srv).To(HaveKeptProtocol())
//
// It needs a frame of the client's, and cannot judge without. What a proxy kept only in
// part (timeline.Limits.Payload) or what is compressed beyond reading may have been no
// UTF-8, so it cannot judge that either; a fakeserver has looked at all of it. A
// violation is final.
func HaveKeptProtocol() Matcher {
	return Matcher{call: "HaveKeptProtocol()", judge: (*scene).protocol}
}

// breach is a rule that the client broke.
type breach struct {
	event timeline.Event
	text  string
}

func (s *scene) protocol() verdict {
	var breaches []breach
	var blind []mark
	checks := map[int]*checking{}
	frames := 0
	for e := range s.events(s.whole) {
		if e.Conn == 0 && e.Kind != timeline.KindLost {
			continue
		}
		c := checks[e.Conn]
		if c == nil {
			c = &checking{check: frame.Checker{FromClient: true}}
			checks[e.Conn] = c
		}
		text, unseen := c.see(e)
		if e.Kind == timeline.KindFrame && e.Dir == frame.ToServer && e.OfClient() && s.happens(e) {
			frames++
		}
		switch {
		case text != "" && s.happens(e):
			breaches = append(breaches, breach{e, text})
		case unseen && s.happens(e):
			blind = append(blind, at(e, "not seen whole"))
		}
	}
	switch {
	case len(breaches) > 0:
		first := breaches[0]
		v := verdict{is: no, final: true, said: fmt.Sprintf("The client broke the protocol on connection %d: %s", first.event.Conn, first.text),
			expected: "expected it to keep to RFC 6455", unexpected: "expected it to break RFC 6455"}
		for _, b := range breaches {
			v.marks = append(v.marks, at(b.event, b.text))
			v.conns = append(v.conns, b.event.Conn)
		}
		return v
	case len(blind) > 0:
		v := cannot("not everything that the client sent was recorded", "Raise timeline.Limits, or record without compression.")
		v.marks = blind
		return v
	case frames == 0:
		return cannot("the client has sent no frame"+s.where(), "")
	}
	return verdict{is: yes, said: fmt.Sprintf("The client kept to RFC 6455 in %s%s", plural(frames, "frame"), s.where()),
		expected: "expected it to", unexpected: "expected it not to"}
}

// checking follows what the client sends on one connection.
type checking struct {
	check frame.Checker
	begun bool // the header was seen in a KindFrameStart
	dark  bool // a part of the current message was not recorded
}

// see returns what is wrong with an event. It is unseen if that cannot be told.
func (c *checking) see(e timeline.Event) (wrong string, unseen bool) {
	if e.Kind == timeline.KindLost {
		return "", true
	}
	if e.Kind == timeline.KindResponse && e.Dir == frame.ToClient {
		c.check.Deflate = c.check.Deflate || strings.Contains(e.Field("sec-websocket-extensions")+e.Field("extensions"), "permessage-deflate")
	}
	if e.Dir != frame.ToServer {
		return "", false
	}
	switch e.Kind {
	case timeline.KindOpaque:
		return e.Field("why") + section(e.Field("section")), false
	case timeline.KindFrameStart:
		if c.begun = e.OfClient(); c.begun {
			return violation(c.check.Header(e.Header)), false
		}
	case timeline.KindFrame:
		if e.OfClient() {
			return c.frame(e)
		}
	}
	return "", false
}

func (c *checking) frame(e timeline.Event) (wrong string, unseen bool) {
	if !c.begun {
		wrong = violation(c.check.Header(e.Header))
	}
	c.begun = false
	switch {
	case e.Inflated && !e.Truncated:
		if e.Header.Opcode == frame.OpText && e.Header.Fin && !utf8.Valid(e.Payload) {
			return "a compressed text message has bytes that are not UTF-8 (RFC 6455 section 8.1)", false
		}
		return wrong, false
	case e.Truncated || e.Opaque:
		c.dark = !e.Header.Opcode.IsControl() && e.Header.Opcode != frame.OpBinary
		return wrong, wrong == "" && c.dark && e.Vantage != timeline.AtServer
	case c.dark && e.Header.Opcode == frame.OpContinuation:
		return wrong, false
	}
	if !e.Header.Opcode.IsControl() {
		c.dark = false
	}
	if later := violation(c.check.Payload(e.Payload, true)); wrong == "" {
		wrong = later
	}
	return wrong, false
}

func violation(v *frame.Violation) string {
	if v == nil {
		return ""
	}
	return v.Text + section(v.Section)
}

func section(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}
