package faultproxy

import (
	"fmt"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Corrupt gives Bytes bytes of a frame's payload (zero: one) other values, at places
// that the seed decides; of a compressed message as it stands on the wire. Text may
// so become invalid UTF-8. A payload without bytes is left alone, and a message that
// is compressed with context takeover, since later ones depend on it.
type Corrupt struct{ Bytes int }

// Stages of Corrupt: a frame.
func (Corrupt) Stages() Stage { return StageFrame }

// Apply corrupts the frame in hand.
func (f Corrupt) Apply(p *Plan) { p.Corrupt(max(f.Bytes, 1)) }

// Validate refuses a negative number.
func (f Corrupt) Validate() error { return bytesIn("corrupt", "bytes", f.Bytes) }

func (f Corrupt) String() string {
	if f.Bytes > 1 {
		return fmt.Sprintf("corrupt %d bytes", f.Bytes)
	}
	return "corrupt"
}

// Truncate leaves the first Keep bytes of a frame's payload (zero: none). Torn leaves
// the header as it was, so that the receiver takes what comes next for the rest, or
// waits for it: what a sender that died leaves, if an End follows. Frames that are no
// longer than Keep are left alone, and messages that are compressed with context
// takeover.
type Truncate struct {
	Keep int
	Torn bool
}

// Stages of Truncate: a frame.
func (Truncate) Stages() Stage { return StageFrame }

// Apply truncates the frame in hand.
func (f Truncate) Apply(p *Plan) { p.Truncate(f.Keep, f.Torn) }

// Validate refuses a negative number.
func (f Truncate) Validate() error { return bytesIn("truncate", "bytes to keep", f.Keep) }

func (f Truncate) String() string {
	s := fmt.Sprintf("truncate to %d bytes", f.Keep)
	if f.Torn {
		s += ", torn"
	}
	return s
}

// Split sends a data frame as Parts fragments (zero: two), Pause apart. They are as
// equal as can be, and may be empty, which is legal. What comes behind waits, but for
// pings and pongs, which may come between fragments (RFC 6455 section 5.4). Control
// frames are left alone.
type Split struct {
	Parts int
	Pause time.Duration
}

// Stages of Split: a frame.
func (Split) Stages() Stage { return StageFrame }

// Apply splits the frame in hand.
func (f Split) Apply(p *Plan) { p.Split(orTwo(f.Parts), f.Pause) }

// Validate refuses a single part, more than 1000, and a negative pause.
func (f Split) Validate() error {
	if f.Parts < 0 || f.Parts == 1 || f.Parts > 1000 {
		return fmt.Errorf("split: parts is %d; want 2 to 1000, or 0 for 2", f.Parts)
	}
	return nonNegative("split", f.Pause)
}

func (f Split) String() string {
	s := fmt.Sprintf("split into %d fragments", orTwo(f.Parts))
	if f.Pause > 0 {
		s += fmt.Sprintf(", %v apart", f.Pause)
	}
	return s
}

// Malform changes a frame's header into one that RFC 6455 forbids, or at least not
// the sender's. The payload stays. What is zero is left as it is.
type Malform struct {
	// RSV are reserved bits to set: frame.RSV1, RSV2 and RSV3.
	RSV uint8
	// Opcode replaces the opcode, as in frame.OpcodesOf(0x3). Of several, chance
	// decides.
	Opcode frame.OpcodeSet
	// FlipFin inverts the FIN bit: a message that never ends, or that ends early.
	FlipFin bool
	// FlipMask masks a frame toward the client, or leaves one toward the server
	// unmasked.
	FlipMask bool
	// LengthBytes is the form of the length, 2 or 8 bytes long where fewer would do.
	LengthBytes int
	// Length is what the header declares instead of the payload's length. More makes
	// the receiver wait, or take what comes next for payload.
	Length uint64
}

// Stages of Malform: a frame.
func (Malform) Stages() Stage { return StageFrame }

// Apply malforms the frame in hand.
func (f Malform) Apply(p *Plan) { p.Malform(f) }

// Validate refuses what no header can say, and a Malform that changes nothing.
func (f Malform) Validate() error {
	switch {
	case f == (Malform{}):
		return fmt.Errorf("malform: it changes nothing; set RSV, Opcode, FlipFin, FlipMask, LengthBytes or Length")
	case f.RSV > 7:
		return fmt.Errorf("malform: rsv is %d; want 0 to 7, frame.RSV1 being 4", f.RSV)
	case f.LengthBytes != 0 && f.LengthBytes != 2 && f.LengthBytes != 8:
		return fmt.Errorf("malform: length bytes is %d; want 2 or 8, or 0 for as it was", f.LengthBytes)
	}
	return nil
}

func (f Malform) String() string {
	var what []string
	for i, bit := range []uint8{frame.RSV1, frame.RSV2, frame.RSV3} {
		if f.RSV&bit != 0 {
			what = append(what, fmt.Sprintf("rsv%d set", i+1))
		}
	}
	if f.Opcode != 0 {
		what = append(what, "opcode "+f.Opcode.String())
	}
	if f.FlipFin {
		what = append(what, "fin flipped")
	}
	if f.FlipMask {
		what = append(what, "mask flipped")
	}
	if f.LengthBytes != 0 {
		what = append(what, fmt.Sprintf("length in %d bytes", f.LengthBytes))
	}
	if f.Length != 0 {
		what = append(what, fmt.Sprintf("length %d", f.Length))
	}
	return "malform: " + strings.Join(what, ", ")
}
