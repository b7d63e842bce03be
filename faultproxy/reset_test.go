package faultproxy_test

import (
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestResetPeerWaitsForBytesOrAnEnd(t *testing.T) {
	for name, speak := range map[string]func(from *side){
		"bytes": func(from *side) { from.send(frame.Text("a")) },
		"fin":   func(from *side) { from.closeWrite() },
	} {
		t.Run(name, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				from.send(frame.Text("before"))
				settle() // the connection is older than the rule
				r.p.Add(faultproxy.Rule{Name: "reset", Do: faultproxy.ResetPeer{Delay: 2 * time.Second, Dir: dir}, Expect: faultproxy.Fired})
				to.send(frame.Text("the other way"))
				from.until(time.Minute) // idle ones live on
				from.says(`text "the other way"`)
				to.says(`text "before"`)
				speak(from)
				from.until(time.Minute + time.Second)
				if name == "bytes" {
					from.send(frame.Text("b")) // is not what counts
				}
				r.firings("reset", 0)
				from.until(time.Minute + 3*time.Second)
				to.says(`text "before"`, "rst")
				from.says(`text "the other way"`, "rst")
				r.firings("reset", 1)
				ended := mustFind(t, r.p, 1, timeline.KindFault)
				if at := ended.At - mustFind(t, r.p, 1, opened).At; at.Round(time.Millisecond) != time.Minute+2*time.Second {
					t.Errorf("reset %v after the opening, want 1m2s", at)
				}
			})
		})
	}
}

func TestResetPeerThatIsReplacedOrRemovedInTime(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "reset", Do: faultproxy.ResetPeer{Delay: time.Hour}})
		from.send(frame.Text("a"))
		from.until(time.Minute)
		to.says()
		r.p.Remove("reset")
		to.says(`text "a"`)
		r.p.Add(faultproxy.Rule{Name: "reset", Do: faultproxy.ResetPeer{Delay: time.Hour}})
		from.send(frame.Text("b"))
		from.until(2 * time.Minute)
		r.p.Replace(faultproxy.Rule{Name: "reset", Do: faultproxy.ResetPeer{Delay: 2 * time.Minute}})
		from.until(4 * time.Minute)
		to.says(`text "a"`, "rst") // two minutes after it came
	})
}

func TestDiscardBytesTimesOutWhenNothingComes(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "gone", Do: faultproxy.DiscardBytes{Dir: dir, Timeout: 10 * time.Second}, Expect: faultproxy.Fired})
		for at := 4 * time.Second; at <= 20*time.Second; at += 4 * time.Second {
			from.until(at)
			from.send(frame.Text("a")) // each chunk puts it off
		}
		from.until(25 * time.Second)
		to.send(frame.Text("b")) // the other direction does not
		from.until(29 * time.Second)
		from.says(`text "b"`)
		from.until(31 * time.Second)
		to.says("fin")
		if closed := mustFind(t, r.p, 1, closedKind); closed.Rule != "gone" {
			t.Errorf("closed by %q", closed.Rule)
		}
	})
}

func TestDiscardBytesTimesOutOnAnIdleConnection(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		from.until(time.Minute)
		r.p.Add(faultproxy.Rule{Name: "gone", Do: faultproxy.DiscardBytes{Dir: dir, Timeout: time.Hour}})
		from.until(2 * time.Minute)
		r.p.Replace(faultproxy.Rule{Name: "gone", Do: faultproxy.DiscardBytes{Dir: dir, Timeout: 10 * time.Second}})
		from.until(2*time.Minute + 9*time.Second)
		to.says()
		from.until(2*time.Minute + 11*time.Second)
		to.says("fin")
		from.says("fin")
		r.firings("gone", 1)
	})
}

func TestDiscardBytesThatWasRemovedTimesNothingOut(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "gone", Do: faultproxy.DiscardBytes{Dir: dir, Timeout: 10 * time.Second}})
		settle()
		r.p.Remove("gone")
		from.until(time.Minute)
		from.send(frame.Text("a"))
		to.says(`text "a"`)
		r.firings("gone", -1)
	})
}
