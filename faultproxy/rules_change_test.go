package faultproxy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func TestReplaceKeepsCountersOfTheSameFault(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		drop := faultproxy.Rule{Name: "r", On: toClient, Do: faultproxy.Drop{}, Times: 3}
		r.p.Add(faultproxy.Rule{Name: "before", On: faultproxy.Idle(time.Hour), Do: faultproxy.Discard{}}, drop,
			faultproxy.Rule{Name: "behind", On: faultproxy.Idle(time.Hour), Do: faultproxy.Discard{}})
		client, server := r.open()
		if got := numbered(client, server, 2); got != "" {
			t.Errorf("received %q", got)
		}
		drop.Times = 4
		r.p.Replace(drop)
		if got := numbered(client, server, 3); got != "3" {
			t.Errorf("received %q, want 3: two of four were used before", got)
		}
		if s := r.p.Rules(); s[1].Rule.Name != "r" || s[1].Rule.Times != 4 || s[1].Seen != 5 || s[1].Fired != 4 {
			t.Errorf("the rules are %v", s)
		}
		r.p.Replace(faultproxy.Rule{Name: "r", On: toClient, Do: faultproxy.Duplicate{}, Times: 1}) // another fault starts anew
		if got := numbered(client, server, 2); got != "1 1 2" {
			t.Errorf("received %q, want 1 1 2", got)
		}
		r.firings("r", 1)
		r.p.Replace(faultproxy.Rule{Name: "new", On: toClient, Do: faultproxy.Drop{}})
		if got := numbered(client, server, 2); got != "" {
			t.Errorf("received %q, want nothing", got)
		}
		if s := r.p.Rules(); len(s) != 4 || s[3].Rule.Name != "new" {
			t.Errorf("the rules are %v", s)
		}
	})
}

func TestRemoveAndAddAgainStartsAnew(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		drop := faultproxy.Rule{Name: "r", On: toClient, Do: faultproxy.Drop{}, Times: 1}
		client, server := r.open()
		for range 3 {
			r.p.Add(drop)
			if got := numbered(client, server, 2); got != "2" {
				t.Errorf("received %q, want 2", got)
			}
			if n := r.p.Remove("r", "no such rule"); n != 1 {
				t.Errorf("removed %d rules, want 1", n)
			}
			if got := numbered(client, server, 2); got != "1 2" {
				t.Errorf("received %q, want 1 2", got)
			}
		}
		if n := r.p.Remove("r"); n != 0 {
			t.Errorf("removed %d rules, want none", n)
		}
	})
}

func TestRemoveAndAddAgainDrawsTheSameChance(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		client, server := r.open()
		var got [2]string
		for i := range got {
			r.p.Add(faultproxy.Rule{Name: "r", On: toClient, Do: faultproxy.Drop{}, OneIn: 2})
			got[i] = numbered(client, server, 64)
			r.p.Remove("r")
		}
		if got[0] != got[1] {
			t.Errorf("first %q, then %q", got[0], got[1])
		}
	})
}

func TestRulesActFromTheNextFrame(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		whole := from.wire(frame.Text("begun before"))
		from.write(whole[:8])
		settle()
		r.p.Add(faultproxy.Rule{Name: "r", On: frame.Any, Do: faultproxy.Drop{}})
		from.write(whole[8:])
		from.send(frame.Text("dropped"))
		to.says(`text "begun before"`)
		r.p.Remove("r")
		from.send(frame.Text("free"))
		to.says(`text "begun before"`, `text "free"`)
	})
}

func TestRuleNames(t *testing.T) {
	p := &faultproxy.Proxy{}
	drop := faultproxy.Rule{On: frame.Any, Do: faultproxy.Drop{}}
	err := p.Add(drop, drop, faultproxy.Rule{On: frame.Any, Do: faultproxy.CloseWith(1012, "x")}, drop,
		faultproxy.Rule{Name: "drop-4", On: frame.Any, Do: faultproxy.Drop{}}, drop)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range p.Rules() {
		names = append(names, s.Rule.Name)
	}
	if want := "drop drop-2 close drop-3 drop-4 drop-5"; strings.Join(names, " ") != want {
		t.Errorf("named %q, want %q", names, want)
	}
}

func TestRuleChangesAreOnTheTimeline(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		rule := faultproxy.Rule{Name: "r", On: toClient, Do: faultproxy.Drop{}}
		r.p.Add(rule)
		r.p.Replace(rule)
		r.p.Remove("r")
		var got []string
		for _, e := range r.p.Timeline.Events() {
			if e.Kind.String() == "rule" {
				got = append(got, e.Rule+" "+e.Field("change"))
			}
		}
		if fmt.Sprint(got) != "[r added r replaced r removed]" {
			t.Errorf("got %v", got)
		}
	})
}
