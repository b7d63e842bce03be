package main

import (
	"fmt"
	"path/filepath"
	"testing"
)

// The examples can be played, and do what their first lines say.
func TestExampleScripts(t *testing.T) {
	want := map[string]string{
		"login.yaml": `[ByURL] [/chat]`,
		"mute.yaml": `[Script(Session(graphql-transport-ws), AnswerBeats(graphql-transport-ws, StopAfter(3))) ` +
			`Script(Session(graphql-transport-ws), AnswerBeats(graphql-transport-ws))] []`,
		"restart.yaml": `[Script(Send(text "welcome"), Pause(5s), Close(1012, "restart")) ` +
			`RejectWith(503, Header("Retry-After", "2")).Times(2) Echo] []`,
	}
	files, err := filepath.Glob("../../../examples/fake/*.yaml")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%v, %v; want %d", files, err, len(want))
	}
	for _, file := range files {
		srv, err := readScript(file)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if got := fmt.Sprint(srv.Handlers, srv.Routes); got != want[filepath.Base(file)] {
			t.Errorf("%s: got %s", file, got)
		}
	}
}
