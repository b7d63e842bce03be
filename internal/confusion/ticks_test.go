package confusion

import "time"

// ticks are the timers of a session. Those that do not run are stopped.
type ticks struct {
	beat, dead, text, leave, giveUp *time.Timer
	waiting                         bool // for an answer to a ping
}

func (s *speaker) ticks() *ticks {
	t := &ticks{beat: stopped(), dead: stopped(), text: stopped(), leave: stopped(), giveUp: stopped()}
	if s.beat > 0 {
		t.beat.Reset(s.beat)
	}
	if s.leaves > 0 {
		t.leave.Reset(s.leaves + s.extra)
	}
	t.next(s)
	return t
}

func stopped() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// next arms the timer of the next message.
func (t *ticks) next(s *speaker) {
	age := time.Since(s.opened)
	for i, d := range s.says {
		if i == len(s.says)-1 {
			d += s.extra // the last word comes later on later connections
		}
		if d > age {
			t.text.Reset(d - age)
			return
		}
	}
	if s.chat > 0 {
		t.text.Reset(s.chat)
	}
}

// wait begins to wait for an answer, unless that is under way.
func (t *ticks) wait(d time.Duration) {
	if !t.waiting {
		t.waiting = true
		t.dead.Reset(d)
	}
}

func (t *ticks) answered() {
	t.waiting = false
	t.dead.Stop()
}

// quiet stops all that speaks.
func (t *ticks) quiet() {
	for _, timer := range []*time.Timer{t.beat, t.dead, t.text, t.leave} {
		timer.Stop()
	}
}

func (t *ticks) stop() {
	t.quiet()
	t.giveUp.Stop()
}
