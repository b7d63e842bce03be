package diagnosis

import (
	"fmt"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// forgotten recognises a box that drops a flow in silence and answers the next
// packet with an RST.
func (h *history) forgotten(how How) (Cause, bool) {
	if how != RST {
		return Cause{}, false
	}
	n, at := h.until()
	var packet *timeline.Event // the first bytes after the longest silence
	begin, gap := h.opened.At, time.Duration(0)
	for i := range h.events[:n] {
		ev := &h.events[i]
		if !arrives(*ev) {
			continue
		}
		if d := ev.At - begin; d >= gap {
			packet, gap = ev, d
		}
		begin = ev.At
	}
	if packet == nil || at-packet.At > time.Second {
		return Cause{}, false
	}
	var boxes []string
	var shortest time.Duration
	for _, t := range knownTimeouts {
		if t.Shows == ShowsNothing && t.Default > 0 && gap >= t.Default-t.Early {
			boxes = append(boxes, fmt.Sprintf("%s (%s)", t.Name, limitWords(t.Default)))
			if shortest == 0 || t.Default < shortest {
				shortest = t.Default
			}
		}
	}
	if len(boxes) == 0 {
		return Cause{}, false
	}
	return Cause{
		ID: IDIdleTimeout, Confidence: Medium, Evidence: evidence(packet, h.ending(), h.shown),
		Text: fmt.Sprintf("no bytes for %s in either direction, and the first packet after it was answered with an RST: something on the path had forgotten the connection, as %s would",
			span(gap), strings.Join(boxes, ", ")),
		Advice: fmt.Sprintf("send something, or let TCP keepalive, more often than every %s; without traffic neither side notices",
			limitWords(shortest/2)),
	}, true
}

// oneSided recognises that the server's side ended and the client cannot know: of
// what is on the path something ended the server's side alone, or the server's own
// end did not come through.
func (h *history) oneSided(how How) (Cause, bool) {
	ending := h.ending()
	byNetwork := h.first.by == Network && ending.Dir == frame.ToServer
	if !byNetwork && (h.first.by != Server || ending.Seen != timeline.Arrived) {
		return Cause{}, false
	}
	c := Cause{ID: IDHalfOpen, Confidence: Certain, Advice: info(IDHalfOpen).Advice,
		Text: fmt.Sprintf("the server's side was ended (%s) after %s, and the client's kept open: nothing tells the client", endWords(how), span(h.age()))}
	if !byNetwork {
		c.Text = fmt.Sprintf("the server ended the connection (%s) after %s, which did not reach the client", endWords(how), span(h.age()))
	}
	for i := h.first.index + 1; i < len(h.events); i++ {
		ev := &h.events[i]
		by, _ := beginsEnd(*ev)
		switch {
		case showsEnd(*ev) && (!byNetwork || ev.At-ending.At <= time.Second):
			return Cause{}, false
		case showsEnd(*ev):
			c.Evidence = evidence(ending, ev)
			c.Text += fmt.Sprintf(" for %s, until its own side was ended too", span(ev.At-ending.At))
			return c, true
		case by == Client:
			c.Evidence = evidence(ending, ev)
			c.Text += fmt.Sprintf("; it gave up %s later", span(ev.At-ending.At))
			return c, true
		}
	}
	c.Evidence = evidence(ending)
	return c, true
}

// together recognises that several connections were cut in the same moment.
func (h *history) together(how How, s silence, others int) (Cause, bool) {
	if others == 0 {
		return Cause{}, false
	}
	c := Cause{
		ID: IDRestart, Confidence: Medium, Evidence: evidence(s.last, h.ending(), h.shown),
		Text: fmt.Sprintf("%s, %s, after %s, and %s ended within %s of it at other ages: what they shared was stopped, restarted or cut",
			endWords(how), h.side(), span(h.age()), connections(others), span(sameMoment)),
		Advice: info(IDRestart).Advice,
	}
	if others > 1 {
		c.Confidence = High
	}
	return c, true
}
