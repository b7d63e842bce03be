package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// patience is how long a client may take, beyond what the recorded one took, to answer
// a Close or to end a connection that it closes.
const patience = 5 * time.Second

// slack is how much later than recorded an answer may come that was the last before a
// silence: no client beats at exactly the recorded times.
const slack = 20 * time.Millisecond

// Server plays the recording: the n-th attempt gets the n-th connection. The server is
// still to be started; whoever starts it owns it, and may set what else it has, such as
// TLS.
func (r *Recording) Server() *fakeserver.Server {
	speed, once := cmp.Or(r.Speed, 1), r.Once
	handlers := make([]fakeserver.Handler, len(r.Conns))
	for i, c := range r.Conns {
		handlers[i] = c.handler(speed)
	}
	var attempts atomic.Int64
	choice := fakeserver.Choose("recording", func(*http.Request) fakeserver.Handler {
		n := int(attempts.Add(1)) - 1
		if once && n >= len(handlers) {
			return fakeserver.RejectWith(http.StatusServiceUnavailable, fakeserver.Body("every connection of the recording has been played\n"))
		}
		return handlers[n%len(handlers)]
	})
	return &fakeserver.Server{
		Handlers:     []fakeserver.Handler{choice.Optional()},
		Subprotocols: []string{}, // none but the recorded one
	}
}

// handler plays the connection.
func (c *Conn) handler(speed float64) fakeserver.Handler {
	scale := func(d time.Duration) time.Duration { return times(d, 1/speed) }
	shake := c.shake.steps(scale)
	if !c.shake.opened {
		return fakeserver.Handshake(shake...)
	}
	steps := []fakeserver.Step{
		fakeserver.Silent, fakeserver.On(frame.Op(frame.OpClose)), // what answers pings and Closes is played
		fakeserver.Func(fmt.Sprintf("recorded connection %d", c.Number), func(conn *fakeserver.Conn) {
			(&playing{plan: c, conn: conn, speed: speed, scale: scale}).run()
		}),
	}
	if len(shake) > 0 {
		steps = slices.Insert(steps, 0, fakeserver.Step(fakeserver.Handshake(shake...)))
	}
	return fakeserver.Script(steps...)
}

// playing is a connection being played. One goroutine has it.
type playing struct {
	plan  *Conn
	conn  *fakeserver.Conn
	speed float64
	scale func(time.Duration) time.Duration

	opened  time.Time
	deflate bool  // the client takes compressed messages
	counts  []int // beats so far, by dialect
	agenda  agenda
	backlog backlog
	closed  bool // the client has sent its Close
	sent    bool // a Close was sent
}

func (p *playing) run() {
	p.opened = time.Now()
	p.counts = make([]int, len(p.plan.beats))
	for e := range p.conn.View().All() {
		p.deflate = p.deflate || e.Kind == timeline.KindOpened && e.Field("deflate") != ""
	}
	p.step(0)
	frames, stop := p.listen()
	defer stop()
	for {
		select {
		case <-p.agenda.due():
			p.agenda.next()()
		case f, ok := <-frames:
			if !ok {
				frames = nil
				continue
			}
			p.hear(f)
		case <-p.conn.Done():
			p.agenda.clear()
			return
		}
	}
}

// step plays the i-th step at its time, and then the next.
func (p *playing) step(i int) {
	if i == len(p.plan.steps) {
		return
	}
	a := p.plan.steps[i]
	due := p.opened.Add(p.scale(a.at))
	var do func()
	do = func() {
		if a.end != nil && p.backlog.waits(p.conn) && time.Since(due) < patience {
			p.agenda.add(todo{time.Now().Add(pollEvery), a.event, byClock, do})
			return
		}
		p.act(a)
		p.step(i + 1)
	}
	p.agenda.add(todo{due, a.event, byClock, do})
}

// listen hands out what the client sends until it ends the connection, or stop is
// called, which waits for the goroutine to be gone.
func (p *playing) listen() (frames <-chan frame.Frame, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	out, done := make(chan frame.Frame), make(chan struct{})
	go func() {
		defer close(done)
		defer close(out)
		for {
			f, err := p.conn.Next(ctx)
			switch {
			case ctx.Err() != nil, errors.Is(err, io.EOF):
				return
			case err != nil: // frames were dropped, which the client sent faster than they are looked at
				continue
			}
			select {
			case out <- f:
			case <-ctx.Done():
			}
		}
	}()
	return out, func() { cancel(); <-done }
}

// at is where in the recording the connection is now.
func (p *playing) at() time.Duration { return times(time.Since(p.opened), p.speed) }

// isQuiet reports whether nothing may reach the client now.
func (p *playing) isQuiet() bool { return p.plan.isQuiet(p.at(), times(slack, p.speed)) }

// times multiplies a time; what is too long becomes the longest there is.
func times(d time.Duration, x float64) time.Duration {
	if product := float64(max(d, 0)) * x; product < math.MaxInt64 {
		return time.Duration(product)
	}
	return math.MaxInt64
}

// act does what a recorded action did.
func (p *playing) act(a action) {
	switch {
	case a.end != nil:
		_ = p.conn.End(*a.end) // one that is over is so
	case a.raw != nil:
		p.backlog.sent += len(a.raw)
		p.check(p.conn.SendRaw(a.raw))
	default:
		p.send(*a.frame)
	}
}

func (p *playing) send(s sending) {
	f := s.Frame
	if s.deflated != nil && p.deflate {
		f = *s.deflated
	}
	p.backlog.sent += len(f.Payload)
	p.check(p.conn.Send(f))
	if f.Opcode == frame.OpClose && !p.sent {
		p.sent = true
		p.awaitClose()
	}
}

// check is given why something could not be sent. A connection that is over or ending
// takes nothing more, as the recorded one would not have; one whose client does not read
// is reset, so that nothing is left out unseen.
func (p *playing) check(err error) {
	if errors.Is(err, fakeserver.ErrFull) {
		p.conn.Mark("not played: " + err.Error())
		_ = p.conn.Reset()
	}
}
