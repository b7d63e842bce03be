package faultproxy

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// link is one proxied connection, from its 101 on: two lanes, one a direction.
//
// Every goroutine that works for a link holds a reference, whether it reads,
// writes, serves a timer or a caller; when the last one leaves, nothing can happen
// to the connection any more and finish closes what is left. All waits are on
// sockets or channels; no mutex is held across one.
type link struct {
	p      *Proxy
	tl     *timeline.Timeline
	num    int
	path   atomic.Pointer[string] // of the request; nil: there was none yet
	relays bool                   // bytes, which may turn out to be a WebSocket's
	speaks atomic.Int32           // how far a relayed connection has come to that
	opened time.Duration
	early  []func() // what waits until the client was sent its 101; empty: nothing need wait

	client, server peer
	up, down       lane // to the server, to the client
	deflate        deflateMode

	refs   atomic.Int32
	active [2]atomic.Int64 // when bytes last arrived, by direction of travel
	lazies atomic.Pointer[[]*lazyIdle]

	tickMu  sync.Mutex   // one at a time does what is due; nothing under it waits
	nextDue atomic.Int64 // when that is next
	mu      sync.Mutex
	head    []byte      // the request's head, for rules that select by header
	header  http.Header // parsed from it on first use
	slots   map[*tally]*slot
	chances map[string]*[3]*rand.Rand // by rule and direction; 2 is none
	timed   []*timedSlot
	timer   *time.Timer
	tasks   []task // by time
	gaps    []*gap
	over    bool
}

func newLink(p *Proxy) *link {
	l := &link{p: p, tl: p.Timeline}
	l.up.init(l, frame.ToServer)
	l.down.init(l, frame.ToClient)
	return l
}

// open says that the connection is open, before the client is sent the 101 that tells
// it so: from then on it counts, and can be told things, which it does once that 101 is
// out. The caller holds a reference then.
func (l *link) open(fields []timeline.Field) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opened = l.tl.Now()
	l.active[0].Store(int64(l.opened))
	l.active[1].Store(int64(l.opened))
	l.nextDue.Store(-1)
	l.early = []func(){l.retime}
	l.refs.Store(1)
	l.record(timeline.Record{At: l.opened, Kind: timeline.KindOpened, Fields: fields})
}

// start runs the link, behind the 101. It takes over the caller's reference. Rules
// whose time is the opening, and whoever asked for something since, have acted before
// the first byte is read.
func (l *link) start() {
	for {
		l.mu.Lock()
		if len(l.early) == 0 {
			l.mu.Unlock()
			break
		}
		do := l.early[0]
		l.mu.Unlock()
		do()
		l.mu.Lock()
		l.early = l.early[1:]
		l.mu.Unlock()
	}
	l.refs.Add(1)
	go l.up.read()
	go l.down.read()
}

// behind101 does f, which must not wait, as soon as the client was sent its 101. The
// caller holds a reference.
func (l *link) behind101(f func()) {
	l.mu.Lock()
	waits := len(l.early) > 0
	if waits {
		l.early = append(l.early, f)
	}
	l.mu.Unlock()
	if !waits {
		f()
	}
}

// enter takes a reference; false means that the link is over.
func (l *link) enter() bool {
	for {
		n := l.refs.Load()
		if n == 0 {
			return false
		}
		if l.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (l *link) leave() {
	if l.refs.Add(-1) == 0 {
		l.finish()
	}
}

// spawn runs f on a goroutine that holds a reference. The caller holds one.
func (l *link) spawn(f func()) {
	l.refs.Add(1)
	go func() {
		defer l.leave()
		f()
	}()
}

func (l *link) finish() {
	l.mu.Lock()
	l.over = true
	if l.timer != nil {
		l.timer.Stop()
	}
	l.tasks = nil
	l.mu.Unlock()
	l.client.shut()
	l.server.shut()
	l.record(timeline.Record{Kind: timeline.KindEnded})
	l.p.forget(l)
}

func (l *link) lane(d frame.Direction) *lane {
	if d == frame.ToClient {
		return &l.down
	}
	return &l.up
}

// peer returns the peer that bytes travelling in direction d reach.
func (l *link) peer(d frame.Direction) *peer {
	if d == frame.ToClient {
		return &l.client
	}
	return &l.server
}

// record stamps an event with the connection's number and, if it has none, the time.
func (l *link) record(r timeline.Record) {
	r.Conn = l.num
	if r.At == 0 {
		r.At = l.tl.Now()
	}
	l.tl.Append(r)
}

func (l *link) notApplied(a ruleRef, dir frame.Direction, why string) {
	l.record(timeline.Record{Kind: timeline.KindNotApplied, Rule: a, Dir: dir,
		Fields: []timeline.Field{{Name: "why", Value: why}}})
}

// selected reports whether a rule is about this connection.
func (l *link) selected(a *armed) bool {
	c := &a.Conns
	if c.isZero() {
		return true
	}
	var h http.Header
	if len(c.Header) > 0 {
		h = l.requestHeader()
	}
	path := ""
	if known := l.path.Load(); known != nil {
		path = *known
	}
	return c.selects(l.num, path, h) && l.drawn(a)
}

// asksFor keeps what rules select connections by.
func (l *link) asksFor(path string, head []byte) {
	l.mu.Lock()
	l.head, l.header = head, nil
	l.mu.Unlock()
	l.path.Store(&path)
}

// drawn reports whether a rule for a share of the connections is about this one.
func (l *link) drawn(a *armed) bool {
	if a.Conns.Percent == 0 {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.slot(a)
	if !s.drawn {
		s.drawn, s.chosen = true, l.p.stream(a.Name, l.num, 3).IntN(100) < a.Conns.Percent
	}
	return s.chosen
}

func (l *link) requestHeader() http.Header {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.header == nil {
		l.header = parseHead(l.head).header()
	}
	return l.header
}
