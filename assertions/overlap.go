package assertions

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// LiveOption is an option of [HaveAtMostOneLiveConnection]: [Overlap], or what tells
// clients apart.
type LiveOption interface {
	String() string
	liveOption()
}

// HaveAtMostOneLiveConnection succeeds if the client has never had more than one live
// connection (see [HaveLive]) for longer than the overlap. Without [Overlap] it must
// never have had two at all.
//
//	Expect(srv).To(HaveAtMostOneLiveConnection())
//	Expect(srv).To(HaveAtMostOneLiveConnection(Overlap(2*time.Second), ClientByQuery("user")))
//
// It needs a connection, and cannot judge without. Where several client programs ran at
// once it cannot judge connections side by side, unless it is told whose they are. Two connections that live longer
// side by side are final. Where nobody reads (Freeze, StopReading) the end of a
// connection would not be seen, and it cannot judge whether another one overlaps it.
func HaveAtMostOneLiveConnection(options ...LiveOption) Matcher {
	var overlap time.Duration
	var clients []Clients
	var err error
	for _, o := range options {
		switch o := o.(type) {
		case Overlapping:
			if overlap = o.d; overlap < 0 {
				err = fmt.Errorf("nothing overlaps for %s: give 0 or more", span(overlap))
			}
		case Clients:
			clients = append(clients, o)
		}
	}
	return Matcher{call: call("HaveAtMostOneLiveConnection", options), err: err,
		judge: each(clients, func(s *scene) verdict { return s.overlap(overlap) })}
}

// Overlapping is for how long two connections may live side by side; see [Overlap].
type Overlapping struct{ d time.Duration }

// Overlap permits a client to have two connections for no longer than d, as one does
// that makes a new connection before it breaks the old one.
func Overlap(d time.Duration) Overlapping { return Overlapping{d} }

// String returns the call that made it.
func (o Overlapping) String() string { return call("Overlap", o.d) }

func (Overlapping) liveOption() {}

// life is when a connection lived, as far as it is looked at.
type life struct {
	c        *conn
	from, to time.Duration
	open     bool // to is not its end, but now
}

func (s *scene) overlap(most time.Duration) verdict {
	if v := s.incomplete(); v.is == unclear {
		return v
	}
	if s.conn > 0 {
		return never(fmt.Sprintf("connection %d is one connection, which overlaps none", s.conn), "Look at the server or the proxy.")
	}
	var lives []life
	for _, c := range s.conns() {
		if l := (life{c, max(c.opened.At, s.began), c.goneAt(s.now), !c.gone.happened}); c.opened.happened && l.to >= l.from {
			lives = append(lives, l)
		}
	}
	if len(lives) == 0 {
		return cannot("the client has not connected"+s.where(), "")
	}
	slices.SortStableFunc(lives, func(a, b life) int { return cmp.Compare(a.from, b.from) })
	worst, a, b := longestOverlap(lives, false)
	v := verdict{is: is(worst <= most), final: worst > most, expected: "expected at most one", unexpected: "expected more than one"}
	if most > 0 {
		v.expected += " for longer than " + span(most)
		v.unexpected += " for longer than " + span(most)
	}
	if worst > 0 {
		v.said = fmt.Sprintf("The client had two live connections for %s (#%d and #%d)", exact(worst, most), a.c.n, b.c.n)
		v.marks = []mark{at(b.c.opened.Event, fmt.Sprintf("#%d still lives", a.c.n))}
		if first := earlier(a, b); first.open {
			v.marks = append(v.marks, missing(s.now, "both still live"))
		} else {
			v.marks = append(v.marks, at(first.c.gone.Event, span(worst)+" later"))
		}
		v.conns = []int{a.c.n, b.c.n}
	} else {
		v.said = fmt.Sprintf("The client never had two live connections (it had %s in all)", connections(len(lives)))
	}
	if n := s.programs(); v.is == no && n > 1 && s.only == nil {
		return never(fmt.Sprintf("%d client programs ran at once, and two connections (#%d and #%d) need not be of the same one", n, a.c.n, b.c.n),
			"Tell them apart with ClientByQuery or ClientByHeader, or start one on each server or proxy.").marked(v.marks...).about(a.c.n, b.c.n)
	}
	if v.is == yes {
		if unsure, a, _ := longestOverlap(lives, true); unsure > most {
			return deafness(a.c, "its end")
		}
	}
	return v
}

// earlier returns the connection that was over first.
func earlier(a, b life) life {
	if b.to < a.to {
		return b
	}
	return a
}

// longestOverlap returns for how long two connections lived side by side at most. A
// connection that nobody reads lives until then; or, if its silence is taken for life,
// until its end is known.
func longestOverlap(lives []life, silent bool) (longest time.Duration, a, b life) {
	end := func(l life) time.Duration {
		if l.c.deaf.happened && !silent {
			return min(l.to, l.c.deaf.At)
		}
		return l.to
	}
	for i, first := range lives {
		for _, second := range lives[i+1:] {
			if second.from >= end(first) {
				continue
			}
			if d := min(end(first), end(second)) - second.from; d > longest {
				longest, a, b = d, first, second
			}
		}
	}
	return longest, a, b
}
