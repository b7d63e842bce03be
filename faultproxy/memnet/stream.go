package memnet

import "math"

const (
	// capacity is how many bytes one direction of a connection holds that
	// its receiver has not read; a Write beyond it waits.
	capacity = 256 << 10

	// window is how far beyond the bytes known to be read a sender puts
	// bytes on the wire. The rest of capacity is its send buffer, which an
	// RST empties. 64 KiB is the window TCP can announce without scaling it,
	// and a byte (RFC 9293 section 3.1: 16 bits).
	window = 64 << 10

	// never is the due time of what has not been sent.
	never = math.MaxInt64
)

// flight says that a stream's bytes before offset upto are due at a time,
// in nanoseconds since the connection was made.
type flight struct {
	upto, due int64
}

// stream carries one direction of a connection. Offsets count bytes since
// the connection was made:
//
//	acked ≤ taken ≤ arrived ≤ sent ≤ acked+capacity
//
// Without latency everything is due at time 0 and nothing is ever in flight.
type stream struct {
	buf     ring
	acked   int64 // read by the receiver, as far as the sender knows
	taken   int64 // read by the receiver
	arrived int64 // readable by the receiver
	sent    int64 // accepted from the sender

	data []flight // arrived … sent
	acks []flight // acked … taken
	fin  int64    // when the end of the stream is due, or never
}

// settle lets everything due by now arrive.
func (s *stream) settle(now int64) {
	s.arrived, s.data = land(s.arrived, s.data, now)
	s.acked, s.acks = land(s.acked, s.acks, now)
}

// land removes the flights due by now and returns the offset they reach.
func land(offset int64, flights []flight, now int64) (int64, []flight) {
	landed := 0
	for landed < len(flights) && flights[landed].due <= now {
		offset = flights[landed].upto
		landed++
	}
	if landed == len(flights) {
		return offset, nil
	}
	return offset, flights[landed:]
}

// launch adds a flight, joining it to the last one if due with it.
func launch(flights []flight, f flight) []flight {
	if last := len(flights) - 1; last >= 0 && flights[last].due == f.due {
		flights[last].upto = f.upto
		return flights
	}
	return append(flights, f)
}

// space is how many bytes the sender may add.
func (s *stream) space() int {
	return capacity - int(s.sent-s.acked)
}

// send appends p, which must fit, to arrive at due.
func (s *stream) send(p []byte, now, due int64) {
	s.buf.push(p)
	s.sent += int64(len(p))
	if due <= now {
		s.arrived = s.sent
		return
	}
	s.data = launch(s.data, flight{s.sent, due})
}

// discard accounts for n bytes sent to a receiver that is gone.
func (s *stream) discard(n int) {
	s.sent += int64(n)
}

// readable is how many bytes have arrived and not been read.
func (s *stream) readable() int {
	return int(s.arrived - s.taken)
}

// ended reports whether the FIN has arrived, and with it all bytes.
func (s *stream) ended(now int64) bool {
	return s.fin <= now
}

// take moves readable bytes to p; the sender learns of it at due.
func (s *stream) take(p []byte, now, due int64) int {
	n := min(len(p), s.readable())
	s.buf.pop(p[:n])
	s.taken += int64(n)
	if due <= now {
		s.acked = s.taken
	} else {
		s.acks = launch(s.acks, flight{s.taken, due})
	}
	return n
}

// loseUnsent drops what the sender has not put on the wire, and with it a
// FIN that would have followed.
func (s *stream) loseUnsent() {
	onWire := max(s.acked+window, s.taken)
	if s.sent > onWire {
		s.cut(onWire)
	}
}

// cut ends the stream at an offset, without a FIN.
func (s *stream) cut(end int64) {
	s.fin = never
	s.sent = end
	s.arrived = min(s.arrived, end)
	s.buf.truncate(int(end - s.taken))
	for i := range s.data {
		s.data[i].upto = min(s.data[i].upto, end)
	}
}

// nextData is when the next bytes or the FIN are due, or never.
func (s *stream) nextData() int64 {
	if len(s.data) > 0 {
		return s.data[0].due
	}
	return s.fin
}

// nextAck is when the sender next learns of freed space, or never.
func (s *stream) nextAck() int64 {
	if len(s.acks) > 0 {
		return s.acks[0].due
	}
	return never
}
