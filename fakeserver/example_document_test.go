package fakeserver_test

import (
	"encoding/json"
	"fmt"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
)

// A server as a document, here in JSON; a YAML decoder's tree does as well.
func ExampleParse() {
	var tree any
	_ = json.Unmarshal([]byte(`[
		{"reject": {"status": 503, "headers": {"Retry-After": 1}}, "times": 2},
		[{"send": "welcome"}, {"pause": "5s"}, {"close": {"code": 1012, "reason": "restart"}}],
		"echo"
	]`), &tree)
	srv, err := fakeserver.Parse(tree)
	fmt.Println(err)
	for _, h := range srv.Handlers {
		fmt.Println(h)
	}
	// then srv.StartIn(t)

	// Output:
	// <nil>
	// RejectWith(503, Header("Retry-After", "1")).Times(2)
	// Script(Send(text "welcome"), Pause(5s), Close(1012, "restart"))
	// Echo
}

// All that is wrong in a document is said at once.
func ExampleParse_wrong() {
	var tree any
	_ = json.Unmarshal([]byte(`[[{"puase": "5s"}, {"close": {"reason": "bye"}}], ["reset", {"send": "never"}]]`), &tree)
	_, err := fakeserver.Parse(tree)
	fmt.Println(err)

	// Output:
	// [0][0].puase: unknown key "puase"; did you mean "pause"? known: expect, wait-for, send, send-raw, reply, pause, repeat, script, handshake, session, beat, answer-beats, on, every, when-idle, ignore, close, fin, half-close, reset, freeze, go-dark, stop-reading, echo-close, echo, silent
	// [0][1].close.code: missing, but required
	// [1][1]: Send(text "never"): it is never reached, behind Reset()
}

// One server for many tests: each says in its URL what it is to meet.
func ExampleByURL() {
	srv := &fakeserver.Server{Handlers: []fakeserver.Handler{fakeserver.ByURL}}
	if err := srv.Start(); err != nil {
		panic(err)
	}
	defer srv.Close()
	ws, _, err := websocket.DefaultDialer.Dial(srv.URL+"/close?code=4001&reason=bye&after=10ms", nil)
	if err != nil {
		panic(err)
	}
	defer ws.Close()
	_, _, err = ws.ReadMessage()
	fmt.Println(err)

	// Output:
	// websocket: close 4001: bye
}
