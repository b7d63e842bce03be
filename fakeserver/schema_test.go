package fakeserver_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
)

// tree is a YAML document as its decoder makes it.
func tree(t *testing.T, doc string) (tree any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(doc), &tree); err != nil {
		t.Fatalf("%v:\n%s", err, doc)
	}
	return tree
}

func parsed(t *testing.T, doc string) (*fake.Server, error) {
	t.Helper()
	return fake.Parse(tree(t, doc))
}

// Every word of a document makes what the function of that name makes.
func TestParseMakesWhatTheFunctionsMake(t *testing.T) {
	for doc, want := range map[string]string{
		"echo":                                "Echo",
		"- silent":                            "Silent",
		"- stall":                             "Stall()",
		"- by-url":                            "ByURL",
		"- {echo: {}, times: 2}":              "Echo.Times(2)",
		"- {silent: , until: {noted: ready}}": `Silent.Until(a note "ready")`,
		"- {stall: {}, for: 5s}":              "Stall().For(5s)",
		"- {reject: 503, times: 2, for: 1m}":  "RejectWith(503).Times(2).For(1m0s)",
		"- {redirect: '{ws}/b', until: {ended: 2}}":                                    `RedirectTo("{ws}/b").Until(the end of connection 2)`,
		"- {reject: {status: 429, headers: {Retry-After: 1, X: [a, b]}, body: later}}": `RejectWith(429, Header("Retry-After", "1"), Header("X", "a"), Header("X", "b"), Body("later"))`,
		"- {handshake: [{pause: 4s}, reset]}":                                          "Handshake(Pause(4s), Reset())",
		"- - fin":                                                                      "Script(Fin())",
		"- {script: {pause: 2s}}":                                                      "Script(Pause(2s))",

		"- - expect: {op: text, contains: a}": `Script(Expect(text containing "a"))`,
		"- - {expect: {equals: a}, times: 3}": `Script(Expect(frame equal to "a").Times(3))`,
		"- - expect: {beats: text}":           `Script(Expect(text equal to "ping"))`,
		"- - wait-for: {frame: {equals: a}}":  `Script(WaitFor(frame equal to "a"))`,
		"- - {wait-for: next-conn}":           "Script(WaitFor(the next connection attempt))",
		"- - {wait-for: opened}":              "Script(WaitFor(opened))",
		"- - {wait-for: {ended: 1}}":          "Script(WaitFor(the end of connection 1))",
		"- - {wait-for: {reported: a}}":       `Script(WaitFor(a report "a"))`,
		"- - {wait-for: {fired: drop}}":       `Script(WaitFor(rule "drop" firing))`,
		"- - send: hi":                        `Script(Send(text "hi"))`,
		"- - send: [{op: ping, text: a}, {code: 1005}, {op: binary, hex: '00'}, b]": `Script(Send(ping "a", close 1005, binary 1 B 00, text "b"))`,
		"- - send-raw: abc":         `Script(SendRaw(3 B 616263))`,
		"- - send-raw: {hex: '81'}": `Script(SendRaw(1 B 81))`,
		"- - {expect: {json: {path: id, value: 1}}}\n  - reply: '{$.id}'": `Script(Expect(frame with JSON id = 1), Reply("{$.id}"))`,
		"- - {repeat: [{pause: 1s}]}":                                     "Script(Repeat(Pause(1s)))",
		"- - {repeat: [{send: a}], times: 3}":                             `Script(Repeat(Send(text "a")).Times(3))`,
		"- - [{pause: 1s}]\n  - {script: [fin]}":                          "Script(Script(Pause(1s)), Script(Fin()))",
		"- - close: 1001":                                                 `Script(Close(1001, ""))`,
		"- - close: {code: 1012, reason: restart}":                        `Script(Close(1012, "restart"))`,
		"- - half-close":                                                  "Script(HalfClose())",
		"- - reset":                                                       "Script(Reset())",
		"- - freeze":                                                      "Script(Freeze())",
		"- - {go-dark: {}}":                                               "Script(GoDark())",
		"- - stop-reading":                                                "Script(StopReading())",
		"- [echo, {pause: 1s}, silent]":                                   "Script(Echo, Pause(1s), Silent)",

		"- - {session: phoenix}":                                "Script(Session(phoenix))",
		"- - {beat: actioncable}":                               "Script(Beat(actioncable, 3s))",
		"- - beat: {dialect: engine.io}":                        "Script(Beat(engine.io, 25s))",
		"- - beat: {dialect: text:a, every: 1s}":                `Script(Beat(text:a/, 1s))`,
		"- - {answer-beats: text:ping/pong}":                    `Script(AnswerBeats(text))`,
		"- - {answer-beats: {dialect: phoenix, policy: never}}": "Script(AnswerBeats(phoenix, Never))",
		"- - {answer-beats: {dialect: phoenix, policy: [wrong, twice, {late: 2s}, {every-nth: 2}, {stop-after: 3}]}}": "Script(AnswerBeats(phoenix, Wrong, Twice, Late(2s), EveryNth(2), StopAfter(3)))",
		"- - {ignore: {op: ping}}":                             `Script(Ignore(ping))`,
		"- - {on: {op: close}, do: []}":                        `Script(On(close))`,
		"- - {on: {op: close}, do: [{pause: 5s}, echo-close]}": `Script(On(close, Pause(5s), EchoClose()))`,
		"- - {on: next-conn, do: fin}":                         "Script(On(the next connection attempt, Fin()))",
		"- - {every: 5s, do: {send: a}}":                       `Script(Every(5s, Send(text "a")))`,
		"- - {when-idle: 60s, do: fin}":                        `Script(WhenIdle(1m0s, both, Fin()))`,
		"- - {when-idle: 60s, counts: to-server, do: [fin]}":   "Script(WhenIdle(1m0s, to-server, Fin()))",

		"- - handshake: [{require-header: {name: X, value: a}}, {require-header: {name: Y}}, {require-subprotocol: v1}]\n  - fin": `Script(Handshake(RequireHeader("X", "a"), RequireHeader("Y", ""), RequireSubprotocol("v1")), Fin())`,
		"- - handshake: [{send-raw: HTTP}, fin]": `Script(Handshake(SendRaw(4 B 48545450), Fin()))`,
		"- - handshake: [{require-bearer: s3cret}, {require-basic: {user: ann, password: s3cret}}, {reject: {status: 404, body: no}}]": `Script(Handshake(RequireBearer(…), RequireBasic("ann", …), Reject(404, Body("no"))))`,
		"- - handshake: {redirect: '{ws}/b'}": `Script(Handshake(Redirect("{ws}/b")))`,
		"- - handshake: {accept-with: {headers: {X: 1}, subprotocol: '', extension: x, compression: true, wrong_accept: true, without_upgrade: true, body: junk}}": `Script(Handshake(AcceptWith(Header("X", "1"), Body("junk"), Subprotocol(""), Extension("x"), Compression(true), WrongAccept(), WithoutUpgrade())))`,
		"- - handshake: [half-close]":  `Script(Handshake(HalfClose()))`,
		"- - handshake: freeze":        `Script(Handshake(Freeze()))`,
		"- - handshake: {go-dark: {}}": `Script(Handshake(GoDark()))`,
		"- - handshake: [fin]":         "Script(Handshake(Fin()))",
	} {
		srv, err := parsed(t, doc)
		if err != nil {
			t.Errorf("%s: %v", doc, err)
			continue
		}
		if got := fmt.Sprint(srv.Handlers[0]); got != want {
			t.Errorf("%s\n\tgot  %s\n\twant %s", doc, got, want)
		}
	}
}

func TestParseMakesTheServer(t *testing.T) {
	srv, err := parsed(t, `
handlers: [{reject: 503}, echo]
after_last: refuse-rest
routes:
  - {path: /chat*, query: {room: , v: 1}, header: {X-User: ann}, subprotocol: v1, handlers: silent}
http: {/open: [{body: '{"url":"{ws}/link"}'}, {status: 500, headers: {X: 1}}], /plain: hello}
subprotocols: [v2, v1]
compression: true
`)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(srv.Handlers, srv.AfterLast, srv.Routes, srv.Routes[0].Handlers, srv.Subprotocols, srv.Compression)
	if want := `[RejectWith(503) Echo] RefuseRest [/chat* X-User: ann ?room= ?v=1 subprotocol v1] [Silent] [v2 v1] true`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for doc, none := range map[string]bool{"{handlers: echo}": false, "subprotocols: []": true} {
		if srv, err := parsed(t, doc); err != nil || (srv.Subprotocols != nil) != none {
			t.Errorf("%s: %#v, %v", doc, srv.Subprotocols, err)
		}
	}
	srv.StartIn(&recorder{T: t})
	defer srv.Close()
	for _, want := range []string{"200 application/json", "500 text/plain; charset=utf-8", "500 text/plain; charset=utf-8"} {
		if got := get(t, srv, "/open"); !strings.HasPrefix(got, want) {
			t.Errorf("/open: %s, want %s", got, want)
		}
	}
	if got := get(t, srv, "/plain"); !strings.HasSuffix(got, "hello") {
		t.Errorf("/plain: %s", got)
	}
}

// All that is wrong is said at once, each with its place; so is what could never work.
func TestParseRefuses(t *testing.T) {
	for doc, want := range map[string]string{
		"~":                                  "want handlers, such as [{reject: 503}, echo], got nothing",
		"7":                                  "want a map, got the number 7",
		"handler: echo":                      `handler: unknown key "handler"; did you mean "handlers"? known: handlers, after_last, routes, http, subprotocols, compression`,
		"- ecko":                             `[0]: unknown value "ecko"; did you mean "echo"? known: echo, silent, stall, by-url`,
		"- ~":                                "[0]: want a handler such as echo or {script: [{pause: 2s}, fin]}, got nothing",
		"- pause: 2s\n- fin":                 `[0].pause: "pause" is a step of a script: want {script: [{pause: …}, …]}, or the list of steps alone` + "\n" + `[1]: unknown value "fin"; known: echo, silent, stall, by-url`,
		"- {echo: 1}":                        "[0].echo: want a map, got the number 1",
		"- {echo: {a: 1}}":                   `[0].echo: echo needs nothing: want {} or just "echo"`,
		"- {echo: {}, silent: {}}":           "[0]: want exactly one of script, reject, redirect, handshake, echo, silent, stall or by-url, got echo and silent",
		"- {reject: 503, time: 2}":           `[0].time: unknown key "time"; did you mean "times"? known: reject, times, until, for`,
		"- {reject: 101}":                    "[0].reject: want a whole number from 200 to 599, got 101",
		"- {reject: 503, times: 0}":          "[0].times: want a whole number from 1 to 2147483647, got 0",
		"- []":                               "[0]: want steps, such as [{pause: 2s}, fin], got nothing",
		"- - pause: 2":                       "[0][0].pause: 2 needs a unit, such as 2ms or 2s",
		"- - pauze: 2s":                      `[0][0].pauze: unknown key "pauze"; did you mean "pause"?`,
		"- - {pause: 1s, times: 2}":          `[0][0].times: unknown key "times"; known: pause`,
		"- - pause":                          `[0][0]: unknown value "pause"; known: fin, half-close, reset, freeze, go-dark, stop-reading, echo-close, echo, silent`,
		"- - expect: hello":                  `[0][0].expect: want a match such as {op: text}, {equals: hello} or {beats: phoenix}`,
		"- - wait-for: hello":                `[0][0].wait-for: unknown value "hello"; known: opened, next-conn`,
		"- - expect: {contain: a}":           `[0][0].expect.contain: unknown key "contain"; did you mean "contains"?`,
		"- - wait-for: {ended: 1, noted: a}": `[0][0].wait-for.noted: unknown key "noted"`,
		"- - send: {op: pingg}":              `[0][0].send.op: `,
		"- - send: []":                       "[0][0].send: want a text, or a frame such as {op: ping}, got nothing",
		"- - send-raw: {hex: 8}":             "[0][0].send-raw.hex: want a text, got the number 8: put it in quotes",
		"- - close: {reason: bye}":           "[0][0].close.code: missing, but required",
		"- - close: 70000":                   "[0][0].close: want a whole number from 0 to 65535, got 70000",
		"- - session: fenix":                 `[0][0].session: unknown dialect "fenix": use protocol,`,
		"- - beat: text":                     "[0][0].beat: how often? implementations of text have no interval of their own: want {dialect: text, every: 5s}",
		"- - beat: {dialect: text}":          "[0][0].beat.every: missing, but required",
		"- - on: {op: ping}":                 "[0][0].do: missing, but required",
		"- - answer-beats: {dialect: text, policy: [nevr, {late: 0s}]}": `[0][0].answer-beats.policy[0]: unknown value "nevr"; did you mean "never"? known: never, wrong, twice`,
		"- - handshake: []":                    "[0][0].handshake: want what happens before the 101, such as [{pause: 4s}, {reject: 503}], got nothing",
		"- - handshake: [close]":               `[0][0].handshake[0]: unknown value "close"; known: reset, fin, half-close, freeze, go-dark`,
		"- - handshake: {acept-with: {}}":      `[0][0].handshake.acept-with: unknown key "acept-with"; did you mean "accept-with"?`,
		"routes: [{path: chat, handlers: []}]": "routes[0].handlers: want handlers, such as [{reject: 503}, echo], got nothing\nroutes[0].path: want a path that begins with a slash, such as /chat or /chat*, got \"chat\"",
		"after_last: never":                    `after_last: unknown value "never"; known: repeat-last, refuse-rest, fail`,
		"[]":                                   "want handlers, such as [{reject: 503}, echo], got nothing",
		"handlers: []":                         "handlers: want handlers, such as [{reject: 503}, echo], got nothing",
		"http: {/a: []}":                       "http./a: want an answer such as {status: 200, body: hello}, or a list of them, got nothing",
		"http: {/a: 7}":                        `http./a: want a text, got the number 7: put it in quotes`,

		"- echo\n- [{pause: 1s}, reset, {send: a}]":       `[1][2]: Send(text "a"): it is never reached, behind Reset()`,
		"handlers: {script: [fin, {expect: {op: text}}]}": `handlers.script[1]: Expect(text): no frame of the client is heard after Fin()`,
		"- - {repeat: [{send: a}]}":                       `[0][0]: Repeat(Send(text "a")): it never waits and never ends: give it a Pause, an Expect or a WaitFor, or Times`,
		"- - {every: 1s, do: [{expect: {op: text}}]}":     `[0][0].do[0]: Expect(text): an order's steps cannot wait for frames, which are the script's: give an On of its own`,
		"- - {answer-beats: actioncable}":                 `[0][0]: AnswerBeats(actioncable): clients do not beat in actioncable, the server does: use Beat`,
		"- - reply: a":                                    `[0][0]: Reply("a"): it answers nothing: an Expect, WaitFor or On about such a frame has to come before it`,
		"- - fin\n  - handshake: reset":                   "[0][1]: Handshake(Reset()): what happens before the 101 has to come first, not behind or inside other steps",
		"- - {script: {by-url: {}}}":                      `[0][0].script.by-url: unknown key "by-url"`,
	} {
		_, err := parsed(t, doc)
		if err == nil {
			t.Errorf("%s: accepted", doc)
		} else if got := err.Error(); got != want && !strings.HasPrefix(got, want) {
			t.Errorf("%s\n\tgot  %s\n\twant %s", doc, got, want)
		}
	}
}
