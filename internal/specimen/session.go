package specimen

import (
	"errors"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// session is one open connection. Everything of it belongs to run, but for reading,
// which a goroutine of its own does.
type session struct {
	*life
	ws *websocket.Conn
	in chan frame.View // what was read; closed when there is no more
	// closed is the server's Close, if one came. It is the reader's until in is closed.
	closed *frame.CloseEvent

	opened, quietAt time.Time       // quietAt: when it began to end
	closing         bool            // it did: nothing is sent any more
	wake            <-chan struct{} // the queue's; nil when nothing may be sent
	pulse           pulse
	resumed         bool          // the server said which numbered messages it has
	bounding        sync.Once     // of the closing handshake
	over            chan struct{} // closed at the end of run
}

func newSession(l *life, ws *websocket.Conn) *session {
	s := &session{life: l, ws: ws, in: make(chan frame.View), over: make(chan struct{}), wake: l.queue.wake, opened: time.Now()}
	s.pulse.begin(s)
	return s
}

// run lives with the connection until it is over, on both sides and TCP included.
func (s *session) run() {
	defer s.end()
	go s.read()
	s.closeKept()
	s.hello()
	s.queue.ring()
	stop, killed := s.stop, s.killed.Done()
	for {
		select {
		case v, more := <-s.in:
			if !more {
				return
			}
			s.heard(v)
		case <-s.pulse.beats.C:
			s.beat()
		case <-s.pulse.deadline.C:
			s.peerIsDead()
		case <-s.pulse.stray:
			s.sendBeat()
		case <-s.wake:
			s.sendQueued()
		case <-stop:
			stop = nil
			s.close(frame.CodeNormalClosure, "")
		case <-killed:
			killed = nil
			_ = s.ws.Close()
		}
	}
}

// end leaves nothing of the connection behind.
func (s *session) end() {
	close(s.over)
	s.quiet()
	if s.keepOld() {
		return
	}
	_ = s.ws.Close()
}

// hello sends what every connection begins with.
func (s *session) hello() {
	times := 1
	switch {
	case s.life.opened > 1 && s.cfg.bugs.forgetsHello:
		times = 0
	case s.life.opened > 1 && s.cfg.bugs.doublesHello:
		times = 2
	}
	for range times {
		for _, f := range s.cfg.Hello {
			s.send(f)
		}
	}
	if s.cfg.Number {
		s.resume()
	}
}

// heard is called with every frame that came.
func (s *session) heard(v frame.View) {
	s.pulse.heard(v)
	switch v.Header.Opcode {
	case frame.OpClose:
		s.quiet()
		return
	case frame.OpPing: // the reader is about to answer it
		s.pulse.sent()
	}
	if answer, ok := s.cfg.Dialect.AnswerTo(v); ok && v.Header.Opcode != frame.OpPing {
		s.send(answer)
	}
	if s.cfg.Number {
		s.acknowledged(v)
	}
}

// sendQueued sends the texts that wait.
func (s *session) sendQueued() {
	if s.cfg.Number {
		s.sendNumbered()
		return
	}
	for !s.closing {
		text, ok := s.queue.take()
		if !ok {
			return
		}
		s.send(frame.Text(text))
	}
}

// send sends a frame, unless the connection is closing. A peer that does not take it
// in time is as dead as one that does not answer.
func (s *session) send(f frame.Frame) {
	if s.closing {
		return
	}
	if f.Opcode == frame.OpText && s.cfg.bugs.forgetsMask {
		_, _ = s.ws.NetConn().Write(f.Append(nil))
		return
	}
	deadline := in(s.cfg.AnswerWithin)
	var err error
	if f.Opcode.IsControl() {
		err = s.ws.WriteControl(int(f.Opcode), f.Payload, deadline)
	} else {
		_ = s.ws.SetWriteDeadline(deadline)
		err = s.ws.WriteMessage(int(f.Opcode), f.Payload)
	}
	if err != nil && !errors.Is(err, websocket.ErrCloseSent) {
		s.quiet()
		s.bound() // what was received before still counts
	}
	s.pulse.sent()
}

// close begins a closing handshake; the reader finishes it.
func (s *session) close(code frame.CloseCode, reason string) {
	if s.closing {
		return
	}
	s.quiet()
	s.bound()
	_ = s.ws.WriteControl(websocket.CloseMessage, frame.Close(code, reason).Payload, in(s.cfg.CloseTimeout))
	if s.cfg.bugs.talksAfterClose {
		_, _ = s.ws.NetConn().Write(frame.Text("one more thing").WithMask([4]byte{1, 2, 3, 4}).Append(nil))
	}
}

// peerIsDead is called when a sign of life is overdue.
func (s *session) peerIsDead() {
	switch bugs := s.cfg.bugs; {
	case bugs.keepsOld != 0:
		s.quiet()
		_ = s.ws.SetReadDeadline(time.Unix(1, 0)) // only the reader ends
	case bugs.deathCode != 0:
		s.close(bugs.deathCode, "")
	default:
		s.close(CodeDeadPeer, "no sign of life")
	}
}

// quiet sends nothing from here on: RFC 6455 section 5.5.1.
func (s *session) quiet() {
	if !s.closing {
		s.closing, s.wake, s.quietAt = true, nil, time.Now()
		s.pulse.stop()
	}
}

// bound has the connection over within the close timeout.
func (s *session) bound() {
	s.bounding.Do(func() { _ = s.ws.SetReadDeadline(in(s.cfg.CloseTimeout)) })
}

// in is the deadline after d; none if d is negative.
func in(d time.Duration) (deadline time.Time) {
	if d >= 0 {
		deadline = time.Now().Add(d)
	}
	return deadline
}
