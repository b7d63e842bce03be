package faultproxy

import (
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// TB is what a proxy needs of a test: *testing.T, *testing.B and GinkgoT() have it.
type TB interface {
	Helper()
	Name() string
	Cleanup(func())
	Failed() bool
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Start starts a proxy for an upstream URL on a free loopback port, and closes it
// when the test ends. A test that failed gets the timeline in its log, with the
// seed and the rules that never fired.
func Start(tb TB, upstream string) *Proxy {
	tb.Helper()
	return (&Proxy{Upstream: upstream}).StartIn(tb)
}

// InMemory starts a proxy on a virtual network: it listens there, and finds the
// upstream there. Inside a testing/synctest bubble it runs in virtual time.
func InMemory(tb TB, network *memnet.Network, upstream string) *Proxy {
	tb.Helper()
	return (&Proxy{Upstream: upstream}).On(tb, network).StartIn(tb)
}

// On puts a proxy that has not started on a virtual network.
func (p *Proxy) On(tb TB, network *memnet.Network) *Proxy {
	tb.Helper()
	if p.Listener == nil {
		l, err := network.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatalf("faultproxy: %v", err)
		}
		p.Listener = l
	}
	if p.Dial == nil {
		p.Dial = network.DialContext
	}
	return p
}

// StartIn starts the proxy and ties it to a test, as the function Start does.
func (p *Proxy) StartIn(tb TB) *Proxy {
	tb.Helper()
	p.tb = tb
	if err := p.Start(); err != nil {
		tb.Fatalf("%v", err)
	}
	if a, ok := tb.(interface {
		Attach(name string, tl *timeline.Timeline)
	}); ok { // package assertions/specs: into the report of a spec that fails
		a.Attach("faultproxy", p.Timeline)
	}
	tb.Cleanup(func() {
		tb.Helper()
		if err := p.Close(); err != nil {
			tb.Errorf("%v", err)
		}
		if tb.Failed() {
			tb.Logf("%s", p.account())
		}
	})
	return p
}

// report fails the test a proxy belongs to, if err is not nil.
func (p *Proxy) report(err error) error {
	if err != nil && p.tb != nil {
		p.tb.Helper()
		p.tb.Fatalf("faultproxy: %v", err)
	}
	return err
}

// account is what the log of a failed test should hold.
func (p *Proxy) account() string {
	var b strings.Builder
	b.WriteString("what faultproxy saw:\n")
	_ = p.Timeline.WriteText(&b)
	for _, line := range p.Summary() {
		b.WriteString(line + "\n")
	}
	return b.String()
}
