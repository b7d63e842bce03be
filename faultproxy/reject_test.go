package faultproxy_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// get sends a raw request on a connection of its own and returns all of the answer.
func get(t *testing.T, n *memnet.Network, p *faultproxy.Proxy, request string) string {
	t.Helper()
	c := rawConnect(t, n, p)
	io.WriteString(c, request)
	got, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("after %q: %v", got, err)
	}
	return string(got)
}

func TestRejectAnswersInTheUpstreamsPlace(t *testing.T) {
	for name, c := range map[string]struct {
		rule faultproxy.Rule
		want []string
		tell string
	}{
		"at the request": {
			faultproxy.Rule{Name: "no", Do: faultproxy.Reject{Status: 429, Header: http.Header{"Retry-After": {"7"}}, Body: "slow down"}},
			[]string{"HTTP/1.1 429 Too Many Requests\r\n", "\r\nRetry-After: 7\r\n", "\r\nContent-Length: 9\r\n", "\r\nConnection: close\r\n", "\r\n\r\nslow down"},
			"request:arrived fault response:left ended",
		},
		"at the response": {
			faultproxy.Rule{Name: "no", On: faultproxy.Responded, Do: faultproxy.RejectWith(403)},
			[]string{"HTTP/1.1 403 Forbidden\r\n", "\r\n\r\nForbidden\n"},
			"request:arrived dialed fault response:arrived response:left ended",
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				p := faultproxy.InMemory(t, n, echoServer(t, n))
				p.Add(c.rule)
				got := get(t, n, p, upgradeRequest+"\r\n")
				for _, want := range c.want {
					if !strings.Contains(got, want) {
						t.Errorf("the answer lacks %q:\n%s", want, got)
					}
				}
				mustEnd(t, p, 1)
				mustTell(t, p, 1, c.tell)
				if e := last(p, 1, timeline.KindResponse); e.Rule != "no" || e.Field("status") != got[9:12] {
					t.Errorf("the answer on the timeline is %v, rule %q", e, e.Rule)
				}
				if fired(p, "no") != 1 {
					t.Errorf("the rule fired %d times", fired(p, "no"))
				}
			})
		})
	}
}

// A client that keeps connections open for its next request must not have its
// next attempt lost on one of them.
func TestTheThirdAttemptGetsInFromAClientThatReusesConnections(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, echoServer(t, n))
		p.Add(faultproxy.Rule{Do: faultproxy.RejectWith(503), Times: 2})
		client := http.Client{Transport: &http.Transport{DialContext: n.DialContext}}
		for attempt, want := range []int{503, 503, 101} {
			req, _ := http.NewRequest("GET", "http"+strings.TrimPrefix(p.URL, "ws"), nil)
			for k, v := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
				req.Header.Set(k, v)
			}
			resp, err := client.Do(req)
			if err != nil || resp.StatusCode != want {
				t.Fatalf("attempt %d: %v, %v; want status %d", attempt+1, resp, err, want)
			}
			if want != 101 {
				io.Copy(io.Discard, resp.Body)
			}
			resp.Body.Close()
		}
		mustEnd(t, p, 3)
		accepted := 0
		for _, e := range p.Timeline.Conn(0).Events() {
			if e.Kind == timeline.KindAccepted {
				accepted++
			}
		}
		if accepted != 3 || len(p.Timeline.Conns()) < 3 {
			t.Errorf("%d TCP connections, attempts %v; want 3 of each", accepted, p.Timeline.Conns())
		}
	})
}

func TestAnotherAttemptOnARejectedConnectionFindsItClosed(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, echoServer(t, n))
		p.Add(faultproxy.Rule{Do: faultproxy.RejectWith(503), Times: 1})
		c := rawConnect(t, n, p)
		io.WriteString(c, upgradeRequest+"\r\n")
		head, _, err := readHTTPHead(c)
		if err != nil || !strings.HasPrefix(head, "HTTP/1.1 503 ") {
			t.Fatalf("%q, %v", head, err)
		}
		io.WriteString(c, upgradeRequest+"\r\n")
		if got, err := io.ReadAll(c); err != nil || strings.Contains(string(got), "HTTP/") {
			t.Errorf("the next attempt was answered: %q, %v", got, err)
		}
		if conns := p.Timeline.Conns(); conns[len(conns)-1] != 1 {
			t.Errorf("the next attempt was counted: %v", conns)
		}
	})
}

// Bytes that a client sends behind its request must not turn the end of the answer
// into a reset, which would cost the client the answer.
func TestARejectedClientMayGoOnSending(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, echoServer(t, n))
		p.Add(faultproxy.Rule{Do: faultproxy.RejectWith(503)})
		for _, request := range []string{upgradeRequest + "\r\n", "garbage\r\n\r\n"} {
			c := rawConnect(t, n, p)
			io.WriteString(c, request)
			for range 5 {
				time.Sleep(100 * time.Millisecond)
				if _, err := io.WriteString(c, "and another thing\n"); err != nil {
					t.Errorf("after %q: %v", request, err)
				}
			}
			if got, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 ") {
				t.Errorf("after %q: %q, %v", request, got, err)
			}
		}
	})
}
