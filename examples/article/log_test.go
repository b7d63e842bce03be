package article_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
)

// entry is a line of a page's log.
type entry struct {
	At       float64 // ms
	Type     string
	State    int // readyState
	Why      string
	Code     int
	Reason   string
	WasClean bool
	Data     string
	Name     string
}

type entries []entry

// of returns the entries of a type.
func (l entries) of(typ string) (of entries) {
	for _, e := range l {
		if e.Type == typ {
			of = append(of, e)
		}
	}
	return of
}

func (l entries) String() string {
	var s strings.Builder
	for _, e := range l {
		fmt.Fprintf(&s, "%7.0f ms  %s", e.At, e.Type)
		switch e.Type {
		case "close":
			fmt.Fprintf(&s, " %d %q wasClean=%t", e.Code, e.Reason, e.WasClean)
		case "beat", "unanswered":
			fmt.Fprintf(&s, " readyState %d %s", e.State, e.Why)
		default:
			fmt.Fprintf(&s, " %s%s", e.Data, e.Name)
		}
		s.WriteByte('\n')
	}
	return s.String()
}

// at is when an entry was logged.
func (e entry) at() time.Duration { return time.Duration(e.At * float64(time.Millisecond)) }

// nth is the n-th entry of a type, counted from 1, which must be there.
func (p *play) nth(typ string, n int) entry {
	p.t.Helper()
	p.await(typ, n)
	return p.log().of(typ)[n-1]
}

// await waits until the page has logged n entries of a type.
func (p *play) await(typ string, n int) {
	p.t.Helper()
	p.until(fmt.Sprintf("events.filter(e => e.type === %q).length >= %d", typ, n))
}

// none checks that the page has logged no entry of the types.
func (p *play) none(types ...string) {
	p.t.Helper()
	for _, typ := range types {
		if of := p.log().of(typ); len(of) > 0 {
			p.t.Errorf("the page logged %s, want none:\n%s", typ, of)
		}
	}
}

// took checks that as much time passed as there should. A timer is never early; slack is
// what a busy machine may add.
func (p *play) took(what string, from, to entry, least, most time.Duration) {
	p.t.Helper()
	if d := to.at() - from.at(); d < least-2*time.Millisecond || d > most+slack {
		p.t.Errorf("%s took %v, want %v to %v", what, d, least, most)
	} else {
		p.t.Logf("%s took %v", what, d.Round(time.Millisecond))
	}
}

const slack = 1500 * time.Millisecond

// closed checks what a CloseEvent said.
func (p *play) closed(e entry, code int, reason string, wasClean bool) {
	p.t.Helper()
	if e.Code != code || e.Reason != reason || e.WasClean != wasClean {
		p.t.Errorf("CloseEvent %d %q wasClean=%t, want %d %q %t", e.Code, e.Reason, e.WasClean, code, reason, wasClean)
	}
}

// agrees checks that the diagnosis derives from the n-th connection's bytes what the page
// was told of it.
func (p *play) agrees(n int) diagnosis.Report {
	p.t.Helper()
	e := p.nth("close", n)
	r := diagnosis.Diagnose(p.proxy.View(), n)
	if got := r.CloseEvent; !r.Reported || int(got.Code) != e.Code || got.Reason != e.Reason || got.WasClean != e.WasClean {
		p.t.Errorf("the page was told %d %q wasClean=%t, the diagnosis says (reported %t) %v:\n%s", e.Code, e.Reason, e.WasClean, r.Reported, got, r)
	}
	return r
}

// returns checks that the attempt after an entry came when the page should make it, after
// a connection that had lasted.
func (p *play) returns(after entry, attempt int) {
	p.t.Helper()
	p.returnsAfterFailures(after, attempt, 0)
}

// returnsAfterFailures is returns after so many attempts in a row that had failed before:
// the article's page comes back after its fixed delay, the corrected one within the half to
// one and a half of a delay that doubles up to its bound.
func (p *play) returnsAfterFailures(after entry, attempt, failures int) {
	p.t.Helper()
	least, most := p.timing.retry, p.timing.retry
	if p.page == corrected {
		grown := min(p.timing.retry<<failures, p.timing.most)
		least, most = grown/2, grown*3/2
	}
	p.took("the way back", after, p.nth("connecting", attempt), least, most)
}
