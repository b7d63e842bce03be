package faultproxy

import (
	"math/rand/v2"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// What a plan can do to the frame in hand without losing it: to its payload and
// header, legal or not. Fragments of a message may be changed so, each alone.

// mangles takes the frames that are left of the one in hand as frames of the proxy's
// own, which may be changed; none if that is not possible.
func (p *Plan) mangles(verb string, payload bool) []delivery {
	if !p.needs(StageFrame, verb) {
		return nil
	}
	if payload && p.context != "" {
		p.NotApplied("%s is not possible: %s", verb, p.context)
		return nil
	}
	for i := range p.frames {
		if d := &p.frames[i]; d.original {
			d.frame, d.exact, d.original = p.arrived(), true, false
		}
	}
	return p.frames
}

// arrived is the frame in hand as it stands on the wire, its payload unmasked, but
// compressed if it is.
func (p *Plan) arrived() frame.Frame {
	h := p.view.Header
	payload := append([]byte(nil), p.raw[h.Size:]...)
	if h.Masked {
		frame.Mask(payload, h.Key, 0)
	}
	return h.Frame(payload)
}

// Corrupt gives n bytes of the payload other values, at places that chance decides.
func (p *Plan) Corrupt(n int) {
	list := p.mangles("corrupt", true)
	for i := range list {
		f := &list[i].frame
		if len(f.Payload) == 0 {
			p.NotApplied("corrupt is not possible: the frame has no payload")
			return
		}
		f.Payload = append([]byte(nil), f.Payload...)
		corrupt(f.Payload, n, p.Rand())
	}
	if len(list) > 0 {
		p.edited()
	}
}

// corrupt changes n bytes, or all there are.
func corrupt(b []byte, n int, chance *rand.Rand) {
	for _, i := range chance.Perm(len(b))[:min(n, len(b))] {
		b[i] ^= byte(1 + chance.IntN(255))
	}
}

// Truncate leaves the first n bytes of the payload. If torn, the header still
// declares all of them.
func (p *Plan) Truncate(n int, torn bool) {
	list := p.mangles("truncate", true)
	for i := range list {
		d := &list[i]
		size := len(d.frame.Payload)
		if size <= n {
			p.NotApplied("truncate is not possible: the payload has %d bytes", size)
			return
		}
		d.frame.Payload = d.frame.Payload[:n:n]
		if torn && d.declares == 0 {
			d.declares = uint64(size)
		}
	}
	if len(list) > 0 {
		p.edited()
	}
}

// Split sends the frame as n fragments, pause apart.
func (p *Plan) Split(n int, pause time.Duration) {
	list := p.mangles("split", false)
	var parts []delivery
	for _, d := range list {
		switch {
		case d.frame.Opcode.IsControl():
			p.NotApplied("split is not possible: control frames must not be fragmented (RFC 6455 section 5.5)")
			return
		case d.late:
			p.NotApplied("split is not possible: another rule lets others pass the frame")
			return
		}
		parts = append(parts, fragments(d, n, pause)...)
	}
	if len(parts) > 0 {
		p.frames, p.split = parts, true
		p.edited()
	}
}

// fragments cuts a data frame, or a fragment, into n.
func fragments(d delivery, n int, pause time.Duration) []delivery {
	var parts []delivery
	f, size := d.frame, len(d.frame.Payload)
	for i := range n {
		part := d
		part.frame.Payload = f.Payload[size*i/n : size*(i+1)/n]
		part.frame.Fin = f.Fin && i == n-1
		if i > 0 { // only the first says what the message is (RFC 6455 section 5.4, RFC 7692 section 6.1)
			part.frame.Opcode, part.frame.RSV = frame.OpContinuation, f.RSV&^frame.RSV1
			part.delay += time.Duration(i) * pause
			part.yields = pause > 0
		}
		parts = append(parts, part)
	}
	return parts
}

// Malform changes the frame's header.
func (p *Plan) Malform(m Malform) {
	list := p.mangles("malform", false)
	for i := range list {
		d := &list[i]
		f := &d.frame
		f.RSV |= m.RSV
		if ops := m.Opcode.List(); len(ops) > 0 {
			f.Opcode = ops[0]
			if len(ops) > 1 {
				f.Opcode = ops[p.Rand().IntN(len(ops))]
			}
		}
		f.Fin = f.Fin != m.FlipFin
		if m.FlipMask {
			p.flipMask(d)
		}
		if m.LengthBytes != 0 {
			f.LengthBytes = m.LengthBytes
		}
		if m.Length != 0 {
			d.declares = m.Length
		}
	}
	if len(list) > 0 {
		p.edited()
	}
}

// flipMask masks what no server may mask, or leaves unmasked what every client must
// mask (RFC 6455 section 5.1).
func (p *Plan) flipMask(d *delivery) {
	d.exact = true
	d.frame.Masked = p.dir == frame.ToClient
	if d.frame.Masked {
		v := p.Rand().Uint32()
		d.frame.Key = [4]byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)}
	}
}
