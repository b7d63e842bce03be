package heartbeat

import (
	"fmt"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// Encode returns the dialect as a tree of map[string]any, []any, string and
// numbers, the same for YAML and JSON; empty fields are left out. Matches made of
// Go functions cannot be written; the error says which. [Decode] reads it back.
func Encode(d Dialect) (any, error) {
	e := encoder{}
	m := tree{}
	m.put("name", d.Name)
	m.put("source", d.Source)
	if d.By != 0 {
		m["by"] = d.By.String()
	}
	if d.Interval != 0 {
		m["interval"] = d.Interval.String()
	}
	m.put("subprotocol", d.Subprotocol)
	e.form(m, "beat", d.Beat)
	e.form(m, "answer", d.Answer)
	switch d.Correlate.By {
	case ByPayload:
		m["correlate"] = "payload"
	case ByJSON:
		c := tree{"json": d.Correlate.Path}
		c.put("answer", d.Correlate.AnswerPath)
		m["correlate"] = map[string]any(c)
	}
	if len(d.Greeting) > 0 {
		m["greeting"] = templates(d.Greeting)
	}
	var session []any
	for i, x := range d.Session {
		exchange := tree{"on": e.match(fmt.Sprintf("session[%d].on", i), x.On), "reply": templates(x.Reply)}
		if x.By != 0 {
			exchange["by"] = x.By.String()
		}
		session = append(session, map[string]any(exchange))
	}
	if session != nil {
		m["session"] = session
	}
	if d.Packets != PerMessage {
		m["packets"] = d.Packets.String()
	}
	if len(d.HTTP) > 0 {
		m["http"] = endpoints(d.HTTP)
	}
	if e.err != nil {
		return nil, fmt.Errorf("dialect %q: %w", d.Name, e.err)
	}
	return map[string]any(m), nil
}

// tree is a map to be written.
type tree map[string]any

func (t tree) put(key, value string) {
	if value != "" {
		t[key] = value
	}
}

// encoder keeps the first error.
type encoder struct{ err error }

func (e *encoder) match(where string, m frame.Match) any {
	if m == nil {
		m = frame.Any
	}
	written, err := frame.EncodeMatch(m)
	if err != nil && e.err == nil {
		e.err = fmt.Errorf("%s: %w", where, err)
	}
	return written
}

func (e *encoder) form(m tree, key string, f Form) {
	form := tree{}
	if f.Match != nil {
		form["match"] = e.match(key+".match", f.Match)
	}
	if f.Send != (Template{}) {
		form["send"] = f.Send.tree()
	}
	if len(form) > 0 {
		m[key] = map[string]any(form)
	}
}

func templates(list []Template) []any {
	trees := make([]any, len(list))
	for i, t := range list {
		trees[i] = t.tree()
	}
	return trees
}

func endpoints(list []Endpoint) []any {
	trees := make([]any, len(list))
	for i, endpoint := range list {
		answers := make([]any, len(endpoint.Answers))
		for j, a := range endpoint.Answers {
			answer := tree{}
			if a.Status != 0 {
				answer["status"] = a.Status
			}
			answer.put("type", a.ContentType)
			answer.put("body", a.Body)
			answers[j] = map[string]any(answer)
		}
		trees[i] = map[string]any{"path": endpoint.Path, "answers": answers}
	}
	return trees
}

// Decode reads a dialect: one of the names that [Parse] knows, or a map as [Encode]
// writes it. What is wrong is recorded at the node, and the result is then of no
// use.
func Decode(n schema.Node) Dialect {
	if name, ok := n.Value().(string); ok {
		d, err := Parse(name)
		if err != nil {
			n.Fail("%v", err)
		}
		return d
	}
	n.Only("name", "source", "by", "interval", "subprotocol", "beat", "answer", "correlate", "greeting", "session", "packets", "http")
	d := Dialect{
		Name:        n.Required("name").String(),
		Source:      n.At("source").String(),
		By:          decodeRole(n.Required("by")),
		Subprotocol: n.At("subprotocol").String(),
		Beat:        decodeForm(n.Required("beat")),
		Answer:      decodeForm(n.At("answer")),
		Correlate:   decodeCorrelation(n.At("correlate")),
		Greeting:    decodeTemplates(n.At("greeting")),
	}
	if interval := n.At("interval"); interval.Exists() {
		d.Interval = interval.Duration()
	}
	for _, x := range n.At("session").List() {
		x.Only("on", "by", "reply")
		d.Session = append(d.Session, Exchange{
			On:    frame.DecodeMatch(x.Required("on")),
			By:    decodeRole(x.At("by")),
			Reply: decodeTemplates(x.Required("reply")),
		})
	}
	if n.At("packets").Enum(PerMessage.String(), MQTTPackets.String()) == MQTTPackets.String() {
		d.Packets = MQTTPackets
	}
	for _, endpoint := range n.At("http").List() {
		d.HTTP = append(d.HTTP, decodeEndpoint(endpoint))
	}
	if !n.Failed() {
		if err := d.Validate(); err != nil {
			n.Fail("%v", err)
		}
	}
	return d
}

func decodeRole(n schema.Node) Role {
	switch n.Enum("client", "server", "either") {
	case "client":
		return Client
	case "server":
		return Server
	case "either":
		return Either
	}
	return 0
}

func decodeForm(n schema.Node) Form {
	if n.IsNull() {
		return Form{}
	}
	n.Only("match", "send")
	f := Form{Match: frame.DecodeMatch(n.Required("match"))}
	if send := n.At("send"); send.Exists() {
		f.Send = decodeTemplate(send)
	}
	return f
}

func decodeCorrelation(n schema.Node) Correlation {
	if n.IsNull() {
		return Correlation{}
	}
	if _, name := n.Value().(string); name {
		if n.Enum("order", "payload") == "payload" {
			return Correlation{By: ByPayload}
		}
		return Correlation{}
	}
	n.Only("json", "answer")
	return Correlation{By: ByJSON, Path: n.Required("json").String(), AnswerPath: n.At("answer").String()}
}

func decodeEndpoint(n schema.Node) Endpoint {
	n.Only("path", "answers")
	endpoint := Endpoint{Path: n.Required("path").String()}
	for _, a := range n.Required("answers").OneOrMany() {
		a.Only("status", "type", "body")
		answer := HTTPAnswer{ContentType: a.At("type").String(), Body: a.At("body").String()}
		if status := a.At("status"); status.Exists() {
			answer.Status = status.IntIn(100, 599)
		}
		endpoint.Answers = append(endpoint.Answers, answer)
	}
	return endpoint
}
