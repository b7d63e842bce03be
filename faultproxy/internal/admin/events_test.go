package admin_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// spoken has a client say something and leave.
func (a *api) spoken(text string) {
	a.t.Helper()
	c := a.client("/?token=topsecret")
	if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		a.t.Fatal(err)
	}
	if _, _, err := c.ReadMessage(); err != nil {
		a.t.Fatal(err)
	}
	conns := a.proxy.Timeline().Conns()
	_ = c.Close()
	a.over(conns[len(conns)-1])
}

func TestEventsAreLinesOfARecording(t *testing.T) {
	a := serve(t)
	a.spoken("hello")
	got := a.call("GET", "/v1/proxies/ws/events", "", nil)
	if strings.Contains(got.body, "topsecret") {
		t.Errorf("a secret is told: %s", got.body)
	}
	if !strings.Contains(got.body, `"cause":`) {
		t.Errorf("the end has no cause: %s", got.body)
	}
	tl, err := timeline.ReadJSONL(strings.NewReader(got.body))
	if err != nil || tl.Len() != a.proxy.Timeline().Len() {
		t.Errorf("read back %d of %d events, %v", tl.Len(), a.proxy.Timeline().Len(), err)
	}
	texts := strings.Split(strings.TrimSpace(a.call("GET", "/v1/proxies/ws/events?conn=1&kind=frame,ended", "", nil).body), "\n")
	for _, line := range texts {
		if !strings.Contains(line, `"event":"frame"`) && !strings.Contains(line, `"event":"ended"`) {
			t.Errorf("not asked for: %s", line)
		}
	}
	if len(texts) < 3 {
		t.Errorf("got %q", texts)
	}
	last := a.proxy.Timeline().Last()
	if rest := a.call("GET", fmt.Sprintf("/v1/proxies/ws/events?since=%d", last), "", nil); rest.body != "" {
		t.Errorf("behind the newest: %s", rest.body)
	}
}

// A browser that lost its stream connects again and says what it had.
func TestAStreamGoesOnWhereItBroke(t *testing.T) {
	a := serve(t)
	a.proxy.Timeline().Note("first")
	a.proxy.Timeline().Note("second")
	lines := a.stream("2")
	a.proxy.Timeline().Note("third")
	if id, data := <-lines, <-lines; id != "id: 3" || !strings.Contains(data, `"name":"third"`) {
		t.Errorf("got %q, %q", id, data)
	}
	if err := a.fleet.Remove("ws"); err != nil {
		t.Fatal(err)
	}
	for range lines { // the stream ends with the proxy
	}
}

// stream reads server-sent events behind a number, line by line.
func (a *api) stream(last string) <-chan string {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), "GET", a.url+"/v1/proxies/ws/events", nil)
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Last-Event-ID", last)
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		a.t.Fatal(err)
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		defer func() { _ = resp.Body.Close() }()
		for s := bufio.NewScanner(resp.Body); s.Scan(); {
			if s.Text() != "" {
				select {
				case lines <- s.Text():
				case <-a.t.Context().Done():
					return
				}
			}
		}
	}()
	return lines
}

func TestWait(t *testing.T) {
	a := serve(t)
	came := make(chan tree)
	go func() {
		came <- ask[tree](a, "POST", "/v1/proxies/ws/wait", `{"on": {"frame": {"op": "text", "dir": "to-server"}}, "count": 2}`)
	}()
	a.spoken("one")
	a.spoken("two")
	got := <-came
	if got["count"] != 2.0 || got["event"].(tree)["text"] != "two" {
		t.Errorf("waited for %v", got)
	}
	seq := int(got["seq"].(float64))
	late := a.call("POST", "/v1/proxies/ws/wait", fmt.Sprintf(`{"on": {"frame": {"op": "text", "dir": "to-server"}}, "since": %d, "timeout": "10ms"}`, seq), nil)
	if late.status != 504 || !strings.Contains(late.body, "0 of 1 times") {
		t.Errorf("behind the last: %d %s", late.status, late.body)
	}
	mark := ask[map[string]int](a, "POST", "/v1/proxies/ws/notes", `{"name": "now"}`)
	if e := ask[tree](a, "POST", "/v1/proxies/ws/wait", `{"on": {"noted": "now"}}`); int(e["seq"].(float64)) != mark["seq"] {
		t.Errorf("the note is at %v, was put at %v", e, mark)
	}
	for _, on := range []string{`"ended"`, `"opened"`, `{"frame": {"contains": "one"}}`} {
		a.do("POST", "/v1/proxies/ws/wait", `{"on": `+on+`, "conn": 1}`)
	}
}

func TestDiagnosisAndFindings(t *testing.T) {
	a := serve(t)
	a.do("POST", "/v1/proxies/ws/rules", `{"name": "mute", "on": {"frame": {"op": "text", "dir": "to-client"}}, "do": "drop"}`)
	c := a.client("/")
	if err := c.WriteMessage(websocket.TextMessage, []byte("ping")); err != nil {
		t.Fatal(err)
	}
	if _, err := a.proxy.Timeline().Wait(t.Context(), timeline.Fired("mute")); err != nil {
		t.Fatal(err)
	}
	if living := ask[tree](a, "GET", "/v1/proxies/ws/connections/1/diagnosis", ""); living["ended"] != false || living["unanswered"] == 0.0 {
		t.Errorf("alive: %v", living)
	}
	_ = c.Close()
	a.over(1)
	dead := ask[tree](a, "GET", "/v1/proxies/ws/connections/latest/diagnosis", "")
	if dead["ended"] != true || dead["text"] == "" || dead["cause"].(tree)["id"] == "" || dead["deliberate"] == nil {
		t.Errorf("dead: %v", dead)
	}
	if all := ask[map[string][]tree](a, "GET", "/v1/proxies/ws/diagnosis", ""); len(all["diagnoses"]) != 1 {
		t.Errorf("all: %v", all)
	}
	judged := ask[tree](a, "POST", "/v1/proxies/ws/findings", `{"dialect": "text", "interval": "30s", "backoff": {"kind": "exponential", "first": "1s"}}`)
	if len(judged["findings"].([]any)) < 20 {
		t.Errorf("findings %v", judged)
	}
}

func TestDownloads(t *testing.T) {
	a := serve(t)
	a.spoken("hello")
	for path, want := range map[string]string{
		"recording.jsonl": `{"event":"ready"`, "report.html": "<!doctype html", "archive.har": `"_webSocketMessages"`, "diagram.svg?conn=1": "<svg",
	} {
		got := a.call("GET", "/v1/proxies/ws/"+path, "", nil)
		if !strings.Contains(strings.ToLower(got.body), strings.ToLower(want)) || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: %v, begins with %.80q", path, got.header, got.body)
		}
		if strings.Contains(got.body, "topsecret") {
			t.Errorf("%s tells a secret", path)
		}
	}
	if got := a.call("GET", "/v1/proxies/ws/diagram.svg?conn=9", "", nil); got.status != 404 {
		t.Errorf("a diagram of nothing: %d", got.status)
	}
}

func TestChangesAreTold(t *testing.T) {
	a := serve(t)
	r, err := http.NewRequestWithContext(t.Context(), "GET", a.url+"/v1/changes", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewScanner(resp.Body)
	for range 2 { // at once, and then for the change
		if !lines.Scan() || lines.Text() != "data: {}" || !lines.Scan() {
			t.Fatalf("got %q, %v", lines.Text(), lines.Err())
		}
		a.do("PATCH", "/v1/proxies/ws", `{"enabled": false}`)
	}
}
