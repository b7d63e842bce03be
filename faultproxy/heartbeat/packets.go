package heartbeat

import (
	"fmt"
	"slices"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Packets says how the packets of a protocol lie in WebSocket messages. The
// exchanges of a session are about packets, beats and answers about frames.
type Packets uint8

// The ways.
const (
	// PerMessage: every frame is one packet.
	PerMessage Packets = iota
	// MQTTPackets: the payloads of binary frames make a stream, which the lengths in
	// its packets divide (MQTT 3.1.1 sections 2.2.3 and 6). Clients make use of it:
	// that for Node.js sends a packet as half a dozen messages.
	MQTTPackets
)

// String returns "message" or "mqtt".
func (p Packets) String() string {
	switch p {
	case PerMessage:
		return "message"
	case MQTTPackets:
		return "mqtt"
	}
	return fmt.Sprintf("packets(%d)", uint8(p))
}

// maxPacket is how long a packet may be to take part in a session: 1 MiB, this
// package's choice. Longer ones are passed over.
const maxPacket = 1 << 20

// mqttStream finds the packets in a stream of bytes.
type mqttStream struct {
	held []byte // the beginning of a packet
	skip int    // bytes still to come of a packet that is passed over
	lost bool   // a length was malformed: what follows means nothing
}

// next takes more bytes of the stream and returns the packets they complete.
func (s *mqttStream) next(b []byte) [][]byte {
	var packets [][]byte
	for len(b) > 0 && !s.lost {
		if s.skip > 0 {
			n := min(s.skip, len(b))
			s.skip -= n
			b = b[n:]
			continue
		}
		// At most one header and one packet at a time, so that held stays small.
		size, known := s.size()
		if !known {
			s.held = append(s.held, b[0])
			b = b[1:]
			size, known = s.size()
		} else {
			n := min(size-len(s.held), len(b))
			s.held = append(s.held, b[:n]...)
			b = b[n:]
		}
		switch {
		case !known:
			continue
		case size > maxPacket:
			s.skip = size - len(s.held)
			s.held = s.held[:0]
		case len(s.held) == size:
			packets = append(packets, slices.Clone(s.held))
			s.held = s.held[:0]
		}
	}
	return packets
}

// size returns the length of the whole packet that held is the beginning of, once
// it is there: a byte, then the length of the rest, seven bits a byte, the lowest
// first, in at most four bytes of which all but the last have the highest bit set
// (section 2.2.3).
func (s *mqttStream) size() (size int, known bool) {
	rest := 0
	for i, digit := range s.held[min(1, len(s.held)):] {
		rest |= int(digit&0x7f) << (7 * i)
		if digit&0x80 == 0 {
			return 2 + i + rest, true
		}
		if i == 3 {
			s.lost = true
		}
	}
	return 0, false
}

// packetView is how a match sees a packet of a binary stream.
func packetView(dir frame.Direction, packet []byte) frame.View {
	return frame.View{Dir: dir, Header: frame.Binary(packet).Header(), Payload: packet}
}
