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
	path   string
	head   []byte // the request's head, for rules that select by header
	opened time.Duration

	client, server peer
	up, down       lane // to the server, to the client
	deflate        deflateMode

	refs   atomic.Int32
	active [2]atomic.Int64 // when bytes last arrived, by direction of travel
	lazies atomic.Pointer[[]*lazyIdle]

	mu      sync.Mutex
	header  http.Header // parsed from head on first use
	slots   map[*tally]*slot
	chances map[string]*[3]*rand.Rand // by rule and direction; 2 is none
	timed   []*timedSlot
	timer   *time.Timer
	timers  map[*time.Timer]struct{}
	gaps    []*gap
	over    bool
}

// slot is what one rule keeps for one connection. The link's mutex guards it.
type slot struct {
	counter counter
	denied  bool // "not applied" was recorded
	told    bool // that it acts on everything was recorded
}

func newLink(p *Proxy) *link {
	l := &link{p: p, tl: p.Timeline}
	l.up.init(l, frame.ToServer)
	l.down.init(l, frame.ToClient)
	return l
}

// start runs the link; the caller's goroutine is not needed any more. Rules whose
// time is the opening have acted before the first byte is read.
func (l *link) start() {
	l.opened = l.tl.Now()
	l.active[0].Store(int64(l.opened))
	l.active[1].Store(int64(l.opened))
	l.refs.Store(2)
	l.rearm()
	go l.up.read()
	go l.down.read()
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

// after runs f in d, unless the link is over by then.
func (l *link) after(d time.Duration, f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return
	}
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		if !l.enter() {
			return
		}
		defer l.leave()
		l.mu.Lock()
		delete(l.timers, t)
		l.mu.Unlock()
		f()
	})
	if l.timers == nil {
		l.timers = make(map[*time.Timer]struct{})
	}
	l.timers[t] = struct{}{}
}

func (l *link) finish() {
	l.mu.Lock()
	l.over = true
	if l.timer != nil {
		l.timer.Stop()
	}
	for t := range l.timers {
		t.Stop()
	}
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
func (l *link) selected(c *Conns) bool {
	if c.isZero() {
		return true
	}
	var h http.Header
	if len(c.Header) > 0 {
		h = l.requestHeader()
	}
	return c.selects(l.num, l.path, h)
}

func (l *link) requestHeader() http.Header {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.header == nil {
		l.header = parseHead(l.head).header()
	}
	return l.header
}

// slot returns what a rule keeps for this connection. The mutex is held.
func (l *link) slot(a *armed) *slot {
	s := l.slots[a.tally]
	if s == nil {
		if l.slots == nil {
			l.slots = make(map[*tally]*slot)
		}
		s = &slot{}
		l.slots[a.tally] = s
	}
	return s
}

// forget drops what is kept for a rule that is no longer in force.
func (l *link) forget(a *armed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.slots, a.tally)
	delete(l.chances, a.Name)
}

// chance returns the stream of chance of a rule in a direction of this connection.
func (l *link) chance(name string, dir frame.Direction) *rand.Rand {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := 2
	if dir == frame.ToServer || dir == frame.ToClient {
		i = dirIndex(dir)
	}
	streams := l.chances[name]
	if streams == nil {
		if l.chances == nil {
			l.chances = make(map[string]*[3]*rand.Rand)
		}
		streams = new([3]*rand.Rand)
		l.chances[name] = streams
	}
	if streams[i] == nil {
		streams[i] = l.p.stream(name, l.num, i)
	}
	return streams[i]
}

// admit counts an occurrence for a rule and reports whether it acts. If so one of
// its Times is taken, so that two directions or connections never share one;
// giveBack returns it.
func (l *link) admit(a *armed, dir frame.Direction) bool {
	a.seen.Add(1)
	var chance *rand.Rand
	if a.OneIn > 1 {
		chance = l.chance(a.Name, dir)
	}
	acts := false
	l.counted(a, func(c *counter) {
		if acts = a.admits(c, chance); acts {
			c.fired++
		}
	})
	return acts
}

// giveBack says that a rule that was admitted found nothing to do.
func (l *link) giveBack(a *armed) { l.counted(a, func(c *counter) { c.fired-- }) }

// counted hands out the counter of a rule under the mutex that guards it.
func (l *link) counted(a *armed, f func(*counter)) {
	if a.perProxy() {
		a.mu.Lock()
		defer a.mu.Unlock()
		f(&a.counter)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	f(&l.slot(a).counter)
}

// fire counts and records that a rule acted.
func (l *link) fire(a *armed, dir frame.Direction, at time.Duration) {
	a.fired.Add(1)
	l.recordFault(a, dir, at)
}

func (l *link) recordFault(a *armed, dir frame.Direction, at time.Duration) {
	l.record(timeline.Record{Kind: timeline.KindFault, At: at, Rule: a.id, Dir: dir,
		Fields: []timeline.Field{{Name: "does", Value: a.Do.String()}}})
}

// deny records, once for each rule, that it could not act on this connection.
func (l *link) deny(a *armed, dir frame.Direction, why string) {
	l.mu.Lock()
	s := l.slot(a)
	first := !s.denied
	s.denied = true
	l.mu.Unlock()
	if first {
		l.notApplied(a.id, dir, why)
	}
}

// pathDelay is how long the rules of the path hold what leaves in a direction at
// a time.
func (l *link) pathDelay(rules *ruleSet, dir frame.Direction, at time.Duration) time.Duration {
	list := rules.path[dirIndex(dir)]
	if len(list) == 0 {
		return 0
	}
	p := Plan{stage: StagePath, conn: l.num, at: at, dir: dir}
	for _, a := range list {
		if !a.inWindow(at) || !l.selected(&a.Conns) || !l.admit(a, dir) || !p.run(a, l) {
			continue
		}
		a.fired.Add(1)
		if l.first(a) {
			l.recordFault(a, dir, at)
		}
		if a.Final {
			break
		}
	}
	return p.delay
}

// first reports whether this is the first time that a rule of the path acts on the
// connection. Only that is recorded: such a rule acts on everything.
func (l *link) first(a *armed) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.slot(a)
	first := !s.told
	s.told = true
	return first
}
