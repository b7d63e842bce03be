package faultproxy_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// rawBytes is what a side received behind the handshake.
func (s *side) rawBytes() string {
	settle()
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.raw)
}

// firstPayload is that of the first frame that a side received.
func (s *side) firstPayload() string {
	raw := []byte(s.rawBytes())
	h, n := frame.ParseHeader(raw)
	payload := raw[n:]
	if h.Masked {
		frame.Mask(payload, h.Key, 0)
	}
	return string(payload[:h.Length])
}

func TestCorruptChangesSoManyBytesOfThePayload(t *testing.T) {
	text := strings.Repeat("0123456789", 10)
	for _, bytes := range []int{0, 1, 7, 1000} {
		both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
			r.p.Add(faultproxy.Rule{Name: "c", On: frame.Op(frame.OpText), Do: faultproxy.Corrupt{Bytes: bytes}, Times: 1})
			from.send(frame.Text(text), frame.Text("next"))
			got := to.firstPayload()
			changed := 0
			for i := range text {
				if got[i] != text[i] {
					changed++
				}
			}
			if want := max(1, min(bytes, 100)); len(got) != 100 || changed != want {
				t.Errorf("%d bytes of %d are others, want %d", changed, len(got), want)
			}
			if words := to.words(); words[1] != `text "next"` {
				t.Errorf("behind it came %q", words)
			}
			r.firings("c", 1)
			arrived := mustFind(t, r.p, 1, frameKind)
			if string(arrived.Payload) != text || arrived.Rule != "c" {
				t.Errorf("the timeline shows what arrived as %v", arrived)
			}
		})
	}
}

func TestCorruptFollowsTheSeed(t *testing.T) {
	play := func(seed uint64) (got string) {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			r := newRig(t, n, func(p *faultproxy.Proxy) { p.Seed = seed })
			r.p.Add(faultproxy.Rule{Name: "c", On: frame.Any, Do: faultproxy.Corrupt{}})
			client, server := r.open()
			server.send(frame.Text("0123456789"))
			got = client.firstPayload()
		})
		return got
	}
	if first := play(1); play(1) != first || play(2) == first {
		t.Error("equal seeds must corrupt equally, and others otherwise")
	}
}

func TestTruncate(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "t", On: frame.Op(frame.OpText), Do: faultproxy.Truncate{Keep: 3}},
			faultproxy.Rule{Name: "all", On: frame.Op(frame.OpPing), Do: faultproxy.Truncate{}})
		from.send(frame.Text("abcdef"), frame.Ping([]byte("x")))
		to.says(`text "abc"`, "ping")
		from.send(frame.Text("abc"))
		to.says(`text "abc"`, "ping", `text "abc"`)
		r.firings("t", 1)
		r.tells("not-applied", "not-applied t "+dir.String()+" truncate is not possible: the payload has 3 bytes")
	})
}

func TestTruncateTornTakesTheNextFrameForPayload(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "t", On: frame.Op(frame.OpText), Do: faultproxy.Truncate{Keep: 1, Torn: true}, Times: 1})
		next := frame.Binary([]byte("0123456789"))
		from.send(frame.Text("abcdefghijklm"), next)
		whole := from.wire(frame.Text("abcdefghijklm"))
		want := whole[:len(whole)-12] + from.wire(next)
		if got := to.rawBytes(); got != want {
			t.Errorf("received %q, want %q", got, want)
		}
		r.tells("frame-start", "frame-start t "+dir.String()+" left")
	})
}

func TestSplitIntoFragments(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "s", On: frame.Equals("abcdefg"), Do: faultproxy.Split{Parts: 3}},
			faultproxy.Rule{Name: "two", On: frame.Equals("a"), Do: faultproxy.Split{}},
			faultproxy.Rule{Name: "control", On: frame.Op(frame.OpPing), Do: faultproxy.Split{}})
		from.send(frame.Text("abcdefg"), frame.Binary([]byte("abcdefg")), frame.Text("a"), frame.Ping([]byte("whole")))
		to.says(`text "ab" (fragment)`, `continuation "cd" (fragment)`, `continuation "efg"`,
			"binary 2 B 6162 (fragment)", `continuation "cd" (fragment)`, `continuation "efg"`,
			`text "" (fragment)`, `continuation "a"`, `ping "whole"`)
		r.tells("not-applied", "not-applied control "+dir.String()+" split is not possible: control frames must not be fragmented (RFC 6455 section 5.5)")
	})
}

func TestSplitOfAFragment(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{On: frame.Op(frame.OpText, frame.OpContinuation), Do: faultproxy.Split{}})
		from.send(fragment(frame.Text("abcd")), frame.Continuation(true, []byte("efgh")))
		to.says(`text "ab" (fragment)`, `continuation "cd" (fragment)`, `continuation "ef" (fragment)`, `continuation "gh"`)
	})
}

func TestSplitWithPausesLetsPingsBetween(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{On: frame.Equals("abcd"), Do: faultproxy.Split{Parts: 4, Pause: 10 * time.Second}})
		from.send(frame.Text("abcd"))
		from.until(5 * time.Second)
		from.send(frame.Ping([]byte("own")))
		from.until(15 * time.Second)
		r.p.Conn(1).Inject(frame.Pong([]byte("injected")), dir)
		r.p.Conn(1).Inject(frame.Text("data"), dir) // waits for the end of the message
		from.until(16 * time.Second)
		from.send(frame.Text("behind"))
		from.send(frame.Ping([]byte("behind it")))
		from.until(time.Minute)
		to.wants(line(2*hop, `text "a" (fragment)`), line(5*time.Second+2*hop, `ping "own"`), line(10*time.Second+2*hop, `continuation "b" (fragment)`),
			line(15*time.Second+hop, `pong "injected"`), line(20*time.Second+2*hop, `continuation "c" (fragment)`),
			line(30*time.Second+2*hop, `continuation "d"`), line(30*time.Second+2*hop, `text "data"`), line(30*time.Second+2*hop, `text "behind"`),
			line(30*time.Second+2*hop, `ping "behind it"`))
	})
}

func TestWhatIsChangedInTurn(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(
			faultproxy.Rule{Name: "longer", On: frame.Equals("a"), Do: faultproxy.Replace{With: frame.Text("abcdef")}},
			faultproxy.Rule{Name: "shorter", On: frame.Equals("a"), Do: faultproxy.Truncate{Keep: 4}},
			faultproxy.Rule{Name: "twice", On: frame.Equals("a"), Do: faultproxy.Duplicate{}},
			faultproxy.Rule{Name: "parts", On: frame.Equals("a"), Do: faultproxy.Split{}},
			faultproxy.Rule{Name: "bits", On: frame.Equals("a"), Do: faultproxy.Malform{RSV: frame.RSV2}})
		from.send(frame.Text("a"))
		to.says(`text "ab" (fragment, rsv2)`, `continuation "cd" (rsv2)`, `text "ab" (fragment, rsv2)`, `continuation "cd" (rsv2)`)
	})
}

func TestWhatASplitFrameCannotBecome(t *testing.T) {
	for name, do := range map[string]faultproxy.Fault{
		"duplicate": faultproxy.Duplicate{}, "late": faultproxy.Late{By: time.Second}, "reorder": faultproxy.Reorder{},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				r.p.Add(faultproxy.Rule{Name: "s", On: frame.Any, Do: faultproxy.Split{}}, faultproxy.Rule{Name: "r", On: frame.Any, Do: do})
				from.send(frame.Text("ab"))
				to.says(`text "a" (fragment)`, `continuation "b"`)
				r.tells("not-applied", "not-applied r "+dir.String()+" "+name+" is not possible: another rule split the frame")
			})
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				if name == "duplicate" {
					return
				}
				r.p.Add(faultproxy.Rule{Name: "r", On: frame.Any, Do: do}, faultproxy.Rule{Name: "s", On: frame.Any, Do: faultproxy.Split{}},
					faultproxy.Rule{Name: "c", On: frame.Any, Do: faultproxy.Coalesce{}})
				from.send(frame.Text("ab"))
				from.until(10 * time.Second)
				to.says(`text "ab"`)
				const why = " is not possible: another rule lets others pass the frame"
				if got := tale(r.p, "not-applied"); len(got) < 2 || !strings.HasSuffix(got[0], "split"+why) || !strings.HasSuffix(got[1], "coalesce"+why) {
					t.Errorf("the timeline tells %q", got)
				}
			})
		})
	}
}

// Of a message in fragments one alone may be mangled, where none may be lost or moved.
func TestOneFragmentCanBeMangled(t *testing.T) {
	for name, test := range map[string]struct {
		do   faultproxy.Fault
		want string
	}{
		"truncate": {faultproxy.Truncate{Keep: 1}, `continuation "b" (fragment)`},
		"malform":  {faultproxy.Malform{RSV: frame.RSV3}, `continuation "bb" (fragment, rsv3)`},
		"split":    {faultproxy.Split{}, `continuation "b" (fragment)`},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				r.p.Add(faultproxy.Rule{Name: "m", On: frame.Contains("bb"), Do: test.do})
				from.send(fragment(frame.Text("aa")), frame.Continuation(false, []byte("bb")), frame.Continuation(true, []byte("cc")))
				want := []string{`text "aa" (fragment)`, test.want, `continuation "cc"`}
				if name == "split" {
					want = []string{`text "aa" (fragment)`, test.want, test.want, `continuation "cc"`}
				}
				to.says(want...)
				r.firings("m", 1)
			})
		})
	}
}

func TestMangledFramesUnderCompression(t *testing.T) {
	for _, c := range []struct {
		name, agree string
		do          faultproxy.Fault
		fires       bool
	}{
		{"corrupt, takeover", "permessage-deflate", faultproxy.Corrupt{}, false},
		{"truncate, takeover", "permessage-deflate", faultproxy.Truncate{Keep: 1}, false},
		{"reorder, takeover", "permessage-deflate", faultproxy.Reorder{}, false},
		{"split, takeover", "permessage-deflate", faultproxy.Split{}, true},
		{"malform, takeover", "permessage-deflate", faultproxy.Malform{FlipFin: true}, true},
		{"coalesce, takeover", "permessage-deflate", faultproxy.Coalesce{}, true},
		{"corrupt, alone", deflateAgreed, faultproxy.Corrupt{}, true},
		{"truncate, alone", deflateAgreed, faultproxy.Truncate{Keep: 1}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				ps := opening{network: n, offer: deflateOffer, agree: c.agree}.open(t)
				ps.p.Add(faultproxy.Rule{Name: "m", On: frame.Op(frame.OpText), Do: c.do})
				m := squash(c.agree != deflateAgreed, "hello hello hello")[0]
				io.WriteString(ps.server, compressed(m, false))
				settle()
				if got := fired(ps.p, "m") == 1; got != c.fires {
					t.Errorf("fired: %v, want %v", got, c.fires)
				}
				if !c.fires {
					receives(t, "the client", ps.down, compressed(m, false))
					if got := tale(ps.p, "not-applied"); len(got) != 1 || !strings.Contains(got[0], "context takeover") {
						t.Errorf("the timeline tells %q", got)
					}
				}
				if _, splits := c.do.(faultproxy.Split); splits { // RSV1 says of the first that the message is compressed
					first := frame.Frame{RSV: frame.RSV1, Opcode: frame.OpText, Payload: m[:len(m)/2]}
					receives(t, "the client", ps.down, wire(first)+wire(frame.Continuation(true, m[len(m)/2:])))
				}
			})
		})
	}
}

func TestLateDataStaysOutOfASplitMessage(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{On: frame.Equals("late"), Do: faultproxy.Late{By: 7 * time.Second}},
			faultproxy.Rule{On: frame.Equals("ab"), Do: faultproxy.Split{Pause: 10 * time.Second}})
		from.send(frame.Text("late"), frame.Text("ab"))
		from.until(5 * time.Second)
		from.send(frame.Ping(nil)) // stands within the message
		from.until(time.Minute)
		to.wants(line(2*hop, `text "a" (fragment)`), line(5*time.Second+2*hop, "ping"), line(10*time.Second+2*hop, `continuation "b"`),
			line(10*time.Second+2*hop, `text "late"`))
	})
}
