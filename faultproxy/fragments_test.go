package faultproxy_test

import (
	"io"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// fragments is a message in three frames with a ping between.
func fragments(op frame.Opcode, rsv uint8, a, b, c string) (message, ping string) {
	first := frame.Frame{RSV: rsv, Opcode: op, Payload: []byte(a)}
	ping = wire(frame.Ping([]byte("between")))
	return wire(first) + ping + wire(frame.Continuation(false, []byte(b))) + wire(frame.Continuation(true, []byte(c))), ping
}

func TestDroppingTheFirstFragmentDropsTheMessage(t *testing.T) {
	for _, c := range []struct {
		name string
		on   frame.Match
		mode string // what the upstream agrees to
		rsv  uint8
	}{
		{"by opcode", frame.Op(frame.OpText), "", 0},
		{"by the first fragment's payload", frame.Contains("He"), "", 0},
		{"compressed on its own", frame.Op(frame.OpText), deflateAgreed, frame.RSV1},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				message, ping := fragments(frame.OpText, c.rsv, "He", "ll", "o")
				after := wire(frame.Binary([]byte("after")))
				for at := range len(message) + 1 {
					o := opening{network: n, agree: c.mode, rules: []faultproxy.Rule{{Name: "drop", On: c.on, Do: faultproxy.Drop{}}}}
					if c.mode != "" {
						o.offer = deflateOffer
					}
					ps := o.open(t)
					io.WriteString(ps.server, message[:at])
					pause()
					io.WriteString(ps.server, message[at:]+after)
					receives(t, "the client", ps.down, ping+after)
					if got := fired(ps.p, "drop"); got != 1 {
						t.Fatalf("split at %d: fired %d times, want once for the message", at, got)
					}
					for _, e := range ps.p.Timeline.Conn(1).Events() {
						if e.Kind == timeline.KindFrame && !e.Header.Opcode.IsControl() && e.Header.Opcode != frame.OpBinary &&
							(e.Seen != timeline.Arrived || e.Rule != "drop") {
							t.Fatalf("split at %d: the record of a dropped fragment is %v, %v by %q", at, e, e.Seen, e.Rule)
						}
					}
				}
			})
		})
	}
}

// A peer that never finishes the message it began, and begins another, loses only
// the one that was dropped.
func TestAnotherMessageEndsWhatIsDropped(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		ps := opening{network: n, rules: []faultproxy.Rule{{On: frame.Contains("lost"), Do: faultproxy.Drop{}}}}.open(t)
		message, _ := fragments(frame.OpText, 0, "kept", "kept", "kept")
		io.WriteString(ps.server, wire(frame.Frame{Opcode: frame.OpText, Payload: []byte("lost")})+message)
		receives(t, "the client", ps.down, message)
	})
}

func TestOneFragmentCannotBeChanged(t *testing.T) {
	for _, c := range []struct {
		name string
		rule faultproxy.Rule
		why  string
	}{
		{"drop one", faultproxy.Rule{On: frame.Op(frame.OpContinuation), Do: faultproxy.Drop{}}, "drop is not possible: one fragment of a message cannot be changed alone"},
		{"drop by payload", faultproxy.Rule{On: frame.Contains("ll"), Do: faultproxy.Drop{}}, "drop is not possible: one fragment of a message cannot be changed alone"},
		{"replace the first", faultproxy.Rule{On: frame.Op(frame.OpText), Do: faultproxy.Replace{With: frame.Text("x")}}, "replace is not possible: the message comes in fragments"},
		{"duplicate the first", faultproxy.Rule{On: frame.Op(frame.OpText), Do: faultproxy.Duplicate{}}, "duplicate is not possible: the message comes in fragments"},
		{"late", faultproxy.Rule{On: frame.Op(frame.OpText), Do: faultproxy.Late{By: 1}}, "late is not possible: the message comes in fragments"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				c.rule.Name = "edit"
				ps := opening{network: n, rules: []faultproxy.Rule{c.rule}}.open(t)
				message, _ := fragments(frame.OpText, 0, "He", "ll", "o")
				io.WriteString(ps.server, message)
				receives(t, "the client", ps.down, message)
				if e := mustFind(t, ps.p, 1, timeline.KindNotApplied); !strings.HasPrefix(e.Field("why"), c.why) {
					t.Errorf("not applied: %q, want %q", e.Field("why"), c.why)
				}
				if fired(ps.p, "edit") != 0 {
					t.Error("it says that it fired")
				}
			})
		})
	}
}

// What cannot be inflated passes, is recorded as it is, and its fragments are told
// from those of plain messages.
func TestCompressedPayloadsThatCannotBeSeen(t *testing.T) {
	whole := squash(false, "lots of text, lots of text, lots of text")[0]
	inFragments, _ := fragments(frame.OpText, frame.RSV1, string(whole[:5]), string(whole[5:8]), string(whole[8:]))
	for name, c := range map[string]struct{ sent, why string }{
		"fragments": {inFragments, "the message is compressed and comes in fragments"},
		"garbage":   {compressed([]byte("\xffthis is not DEFLATE"), false), "the payload does not inflate"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				ps := opening{network: n, offer: deflateOffer, agree: deflateAgreed, rules: []faultproxy.Rule{
					{Name: "has", On: frame.Contains("text"), Do: faultproxy.Drop{}},
					{Name: "has not", On: frame.AllOf(frame.Op(frame.OpText, frame.OpContinuation), frame.Not(frame.Contains("nothing"))), Do: faultproxy.Drop{}},
					{Name: "continuations", On: frame.AllOf(frame.Op(frame.OpContinuation), frame.Not(frame.Contains(" nothing"))), Do: faultproxy.Inject{Frame: frame.Pong(nil)}},
				}}.open(t)
				plain, _ := fragments(frame.OpBinary, 0, "a nothing", "b nothing", "c nothing")
				io.WriteString(ps.server, c.sent+plain)
				receives(t, "the client", ps.down, c.sent+plain)
				for _, rule := range []string{"has", "has not"} {
					why := ""
					for _, e := range ps.p.Timeline.Conn(1).Events() {
						if e.Kind == timeline.KindNotApplied && e.Rule == rule {
							why = e.Field("why")
						}
					}
					if !strings.HasPrefix(why, c.why) || fired(ps.p, rule) > 0 {
						t.Errorf("%q: fired %d times; not applied: %q, want %q", rule, fired(ps.p, rule), why, c.why)
					}
				}
				inBinary := false
				for _, e := range ps.p.Timeline.Conn(1).Events() {
					if e.Kind != timeline.KindFrame || e.Header.Opcode.IsControl() {
						continue
					}
					inBinary = inBinary || e.Header.Opcode == frame.OpBinary
					if e.Opaque == inBinary || e.Inflated || inBinary != strings.HasSuffix(string(e.Payload), " nothing") {
						t.Errorf("recorded %v: opaque %t, inflated %t", e, e.Opaque, e.Inflated)
					}
				}
			})
		})
	}
}
