package faultproxy

import (
	"fmt"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

type actKind uint8

const (
	actInject actKind = iota
	actClose
	actEnd
	actSilence
	actDiscard
	actFreeze
	actForget
	actDown
)

// act is something to be done to a connection that is not about the frame in
// hand. Acts come after all rules have been asked.
type act struct {
	kind   actKind
	rule   ruleRef
	dir    frame.Direction
	frame  frame.Frame
	bytes  []byte // instead of a frame
	close  Close
	end    End
	forget Forget
	down   Down
	d      time.Duration
}

// perform does something to the connection that is not about a frame in hand.
// It queues, wakes and returns.
func (l *link) perform(a act) {
	if (a.kind == actInject || a.kind == actClose) && l.relays && l.speaks.Load() != speaksFrames {
		l.notApplied(a.rule, a.dir, "the connection is relayed as bytes: nothing can be put between frames, and nobody would understand a Close; end or reset it")
		return
	}
	switch a.kind {
	case actInject:
		l.inject(a)
	case actClose:
		l.startClose(a.close, a.rule)
	case actEnd:
		l.endBoth(a.end, a.rule)
	case actSilence:
		l.hold(a.dir, a.rule, a.d)
	case actDiscard:
		l.discard(a.dir, a.rule, a.d)
	case actFreeze:
		l.freeze(a.dir, a.rule, a.d)
	case actForget:
		l.forgetFlow(a.forget, a.rule)
	case actDown:
		l.p.takeDown(a.down, a.rule)
	}
}

func (l *link) endBoth(e End, rule ruleRef) {
	sides := [2]frame.Direction{frame.ToClient, frame.ToServer}
	how := [2]Ending{e.Client, e.Server}
	if e.ServerFirst {
		sides[0], sides[1] = sides[1], sides[0]
		how[0], how[1] = how[1], how[0]
	}
	if e.NoCloseNotify {
		l.withoutNotify(sides[0], how[0])
		l.withoutNotify(sides[1], how[1])
	}
	l.endSide(sides[0], how[0], rule)
	if e.Gap > 0 && how[1] != Keep {
		l.endLater(e.Gap, sides[1], how[1], rule)
		return
	}
	l.endSide(sides[1], how[1], rule)
}

// inject queues a frame for the next boundary of a direction. If none comes in
// the proxy's patience, it is given up.
func (l *link) inject(a act) {
	for _, d := range [2]frame.Direction{frame.ToServer, frame.ToClient} {
		if !a.dir.Has(d) {
			continue
		}
		ln := l.lane(d)
		raw, it := ln.insert(a)
		it.data = raw
		token, ok := ln.arm(it)
		if !ok {
			l.notApplied(a.rule, d, "nothing can be written in this direction any more")
			continue
		}
		l.after(l.p.patience(), func() {
			if ln.disarm(token) {
				l.notApplied(a.rule, d, fmt.Sprintf("no frame boundary came within %v", l.p.patience()))
			}
		})
	}
}

// arm queues an item for the next boundary. The token names it to disarm.
func (ln *lane) arm(it item) (token int32, ok bool) {
	now := ln.l.tl.Now()
	due := now + ln.l.pathDelay(ln.l.p.rules.Load(), ln.dir, now, false)
	ln.mu.Lock()
	defer ln.mu.Unlock()
	o := &ln.out
	if o.ended || o.finDue || o.isClosed || it.close && o.closing {
		return 0, false
	}
	o.tokens++
	it.aside, it.token, it.due = true, o.tokens, due
	o.inject = append(o.inject, it)
	o.bytes += len(it.data)
	o.closing = o.closing || it.close
	o.place()
	ln.kick()
	return it.token, true
}

// disarm removes what was armed and still waits for a boundary, or, of a Close,
// for a silence to end. (Another frame waits for that.)
func (ln *lane) disarm(token int32) bool {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	o := &ln.out
	held := len(o.holds) > 0
	for _, list := range []*[]item{&o.inject, &o.queue} {
		i := slices.IndexFunc(*list, func(it item) bool { return it.token == token })
		if i < 0 {
			continue
		}
		closing := (*list)[i].close
		if held && !closing || list == &o.queue && !(held && closing) {
			return false
		}
		o.closing = o.closing && !closing
		o.take(list, i)
		return true
	}
	return false
}
