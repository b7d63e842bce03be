package assertions

import (
	"fmt"
	"math"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// HaveClosed succeeds if a connection of the client's is closed, in the way that all
// of the conditions ask for: at least one of those that are shown, or as many as Times
// says.
//
//	Eventually(srv.Conn(1), 5*time.Second).Should(HaveClosed())
//	Expect(srv).To(HaveClosed(ByPeer, WithCode(1012), Cleanly))
//	Expect(srv).NotTo(HaveClosed(ByClient))
//	Expect(srv).To(HaveClosed(Abnormally).Times(3))
//
// A connection is closed when it was open and is over on both sides. One that is
// closing, or half-closed, is not: the client may still have to do its part. What the
// conditions speak of is derived from the recording, as [diagnosis.Report] has it: who
// sent the first Close, FIN or RST, and the CloseEvent that the client gets.
//
// It needs a connection that opened, and cannot judge where nobody reads what the
// client sends (Freeze, StopReading), which hides that it closed.
func HaveClosed(conditions ...Closing) Counted {
	var kind diagnosis.ClientKind
	var err error
	for i, c := range conditions {
		if err == nil {
			err = c.err
		}
		if c.kind != nil {
			kind = *c.kind
		}
		for _, other := range conditions[:i] {
			if c.excludes != "" && c.excludes == other.call {
				err = fmt.Errorf("no connection is closed both %s and %s", other.words, c.words)
			}
		}
	}
	return counted(call("HaveClosed", conditions), err, func(s *scene, n value) verdict {
		return s.closed(conditions, kind, n)
	})
}

// Closing is a condition of [HaveClosed].
type Closing struct {
	call  string
	words string
	holds func(diagnosis.Report) (bool, error)
	kind  *diagnosis.ClientKind
	err   error

	excludes string // the call of its contrary
}

// String returns the name of the condition, or the call that made it.
func (c Closing) String() string { return c.call }

var (
	// ByClient: the client sent the first Close, FIN or RST.
	ByClient = closing("ByClient", "ByPeer", "by the client", func(r diagnosis.Report) bool { return r.EndedBy == diagnosis.Client })
	// ByPeer: the first Close, FIN or RST came from the other side, whether from the
	// server, a rule, or something in between.
	ByPeer = closing("ByPeer", "ByClient", "by its peer", func(r diagnosis.Report) bool { return r.EndedBy == diagnosis.Server || r.EndedBy == diagnosis.Network })
	// Cleanly: the client is told that the closing handshake was completed (wasClean).
	Cleanly = closing("Cleanly", "Abnormally", "cleanly", func(r diagnosis.Report) bool { return r.CloseEvent.WasClean })
	// Abnormally: the client is not told so: there was no Close frame, or TCP was reset
	// after it.
	Abnormally = closing("Abnormally", "Cleanly", "abnormally", func(r diagnosis.Report) bool { return !r.CloseEvent.WasClean })
)

func closing(name, excludes, words string, holds func(diagnosis.Report) bool) Closing {
	return Closing{call: name, words: words, excludes: excludes, holds: func(r diagnosis.Report) (bool, error) { return holds(r), nil }}
}

// WithCode asks for the close code that the client is told: a number or a
// frame.CloseCode, or a matcher for an int. It is 1005 if the Close had none, and 1006
// if there was no Close, whatever either side had in mind.
func WithCode(code any) Closing {
	want := number(code)
	if n, ok := want.want.(int); ok && n > math.MaxUint16 {
		want = value{given: code, err: fmt.Errorf("%d is no close code, which has 16 bits: the legal ones are 1000 to 4999 (RFC 6455 section 7.4)", n)}
	}
	return Closing{call: call("WithCode", want), words: "with code " + want.words(), err: want.err,
		holds: func(r diagnosis.Report) (bool, error) { return want.match(int(r.CloseEvent.Code)) }}
}

// WithReason asks for the reason that the client is told: a text, or a matcher for one.
func WithReason(reason any) Closing {
	want := text(reason)
	return Closing{call: call("WithReason", want), words: "with reason " + want.words(), err: want.err,
		holds: func(r diagnosis.Report) (bool, error) { return want.match(r.CloseEvent.Reason) }}
}

// ToldAs says by whose rules a client is told of its connection's end. The default is
// a browser's; see [diagnosis.ClientKind].
func ToldAs(kind diagnosis.ClientKind) Closing {
	return Closing{call: call("ToldAs", kind), words: "as " + kind.String() + " is told", kind: &kind,
		holds: func(diagnosis.Report) (bool, error) { return true, nil }}
}

// closed counts the closed connections that meet the conditions.
func (s *scene) closed(conditions []Closing, kind diagnosis.ClientKind, want value) verdict {
	if v := s.incomplete(); v.is == unclear {
		return v
	}
	ends := map[int]diagnosis.Report{}
	var opened, closed, such []*conn
	var deaf *conn
	for _, c := range s.conns() {
		if !c.opened.happened {
			continue
		}
		opened = append(opened, c)
		if !c.ended.happened {
			if c.deaf.happened {
				deaf = c
			}
			continue
		}
		if !s.happens(c.ended.Event) {
			continue
		}
		closed = append(closed, c)
		ends[c.n] = diagnosis.Analyzer{Client: kind}.Diagnose(s.all.Conn(c.n), c.n)
		ok, err := meets(ends[c.n], conditions)
		if err != nil {
			return unfit(err)
		}
		if ok {
			such = append(such, c)
		}
	}
	switch {
	case len(opened) == 0 && s.conn > 0:
		return cannot(fmt.Sprintf("connection %d has not opened, so it cannot be closed", s.conn), "")
	case len(opened) == 0:
		return cannot("the client has not connected"+s.where()+", so it has nothing to close", "")
	case deaf != nil && !want.settled(float64(len(such))):
		return deafness(deaf, "its end")
	}
	v := want.verdict(len(such), s.saidClosed(opened, closed, such, ends, conditions))
	v.expected = want.wish(len(such), false, closures) + asked(conditions)
	v.unexpected = want.wish(len(such), true, closures) + asked(conditions)
	if want.once {
		v.expected, v.unexpected = "expected a connection closed"+asked(conditions), "expected no connection closed"+asked(conditions)
	}
	for _, c := range closed {
		v.marks = append(v.marks, at(c.ending.Event, by(ends[c.n])+", told "+told(ends[c.n].CloseEvent)))
	}
	return v
}

func meets(r diagnosis.Report, conditions []Closing) (bool, error) {
	for _, c := range conditions {
		if ok, err := c.holds(r); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// asked says what the conditions are.
func asked(conditions []Closing) string {
	text := ""
	for i, c := range conditions {
		if i > 0 {
			text += ","
		}
		text += " " + c.words
	}
	return text
}

// closures counts closed connections.
func closures(n any) string { return fmt.Sprintf("%v closed", n) }

// manner says how a connection was closed, and what the client was told of that, if
// that is something else: `by its peer, 1012 "restart" wasClean=true`.
func (c *conn) manner(r diagnosis.Report) string {
	who := by(r)
	switch {
	case r.How == diagnosis.FIN:
		return fmt.Sprintf("%s with a FIN and no Close; the client was told %s", who, told(r.CloseEvent))
	case r.How == diagnosis.RST:
		return fmt.Sprintf("%s with an RST and no Close; the client was told %s", who, told(r.CloseEvent))
	case r.EndedBy == diagnosis.Client && c.said.happened:
		if code, _, ok := frame.ParseClose(c.said.Payload); ok && code != r.CloseEvent.Code {
			why := "since it ended TCP before the answer"
			switch {
			case r.CloseEvent.Code != frame.CodeAbnormalClosure:
				why = "which is what its peer's Close says"
			case c.left.happened && c.left.Seq < c.gone.Seq:
				why = "since its peer ended TCP without a Close"
			}
			return fmt.Sprintf("%s, which sent Close %d and was told %s, %s", who, code, told(r.CloseEvent), why)
		}
	}
	return who + ", " + told(r.CloseEvent)
}

// by says who ended a connection.
func by(r diagnosis.Report) string {
	switch r.EndedBy {
	case diagnosis.Client:
		return "by the client"
	case diagnosis.Unknown:
		return "by nobody seen"
	}
	return "by its peer"
}

// told says what a client is told: `1006 "" wasClean=false`. An error event before that
// comes last, so that nobody takes it for a close of its own.
func told(e frame.CloseEvent) string {
	text := frame.CloseEvent{Code: e.Code, Reason: e.Reason, WasClean: e.WasClean}.String()
	if e.Error {
		text += ", after an error event"
	}
	return text
}

// saidClosed says what was measured.
func (s *scene) saidClosed(opened, closed, such []*conn, ends map[int]diagnosis.Report, conditions []Closing) string {
	switch {
	case len(closed) == 0 && len(opened) == 1:
		return fmt.Sprintf("The client's connection %d is %s", opened[0].n, opened[0].state())
	case len(closed) == 0:
		return fmt.Sprintf("None of the client's %d connections is closed%s", len(opened), s.where())
	case len(closed) == 1:
		return fmt.Sprintf("The client's connection %d was closed %s", closed[0].n, closed[0].manner(ends[closed[0].n]))
	case len(conditions) == 0:
		return fmt.Sprintf("%d of the client's %d connections are closed%s", len(closed), len(opened), s.where())
	}
	return fmt.Sprintf("%d of the client's %d closed connections %s closed like that%s", len(such), len(closed), verb(len(such), "was", "were"), s.where())
}

// state says how far a connection is from being closed.
func (c *conn) state() string {
	switch {
	case !c.ending.happened:
		return "still open"
	case c.ending.Kind == timeline.KindFrame && !c.gone.happened:
		return "closing, but the client has not ended TCP"
	case !c.gone.happened:
		return "half-closed, but the client has not ended TCP"
	}
	return "over for the client, but not for the server"
}
