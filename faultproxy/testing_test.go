package faultproxy_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// outer is a test that ends outside of the bubble.
type outer struct {
	*testing.T
	cleanups []func()
	said     []string
}

func (o *outer) Cleanup(f func())                  { o.cleanups = append(o.cleanups, f) }
func (o *outer) Errorf(format string, args ...any) { o.said = append(o.said, format) }

func TestAProxyIsClosedInItsBubble(t *testing.T) {
	tb := &outer{T: t}
	var p *faultproxy.Proxy
	synctest.Test(t, func(t *testing.T) {
		if err := (&faultproxy.Proxy{Upstream: "ws://127.0.0.1:1"}).Start(); err == nil || !strings.Contains(err.Error(), "use InMemory") {
			t.Errorf("on loopback: %v", err)
		}
		p = faultproxy.InMemory(tb, memnet.New(), "ws://127.0.0.1:1")
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := p.Close(); !errors.Is(err, timeline.ErrOtherBubble) {
		t.Errorf("Close: %v", err)
	}
	for _, f := range tb.cleanups {
		f()
	}
	if said := strings.Join(tb.said, ""); !strings.Contains(said, "cannot be closed outside: give it the test of the bubble") {
		t.Errorf("the end of the test: %q", said)
	}
}
