package faultproxy_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestClientsThatSendNoRequest(t *testing.T) {
	for name, c := range map[string]struct {
		sent   string
		end    string // what the client does then: wait, FIN or RST
		answer string // how the answer begins; empty: none
		says   string // in the answer, if there is one, and on the timeline
		after  time.Duration
	}{
		"garbage": {
			sent: "\x00\x01\x02garbage\xff", answer: "HTTP/1.1 400 Bad Request\r\n",
			says: `not an HTTP request: it begins with "\x00\x01\x02garbage`},
		"words": {
			sent: "hello there\r\n\r\n", answer: "HTTP/1.1 400 Bad Request\r\n",
			says: `not an HTTP request: its first line is "hello there"`},
		"an HTTP/2 preface": {
			sent: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", answer: "HTTP/1.1 505 HTTP Version Not Supported\r\n",
			says: "an HTTP/2 preface: this port speaks HTTP/1.1"},
		"a TLS hello": {
			sent: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
			says: "a TLS handshake on a port without TLS: use ws://, or serve wss"},
		"a head without end": {
			sent: "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 100<<10), answer: "HTTP/1.1 431 Request Header Fields Too Large\r\n",
			says: "the head is larger than 64 KiB"},
		"a slow head": {
			sent: "GET / HTTP/1.1\r\nHost: a\r\n", answer: "HTTP/1.1 408 Request Timeout\r\n",
			says: "no whole request within 10s", after: 10 * time.Second},
		"nothing, for ever": {
			answer: "HTTP/1.1 408 Request Timeout\r\n",
			says:   "no whole request within 10s", after: 10 * time.Second},
		"nothing": {end: "FIN", says: "closed without a request"},
		"a part":  {sent: "GET / HT", end: "FIN", says: "closed in the middle of its request, after 8 bytes"},
		"a reset": {sent: "GET", end: "RST", says: "connection reset"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				p := faultproxy.InMemory(t, n, echoServer(t, n))
				client := rawConnect(t, n, p)
				start := time.Now()
				io.WriteString(client, c.sent)
				switch c.end {
				case "FIN":
					client.(interface{ CloseWrite() error }).CloseWrite()
				case "RST":
					time.Sleep(time.Millisecond)
					reset(client)
				}
				var got string
				if c.end != "RST" {
					b, err := io.ReadAll(client)
					if got = string(b); err != nil && c.answer != "" {
						t.Errorf("the answer ends with %v", err)
					}
				}
				if took := time.Since(start); c.end == "" && (took < c.after || took > c.after+10*time.Microsecond) {
					t.Errorf("answered after %v, want %v", took, c.after)
				}
				synctest.Wait()
				time.Sleep(time.Millisecond)
				if !strings.HasPrefix(got, c.answer) || c.answer == "" && got != "" ||
					c.answer != "" && !(strings.Contains(got, c.says) && strings.Contains(got, "\r\nConnection: close\r\n")) {
					t.Errorf("answered %q, want %q and %q", got, c.answer, c.says)
				}
				e := mustFind(t, p, 0, timeline.KindMute)
				if !strings.Contains(e.Field("error"), c.says) || e.Field("remote") == "" {
					t.Errorf("the timeline says %v, want %q", e, c.says)
				}
				if conns := p.Timeline.Conns(); len(conns) > 0 {
					t.Errorf("it got a number: %v", conns)
				}
			})
		})
	}
}

// Attempts have numbers, refused ones included; plain HTTP and mute connections
// have none.
func TestOnlyUpgradeAttemptsAreNumbered(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, echoServer(t, n))
		p.Add(faultproxy.Rule{Do: faultproxy.RejectWith(503), Conns: faultproxy.Nth(1)})
		mute := func() { rawConnect(t, n, p).Close() }
		plain := func() { get(t, n, p, "GET /page HTTP/1.1\r\nHost: a\r\n\r\n") }
		mute()
		plain()
		if _, resp, err := gorillaTry(n, p); err == nil || resp == nil || resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("the first attempt: %v, %v", resp, err)
		}
		plain()
		mute()
		gorillaDial(t, n, p)
		get(t, n, p, "nonsense, really\r\n\r\n")
		gorillaDial(t, n, p)
		attempts := map[int]int{}
		for _, e := range p.Timeline.Events() {
			switch e.Kind {
			case timeline.KindRequest, timeline.KindOpened:
				attempts[e.Conn]++
			case timeline.KindAccepted, timeline.KindMute, timeline.KindHTTP:
				if e.Conn != 0 {
					t.Errorf("%v has a number", e)
				}
				attempts[-int(e.Kind)]++
			}
		}
		want := map[int]int{1: 1, 2: 2, 3: 2,
			-int(timeline.KindAccepted): 8, -int(timeline.KindMute): 3, -int(timeline.KindHTTP): 2}
		for k, v := range want {
			if attempts[k] != v {
				t.Errorf("events %d: %d, want %d", k, attempts[k], v)
			}
		}
		if len(attempts) != len(want) {
			t.Errorf("events %v, want %v", attempts, want)
		}
	})
}
