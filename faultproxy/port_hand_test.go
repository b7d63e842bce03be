package faultproxy_test

import (
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func TestThePortByHand(t *testing.T) {
	for name, run := range onBothNetworks {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, n network) {
				ps := opening{network: n}.open(t)
				p := ps.p
				for _, step := range []struct {
					name string
					do   func() error
					want string
				}{
					{"Refuse", p.Refuse, "refused"}, {"Refuse again", p.Refuse, "refused"}, {"Resume", p.Resume, "open"},
					{"Hang", p.Hang, "hangs"}, {"Resume", p.Resume, "open"}, {"Hang", p.Hang, "hangs"}, {"Refuse", p.Refuse, "refused"},
					{"Hang", p.Hang, "hangs"}, {"Resume", p.Resume, "open"}, {"Resume again", p.Resume, "open"},
				} {
					if runtime.GOOS != "linux" && name == "loopback" && step.name == "Hang" {
						continue
					}
					if err := step.do(); err != nil {
						t.Fatalf("%s: %v", step.name, err)
					}
					if got := knock(n, p); got != step.want {
						t.Fatalf("%s: a dial finds it %s, want %s", step.name, got, step.want)
					}
					_, _ = ps.client.Write([]byte(masked(frame.Text(step.name))))
					receives(t, "the server", ps.up, masked(frame.Text(step.name)))
				}
				if err := p.Close(); err != nil {
					t.Error(err)
				}
				for _, do := range []func() error{p.Refuse, p.Hang, p.Resume} {
					if err := do(); err == nil || !strings.Contains(err.Error(), "the proxy is not running") {
						t.Errorf("after Close: %v", err)
					}
				}
			})
		})
	}
}

func TestDownOnLoopback(t *testing.T) {
	for _, hang := range []bool{false, true} {
		if hang && runtime.GOOS != "linux" {
			continue
		}
		ps := opening{network: &loopback{}}.open(t)
		ps.p.Add(faultproxy.Rule{Name: "out", On: faultproxy.At(0), Do: faultproxy.Down{Hang: hang}})
		want := map[bool]string{false: "refused", true: "hangs"}[hang]
		becomes := func(want string) { // what is done to the port is done by somebody else, in time
			for begun := time.Now(); knock(&loopback{}, ps.p) != want; {
				if time.Since(begun) > 20*time.Second {
					t.Fatalf("the port is not %s", want)
				}
			}
		}
		becomes(want)
		ps.p.Remove("out")
		becomes("open")
		ps.p.Add(faultproxy.Rule{Name: "out", On: faultproxy.At(0), Do: faultproxy.Down{Hang: hang}}) // and Close meanwhile
	}
}

func TestAPortThatCannotBeTakenDown(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		l, err := n.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		p := &faultproxy.Proxy{Upstream: "ws://a", Listener: struct{ net.Listener }{l}}
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for _, do := range []faultproxy.Down{{}, {Hang: true}} {
			if err := p.Add(faultproxy.Rule{On: faultproxy.At(0), Do: do}); err == nil || !strings.Contains(err.Error(), "cannot be taken down and brought back") {
				t.Errorf("%v: %v", do, err)
			}
		}
		for _, do := range []func() error{p.Refuse, p.Hang} {
			if err := do(); err == nil || !strings.Contains(err.Error(), "cannot be taken down") {
				t.Errorf("by hand: %v", err)
			}
		}
	})
}

func TestProxyCloseWhileThePortIsDown(t *testing.T) {
	for _, do := range []faultproxy.Down{{}, {Hang: true}, {For: time.Hour}} {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			r := newRig(t, n, nil)
			r.p.Add(faultproxy.Rule{On: faultproxy.At(time.Second), Do: do}, faultproxy.Rule{Name: "later", On: faultproxy.At(time.Hour), Do: faultproxy.Down{}})
			r.open()
			time.Sleep(2 * time.Second)
			shutting(t, r, 0)
			events := r.p.Timeline.Len()
			time.Sleep(3 * time.Hour)
			if got := r.p.Timeline.Len(); got != events {
				t.Errorf("%d events came after Close", got-events)
			}
		})
	}
}
