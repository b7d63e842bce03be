package frame

// Part is a piece of a frame, as much as one [Parser.Next] found in its buffer.
type Part struct {
	// Header is the frame's header, repeated in every part of the frame.
	Header Header
	// Start marks the first part of a frame: its header is complete.
	Start bool
	// Payload is a piece of the payload, as it stands on the wire (still masked, if
	// Header.Masked). It aliases the buffer and may be empty.
	Payload []byte
	// Offset is where in the frame's payload the piece begins. Unmask it with
	// Mask(p.Payload, p.Header.Key, int(p.Offset&3)).
	Offset uint64
	// End marks the last part of a frame. A frame that lies whole in the buffer is
	// one part, both Start and End.
	End bool
}

// Parser finds frames in a byte stream that comes in pieces of any size. It copies
// nothing but headers split over pieces, never fails and never allocates: every
// byte stream is a sequence of frames (whether legal ones, a [Checker] says). The
// zero value stands before the first frame.
type Parser struct {
	header  Header
	left    uint64 // payload bytes still to come
	inside  bool   // between a frame's header and its end
	pending [MaxHeaderSize]byte
	held    int // bytes of a split header in pending
}

// Next takes the next part from buf and returns how many bytes of buf it covers,
// header included; 0 only if buf is empty. Where buf ends inside a header, all of
// it is taken and the part says nothing: neither Start nor End, no Payload. The
// header, when it is complete, can be written again with [Header.Append]. So:
//
//	for len(buf) > 0 {
//		part, n := p.Next(buf)
//		buf = buf[n:]
//		…
//	}
func (p *Parser) Next(buf []byte) (part Part, n int) {
	if len(buf) == 0 {
		return Part{}, 0
	}
	if !p.inside {
		if p.held == 0 {
			p.header, n = ParseHeader(buf)
		} else {
			n = p.gather(buf)
		}
		if n == 0 {
			p.held += copy(p.pending[p.held:], buf)
			return Part{}, len(buf)
		}
		p.held = 0
		p.left = p.header.Length
		p.inside = true
		part.Start = true
		buf = buf[n:]
	}
	take := len(buf)
	if uint64(take) > p.left {
		take = int(p.left)
	}
	part.Header = p.header
	part.Payload = buf[:take:take]
	part.Offset = p.header.Length - p.left
	p.left -= uint64(take)
	if p.left == 0 {
		p.inside = false
		part.End = true
	}
	return part, n + take
}

// gather completes a split header with the beginning of buf and returns how many
// bytes it took; 0 if the header is still incomplete.
func (p *Parser) gather(buf []byte) int {
	added := copy(p.pending[p.held:], buf)
	header, size := ParseHeader(p.pending[:p.held+added])
	if size == 0 {
		return 0
	}
	p.header = header
	return size - p.held
}

// AtBoundary reports whether the next byte begins a frame: only there may another
// frame be put in between.
func (p *Parser) AtBoundary() bool { return !p.inside && p.held == 0 }

// Held returns the bytes of a header that is not yet complete, or nil. They belong
// to the parser and are valid until the next call of Next.
func (p *Parser) Held() []byte {
	if p.held == 0 {
		return nil
	}
	return p.pending[:p.held]
}
