package faultproxy

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// task is something to be done once, at a time.
type task struct {
	at time.Duration
	do func()
}

// after does f in d, unless the link is over by then. f must not wait. What is due
// at one instant is done in the order in which it was asked for, before time rules.
func (l *link) after(d time.Duration, f func()) {
	at := l.tl.Now() + d
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return
	}
	i := len(l.tasks)
	for i > 0 && l.tasks[i-1].at > at {
		i--
	}
	l.tasks = slices.Insert(l.tasks, i, task{at, f})
	l.setTimer()
}

// timedSlot is a time rule on one connection. The link's mutex guards it.
type timedSlot struct {
	a     *armed
	on    Timing
	base  time.Duration // the later of the anchor and the rule's addition; of an At, the proxy's
	n     int           // how often it has come
	lazy  *lazyIdle
	rests bool          // of an idle rule: it acted, and that lasts
	off   time.Duration // by which it is off this time
	dice  *rand.Rand    // of off; nil: it never is
}

// throw draws how far off the slot is next time.
func (s *timedSlot) throw() {
	if s.dice != nil {
		s.off = time.Duration(s.dice.Int64N(int64(s.on.early+s.on.late)+1)) - s.on.early
	}
}

// due says when the slot comes next; negative is never.
func (s *timedSlot) due(l *link) time.Duration {
	switch {
	case s.rests:
		return -1
	case s.on.kind == at:
		return s.on.turn(s.base, l.opened, s.n)
	case s.on.kind == elapsed && s.n > 0:
		return -1
	case s.on.kind == elapsed:
		return s.base + s.on.d + s.off
	case s.on.kind == every:
		return s.base + time.Duration(s.n+1)*s.on.d
	case s.lazy != nil && s.n == 0:
		return time.Duration(s.lazy.deadline.Load()) + s.off
	}
	last := s.base
	for i, d := range [2]frame.Direction{frame.ToServer, frame.ToClient} {
		if s.on.by.Has(d) {
			last = max(last, time.Duration(l.active[i].Load()))
		}
	}
	return last + s.on.d + s.off
}

// rearm works out the connection's time rules from the rules in force, keeping
// what continues, and sets the timer. Rules whose time is now act before it returns, or
// behind the 101.
func (l *link) rearm() { l.behind101(l.retime) }

func (l *link) retime() {
	l.starve()
	now := l.tl.Now()
	rules, list := l.timedRules()
	l.mu.Lock()
	for l.p.rules.Load() != rules { // an older list must not come after a newer one
		l.mu.Unlock()
		rules, list = l.timedRules()
		l.mu.Lock()
	}
	if l.over || len(list) == 0 && len(l.timed) == 0 {
		l.mu.Unlock()
		return
	}
	l.arrange(list)
	_, due := l.takeDue(now, false)
	l.mu.Unlock()
	l.ask(due, now)
}

// timedRules returns the rules in force, and of them the time rules about this
// connection.
func (l *link) timedRules() (*ruleSet, []*armed) {
	rules := l.p.rules.Load()
	var list []*armed
	for _, a := range rules.timed {
		if l.selected(a) {
			list = append(list, a)
		}
	}
	return rules, list
}

// arrange makes the slots of the time rules. The mutex is held.
func (l *link) arrange(list []*armed) {
	old := make(map[*tally]*timedSlot, len(l.timed))
	for _, s := range l.timed {
		old[s.a.tally] = s
	}
	l.timed = make([]*timedSlot, 0, len(list))
	var lazies []*lazyIdle
	for _, a := range list {
		s := &timedSlot{a: a, on: timingOf(a.On), base: max(l.opened, a.added)}
		if s.on.kind == at {
			s.base = l.p.zero(a)
		}
		if o := old[a.tally]; o != nil && o.on == s.on {
			s.base, s.n, s.lazy, s.rests, s.off, s.dice = o.base, o.n, o.lazy, o.rests, o.off, o.dice
		}
		if s.on.early+s.on.late > 0 && s.dice == nil {
			s.dice = l.p.stream(a.Name, l.num, 4)
			s.throw()
		}
		if s.on.lazy > 0 {
			if s.lazy == nil {
				s.lazy = &lazyIdle{by: s.on.by, d: s.on.d, lazy: s.on.lazy}
				s.lazy.deadline.Store(int64(s.base + s.on.d))
			}
			lazies = append(lazies, s.lazy)
		}
		l.timed = append(l.timed, s)
	}
	if len(lazies) > 0 {
		l.lazies.Store(&lazies)
	} else {
		l.lazies.Store(nil)
	}
}

// setTimer aims the connection's one timer at the next task or time rule. The mutex
// is held.
func (l *link) setTimer() {
	next := time.Duration(-1)
	if len(l.tasks) > 0 {
		next = l.tasks[0].at
	}
	for _, s := range l.timed {
		if d := s.due(l); d >= 0 && (next < 0 || d < next) {
			next = d
		}
	}
	l.nextDue.Store(int64(next))
	switch wait := max(next-l.tl.Now(), 0); {
	case l.over || next < 0:
		if l.timer != nil {
			l.timer.Stop()
		}
	case l.timer == nil:
		l.timer = time.AfterFunc(wait, l.tick)
	default:
		l.timer.Reset(wait)
	}
}

// tick runs when the timer fires.
func (l *link) tick() {
	if !l.enter() {
		return
	}
	defer l.leave()
	l.doDue()
}

// overtaken does what is due before bytes that arrive at the same instant, so that
// their order does not depend on which goroutine came first.
func (l *link) overtaken(at time.Duration) {
	if next := time.Duration(l.nextDue.Load()); next >= 0 && next <= at {
		l.doDue()
	}
}

// doDue does the tasks that are due and asks the time rules that are.
func (l *link) doDue() {
	l.tickMu.Lock()
	defer l.tickMu.Unlock()
	now := l.tl.Now()
	l.mu.Lock()
	tasks, due := l.takeDue(now, true)
	l.mu.Unlock()
	for _, t := range tasks {
		t.do()
	}
	l.ask(due, now)
}

// takeDue returns the tasks, if wanted, and the rules that are due, and no others
// (an idle deadline may have moved since), and sets the timer for the next. The
// mutex is held.
func (l *link) takeDue(now time.Duration, tasksToo bool) (tasks []task, due []*armed) {
	if tasksToo {
		n := 0
		for n < len(l.tasks) && l.tasks[n].at <= now {
			n++
		}
		tasks = slices.Clone(l.tasks[:n])
		l.tasks = slices.Delete(l.tasks, 0, n)
	}
	for _, s := range l.timed {
		if d := s.due(l); d >= 0 && d <= now {
			s.n++
			s.throw()
			if s.on.kind == idle {
				s.base, s.rests = now, true // until it was asked, at least
			}
			due = append(due, s.a)
		}
	}
	l.setTimer()
	return tasks, due
}

// ask asks rules whose time has come, in order.
func (l *link) ask(due []*armed, now time.Duration) {
	final := false
	for _, a := range due {
		var acts []act
		if !final {
			acts = l.askInTurn(a, now)
			final = len(acts) > 0 && a.Final
		}
		if timingOf(a.On).kind == idle && !ends(acts) {
			l.idleAgain(a.id, now)
		}
	}
}

// askInTurn asks a rule when its turn has come, and returns what it did if that is now.
func (l *link) askInTurn(a *armed, now time.Duration) []act {
	wait := l.staggered(a, now)
	if wait == 0 {
		return l.timeRule(a, now)
	}
	l.after(wait, func() {
		if l.p.inForce(a.id) {
			l.timeRule(a, l.tl.Now())
		}
	})
	return nil
}

// staggered is how long a rule that is due still waits for its turn on the connection.
func (l *link) staggered(a *armed, now time.Duration) time.Duration {
	t := timingOf(a.On)
	if t.stagger == 0 {
		return 0
	}
	turn := 0
	if t.period > 0 {
		turn = int((now - l.p.zero(a) - t.d) / t.period)
	}
	return time.Duration(l.p.rank(a, turn, l)) * t.stagger
}

// timeRule asks one of them and returns what it did.
func (l *link) timeRule(a *armed, now time.Duration) []act {
	if !a.inWindow(now) || !l.admit(a, 0) {
		return nil
	}
	p := Plan{stage: StageTime, conn: l.num, at: now}
	if !p.run(a, l) {
		if p.why != "" {
			l.deny(a, 0, p.why)
		}
		return nil
	}
	l.fire(a, 0, now)
	for _, act := range p.acts {
		l.perform(act)
	}
	return p.acts
}
