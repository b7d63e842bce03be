package faultproxy_test

import (
	"encoding/binary"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// pause lets what was sent arrive.
func pause() {
	time.Sleep(time.Millisecond)
	synctest.Wait()
}

// giant is the header of a frame of n bytes from a server.
func giant(n uint64) string {
	return string(binary.BigEndian.AppendUint64([]byte{0x82, 127}, n))
}

// A frame that is larger than memory streams, whoever would like to see it whole.
func TestAGiantFrameStreamsInLittleMemory(t *testing.T) {
	for _, c := range idleRules[:3] {
		t.Run(c.name, func(t *testing.T) {
			rules := append([]faultproxy.Rule{{Name: "wants it all", On: frame.Contains("no such text"), Do: faultproxy.Drop{}}}, c.rules...)
			ps := opening{network: &loopback{}, rules: rules}.open(t)
			const sent = 128 << 20 // of 1 GiB
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var wg sync.WaitGroup
			wg.Go(func() {
				io.WriteString(ps.server, giant(1<<30))
				chunk := make([]byte, 1<<20)
				for range sent / len(chunk) {
					ps.server.Write(chunk)
				}
				ps.server.Close()
			})
			got, err := io.Copy(io.Discard, ps.down)
			wg.Wait()
			runtime.ReadMemStats(&after)
			if err != nil || got != sent+10 {
				t.Errorf("the client received %d bytes, %v; want %d", got, err, sent+10)
			}
			// Who kept the frame would need all of it, and more while growing; the race
			// detector makes pools forget a quarter of what they are given.
			if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > sent/2 {
				t.Errorf("%d MiB were allocated for %d MiB that passed", grown>>20, sent>>20)
			}
			if e := mustFind(t, ps.p, 1, timeline.KindFrameStart); e.Header.Length != 1<<30 || e.Seen != timeline.Passed {
				t.Errorf("the timeline shows %v", e)
			}
			if e := mustFind(t, ps.p, 1, timeline.KindNotApplied); e.Rule != "wants it all" || !strings.Contains(e.Field("why"), "more than 16 MiB") {
				t.Errorf("the timeline says of the rule: %v", e)
			}
			if _, whole := find(ps.p, 1, timeline.KindFrame); whole {
				t.Error("the timeline shows a whole frame")
			}
		})
	}
}

func TestAFrameOf16MiBIsSeenWhole(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		ps := opening{network: n, rules: []faultproxy.Rule{{On: frame.Contains("the end"), Do: faultproxy.Drop{}}}}.open(t)
		io.WriteString(ps.server, giant(16<<20))
		chunk := make([]byte, 1<<20)
		for range 15 {
			ps.server.Write(chunk)
		}
		ps.server.Write(append(chunk[:1<<20-7], "the end"...))
		after := wire(frame.Text("after"))
		io.WriteString(ps.server, after)
		receives(t, "the client", ps.down, after)
	})
}

// A frame that waited in pieces is recorded by its beginning, not by whichever piece
// happens to be as long as a frame with that much payload.
func TestTheRecordOfAFrameInPiecesIsItsBeginning(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		ps := opening{network: n, rules: []faultproxy.Rule{{Do: faultproxy.Latency{Delay: time.Second}}}}.open(t)
		sent := wire(frame.Text(strings.Repeat("a", 4100) + strings.Repeat("b", 4100)))
		io.WriteString(ps.server, sent[:len(sent)-4100])
		pause()
		io.WriteString(ps.server, sent[len(sent)-4100:])
		receives(t, "the client", ps.down, sent)
		for _, e := range ps.p.Timeline.Conn(1).Events() {
			if e.Kind == timeline.KindFrame && string(e.Payload) != strings.Repeat("a", 4096) {
				t.Errorf("recorded %d bytes, %.10q…", len(e.Payload), e.Payload)
			}
		}
	})
}

// Behind a header that no peer could have sent there are only bytes.
func TestAStreamThatIsNoneGoesOpaque(t *testing.T) {
	for name, c := range map[string]struct{ head, why string }{
		"2^63 bytes":      {giant(1 << 63), "a declared length of 9223372036854775808 bytes, beyond 2^63-1"},
		"reserved opcode": {"\x83\x00", "opcode 0x3 is reserved"},
		"reserved bit":    {"\xa1\x00", "RSV2 set"},
		"no deflate":      {"\xc1\x00", "RSV1 set"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				for _, w := range []pace{allAtOnce, bytewise(time.Millisecond)} {
					ps := opening{network: n, rules: []faultproxy.Rule{
						{Name: "here", On: frame.Op(frame.OpPong), Do: faultproxy.Drop{}},
						{Name: "other way", On: frame.AllOf(frame.Toward(frame.ToServer), frame.Any), Do: faultproxy.Drop{}, Skip: never},
						{Name: "other connection", On: frame.Any, Do: faultproxy.Drop{}, Conns: faultproxy.Nth(2)},
					}}.open(t)
					sent := wire(frame.Text("before")) + c.head + wire(frame.Pong(nil))
					w.send(ps.server, []byte(sent))
					receives(t, "the client", ps.down, sent)
					ps.p.Add(faultproxy.Rule{Name: "added later", On: frame.Op(frame.OpPong), Do: faultproxy.Drop{}})
					io.WriteString(ps.server, wire(frame.Pong(nil))+wire(frame.Pong(nil)))
					receives(t, "the client", ps.down, wire(frame.Pong(nil))+wire(frame.Pong(nil)))
					pong := masked(frame.Pong(nil)) // the other direction is still frames
					io.WriteString(ps.client, pong+masked(frame.Text("hi")))
					receives(t, "the server", ps.up, masked(frame.Text("hi")))

					e := mustFind(t, ps.p, 1, timeline.KindOpaque)
					if e.Dir != frame.ToClient || !strings.Contains(e.Field("why"), c.why) || e.Field("section") == "" {
						t.Errorf("the timeline says %v, want %q", e, c.why)
					}
					var denied []string
					for _, e := range ps.p.Timeline.Conn(1).Events() {
						if e.Kind == timeline.KindNotApplied {
							denied = append(denied, e.Rule)
							if !strings.Contains(e.Field("why"), c.why) {
								t.Errorf("%s: not applied: %s", e.Rule, e.Field("why"))
							}
						}
					}
					if got := strings.Join(denied, ", "); got != "here, added later" {
						t.Errorf("not applied: %s; want here, added later", got)
					}
				}
			})
		})
	}
}
