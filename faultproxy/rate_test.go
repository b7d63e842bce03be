package faultproxy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

func TestRateIsTheSpeedOfTheLine(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "slow", Do: faultproxy.Rate{BytesPerSecond: 1000, Dir: dir}})
		from.send(from.sized(250))
		to.send(frame.Text("the other way is free"))
		from.until(time.Second)
		from.send(from.sized(1000), from.sized(500)) // idle time is not saved up
		from.closeWrite()
		from.until(10 * time.Second)
		if got, want := to.arrivals()[:41], "100.002ms 100, 200.002ms 100, 250.002ms 50"[:41]; got != want {
			t.Errorf("the first frame came as %s, want %s", got, want)
		}
		to.wants(line(250*time.Millisecond+2*hop, from.sized(250).String()), line(2*time.Second+2*hop, from.sized(1000).String()),
			line(2500*time.Millisecond+2*hop, from.sized(500).String()), line(2500*time.Millisecond+2*hop, "fin"))
		from.wants(line(2*hop, `text "the other way is free"`))
		if fired(r.p, "slow") < 17 {
			t.Errorf("fired %d times, want once a portion", fired(r.p, "slow"))
		}
		r.tells("fault", "fault slow "+dir.String())
	})
}

func TestRateDoesNotLosePartsOfASecond(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Do: faultproxy.Rate{BytesPerSecond: 7}})
		from.send(from.sized(70))
		from.until(time.Minute)
		to.wants(line(10*time.Second+2*hop, from.sized(70).String()))
	})
}

func TestRateOfNothingStallsUntilTheRuleGoes(t *testing.T) {
	for name, undo := range map[string]func(*faultproxy.Proxy){
		"removed":  func(p *faultproxy.Proxy) { p.Remove("stall") },
		"replaced": func(p *faultproxy.Proxy) { p.Replace(faultproxy.Rule{Name: "stall", Do: faultproxy.SlowClose{}}) },
		"window":   func(*faultproxy.Proxy) {},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				rule := faultproxy.Rule{Name: "stall", Do: faultproxy.Rate{}}
				if name == "window" {
					rule.For = 30 * time.Second
				}
				r.p.Add(rule)
				from.send(frame.Text("a"), frame.Text("b"))
				from.closeWrite()
				from.until(29 * time.Second)
				to.wants()
				r.tells("fault", "fault stall "+dir.String())
				from.until(30 * time.Second)
				undo(r.p)
				from.until(time.Minute)
				at := 30*time.Second + hop
				to.wants(line(at, `text "a"`), line(at, `text "b"`), line(at, "fin"))
			})
		})
	}
}

func TestRateCanChange(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "slow", Do: faultproxy.Rate{BytesPerSecond: 100}})
		from.send(from.sized(1000))
		from.until(5 * time.Second) // 490 bytes have left, ten more were on their way for 0.1 s
		r.p.Replace(faultproxy.Rule{Name: "slow", Do: faultproxy.Rate{BytesPerSecond: 500}})
		from.until(time.Minute)
		to.wants(line(5920*time.Millisecond+2*hop, from.sized(1000).String()))
	})
}

// A receiver that did not read for a while gets what its buffers hold, and the rest at
// the line's speed: lost time is lost.
func TestRateIsNotMadeUpFor(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Do: faultproxy.Rate{BytesPerSecond: 100 << 10}})
		to.deaf()
		go from.send(from.sized(1 << 20))
		from.until(30 * time.Second)
		to.listen()
		from.until(time.Minute)
		got := to.arrivals()
		_, last, _ := strings.Cut(got[strings.LastIndex(got, ", "):], ", ")
		at, err := time.ParseDuration(strings.Fields(last)[0])
		// 1024 KiB, of which the socket held 256, a portion was being written, and a tenth of a
		// second is made up for.
		if err != nil || at < 37300*time.Millisecond || at > 37800*time.Millisecond {
			t.Errorf("all of it had arrived after %v, %v", at, err)
		}
	})
}

func TestPacedShapersPushBack(t *testing.T) {
	for _, do := range []faultproxy.Fault{faultproxy.Rate{BytesPerSecond: 100 << 10}, faultproxy.Slice{Size: 10 << 10, Pause: 100 * time.Millisecond}} {
		t.Run(do.String(), func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				r.p.Add(faultproxy.Rule{Do: do})
				sent := make(chan time.Duration, 1)
				go func() {
					for range 20 {
						from.write(from.wire(from.sized(100 << 10)))
					}
					sent <- from.now()
				}()
				// 2000 KiB take 20 s on the line; the proxy keeps 256 to 512 of them, and the
				// socket 256.
				if at := <-sent; at < 12*time.Second || at > 16*time.Second {
					t.Errorf("sent after %v", at)
				}
				held := mustFind(t, r.p, 1, heldKind)
				if held.Count < 256<<10 || held.Count > 512<<10+64 || held.Dir != dir {
					t.Errorf("held: %v", held)
				}
				from.until(time.Minute)
				if got := to.got(); len(got) != 20 {
					t.Errorf("%d frames arrived, want 20", len(got))
				}
			})
		})
	}
}
