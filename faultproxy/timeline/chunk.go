package timeline

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// record is an event as it is stored: 40 bytes without a pointer, so that a
// million of them cost the garbage collector nothing.
type record struct {
	at     int64  // nanoseconds since the start
	length uint64 // a frame's Header.Length, else Event.Count
	conn   uint32
	flags  flags
	key    [4]byte
	offset uint32 // where in the block the payload begins; fields follow it
	stored uint32 // bytes of payload stored
	block  uint16 // which of the chunk's blocks
	rule   RuleID
}

const recordSize = 40

// flags packs what is small. From the lowest bit: kind 5, direction 2, seen 2,
// opcode 4, RSV 3, header size 4, then single bits.
type flags uint32

const (
	dirShift    = 5
	seenShift   = 7
	opcodeShift = 9
	rsvShift    = 13
	sizeShift   = 16

	flagFin       flags = 1 << 20
	flagMasked    flags = 1 << 21
	flagInflated  flags = 1 << 22
	flagOpaque    flags = 1 << 23
	flagTruncated flags = 1 << 24
	flagFields    flags = 1 << 25 // fields are stored behind the payload
	flagAlone     flags = 1 << 26 // the payload is to be inflated for readers
	flagQueued    flags = 1 << 27
	flagServer    flags = 1 << 28 // seen by the server
)

func (f flags) kind() Kind { return Kind(f & 31) }

func (f flags) header() frame.Header {
	return frame.Header{
		Fin:    f&flagFin != 0,
		Masked: f&flagMasked != 0,
		Opcode: frame.Opcode(f >> opcodeShift & 15),
		RSV:    uint8(f >> rsvShift & 7),
		Size:   int(f >> sizeShift & 15),
	}
}

func headerFlags(h *frame.Header) flags {
	f := flags(h.Opcode&15)<<opcodeShift | flags(h.RSV&7)<<rsvShift | flags(h.Size&15)<<sizeShift
	if h.Fin {
		f |= flagFin
	}
	if h.Masked {
		f |= flagMasked
	}
	return f
}

// chunk is a run of records, shared by all connections, and the bytes they refer
// to. Records and bytes are only ever added behind those a reader may have been
// handed; when a chunk is thinned out, a new one takes its place.
type chunk struct {
	first   int      // sequence number of the first event it was made for
	records []record // never grown beyond its capacity
	offsets []uint32 // each record's sequence number less first; nil: no number is missing
	last    int      // sequence number of the last event it ever held
	blocks  [][]byte
	filled  int // bytes used of the last block
	size    int // bytes allocated for blocks
	used    int // bytes used of them
	expects int // bytes of payload and fields it is likely to need
}

const (
	minBlock = 256
	maxBlock = 64 << 10
)

// reserve returns room for so many bytes at the end of the last block, or in a new one.
func (c *chunk) reserve(bytes int) (block, offset int, room []byte) {
	if c.blocks == nil {
		c.blocks = make([][]byte, 0, 1+c.expects/maxBlock)
	}
	if n := len(c.blocks); n == 0 || len(c.blocks[n-1])-c.filled < bytes {
		least := max(minBlock, c.size/4, c.expects-c.size)
		b := make([]byte, max(bytes, min(least, maxBlock)))
		c.blocks = append(c.blocks, b)
		c.size += len(b)
		c.filled = 0
	}
	block, offset = len(c.blocks)-1, c.filled
	c.filled += bytes
	c.used += bytes
	return block, offset, c.blocks[block][offset:c.filled:c.filled]
}

// like returns how many bytes so many events need if they are like those of c.
func (c *chunk) like(events int) int {
	if len(c.records) == 0 {
		return 0
	}
	return c.used/len(c.records)*events + c.used/16
}

func (c *chunk) full(bytes int) bool {
	return len(c.records) == cap(c.records) || c.used >= bytes || len(c.blocks) > 1<<15
}

func (c *chunk) memory() int { return c.size + cap(c.records)*recordSize + 4*cap(c.offsets) }

// number gives each record an explicit sequence number, so that the next can leave
// some out, and returns the memory that takes.
func (c *chunk) number() int {
	c.offsets = make([]uint32, len(c.records), cap(c.records))
	for i := range c.offsets {
		c.offsets[i] = uint32(i)
	}
	return 4 * cap(c.offsets)
}

func (c *chunk) seq(i int) int {
	if c.offsets != nil {
		return c.first + int(c.offsets[i])
	}
	return c.first + i
}

// find returns the index of the first record whose sequence number is not below seq.
func (c *chunk) find(seq int) int {
	if c.offsets == nil {
		return min(max(seq-c.first, 0), len(c.records))
	}
	i, _ := slices.BinarySearchFunc(c.offsets, seq, func(o uint32, seq int) int { return c.first + int(o) - seq })
	return i
}

// data returns the bytes stored with a record: its payload, then its fields.
func (c *chunk) data(r *record) []byte {
	if r.stored == 0 && r.flags&flagFields == 0 {
		return nil
	}
	return c.blocks[r.block][r.offset:]
}

// maxInflated is how much of an inflated payload a reader gets.
const maxInflated = 64 << 10

// inflate makes the payload of a message that was compressed on its own readable.
// Of one that was only kept in part, the beginning is.
func (e *Event) inflate() {
	plain, whole := frame.Inflate(e.Payload, maxInflated)
	if len(plain) == 0 && !whole {
		return
	}
	e.Payload, e.Inflated, e.Opaque = plain, true, false
	e.Truncated = e.Truncated || !whole
}

// event makes an event of record i.
func (c *chunk) event(i int, rules []string) Event {
	r := &c.records[i]
	e := Event{
		Seq:       c.seq(i),
		At:        time.Duration(r.at),
		Conn:      int(r.conn),
		Kind:      r.flags.kind(),
		Dir:       frame.Direction(r.flags >> dirShift & 3),
		Seen:      Seen(r.flags >> seenShift & 3),
		Rule:      rules[r.rule],
		Inflated:  r.flags&flagInflated != 0,
		Opaque:    r.flags&flagOpaque != 0,
		Truncated: r.flags&flagTruncated != 0,
		Queued:    r.flags&flagQueued != 0,
		Vantage:   r.flags.vantage(),
	}
	if e.Kind.isFrame() {
		e.Header = r.flags.header()
		e.Header.Key = r.key
		e.Header.Length = r.length
	} else {
		e.Count = int(r.length)
	}
	data := c.data(r)
	if r.stored > 0 {
		e.Payload = data[:r.stored:r.stored]
	}
	if r.flags&flagAlone != 0 {
		e.inflate()
	}
	if r.flags&flagFields != 0 {
		e.Fields = decodeFields(data[r.stored:])
	}
	return e
}

// fieldsSize returns how many bytes encodeFields needs.
func fieldsSize(fields []Field) int {
	var scratch [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(scratch[:], uint64(len(fields)))
	for _, f := range fields {
		for _, s := range [...]string{f.Name, f.Value} {
			n += binary.PutUvarint(scratch[:], uint64(len(s))) + len(s)
		}
	}
	return n
}

func encodeFields(dst []byte, fields []Field) {
	dst = binary.AppendUvarint(dst[:0], uint64(len(fields)))
	for _, f := range fields {
		for _, s := range [...]string{f.Name, f.Value} {
			dst = append(binary.AppendUvarint(dst, uint64(len(s))), s...)
		}
	}
}

// skipFields returns how many bytes the fields at the beginning of b take.
func skipFields(b []byte) int {
	count, used := binary.Uvarint(b)
	for range 2 * count {
		n, size := binary.Uvarint(b[used:])
		used += size + int(n)
	}
	return used
}

func decodeFields(b []byte) []Field {
	next := func() uint64 {
		n, size := binary.Uvarint(b)
		b = b[size:]
		return n
	}
	text := func() string {
		n := next()
		s := string(b[:n])
		b = b[n:]
		return s
	}
	fields := make([]Field, next())
	for i := range fields {
		fields[i] = Field{Name: text(), Value: text()}
	}
	return fields
}
