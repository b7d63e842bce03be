package faultproxy

import (
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// forgotten is what becomes of what a lane's source sends on a connection that the
// path has forgotten. The zero value is a connection that it remembers.
type forgotten struct {
	rule    ruleRef
	is      bool
	resets  bool // it draws an RST
	revives bool // it brings the connection back, if the other peer is still there
}

// forgetFlow makes the path forget the connection on behalf of a rule.
func (l *link) forgetFlow(f Forget, rule ruleRef) {
	l.each(frame.Both, func(ln *lane) {
		mark := forgotten{rule: rule, is: true, resets: f.resets(f.Server)}
		if ln.dir == frame.ToServer {
			mark.resets, mark.revives = f.resets(f.Client), f.Revive
		}
		ln.mu.Lock()
		defer ln.mu.Unlock()
		ln.out.remember(func(r ruleRef) bool { return r == rule })
		ln.out.forgot = append(ln.out.forgot, mark)
	})
	l.hold(frame.Both, rule, 0)
}

// remember takes back that rules made the path forget. The mutex is held.
func (o *outlet) remember(which func(ruleRef) bool) {
	o.forgot = slices.DeleteFunc(o.forgot, func(f forgotten) bool { return which(f.rule) })
}

// forgets puts into a gate that the path has forgotten the connection. The mutex is
// held.
func (o *outlet) forgets(g *gate) {
	f := o.forgot[len(o.forgot)-1]
	g.forgot = f
	if f.resets && !f.revives { // else it may be brought back, or nothing can be written any more
		g.sink, g.swallow, g.closed, g.absorb, g.rule = true, true, true, false, f.rule
	}
}

// meet answers what the source just sent on a connection that the path has forgotten.
func (ln *lane) meet(f forgotten, at time.Duration) {
	switch {
	case ln.revives(f):
		ln.l.heal(frame.Both, f.rule)
		ln.touch(at)
	case f.resets:
		ln.l.endSide(ln.dir.Opposite(), RST, f.rule)
	}
}

func (ln *lane) revives(f forgotten) bool { return f.revives && !ln.dest().gone.Load() }

// meetFIN answers the source's FIN on a connection that the path has forgotten, if it
// has, and reports whether that draws a reset.
func (ln *lane) meetFIN(at time.Duration) bool {
	ln.mu.Lock()
	g := ln.out.gate()
	ln.mu.Unlock()
	f := g.forgot
	draws := f.resets && !ln.revives(f)
	if draws {
		ln.note(&item{kind: itemFIN}, arrived, at)
	}
	if f.is {
		ln.meet(f, at)
	}
	return draws
}
