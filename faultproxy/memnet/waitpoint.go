package memnet

import (
	"sync"
	"time"
)

// waitpoint is where goroutines wait for a change of the state its mutex
// guards. Every method but ring is called with the mutex held.
type waitpoint struct {
	cond  sync.Cond
	timer *time.Timer // made by the first wait that has a limit
	at    time.Time   // when timer fires; zero while it is not running
}

// wait parks the caller until wake, or roughly until a time unless that is
// zero; it may return early, so callers check again. A timer left running by
// an earlier wait is kept if it fires early enough: the deadline of a busy
// connection moves at every read, and the timer need not follow.
func (w *waitpoint) wait(until time.Time) {
	if !until.IsZero() && (w.at.IsZero() || until.Before(w.at)) {
		w.at = until
		if w.timer == nil {
			w.timer = time.AfterFunc(time.Until(until), w.ring)
		} else {
			w.timer.Reset(time.Until(until))
		}
	}
	w.cond.Wait()
}

// wake lets every waiter look again.
func (w *waitpoint) wake() {
	w.cond.Broadcast()
}

// ring is what the timer does.
func (w *waitpoint) ring() {
	w.cond.L.Lock()
	w.at = time.Time{}
	w.cond.Broadcast()
	w.cond.L.Unlock()
}

// stop wakes every waiter for the last time and ends the timer.
func (w *waitpoint) stop() {
	if w.timer != nil {
		w.timer.Stop()
		w.at = time.Time{}
	}
	w.cond.Broadcast()
}
