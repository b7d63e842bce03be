package faultproxy

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// The faults of this file shape the bytes of open connections, whatever frames they
// belong to, as they leave for the other side. They are asked in the order of the
// rules, behind Latency, and hang on nothing: a window (Rule.After, Rule.For) limits
// them in time and Rule.Conns to some connections.

// Rate passes at most BytesPerSecond in direction Dir (zero: both, each on its own),
// as a line of that speed does: the last byte of a message of n bytes arrives n/rate
// after the line was free. Bytes leave in portions of a tenth of a second. 0 lets
// nothing pass. Up to 256 KiB wait in the proxy; then it stops reading, so that the
// sender feels it too.
type Rate struct {
	BytesPerSecond int
	Dir            frame.Direction
}

// Stages of Rate: the path.
func (Rate) Stages() Stage { return StagePath }

// Apply edits nothing: bytes are shaped as they leave.
func (Rate) Apply(*Plan) {}

// Validate refuses a rate below zero or above 2 GiB/s.
func (f Rate) Validate() error {
	return bytesIn("rate", "bytes per second", f.BytesPerSecond)
}

func (f Rate) String() string {
	return fmt.Sprintf("rate %d B/s", f.BytesPerSecond) + oneWay(f.Dir)
}

func (f Rate) along() frame.Direction { return orBoth(f.Dir) }

func (Rate) paces() bool { return true }

// portion is the share of a second that leaves together, and how much of the time in
// which the receiver did not read is made up for.
const portion = 100 * time.Millisecond

func (f Rate) piece(_ *memory, c chunk, _ *rand.Rand) int {
	if f.BytesPerSecond == 0 {
		return c.n
	}
	return min(c.n, max(1, int(int64(f.BytesPerSecond)*int64(portion)/int64(time.Second))))
}

func (f Rate) when(m *memory, c chunk) time.Duration {
	if f.BytesPerSecond == 0 {
		return forGood
	}
	start, count := f.since(m, c)
	return start + spanOf(count+int64(c.n), f.BytesPerSecond)
}

func (f Rate) left(m *memory, c chunk, at time.Duration) {
	m.start, m.count = f.since(m, c)
	m.rate = f.BytesPerSecond
	m.count += int64(c.n)
	m.free = at
	if late := c.now - portion - at; late > 0 { // the receiver did not read
		m.start += late
		m.free += late
	}
}

// since returns when the line was last idle and how many bytes it has carried since
// then, so that no rounding adds up.
func (f Rate) since(m *memory, c chunk) (start time.Duration, count int64) {
	if c.at > m.free || m.rate != f.BytesPerSecond {
		return max(c.at, m.free), 0
	}
	return m.start, m.count
}

// spanOf is how long n bytes take.
func spanOf(n int64, rate int) time.Duration {
	r := int64(rate)
	return time.Duration(n/r)*time.Second + time.Duration(n%r*int64(time.Second)/r)
}

// Slice cuts what arrives together in direction Dir (zero: both) into pieces of Size
// bytes, plus or minus a uniformly distributed share of Variation. After each of
// them Pause passes. Up to 256 KiB wait in the proxy; then it stops reading.
type Slice struct {
	Size, Variation int // Size is at least 1, Variation less than it
	Pause           time.Duration
	Dir             frame.Direction
}

// Stages of Slice: the path.
func (Slice) Stages() Stage { return StagePath }

// Apply edits nothing: bytes are shaped as they leave.
func (Slice) Apply(*Plan) {}

// Validate refuses pieces of no bytes, and a negative pause.
func (f Slice) Validate() error {
	switch {
	case f.Size < 1 || f.Size > maxCount:
		return fmt.Errorf("slice: size is %d; want 1 to %d bytes", f.Size, maxCount)
	case f.Variation < 0 || f.Variation >= f.Size:
		return fmt.Errorf("slice: variation is %d; want 0 to %d, less than the size", f.Variation, f.Size-1)
	}
	return nonNegative("slice", f.Pause)
}

func (f Slice) String() string {
	s := fmt.Sprintf("slice %d", f.Size)
	if f.Variation > 0 {
		s += fmt.Sprintf("±%d", f.Variation)
	}
	s += " B"
	if f.Pause > 0 {
		s += fmt.Sprintf(", %v apart", f.Pause)
	}
	return s + oneWay(f.Dir)
}

func (f Slice) along() frame.Direction { return orBoth(f.Dir) }

func (Slice) paces() bool { return true }

func (f Slice) piece(m *memory, c chunk, chance *rand.Rand) int {
	if m.room == 0 || m.came != c.came {
		if m.room = f.Size; f.Variation > 0 {
			m.room += chance.IntN(2*f.Variation+1) - f.Variation
		}
		m.came, m.begun = c.came, false
	}
	return min(c.n, m.room)
}

func (f Slice) when(m *memory, c chunk) time.Duration {
	if m.begun {
		return max(c.at, m.start)
	}
	return max(c.at, m.free)
}

func (f Slice) left(m *memory, c chunk, at time.Duration) {
	m.room -= c.n
	m.begun, m.start = true, at
	m.free = at + f.Pause
}

// Limit passes Bytes bytes of a connection in direction Dir (zero: either, each with
// its own count) from when the rule is in force, at any byte, and then ends the
// connection. 0 ends it at the first byte.
type Limit struct {
	Bytes int
	Dir   frame.Direction
	// End is how. Its zero value closes both sides: FullClose.
	End End
}

// Stages of Limit: the path.
func (Limit) Stages() Stage { return StagePath }

// Apply edits nothing: bytes are counted as they leave.
func (Limit) Apply(*Plan) {}

// Validate refuses a number below zero or above 2 GiB, and an impossible End.
func (f Limit) Validate() error {
	if err := bytesIn("limit", "bytes", f.Bytes); err != nil {
		return err
	}
	return f.end().Validate()
}

func (f Limit) validOn(p *Proxy) error { return f.end().validOn(p) }

func (f Limit) end() End {
	if f.End == (End{}) {
		return End{Client: FullClose, Server: FullClose}
	}
	return f.End
}

func (f Limit) String() string {
	return fmt.Sprintf("limit %d B%s, then %v", f.Bytes, oneWay(f.Dir), f.end())
}

func (f Limit) along() frame.Direction { return orBoth(f.Dir) }

func (Limit) paces() bool { return false }

func (f Limit) piece(m *memory, c chunk, _ *rand.Rand) int {
	return int(min(int64(c.n), max(0, int64(f.Bytes)-m.count)))
}

func (Limit) when(_ *memory, c chunk) time.Duration { return c.at }

func (Limit) left(m *memory, c chunk, _ time.Duration) { m.count += int64(c.n) }

// SlowClose passes a peer's end (FIN or RST) on Delay after all that came before it,
// in direction Dir (zero: both).
type SlowClose struct {
	Delay time.Duration
	Dir   frame.Direction
}

// Stages of SlowClose: the path.
func (SlowClose) Stages() Stage { return StagePath }

// Apply delays an end.
func (f SlowClose) Apply(p *Plan) { p.Delay(f.Delay) }

// Validate refuses a negative delay.
func (f SlowClose) Validate() error { return nonNegative("slow-close", f.Delay) }

func (f SlowClose) String() string { return "slow-close " + f.Delay.String() + oneWay(f.Dir) }

func (f SlowClose) along() frame.Direction { return orBoth(f.Dir) }

// bytesIn refuses numbers of bytes that a document has no place for.
func bytesIn(what, unit string, n int) error {
	if n < 0 || n > maxCount {
		return fmt.Errorf("%s: %d %s; want 0 to %d", what, n, unit, maxCount)
	}
	return nil
}

// oneWay says the direction of a fault, if it is not both.
func oneWay(d frame.Direction) string {
	if d == 0 || d == frame.Both {
		return ""
	}
	return " " + d.String()
}
