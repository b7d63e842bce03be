package specimen

import (
	"strconv"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// pulse is the heartbeat of one session. Nothing of it outlives the session.
type pulse struct {
	s        *session
	beats    *time.Timer // the next beat is due
	deadline *time.Timer // a sign of life is overdue
	n        int         // beats that were due
	owed     []owed      // beats without an answer, oldest first
	waiting  bool        // a sign of life is owed
	stray    chan struct{}
}

// owed is a beat that was sent.
type owed struct {
	beat frame.View
	at   time.Time
}

func (p *pulse) begin(s *session) {
	*p = pulse{s: s, beats: stopped(), deadline: stopped()}
	cfg := &s.cfg
	if cfg.beats() {
		first := cfg.Interval
		if cfg.JitterFirstBeat {
			first = time.Duration(s.chance.Float64() * float64(first))
		}
		p.beats.Reset(first)
	}
	p.listen()
	if cfg.bugs.loopsMultiply {
		p.stray = make(chan struct{})
		s.strange.current.Store(s)
		s.strays.Go(func() { s.beatForEver() })
	}
}

func (p *pulse) stop() {
	p.beats.Stop()
	p.deadline.Stop()
}

// beat is called when a beat is due.
func (s *session) beat() {
	p := &s.pulse
	p.n++
	p.beats.Reset(s.cfg.Interval)
	if every := s.cfg.bugs.skipsBeat; every > 0 && p.n%every == 0 {
		return
	}
	s.sendBeat()
}

func (s *session) sendBeat() {
	if s.closing {
		return
	}
	p := &s.pulse
	f, ok := s.cfg.Dialect.NewBeat(p.n)
	if !ok {
		return
	}
	if f.Opcode == frame.OpPing {
		f.Payload = []byte(strconv.Itoa(p.n)) // an answer shows which beat it is for
	}
	s.send(f)
	if s.closing || !s.cfg.Dialect.Answered() || s.cfg.AnswerWithin < 0 {
		return
	}
	now := time.Now()
	p.owed = append(p.owed, owed{frame.View{Dir: frame.ToServer, Header: f.Header(), Payload: f.Payload}, now})
	if !p.waiting || s.cfg.bugs.beatProvesLife {
		p.waiting = true
		p.deadline.Reset(s.cfg.AnswerWithin)
	}
}

// sent is called whenever a frame goes out, of whatever kind.
func (p *pulse) sent() {
	if cfg := &p.s.cfg; cfg.Rearm&Sent != 0 {
		p.rearm()
	}
}

// heard is called with every frame that came.
func (p *pulse) heard(v frame.View) {
	cfg := &p.s.cfg
	if cfg.Rearm&Received != 0 {
		p.rearm()
	}
	answered := p.answer(v)
	if v.Header.Opcode == frame.OpPong && !answered && cfg.bugs.takesAnyPong {
		p.owed, answered = nil, true
	}
	switch {
	case cfg.listens():
		p.listen()
	case cfg.Life == AnyFrame, answered && len(p.owed) == 0:
		p.waiting = false
		p.deadline.Stop()
	case answered:
		p.deadline.Reset(time.Until(p.owed[0].at.Add(cfg.AnswerWithin)))
	}
}

// answer strikes off the beat that a frame answers and, for they count as answered
// with it, those before it.
func (p *pulse) answer(v frame.View) bool {
	for i, o := range p.owed {
		if p.s.cfg.Dialect.IsAnswer(o.beat, v) {
			p.owed = p.owed[i+1:]
			return true
		}
	}
	return false
}

func (p *pulse) rearm() {
	if p.s.cfg.beats() && !p.s.closing {
		p.beats.Reset(p.s.cfg.Interval)
	}
}

// listen begins to wait for the server, where only hearing it tells that it lives.
func (p *pulse) listen() {
	if cfg := &p.s.cfg; cfg.listens() && !p.s.closing {
		p.deadline.Reset(cfg.Interval + cfg.AnswerWithin)
	}
}

// stopped returns a timer that is not running.
func stopped() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}
