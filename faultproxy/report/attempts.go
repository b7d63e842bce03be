package report

import (
	"fmt"
	"io"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Attempts is a plot of when clients asked to be let in, with options. It shows whether
// they come back all at once, how fast their delays grow, and how long it takes until
// everybody is back. The zero value is ready for use.
type Attempts struct {
	// Title stands above it. Empty: none.
	Title string
	// Per is how much time a bar stands for. 0: the shortest of 100 ms, 1 s, 10 s,
	// 1 min, 10 min and 1 h that needs no more than 200 bars.
	Per time.Duration
}

// SVG draws a panel for each recording, one below the other and all to one scale; one
// that is [Named] has its name above. A panel begins with its view, so give it a part,
// such as what came Since the server went down. The foot of a bar is those attempts that
// opened, its head those that did not, such as those refused with an HTTP status; what a
// port that is down refuses is recorded by nobody. Like all of this package's drawings it stands alone, and is light or
// dark as the reader's system is.
//
// The error is that of w.
func (a Attempts) SVG(w io.Writer, recordings ...timeline.Viewer) error {
	var panels []panel
	for _, r := range recordings {
		view, _ := vantageOf(r)
		panels = append(panels, newPanel(nameOf(r), view))
	}
	p := newPlot(panels, a.Per)
	title := a.Title
	if title == "" {
		title = "Upgrade attempts"
	}
	return p.write(w, a.Title, svgHead{id: "hb-attempts", title: title, style: diagramStyle + attemptsStyle})
}

// panel is the attempts of one recording. Times are since its beginning.
type panel struct {
	name           string
	opened, failed []time.Duration
}

func newPanel(name string, view *timeline.View) panel {
	p := panel{name: name}
	begin := time.Duration(0)
	for e := range view.All() {
		begin = e.At
		break
	}
	for _, a := range diagnosis.Attempts(view) {
		if a.Conn > 0 && a.Request.Kind == 0 { // made before
			continue
		}
		at := a.RequestedAt - begin
		if a.Opened {
			p.opened = append(p.opened, at)
		} else {
			p.failed = append(p.failed, at)
		}
	}
	return p
}

// last is when the last attempt was.
func (p panel) last() (last time.Duration) {
	for _, list := range [][]time.Duration{p.opened, p.failed} {
		for _, at := range list {
			last = max(last, at)
		}
	}
	return last
}

// bars counts the attempts by time: those that opened, and all.
func (p panel) bars(per time.Duration) (opened, all map[int]int, most int) {
	opened, all = map[int]int{}, map[int]int{}
	for _, at := range p.opened {
		opened[int(at/per)]++
		all[int(at/per)]++
	}
	for _, at := range p.failed {
		all[int(at/per)]++
	}
	for _, n := range all {
		most = max(most, n)
	}
	return opened, all, most
}

// summary says what a panel shows.
func (p panel) summary(per time.Duration) string {
	total := len(p.opened) + len(p.failed)
	if total == 0 {
		return "no attempt"
	}
	_, _, most := p.bars(per)
	text := fmt.Sprintf("%s, %s of them in vain; up to %s in %s", count(total, "attempt"), number(len(p.failed)), number(most), step(per))
	if len(p.opened) > 0 {
		last := time.Duration(0)
		for _, at := range p.opened {
			last = max(last, at)
		}
		text += "; the last one in after " + span(last)
	}
	return text
}
