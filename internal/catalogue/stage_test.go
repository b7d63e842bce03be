package catalogue

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// server echoes messages, but answers the text ping with the text pong if beats is set,
// and pings every so often.
func server(t *testing.T, deflate, beats bool, pings time.Duration) string {
	up := websocket.Upgrader{EnableCompression: deflate, CheckOrigin: func(*http.Request) bool { return true }}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		if pings > 0 {
			over := make(chan struct{})
			pinged := make(chan struct{})
			go func() { defer close(pinged); ping(c, pings, over) }()
			defer func() { close(over); <-pinged }()
		}
		for {
			kind, m, err := c.ReadMessage()
			if err != nil {
				return
			}
			if beats && string(m) == "ping" {
				m = []byte("pong")
			}
			if c.WriteMessage(kind, m) != nil {
				return
			}
		}
	}))
	t.Cleanup(srv.Close)
	return "ws" + strings.TrimPrefix(srv.URL, "http")
}

// ping pings until it is over.
func ping(c *websocket.Conn, every time.Duration, over chan struct{}) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return
		case <-tick.C:
			_ = c.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
		}
	}
}

// stage starts what a client will meet: a server, and the proxy that acts by the entry's
// rule.
func (e entry) stage(t *testing.T) *faultproxy.Proxy {
	t.Helper()
	var tree any
	if err := yaml.Unmarshal([]byte(e.Document), &tree); err != nil {
		t.Fatal(err)
	}
	rule, err := faultproxy.ParseRule(tree)
	if err != nil {
		t.Fatal(err)
	}
	rule.Name, rule.Expect = "fault", faultproxy.Fired
	pings := time.Duration(0)
	if e.With == "pings" {
		pings = 15 * time.Second
	}
	p := (&faultproxy.Proxy{Upstream: server(t, e.With == "deflate", e.With == "texts", pings), TLS: e.With == "tls", Seed: 1}).StartIn(t)
	if e.With == "third" {
		for range 2 {
			c, _, err := websocket.DefaultDialer.Dial(p.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
		}
	}
	arm(t, p, rule, tree)
	return p
}

// arm adds the rule: at once, or, if it counts the proxy's time, when the client has
// opened its connection, for nobody knows how long a browser takes to get there.
func arm(t *testing.T, p *faultproxy.Proxy, rule faultproxy.Rule, tree any) {
	t.Helper()
	at, timed := moment(tree)
	if timed && at != 0 {
		ctx, cancel := context.WithCancel(context.Background())
		added := make(chan struct{})
		go func() {
			defer close(added)
			if _, err := p.Timeline.Wait(ctx, timeline.Opened); err == nil {
				_ = p.Add(rule)
			}
		}()
		t.Cleanup(func() { cancel(); <-added })
		return
	}
	if err := p.Add(rule); err != nil {
		t.Fatal(err)
	}
	if timed {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if _, err := p.Timeline.Wait(ctx, timeline.Fired("fault")); err != nil {
			t.Fatal(err)
		}
	}
}

// moment is the time of the proxy's that a rule hangs on, if it hangs on one: zero, or
// anything else.
func moment(tree any) (at any, timed bool) {
	on, _ := tree.(map[string]any)["on"].(map[string]any)
	at, timed = on["at"]
	if number, ok := at.(uint64); ok && number == 0 {
		at = 0
	}
	return at, timed
}
