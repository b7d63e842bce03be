package report

import (
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Where things are, in px.
const (
	width   = 900.0
	margin  = 14.0
	timesX  = 84.0 // where times end
	clientX = 150.0
	proxyX  = 475.0
	serverX = 800.0
	firstY  = 104.0 // the first event, without a title 28 less
	letter  = 7.25  // how wide a letter of 12 px is, in the widest of the fonts
)

// figure draws one connection.
type figure struct {
	canvas
	rows     []shown
	breaks   map[int]int // before which rows events are left out, and how many
	proxied  bool
	dialects []heartbeat.Dialect

	axis   axis
	height float64
}

func newFigure(k *ends, proxied bool, dialects []heartbeat.Dialect) *figure {
	head, tail, left := k.kept()
	head, tail = told(head), told(tail)
	f := &figure{rows: slices.Concat(head, tail), proxied: proxied, dialects: dialects, breaks: map[int]int{}}
	if left > 0 {
		f.breaks[len(head)] = left
	}
	return f
}

// told leaves out that a rule fired where the row beside it shows what it did.
func told(rows []shown) []shown {
	shows := func(fault shown, i int) bool {
		if i < 0 || i >= len(rows) {
			return false
		}
		r := rows[i]
		return r.Rule == fault.Rule && (r.At-fault.At).Abs() < time.Millisecond && (r.Kind == timeline.KindFrame || r.Kind == timeline.KindSilence)
	}
	var kept []shown
	for i, r := range rows {
		if r.Kind != timeline.KindFault || !shows(r, i-1) && !shows(r, i+1) {
			kept = append(kept, r)
		}
	}
	return kept
}

// draw draws the connection, with a title unless that is empty.
func (f *figure) draw(title string) {
	top := firstY
	if title == "" {
		top -= 28
	} else {
		f.text("title", "start", margin, 24, cut(title, 108))
	}
	breaks := map[int]bool{}
	for i := range f.breaks {
		breaks[i] = true
	}
	f.axis = newAxis(times(f.rows), breaks, top)
	bottom := top
	if n := len(f.rows); n > 0 {
		bottom = f.axis.y[n-1]
	}
	f.height = bottom + 44
	f.pauses()
	f.silences(bottom)
	f.notes()
	f.lanes(top-64, bottom)
	f.holds()
	f.beats()
	f.events()
	f.text("caption", "start", margin, bottom+34, f.axis.caption())
}

// pauses shades where nothing happened for a while.
func (f *figure) pauses() {
	for i := 1; i < len(f.rows); i++ {
		from, to := f.axis.y[i-1], f.axis.y[i]
		switch {
		case f.breaks[i] > 0:
			f.rect("left-out", clientX, from+10, serverX-clientX, to-from-26, 4)
		case f.paused(i):
			f.rect("quiet", clientX, from+9, serverX-clientX, to-from-27, 4)
		}
	}
}

// notes says for how long nothing happened, and how much is left out.
func (f *figure) notes() {
	for i := 1; i < len(f.rows); i++ {
		middle := (f.axis.y[i-1] + f.axis.y[i]) / 2
		if left := f.breaks[i]; left > 0 {
			f.text("note", "middle", (clientX+serverX)/2, middle, count(left, "event")+" left out here")
		} else if f.paused(i) {
			f.text("note", "middle", (clientX+proxyX)/2, middle-1, span(f.rows[i].At-f.rows[i-1].At)+" quiet")
		}
	}
}

// paused reports whether nothing happened before a row for so long that it shows.
func (f *figure) paused(i int) bool {
	return f.rows[i].At > f.rows[i-1].At && f.axis.y[i]-f.axis.y[i-1] >= labelled
}

// silences shades the sides toward which a line is silent.
func (f *figure) silences(bottom float64) {
	since := map[frame.Direction]float64{}
	heal := func(d frame.Direction, y float64) {
		from, silent := since[d]
		if !silent {
			return
		}
		left, right := clientX, f.middle()
		if d == frame.ToServer {
			left, right = f.middle(), serverX
		}
		f.rect("silent", left, from, right-left, y-from, 0)
		delete(since, d)
	}
	ways := []frame.Direction{frame.ToClient, frame.ToServer}
	for i, r := range f.rows {
		for _, d := range ways {
			_, already := since[d]
			about := r.Dir == 0 || r.Dir.Has(d)
			switch {
			case r.Kind == timeline.KindSilence && about && !already:
				since[d] = f.axis.y[i]
			case r.Kind == timeline.KindHeal && about, r.Kind == timeline.KindEnded:
				heal(d, f.axis.y[i])
			}
		}
	}
	for _, d := range ways {
		heal(d, bottom)
	}
}

// middle is where the proxy is, or would be.
func (f *figure) middle() float64 {
	if f.proxied {
		return proxyX
	}
	return (clientX + serverX) / 2
}

// lanes draws the client, the proxy and the server, each open for as long as the
// connection was.
func (f *figure) lanes(top, bottom float64) {
	opened, ended := -1.0, bottom+12
	var over bool
	for i, r := range f.rows {
		switch r.Kind {
		case timeline.KindOpened:
			opened = f.axis.y[i]
		case timeline.KindEnded:
			ended, over = f.axis.y[i], true
		}
	}
	lanes := []struct {
		name string
		x    float64
	}{{"client", clientX}, {"proxy", proxyX}, {"server", serverX}}
	for _, l := range lanes {
		if l.name == "proxy" && !f.proxied {
			continue
		}
		f.line("lane", l.x, top+26, l.x, ended)
		if opened >= 0 && l.name != "proxy" {
			f.line("open", l.x, opened, l.x, ended)
		}
		if over {
			f.line("stop", l.x-7, ended, l.x+7, ended)
		}
		f.rect("head", l.x-42, top, 84, 26, 5)
		f.text("lane-name", "middle", l.x, top+17, l.name)
	}
	for i, folded := range f.axis.fold {
		if folded {
			y := (f.axis.y[i-1]+f.axis.y[i])/2 - 4
			for _, l := range lanes {
				if l.name != "proxy" || f.proxied {
					f.zigzag(l.x, y)
				}
			}
		}
	}
}

// zigzag marks a lane that is folded.
func (f *figure) zigzag(x, y float64) {
	f.rect("paper", x-4, y-7, 8, 14, 0)
	f.path("fold", "M"+px(x)+" "+px(y-7)+"l-5 3.5 10 3.5-10 3.5 5 3.5")
}
