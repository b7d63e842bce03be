package fakeserver_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// get is a plain request: status, type and body of its answer.
func get(t *testing.T, srv *fake.Server, path string) string {
	t.Helper()
	res, err := http.Get("http" + strings.TrimPrefix(srv.URL, "ws") + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return strings.Join([]string{res.Status[:3], res.Header.Get("Content-Type"), string(body)}, " ")
}

// A document leads a client through its story, each step at its time.
func TestADocumentIsPlayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, err := parsed(t, `
- {reject: {status: 503, headers: {Retry-After: 1}}, times: 2}
- - handshake: {pause: 4s}
  - session: graphql-transport-ws
  - {answer-beats: {dialect: graphql-transport-ws, policy: {stop-after: 1}}}
  - {wait-for: {json: {path: type, value: subscribe}}, times: 2}
  - reply: '{"type":"next","id":{$.id}}'
  - pause: 200ms
  - {on: {op: close}, do: [{pause: 5s}, echo-close]}
  - send: [{op: ping, text: x}, bye]
  - close: {code: 1012, reason: restart}
- silent
`)
		if err != nil {
			t.Fatal(err)
		}
		srv.On(t, memnet.New()).StartIn(t)
		for range 2 {
			if c, err := tryDial(t, srv, "/"); err == nil || c.res.StatusCode != 503 || c.res.Header.Get("Retry-After") != "1" {
				t.Errorf("%v, %v; want 503", err, c.res)
			}
		}
		begun := time.Now()
		c := dial(t, srv)
		if took := time.Since(begun); took != 4*time.Second {
			t.Errorf("the 101 took %v", took)
		}
		ping := frame.Text(`{"type":"ping"}`)
		c.send(frame.Text(`{"type":"connection_init"}`), ping, ping)
		c.wants(`text "{\"type\":\"connection_ack\"}"`, `text "{\"type\":\"pong\"}"`)
		c.send(frame.Text(`{"type":"subscribe","id":1}`), frame.Text(`{"type":"subscribe","id":2}`))
		begun = time.Now()
		c.wants(`text "{\"type\":\"next\",\"id\":2}"`, `ping "x"`, `text "bye"`, `close 1012 "restart"`)
		if took := time.Since(begun); took != 200*time.Millisecond {
			t.Errorf("the end came after %v", took)
		}
		c.send(frame.Close(1012, ""))
		c.wants("fin")
		last := dial(t, srv)
		last.send(frame.Ping(nil))
		last.wants("nothing")
	})
}

// What goes wrong in a document names the step by its path.
func TestAFailureNamesItsPlaceInTheDocument(t *testing.T) {
	const doc = `
handlers:
  - echo
  - script: [{send: a}, {expect: {equals: hello}}]
  - silent
`
	for name, test := range map[string]struct {
		place func(path string) string
		want  []string
	}{
		"by its path": {nil, []string{
			`handlers[1].script[1]: connection 2: Expect(frame equal to "hello"): the client sent text "helo" instead`,
			"handlers[2]: handler 3, Silent, was never reached"}},
		"by its line": {func(path string) string { return "story.yaml:" + path }, []string{
			`story.yaml:handlers[1].script[1]: connection 2: Expect(`, "story.yaml:handlers[2]: handler 3"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var srv *fake.Server
				if err := schema.Decode(tree(t, doc), func(n schema.Node) { srv = fake.Decode(n, test.place) }); err != nil {
					t.Fatal(err)
				}
				rec := &recorder{T: t}
				srv.On(t, memnet.New()).StartIn(rec)
				dial(t, srv).send(frame.Close(1000, ""))
				c := dial(t, srv)
				c.send(frame.Text("helo"))
				c.wants(`text "a"`, `close 1011 "the script failed"`)
				got := rec.finish()
				for _, want := range test.want {
					if !strings.Contains(got, want) {
						t.Errorf("no %q in\n%s", want, got)
					}
				}
			})
		})
	}
}
