package faultproxy_test

import (
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

func TestMalformHeaders(t *testing.T) {
	original := frame.Text("hello")
	for name, test := range map[string]struct {
		do   faultproxy.Malform
		want func(f frame.Frame) string
	}{
		"rsv1":     {faultproxy.Malform{RSV: frame.RSV1}, func(f frame.Frame) string { f.RSV = frame.RSV1; return wire(f) }},
		"all rsv":  {faultproxy.Malform{RSV: 7}, func(f frame.Frame) string { f.RSV = 7; return wire(f) }},
		"reserved": {faultproxy.Malform{Opcode: frame.OpcodesOf(0x3)}, func(f frame.Frame) string { f.Opcode = 3; return wire(f) }},
		"unexpected continuation": {faultproxy.Malform{Opcode: frame.OpcodesOf(frame.OpContinuation)}, func(f frame.Frame) string {
			f.Opcode = frame.OpContinuation
			return wire(f)
		}},
		"fin":           {faultproxy.Malform{FlipFin: true}, func(f frame.Frame) string { f.Fin = false; return wire(f) }},
		"2-byte length": {faultproxy.Malform{LengthBytes: 2}, func(f frame.Frame) string { f.LengthBytes = 2; return wire(f) }},
		"8-byte length": {faultproxy.Malform{LengthBytes: 8}, func(f frame.Frame) string { f.LengthBytes = 8; return wire(f) }},
		"longer": {faultproxy.Malform{Length: 100}, func(f frame.Frame) string {
			raw := []byte(wire(f))
			raw[1] = raw[1]&0x80 | 100
			return string(raw)
		}},
		"shorter": {faultproxy.Malform{Length: 2}, func(f frame.Frame) string {
			raw := []byte(wire(f))
			raw[1] = raw[1]&0x80 | 2
			return string(raw)
		}},
		"impossible": {faultproxy.Malform{Length: 1 << 63}, func(f frame.Frame) string {
			f.LengthBytes = 8
			raw := []byte(wire(f))
			raw[2], raw[9] = 0x80, 0
			return string(raw)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				r.p.Add(faultproxy.Rule{Name: "m", On: frame.Equals("hello"), Do: test.do, Expect: faultproxy.Fired})
				from.send(original, frame.Ping(nil))
				f := original
				if from.masks {
					f = f.WithMask([4]byte{1, 2, 3, 4})
				}
				if got, want := to.rawBytes(), test.want(f)+from.wire(frame.Ping(nil)); got != want {
					t.Errorf("received % x, want % x", got, want)
				}
			})
		})
	}
}

func TestMalformFlipsTheMask(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "first", On: frame.Equals("a"), Do: faultproxy.Replace{With: frame.Text("b")}},
			faultproxy.Rule{Name: "m", On: frame.Op(frame.OpText), Do: faultproxy.Malform{FlipMask: true}})
		from.send(frame.Text("hello"), frame.Text("a"))
		raw := []byte(to.rawBytes())
		for _, want := range []string{"hello", "b"} {
			h, n := frame.ParseHeader(raw)
			payload := raw[n : n+int(h.Length)]
			raw = raw[n+int(h.Length):]
			if h.Masked {
				frame.Mask(payload, h.Key, 0)
			}
			if h.Masked != (dir == frame.ToClient) || string(payload) != want {
				t.Errorf("received masked=%v %q, want %q", h.Masked, payload, want)
			}
		}
		r.firings("m", 2)
	})
}

func TestMalformDrawsAnOpcode(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{On: frame.Any, Do: faultproxy.Malform{Opcode: frame.OpcodesOf(3, 4, 5, 0xb)}})
		seen := map[frame.Opcode]bool{}
		for range 60 {
			from.send(frame.Text(""))
		}
		raw := []byte(to.rawBytes())
		for len(raw) > 0 {
			h, n := frame.ParseHeader(raw)
			seen[h.Opcode] = true
			raw = raw[n:]
		}
		if len(seen) != 4 || seen[frame.OpText] {
			t.Errorf("opcodes %v, want each of the four", seen)
		}
	})
}
