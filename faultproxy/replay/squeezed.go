package replay

import (
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// squeezed is a message that was compressed as one and lies in several frames, each of
// which says nothing by itself. The zero value is none.
type squeezed struct {
	frames  []*sending
	payload []byte
	broken  bool
}

// add plans the next frame of the message. A client that takes compressed messages gets
// the frames as they were; to another the first carries the whole text.
func (m *squeezed) add(t *talk, e timeline.Event) {
	if e.Header.Opcode != frame.OpContinuation {
		*m = squeezed{}
	}
	f := e.Header.Frame(e.Payload)
	s := &sending{Frame: f, deflated: &f}
	s.RSV, s.LengthBytes, s.Payload = f.RSV&^frame.RSV1, 0, nil
	t.add(e, action{frame: s})
	m.frames, m.payload = append(m.frames, s), append(m.payload, e.Payload...)
	m.broken = m.broken || e.Truncated
	if !f.Fin {
		return
	}
	plain, whole := frame.Inflate(m.payload, frame.DefaultMaxPayload)
	if m.broken || !whole {
		t.p.refuse(e, "this compressed message cannot be read, because the ones before it are needed for that or not all of it was recorded: record with --compression strip")
		return
	}
	m.frames[0].Payload = plain
	*m = squeezed{}
}
