package faultproxy

import (
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/internal/attach"
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
	if attach.IsGinkgoT(tb) && p.Timeline.InBubble() {
		_ = p.Close()
		tb.Fatalf("faultproxy: GinkgoT() ends outside of virtual time, where this proxy cannot be closed: " +
			"take the *specs.T of specs.Virtual(func(t *specs.T) { … }), or of specs.Setup, instead")
	}
	shown := attach.Timeline(tb, "faultproxy", p.Timeline)
	tb.Cleanup(func() {
		tb.Helper()
		p.finish(tb, shown)
	})
	return p
}

// finish closes the proxy at the end of its test and reports what went wrong.
func (p *Proxy) finish(tb TB, shown bool) {
	tb.Helper()
	if err := p.Timeline.CheckBubble(); err != nil {
		tb.Errorf("faultproxy: the proxy was started inside of a synctest bubble and cannot be closed outside: "+
			"give it the test of the bubble, the *testing.T of synctest.Test or the *specs.T of specs.Virtual, not %T", tb)
		return
	}
	err := p.Close()
	if tb.Failed() || err != nil {
		tb.Logf("%s", p.account(shown))
	}
	if err != nil {
		tb.Errorf("%v", err)
	}
}

// report fails the test a proxy belongs to, if err is not nil.
func (p *Proxy) report(err error) error {
	if err != nil && p.tb != nil {
		p.tb.Helper()
		p.tb.Fatalf("faultproxy: %v", err)
	}
	return err
}

// account is what the log of a failed test should hold: what happened, unless that is
// shown elsewhere, and which rules never fired.
func (p *Proxy) account(shown bool) string {
	var b strings.Builder
	if !shown {
		b.WriteString("what faultproxy saw:\n" + attach.Excerpt(p.Timeline))
	}
	for _, line := range p.Summary() {
		b.WriteString(line + "\n")
	}
	return b.String()
}
