package timeline

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Message is what a peer said as one: a control frame, or a message of data, which
// may have come in several frames (RFC 6455 section 5.4).
type Message struct {
	// Event is that of its first frame, changed to what one frame would have been: its
	// FIN is set, its Header.Length and Payload are those of all frames. It is Truncated
	// if not all of the payload was kept or its beginning is not known, and Opaque if a
	// part could not be inflated; [Event.View] is then opaque, and a match that looks at
	// payloads cannot judge it.
	Event
	// Frames is how many frames it came in.
	Frames int
	// DoneAt and DoneSeq are when its last frame was seen, and that event's number.
	DoneAt  time.Duration
	DoneSeq int
}

// Assembler puts the frames on one side of a recorder together to messages. The zero
// value is ready, and takes the side of the client: frames as [Event.OfClient] selects
// them. Its memory is that of the messages under way.
type Assembler struct {
	// Far makes it the side of the server: what left for it, and what arrived from it.
	Far bool

	open map[stream]*Message
}

// stream is one direction of one connection.
type stream struct {
	conn int
	from Vantage
	dir  frame.Direction
}

// See takes the next event, in the order in which they were recorded, and returns the
// message that is complete with it, if one is. Show it all events of a connection, not
// frames only: where some were lost a message under way is Truncated, and where bytes
// are no longer parsed, or the connection ends, it is forgotten.
func (a *Assembler) See(e Event) (m Message, ok bool) {
	switch e.Kind {
	case KindFrame:
		return a.frame(e)
	case KindLost:
		for at, m := range a.open {
			if e.Conn == 0 || e.Conn == at.conn {
				m.Truncated = true
			}
		}
	case KindOpaque:
		delete(a.open, stream{e.Conn, e.Vantage, e.Dir})
	case KindEnded:
		delete(a.open, stream{e.Conn, e.Vantage, frame.ToServer})
		delete(a.open, stream{e.Conn, e.Vantage, frame.ToClient})
	}
	return Message{}, false
}

func (a *Assembler) frame(e Event) (Message, bool) {
	if a.Far && !e.ofServer() || !a.Far && !e.OfClient() {
		return Message{}, false
	}
	alone := Message{Event: e, Frames: 1, DoneAt: e.At, DoneSeq: e.Seq}
	if e.Header.Opcode.IsControl() {
		return alone, true
	}
	at := stream{e.Conn, e.Vantage, e.Dir}
	begun := a.open[at]
	if e.Header.Opcode != frame.OpContinuation || begun == nil {
		delete(a.open, at)
		alone.Truncated = e.Truncated || e.Header.Opcode == frame.OpContinuation
		if e.Header.Fin {
			return alone, true
		}
		if a.open == nil {
			a.open = map[stream]*Message{}
		}
		alone.Header.Fin = true
		alone.Payload = append([]byte(nil), e.Payload...) // to which more will be appended
		a.open[at] = &alone
		return Message{}, false
	}
	begun.Frames++
	begun.DoneAt, begun.DoneSeq = e.At, e.Seq
	begun.Header.Length += e.Header.Length
	begun.Opaque = begun.Opaque || e.Opaque
	if begun.Truncated = begun.Truncated || e.Truncated; !begun.Truncated {
		begun.Payload = append(begun.Payload, e.Payload...)
	}
	if !e.Header.Fin {
		return Message{}, false
	}
	delete(a.open, at)
	return *begun, true
}

// ofServer reports whether the event travelled on the server's side.
func (e Event) ofServer() bool {
	switch e.Dir {
	case frame.ToServer:
		return e.Seen&Left != 0
	case frame.ToClient:
		return e.Seen&Arrived != 0
	}
	return false
}

// OfMessages reports whether a match is about messages rather than frames: it looks at
// payloads, and at more than one kind of fragment. Ask it about the Messages of an
// [Assembler] then, and about single frames otherwise: frame.Op(frame.OpContinuation),
// frame.Fin(false) and frame.Size speak of frames.
func OfMessages(m frame.Match) bool {
	needs := m.Needs()
	return needs.Payload && (needs.Opcodes.Has(frame.OpText) || needs.Opcodes.Has(frame.OpBinary))
}
