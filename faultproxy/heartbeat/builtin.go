package heartbeat

import (
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Protocol is the heartbeat of WebSocket itself: a ping frame, answered by a pong
// frame with the same payload (RFC 6455 sections 5.5.2 and 5.5.3). Either side may
// beat. Browsers answer pings but cannot send them.
func Protocol() Dialect {
	return Dialect{
		Name:      "protocol",
		Source:    "RFC 6455 sections 5.5.2 and 5.5.3",
		By:        Either,
		Beat:      Form{Match: frame.Op(frame.OpPing), Send: Template{Op: frame.OpPing}},
		Answer:    Form{Match: frame.Op(frame.OpPong), Send: Template{Op: frame.OpPong}},
		Correlate: Correlation{By: ByPayload},
	}
}

// Text is a heartbeat of two text messages, such as "ping" and "pong". Either side
// may beat; set By to narrow it. Answers are matched to beats by order. An empty
// pong means that beats are not answered.
func Text(ping, pong string) Dialect {
	d := Dialect{
		Name:   "text:" + ping + "/" + pong,
		Source: "common practice of browser clients, which cannot send protocol pings",
		By:     Either,
		Beat:   textForm(ping),
	}
	if ping == "ping" && pong == "pong" {
		d.Name = "text"
	}
	if pong != "" {
		d.Answer = textForm(pong)
	}
	return d
}

func textForm(s string) Form {
	return Form{
		Match: frame.AllOf(frame.Op(frame.OpText), frame.Equals(s)),
		Send:  Template{Op: frame.OpText, Payload: s},
	}
}

// jsonForm is a text message that holds JSON with certain values; send is how it
// is made.
func jsonForm(send string, values ...frame.Match) Form {
	return Form{
		Match: frame.AllOf(append([]frame.Match{frame.Op(frame.OpText)}, values...)...),
		Send:  text(send),
	}
}

func text(s string) Template { return Template{Op: frame.OpText, Payload: s} }

func binary(s string) Template { return Template{Op: frame.OpBinary, Payload: s} }
