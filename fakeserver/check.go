package fakeserver

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// What can be wrong with a step.
var (
	errNoTime       = errors.New("it needs a time above zero")
	errNegative     = errors.New("a time cannot be negative")
	errEmpty        = errors.New("it is empty: it needs something to do")
	errNested       = errors.New("Times, Until and For say how many connections a handler serves, and mean nothing inside another; for repetition use Repeat")
	errNothing      = errors.New("it is about nothing: what it waits for is nil")
	errSpins        = errors.New("its rounds take no time and hear nothing, and it has no end: give it a Pause")
	errNoClose      = errors.New("before the 101 there is no connection to send a Close frame on: use Reset, Fin, Freeze or Reject")
	errNotFirst     = errors.New("what happens before the 101 has to come first, not behind or inside other steps")
	errChoice       = errors.New("a handler is chosen once for each attempt: a Choose is no step of a script")
	errNothingHeard = errors.New("it answers nothing: an Expect, WaitFor or On about such a frame has to come before it")
)

// checker goes through a script as a connection would, and finds what cannot work.
type checker struct {
	where   string // the script
	order   bool   // the steps are those of a standing order
	heard   bool   // there is a frame to answer
	closing bool   // it may be a Close
	deaf    string // why the client is no longer heard
	mute    string // why nothing can be sent
	over    string // why nothing that follows is reached
	errs    []error
}

// flaw is something that cannot work.
type flaw struct {
	at    source
	what  string // the handler or step
	where string // the script around it; empty if none
	why   error
}

func (f flaw) Error() string {
	text := f.what
	if f.at != (source{}) {
		text = f.at.String() + ": " + text
	}
	if f.where != "" {
		text += " in " + f.where
	}
	return text + ": " + f.why.Error()
}

func (f flaw) Unwrap() error { return f.why }

func (h Handler) check() []error {
	k := checker{where: h.text}
	if h.waits && !canWait(h.until) {
		k.errs = append(k.errs, flaw{at: h.source, what: h.String(), why: badTrigger(h.until)})
	}
	if h.wrong != nil {
		k.errs = append(k.errs, flaw{at: h.source, what: h.text, why: h.wrong})
	}
	if h.span < 0 {
		k.errs = append(k.errs, flaw{at: h.source, what: h.String(), why: errNegative})
	}
	k.handshake(h.source, h.before)
	if h.steps != nil {
		k.steps(h.steps)
	}
	return k.errs
}

func (k *checker) blame(s step, why error) {
	k.errs = append(k.errs, flaw{s.source, s.text, k.where, why})
}

// steps checks steps in order.
func (k *checker) steps(list []Step) {
	for i, each := range list {
		if isNil(each) {
			k.blame(step{text: fmt.Sprintf("step %d", i+1)}, errors.New("it is nil"))
			continue
		}
		s := each.step()
		switch {
		case s.wrong != nil:
			k.blame(s, s.wrong)
			continue
		case k.over != "":
			k.blame(s, fmt.Errorf("it is never reached, behind %s", k.over))
			return
		}
		k.step(each, s)
	}
}

func (k *checker) step(each Step, s step) {
	switch s.kind {
	case hears:
		k.hears(each, s)
	case sends, answers, hearsClose, sendsOrders:
		switch {
		case k.mute != "":
			k.blame(s, fmt.Errorf("nothing can be sent after %s", k.mute))
		case s.kind == answers && !k.heard, s.kind == hearsClose && !k.closing:
			k.blame(s, errNothingHeard)
		}
	case orders:
		k.orders(each, s)
	case nests:
		k.steps(s.inner)
	case loops:
		k.steps(s.inner)
		if k.over == "" && !s.mayWait() {
			k.blame(s, errors.New("it never waits and never ends: give it a Pause, an Expect or a WaitFor, or Times"))
		}
		k.over = s.text + ", which has no end"
	case ends:
		if e, ok := each.(Ending); ok {
			k.ends(e)
		}
	}
}

// handshake checks what happens before the 101.
func (k *checker) handshake(from source, list []HandshakeStep) {
	for i, each := range list {
		if isNil(each) {
			k.blame(step{text: fmt.Sprintf("step %d", i+1), source: from}, errors.New("it is nil"))
			continue
		}
		s := step{text: each.String(), source: from}
		if k.over != "" {
			k.blame(s, fmt.Errorf("it is never reached, behind %s", k.over))
			return
		}
		switch h := each.(type) {
		case PauseStep:
			k.wrong(h.step())
		case Ending:
			if h.frame != nil {
				k.blame(s, errNoClose)
			}
			k.over = s.text
		case rejectStep:
			if why := h.ans.wrong(); why != nil {
				k.blame(s, why)
			}
			k.over = s.text
		case holdStep:
			k.over = s.text
		}
	}
}

func (k *checker) wrong(s step) {
	if s.wrong != nil {
		k.blame(s, s.wrong)
	}
}

// hears checks a step that waits for a frame.
func (k *checker) hears(each Step, s step) {
	switch {
	case k.order:
		k.blame(s, errors.New("an order's steps cannot wait for frames, which are the script's: give an On of its own"))
	case k.deaf != "":
		k.blame(s, fmt.Errorf("no frame of the client is heard after %s", k.deaf))
	}
	k.heard = true
	if w, ok := each.(Wait); ok {
		m, _ := w.on.(frame.Match)
		k.closing = m != nil && m.Needs().Opcodes.Has(frame.OpClose)
	}
}

// orders checks the steps of a standing order.
func (k *checker) orders(each Step, s step) {
	inner := checker{where: k.where, order: true, mute: k.mute}
	if on, ok := each.(onStep); ok {
		m, aboutFrames := on.event.(frame.Match)
		inner.heard = aboutFrames
		inner.closing = aboutFrames && m.Needs().Opcodes.Has(frame.OpClose)
		if aboutFrames && k.deaf != "" {
			k.blame(s, fmt.Errorf("no frame of the client is heard after %s", k.deaf))
		}
	}
	inner.steps(s.inner)
	k.errs = append(k.errs, inner.errs...)
}

// ends notes what an ending leaves.
func (k *checker) ends(e Ending) {
	switch e.act {
	case keep:
		k.mute = e.text
	case endHalf:
		k.mute = e.text
	case endFIN, endFreeze, endDark:
		k.mute, k.deaf = e.text, e.text
	case endReading:
		k.deaf = e.text
	case endReset:
		k.over = e.text
	}
}

// mayWait reports whether a step, or one inside it, waits or may.
func (s step) mayWait() bool {
	switch s.kind {
	case hears, waits:
		return true
	case nests, loops:
		for _, inner := range s.inner {
			if inner.step().mayWait() {
				return true
			}
		}
	}
	return false
}

// eachHandler calls f for every handler of the server.
func (s *Server) eachHandler(f func(Handler)) {
	for _, r := range s.Routes {
		for _, h := range r.Handlers {
			f(h)
		}
	}
	for _, h := range s.Handlers {
		f(h)
	}
}

// addSessionPages answers what the protocols of the scripts fetch over plain HTTP,
// where nobody said otherwise. The mutex is held.
func (s *Server) addSessionPages(steps []Step) {
	for _, each := range steps {
		s.addSessionPages(each.step().inner)
		session, ok := each.(sessionStep)
		if !ok {
			continue
		}
		for _, page := range session.dialect.HTTP {
			if s.pages[page.Path] == nil && len(page.Answers) > 0 {
				s.pages[page.Path] = &endpoint{answers: answersOf(page)}
			}
		}
	}
}

// addPages answers what a handler brings for plain HTTP, where nobody said otherwise.
// The mutex is held.
func (s *Server) addPages(pages map[string][]Answer) {
	for path, answers := range pages {
		if s.pages[path] == nil {
			s.pages[path] = &endpoint{answers: answers}
		}
	}
}

// answersOf makes answers of what a dialect says of them.
func answersOf(page heartbeat.Endpoint) []Answer {
	var list []Answer
	for _, a := range page.Answers {
		var details []Detail
		if a.ContentType != "" {
			details = append(details, Header("Content-Type", a.ContentType))
		}
		status := a.Status
		if status == 0 {
			status = http.StatusOK
		}
		list = append(list, Respond(status, a.Body, details...))
	}
	return list
}
