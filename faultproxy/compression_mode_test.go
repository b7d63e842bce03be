package faultproxy_test

import (
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// What is negotiated in each mode, and whether the timeline can be read.
func TestCompressionModes(t *testing.T) {
	for _, tc := range []struct {
		mode       faultproxy.Compression
		offer      string
		seen       string // of the offer, by the upstream
		compressed bool
	}{
		{faultproxy.Pass, "permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits", true},
		{faultproxy.NoTakeover, "permessage-deflate; client_max_window_bits",
			"permessage-deflate; client_max_window_bits; server_no_context_takeover; client_no_context_takeover", true},
		{faultproxy.Strip, "x-other, permessage-deflate", "x-other", false},
		{faultproxy.Strip, "permessage-deflate; client_max_window_bits, permessage-deflate", "", false},
	} {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			p := (&faultproxy.Proxy{Upstream: echoServer(t, n), Compression: tc.mode}).On(t, n).StartIn(t)
			c := rawConnect(t, n, p)
			if _, err := c.Write([]byte(upgradeRequest + "Sec-WebSocket-Extensions: " + tc.offer + "\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
			head, _, err := readHTTPHead(c)
			if err != nil || strings.Contains(head, "permessage-deflate") != tc.compressed {
				t.Errorf("mode %d: the client was answered %q, %v", tc.mode, head, err)
			}
			if got := mustFind(t, p, 1, timeline.KindDialed); got.Field("error") != "" {
				t.Error(got)
			}
		})
		if got := upstreamSaw(t, tc.mode, tc.offer); got != tc.seen {
			t.Errorf("mode %d: the upstream was offered %q, want %q", tc.mode, got, tc.seen)
		}
	}
}

// upstreamSaw returns the extensions that the upstream is offered.
func upstreamSaw(t *testing.T, mode faultproxy.Compression, offer string) (value string) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		heads := make(chan string, 1)
		l, err := n.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			head, _, _ := readHTTPHead(c)
			heads <- head
		}()
		p := (&faultproxy.Proxy{Upstream: "ws://" + l.Addr().String(), Compression: mode}).On(t, n).StartIn(t)
		c := rawConnect(t, n, p)
		if _, err := c.Write([]byte(upgradeRequest + "Sec-WebSocket-Extensions: " + offer + "\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(<-heads, "\r\n") {
			if v, ok := strings.CutPrefix(line, "Sec-WebSocket-Extensions: "); ok {
				value = v
			}
		}
	})
	return value
}

// A message that was compressed on its own is readable on the timeline, though no
// rule asked for it.
func TestSingleMessagesAreReadable(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, echoServer(t, n))
		c := gorillaDial(t, n, p) // offers both no_context_takeover parameters
		if err := c.WriteMessage(1, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.ReadMessage(); err != nil {
			t.Fatal(err)
		}
		for _, e := range p.Timeline.Events() {
			if e.Kind == timeline.KindFrame && (string(e.Payload) != "hello" || !e.Inflated || e.Opaque) {
				t.Errorf("recorded as %v, inflated %v, opaque %v", e, e.Inflated, e.Opaque)
			}
		}
	})
}
