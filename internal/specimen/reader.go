package specimen

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// read reads until the connection has nothing more to say. It waits for the server to
// end TCP, as RFC 6455 section 7.1.1 asks for, but not for long.
func (s *session) read() {
	defer close(s.in)
	s.onPing()
	s.onPong()
	s.onClose()
	for {
		op, payload, err := s.ws.ReadMessage()
		if err != nil {
			s.failed(err)
			break
		}
		s.in <- received(frame.Opcode(op), payload)
		if s.cfg.bugs.slowHandler > 0 {
			time.Sleep(s.cfg.bugs.slowHandler)
		}
	}
	_, _ = io.Copy(io.Discard, s.ws.NetConn())
}

// failed is called with the error that ended reading. For a frame that breaks RFC 6455
// gorilla has sent a Close with 1002.
func (s *session) failed(err error) {
	var end net.Error
	var closed *websocket.CloseError
	if !errors.As(err, &end) && !errors.As(err, &closed) {
		s.in <- received(frame.OpClose, nil)
		s.bound()
	}
}

func received(op frame.Opcode, payload []byte) frame.View {
	return frame.View{Dir: frame.ToClient, Header: frame.Header{Fin: true, Opcode: op, Length: uint64(len(payload))}, Payload: payload}
}

// onPing answers pings as gorilla does by itself: at once, with their payload.
func (s *session) onPing() {
	pong := s.ws.PingHandler()
	bugs := &s.cfg.bugs
	s.ws.SetPingHandler(func(payload string) error {
		s.in <- received(frame.OpPing, []byte(payload))
		switch {
		case bugs.neverPongs:
			return nil
		case bugs.wrongPongs:
			payload += "!"
		}
		time.Sleep(bugs.latePongs)
		return pong(payload)
	})
}

func (s *session) onPong() {
	s.ws.SetPongHandler(func(payload string) error {
		s.in <- received(frame.OpPong, []byte(payload))
		return nil
	})
}

// onClose echoes a Close as gorilla does by itself, unless the client's own has gone
// out. The session knows of it before: it sends nothing behind the echo.
func (s *session) onClose() {
	echo := s.ws.CloseHandler()
	bugs := &s.cfg.bugs
	s.ws.SetCloseHandler(func(code int, reason string) error {
		s.closed = &frame.CloseEvent{Code: frame.CloseCode(code), Reason: reason, WasClean: !bugs.neverEchoes}
		s.in <- received(frame.OpClose, frame.Close(frame.CloseCode(code), reason).Payload)
		s.bound()
		switch {
		case bugs.neverEchoes:
			return nil
		case bugs.echoes1005 && code == websocket.CloseNoStatusReceived:
			return s.ws.WriteControl(websocket.CloseMessage, frame.Close(frame.CodeNoStatus, "").Payload, time.Now().Add(time.Second))
		}
		return echo(code, reason)
	})
}

// closeEvent is how the connection ended, as a browser would put it. It is for when
// the session is over.
func (s *session) closeEvent() frame.CloseEvent {
	if s.closed == nil {
		return frame.CloseEvent{Code: frame.CodeAbnormalClosure}
	}
	return *s.closed
}
