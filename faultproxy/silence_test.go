package faultproxy_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func TestSilenceHealsInOrderOnTheSameConnection(t *testing.T) {
	for _, dir := range []frame.Direction{frame.ToServer, frame.ToClient, frame.Both} {
		t.Run(dir.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				r.p.Add(faultproxy.Rule{Name: "dark", On: faultproxy.Elapsed(10 * time.Second), Do: faultproxy.Silence{Dir: dir, For: 30 * time.Second}})
				client, server := r.open()
				var up, down []string
				held := func(d frame.Direction, at time.Duration) time.Duration {
					if dir.Has(d) && at >= 10*time.Second {
						return 40*time.Second + 0*hop
					}
					return at + 2*hop
				}
				for at := time.Second; at < 39*time.Second; at += 3 * time.Second {
					client.until(at)
					f := frame.Text(at.String())
					client.send(f)
					server.send(f)
					up = append(up, line(held(frame.ToServer, at), f.String()))
					down = append(down, line(held(frame.ToClient, at), f.String()))
				}
				client.until(50 * time.Second)
				server.wants(up...)
				client.wants(down...)
				r.firings("dark", 1)
				var want []string
				for _, d := range []frame.Direction{frame.ToServer, frame.ToClient} {
					if dir.Has(d) {
						want = append(want, "silence dark "+d.String())
					}
				}
				for _, d := range []frame.Direction{frame.ToServer, frame.ToClient} {
					if dir.Has(d) {
						want = append(want, "heal dark "+d.String())
					}
				}
				r.tells("silence heal not-applied closed ended", want...)
			})
		})
	}
}

func TestSilenceHoldsEndsToo(t *testing.T) {
	for _, end := range []string{"fin", "rst"} {
		t.Run(end, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				r.p.Conn(1).Silence(dir)
				from.send(frame.Text("last words"))
				from.until(time.Second)
				if end == "fin" {
					from.closeWrite()
				} else {
					from.reset()
				}
				from.until(30 * time.Second)
				to.wants()
				r.tells("fin rst", end+" "+dir.String()+" arrived") // at once
				r.over(false)
				from.until(31 * time.Second)
				r.p.Conn(1).Heal()
				to.wants(line(31*time.Second+hop, `text "last words"`), line(31*time.Second+hop, end))
				r.tells("fin rst", end+" "+dir.String()+" arrived", end+" "+dir.String()+" left")
			})
		})
	}
}

func TestSilenceKeepsOneMebibyteThenStopsReading(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Conn(1).Silence(dir)
		settle()
		sent := make(chan time.Duration, 1)
		big := frame.Binary(make([]byte, 100<<10))
		go func() {
			for range 40 {
				from.write(from.wire(big))
			}
			sent <- from.now()
		}()
		from.until(10 * time.Second)
		select {
		case <-sent:
			t.Error("4 MiB went into a silence of 1 MiB and a socket of 256 KiB")
		default:
		}
		held := mustFind(t, r.p, 1, heldKind)
		if held.Count < 1<<20 || held.Count > 1<<20+256<<10 || held.Dir != dir {
			t.Errorf("held: %v", held)
		}
		r.p.Conn(1).Heal()
		if at := <-sent; at < 10*time.Second {
			t.Errorf("sent after %v", at)
		}
		from.until(11 * time.Second)
		if got := to.got(); len(got) != 40 {
			t.Errorf("%d messages arrived, want 40", len(got))
		}
		if n := len(tale(r.p, "held")); n != 1 {
			t.Errorf("held is recorded %d times, want once", n)
		}
	})
}

func TestAPeerThatIsEndedIsReadOnPastAFullSilence(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Conn(1).Silence(dir)
		settle()
		sent := make(chan time.Duration, 1)
		go func() {
			from.write(from.wire(frame.Binary(make([]byte, 4<<20))))
			sent <- from.now()
		}()
		from.until(10 * time.Second)
		end := faultproxy.End{Client: faultproxy.FIN}
		if dir == frame.ToClient {
			end = faultproxy.End{Server: faultproxy.FIN}
		}
		r.p.Conn(1).End(end)
		if at := <-sent; at < 10*time.Second || at > 11*time.Second {
			t.Errorf("4 MiB were sent by %v; a side that got a FIN is read and discarded from then on", at)
		}
	})
}

// A rule that goes in the moment in which it acts leaves nothing behind.
func TestSilenceOfARuleThatRemovesItself(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "r", On: frame.Any, Do: userFault{faultproxy.StageFrame, func(p *faultproxy.Plan) {
			r.p.Remove("r")
			p.Silence(dir, 0)
			p.Discard(dir, 0)
		}}})
		from.send(frame.Text("a"), frame.Text("b"))
		to.says(`text "a"`, `text "b"`)
	})
}

func TestSilenceOneWayLeavesTheOtherAlone(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Conn(1).Silence(dir)
		for i := range 5 {
			from.until(time.Duration(i) * time.Minute)
			from.send(frame.Ping(nil))
			to.send(frame.Text("heard"))
		}
		from.says(`text "heard"`, `text "heard"`, `text "heard"`, `text "heard"`, `text "heard"`)
		to.says()
	})
}

func TestSilencesOverlap(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(
			faultproxy.Rule{Name: "a", On: faultproxy.Elapsed(10 * time.Second), Do: faultproxy.Silence{Dir: frame.ToClient, For: 20 * time.Second}},
			faultproxy.Rule{Name: "b", On: faultproxy.Elapsed(20 * time.Second), Do: faultproxy.Silence{For: 20 * time.Second}})
		client, server := r.open()
		for at := 5 * time.Second; at < time.Minute; at += 10 * time.Second {
			client.until(at)
			server.send(frame.Text(at.String()))
			client.send(frame.Text(at.String()))
		}
		// To the client from 10 to 40 s, to the server from 20 to 40 s.
		const healed = 40 * time.Second
		client.wants(line(5*time.Second+2*hop, `text "5s"`), line(healed, `text "15s"`), line(healed, `text "25s"`), line(healed, `text "35s"`),
			line(45*time.Second+2*hop, `text "45s"`), line(55*time.Second+2*hop, `text "55s"`))
		server.wants(line(5*time.Second+2*hop, `text "5s"`), line(15*time.Second+2*hop, `text "15s"`), line(healed, `text "25s"`), line(healed, `text "35s"`),
			line(45*time.Second+2*hop, `text "45s"`), line(55*time.Second+2*hop, `text "55s"`))
		r.tells("silence heal", "silence a to-client", "silence b to-server", "heal b to-server", "heal b to-client")
	})
}

func TestSilenceOfOneRuleExtendsItself(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "dark", On: frame.Op(frame.OpPing), Do: faultproxy.Silence{Dir: dir, For: 10 * time.Second}})
		from.until(time.Second)
		from.send(frame.Ping(nil))
		from.until(6 * time.Second)
		from.send(frame.Ping(nil))
		from.until(time.Minute)
		to.wants(line(time.Second+2*hop, "ping"), line(16*time.Second+2*hop, "ping"))
		r.firings("dark", 2)
	})
}

func TestSilenceHealsWhenItsRuleGoes(t *testing.T) {
	for name, undo := range map[string]func(*faultproxy.Proxy){
		"removed": func(p *faultproxy.Proxy) { p.Remove("dark") },
		"replaced": func(p *faultproxy.Proxy) {
			p.Replace(faultproxy.Rule{Name: "dark", On: opened, Do: faultproxy.Discard{}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				r.p.Add(faultproxy.Rule{Name: "dark", On: opened, Do: faultproxy.Silence{Dir: dir}})
				from.send(frame.Text("a"))
				from.until(time.Minute)
				to.wants()
				undo(r.p)
				settle()
				if got := to.words(); len(got) != 1 || got[0] != `text "a"` {
					t.Errorf("after the rule: %q", got)
				}
			})
		})
	}
}

func TestSilenceStaysWhenItsRuleIsReplacedByItsLike(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "dark", On: opened, Do: faultproxy.Silence{Dir: dir}})
		from.send(frame.Text("a"))
		from.until(time.Second)
		r.p.Replace(faultproxy.Rule{Name: "dark", On: opened, Do: faultproxy.Silence{Dir: dir, For: time.Minute}})
		from.until(time.Hour)
		to.says()
		r.firings("dark", 1)
		r.p.Remove("dark")
		to.says(`text "a"`)
	})
}

func TestHealEndsWhatCallersAndRulesDid(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "dark", On: opened, Do: faultproxy.Silence{}})
		r.p.Conn(1).Silence(dir)
		r.p.Conn(1).Silence(dir)
		from.send(frame.Text("a"))
		r.p.Remove("dark")
		from.until(time.Second)
		to.wants()
		r.p.Conn(1).Heal()
		to.wants(line(time.Second+20*hop+hop, `text "a"`))
		r.p.Conn(1).Heal() // nothing is left to heal
		r.tells("heal", "heal dark "+dir.Opposite().String(), "heal caller "+dir.String())
	})
}

func TestSilenceOnAFramePassesThatFrame(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "dark", On: frame.Equals("a"), Do: faultproxy.Silence{}})
		from.write(from.wire(frame.Text("a")) + from.wire(frame.Text("b")))
		from.until(time.Hour)
		to.wants(line(2*hop, `text "a"`))
		r.firings("dark", 1)
	})
}

func TestInjectIntoASilenceWaitsForItsEnd(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Conn(1).Silence(dir)
		r.p.Conn(1).Inject(frame.Ping(nil), dir)
		from.until(30 * time.Second)
		to.wants()
		r.p.Conn(1).Heal()
		to.says("ping")
		r.tells("not-applied")
	})
}

func TestSilenceIsRecordedWithWhoDidIt(t *testing.T) {
	for _, dir := range []frame.Direction{frame.ToServer, frame.ToClient, 0} {
		t.Run(fmt.Sprint(dir), func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				r.open()
				r.p.Conn(1).Silence(dir)
				if dir == 0 { // both
					r.tells("silence fault", "fault caller", "silence caller to-server", "silence caller to-client")
					return
				}
				r.tells("silence fault", "fault caller", "silence caller "+dir.String())
			})
		})
	}
}
