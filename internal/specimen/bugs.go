package specimen

import (
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// bugs is what a mutant does wrong that no config could ask for.
type bugs struct {
	skipsBeat      int  // every n-th beat is not sent
	beatProvesLife bool // its own beat moves the deadline of the answer
	takesAnyPong   bool // an unsolicited pong is an answer
	loopsMultiply  bool // the heartbeat of old connections goes on

	neverPongs  bool
	wrongPongs  bool
	latePongs   time.Duration
	slowHandler time.Duration // reading waits for whoever handles a message
	forgetsMask bool          // texts are not masked

	neverEchoes     bool            // a Close is not answered
	echoes1005      bool            // a Close without a code is answered by one with 1005
	deathCode       frame.CloseCode // what it closes a dead peer with
	talksAfterClose bool
	calls1006Normal bool // in what it reports

	ignoresRetryAfter bool
	returnsFromStop   bool // it reconnects after Stop
	reconnectsTwice   bool // reader and heartbeat both reconnect

	keepsOld time.Duration // the old connection stays open: so long, or negative: for ever
	leaks    bool          // a goroutine stays behind with every connection

	forgetsHello, doublesHello   bool // on the second connection and later
	losesMessage, repeatsMessage bool // of the numbered ones, when it resumes
}

// strange is what a life has to remember of its bugs.
type strange struct {
	doubled bool              // a second life was started
	kept    []*websocket.Conn // old connections that were not closed
	current atomic.Pointer[session]
}

// beatForEver is the heartbeat that goes on when its session is over.
func (s *session) beatForEver() {
	<-s.over
	ticker := time.NewTicker(s.cfg.Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.life.beatCurrent()
		case <-s.killed.Done():
			return
		}
	}
}

// beatCurrent beats on whatever connection there is now.
func (l *life) beatCurrent() {
	s := l.strange.current.Load()
	if s == nil {
		return
	}
	select {
	case s.pulse.stray <- struct{}{}:
	case <-s.over:
	case <-l.killed.Done():
	}
}

// keepOld keeps the connection open, if that is what the mutant does.
func (s *session) keepOld() bool {
	if s.cfg.bugs.leaks {
		s.strays.Go(func() { <-s.killed.Done() })
	}
	if s.cfg.bugs.keepsOld == 0 || s.ended() {
		return false
	}
	s.strange.kept = append(s.strange.kept, s.ws)
	return true
}

// closeKept closes an old connection some time after the new one opened.
func (s *session) closeKept() {
	if d := s.cfg.bugs.keepsOld; d > 0 {
		for _, old := range s.strange.kept {
			s.strays.Go(func() { time.Sleep(d); _ = old.Close() })
		}
		s.strange.kept = nil
	}
}

// leave closes what is left when a life ends.
func (l *life) leave() {
	for _, old := range l.strange.kept {
		_ = old.Close()
	}
}

// returnLater begins a second life, which only Kill ends.
func (l *life) returnLater() {
	again := l.life(1)
	again.stop = nil
	again.delay = time.Second
	l.strays.Go(again.runAfter)
}

// double begins a second life beside the first.
func (l *life) double(wait time.Duration) {
	l.strange.doubled = true
	twin := l.life(1)
	twin.strange.doubled, twin.delay = true, wait
	l.strays.Go(twin.runAfter)
}

// runAfter runs a life after its delay.
func (l *life) runAfter() {
	if l.pause(l.delay) {
		l.run()
	}
}
