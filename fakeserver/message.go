package fakeserver

import (
	"fmt"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// message is a message of the client that has not come whole yet (RFC 6455 section
// 5.4). It belongs to the reader.
type message struct {
	begun      bool
	first      frame.Frame
	payload    []byte
	compressed bool
}

// add takes a data frame and returns the message that it completes, plain and in one
// frame.
func (m *message) add(f frame.Frame) (whole frame.Frame, complete bool, err error) {
	if f.Fin && !m.begun {
		return f, true, nil
	}
	if !m.begun {
		*m = message{begun: true, first: f, compressed: isOpaque(f)}
	}
	if len(m.payload)+len(f.Payload) > maxMessage {
		return f, false, fmt.Errorf("a message of more than %d bytes", maxMessage)
	}
	m.payload = append(m.payload, f.Payload...)
	if !f.Fin {
		return f, false, nil
	}
	whole = m.first
	whole.Fin, whole.Payload, m.begun = true, m.payload, false
	if m.compressed {
		if plain, ok := frame.Inflate(m.payload, maxMessage); ok {
			whole.Payload, whole.RSV = plain, whole.RSV&^frame.RSV1
		}
	}
	m.payload = nil
	return whole, true, nil
}
