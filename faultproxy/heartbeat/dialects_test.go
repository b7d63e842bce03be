package heartbeat_test

import (
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

func text(s string) heartbeat.Template { return heartbeat.Template{Op: frame.OpText, Payload: s} }

func jsonOf(send string, conditions ...frame.Match) heartbeat.Form {
	return heartbeat.Form{Match: frame.AllOf(append([]frame.Match{frame.Op(frame.OpText)}, conditions...)...), Send: text(send)}
}

// everyDialect returns those built in, in all forms, and one of a user's own.
func everyDialect() []heartbeat.Dialect {
	return []heartbeat.Dialect{
		heartbeat.Protocol(),
		heartbeat.Text("ping", "pong"),
		heartbeat.Text("hb", ""),
		heartbeat.EngineIO(25*time.Second, 20*time.Second),
		heartbeat.EngineIO(300*time.Millisecond, 200*time.Millisecond),
		heartbeat.GraphQLTransportWS(),
		heartbeat.Phoenix(),
		heartbeat.SignalR(),
		heartbeat.MQTT(),
		heartbeat.STOMP(10 * time.Second),
		heartbeat.STOMP(time.Second),
		heartbeat.ActionCable(),
		{
			Name: "json-id", Source: "test", By: heartbeat.Either,
			Beat:      jsonOf(`{"type":"ping","id":{n}}`, frame.JSON("type", "ping")),
			Answer:    jsonOf(`{"type":"pong","re":{$.id}}`, frame.JSON("type", "pong")),
			Correlate: heartbeat.Correlation{By: heartbeat.ByJSON, Path: "id", AnswerPath: "re"},
		},
	}
}

func sent(f frame.Frame) frame.View {
	return frame.View{Dir: frame.ToServer, Header: f.Header(), Payload: f.Payload}
}

func received(f frame.Frame) frame.View {
	return frame.View{Dir: frame.ToClient, Header: f.Header(), Payload: f.Payload}
}

// What real clients send was read off the wire of those that TestRealParts of
// package fakeserver runs, or is an example of the specification.
func TestBuiltInBeats(t *testing.T) {
	tests := []struct {
		dialect heartbeat.Dialect
		view    frame.View
		beat    bool
		answer  bool
	}{
		{heartbeat.EngineIO(time.Second, time.Second), received(frame.Text("2")), true, false},
		{heartbeat.EngineIO(time.Second, time.Second), sent(frame.Text("3")), false, true},
		{heartbeat.EngineIO(time.Second, time.Second), sent(frame.Text("2")), false, false},
		{heartbeat.EngineIO(time.Second, time.Second), received(frame.Text("2probe")), false, false},
		{heartbeat.GraphQLTransportWS(), sent(frame.Text(`{"type":"ping"}`)), true, false},
		{heartbeat.GraphQLTransportWS(), received(frame.Text(`{"type":"ping","payload":{"type":"pong"}}`)), true, false},
		{heartbeat.GraphQLTransportWS(), sent(frame.Text(`{"payload":null,"type":"pong"}`)), false, true},
		{heartbeat.GraphQLTransportWS(), sent(frame.Text(`{"id":"ping","type":"subscribe"}`)), false, false},
		{heartbeat.Phoenix(), sent(frame.Text(`[null,"4","phoenix","heartbeat",{}]`)), true, false},
		{heartbeat.Phoenix(), sent(frame.Text(`["1","4","phoenix","heartbeat",{}]`)), true, false},
		{heartbeat.Phoenix(), sent(frame.Text(`["1","1","room:lobby","phx_join",{}]`)), false, false},
		{heartbeat.SignalR(), sent(frame.Text("{\"type\":6}\x1e")), true, false},
		{heartbeat.SignalR(), received(frame.Text("{\"type\":6}\x1e")), true, false},
		{heartbeat.SignalR(), received(frame.Text("{\"type\":7}\x1e")), false, false},
		{heartbeat.MQTT(), sent(frame.Binary([]byte{0xc0, 0})), true, false},
		{heartbeat.MQTT(), received(frame.Binary([]byte{0xd0, 0})), false, true},
		{heartbeat.MQTT(), sent(frame.Binary([]byte{0xe0, 0})), false, false},
		{heartbeat.STOMP(time.Second), sent(frame.Text("\n")), true, false},
		{heartbeat.STOMP(time.Second), received(frame.Binary([]byte("\r\n"))), true, false},
		{heartbeat.STOMP(time.Second), received(frame.Text("\n\n")), false, false},
		{heartbeat.ActionCable(), received(frame.Text(`{"type":"ping","message":1700000000}`)), true, false},
		{heartbeat.ActionCable(), received(frame.Text(`{"type":"welcome"}`)), false, false},
	}
	for _, tt := range tests {
		if got := tt.dialect.Beats().Match(tt.view); got != tt.beat {
			t.Errorf("%s: %q %s is a beat: %t, want %t", tt.dialect, tt.view.Payload, tt.view.Dir, got, tt.beat)
		}
		if got := tt.dialect.Answers().Match(tt.view); got != tt.answer {
			t.Errorf("%s: %q %s is an answer: %t, want %t", tt.dialect, tt.view.Payload, tt.view.Dir, got, tt.answer)
		}
	}
}

func TestGreetings(t *testing.T) {
	for _, d := range everyDialect() {
		want := map[string]string{
			"engine.io":             `0{"sid":"heartbreak-7","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`,
			"engine.io:300ms/200ms": `0{"sid":"heartbreak-7","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":1000000}`,
			"actioncable":           `{"type":"welcome"}`,
		}[d.Name]
		got := ""
		for _, f := range d.Greet(7) {
			got += string(f.Payload)
		}
		if got != want {
			t.Errorf("%s greets with %s, want %s", d, got, want)
		}
	}
	d := heartbeat.Dialect{Greeting: []heartbeat.Template{text("{$.id}"), text("hello")}}
	if got := d.Greet(1); len(got) != 1 || string(got[0].Payload) != "hello" {
		t.Errorf("greeted with %v; a template that refers to another frame should be left out", got)
	}
}

func TestEverySourceIsNamed(t *testing.T) {
	for _, d := range everyDialect() {
		if d.Source == "" {
			t.Errorf("%s has no source", d)
		}
	}
}
