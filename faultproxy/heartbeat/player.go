package heartbeat

import "github.com/heartbreak-ws/heartbreak/faultproxy/frame"

// Player plays one side's part in the session of a dialect on one connection: it
// is given what the other side sends, and says what to reply. It has no clock and
// starts nothing. Not safe for concurrent use.
type Player struct {
	dialect Dialect
	stream  mqttStream
}

// NewPlayer returns a player for one connection. What the server says first is not
// its business, see [Dialect.Greet], nor are beats, see [Dialect.AnswerTo].
func NewPlayer(d Dialect) *Player { return &Player{dialect: d} }

// Replies is given the next frame that the other side sent, and returns the frames
// to send to it, unmasked, in this order; nil if there is nothing to reply. Each
// question is answered by the first exchange of the session that has an answer.
func (p *Player) Replies(v frame.View) []frame.Frame {
	if p.dialect.Packets == PerMessage {
		return p.dialect.replies(v)
	}
	if v.Opaque || v.Header.Opcode != frame.OpBinary && v.Header.Opcode != frame.OpContinuation {
		return nil
	}
	var frames []frame.Frame
	for _, packet := range p.stream.next(v.Payload) {
		frames = append(frames, p.dialect.replies(packetView(v.Dir, packet))...)
	}
	return frames
}

func (d Dialect) replies(question frame.View) []frame.Frame {
	for _, x := range d.Session {
		if frames := x.Replies(question); frames != nil {
			return frames
		}
	}
	return nil
}
