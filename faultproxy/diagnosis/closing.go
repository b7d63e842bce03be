package diagnosis

import (
	"fmt"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// manyMissed is how many beats in a row a client may leave unanswered before its
// Close 1000 is no longer taken for a heartbeat timeout: it evidently did not care.
const manyMissed = 5

// clientEnd explains an end that the client began.
func (h *history) clientEnd(beats beats) Cause {
	ending := h.ending()
	code, reason := frame.CodeAbnormalClosure, ""
	if h.first.how == CloseFrame {
		code, reason, _ = frame.ParseClose(ending.Payload)
		if id := codeIDs[code]; id != "" && !says(reason, heartbeatWords) {
			return h.clientClose(id, code, reason)
		}
	}
	if c, ok := h.clientHeartbeat(beats.client, code, reason); ok {
		return c
	}
	if c, ok := h.halfOpen(); ok && code != frame.CodeGoingAway {
		return c
	}
	switch h.first.how {
	case FIN:
		if giant := h.giant(); giant != nil {
			return Cause{
				ID: IDTooBig, Confidence: Medium, Evidence: evidence(giant, ending),
				Text:   fmt.Sprintf("the client ended TCP at a frame that declares %d bytes, more than browsers take", giant.Header.Length),
				Advice: info(IDTooBig).Advice,
			}
		}
		return Cause{
			ID: IDClientGone, Confidence: High, Evidence: evidence(h.silent(frame.Both).last, ending),
			Text:   "the client ended TCP after " + span(h.age()) + " without a Close frame: its process ended, or it closed its socket",
			Advice: info(IDClientGone).Advice,
		}
	case RST:
		return Cause{
			ID: IDResetByClient, Confidence: High, Evidence: evidence(h.silent(frame.Both).last, ending),
			Text:   "an RST from the client after " + span(h.age()) + ": it was killed, or closed its socket with data unread",
			Advice: info(IDResetByClient).Advice,
		}
	}
	return h.clientClose(IDCloseByClient, code, reason)
}

// clientHeartbeat recognises a client that ended the connection because a beat of
// its own was not answered.
func (h *history) clientHeartbeat(w waiting, code frame.CloseCode, reason string) (Cause, bool) {
	ending := h.ending()
	named := says(reason, heartbeatWords)
	switch {
	case w.waited(ending.At) && (named || code != frame.CodeGoingAway && code != frame.CodeNormalClosure):
		return h.heartbeatTimeout(w, "client", h.first.how, High), true
	case w.waited(ending.At) && code == frame.CodeNormalClosure && w.count < manyMissed:
		return h.heartbeatTimeout(w, "client", h.first.how, Medium), true
	case named:
		return h.namedHeartbeat("client"), true
	}
	return Cause{}, false
}

// clientClose is a Close of the client's.
func (h *history) clientClose(id ID, code frame.CloseCode, reason string) Cause {
	answer := h.closeReaching(h.first.index + 1)
	c := Cause{
		ID: id, Confidence: Certain, Evidence: evidence(h.ending(), answer),
		Text: fmt.Sprintf("the client sent Close %s; in the field: %s", closeNamed(code, reason), code.Info().Meaning),
	}
	if id != IDCloseByClient {
		c.Advice = code.Info().LookAt
	}
	if id == IDTooBig {
		h.measure(&c, frame.ToClient)
	}
	if answer == nil && h.ended != nil {
		c.Text += "; the server never answered the Close"
		c.Advice = strings.TrimPrefix(c.Advice+"; a server answers a Close with a Close (RFC 6455 section 5.5.1); browsers wait 60 s for it and report 1006", "; ")
	}
	return c
}

// closeReaching returns the first Close that reached the client, from an event on.
func (h *history) closeReaching(from int) *timeline.Event {
	for i := from; i < len(h.events); i++ {
		if ev := &h.events[i]; reaches(*ev) && ev.Kind == timeline.KindFrame && ev.Header.Opcode == frame.OpClose {
			return ev
		}
	}
	return nil
}

// heartbeatTimeout is an end while the side that ended waited for an answer.
func (h *history) heartbeatTimeout(w waiting, by string, how How, confidence Confidence) Cause {
	ending := h.ending()
	c := Cause{
		ID: IDHeartbeatTimeout, Confidence: confidence, Evidence: evidence(w.event, ending),
		Text: fmt.Sprintf("the %s ended the connection (%s) with %s", by, h.endingWords(how), w.words(ending.At)),
	}
	var data *timeline.Event
	for i := range h.events[:h.first.index] {
		ev := &h.events[i]
		if ev.At <= w.since || ev.Kind != timeline.KindFrame || ev.Header.Opcode.IsControl() {
			continue
		}
		if by == "client" && reaches(*ev) || by == "server" && ev.Dir == frame.ToServer && ev.Seen&timeline.Left != 0 {
			data = ev
		}
	}
	other := map[string]string{"client": "server", "server": "client"}[by]
	if data == nil {
		c.Text += fmt.Sprintf("; nothing came from the %s any more", other)
		c.Advice = fmt.Sprintf("the %s is gone, stuck or cut off: look at it and at the path; reconnect at once", other)
		return c
	}
	c.Evidence = evidence(w.event, data, ending)
	c.Text += fmt.Sprintf(", although data still came from the %s", other)
	c.Advice = fmt.Sprintf("the path is alive: does the %s answer these beats, and does something on the way drop the answers? Any data is a sign of life", other)
	return c
}

// endingWords says "Close 4000 "no pong"", "FIN without a close frame".
func (h *history) endingWords(how How) string {
	if how != CloseFrame {
		return endWords(how)
	}
	code, reason, ok := frame.ParseClose(h.ending().Payload)
	if !ok {
		return "a Close without a readable code"
	}
	return "Close " + closeWords(code, reason)
}

// closeWords says `1012 "restart"`, or "1005 (none given)" for an empty Close.
func closeWords(code frame.CloseCode, reason string) string {
	switch {
	case code == frame.CodeNoStatus && reason == "":
		return "without a code"
	case reason == "":
		return fmt.Sprintf("%d", code)
	}
	return fmt.Sprintf("%d %q", code, reason)
}

// closeNamed is closeWords with the name of the code.
func closeNamed(code frame.CloseCode, reason string) string {
	return fmt.Sprintf("%s (%s)", closeWords(code, reason), code.Info().Name)
}

// unusual is how much longer than before a server must be silent for a client that
// leaves without a Close to have left because of it.
const unusual = 3

// halfOpen recognises a client that gave up on a server from which nothing came:
// nothing since it last asked for something (or since what the server sent no
// longer got through), and no answer to its Close either.
func (h *history) halfOpen() (Cause, bool) {
	ending := h.ending()
	since := h.opened // the last sign of life from the server
	var asked, stuck *timeline.Event
	replies, longest := 0, time.Duration(0) // how it had been before
	for i := range h.events[:h.first.index] {
		ev := &h.events[i]
		switch {
		case reaches(*ev):
			replies++
			longest = max(longest, ev.At-since.At)
			since, asked, stuck = ev, nil, nil
		case ev.Dir == frame.ToServer && arrives(*ev) && asked == nil:
			asked = ev
		case ev.Dir == frame.ToClient && arrives(*ev) && stuck == nil:
			stuck = ev
		}
	}
	for i := h.first.index + 1; i < len(h.events); i++ {
		ev := &h.events[i]
		if reaches(*ev) || h.first.how == CloseFrame && ev.Dir == frame.ToClient && ev.Seen&timeline.Left != 0 &&
			(ev.Kind == timeline.KindFIN || ev.Kind == timeline.KindRST) {
			return Cause{}, false
		}
	}
	silent := ending.At - since.At
	if h.first.how != CloseFrame && (replies < 2 || silent < unusual*longest) {
		asked = nil // a server that says little, and a client that was perhaps just ended
	}
	first := asked
	if first == nil || stuck != nil && stuck.At < first.At {
		first = stuck
	}
	if first == nil || ending.At-first.At < time.Second {
		return Cause{}, false
	}
	c := Cause{
		ID: IDHalfOpen, Confidence: Medium, Evidence: evidence(since, first, ending),
		Text:   fmt.Sprintf("the client gave up (%s) after %s without a byte from the server", h.endingWords(h.first.how), span(silent)),
		Advice: info(IDHalfOpen).Advice,
	}
	if asked != nil {
		c.Text += ", although it had sent something " + span(ending.At-asked.At) + " before"
	}
	if h.first.how == CloseFrame {
		c.Text += "; its Close was not answered either"
	}
	return c, true
}
