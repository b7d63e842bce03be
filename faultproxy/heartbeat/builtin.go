package heartbeat

import (
	"encoding/json"
	"strconv"

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

// JSON is a heartbeat of two JSON objects that are told from other messages by a
// string at a key, such as {"type":"ping"} and {"type":"pong"}: JSON("type", "ping",
// "pong"). Other members do not matter. Either side may beat; set By to narrow it.
// Answers are matched to beats by order; where both carry a number, set Correlate. An
// empty pong means that beats are not answered.
func JSON(key, ping, pong string) Dialect {
	d := Dialect{
		Name:   nameJSON + ":" + key + "=" + ping + "/" + pong,
		Source: "common practice of clients and servers that talk JSON",
		By:     Either,
		Beat:   jsonForm(object(key, ping), frame.JSON(jsonKey(key), ping)),
	}
	if key == "type" && ping == "ping" && pong == "pong" {
		d.Name = nameJSON
	}
	if pong != "" {
		d.Answer = jsonForm(object(key, pong), frame.JSON(jsonKey(key), pong))
	}
	return d
}

// object is a JSON object of one member.
func object(key, value string) string {
	b, _ := json.Marshal(map[string]string{key: value}) // strings can be written
	return string(b)
}

// jsonKey is the path of a key, whatever letters it has.
func jsonKey(key string) string { return "[" + strconv.Quote(key) + "]" }

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
