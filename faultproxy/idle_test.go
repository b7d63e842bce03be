package faultproxy_test

import (
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestIdleTimeoutClosesExactlyThen(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, echoServer(t, n))
		p.Add(faultproxy.IdleTimeout(60 * time.Second))
		c := gorillaDial(t, n, p)
		time.Sleep(30 * time.Second)
		if err := c.WriteMessage(1, []byte("hi")); err != nil {
			t.Fatal(err)
		}
		msgs, err := readUntilError(c)
		if len(msgs) != 1 || closeCode(err) != 1006 {
			t.Errorf("got %q, %v; want the echo and a 1006", msgs, err)
		}
		var last time.Duration
		for _, e := range p.Timeline.Events() {
			if e.Kind == timeline.KindFrame {
				last = e.At
			}
		}
		if closed := mustFind(t, p, 1, timeline.KindClosed); closed.At-last != 60*time.Second {
			t.Errorf("closed %v after the last byte, want 60s", closed.At-last)
		}
		if fired(p, "idle-timeout") != 1 {
			t.Error("the rule does not say that it fired")
		}
	})
}
