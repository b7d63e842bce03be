package fleet

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/endings"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// State is how far a connection has come.
type State string

// The states.
const (
	Connecting State = "connecting" // its handshake is under way
	Open       State = "open"
	Refused    State = "refused" // it ended without having been open
	Ended      State = "ended"
)

// Conn is what a connection has come to. Times are since the timeline's start.
type Conn struct {
	Number      int
	State       State
	Target      string // of its request, without secrets
	Remote      string // the client's address
	Subprotocol string
	Status      string // of the answer to its request; empty: none yet
	Requested   time.Duration
	Opened      time.Duration // 0: never
	Ended       time.Duration // 0: not yet
	ToServer    Traffic
	ToClient    Traffic
	Beat        time.Duration // when the client's newest ping, or text ping, arrived; 0: never
	Answer      time.Duration // when the newest answer to one left for it; 0: never
	Unanswered  int           // the client's beats since then
	Faults      int           // how often rules and callers acted on it
	Silenced    bool          // a direction is held
	Last        int           // the sequence number of its newest event
	Report      *diagnosis.Report
}

// Traffic is what came from one side.
type Traffic struct {
	Frames, Bytes int // payloads, or bytes that are no frames
	Last          time.Duration
}

// rememberedConns is how many connections that are over are kept.
const rememberedConns = 1000

// Tracker keeps what the connections of a proxy have come to: those that are not over,
// and the newest of those that are.
type Tracker struct {
	tl   *timeline.Timeline
	rule func(name string) any // a rule in force, as documents write it
	done chan struct{}         // closed when it has seen everything

	mu     sync.Mutex
	conns  map[int]*Conn
	over   []int // those that are, oldest first
	ended  int
	totals Totals
	seen   int           // the sequence number of the newest event it has seen
	saw    chan struct{} // closed when it has seen another; nil: nobody waits
	phase  string        // of the scenario
	remote string        // of the newest connection that was accepted
}

// track follows the timeline until it is closed.
func (p *Proxy) track() {
	p.tracker = &Tracker{tl: p.timeline, rule: p.ruleTree, done: make(chan struct{}), conns: map[int]*Conn{}, totals: newTotals()}
	go p.tracker.follow()
}

// ruleTree is a rule in force as documents write it; nil if there is none, or it has Go
// functions.
func (p *Proxy) ruleTree(name string) any {
	for _, s := range p.Engine().Rules() {
		if s.Rule.Name == name {
			tree, _ := s.Rule.Tree()
			return tree
		}
	}
	return nil
}

func (t *Tracker) follow() {
	defer close(t.done)
	watch := endings.New(t.tl)
	for e := range t.tl.Follow(context.Background()) {
		if e.Vantage != timeline.AtProxy {
			t.catchUp(e.Seq)
			continue
		}
		var report *diagnosis.Report
		if e.Kind == timeline.KindEnded {
			r := watch.Diagnose(e)
			report = &r
		} else {
			watch.See(e)
		}
		var rule any
		if e.Kind == timeline.KindRule {
			rule = t.rule(e.Rule)
		}
		t.see(e, report, rule)
		t.catchUp(e.Seq)
	}
}

// catchUp says that everything up to an event was seen.
func (t *Tracker) catchUp(seq int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen = max(t.seen, seq)
	if t.saw != nil {
		close(t.saw)
		t.saw = nil
	}
}

// Await returns when the tracker has seen an event, and all before it, or the context
// ends.
func (t *Tracker) Await(ctx context.Context, seq int) error {
	for {
		t.mu.Lock()
		if t.seen >= seq {
			t.mu.Unlock()
			return nil
		}
		if t.saw == nil {
			t.saw = make(chan struct{})
		}
		saw := t.saw
		t.mu.Unlock()
		select {
		case <-saw:
		case <-t.done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// wait returns when everything has been seen of a timeline that is closed.
func (t *Tracker) wait() { <-t.done }

// Conns returns the connections, in the order of their numbers.
func (t *Tracker) Conns() []Conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]Conn, 0, len(t.conns))
	for _, c := range t.conns {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b Conn) int { return a.Number - b.Number })
	return list
}

// Conn returns a connection; false if there is none of this number, or it is over for
// so long that it was forgotten.
func (t *Tracker) Conn(n int) (Conn, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.conns[n]; c != nil {
		return *c, true
	}
	return Conn{}, false
}

// Phase is that of the scenario; empty if there is none.
func (t *Tracker) Phase() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.phase
}

// Ended is how many connections are over, those that were forgotten included.
func (t *Tracker) Ended() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ended
}

// notePhase takes a note, which may be a scenario's.
func (t *Tracker) notePhase(name string) {
	switch phase, ok := strings.CutPrefix(name, "phase "); {
	case name == "phase over", name == "scenario stopped":
		t.phase = ""
	case ok:
		t.phase = phase
	}
}

// see takes an event, why the connection ended if it is its last, and the rule if that
// has changed.
func (t *Tracker) see(e timeline.Event, report *diagnosis.Report, rule any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.totals.count(e, t.conns[e.Conn])
	switch {
	case e.Kind == timeline.KindRule:
		t.totals.plan(e.Rule, rule, e.At)
	case e.Kind == timeline.KindNote:
		t.notePhase(e.Field("name"))
	case e.Kind == timeline.KindAccepted:
		t.remote = e.Field("remote")
	case e.Conn == 0:
	default:
		c := t.conns[e.Conn]
		if c == nil {
			c = &Conn{Number: e.Conn, State: Connecting, Requested: e.At, Remote: t.remote}
			t.conns[e.Conn] = c
		}
		c.see(e)
		if report != nil {
			t.end(c, e, report)
		}
	}
}

func (t *Tracker) end(c *Conn, e timeline.Event, report *diagnosis.Report) {
	c.Ended, c.Report, c.Silenced = e.At, report, false
	if c.State == Connecting {
		c.State = Refused
	} else {
		c.State = Ended
	}
	t.ended++
	t.totals.over(c)
	if t.over = append(t.over, c.Number); len(t.over) > rememberedConns {
		delete(t.conns, t.over[0])
		t.over = t.over[1:]
	}
}

func (c *Conn) see(e timeline.Event) {
	c.Last = e.Seq
	switch e.Kind {
	case timeline.KindRequest:
		if e.Seen&timeline.Arrived != 0 {
			c.Target = e.Field("target")
		}
	case timeline.KindResponse:
		c.Status, c.Subprotocol = e.Field("status"), e.Field("subprotocol")
	case timeline.KindOpened:
		c.State, c.Opened = Open, e.At
	case timeline.KindFault:
		c.Faults++
	case timeline.KindSilence:
		c.Silenced = true
	case timeline.KindHeal:
		c.Silenced = false
	case timeline.KindFrame:
		c.beat(e)
		if e.Seen&timeline.Arrived != 0 {
			c.count(e, 1, int(e.Header.Length))
		}
	case timeline.KindBytes:
		if e.Seen&timeline.Arrived != 0 {
			c.count(e, 0, e.Count)
		}
	}
}

func (c *Conn) count(e timeline.Event, frames, bytes int) {
	side := &c.ToServer
	if e.Dir == frame.ToClient {
		side = &c.ToClient
	}
	side.Frames += frames
	side.Bytes += bytes
	side.Last = e.At
}

// beat looks for beats of the client, protocol pings and the text ping, and their
// answers, as the client sees them.
func (c *Conn) beat(e timeline.Event) {
	if !e.OfClient() {
		return
	}
	text := e.Header.Opcode == frame.OpText && !e.Opaque
	switch {
	case e.Dir == frame.ToServer && (e.Header.Opcode == frame.OpPing || text && string(e.Payload) == "ping"):
		c.Beat = e.At
		c.Unanswered++
	case e.Dir == frame.ToClient && (e.Header.Opcode == frame.OpPong || text && string(e.Payload) == "pong"):
		c.Answer = e.At
		c.Unanswered = 0
	}
}
