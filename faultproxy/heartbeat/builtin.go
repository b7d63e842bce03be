package heartbeat

import (
	"fmt"
	"strings"

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

// Names lists the names that [Parse] knows, for messages and completion.
func Names() []string { return []string{"protocol", "text", "text:BEAT/ANSWER"} }

// Parse returns the dialect of a name: "protocol", "text" (the pair ping and pong)
// or "text:BEAT/ANSWER", such as "text:hb/ack", for any other pair. The first slash
// separates beat and answer; without one, or with nothing after it, beats are not
// answered.
func Parse(name string) (Dialect, error) {
	switch name {
	case "protocol":
		return Protocol(), nil
	case "text":
		return Text("ping", "pong"), nil
	}
	pair, ok := strings.CutPrefix(name, "text:")
	if !ok {
		return Dialect{}, fmt.Errorf("unknown dialect %q: use %s", name, strings.Join(Names(), ", "))
	}
	beat, answer, _ := strings.Cut(pair, "/")
	if beat == "" {
		return Dialect{}, fmt.Errorf("dialect %q has an empty beat: write text:BEAT/ANSWER, such as text:hb/ack", name)
	}
	return Text(beat, answer), nil
}
