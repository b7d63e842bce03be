package faultproxy_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// firesOff opens connections one after the other under a rule and returns when it
// fired on each, after its opening.
func firesOff(t *testing.T, seed uint64, conns int, on faultproxy.Timing, within time.Duration) (at []time.Duration) {
	t.Helper()
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, func(p *faultproxy.Proxy) { p.Seed = seed })
		r.p.Add(faultproxy.Rule{Name: "off", On: on, Do: faultproxy.Inject{Frame: frame.Ping(nil)}})
		for i := range conns {
			client, server := r.open()
			client.until(within)
			opened := mustFind(t, r.p, i+1, timeline.KindOpened).At
			for _, e := range r.p.Timeline.Events() {
				if e.Conn == i+1 && e.Kind == timeline.KindFault {
					at = append(at, e.At-opened)
				}
			}
			_ = client.Close()
			_ = server.Close()
		}
	})
	return at
}

func TestOffTimersFireAnywhereInTheirRange(t *testing.T) {
	const sec = time.Second
	for name, test := range map[string]struct {
		on       faultproxy.Timing
		from, to time.Duration
	}{
		"idle, late":      {faultproxy.Idle(60*sec).Off(0, sec), 60 * sec, 61 * sec},
		"idle, early":     {faultproxy.Idle(60*sec).Off(sec, 0), 59 * sec, 60 * sec},
		"elapsed, both":   {faultproxy.Elapsed(60*sec).Off(sec, 2*sec), 59 * sec, 62 * sec},
		"idle, lazy, off": {faultproxy.Idle(60*sec).Lazy(300*time.Millisecond).Off(sec, sec), 59 * sec, 61 * sec},
	} {
		t.Run(name, func(t *testing.T) {
			at := firesOff(t, 7, 40, test.on, 70*sec)
			if len(at) != 40 {
				t.Fatalf("fired %d times on 40 connections", len(at))
			}
			width := test.to - test.from
			if slices.Min(at) < test.from || slices.Max(at) > test.to {
				t.Errorf("fired from %v to %v, want %v to %v", slices.Min(at), slices.Max(at), test.from, test.to)
			}
			if slices.Min(at) > test.from+width/5 || slices.Max(at) < test.to-width/5 {
				t.Errorf("fired from %v to %v, which leaves out much of %v to %v", slices.Min(at), slices.Max(at), test.from, test.to)
			}
			if again := firesOff(t, 7, 40, test.on, 70*sec); !slices.Equal(at, again) {
				t.Errorf("the same seed gives %v, then %v", at, again)
			}
			if other := firesOff(t, 8, 40, test.on, 70*sec); slices.Equal(at, other) {
				t.Error("another seed gives the same times")
			}
		})
	}
}

// Each expiry is off by its own chance, and a change of the rules does not draw anew.
func TestOffIsDrawnForEachExpiry(t *testing.T) {
	on := faultproxy.Idle(10*time.Second).Off(0, time.Second)
	at := firesOff(t, 7, 1, on, 110*time.Second)
	if len(at) < 9 {
		t.Fatalf("fired at %v", at)
	}
	gaps := map[time.Duration]bool{}
	before := time.Duration(0)
	for _, a := range at {
		if gap := a - before; gap < 10*time.Second || gap > 11*time.Second {
			t.Errorf("fired after %v", gap)
		} else {
			gaps[gap] = true
		}
		before = a
	}
	if len(gaps) != len(at) {
		t.Errorf("%d expiries had %d lengths", len(at), len(gaps))
	}
	var changed []time.Duration
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.Rule{Name: "off", On: on, Do: faultproxy.Inject{Frame: frame.Ping(nil)}})
		client, _ := r.open()
		opened := mustFind(t, r.p, 1, timeline.KindOpened).At
		for i := range 110 {
			client.until(time.Duration(i) * time.Second)
			r.p.Replace(faultproxy.Rule{Name: "other", On: faultproxy.Every(time.Hour), Do: faultproxy.Discard{}})
		}
		client.until(110 * time.Second)
		for _, e := range r.p.Timeline.Events() {
			if e.Kind == timeline.KindFault {
				changed = append(changed, e.At-opened)
			}
		}
	})
	if !slices.Equal(at, changed) {
		t.Errorf("fired at %v, with changes of other rules at %v", at, changed)
	}
}

func TestOffIdleCountsFromTheLastBytes(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.Rule{Name: "idle", On: faultproxy.Idle(10*time.Second).Off(2*time.Second, 0), Do: faultproxy.IdleTimeout(1).Do})
		client, _ := r.open()
		for i := 1; i <= 20; i++ {
			client.until(time.Duration(i) * 7900 * time.Millisecond)
			client.send(frame.Ping(nil))
		}
		last := client.now() + hop
		client.until(5 * time.Minute)
		got := mustFind(t, r.p, 1, timeline.KindClosed).At - mustFind(t, r.p, 1, timeline.KindOpened).At - last
		if got < 8*time.Second || got > 10*time.Second || got == 10*time.Second {
			t.Errorf("closed %v after the last bytes, want 8s to 10s", got)
		}
		r.firings("idle", 1)
	})
}

func TestOffSaysWhatItIs(t *testing.T) {
	for want, on := range map[string]faultproxy.Timing{
		"idle 1m0s (off by chance, 1s early to 2s late)":    faultproxy.Idle(time.Minute).Off(time.Second, 2*time.Second),
		"elapsed 1m0s (off by chance, 0s early to 1s late)": faultproxy.Elapsed(time.Minute).Off(0, time.Second),
	} {
		if got := fmt.Sprint(on); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
