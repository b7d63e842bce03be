package specimen

import (
	"encoding/json"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// window holds the numbered messages that the server has not acknowledged. They are
// sent as {"n":1,"text":"…"}, numbered from 1 across connections, and acknowledged by
// {"ack":1}, which stands for all up to that number. On each connection the client
// first says {"resume":1} with the oldest it still has, and goes on when the server has
// said by an ack how far it got. So none is lost, and none comes twice; but what never
// arrived is on the wire twice.
type window struct {
	texts []string
	acked int    // the number of the last one acknowledged
	last  string // and its text
}

type numbered struct {
	N    int    `json:"n"`
	Text string `json:"text"`
}

// resume asks what the server has.
func (s *session) resume() {
	if s.cfg.bugs.losesMessage && s.life.opened > 1 && len(s.window.texts) > 0 {
		s.window.texts = s.window.texts[1:]
		s.window.acked++
	}
	s.sendJSON(map[string]int{"resume": s.window.acked + 1})
}

// acknowledged takes what the server acknowledges out of the window, and goes on
// sending if it was waiting for that.
func (s *session) acknowledged(v frame.View) {
	var answer struct{ Ack *int }
	if v.Header.Opcode != frame.OpText || json.Unmarshal(v.Payload, &answer) != nil || answer.Ack == nil {
		return
	}
	w := &s.window
	if done := *answer.Ack - w.acked; done > 0 && done <= len(w.texts) {
		w.last, w.texts, w.acked = w.texts[done-1], w.texts[done:], *answer.Ack
	}
	if s.resumed {
		return
	}
	s.resumed = true
	if s.cfg.bugs.repeatsMessage && s.life.opened > 1 && w.acked > 0 {
		s.sendJSON(numbered{w.acked, w.last})
	}
	for i, text := range w.texts {
		s.sendJSON(numbered{w.acked + 1 + i, text})
	}
	s.sendNumbered()
}

// sendNumbered sends what is new.
func (s *session) sendNumbered() {
	for s.resumed && !s.closing {
		text, ok := s.queue.take()
		if !ok {
			return
		}
		w := &s.window
		w.texts = append(w.texts, text)
		s.sendJSON(numbered{w.acked + len(w.texts), text})
	}
}

func (s *session) sendJSON(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // it is made of numbers and texts
	}
	s.send(frame.Text(string(text)))
}
