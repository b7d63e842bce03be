package faultproxy_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

const never = 1 << 30

// idleRules are sets of rules that leave every byte as it is: because there are
// none, because they do not match, or because they match and do not act.
var idleRules = []struct {
	name  string
	rules []faultproxy.Rule
}{
	{"no rule", nil},
	{"rules that do not match", []faultproxy.Rule{
		{On: frame.AllOf(frame.Op(frame.OpPong), frame.Size(1000, 1000)), Do: faultproxy.Drop{}},
		{Name: "other connection", On: frame.Any, Do: faultproxy.Drop{}, Conns: faultproxy.Nth(7)},
		{Name: "later", On: frame.Any, Do: faultproxy.Drop{}, After: 1000 * time.Hour},
	}},
	{"payload rules that do not match", []faultproxy.Rule{
		{On: frame.Contains("this text is in no frame"), Do: faultproxy.Drop{}},
		{On: frame.Func("never", func(frame.View) bool { return false }), Do: faultproxy.Replace{With: frame.Text("x")}},
	}},
	{"rules that match and do not act", []faultproxy.Rule{
		{On: frame.Any, Do: faultproxy.Drop{}, Skip: never},
		{On: frame.Contains(""), Do: faultproxy.Duplicate{}, OneIn: never},
		{Name: "one in", On: frame.Contains(""), Do: faultproxy.Drop{}, OneIn: never},
	}},
}

const (
	deflateOffer  = "permessage-deflate; client_max_window_bits"
	deflateAgreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
)

func TestNoByteChangesWithoutAnActingRule(t *testing.T) {
	for _, c := range idleRules {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				for seed := range uint64(24) {
					r := rand.New(rand.NewPCG(seed, 0))
					o := opening{network: n, rules: c.rules}
					if seed%2 == 1 {
						o.offer, o.agree = deflateOffer, deflateAgreed
					}
					w := randomly(seed, 1+r.IntN(5000), time.Microsecond)
					if seed%4 == 0 {
						w = allAtOnce
					}
					o.open(t).mustPass(t, randomStream(r, true), randomStream(r, false), w)
					if t.Failed() {
						t.Fatalf("seed %d", seed)
					}
				}
			})
		})
	}
}

// shortStream has every kind of header, whole and fragmented messages.
func shortStream(mask bool) []byte {
	first := frame.Text("He")
	first.Fin = false
	var b []byte
	for _, f := range []frame.Frame{
		frame.Text(""), first, frame.Ping([]byte("in between")), frame.Continuation(true, []byte("llo")),
		{Fin: true, Opcode: frame.OpBinary, Payload: []byte("abc"), LengthBytes: 2},
		{Fin: true, Opcode: frame.OpText, Payload: []byte("defg"), LengthBytes: 8},
		frame.Binary(bytes.Repeat([]byte("x"), 130)), frame.Close(1000, "bye"),
	} {
		if mask {
			f = f.WithMask([4]byte{9, 8, 7, 6})
		}
		b = f.Append(b)
	}
	return b
}

func TestStreamsMayBeSplitAnywhere(t *testing.T) {
	up, down := shortStream(true), shortStream(false)
	for _, c := range idleRules {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				for at := 1; at < len(up); at++ {
					w := pace{func(sent, rest int) int {
						if sent == 0 {
							return at
						}
						return rest
					}, time.Millisecond}
					opening{network: n, rules: c.rules}.open(t).mustPass(t, up, down, w)
					if t.Failed() {
						t.Fatalf("split at %d", at)
					}
				}
			})
		})
	}
}

func TestFramesOf16MiBPass(t *testing.T) {
	r := rand.New(rand.NewPCG(16, 0))
	up := append(frame.Binary(noise(r, 16<<20)).WithMask([4]byte{1, 2, 3, 4}).Append(nil), shortStream(true)...)
	down := append(frame.Binary(noise(r, 16<<20+1)).Append(nil), shortStream(false)...)
	for _, c := range idleRules[2:] {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				opening{network: n, rules: c.rules}.open(t).mustPass(t, up, down, allAtOnce)
			})
		})
	}
}

func TestTransparentOverLoopback(t *testing.T) {
	for _, c := range idleRules {
		t.Run(c.name, func(t *testing.T) {
			for seed := range uint64(6) {
				r := rand.New(rand.NewPCG(seed, 1))
				w := randomly(seed, 1+r.IntN(70000), 0)
				up, down := randomStream(r, true), randomStream(r, false)
				if seed == 0 {
					up, down, w = shortStream(true), shortStream(false), bytewise(0)
				}
				opening{network: &loopback{}, rules: c.rules}.open(t).mustPass(t, up, down, w)
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

func TestFramesBehindTheHandshakeAreNotLost(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		for _, c := range idleRules {
			up, down := string(shortStream(true)), string(shortStream(false))
			ps := opening{network: n, rules: c.rules, behindRequest: up, behind101: down}.open(t)
			receives(t, c.name+": the server", ps.up, up)
			receives(t, c.name+": the client", ps.down, down)
			ps.mustPass(t, shortStream(true), shortStream(false), allAtOnce)
		}
	})
}

// What a client sends while the upstream thinks belongs behind the handshake too.
func TestFramesDuringTheHandshakeAreNotLost(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		early := make(chan []byte, 1)
		p := faultproxy.InMemory(t, n, answering(t, n, func(c net.Conn, _ string, rest []byte) {
			time.Sleep(time.Second)
			io.WriteString(c, switching+"\r\n")
			got, _ := io.ReadAll(io.MultiReader(bytes.NewReader(rest), c))
			early <- got
		}))
		c := rawConnect(t, n, p)
		want := noise(rand.New(rand.NewPCG(1, 1)), 300<<10)
		io.WriteString(c, upgradeRequest+"\r\n")
		for i := 0; i < len(want); i += 30 << 10 {
			time.Sleep(50 * time.Millisecond)
			c.Write(want[i:min(i+30<<10, len(want))])
		}
		if head, _, err := readHTTPHead(c); err != nil {
			t.Fatalf("%q, %v", head, err)
		}
		c.(interface{ CloseWrite() error }).CloseWrite()
		sameBytes(t, "the server received", <-early, want)
	})
}

func TestHalfClosePassesAndTheOtherDirectionLives(t *testing.T) {
	for name, run := range onBothNetworks {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, n network) {
				for _, clientFirst := range []bool{true, false} {
					ps := opening{network: n}.open(t)
					a, b, fromA, fromB := ps.client, ps.server, ps.up, ps.down
					if !clientFirst {
						a, b, fromA, fromB = b, a, fromB, fromA
					}
					io.WriteString(a, "last words")
					a.(interface{ CloseWrite() error }).CloseWrite()
					receives(t, "the other side", fromA, "last words")
					receivesEOF(t, "the other side", fromA)
					for range 3 {
						io.WriteString(b, wire(frame.Text("still here")))
						receives(t, "the side that half-closed", fromB, wire(frame.Text("still here")))
					}
					b.Close()
					receivesEOF(t, "the side that half-closed", fromB)
				}
			})
		})
	}
}

func TestResetPassesAsResetBehindTheData(t *testing.T) {
	for name, run := range onBothNetworks {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, n network) {
				for _, byClient := range []bool{true, false} {
					ps := opening{network: n}.open(t)
					from, to, r, dir := ps.client, ps.server, ps.up, frame.ToServer
					if !byClient {
						from, to, r, dir = ps.server, ps.client, ps.down, frame.ToClient
					}
					io.WriteString(from, "\x81\x02hi and a \x81") // ends within a header
					reset(from)
					receives(t, "the other side", r, "\x81\x02hi and a \x81")
					if _, err := to.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
						t.Errorf("the other side got %v, want a reset", err)
					}
					mustEnd(t, ps.p, 1)
					e := mustFind(t, ps.p, 1, timeline.KindRST)
					if e.Dir != dir || e.Seen&timeline.Arrived == 0 {
						t.Errorf("the first reset on the timeline is %v", e)
					}
				}
			})
		})
	}
}

// A frame that never becomes whole arrives as far as it came, whether or not rules
// waited to see all of it.
func TestPartsOfAFrameArriveBeforeTheEnd(t *testing.T) {
	whole := masked(frame.Binary(bytes.Repeat([]byte("y"), 140)))
	for _, c := range idleRules {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				for cut := 1; cut < len(whole); cut += 1 + cut/10*3 {
					for _, end := range []string{"FIN", "RST", "FIN in pieces"} {
						part := masked(frame.Text("before")) + whole[:cut]
						ps := opening{network: n, rules: c.rules}.open(t)
						if end == "FIN in pieces" {
							bytewise(time.Millisecond).send(ps.client, []byte(part))
						} else {
							io.WriteString(ps.client, part)
						}
						if end == "RST" {
							reset(ps.client)
							receives(t, end, ps.up, part)
							continue
						}
						ps.client.Close()
						receives(t, end, ps.up, part)
						receivesEOF(t, end, ps.up)
					}
					if t.Failed() {
						t.Fatalf("cut at %d", cut)
					}
				}
			})
		})
	}
}

var onBothNetworks = map[string]func(*testing.T, func(*testing.T, network)){
	"memnet": func(t *testing.T, f func(*testing.T, network)) {
		bubble(t, func(t *testing.T, n *memnet.Network) { f(t, n) })
	},
	"loopback": func(t *testing.T, f func(*testing.T, network)) { f(t, &loopback{}) },
}

func FuzzTransparent(f *testing.F) {
	f.Add(shortStream(true), shortStream(false), uint16(3), uint8(0))
	f.Add([]byte("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff"), []byte("garbage"), uint16(1), uint8(2))
	f.Add([]byte(compressed([]byte("x"), true)), []byte(compressed([]byte("x"), false)), uint16(100), uint8(0x82))
	f.Fuzz(func(t *testing.T, up, down []byte, cut uint16, rules uint8) {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			w := pace{func(int, int) int { return int(cut) + 1 }, time.Microsecond}
			o := opening{network: n, rules: idleRules[int(rules)%len(idleRules)].rules}
			if rules&0x80 != 0 {
				o.offer, o.agree = deflateOffer, deflateAgreed
			}
			o.open(t).mustPass(t, up, down, w)
		})
	})
}
