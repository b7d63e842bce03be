package faultproxy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// sized is a binary frame that takes n bytes on the wire of this side.
func (s *side) sized(n int) frame.Frame {
	payload := n
	for len(s.wire(frame.Binary(make([]byte, payload)))) > n {
		payload--
	}
	return frame.Binary(make([]byte, payload))
}

// arrivals returns when bytes arrived, and how many at that instant: "1s 100, 2s 200".
func (s *side) arrivals() string {
	settle()
	s.mu.Lock()
	defer s.mu.Unlock()
	var words []string
	last := 0
	for i, m := range s.marks {
		if i+1 < len(s.marks) && s.marks[i+1].at == m.at || m.end == last {
			continue
		}
		words = append(words, line(m.at, itoa(m.end-last)))
		last = m.end
	}
	return strings.Join(words, ", ")
}

// received is how many bytes arrived.
func (s *side) received() int {
	settle()
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.raw)
}

func TestSliceCutsWhatArrivesTogether(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "slice", Do: faultproxy.Slice{Size: 40, Pause: time.Second}})
		from.write(from.wire(from.sized(30)) + from.wire(from.sized(30)) + from.wire(from.sized(30))) // 40, 40, 10
		from.until(2500 * time.Millisecond)
		from.send(from.sized(20)) // the last piece's pause is not over
		from.until(10 * time.Second)
		from.send(from.sized(20))
		from.closeWrite()
		from.until(20 * time.Second)
		if got, want := to.arrivals(), "2µs 40, 1.000002s 40, 2.000002s 10, 3.000002s 20, 10.000002s 20"; got != want {
			t.Errorf("it came as %s, want %s", got, want)
		}
		to.wants(line(2*hop, from.sized(30).String()), line(time.Second+2*hop, from.sized(30).String()), line(2*time.Second+2*hop, from.sized(30).String()),
			line(3*time.Second+2*hop, from.sized(20).String()), line(10*time.Second+2*hop, from.sized(20).String()), line(10*time.Second+2*hop, "fin"))
		r.tells("fault", "fault slice "+dir.String())
	})
}

func TestSlicesVaryBySeed(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Do: faultproxy.Slice{Size: 50, Variation: 20, Pause: time.Millisecond}})
		from.send(from.sized(5000))
		from.until(time.Minute)
		sizes := map[string]bool{}
		for _, w := range strings.Split(to.arrivals(), ", ") {
			_, n, _ := strings.Cut(w, " ")
			sizes[n] = true
		}
		for n := range sizes {
			if k := atoi(n); (k < 30 || k > 70) && len(sizes) > 1 && !strings.HasSuffix(to.arrivals(), " "+n) {
				t.Errorf("a piece of %s bytes", n)
			}
		}
		if len(sizes) < 10 {
			t.Errorf("sizes do not vary: %v", sizes)
		}
	})
}

func TestLimitPassesThatManyBytesAndEnds(t *testing.T) {
	for _, test := range []struct {
		name     string
		limit    int
		end      faultproxy.End
		to, from string
	}{
		{"full close", 50, faultproxy.End{}, "fin", "fin"},
		{"reset", 50, faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST}, "rst", "rst"},
		{"at a boundary", 60, faultproxy.End{}, "fin", "fin"},
		{"none", 0, faultproxy.End{}, "fin", "fin"},
	} {
		t.Run(test.name, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				r.p.Add(faultproxy.Rule{Name: "limit", Do: faultproxy.Limit{Bytes: test.limit, Dir: dir, End: test.end}, Expect: faultproxy.Fired})
				to.send(frame.Binary(make([]byte, 1000))) // has no limit
				settle()
				from.send(from.sized(30))
				from.until(time.Second)
				if test.limit > 0 {
					r.tells("fault")
					from.send(from.sized(30), frame.Ping(nil))
				}
				from.until(2 * time.Second)
				if got := to.received(); test.to == "fin" && got != test.limit {
					t.Errorf("%d bytes arrived, want %d", got, test.limit)
				}
				if got := to.words(); got[len(got)-1] != test.to {
					t.Errorf("the receiver got %q, want %s at the end", got, test.to)
				}
				if got := from.words(); got[len(got)-1] != test.from {
					t.Errorf("the sender got %q, want %s at the end", got, test.from)
				}
				r.tells("fault", "fault limit "+dir.String())
				r.firings("limit", 1)
			})
		})
	}
}

func TestLimitThatKeepsASideSwallowsTheRest(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		end := faultproxy.End{Client: faultproxy.FIN}
		if dir == frame.ToClient {
			end = faultproxy.End{Server: faultproxy.FIN}
		}
		r.p.Add(faultproxy.Rule{Name: "limit", Do: faultproxy.Limit{Bytes: 40, Dir: dir, End: end}})
		from.send(from.sized(30), from.sized(30), from.sized(30))
		from.until(time.Minute)
		if got := to.arrivals(); got != "2µs 40" {
			t.Errorf("it came as %s, want 40 bytes", got)
		}
		from.says("fin")
		r.firings("limit", 1)
	})
}

func TestDiscardBytesEndsTheConnectionItCrippled(t *testing.T) {
	for name, undo := range map[string]func(*faultproxy.Proxy){
		"removed":  func(p *faultproxy.Proxy) { p.Remove("gone") },
		"replaced": func(p *faultproxy.Proxy) { p.Replace(faultproxy.Rule{Name: "gone", Do: faultproxy.Latency{}}) },
		"window":   func(*faultproxy.Proxy) {},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				rule := faultproxy.Rule{Name: "gone", Do: faultproxy.DiscardBytes{Dir: dir}}
				if name == "window" {
					rule.For = 30 * time.Second
				}
				whole := from.wire(frame.Text("in two parts"))
				from.write(whole[:8])
				from.until(time.Second)
				r.p.Add(rule)
				from.write(whole[8:] + from.wire(frame.Text("b")))
				to.send(frame.Text("the other way"))
				from.until(30*time.Second + time.Second/2)
				from.says(`text "the other way"`)
				undo(r.p)
				from.until(40 * time.Second)
				to.says("8 bytes of a frame", "fin")
				from.says(`text "the other way"`, "fin")
				if closed := mustFind(t, r.p, 1, closedKind); closed.Rule != "gone" || name == "window" && closed.At-mustFind(t, r.p, 1, opened).At != 31*time.Second+hop {
					t.Errorf("closed %v after the opening: %v", closed.At-mustFind(t, r.p, 1, opened).At, closed)
				}
				r.tells("fault", "fault gone "+dir.String())
			})
		})
	}
}

func TestDiscardBytesLeavesConnectionsThatLostNothing(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "gone", Do: faultproxy.DiscardBytes{Dir: dir}})
		to.send(frame.Text("x"))
		settle()
		r.p.Remove("gone")
		from.send(frame.Text("a"))
		to.says(`text "a"`)
		r.firings("gone", -1)
	})
}

func TestDiscardBytesLetsEndsPass(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "gone", Do: faultproxy.DiscardBytes{}})
		from.send(frame.Text("a"))
		from.closeWrite()
		to.says("fin")
		for _, e := range tale(r.p, "frame") {
			if strings.Contains(e, "left") || strings.Contains(e, "passed") {
				t.Errorf("the timeline tells %q of what was swallowed", e)
			}
		}
	})
}

func TestSlowCloseDelaysEndsAlone(t *testing.T) {
	for _, end := range []string{"fin", "rst"} {
		t.Run(end, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				r.p.Add(faultproxy.Rule{Name: "slow", Do: faultproxy.SlowClose{Delay: 10 * time.Second, Dir: dir}})
				from.send(frame.Text("last words"))
				from.until(time.Second)
				r.tells("fault")
				if end == "fin" {
					from.closeWrite()
				} else {
					from.reset()
				}
				from.until(5 * time.Second)
				r.tells("fin rst", end+" "+dir.String()+" arrived")
				from.until(time.Minute)
				at := 11*time.Second + 2*hop
				if end == "rst" { // without a linger in the harness' clock
					at = 11*time.Second + 20*hop + 2*hop
				}
				if got := to.got(); len(got) != 2 || got[0] != line(2*hop, `text "last words"`) || got[1] != line(at, end) && got[1] != line(at+20*hop, end) {
					t.Errorf("got %q, want the %s at %v", got, end, at)
				}
				r.tells("fault", "fault slow "+dir.String())
			})
		})
	}
}

func TestShapersTogether(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(
			faultproxy.Rule{Name: "latency", Do: faultproxy.Latency{Delay: 5 * time.Second}},
			faultproxy.Rule{Name: "slice", Do: faultproxy.Slice{Size: 100, Pause: 500 * time.Millisecond}},
			faultproxy.Rule{Name: "rate", Do: faultproxy.Rate{BytesPerSecond: 1000}},
			faultproxy.Rule{Name: "limit", Do: faultproxy.Limit{Bytes: 250, Dir: dir}})
		from.send(from.sized(1000))
		from.until(time.Minute)
		if got, want := to.arrivals(), "5.100002s 100, 5.600002s 100, 6.050002s 50"; got != want {
			t.Errorf("it came as %s, want %s", got, want)
		}
		to.says("250 bytes of a frame", "fin")
		for _, rule := range []string{"latency", "slice", "rate", "limit"} {
			if fired(r.p, rule) < 1 {
				t.Errorf("%s did not fire", rule)
			}
		}
	})
}

// What is put between the frames waits for the frame whose beginning has left; ends do not.
func TestInjectionsWaitForAFrameThatLeavesInParts(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "slow", Do: faultproxy.Rate{BytesPerSecond: 100}},
			faultproxy.Rule{Name: "late", On: frame.Op(frame.OpPong), Do: faultproxy.Late{By: time.Second}})
		from.send(frame.Pong(nil), from.sized(500), frame.Text("next"))
		from.until(2 * time.Second)
		r.p.Conn(1).Inject(frame.Ping(nil), dir)
		from.until(6 * time.Second)
		to.says(from.sized(500).String(), "pong", `text "next"`, "ping")
		if got := strings.Join(tale(r.p, "frame-start"), ", "); got != "frame-start "+dir.String()+" left" {
			t.Errorf("the timeline tells %q, want the beginning of the one frame that leaves in parts and is larger than a portion", got)
		}
	})
}

func TestSilenceStopsShapedBytesAtAnyByte(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Do: faultproxy.Rate{BytesPerSecond: 100}})
		from.send(from.sized(500))
		from.until(2*time.Second + 50*time.Millisecond)
		r.p.Conn(1).Silence(dir)
		from.until(10 * time.Second)
		to.says("200 bytes of a frame")
		r.p.Conn(1).Heal()
		from.until(20 * time.Second)
		to.says(from.sized(500).String())
	})
}
