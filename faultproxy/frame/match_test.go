package frame_test

import (
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// view is a frame as a match sees it.
func view(dir frame.Direction, f frame.Frame) frame.View {
	return frame.View{Dir: dir, Header: f.Header(), Payload: f.Payload}
}

func toClient(f frame.Frame) frame.View { return view(frame.ToClient, f) }

func TestMatches(t *testing.T) {
	text, ping, pong := frame.Text("hi x there"), frame.Ping([]byte("hi")), frame.Pong([]byte("hi"))
	for _, c := range []struct {
		m       frame.Match
		words   string
		yes, no []frame.View
	}{
		{frame.Any, "any frame", []frame.View{toClient(text), toClient(frame.Frame{Opcode: 0xF, RSV: 7})}, nil},
		{frame.Op(frame.OpPong), "pong", []frame.View{toClient(pong)}, []frame.View{toClient(ping), toClient(text)}},
		{frame.Op(frame.OpPing, frame.OpText), "text or ping", []frame.View{toClient(ping), toClient(text)}, []frame.View{toClient(pong)}},
		{frame.Toward(frame.ToClient), "frame to-client", []frame.View{toClient(ping)}, []frame.View{view(frame.ToServer, ping)}},
		{frame.Toward(frame.Both), "frame in both directions", []frame.View{toClient(ping), view(frame.ToServer, ping)}, nil},
		{frame.AllOf(frame.Toward(frame.ToClient), frame.Op(frame.OpPong)), "pong to-client",
			[]frame.View{toClient(pong)}, []frame.View{toClient(ping), view(frame.ToServer, pong)}},
		{frame.Equals("hi"), `frame equal to "hi"`, []frame.View{toClient(ping), toClient(pong)}, []frame.View{toClient(text), toClient(frame.Ping(nil))}},
		{frame.Equals([]byte{0, 255}), "frame equal to hex 00ff", []frame.View{toClient(frame.Binary([]byte{0, 255}))}, []frame.View{toClient(ping)}},
		{frame.Contains("x"), `frame containing "x"`, []frame.View{toClient(text)}, []frame.View{toClient(ping)}},
		{frame.AllOf(frame.Contains("x"), frame.Op(frame.OpText)), `text containing "x"`, []frame.View{toClient(text)}, []frame.View{toClient(ping), toClient(frame.Text("hi"))}},
		{frame.Regexp("^hi$"), "frame matching /^hi$/", []frame.View{toClient(ping)}, []frame.View{toClient(text)}},
		{frame.JSON("type", "pong"), `frame with JSON type = "pong"`,
			[]frame.View{toClient(frame.Text(`{"type":"pong","n":1}`))}, []frame.View{toClient(frame.Text(`{"type":"ping"}`)), toClient(text)}},
		{frame.Size(2, 3), "frame of 2 to 3 B", []frame.View{toClient(ping), toClient(frame.Text("123"))}, []frame.View{toClient(text), toClient(frame.Text("1"))}},
		{frame.Size(3, -1), "frame of 3 B or more", []frame.View{toClient(text)}, []frame.View{toClient(ping)}},
		{frame.Size(0, 0), "frame of 0 B", []frame.View{toClient(frame.EmptyClose())}, []frame.View{toClient(ping)}},
		{frame.Fin(true), "frame with FIN", []frame.View{toClient(ping)}, []frame.View{toClient(unfinished(text))}},
		{frame.Fin(false), "frame without FIN", []frame.View{toClient(unfinished(text))}, []frame.View{toClient(ping)}},
		{frame.Not(frame.Op(frame.OpPing)), "frame other than ping", []frame.View{toClient(pong)}, []frame.View{toClient(ping)}},
		{frame.Not(frame.Contains("x")), `frame not containing "x"`, []frame.View{toClient(ping)}, []frame.View{toClient(text)}},
		{frame.Not(frame.Toward(frame.ToClient)), "frame not to-client", []frame.View{view(frame.ToServer, ping)}, []frame.View{toClient(ping)}},
		{frame.Not(frame.AnyOf(frame.Op(frame.OpPing), pong)), `frame not (ping or pong "hi")`, []frame.View{toClient(text)}, []frame.View{toClient(ping), toClient(pong)}},
		{frame.Not(frame.Any), "frame of no kind", nil, []frame.View{toClient(text), toClient(ping)}},
		{frame.Not(text), `frame other than text "hi x there"`, []frame.View{toClient(ping)}, []frame.View{toClient(text)}},
		{frame.AnyOf(ping, frame.Contains("there")), `ping "hi" or frame containing "there"`, []frame.View{toClient(ping), toClient(text)}, []frame.View{toClient(pong)}},
		{frame.AllOf(), "any frame", []frame.View{toClient(text)}, nil},
		{frame.AllOf(frame.Any, frame.Fin(true)), "frame with FIN", []frame.View{toClient(text)}, []frame.View{toClient(unfinished(text))}},
		{frame.AllOf(frame.Op(frame.OpText), frame.Not(frame.Contains("a")), frame.AnyOf(frame.Fin(false), frame.Size(5, -1))),
			`text not containing "a" that is frame without FIN or frame of 5 B or more`, []frame.View{toClient(text)}, []frame.View{toClient(frame.Text("hi"))}},
		{frame.AllOf(text, frame.Toward(frame.ToServer)), `text "hi x there" to-server`, []frame.View{view(frame.ToServer, text)}, []frame.View{toClient(text)}},
		{frame.Func("even", func(v frame.View) bool { return len(v.Payload)%2 == 0 }), "func even (Go only)", []frame.View{toClient(ping)}, []frame.View{toClient(frame.Text("1"))}},
		{ping, `ping "hi"`, []frame.View{toClient(ping), view(frame.ToServer, ping.WithMask(key))}, []frame.View{toClient(pong), toClient(frame.Ping([]byte("ho")))}},
	} {
		if c.m.String() != c.words {
			t.Errorf("reads %q, want %q", c.m, c.words)
		}
		for _, v := range c.yes {
			if !c.m.Match(v) {
				t.Errorf("%s does not match %s %q", c.m, v.Header.Opcode, v.Payload)
			}
		}
		for _, v := range c.no {
			if c.m.Match(v) {
				t.Errorf("%s matches %s %q", c.m, v.Header.Opcode, v.Payload)
			}
		}
	}
}

func TestJSONMatch(t *testing.T) {
	for _, c := range []struct {
		path    string
		value   any
		payload string
		want    bool
	}{
		{"a.b[0].c", "x", `{"a":{"b":[{"c":"x"}]}}`, true},
		{"$.a.b[0].c", "x", `{"a":{"b":[{"c":"x"}]}}`, true},
		{"a.b[1].c", "x", `{"a":{"b":[{"c":"x"}]}}`, false},
		{"[1]", "phx", `[null,"phx"]`, true},
		{"$[1]", "phx", `[null,"phx"]`, true},
		{"[0][0]", 1, `[[1]]`, true},
		{`["a.b"].c`, 1, `{"a.b":{"c":1}}`, true},
		{`$["a]\"b"]`, true, `{"a]\"b":true}`, true},
		{"$", "ping", `"ping"`, true},
		{"$", 7, " 7 ", true},
		{"$", map[string]any{"a": []int{1}}, `{"a":[1.0]}`, true},
		{"$", map[string]any{"a": 1}, `{"a":1,"b":2}`, false},
		{"$", map[string]any{"a": 1, "b": 2}, `{"a":1}`, false},
		{"$", []any{1, 2}, `[1]`, false},
		{"$", []any{1}, `[1,2]`, false},
		{"$", 1, `1 1`, false},
		{"op", 11, `{"op":11}`, true},
		{"op", 11.0, `{"op":11}`, true},
		{"op", uint8(11), `{"op":1.1e1}`, true},
		{"op", 0, `{"op":-0.0}`, true},
		{"op", 10, `{"op":1}`, false},
		{"op", -1, `{"op":1}`, false},
		{"op", 0.1, `{"op":0.01}`, false},
		{"op", uint64(9223372036854775809), `{"op":9223372036854775809}`, true},
		{"op", uint64(9223372036854775809), `{"op":9223372036854775808}`, false},
		{"op", 1, `{"op":1e999999999999999999999}`, false},
		{"op", "11", `{"op":11}`, false},
		{"op", nil, `{"op":null}`, true},
		{"op", nil, `{}`, false},
		{"op", false, `{"op":false}`, true},
		{"Op", 1, `{"op":1}`, false},
		{"op", 1, `{"op":1}{"op":1}`, false},
		{"op", 1, `{"op":1`, false},
		{"op", 1, ``, false},
		{"a.b", 1, `{"a":"b"}`, false},
		{"a[0]", 1, `{"a":{"0":1}}`, false},
		{"a", 1, `{"a":2,"a":1}`, true},
		{"op", "pong", `{"\u006fp":"\u0070ong"}`, true},
		{"op", `a"b`, `{"op":"a\"b"}`, true},
		{"op", "\ufffd", "{\"op\":\"\xff\"}", true},
		{"op", "", `{"op":""}`, true},
	} {
		if got := frame.JSON(c.path, c.value).Match(toClient(frame.Text(c.payload))); got != c.want {
			t.Errorf("%s = %v on %s: %t", c.path, c.value, c.payload, got)
		}
	}
}

// What cannot be seen matches neither a payload match nor its opposite; what the
// header says is still known.
func TestOpaquePayloads(t *testing.T) {
	v := toClient(rsv(frame.Binary([]byte("1")), frame.RSV1))
	v.Opaque = true
	payload := frame.Contains("1")
	for _, m := range []frame.Match{
		payload, frame.Not(payload), frame.Not(frame.Not(payload)), frame.Equals("1"), frame.Regexp("1"), frame.Regexp("2"),
		frame.JSON("$", 1), frame.Binary([]byte("1")), frame.Not(frame.Binary([]byte("2"))),
		frame.AllOf(frame.Op(frame.OpBinary), payload), frame.Not(frame.AnyOf(frame.Op(frame.OpText), payload)), frame.Op(frame.OpText),
	} {
		if m.Match(v) {
			t.Errorf("%s matches an opaque frame", m)
		}
	}
	for _, m := range []frame.Match{
		frame.Any, frame.Op(frame.OpBinary), frame.Size(1, 1), frame.AnyOf(payload, frame.Fin(true)),
		frame.Not(frame.AllOf(frame.Op(frame.OpText), payload)), frame.Not(frame.Text("1")),
		frame.Func("opaque", func(v frame.View) bool { return v.Opaque }),
	} {
		if !m.Match(v) {
			t.Errorf("%s does not match an opaque frame", m)
		}
	}
}

func TestMatchesAreNotChangedThroughTheirArguments(t *testing.T) {
	payload, list := []byte("hi"), []frame.Match{frame.Op(frame.OpPing), frame.Op(frame.OpPong)}
	equals, anyOf := frame.Equals(payload), frame.AnyOf(list...)
	payload[0], list[0] = 'H', frame.Op(frame.OpText)
	if !equals.Match(toClient(frame.Text("hi"))) || !anyOf.Match(toClient(frame.Ping(nil))) {
		t.Error("changed")
	}
}

func TestImpossibleMatchesPanicWithAdvice(t *testing.T) {
	for want, make := range map[string]func() frame.Match{
		"missing closing )":                func() frame.Match { return frame.Regexp("a(") },
		"is no JSON path":                  func() frame.Match { return frame.JSON("a..b", 1) },
		"cannot be written as JSON":        func() frame.Match { return frame.JSON("a", func() {}) },
		"name at least one opcode":         func() frame.Match { return frame.Op() },
		"does not fit into four bits":      func() frame.Match { return frame.Op(0x10) },
		"none is no direction":             func() frame.Match { return frame.Toward(0) },
		"want 0 <= min <= max":             func() frame.Match { return frame.Size(3, 2) },
		"or a negative max for no upper":   func() frame.Match { return frame.Size(-1, 2) },
		"name at least one match":          func() frame.Match { return frame.AnyOf() },
		"frame.Not: a match is nil":        func() frame.Match { return frame.Not(nil) },
		"frame.AllOf: a match is nil":      func() frame.Match { return frame.AllOf(frame.Any, nil) },
		"frame.AnyOf: a match is nil":      func() frame.Match { return frame.AnyOf(nil) },
		`frame.Func("f"): the function is`: func() frame.Match { return frame.Func("f", nil) },
	} {
		func() {
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, want) {
					t.Errorf("panics with %q, want %q", got, want)
				}
			}()
			t.Errorf("%s: no panic", make())
		}()
	}
}

func BenchmarkMatch(b *testing.B) {
	pong := toClient(frame.Pong([]byte("x")))
	data := toClient(frame.Text(`{"type":"data","items":[` + rep(`{"id":1,"name":"abc"},`, 40) + `0]}`))
	for _, c := range []struct {
		name string
		m    frame.Match
		v    frame.View
	}{
		{"op", frame.Op(frame.OpPong), pong},
		{"op and direction", frame.AllOf(frame.Op(frame.OpPong), frame.Toward(frame.ToClient)), pong},
		{"contains", frame.Contains("pong"), data},
		{"json absent", frame.JSON("type", "pong"), data},
		{"json", frame.JSON("type", "data"), data},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.m.Match(c.v)
			}
		})
	}
}
