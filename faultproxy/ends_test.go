package faultproxy_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// ending runs f once for each side: the near one is ended, the far one is kept. It
// begins a second after the opening; end ends the near side.
func ending(t *testing.T, how faultproxy.Ending, f func(t *testing.T, r *rig, side frame.Direction, near, far *side)) {
	t.Helper()
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, far, near *side) {
		near.send(frame.Text("before"))
		far.send(frame.Text("before"))
		far.until(time.Second)
		end := faultproxy.End{Client: how}
		if dir == frame.ToServer {
			end = faultproxy.End{Server: how}
		}
		if err := r.p.Conn(1).End(end); err != nil {
			t.Fatal(err)
		}
		f(t, r, dir, near, far)
	})
}

func TestEndHalfClose(t *testing.T) {
	ending(t, faultproxy.HalfClose, func(t *testing.T, r *rig, dir frame.Direction, near, far *side) {
		far.send(frame.Text("lost"))
		near.until(time.Hour)
		near.send(frame.Text("still passes"))
		near.wants(line(2*hop, `text "before"`), line(time.Second+hop, "fin"))
		far.wants(line(2*hop, `text "before"`), line(time.Hour+2*hop, `text "still passes"`))
		r.over(false)
		near.closeWrite()
		far.says(`text "before"`, `text "still passes"`, "fin")
		far.closeWrite()
		r.over(true)
		r.tells("closed")
	})
}

func TestEndFIN(t *testing.T) {
	ending(t, faultproxy.FIN, func(t *testing.T, r *rig, dir frame.Direction, near, far *side) {
		far.send(frame.Text("lost"))
		near.until(2 * time.Second)
		near.send(frame.Text("read and discarded"))
		near.until(2500 * time.Millisecond)
		near.closeWrite()
		near.until(time.Hour)
		near.wants(line(2*hop, `text "before"`), line(time.Second+hop, "fin"))
		far.wants(line(2*hop, `text "before"`))
		r.tells("closed")
		r.over(false)
		far.closeWrite()
		far.says(`text "before"`, "fin")
		r.over(true)
	})
}

func TestEndFINOfAPeerThatStays(t *testing.T) {
	ending(t, faultproxy.FIN, func(t *testing.T, r *rig, dir frame.Direction, near, far *side) {
		near.until(2900 * time.Millisecond)
		near.send(frame.Text("still welcome"))
		r.tells("closed")
		near.until(3 * time.Second)
		r.tells("closed", "closed "+dir.String())
		near.send(frame.Text("draws a reset"))
		settle()
		if _, err := near.Write([]byte("x")); err == nil {
			t.Error("the socket is still there after the linger")
		}
		far.says(`text "before"`)
	})
}

func TestEndFullClose(t *testing.T) {
	ending(t, faultproxy.FullClose, func(t *testing.T, r *rig, dir frame.Direction, near, far *side) {
		far.send(frame.Text("lost"))
		near.wants(line(2*hop, `text "before"`), line(time.Second+hop, "fin"))
		near.send(frame.Text("draws a reset"))
		settle()
		if _, err := near.Write([]byte("x")); err == nil {
			t.Error("the socket is still there")
		}
		far.wants(line(2*hop, `text "before"`))
		r.tells("closed", "closed caller "+dir.String())
		r.over(false)
		far.closeWrite()
		r.over(true)
	})
}

func TestEndRST(t *testing.T) {
	ending(t, faultproxy.RST, func(t *testing.T, r *rig, dir frame.Direction, near, far *side) {
		near.wants(line(2*hop, `text "before"`), line(time.Second+hop, "rst"))
		far.send(frame.Text("lost"))
		far.wants(line(2*hop, `text "before"`))
		r.tells("rst", "rst caller "+dir.String()+" left")
		r.over(false)
		far.closeWrite()
		far.says(`text "before"`, "fin")
		r.over(true)
	})
}

func TestEndSilent(t *testing.T) {
	ending(t, faultproxy.Silent, func(t *testing.T, r *rig, dir frame.Direction, near, far *side) {
		near.send(frame.Text("from near"))
		far.send(frame.Text("from far"))
		near.until(time.Hour)
		near.says(`text "before"`)
		far.says(`text "before"`)
		r.p.Conn(1).Heal()
		near.says(`text "before"`, `text "from far"`)
		far.says(`text "before"`, `text "from near"`)
	})
}

func TestEndOneSideSilentAndTheOtherForReal(t *testing.T) {
	for how, want := range map[faultproxy.Ending]string{faultproxy.HalfClose: "fin", faultproxy.FIN: "fin", faultproxy.FullClose: "fin", faultproxy.RST: "rst"} {
		t.Run(how.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				client, server := r.open()
				r.p.Conn(1).End(faultproxy.End{Client: how, Server: faultproxy.Silent})
				server.send(frame.Text("into the dark"))
				client.until(time.Hour)
				server.wants()
				client.wants(line(hop, want))
				r.over(false)
			})
		})
	}
}

func TestEndsInEitherOrderWithAGap(t *testing.T) {
	hows := []faultproxy.Ending{faultproxy.HalfClose, faultproxy.FIN, faultproxy.FullClose, faultproxy.RST}
	word := map[faultproxy.Ending]string{faultproxy.HalfClose: "fin", faultproxy.FIN: "fin", faultproxy.FullClose: "fin", faultproxy.RST: "rst"}
	for _, client := range hows {
		for _, server := range hows {
			for _, serverFirst := range []bool{false, true} {
				for _, gap := range []time.Duration{0, time.Second, time.Minute} {
					e := faultproxy.End{Client: client, Server: server, ServerFirst: serverFirst, Gap: gap}
					t.Run(fmt.Sprint(e, serverFirst, gap), func(t *testing.T) {
						bubble(t, func(t *testing.T, n *memnet.Network) {
							r := newRig(t, n, nil)
							r.p.Add(faultproxy.Rule{Name: "e", On: faultproxy.Elapsed(10 * time.Second), Do: e})
							c, s := r.open()
							c.until(11*time.Second + gap)
							clientAt, serverAt := 10*time.Second, 10*time.Second
							if serverFirst {
								clientAt += gap
							} else {
								serverAt += gap
							}
							c.wants(line(clientAt, word[client]))
							s.wants(line(serverAt, word[server]))
							r.firings("e", 1)
							c.Close()
							s.Close()
							r.over(true)
						})
					})
				}
			}
		}
	}
}

func TestEndGapOutlivesTheFirstSide(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		client, server := r.open()
		server.closeWrite() // half-closed before: nobody reads the server any more
		settle()
		r.p.Conn(1).End(faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST, Gap: time.Minute})
		server.until(2 * time.Minute)
		client.says("fin")
		server.wants(line(time.Minute+20*hop+hop, "rst"))
	})
}

func TestEndGapIsOverWhenTheOtherSideIsGone(t *testing.T) {
	for name, leave := range map[string]func(*rig, *side){
		"reset":        func(_ *rig, s *side) { s.reset() },
		"ended":        func(r *rig, _ *side) { r.p.Conn(1).End(faultproxy.End{Server: faultproxy.RST}) },
		"proxy closes": func(r *rig, _ *side) { r.p.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				_, server := r.open()
				r.p.Conn(1).End(faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST, Gap: time.Minute})
				server.until(time.Second)
				leave(r, server)
				r.over(true)
			})
		})
	}
}

func TestEndOnAFrameComesAfterIt(t *testing.T) {
	for how, want := range map[faultproxy.Ending]string{faultproxy.HalfClose: "fin", faultproxy.FIN: "fin", faultproxy.FullClose: "fin", faultproxy.RST: "rst"} {
		t.Run(how.String(), func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				r.p.Add(faultproxy.Rule{Name: "e", On: frame.Equals("last"), Do: faultproxy.End{Client: how, Server: how}})
				from.write(from.wire(frame.Text("first")) + from.wire(frame.Text("last")) + from.wire(frame.Text("behind it")))
				to.wants(line(2*hop, `text "first"`), line(2*hop, `text "last"`), line(2*hop, want))
				from.wants(line(2*hop, want))
				r.firings("e", 1)
			})
		})
	}
}

func TestEndsActWhileAWriteIsStuck(t *testing.T) {
	for _, how := range []faultproxy.Ending{faultproxy.HalfClose, faultproxy.FIN, faultproxy.FullClose, faultproxy.RST} {
		t.Run(how.String(), func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				to.deaf()
				done := make(chan struct{})
				go func() {
					defer close(done)
					_, _ = from.Write([]byte(from.wire(frame.Binary(make([]byte, 2<<20)))))
				}()
				from.until(time.Second)
				r.p.Conn(1).End(faultproxy.End{Client: how, Server: how})
				from.until(4 * time.Second)
				<-done // the source was read on, or cut off
				_ = to.Close()
				_ = from.Close()
				r.over(true)
			})
		})
	}
}

func TestEndsDropWhatIsQueued(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "slow", Do: faultproxy.Latency{Delay: time.Second}})
		from.send(frame.Text("queued"))
		settle()
		r.p.Conn(1).End(faultproxy.End{Client: faultproxy.FIN, Server: faultproxy.FIN})
		from.until(time.Minute)
		to.wants(line(20*hop+hop, "fin"))
		from.wants(line(20*hop+hop, "fin"))
	})
}

func TestEndsPassOn(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		from.send(frame.Text("a"))
		from.closeWrite()
		to.wants(line(2*hop, `text "a"`), line(2*hop, "fin"))
		to.send(frame.Text("b")) // the other direction lives
		from.says(`text "b"`)
		r.over(false)
		to.reset()
		from.says(`text "b"`, "rst")
		r.over(true)
		r.tells("fin rst", "fin "+dir.String()+" passed", "rst "+dir.Opposite().String()+" arrived", "rst "+dir.Opposite().String()+" left")
	})
}

func TestResetPassesOnBehindWhatCameBefore(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "slow", Do: faultproxy.Latency{Delay: time.Second}})
		from.send(frame.Text("a"))
		from.until(500 * time.Millisecond)
		from.reset()
		from.until(10 * time.Second)
		to.wants(line(time.Second+2*hop, `text "a"`), line(1500*time.Millisecond+2*hop, "rst"))
		r.over(true)
	})
}

func TestAPeerThatVanishedAfterItsFIN(t *testing.T) {
	for name, behavior := range map[string]faultproxy.Behavior{"rst": {}, "fin": {OnRST: faultproxy.ResetFIN}} {
		t.Run(name, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				r.p.Behave(behavior)
				from.Close() // it sends a FIN, and answers what comes with a reset
				to.says("fin")
				to.send(frame.Text("nobody reads this"))
				to.says("fin")
				to.send(frame.Text("nor this"))
				settle()
				r.over(true)
				if name == "fin" {
					r.tells("rst", "rst "+dir.String()+" arrived")
				} else {
					r.tells("rst", "rst "+dir.String()+" arrived", "rst "+dir.String()+" left")
				}
				if _, err := to.Write([]byte("x")); (err != nil) != (name == "rst") {
					t.Errorf("the next write: %v", err)
				}
			})
		})
	}
}

func TestTheResetOfAPeerThatVanishedOvertakesNothing(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "slow", Do: faultproxy.Latency{Delay: time.Second, Dir: dir}})
		from.send(frame.Text("a"))
		from.Close()
		to.send(frame.Text("nobody reads this"))
		settle()
		to.send(frame.Text("nor this"))
		from.until(10 * time.Second)
		to.wants(line(time.Second+2*hop, `text "a"`), line(time.Second+2*hop, "rst"))
	})
}

func TestAWriteErrorEndsOneDirectionOnly(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		to.send(frame.Text("on its way"))
		_ = to.Conn.(*memnet.Conn).CloseRead()
		to.closeWrite() // from here on, what reaches it is answered with a reset
		from.send(frame.Text("x"))
		settle()
		from.send(frame.Text("y"))
		from.says(`text "on its way"`, "fin")
	})
}

// policy plays the end of one side under a behavior.
func policy(t *testing.T, b faultproxy.Behavior, f func(t *testing.T, r *rig, client, server *side)) {
	t.Helper()
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Behave(b)
		client, server := r.open()
		f(t, r, client, server)
	})
}

func TestBehaviorTearsDownOnFIN(t *testing.T) {
	for _, test := range []struct {
		on             faultproxy.OnFIN
		client, server bool // whose FIN tears down
	}{{faultproxy.Forward, false, false}, {faultproxy.TearDown, true, true}, {faultproxy.HAProxy, false, true}} {
		for _, ender := range []string{"client", "server"} {
			t.Run(fmt.Sprint(test.on, ender), func(t *testing.T) {
				policy(t, faultproxy.Behavior{Name: "box", OnFIN: test.on}, func(t *testing.T, r *rig, client, server *side) {
					from, to, down := client, server, test.client
					if ender == "server" {
						from, to, down = server, client, test.server
					}
					from.send(frame.Text("delivered"))
					from.closeWrite()
					to.says(`text "delivered"`, "fin")
					r.over(down)
					if down {
						from.says("fin")
						r.tells("closed", "closed box to-server", "closed box to-client")
						return
					}
					to.send(frame.Text("still passes"))
					from.says(`text "still passes"`)
				})
			})
		}
	}
}

func TestBehaviorHidesAResetBehindAFIN(t *testing.T) {
	for _, on := range []faultproxy.OnRST{faultproxy.PassRST, faultproxy.ResetFIN} {
		for _, ender := range []string{"client", "server"} {
			t.Run(fmt.Sprint(on, ender), func(t *testing.T) {
				policy(t, faultproxy.Behavior{OnRST: on}, func(t *testing.T, r *rig, client, server *side) {
					from, to := client, server
					if ender == "server" {
						from, to = server, client
					}
					from.send(frame.Text("delivered"))
					settle()
					from.reset()
					want := "rst"
					if on == faultproxy.ResetFIN {
						want = "fin"
					}
					to.says(`text "delivered"`, want)
					r.over(true)
				})
			})
		}
	}
}

func TestTearDownWaitsForWhatIsQueued(t *testing.T) {
	policy(t, faultproxy.Behavior{OnFIN: faultproxy.TearDown}, func(t *testing.T, r *rig, client, server *side) {
		r.p.Add(faultproxy.Rule{Name: "slow", Do: faultproxy.Latency{Delay: time.Second}})
		client.send(frame.Text("a"))
		client.closeWrite()
		client.until(10 * time.Second)
		server.wants(line(time.Second+2*hop, `text "a"`), line(time.Second+2*hop, "fin"))
		client.wants(line(time.Second+2*hop, "fin"))
	})
}
