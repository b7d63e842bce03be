package report

import (
	_ "embed"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

//go:embed attempts.css
var attemptsStyle string

// What a plot of attempts is made of, in px.
const (
	plotLeft   = 60.0 // where the bars begin
	plotHeight = 72.0 // of a panel's bars
	panelGap   = 46.0 // between two panels, with the words above the lower one
	mostBars   = 200
)

// periods are what a bar may stand for, and what the marks of the time axis may be apart.
var (
	periods = []time.Duration{100 * time.Millisecond, time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, time.Hour}
	marks   = []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, time.Hour, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 24 * time.Hour}
)

// plot draws panels to one scale.
type plot struct {
	canvas
	panels []panel
	per    time.Duration
	length time.Duration
	most   int // attempts of a bar
}

func newPlot(panels []panel, per time.Duration) *plot {
	p := &plot{panels: panels, per: per}
	for _, s := range panels {
		p.length = max(p.length, s.last())
	}
	if p.per <= 0 {
		p.per = fitting(periods, p.length, mostBars)
	}
	p.length = p.length/p.per*p.per + p.per // the last bar, too
	for _, s := range panels {
		_, _, most := s.bars(p.per)
		p.most = max(p.most, most)
	}
	return p
}

// fitting is the first step of which length has no more than so many; a multiple of the
// last one if none is.
func fitting(steps []time.Duration, length time.Duration, most int) time.Duration {
	for _, s := range steps {
		if length/s < time.Duration(most) {
			return s
		}
	}
	longest := steps[len(steps)-1]
	return longest * (length/longest/time.Duration(most) + 1)
}

// step writes what a bar or a mark stands for: "1 s", "10 min".
func step(d time.Duration) string {
	switch {
	case d == 0:
		return "0"
	case d < time.Second:
		return fmt.Sprintf("%g ms", float64(d)/float64(time.Millisecond))
	case d < time.Minute:
		return fmt.Sprintf("%g s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%g min", d.Minutes())
	}
	return fmt.Sprintf("%g h", d.Hours())
}

// write writes the drawing.
func (p *plot) write(w io.Writer, title string, h svgHead) error {
	var desc []string
	for _, s := range p.panels {
		desc = append(desc, strings.TrimPrefix(s.name+": "+s.summary(p.per), ": "))
	}
	h.desc = strings.Join(desc, "\n")
	h.height = p.draw(title)
	return writeSVG(w, h, p.canvas)
}

// draw draws everything and returns how high it is.
func (p *plot) draw(title string) float64 {
	y := margin
	if title != "" {
		y += 16
		p.text("title", "start", margin, y, cut(title, 110))
		y += 8
	}
	for _, s := range p.panels {
		y = p.panel(s, y)
	}
	if len(p.panels) == 0 {
		y += 16
		p.text("caption", "start", margin, y, "There is no recording.")
		return y + margin
	}
	y += 14
	p.rect("let-in", margin, y-8, 9, 9, 0)
	p.text("caption", "start", margin+14, y, "let in")
	p.rect("in-vain", margin+70, y-8, 9, 9, 0)
	p.text("caption", "start", margin+84, y, fmt.Sprintf("not let in.  A bar is %s%s.", step(p.per), oneScale(len(p.panels))))
	return y + margin
}

func oneScale(panels int) string {
	if panels == 1 {
		return ""
	}
	return "; all panels are to one scale"
}

// panel draws a panel below y and returns where it ends.
func (p *plot) panel(s panel, y float64) float64 {
	if s.name != "" {
		y += 18
		p.text("lane-name", "start", margin, y, cut(s.name, 110))
	}
	y += 16
	p.text("note", "start", margin, y, s.summary(p.per))
	top := y + 12
	foot := top + plotHeight
	right := width - margin
	if p.most > 0 {
		p.line("grid", plotLeft, top, right, top)
		p.text("note", "end", plotLeft-6, top+4, number(p.most))
	}
	p.text("note", "end", plotLeft-6, foot+4, "0")
	opened, all, _ := s.bars(p.per)
	wide := (right - plotLeft) * p.per.Seconds() / p.length.Seconds()
	gap := min(1, wide/4)
	for _, i := range slices.Sorted(maps.Keys(all)) {
		x := plotLeft + float64(i)*wide
		high := plotHeight * float64(all[i]) / float64(p.most)
		in := plotHeight * float64(opened[i]) / float64(p.most)
		if all[i] > opened[i] {
			p.rect("in-vain", x, foot-high, wide-gap, high-in, 0)
		}
		if opened[i] > 0 {
			p.rect("let-in", x, foot-in, wide-gap, in, 0)
		}
	}
	p.line("base", plotLeft, foot, right, foot)
	mark := fitting(marks, p.length, 12)
	for at := time.Duration(0); at <= p.length; at += mark {
		x := plotLeft + (right-plotLeft)*at.Seconds()/p.length.Seconds()
		p.line("tick", x, foot, x, foot+4)
		if x > right-margin { // or it would be cut off
			p.text("note", "end", right+margin-2, foot+16, step(at))
		} else {
			p.text("note", "middle", x, foot+16, step(at))
		}
	}
	return foot + panelGap - 18
}
