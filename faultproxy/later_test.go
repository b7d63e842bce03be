package faultproxy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func TestAfterFuncCountsFromTheStart(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := (&faultproxy.Proxy{Upstream: "ws://127.0.0.1:1"}).On(t, n)
		var calls []time.Duration
		call := func() { calls = append(calls, time.Since(p.Timeline.Start())) }
		p.AfterFunc(time.Second, call)
		stop := p.AfterFunc(time.Second, call)
		stop()
		time.Sleep(time.Minute)
		if len(calls) > 0 {
			t.Errorf("called before the start, at %v", calls)
		}
		p.StartIn(t)
		zero := time.Since(p.Timeline.Start())
		p.AfterFunc(2*time.Second, call)
		stop = p.AfterFunc(2*time.Second, call)
		stop()
		p.AfterFunc(time.Hour, call)
		time.Sleep(time.Minute)
		stop() // again, and late
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		p.AfterFunc(time.Second, call)
		time.Sleep(2 * time.Hour)
		if want := []time.Duration{zero + time.Second, zero + 2*time.Second}; !slices.Equal(calls, want) {
			t.Errorf("called at %v, want %v", calls, want)
		}
	})
}

func TestCloseWaitsForACallInProgress(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := (&faultproxy.Proxy{Upstream: "ws://127.0.0.1:1"}).On(t, n).StartIn(t)
		done := false
		p.AfterFunc(time.Second, func() { time.Sleep(3 * time.Second); done = true })
		time.Sleep(2 * time.Second)
		if err := p.Close(); err != nil || !done {
			t.Errorf("Close returned %v before the call had (%v)", err, done)
		}
	})
}

func TestCheckAddsNothing(t *testing.T) {
	p := &faultproxy.Proxy{Upstream: "ws://127.0.0.1:1"}
	same := faultproxy.DropPongs()
	if err := p.Check(same, same, faultproxy.Rule{Do: faultproxy.Latency{Delay: time.Second}}); err != nil {
		t.Error(err)
	}
	err := p.Check(same, faultproxy.Rule{Do: faultproxy.Drop{}}, faultproxy.Rule{Name: "x"})
	if err == nil || !strings.Contains(err.Error(), `rule "drop": "drop" needs a trigger`) || !strings.Contains(err.Error(), `rule "x"`) {
		t.Errorf("got %v", err)
	}
	if len(p.Rules()) > 0 {
		t.Errorf("it added %v", p.Rules())
	}
}

func TestARuleThatWasTakenAwayStillHadToFire(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := (&faultproxy.Proxy{Upstream: "ws://127.0.0.1:1"}).On(t, n)
		must, may := faultproxy.DropPongs(), faultproxy.DropPings()
		must.Expect = faultproxy.Fired
		if err := p.Add(must, may); err != nil {
			t.Fatal(err)
		}
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		p.Remove(must.Name, may.Name)
		if s := strings.Join(p.Summary(), "\n"); !strings.Contains(s, `rule "drop-pings" never fired`) {
			t.Errorf("the summary is\n%s", s)
		}
		if err := p.Close(); err == nil || !strings.Contains(err.Error(), `rule "drop-pongs" had to fire and never did`) || strings.Contains(err.Error(), "drop-pings") {
			t.Errorf("Close returned %v", err)
		}
	})
}
