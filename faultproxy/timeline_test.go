package faultproxy_test

import (
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// A timeline that is set after rules were added still knows their names.
func TestTimelineSetAfterAdd(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := &faultproxy.Proxy{Upstream: echoServer(t, n)}
		if err := p.Add(faultproxy.Rule{Name: "no-text", On: frame.Op(frame.OpText), Do: faultproxy.Drop{}}); err != nil {
			t.Fatal(err)
		}
		p.Timeline = timeline.New()
		p.Timeline.Intern("some other name")
		p.On(t, n).StartIn(t)
		c := gorillaDial(t, n, p)
		if err := c.WriteMessage(1, []byte("hi")); err != nil {
			t.Fatal(err)
		}
		e, err := p.Timeline.Wait(t.Context(), timeline.KindFault)
		if err != nil || e.Rule != "no-text" {
			t.Errorf("the fault is by %q, %v; want no-text", e.Rule, err)
		}
	})
}
