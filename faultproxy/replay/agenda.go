package replay

import (
	"cmp"
	"slices"
	"time"
)

// group says what a thing to do belongs to.
type group uint8

const (
	byClock group = iota // it ends when the client closes
	always
)

// agenda is what there is to do at its time; where the times are equal, in the order of
// the recording. The zero value is empty.
type agenda struct {
	list  []todo // by time and event
	timer *time.Timer
}

type todo struct {
	at    time.Time
	event int // the recorded one
	group group
	do    func()
}

func (a *agenda) add(t todo) {
	i, _ := slices.BinarySearchFunc(a.list, t, func(x, t todo) int {
		return cmp.Or(x.at.Compare(t.at), cmp.Compare(x.event, t.event), -1) // behind its equals
	})
	a.list = slices.Insert(a.list, i, t)
	if i == 0 {
		a.arm()
	}
}

// due returns a channel that receives when the first thing is due; nil if there is
// none.
func (a *agenda) due() <-chan time.Time {
	if len(a.list) == 0 {
		return nil
	}
	return a.timer.C
}

// next takes the first thing out.
func (a *agenda) next() func() {
	first := a.list[0]
	a.list = a.list[1:]
	a.arm()
	return first.do
}

// drop takes out all that belongs to the group.
func (a *agenda) drop(g group) {
	a.list = slices.DeleteFunc(a.list, func(t todo) bool { return t.group == g })
	a.arm()
}

// clear takes out everything.
func (a *agenda) clear() {
	a.list = nil
	a.arm()
}

func (a *agenda) arm() {
	switch {
	case len(a.list) == 0:
		if a.timer != nil {
			a.timer.Stop()
		}
	case a.timer == nil:
		a.timer = time.NewTimer(time.Until(a.list[0].at))
	default:
		a.timer.Reset(time.Until(a.list[0].at))
	}
}
