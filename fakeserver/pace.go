package fakeserver

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// pace wakes what sleeps on a connection in an order that does not depend on how
// goroutines are scheduled: by time, then standing orders in the order they were
// given, the script last. The next one wakes when the one before it waits again.
type pace struct {
	c *Conn

	mu       sync.Mutex // never held while waiting
	sleepers []*sleeper // by time and rank
	timer    *time.Timer
	waking   bool // a goroutine is at it
	ended    bool
}

type sleeper struct {
	due  time.Time
	rank int
	wake chan struct{} // closed when it is its turn
	rest chan struct{} // closed when it waits again
}

// sleep waits for d, or until the connection is over.
func (r *run) sleep(d time.Duration) error {
	r.rest()
	if d <= 0 {
		return nil
	}
	p := &r.c.pace
	s := &sleeper{due: time.Now().Add(d), rank: r.rank, wake: make(chan struct{}), rest: make(chan struct{})}
	p.add(s)
	select {
	case <-s.wake:
		r.awake = s
		return nil
	case <-r.c.over:
		p.remove(s)
		return errOver
	}
}

// rest ends the turn of what slept before: it waits again, or is done.
func (r *run) rest() {
	if r.awake != nil {
		close(r.awake.rest)
		r.awake = nil
	}
}

func (p *pace) add(s *sleeper) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, _ := slices.BinarySearchFunc(p.sleepers, s, func(a, b *sleeper) int {
		return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.rank, b.rank), -1) // behind its equals
	})
	p.sleepers = slices.Insert(p.sleepers, at, s)
	if at == 0 {
		p.arm()
	}
}

// arm sets the timer to the first sleeper. The mutex is held.
func (p *pace) arm() {
	if p.timer != nil {
		p.timer.Stop()
	}
	if len(p.sleepers) > 0 && !p.waking && !p.ended {
		p.timer = time.AfterFunc(time.Until(p.sleepers[0].due), p.fire)
	}
}

// remove takes a sleeper out whose connection is over.
func (p *pace) remove(s *sleeper) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.sleepers, s); i >= 0 {
		p.sleepers = slices.Delete(p.sleepers, i, i+1)
		return
	}
	close(s.rest) // its turn had come
}

// fire is the goroutine that wakes those whose time has come.
func (p *pace) fire() {
	if !p.c.s.enter() {
		return // all that sleep are about to be told that it is over
	}
	defer p.c.s.leave()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waking {
		return
	}
	p.waking = true
	for len(p.sleepers) > 0 && !p.sleepers[0].due.After(time.Now()) {
		s := p.sleepers[0]
		p.sleepers = slices.Delete(p.sleepers, 0, 1)
		p.mu.Unlock()
		close(s.wake)
		select {
		case <-s.rest:
		case <-p.c.over:
		}
		p.mu.Lock()
	}
	p.waking = false
	p.arm()
}

// end stops the timer of a connection that is over.
func (p *pace) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.arm()
}
