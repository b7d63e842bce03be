package faultproxy_test

import (
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// resting opens a connection with a rule on an idle time, and lets f check it.
func resting(t *testing.T, rule faultproxy.Rule, f func(r *rig, client, server *side)) {
	t.Helper()
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		rule.Name = "idle"
		r.p.Add(rule)
		client, server := r.open()
		f(r, client, server)
	})
}

// Whatever lasts is done once to a connection that stays idle.
func TestIdleActsOnceWhileWhatItDidLasts(t *testing.T) {
	for _, do := range []faultproxy.Fault{
		faultproxy.Silence{}, faultproxy.Silence{Dir: frame.ToClient}, faultproxy.Silence{For: time.Hour},
		faultproxy.Discard{}, faultproxy.Freeze{Dir: frame.ToServer},
		faultproxy.Forget{}, faultproxy.Forget{Client: faultproxy.Silent, Revive: true},
		faultproxy.End{Client: faultproxy.FIN}, faultproxy.End{Server: faultproxy.HalfClose}, faultproxy.End{Client: faultproxy.Silent},
		faultproxy.Close{Code: 1001, Other: faultproxy.OtherKeep}, faultproxy.Close{Code: 1001, KeepOpen: true},
	} {
		for name, after := range map[string]time.Duration{"": time.Second, " at once": time.Millisecond} {
			t.Run(do.String()+name, func(t *testing.T) {
				resting(t, faultproxy.Rule{On: faultproxy.Idle(after), Do: do}, func(r *rig, client, _ *side) {
					client.until(10 * time.Second)
					r.p.Add(faultproxy.Rule{On: faultproxy.Elapsed(time.Hour), Do: faultproxy.Silence{}}) // which changes nothing
					client.until(20 * time.Second)
					r.firings("idle", 1)
				})
			})
		}
	}
}

// When a silence ends, the idle time begins anew, whoever ended it.
func TestIdleCountsAgainFromTheEndOfWhatItDid(t *testing.T) {
	for _, do := range []faultproxy.Fault{faultproxy.Silence{For: 25 * time.Second}, faultproxy.Discard{For: 25 * time.Second},
		faultproxy.Freeze{For: 25 * time.Second}} {
		t.Run(do.String(), func(t *testing.T) {
			resting(t, faultproxy.Rule{On: faultproxy.Idle(10 * time.Second), Do: do}, func(r *rig, client, server *side) {
				client.until(44 * time.Second) // from 10 s to 35 s, and from 45 s on
				r.firings("idle", 1)
				client.until(46 * time.Second)
				r.firings("idle", 2)
				if err := r.p.Conn(1).Heal(); err != nil {
					t.Error(err)
				}
				client.until(50 * time.Second)
				server.send(frame.Text("passes"))
				client.says(`text "passes"`)
				client.until(59 * time.Second)
				r.firings("idle", 2)
				client.until(61 * time.Second)
				r.firings("idle", 3)
			})
		})
	}
}

// What a client revives may be forgotten again.
func TestIdleForgetsAgainWhatWasRevived(t *testing.T) {
	forgetful := faultproxy.Forget{Server: faultproxy.Silent, Revive: true}
	resting(t, faultproxy.Rule{On: faultproxy.Idle(10 * time.Second), Do: forgetful}, func(r *rig, client, server *side) {
		for range 3 {
			at := client.now()
			client.until(at + 30*time.Second)
			server.send(frame.Text("late"))
			client.send(frame.Ping(nil)) // brings it back
		}
		r.firings("idle", 3)
		server.says("ping", "ping", "ping")
	})
}

// One direction healed is not the end of a silence of both.
func TestIdleRestsUntilAllOfWhatItDidHasEnded(t *testing.T) {
	resting(t, faultproxy.Rule{On: faultproxy.Idle(10 * time.Second), Do: healingOneWay{}}, func(r *rig, client, server *side) {
		client.until(25 * time.Second) // to-client until 15 s, to-server until 30 s
		r.firings("idle", 1)
		client.until(39 * time.Second)
		r.firings("idle", 1)
		client.until(41 * time.Second)
		r.firings("idle", 2)
	})
}

// healingOneWay silences one direction for longer than the other.
type healingOneWay struct{}

func (healingOneWay) Stages() faultproxy.Stage { return faultproxy.StageTime }
func (healingOneWay) String() string           { return "heal one way first" }
func (healingOneWay) Apply(p *faultproxy.Plan) {
	p.Silence(frame.ToClient, 5*time.Second)
	p.Silence(frame.ToServer, 20*time.Second)
}

// A rule that stopped those behind it has not used up their turn for good.
func TestIdleThatAFinalRuleKeptFromActing(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(
			faultproxy.Rule{On: faultproxy.Idle(10 * time.Second), Do: faultproxy.Inject{Frame: frame.Ping(nil)}, Times: 1, Final: true},
			faultproxy.Rule{On: faultproxy.Idle(10 * time.Second), Do: faultproxy.Inject{Frame: frame.Text("x")}})
		client, _ := r.open()
		client.until(25 * time.Second)
		client.says("ping", `text "x"`)
	})
}
