package admin_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/admin"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// api is a server of one proxy, named ws, before an echo server.
type api struct {
	t     *testing.T
	url   string
	fleet *fleet.Fleet
	proxy *fleet.Proxy
	token string
}

func serve(t *testing.T) *api {
	t.Helper()
	upstream := fakeserver.Start(t)
	f := &fleet.Fleet{Seed: 7}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	p, err := f.Create(config.Proxy{Name: "ws", Listen: config.DefaultListen, Upstream: upstream.URL})
	if err != nil {
		t.Fatal(err)
	}
	return &api{t: t, url: listen(t, &admin.Server{Fleet: f, Version: "test"}), fleet: f, proxy: p}
}

// listen serves an API on loopback and returns its URL.
func listen(t *testing.T, s *admin.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(l); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return "http://" + l.Addr().String()
}

// answer is what a request came to.
type answer struct {
	status int
	header http.Header
	body   string
}

// call sends a request; change may be nil.
func (a *api) call(method, path, body string, change func(*http.Request)) answer {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	if change != nil {
		change(r)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(raw)}
}

// ask sends a request that has to succeed, and returns its answer.
func ask[T any](a *api, method, path, body string) (v T) {
	a.t.Helper()
	got := a.call(method, path, body, nil)
	if got.status/100 != 2 {
		a.t.Fatalf("%s %s: %d %s", method, path, got.status, got.body)
	}
	if got.body != "" {
		if err := json.Unmarshal([]byte(got.body), &v); err != nil {
			a.t.Fatalf("%s %s: %v in %s", method, path, err, got.body)
		}
	}
	return v
}

// do sends a request that has to succeed.
func (a *api) do(method, path, body string) {
	a.t.Helper()
	if got := a.call(method, path, body, nil); got.status/100 != 2 {
		a.t.Fatalf("%s %s: %d %s", method, path, got.status, got.body)
	}
}

// client connects to the proxy.
func (a *api) client(path string) *websocket.Conn {
	a.t.Helper()
	c, _, err := websocket.DefaultDialer.DialContext(a.t.Context(), a.proxy.URL()+path, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	return c
}

// over waits for the end of a connection.
func (a *api) over(n int) {
	a.t.Helper()
	if _, err := a.proxy.Timeline().Wait(a.t.Context(), timeline.Ended(n)); err != nil {
		a.t.Fatal(err)
	}
	if err := a.proxy.Tracker().Await(a.t.Context(), a.proxy.Timeline().Last()); err != nil {
		a.t.Fatal(err)
	}
}

type tree = map[string]any
