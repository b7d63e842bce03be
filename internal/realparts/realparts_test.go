package realparts

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// server answers like nothing of ours: what the clients report about it is known
// from the specification, so a wrong probe shows.
func server(t *testing.T) string {
	upgrader := websocket.Upgrader{
		EnableCompression: true,
		CheckOrigin:       func(*http.Request) bool { return true },
	}
	upgraded := func(act func(*websocket.Conn)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			ws, err := upgrader.Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer ws.Close()
			act(ws)
		}
	}
	echo := upgraded(func(ws *websocket.Conn) {
		for {
			typ, data, err := ws.ReadMessage()
			if err != nil || ws.WriteMessage(typ, data) != nil {
				return
			}
		}
	})
	var refused atomic.Int32
	mux := http.NewServeMux()
	mux.Handle("/echo", echo)
	mux.Handle("/fin", upgraded(func(ws *websocket.Conn) {
		_, _, _ = ws.ReadMessage()
	}))
	mux.Handle("/restart", upgraded(func(ws *websocket.Conn) {
		_ = ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1012, "restart"))
		_, _, _ = ws.ReadMessage()
	}))
	mux.HandleFunc("/third", func(w http.ResponseWriter, r *http.Request) {
		if refused.Add(1) <= 2 {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
			return
		}
		echo(w, r)
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return "ws" + strings.TrimPrefix(srv.URL, "http")
}

func TestClients(t *testing.T) {
	for _, client := range []struct {
		name       string
		play       func(testing.TB, []Scenario) []Log
		keepsAlive bool // reuses the TCP connection of a refused attempt, and says so
		pings      bool
	}{
		{"Chromium", Chromium, false, false},
		{"Node", Node, true, true},
	} {
		t.Run(client.name, func(t *testing.T) {
			url := server(t)
			logs := client.play(t, []Scenario{
				{URL: url + "/echo", Send: []string{"one", "zwölf"}, CloseAfter: 300 * time.Millisecond, CloseCode: 4001, CloseReason: "bye"},
				{URL: url + "/fin", Send: []string{"go"}},
				{URL: url + "/restart"},
				{URL: url + "/third", Attempts: 5, KeepAlive: true, CloseAfter: 10 * time.Millisecond, CloseCode: 1000},
				{
					URL: url + "/echo", Repeat: []Repeat{{"beat", 40 * time.Millisecond}},
					PingEvery: 40 * time.Millisecond, CloseAfter: 500 * time.Millisecond, CloseCode: 1000,
				},
				{URL: url + "/echo", StartAfter: 50 * time.Millisecond, Send: []string{"first", "second"}, SendEvery: 100 * time.Millisecond, Watch: 2 * time.Second},
			})
			defer func() {
				for i, log := range logs {
					if t.Failed() {
						t.Logf("scenario %d\n%s", i, log)
					}
				}
			}()

			last := func(i int) string {
				e := logs[i][len(logs[i])-1]
				return fmt.Sprintf("%s %d %q %t", e.Type, e.Code, e.Reason, e.WasClean)
			}
			for i, want := range []string{
				// gorilla's echo of a Close keeps the code and leaves the reason out.
				`close 4001 "" true`, `close 1006 "" false`, `close 1012 "restart" true`, `close 1000 "" true`, `close 1000 "" true`,
			} {
				if got := last(i); got != want {
					t.Errorf("scenario %d ended with %s, want %s", i, got, want)
				}
			}
			if got, want := logs[0].Texts(Message), []string{"one", "zwölf"}; !reflect.DeepEqual(got, want) {
				t.Errorf("echoes %q, want %q", got, want)
			}
			if open := logs[0].Of(Open); len(open) != 1 || !strings.Contains(open[0].Extensions, "permessage-deflate") {
				t.Errorf("no compression was negotiated: %v", open)
			}
			if took := logs[0].Of(Close)[0].At - logs[0].Of(Open)[0].At; took < 300*time.Millisecond || took > 5*time.Second {
				t.Errorf("close() 300 ms after the opening took effect after %v", took)
			}
			if got := len(logs[3].Of(Connecting)); got != 3 {
				t.Errorf("%d attempts, want 3", got)
			}
			if client.keepsAlive {
				ports := map[int]bool{}
				for _, e := range append(logs[3].Of(Refused), logs[3].Of(Open)...) {
					ports[e.LocalPort] = true
				}
				if len(ports) != 1 || len(logs[3].Of(Refused)) != 2 {
					t.Errorf("two refusals and an opening should share one TCP connection:\n%s", logs[3])
				}
			}
			if e, texts := logs[5][len(logs[5])-1], logs[5].Texts(Message); e.Type != Left || e.Data != "open" || !reflect.DeepEqual(texts, []string{"first", "second"}) {
				t.Errorf("watched for 2 s it ended with %s %q, want left, open; echoes %q", e.Type, e.Data, texts)
			} else if sent := logs[5].Of(Sent); sent[1].At-sent[0].At < 50*time.Millisecond {
				t.Errorf("sent %v apart, want about 100 ms", sent[1].At-sent[0].At)
			}
			if sent, back := len(logs[4].Of(Sent)), len(logs[4].Of(Message)); sent < 5 || back < sent-1 {
				t.Errorf("%d beats sent, %d came back", sent, back)
			}
			if pings, pongs := len(logs[4].Of(Ping)), len(logs[4].Of(Pong)); client.pings && (pings < 5 || pongs < pings-1) {
				t.Errorf("%d pings, %d pongs", pings, pongs)
			}
		})
	}
}

func TestNginx(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "from upstream")
	}))
	defer upstream.Close()
	addr := Nginx(t, `server { listen {listen}; location / { proxy_pass `+upstream.URL+`; } }`)
	resp, err := http.Get("http://" + addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || string(body) != "from upstream" || !strings.HasPrefix(resp.Header.Get("Server"), "nginx/") {
		t.Errorf("through nginx: %q, server %q, %v", body, resp.Header.Get("Server"), err)
	}
}

func TestNginxStopsWithItsTest(t *testing.T) {
	var addr string
	t.Run("uses nginx", func(t *testing.T) {
		addr = Nginx(t, `server { listen {listen}; }`)
	})
	if addr == "" {
		t.Skip("NOT TESTED: see the subtest")
	}
	if conn, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
		conn.Close()
		t.Errorf("nginx still accepts on %s after its test ended", addr)
	}
}

// verdict records how a test ended instead of ending it.
type verdict struct {
	testing.TB
	skipped, failed string
}

func (v *verdict) Helper()                      {}
func (v *verdict) Skipf(f string, args ...any)  { v.skipped = fmt.Sprintf(f, args...) }
func (v *verdict) Fatalf(f string, args ...any) { v.failed = fmt.Sprintf(f, args...) }

func TestMissingProgram(t *testing.T) {
	for _, c := range []struct {
		ci           string
		skips, fails bool
	}{
		{"", true, false},
		{"false", true, false},
		{"true", false, true},
		{"1", false, true},
	} {
		t.Run("CI="+c.ci, func(t *testing.T) {
			t.Setenv("CI", c.ci)
			v := &verdict{TB: t}
			Find(v, "apt-get install no-such", "no-such-program")
			if (v.skipped != "") != c.skips || (v.failed != "") != c.fails {
				t.Errorf("skipped %q, failed %q", v.skipped, v.failed)
			}
			for _, said := range []string{v.skipped, v.failed} {
				if said != "" && (!strings.Contains(said, "no-such-program is not installed") || !strings.Contains(said, "apt-get install no-such")) {
					t.Errorf("says %q: not what is missing or what to do", said)
				}
			}
		})
	}
}

func TestFindLooksBeyondPATH(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if path := Find(t, "coreutils", "env"); !strings.HasSuffix(path, "/bin/env") {
		t.Errorf("found %q", path)
	}
}

func TestProgramThatEndsAtOnce(t *testing.T) {
	path := Find(t, "coreutils", "sh")
	p := run(t, "a shell", path, "-c", "echo the reason; exit 3")
	err := p.accepting(freeAddr(t))
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "the reason") {
		t.Errorf("got %v, want its exit status and what it printed", err)
	}
}
