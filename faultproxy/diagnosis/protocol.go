package diagnosis

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// protocolError recognises an end that a broken rule of RFC 6455 led to: one side
// said so in its Close, or ended the connection right after the other's violation.
func (h *history) protocolError() (Cause, bool) {
	ending := h.ending()
	toClient, toServer := h.violation(frame.ToClient), h.violation(frame.ToServer)
	if h.first.how == CloseFrame {
		if v := h.violationAt(h.first.index); v != nil && v.Rule != "undefined-close-code" {
			return h.violated(violation{by: sideWords(h.first.by), event: ending, rule: v.Rule, text: v.Text, section: v.Section}), true
		}
		code, reason, ok := frame.ParseClose(ending.Payload)
		if ok && (code == frame.CodeProtocolError || code == frame.CodeInvalidPayload) {
			found, culprit := toClient, "server"
			if h.first.by == Server {
				found, culprit = toServer, "client"
			}
			if found.event != nil {
				return h.violated(found), true
			}
			c := Cause{
				ID: IDProtocolError, Confidence: High, Evidence: evidence(ending),
				Text: fmt.Sprintf("the %s ended the connection with Close %s: it says that the %s broke the protocol; nothing illegal is in the recording, which does not hold what is compressed or too long",
					sideWords(h.first.by), closeWords(code, reason), culprit),
				Advice: code.Info().LookAt,
			}
			if code == frame.CodeInvalidPayload {
				c.ID = IDBadUTF8
			}
			return c, true
		}
	}
	for _, found := range []violation{toClient, toServer} {
		// Who sends what is no frame at all, such as an HTTP error page, may end it too.
		ended := h.first.by == Network || sideWords(h.first.by) != found.by || found.rule == ""
		if found.event != nil && found.event.Header.Opcode != frame.OpClose && ending.At-found.event.At <= time.Second && ended {
			return h.violated(found), true
		}
	}
	return Cause{}, false
}

// violation is a rule that one side broke.
type violation struct {
	by                  string // "client" or "server"
	event               *timeline.Event
	rule, text, section string // the rule's ID is empty for bytes that are no frames
}

func (h *history) violated(v violation) Cause {
	c := Cause{
		ID: IDProtocolError, Confidence: High, Evidence: evidence(v.event, h.ending()),
		Text: fmt.Sprintf("the %s's side broke the protocol: %s", v.by, v.text),
	}
	if v.section != "" {
		c.Text += " (" + v.section + ")"
	}
	if v.rule == "text-not-utf8" || v.rule == "close-reason-not-utf8" {
		c.ID = IDBadUTF8
	}
	c.Advice = info(c.ID).Advice
	return c
}

// violation returns the last rule that frames travelling dir broke before the end.
func (h *history) violation(dir frame.Direction) violation {
	last := violation{by: "server"}
	if dir == frame.ToServer {
		last.by = "client"
	}
	check := inspector{fromClient: dir == frame.ToServer, deflate: deflated(h.events)}
	n, _ := h.until()
	for i := range h.events[:n] {
		ev := &h.events[i]
		if ev.Dir != dir {
			continue
		}
		switch ev.Kind {
		case timeline.KindFrame, timeline.KindFrameStart:
			if ev.Seen&timeline.Left == 0 {
				continue
			}
			if v := check.see(*ev); v != nil {
				last.event, last.rule, last.text, last.section = ev, v.Rule, v.Text, v.Section
			}
		case timeline.KindOpaque:
			last.event, last.rule, last.text, last.section = ev, "", field(*ev, "why"), field(*ev, "section")
			if last.text == "" {
				last.text = "bytes that are no frames"
			}
		}
	}
	return last
}

// violationAt returns the rule that the frame of one event breaks, or nil.
func (h *history) violationAt(index int) *frame.Violation {
	ev := h.events[index]
	check := inspector{fromClient: ev.Dir == frame.ToServer, deflate: deflated(h.events)}
	return check.see(ev)
}

func sideWords(by Party) string {
	if by == Client {
		return "client"
	}
	return "server"
}
