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

func TestEndFINRST(t *testing.T) {
	ending(t, faultproxy.FINRST, func(t *testing.T, r *rig, dir frame.Direction, near, far *side) {
		far.send(frame.Text("lost"))
		near.wants(line(2*hop, `text "before"`), line(time.Second+hop, "fin"))
		near.until(time.Second + time.Millisecond)
		near.send(frame.Text("read and discarded"))
		near.until(time.Second + time.Millisecond + hop)
		if _, err := near.Write([]byte("x")); !isResetError(err) {
			t.Errorf("a write behind the RST: %v", err)
		}
		far.wants(line(2*hop, `text "before"`))
		r.tells("fin rst closed", "fin caller "+dir.String()+" left", "rst caller "+dir.String()+" left")
		r.over(false)
		far.closeWrite()
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
