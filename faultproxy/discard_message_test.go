package faultproxy_test

import (
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

func TestCloseAfterACloseThatARuleTouchedIsTooLate(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "touched", On: frame.Op(frame.OpClose), Do: faultproxy.Latency{}})
		from.send(frame.Close(1000, "own"))
		settle()
		r.p.Conn(1).SendClose(1012, "restart")
		to.says(`close 1000 "own"`)
		from.says()
		if got := tale(r.p, "not-applied"); len(got) != 2 {
			t.Errorf("the timeline tells %q", got)
		}
	})
}

func TestDiscardBegunInsideAMessageLetsItEnd(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		from.send(fragment(frame.Text("a")))
		settle()
		r.p.Conn(1).Discard(dir)
		from.send(frame.Ping(nil), frame.Continuation(false, []byte("b")), frame.Continuation(true, []byte("c")), frame.Text("swallowed"))
		settle()
		r.p.Conn(1).Heal()
		from.send(frame.Text("d"))
		to.says(`text "a" (fragment)`, `continuation "b" (fragment)`, `continuation "c"`, `text "d"`)
	})
}

func TestDiscardHealedInsideAMessageSwallowsItWhole(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Conn(1).Discard(dir)
		from.send(fragment(frame.Text("a")))
		settle()
		r.p.Conn(1).Heal()
		from.send(frame.Continuation(false, []byte("b")), frame.Ping(nil), frame.Continuation(true, []byte("c")), frame.Text("d"))
		to.says("ping", `text "d"`)
	})
}

func TestNothingFollowsACloseWhenTheStreamIsOpaque(t *testing.T) {
	for name, act := range map[string]func(faultproxy.Conn, frame.Direction) error{
		"discard": func(c faultproxy.Conn, d frame.Direction) error { return c.Discard(d) },
		"close": func(c faultproxy.Conn, d frame.Direction) error {
			return c.Close(faultproxy.Close{Code: 1000, Toward: d, Other: faultproxy.OtherKeep})
		},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				act(r.p.Conn(1), dir)
				settle()
				from.write("\xf3 not a frame at all")
				from.write("nor this")
				from.until(time.Second)
				want := []string{}
				if name == "close" {
					want = append(want, "close 1000")
				}
				to.says(want...)
			})
		})
	}
}
