package fleet

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Totals count what happened on a proxy since it was made. They count while it happens,
// not when connections end.
type Totals struct {
	Accepted   int                            // TCP connections
	Mute       int                            // of these, those that ended without a request
	Handshakes map[string]int                 // answers by status; "none": it ended without one
	Frames     map[FrameKey]Traffic           // that arrived, by direction and opcode
	Fired      map[string]int                 // by rule
	Closes     map[CloseKey]int               // connections that are over and had been open
	Late       Histogram                      // by how much the faults of elapsed rules came too late, in seconds
	Held       map[frame.Direction]*Histogram // how long frames that did not pass at once were held, by direction, in seconds
	Lost       int                            // events that were not kept long enough to be counted
	planned    map[string]planned             // rules whose moment is known
	waiting    map[waitingKey][]arrival       // frames that arrived and have not left
}

// FrameKey is a direction and an opcode.
type FrameKey struct {
	Dir frame.Direction
	Op  frame.Opcode
}

// CloseKey is what the client was told, and why.
type CloseKey struct {
	Code  frame.CloseCode
	Cause diagnosis.ID
}

// maxRules is how many rules are counted apart; the others share a name.
const maxRules, otherRules = 200, "other"

// maxWaiting is how many frames of a connection and direction are remembered that have
// not left.
const maxWaiting = 64

// planned is when a rule acts on a connection.
type planned struct{ after, since time.Duration }

type waitingKey struct {
	conn int
	dir  frame.Direction
}

type arrival struct {
	at  time.Duration
	op  frame.Opcode
	len uint64
}

// Histogram counts values up to each of its bounds.
type Histogram struct {
	Count  uint64
	Sum    float64
	Counts []uint64 // up to each of Bounds, cumulative
}

// Bounds are those of the histograms, in seconds.
var Bounds = []float64{0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60}

// see counts a value.
func (h *Histogram) see(v float64) {
	if h.Counts == nil {
		h.Counts = make([]uint64, len(Bounds))
	}
	h.Count++
	h.Sum += v
	for i, bound := range Bounds {
		if v <= bound {
			h.Counts[i]++
		}
	}
}

func (h *Histogram) clone() Histogram {
	return Histogram{h.Count, h.Sum, slices.Clone(h.Counts)}
}

func newTotals() Totals {
	return Totals{Handshakes: map[string]int{}, Frames: map[FrameKey]Traffic{}, Fired: map[string]int{},
		Closes: map[CloseKey]int{}, Held: map[frame.Direction]*Histogram{}, planned: map[string]planned{}, waiting: map[waitingKey][]arrival{}}
}

// Totals returns what was counted so far.
func (t *Tracker) Totals() Totals {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.totals
	c.Handshakes, c.Frames = maps.Clone(c.Handshakes), maps.Clone(c.Frames)
	c.Fired, c.Closes, c.Late = maps.Clone(c.Fired), maps.Clone(c.Closes), c.Late.clone()
	c.Held = map[frame.Direction]*Histogram{}
	for dir, h := range t.totals.Held {
		copied := h.clone()
		c.Held[dir] = &copied
	}
	c.planned, c.waiting = nil, nil
	return c
}

// count counts an event of a connection, nil for one of none.
func (t *Totals) count(e timeline.Event, conn *Conn) {
	switch e.Kind {
	case timeline.KindAccepted:
		t.Accepted++
	case timeline.KindMute:
		t.Mute++
	case timeline.KindLost:
		t.Lost += e.Count
	case timeline.KindFrame:
		t.frame(e)
	case timeline.KindResponse:
		if status, _ := strconv.Atoi(e.Field("status")); e.Seen&timeline.Left != 0 && (status >= 200 || status == 101) {
			t.Handshakes[e.Field("status")]++
		}
	case timeline.KindFault:
		t.fired(e, conn)
	}
}

func (t *Totals) fired(e timeline.Event, conn *Conn) {
	name := e.Rule
	if _, known := t.Fired[name]; !known && len(t.Fired) >= maxRules {
		name = otherRules
	}
	t.Fired[name]++
	if p, ok := t.planned[e.Rule]; ok && conn != nil && conn.Opened > 0 {
		t.Late.see((e.At - max(conn.Opened, p.since) - p.after).Seconds())
	}
}

// frame counts a frame, and how long it was held if it did not pass at once.
func (t *Totals) frame(e timeline.Event) {
	key := waitingKey{e.Conn, e.Dir}
	if e.Seen&timeline.Arrived != 0 {
		k := FrameKey{e.Dir, e.Header.Opcode}
		sum := t.Frames[k]
		sum.Frames++
		sum.Bytes += int(e.Header.Length)
		sum.Last = e.At
		t.Frames[k] = sum
	}
	switch e.Seen {
	case timeline.Passed:
		t.held(e.Dir).see(0)
	case timeline.Arrived:
		if len(t.waiting[key]) < maxWaiting {
			t.waiting[key] = append(t.waiting[key], arrival{e.At, e.Header.Opcode, e.Header.Length})
		}
	case timeline.Left:
		list := t.waiting[key]
		i := slices.IndexFunc(list, func(a arrival) bool { return a.op == e.Header.Opcode && a.len == e.Header.Length })
		if i >= 0 {
			t.held(e.Dir).see((e.At - list[i].at).Seconds())
			t.waiting[key] = slices.Delete(list, i, i+1)
		}
	}
}

func (t *Totals) held(dir frame.Direction) *Histogram {
	h := t.Held[dir]
	if h == nil {
		h = &Histogram{}
		t.Held[dir] = h
	}
	return h
}

// over counts a connection that is over.
func (t *Totals) over(c *Conn) {
	delete(t.waiting, waitingKey{c.Number, frame.ToServer})
	delete(t.waiting, waitingKey{c.Number, frame.ToClient})
	if c.Status == "" {
		t.Handshakes["none"]++
	}
	if c.State == Ended {
		t.Closes[CloseKey{c.Report.CloseEvent.Code, c.Report.Cause.ID}]++
	}
}

// plan remembers when a rule acts, if that is so long after a connection opened and not
// left to chance.
func (t *Totals) plan(name string, tree any, at time.Duration) {
	delete(t.planned, name)
	rule, _ := tree.(map[string]any)
	on, _ := rule["on"].(map[string]any)
	text, _ := on["elapsed"].(string)
	if after, err := time.ParseDuration(text); err == nil && len(t.planned) < maxRules {
		t.planned[name] = planned{after, at}
	}
}
