package faultproxy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// hourly is a rule that does nothing while anybody watches.
func hourly(name string) faultproxy.Rule {
	return faultproxy.Rule{Name: name, On: faultproxy.Idle(time.Hour), Do: faultproxy.Discard{}}
}

func ruleNames(p *faultproxy.Proxy) string {
	var names []string
	for _, s := range p.Rules() {
		names = append(names, s.Rule.Name)
	}
	return strings.Join(names, " ")
}

// changes are the changes of rules that are recorded, from an event on.
func changes(p *faultproxy.Proxy, from int) string {
	var list []string
	for e := range p.Timeline.From(from + 1).All() {
		if e.Kind == timeline.KindRule {
			list = append(list, e.Rule+" "+e.Field("change"))
		}
	}
	return strings.Join(list, ", ")
}

func TestExchangeLeavesWhatIsTheSame(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		drop := faultproxy.Rule{Name: "drop", On: toClient, Do: faultproxy.Drop{}, Times: 3}
		late := faultproxy.Rule{Name: "late", On: frame.Op(frame.OpPong), Do: faultproxy.Late{By: time.Second}}
		r.p.Add(hourly("mine"), drop, hourly("gone"), late, hourly("yours"))
		client, server := r.open()
		if got := numbered(client, server, 2); got != "" {
			t.Errorf("received %q", got)
		}
		before := r.p.Timeline.Last()
		late.Do = faultproxy.Late{By: 2 * time.Second}
		if err := r.p.Exchange([]string{"drop", "gone", "late", "no such rule"}, hourly("new"), drop, late); err != nil {
			t.Fatal(err)
		}
		if got, want := ruleNames(r.p), "mine new drop late yours"; got != want {
			t.Errorf("the rules are %s, want %s", got, want)
		}
		if got, want := changes(r.p, before), "new added, late replaced, gone removed"; got != want {
			t.Errorf("recorded %s, want %s", got, want)
		}
		if got := numbered(client, server, 3); got != "2 3" {
			t.Errorf("received %q, want 2 3: two of the three times were used before", got)
		}
	})
}

func TestExchangeOfTheOrderAlone(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		double := faultproxy.Rule{Name: "double", On: toClient, Do: faultproxy.Duplicate{}, Final: true}
		drop := faultproxy.Rule{Name: "drop", On: toClient, Do: faultproxy.Drop{}}
		r.p.Add(double, drop)
		client, server := r.open()
		if got := numbered(client, server, 1); got != "1 1" {
			t.Errorf("received %q, want 1 1", got)
		}
		before := r.p.Timeline.Last()
		if err := r.p.Exchange([]string{"double", "drop"}, drop, double); err != nil {
			t.Fatal(err)
		}
		if got := numbered(client, server, 1); got != "" {
			t.Errorf("received %q, want nothing: drop is asked first", got)
		}
		if got := changes(r.p, before); got != "" {
			t.Errorf("recorded %s", got)
		}
	})
}

func TestExchangeChangesNothingOnAnError(t *testing.T) {
	p := &faultproxy.Proxy{}
	if err := p.Add(hourly("a"), hourly("b"), hourly("c")); err != nil {
		t.Fatal(err)
	}
	err := p.Exchange([]string{"a", "b"}, hourly("c"), faultproxy.Rule{Name: "d"})
	if err == nil || !strings.Contains(err.Error(), `rule "c": there is one of this name besides`) || !strings.Contains(err.Error(), `rule "d": it has no fault`) {
		t.Errorf("got %v", err)
	}
	if got := ruleNames(p); got != "a b c" {
		t.Errorf("the rules are %s", got)
	}
}

func TestExchangeLeavesTheMiddleboxAlone(t *testing.T) {
	p := &faultproxy.Proxy{}
	if err := p.Become(faultproxy.Box{Rules: []faultproxy.Rule{hourly("box")}}); err != nil {
		t.Fatal(err)
	}
	if err := p.Exchange([]string{"box"}, hourly("a")); err != nil {
		t.Fatal(err)
	}
	if got := ruleNames(p); got != "box a" {
		t.Errorf("the rules are %s", got)
	}
}

// A proxy that goes on with the timeline of another goes on counting.
func TestConnectionsAreCountedOnWithATimeline(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, func(p *faultproxy.Proxy) { p.Timeline = timeline.New() })
		defer func() { _ = r.p.Timeline.Close() }()
		r.open()
		r.open()
		if err := r.p.Close(); err != nil {
			t.Fatal(err)
		}
		r.p = &faultproxy.Proxy{Upstream: "ws://" + r.upstream.Addr().String(), Timeline: r.p.Timeline}
		r.p.On(t, n).StartIn(t)
		r.open()
		if got := r.p.Timeline.Conns(); !slices.Equal(got, []int{1, 2, 3}) {
			t.Errorf("the connections are %v, want 1 to 3", got)
		}
	})
}
