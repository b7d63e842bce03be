package specimen

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Client is a client under way. Stop ends it. Its methods may be called from any
// goroutine.
type Client struct {
	cfg   Config
	queue queue

	stop     chan struct{} // closed by Stop
	stopOnce sync.Once
	done     chan struct{} // closed when it has ended

	kill   context.CancelFunc // ends what is there at once, strays too
	killed context.Context
	// strays are goroutines that only mutants have: they outlive the client.
	strays sync.WaitGroup
}

// Start starts a client. It belongs to the bubble it is started in.
func Start(cfg Config) *Client {
	c := &Client{cfg: cfg.WithDefaults(), stop: make(chan struct{}), done: make(chan struct{})}
	c.queue.wake = make(chan struct{}, 1)
	c.killed, c.kill = context.WithCancel(context.Background())
	go func() {
		defer close(c.done)
		c.life(0).run()
	}()
	return c
}

// Send has the client send a text as soon as it is connected; in order, and without
// waiting. A text that is on its way when the connection ends is lost, unless messages
// are numbered.
func (c *Client) Send(text string) { c.queue.put(text) }

// Stop ends the client for good: it closes the connection with 1000, or gives up the
// attempt, and waits until all is over. Stopping again does no harm.
func (c *Client) Stop() {
	c.stopOnce.Do(func() { close(c.stop) })
	<-c.done
}

// Kill ends the client as it is, without a Close, and everything that a mutant left
// behind. After Stop it is only of use for mutants.
func (c *Client) Kill() {
	c.kill()
	<-c.done
	c.strays.Wait()
}

// Done is closed when the client has ended: it was stopped or gave up.
func (c *Client) Done() <-chan struct{} { return c.done }

// life is what connects again and again: one per client.
type life struct {
	*Client
	stop   <-chan struct{} // ends it; nil: only Kill does
	chance *rand.Rand

	opened   int // connections so far
	failures int // in a row
	delay    time.Duration
	window   window

	strange strange // what only mutants have
}

// life returns a life of the client's; n tells their chance apart.
func (c *Client) life(n uint64) *life {
	return &life{Client: c, stop: c.stop, chance: rand.New(rand.NewPCG(c.cfg.Seed, n))}
}

// outcome is what an attempt, or the connection it led to, ended with.
type outcome struct {
	final   string        // why there is no further attempt; empty: there is
	atLeast time.Duration // the least delay before the next one
}

// run connects until the client is stopped, killed, or told not to come back.
func (l *life) run() {
	defer l.leave()
	for {
		out := l.attempt()
		switch {
		case l.ended():
			l.stopped()
			return
		case out.final != "":
			l.report("giveup", "why", out.final)
			return
		}
		l.failures++
		if l.cfg.Backoff.Attempts > 0 && l.failures > l.cfg.Backoff.Attempts {
			l.report("giveup", "why", strconv.Itoa(l.cfg.Backoff.Attempts)+" attempts failed")
			return
		}
		l.delay = l.cfg.Backoff.Delay(l.failures, l.delay, l.chance)
		wait := max(l.delay, out.atLeast)
		l.report("retry", "in", wait.String())
		if l.cfg.bugs.reconnectsTwice && !l.strange.doubled {
			l.double(wait)
		}
		if !l.pause(wait) {
			l.stopped()
			return
		}
	}
}

// stopped is called when the client was, and did what there was to do.
func (l *life) stopped() {
	l.report("stopped")
	if l.cfg.bugs.returnsFromStop && l.killed.Err() == nil {
		l.returnLater()
	}
}

// attempt makes one attempt and, if it succeeds, lives with the connection.
func (l *life) attempt() outcome {
	ws, out := l.connect()
	if ws == nil {
		return out
	}
	l.opened++
	l.report("open", "n", strconv.Itoa(l.opened))
	s := newSession(l, ws)
	s.run()
	event := s.closeEvent()
	if l.cfg.bugs.calls1006Normal && event.Code == frame.CodeAbnormalClosure {
		event.Code, event.WasClean = frame.CodeNormalClosure, true
	}
	l.report("close", "code", strconv.Itoa(int(event.Code)), "reason", event.Reason, "wasClean", strconv.FormatBool(event.WasClean))
	if s.quietAt.Sub(s.opened) >= l.cfg.Backoff.ResetAfter {
		l.failures, l.delay = 0, 0
	}
	switch {
	case slices.Contains(l.cfg.GiveUpCodes, event.Code):
		return outcome{final: "close " + strconv.Itoa(int(event.Code))}
	case event.Code == frame.CodeTryAgainLater:
		return outcome{atLeast: l.cfg.TryAgainAfter}
	}
	return outcome{}
}

// ended reports whether the life is to go on no more.
func (l *life) ended() bool {
	select {
	case <-l.stop:
		return true
	case <-l.killed.Done():
		return true
	default:
		return false
	}
}

// pause waits; it reports false if the life ended meanwhile.
func (l *life) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.stop:
		return false
	case <-l.killed.Done():
		return false
	}
}

// report tells names and values of fields in turn.
func (l *life) report(name string, pairs ...string) {
	var fields []timeline.Field
	for i := 0; i+1 < len(pairs); i += 2 {
		fields = append(fields, timeline.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	l.cfg.Report(name, fields...)
}
