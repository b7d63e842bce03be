package faultproxy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// both runs f once for each direction: from sends what to receives.
func both(t *testing.T, set func(*faultproxy.Proxy), f func(t *testing.T, r *rig, dir frame.Direction, from, to *side)) {
	t.Helper()
	for _, dir := range []frame.Direction{frame.ToServer, frame.ToClient} {
		t.Run(dir.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, set)
				client, server := r.open()
				if dir == frame.ToServer {
					f(t, r, dir, client, server)
				} else {
					f(t, r, dir, server, client)
				}
			})
		})
	}
}

func fragment(f frame.Frame) frame.Frame {
	f.Fin = false
	return f
}

func TestDropFrames(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "d", On: frame.AllOf(frame.Toward(dir), frame.Op(frame.OpPong)), Do: faultproxy.Drop{}})
		from.send(frame.Pong([]byte("1")), frame.Text("a"), frame.Pong([]byte("2")))
		from.write(from.wire(frame.Text("b")) + from.wire(frame.Pong([]byte("3"))) + from.wire(frame.Text("c")))
		to.send(frame.Pong([]byte("other way")))
		to.wants(line(2*hop, `text "a"`), line(2*hop, `text "b"`), line(2*hop, `text "c"`))
		from.says(`pong "other way"`)
		r.firings("d", 3)
		if n := strings.Count(strings.Join(tale(r.p, "frame"), "\n"), "frame d "+dir.String()+" arrived pong"); n != 3 {
			t.Errorf("%d dropped pongs on the timeline, want 3: %q", n, tale(r.p, "frame"))
		}
	})
}

func TestDropTakesTheWholeMessage(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "d", On: frame.Contains("first"), Do: faultproxy.Drop{}})
		from.send(fragment(frame.Text("first")), frame.Continuation(false, []byte("second")), frame.Ping(nil),
			frame.Continuation(true, []byte("third")), fragment(frame.Text("kept")), frame.Continuation(true, []byte("kept too")))
		to.says("ping", `text "kept" (fragment)`, `continuation "kept too"`)
		r.firings("d", 1)
	})
}

func TestLatencyDelaysThePathAndItsEnd(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "slow", Do: faultproxy.Latency{Delay: time.Second, Dir: dir}})
		from.send(frame.Text("a"))
		from.until(400 * time.Millisecond)
		from.send(frame.Ping(nil))
		to.send(frame.Pong(nil))
		from.closeWrite()
		from.until(500 * time.Millisecond)
		r.tells("fin", "fin "+dir.String()+" arrived") // at once
		from.until(3 * time.Second)
		to.wants(line(time.Second+2*hop, `text "a"`), line(1400*time.Millisecond+2*hop, "ping"), line(1400*time.Millisecond+2*hop, "fin"))
		from.wants(line(400*time.Millisecond+2*hop, "pong"))
		r.tells("fin fault", "fault slow "+dir.String(), "fin "+dir.String()+" arrived", "fin "+dir.String()+" left")
	})
}

func TestLatencyKeepsOrderUnderJitter(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "slow", Do: faultproxy.Latency{Delay: time.Second, Jitter: time.Second}})
		var want []string
		for i := range 50 {
			f := frame.Text(string(rune('0' + i)))
			from.send(f)
			want = append(want, f.String())
			time.Sleep(10 * time.Millisecond)
		}
		from.closeWrite()
		time.Sleep(3 * time.Second)
		to.says(append(want, "fin")...)
		var late, early bool
		for _, e := range r.p.Timeline.Conn(1).Events() {
			if e.Kind.String() != "frame" || e.Seen.String() != "left" {
				continue
			}
			sent := time.Duration(e.Payload[0]-'0') * 10 * time.Millisecond
			took := e.At - mustFind(t, r.p, 1, opened).At - sent
			early = early || took < time.Second
			late = late || took > 1500*time.Millisecond
			if took > 2*time.Second+10*hop {
				t.Errorf("%q took %v", e.Payload, took)
			}
		}
		if !late || !early {
			t.Error("the delays do not vary")
		}
	})
}

func TestLatencyRemovedReleasesNothingEarly(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "slow", Do: faultproxy.Latency{Delay: 10 * time.Second}})
		from.send(frame.Text("held"))
		from.until(time.Second)
		r.p.Remove("slow")
		from.send(frame.Text("behind it"))
		from.until(12 * time.Second)
		from.send(frame.Text("free"))
		to.wants(line(10*time.Second+2*hop, `text "held"`), line(10*time.Second+2*hop, `text "behind it"`), line(12*time.Second+2*hop, `text "free"`))
	})
}

func TestLatencyOnTheHandshake(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, echoServer(t, n))
		p.Add(faultproxy.Rule{Name: "slow", Do: faultproxy.Latency{Delay: time.Second}})
		before := time.Now()
		gorillaDial(t, n, p)
		if d := time.Since(before).Truncate(time.Millisecond); d != 2*time.Second {
			t.Errorf("the handshake took %v, want 2s", d)
		}
	})
}

func TestLatencyOnAFrame(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "slow", On: frame.Op(frame.OpPing), Do: faultproxy.Latency{Delay: time.Second}})
		from.send(frame.Text("a"), frame.Ping(nil), frame.Text("b"))
		from.until(2 * time.Second)
		to.wants(line(2*hop, `text "a"`), line(time.Second+2*hop, "ping"), line(time.Second+2*hop, `text "b"`))
		r.firings("slow", 1)
	})
}

func TestLateLetsOthersPass(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "late", On: frame.AnyOf(frame.Op(frame.OpPong), frame.Equals("late")), Do: faultproxy.Late{By: 3 * time.Second}})
		from.send(frame.Pong(nil))
		from.until(time.Second)
		from.send(frame.Text("late"), frame.Text("b"))
		from.until(2 * time.Second)
		from.send(frame.Text("c"))
		from.closeWrite() // waits for what is late
		from.until(10 * time.Second)
		to.wants(line(time.Second+2*hop, `text "b"`), line(2*time.Second+2*hop, `text "c"`), line(3*time.Second+2*hop, "pong"),
			line(4*time.Second+2*hop, `text "late"`), line(4*time.Second+2*hop, "fin"))
		r.firings("late", 2)
	})
}

func TestLateFramesGoOutAsTheyAreDue(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(
			faultproxy.Rule{On: frame.Equals("slow"), Do: faultproxy.Late{By: 3 * time.Second}},
			faultproxy.Rule{On: frame.Equals("quick"), Do: faultproxy.Late{By: time.Second}},
			faultproxy.Rule{On: frame.Op(frame.OpPong), Do: faultproxy.Late{By: 2 * time.Second}})
		from.send(frame.Text("slow"), frame.Text("quick"), frame.Pong(nil))
		from.until(10 * time.Second)
		to.wants(line(time.Second+2*hop, `text "quick"`), line(2*time.Second+2*hop, "pong"), line(3*time.Second+2*hop, `text "slow"`))
	})
}

func TestLateControlFrameWaitsForTheEndOfAFrame(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{On: frame.Op(frame.OpPong), Do: faultproxy.Late{By: time.Second}})
		from.send(frame.Pong(nil))
		whole := from.wire(frame.Text("in two parts"))
		from.write(whole[:8])
		from.until(3 * time.Second)
		from.write(whole[8:])
		from.until(4 * time.Second)
		to.wants(line(3*time.Second+2*hop, `text "in two parts"`), line(3*time.Second+2*hop, "pong"))
	})
}

func TestLateDataWaitsForTheEndOfAMessage(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "late", On: frame.Equals("late"), Do: faultproxy.Late{By: time.Second}})
		r.p.Add(faultproxy.Rule{Name: "later", On: frame.Op(frame.OpPong), Do: faultproxy.Late{By: time.Second}})
		from.send(frame.Text("late"), frame.Pong(nil))
		from.until(500 * time.Millisecond)
		from.send(fragment(frame.Binary([]byte("one"))))
		from.until(2 * time.Second)
		to.says(`binary 3 B 6f6e65 (fragment)`, "pong")
		whole := from.wire(frame.Continuation(false, []byte("two")))
		from.write(whole[:3])
		from.until(3 * time.Second)
		from.write(whole[3:])
		from.until(4 * time.Second)
		from.send(frame.Continuation(true, []byte("three")))
		from.until(5 * time.Second)
		to.wants(line(500*time.Millisecond+2*hop, `binary 3 B 6f6e65 (fragment)`), line(time.Second+2*hop, "pong"),
			line(3*time.Second+2*hop, `continuation "two" (fragment)`), line(4*time.Second+2*hop, `continuation "three"`),
			line(4*time.Second+2*hop, `text "late"`))
	})
}

func TestLateIsRefusedForFragments(t *testing.T) {
	for name, do := range map[string]faultproxy.Fault{
		"late": faultproxy.Late{By: time.Second}, "duplicate": faultproxy.Duplicate{}, "replace": faultproxy.Replace{With: frame.Text("x")},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				r.p.Add(faultproxy.Rule{Name: "r", On: frame.Any, Do: do, Times: 1})
				from.send(fragment(frame.Text("a")), frame.Continuation(true, []byte("b")))
				to.wants(line(2*hop, `text "a" (fragment)`), line(2*hop, `continuation "b"`))
				r.firings("r", 0)
				r.tells("not-applied", "not-applied r "+dir.String()+" "+name+" is not possible: the message comes in fragments")
				from.until(time.Second)
				from.send(frame.Ping(nil)) // what was refused used up none of its Times
				r.firings("r", 1)
			})
		})
	}
}

func TestContextTakeoverKeepsMessagesInPlace(t *testing.T) {
	compressed := frame.Frame{Fin: true, RSV: frame.RSV1, Opcode: frame.OpText, Payload: []byte{0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}}
	for name, do := range map[string]faultproxy.Fault{
		"drop": faultproxy.Drop{}, "late": faultproxy.Late{By: time.Second}, "duplicate": faultproxy.Duplicate{}, "replace": faultproxy.Replace{With: frame.Text("x")},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				_, server := r.openWith(upgradeRequest+"Sec-WebSocket-Extensions: permessage-deflate\r\n", "Sec-WebSocket-Extensions: permessage-deflate\r\n")
				r.p.Add(faultproxy.Rule{Name: "r", On: frame.Op(frame.OpText), Do: do})
				server.send(compressed)
				r.firings("r", 0)
				if got := tale(r.p, "not-applied"); len(got) != 1 || !strings.Contains(got[0], "context takeover") {
					t.Errorf("the timeline tells %q", got)
				}
			})
		})
	}
}

func TestDuplicateFrames(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(
			faultproxy.Rule{Name: "once", On: frame.Equals("a"), Do: faultproxy.Duplicate{}},
			faultproxy.Rule{Name: "thrice", On: frame.Op(frame.OpPong), Do: faultproxy.Duplicate{Copies: 3}},
			faultproxy.Rule{Name: "both", On: frame.Equals("a"), Do: faultproxy.Duplicate{}})
		from.write(from.wire(frame.Text("a")) + from.wire(frame.Text("b")) + from.wire(frame.Pong(nil)))
		a := line(2*hop, `text "a"`)
		pong := line(2*hop, "pong")
		to.wants(a, a, a, a, line(2*hop, `text "b"`), pong, pong, pong, pong)
		r.firings("once", 1)
		r.firings("thrice", 1)
		r.firings("both", 1)
	})
}

func TestReplaceFrames(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(
			faultproxy.Rule{Name: "r", On: frame.Op(frame.OpPong), Do: faultproxy.Replace{With: frame.Text("forged")}},
			faultproxy.Rule{Name: "not again", On: frame.Equals("forged"), Do: faultproxy.Drop{}})
		from.send(frame.Pong([]byte("real")), frame.Text("b"))
		to.wants(line(2*hop, `text "forged"`), line(2*hop, `text "b"`))
		r.firings("r", 1)
		r.firings("not again", 0)
	})
}
