package faultproxy

import (
	"sync"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// lane carries one direction of a connection: a reader takes bytes from the
// source, shows frames to the rules and sends them on; an outlet holds what may
// not go out yet.
type lane struct {
	l   *link
	dir frame.Direction
	in  intake // the reader's

	mu  sync.Mutex
	out outlet
}

func (ln *lane) init(l *link, dir frame.Direction) { ln.l, ln.dir = l, dir }

func (ln *lane) source() *peer { return ln.l.peer(ln.dir.Opposite()) }
func (ln *lane) dest() *peer   { return ln.l.peer(ln.dir) }

// back is the lane of the other direction.
func (ln *lane) back() *lane { return ln.l.lane(ln.dir.Opposite()) }

// fate is what becomes of the frame whose payload is arriving.
type fate uint8

const (
	passing    fate = iota // it goes on as it comes
	swallowing             // it goes nowhere
	gathering              // rules want to see all of it first
	absorbing              // it goes nowhere: it answers an injected Close
)

// intake is where the reader stands in the stream.
type intake struct {
	head      [14]byte // the beginning of a header that is not whole yet
	headLen   uint8
	fate      fate
	inMessage bool // between the first and the last frame of a data message
	deflated  bool // the message in hand, or the last, is compressed
	dropRest  bool // the message's first frame was dropped, by dropRule
	opaque    bool // no longer parsed, because of why
	heard     bool // something came
	settled   bool // of a relayed stream: whether it is frames will not change
	why       string
	sniff     *sniffer // of a relayed stream: what may be the head of a handshake
	denied    *ruleSet // the rules that were told so
	rule      ruleRef
	dropRule  ruleRef
	header    frame.Header // of the frame that is arriving
	rest      uint64       // how much of its payload is still to come
	whole     []byte       // what was gathered of it
	prefix    []byte       // the beginning of its payload, for the record
}

// maxGather is the largest frame that is held back for rules to see whole.
const maxGather = 16 << 20

// read is the goroutine of a lane's reader. It owns one reference of the link.
func (ln *lane) read() {
	defer ln.l.leave()
	p := ln.source()
	if len(p.pre) > 0 {
		ln.in.heard = true
		ln.take(p.pre, ln.l.tl.Now())
		p.pre = nil
	}
	src := newSource(p.conn)
	for {
		b, err := src.read()
		if len(b) > 0 {
			ln.in.heard = true
			ln.take(b, ln.arrival())
		}
		src.free()
		if err != nil {
			ln.awaitThaw()
			ln.sourceEnded(err)
			return
		}
	}
}

// batch is what one read brought, on its way through the rules and on.
type batch struct {
	ln     *lane
	rules  *ruleSet
	at     time.Duration
	owner  bool // this reader holds the write slot
	direct bool // and nothing is in the way of what passes
	gate   gate
	drew   bool // bytes came on a connection that the path has forgotten
	buf    []byte
	from   int // what passes from here on is not written yet
}

func (ln *lane) take(buf []byte, at time.Duration) {
	b := batch{ln: ln, rules: ln.l.p.rules.Load(), at: at, buf: buf}
	b.gate = ln.acquire(len(b.rules.path[dirIndex(ln.dir)]) > 0)
	b.owner = b.gate.open
	b.direct = b.gate.open
	in := &ln.in
	if ln.l.relays {
		ln.listen(at)
	}
	if in.opaque && in.sniff == nil && in.denied != b.rules {
		b.denyFrameRules()
	}
	for i := 0; i < len(buf); {
		if b.gate.forgot.is {
			b.drew = true
		}
		switch {
		case in.sniff != nil:
			i += b.sniff(i)
		case in.opaque:
			b.forward(buf[i:], i, item{kind: itemBytes})
			i = len(buf)
		case in.rest > 0:
			n := int(min(in.rest, uint64(len(buf)-i)))
			in.rest -= uint64(n)
			b.piece(i, n)
			i += n
		default:
			i += b.header(i)
		}
	}
	b.flush(len(buf))
	if b.owner {
		ln.release()
	}
	if b.drew {
		ln.meet(b.gate.forgot, at)
	}
	ln.awaitSpace()
}

// header reads the header at i and returns how many bytes it took, or, if the
// whole frame was there, how many the frame took.
func (b *batch) header(i int) int {
	in := &b.ln.in
	raw, at := b.buf[i:], i
	if in.headLen > 0 {
		raw, at = in.head[:int(in.headLen)+copy(in.head[in.headLen:], b.buf[i:])], -1
	}
	h, n := frame.ParseHeader(raw)
	if n == 0 {
		took := len(raw)
		if at < 0 {
			took -= int(in.headLen)
		}
		b.skip(i, took)
		in.headLen = uint8(copy(in.head[:], raw))
		return took
	}
	took := n - int(in.headLen)
	in.headLen = 0
	if at < 0 {
		b.skip(i, took)
		raw = append([]byte(nil), raw[:n]...)
	}
	if v := frame.Impossible(h, b.ln.l.deflate != deflateOff); v != nil {
		b.goOpaque(v)
		b.forward(raw[:n], at, item{kind: itemBytes})
		return took
	}
	if at >= 0 && h.Length <= uint64(len(raw)-n) {
		n += int(h.Length)
		if b.direct && b.unwatched(h) {
			b.notePassed(h, raw[h.Size:n])
			return n
		}
		took = n
	} else if h.Length > 0 {
		b.begin(h, raw[:n], at)
		return took
	}
	b.whole(h, raw[:n], at)
	return took
}

// whole handles a frame that is all there. Its bytes are raw: those of the batch
// from i on, or others if i is negative.
func (b *batch) whole(h frame.Header, raw []byte, i int) {
	f, list := b.verdict(h)
	b.ln.in.follow(h)
	switch f {
	case gathering:
		b.decide(list, h, raw, i)
	case passing:
		b.forward(raw, i, item{kind: itemFrame, header: h, payload: raw[h.Size:], opaque: b.ln.in.opaqueTo(h)})
	default:
		b.skip(i, len(raw))
		b.lose(f, h, raw[h.Size:])
	}
}

// begin handles the header of a frame whose payload is still to come.
func (b *batch) begin(h frame.Header, raw []byte, i int) {
	in := &b.ln.in
	f, list := b.verdict(h)
	if f == gathering && h.Length > maxGather {
		for _, a := range list {
			b.ln.l.deny(a, b.ln.dir, "a frame of more than 16 MiB passes as it comes")
		}
		f = passing
	}
	in.header, in.rest, in.fate = h, h.Length, f
	in.whole, in.prefix = nil, nil
	if f == passing {
		in.follow(h)
		b.forward(raw, i, item{kind: itemStart, header: h})
		return
	}
	b.skip(i, len(raw))
	b.note(item{kind: itemStart, header: h, rule: in.rule}, arrived)
	if f == gathering {
		in.whole = append(make([]byte, 0, min(h.Size+int(h.Length), largeBuffer)), raw...)
	}
}

// piece handles n more bytes, at i, of a frame that arrives in pieces.
func (b *batch) piece(i, n int) {
	in := &b.ln.in
	bytes, last := b.buf[i:i+n], in.rest == 0
	if in.fate == gathering {
		in.whole = append(in.whole, bytes...)
		b.skip(i, n)
		if last {
			raw := in.whole
			in.whole = nil
			in.follow(in.header)
			b.decide(b.rules.frames[dirIndex(b.ln.dir)][in.header.Opcode&0xF], in.header, raw, -1)
		}
		return
	}
	if room := recordedPayload - len(in.prefix); room > 0 {
		in.prefix = append(in.prefix, bytes[:min(room, n)]...)
	}
	switch {
	case in.fate == passing && last:
		b.forward(bytes, i, item{kind: itemFrame, header: in.header, payload: in.prefix, opaque: in.opaqueTo(in.header)})
	case in.fate == passing:
		b.forward(bytes, i, item{kind: itemPiece})
	default:
		b.skip(i, n)
		if last {
			in.follow(in.header)
			b.lose(in.fate, in.header, in.prefix)
		}
	}
	if last {
		in.prefix = nil
	}
}

// lose handles the end of a frame that goes nowhere.
func (b *batch) lose(f fate, h frame.Header, payload []byte) {
	in := &b.ln.in
	if h.Opcode == frame.OpContinuation && h.Fin {
		in.dropRest = false
	}
	b.note(item{kind: itemFrame, header: h, payload: payload, rule: in.rule, opaque: in.opaqueTo(h)}, arrived)
	if f == absorbing {
		b.ln.l.absorbed(b.ln)
		b.refresh()
	}
}

// follow keeps track of message boundaries.
func (in *intake) follow(h frame.Header) {
	if h.Opcode.IsControl() {
		return
	}
	in.inMessage = !h.Fin
	if h.Opcode != frame.OpContinuation {
		in.deflated = h.RSV&frame.RSV1 != 0
	}
}
