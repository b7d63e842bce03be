package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// events draws all events, each on its row.
func (f *figure) events() {
	left := held(f.rows)
	last := ""
	for i, r := range f.rows {
		y := f.axis.y[i]
		f.printf("<g>\n<title>%s</title>\n", escaped(r.Clock+" "+arrow(r.Dir)+" "+r.Text+r.Fate))
		if r.Clock != last {
			f.text("time", "end", timesX, y+4, r.Clock)
			last = r.Clock
		}
		_, goesOn := left[i]
		f.event(r, y, goesOn)
		f.printf("</g>\n")
	}
}

// event draws an event. goesOn says that it arrived, and left further down.
func (f *figure) event(r shown, y float64, goesOn bool) {
	switch {
	case r.Kind.Travels() && r.Dir != 0:
		f.travel(r, y, goesOn)
	case r.Kind == timeline.KindFault, r.Kind == timeline.KindNotApplied, r.Kind == timeline.KindSilence, r.Kind == timeline.KindHeal:
		f.pill(strings.TrimSpace(arrow(r.Dir)+" "+r.Text), y)
	case r.Kind == timeline.KindDialed && f.proxied:
		f.line("stroke plain shake", proxyX, y, serverX, y)
		f.text("note over", "start", proxyX+10, y-5, cut(r.Text, 44))
	case r.Kind == timeline.KindClosed && f.proxied:
		f.closed(r, y)
	case r.Kind == timeline.KindEnded, r.Kind == timeline.KindOpened:
		f.line("tick", clientX, y, serverX, y)
		f.text("note over", "middle", clientX+(proxyX-clientX)/2, y+4, r.Text)
	default:
		f.text("note over", "middle", f.middle(), y+4, cut(r.Text, 88))
	}
}

// travel draws an arrow from where it was seen first to where it was seen last.
func (f *figure) travel(r shown, y float64, goesOn bool) {
	from, to := clientX, serverX
	if r.Dir == frame.ToClient {
		from, to = to, from
	}
	stopped := false
	if f.proxied && r.Vantage == timeline.AtProxy {
		switch r.Seen {
		case timeline.Arrived:
			to, stopped = proxyX, !goesOn && stops(r)
		case timeline.Left:
			from = proxyX
		}
	}
	class := classOf(r)
	right := to > from
	shake := ""
	switch r.Kind {
	case timeline.KindRequest, timeline.KindResponse, timeline.KindFrameStart, timeline.KindFIN:
		shake = " shake"
	}
	f.line("stroke "+class+shake, from, y, to, y)
	switch {
	case stopped, r.Kind == timeline.KindRST:
		f.cross("stroke "+class, to, y)
	default:
		f.arrowhead("tip "+class, to, y, right)
	}
	most, x, anchor := 42, from+10, "start"
	if to-from > 400 || from-to > 400 {
		most = 86
	}
	if !right {
		x, anchor = from-10, "end"
	}
	f.text("over", anchor, x, y-5, label(r, most))
}

// label is what happened in so many letters: of a frame its payload is cut, so that what
// became of it can be read.
func label(r shown, most int) string {
	text, passage := r.Text, r.Fate
	if i := strings.LastIndex(text, "   "); i > 0 { // as a timeline.Formatter sets it apart
		text, passage = text[:i], " "+collapse(text[i:])+r.Fate
	}
	return cut(cut(collapse(text), max(most-utf8.RuneCountInString(passage), 12))+passage, most)
}

// stops reports whether what only arrived is worth a cross: a frame or its bytes, or
// an end that a rule keeps.
func stops(r shown) bool {
	switch r.Kind {
	case timeline.KindFrame, timeline.KindBytes:
		return true
	case timeline.KindFIN, timeline.KindRST:
		return r.Rule != ""
	}
	return false
}

// classOf is how what travels is coloured.
func classOf(r shown) string {
	switch {
	case r.Rule != "":
		return "fault"
	case r.Kind == timeline.KindFIN, r.Kind == timeline.KindRST:
		return "end"
	case r.Beat:
		return "beat"
	case r.Kind == timeline.KindFrame, r.Kind == timeline.KindFrameStart:
		switch r.Header.Opcode {
		case frame.OpPing, frame.OpPong:
			return "beat"
		case frame.OpClose:
			return "close"
		}
		return "data"
	}
	return "plain"
}

// pill writes what a rule did across the proxy's lane.
func (f *figure) pill(text string, y float64) {
	text = cut(collapse(text), 84)
	half := float64(len([]rune(text)))*letter/2 + 10
	f.rect("pill", f.middle()-half, y-10, 2*half, 20, 10)
	f.text("fault", "middle", f.middle(), y+4, text)
}

// closed draws that the proxy closed its socket toward one side or both.
func (f *figure) closed(r shown, y float64) {
	class := "plain"
	if r.Rule != "" {
		class = "fault"
	}
	ways := []struct {
		dir  frame.Direction
		x    float64
		text float64
		end  string
	}{{frame.ToClient, clientX, proxyX - 10, "end"}, {frame.ToServer, serverX, proxyX + 10, "start"}}
	for _, w := range ways {
		if r.Dir == 0 || r.Dir.Has(w.dir) {
			f.line("stroke shake "+class, proxyX, y, w.x, y)
			f.cross("stroke "+class, w.x, y)
			f.text("note over", w.end, w.text, y-5, cut(r.Text, 44))
		}
	}
}

// holds draws for how long the proxy kept what went on later.
func (f *figure) holds() {
	for from, to := range sorted(held(f.rows)) {
		f.line("stroke held "+classOf(f.rows[from]), proxyX, f.axis.y[from], proxyX, f.axis.y[to])
	}
}

// beats links beats with their answers at the lane of whoever beat, and says behind
// their text how long the answer took.
func (f *figure) beats() {
	row := map[int]int{}
	for i, r := range f.rows {
		row[r.Seq] = i
	}
	free := map[heartbeat.Role][]float64{} // until where each column is taken
	for _, l := range links(plainEvents(f.rows), f.dialects) {
		x, out := clientX, -1.0
		if l.by == heartbeat.Server {
			x, out = serverX, 1.0
		}
		from, known := row[l.beat]
		if !known {
			continue
		}
		f.rows[from].Beat = true
		y1 := f.axis.y[from]
		if !l.answered {
			f.path("unanswered", fmt.Sprintf("M%s %sh%s v16", px(x+out*3), px(y1), px(out*14)))
			f.cross("stroke end", x+out*17, y1+19)
			f.rows[from].Fate = " · never answered"
			continue
		}
		to, known := row[l.answer]
		if !known {
			continue
		}
		y2 := f.axis.y[to]
		column := 0
		for column < len(free[l.by]) && column < 3 && free[l.by][column] > y1 {
			column++
		}
		if column == len(free[l.by]) {
			free[l.by] = append(free[l.by], 0)
		}
		free[l.by][column] = y2
		deep := out * (14 + 10*float64(column))
		f.path("link", fmt.Sprintf("M%s %sh%sV%sh%s", px(x+out*3), px(y1), px(deep), px(y2), px(-deep+out*3)))
		f.arrowhead("tip beat", x+out*3, y2, out < 0)
		f.rows[to].Beat = true
		f.rows[to].Fate = " · after " + span(l.latency)
	}
}

// collapse writes text without runs of blanks.
func collapse(s string) string { return strings.Join(strings.Fields(s), " ") }
