package report

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// part is what a page says of one recording.
type part struct {
	Prefix string // of the IDs in it
	Name   string
	Start  string
	Length time.Duration
	Seed   string // empty: none is known
	Events int
	Lost   int

	Conns     []connection // all that are listed
	NotListed int
	NotShown  int           // listed, but not in detail
	Plot      template.HTML // of the attempts; empty: there are few
	Mute      []diagnosis.Report
	Rules     []ruleCount
	Besides   []shown // what happened on no connection
	LeftOut   int     // of those
	Policy    *verdicts
}

// Total is how many connections there are.
func (p part) Total() int { return len(p.Conns) + p.NotListed }

// connection is what a page says of one connection.
type connection struct {
	N      int
	Prefix string
	Report diagnosis.Report
	Head   string // how it ended, in a line
	Bad    bool   // it did not end as it should

	Detailed bool
	Diagram  template.HTML
	Rows     []shown // the first
	Tail     []shown // the last
	LeftOut  int     // between them
	Evidence []evidence
}

// Open reports whether the timeline is short enough to be unfolded.
func (c connection) Open() bool { return len(c.Rows)+len(c.Tail) <= openRows && c.LeftOut == 0 }

// Total is how many events the connection has.
func (c connection) Total() int { return len(c.Rows) + len(c.Tail) + c.LeftOut }

// Opened says when it opened.
func (c connection) Opened() string {
	if !c.Report.Opened {
		return "never"
	}
	return moment(c.Report.OpenedAt)
}

// Age says how long it was open.
func (c connection) Age() string {
	if !c.Report.Opened || !c.Report.Ended && c.Report.EndingAt == 0 {
		return ""
	}
	return span(c.Report.Age())
}

// By says who ended it and how.
func (c connection) By() string {
	r := c.Report
	switch {
	case r.How == diagnosis.StillOpen && r.Opened:
		return "still open"
	case r.How == diagnosis.StillOpen:
		return "still connecting"
	case r.EndedBy == diagnosis.Unknown:
		return r.How.String()
	}
	return fmt.Sprintf("%s, %s", r.EndedBy, r.How)
}

// Code is what the client was told.
func (c connection) Code() string {
	if !c.Report.Reported {
		return ""
	}
	return fmt.Sprint(uint16(c.Report.CloseEvent.Code))
}

// Meaning is what the close code usually means.
func (c connection) Meaning() string {
	if !c.Report.Reported {
		return ""
	}
	return c.Report.CloseEvent.Code.Info().Name
}

// part collects what there is to say about a recording.
func (p Page) part(r timeline.Viewer, prefix string) part {
	view, proxied := vantageOf(r)
	tl := view.Timeline()
	out := part{Prefix: prefix, Name: nameOf(r), Start: tl.Start().UTC().Format("2006-01-02 15:04:05 UTC"), Length: tl.Newest(),
		Rules: rulesOf(view)}
	if seed := tl.Seed(); seed != 0 {
		out.Seed = fmt.Sprint(seed)
	}
	a := diagnosis.Analyzer{Client: p.Client, Dialects: p.Dialects}
	out.Mute = a.Mute(view)
	out.Plot = plotted(view, prefix)
	kept := p.connections(&out, a.All(view), view, prefix)
	besides := newEnds(defaulted(p.Rows, defaultRows))
	for s := range events(view) {
		switch {
		case s.Kind == timeline.KindLost:
			out.Lost += s.Count
		default:
			out.Events++
		}
		if k := kept[s.Conn]; k != nil {
			k.see(s)
		} else if s.Conn == 0 && s.Kind != timeline.KindRule {
			besides.see(s)
		}
	}
	head, tail, left := besides.kept()
	out.Besides, out.LeftOut = slices.Concat(head, tail), left
	listed := map[int]bool{}
	list := func(rows []shown) {
		for _, r := range rows {
			listed[r.Seq] = true
		}
	}
	list(out.Besides)
	for i := range out.Conns {
		if c := &out.Conns[i]; c.Detailed {
			c.fill(kept[c.N], proxied, p)
			list(c.Rows)
			list(c.Tail)
		}
	}
	for i := range out.Conns {
		for _, e := range out.Conns[i].Report.Cause.Evidence {
			out.Conns[i].Evidence = append(out.Conns[i].Evidence, evidence{e.Seq, e.String(), listed[e.Seq]})
		}
	}
	if p.Policy != nil {
		out.Policy = judge(view, *p.Policy, prefix, out.Conns, listed)
	}
	return out
}

// plotted draws the attempts of a recording, if it has enough of them.
func plotted(view *timeline.View, prefix string) template.HTML {
	s := newPanel("", view)
	if len(s.opened)+len(s.failed) < plottedFrom {
		return ""
	}
	var svg strings.Builder
	_ = newPlot([]panel{s}, 0).write(&svg, "", svgHead{id: prefix + "attempts", title: "Upgrade attempts over time"})
	return template.HTML(svg.String()) // its text is escaped where it is written
}

// evidence is an event that something rests on.
type evidence struct {
	Seq    int
	Text   string
	Listed bool // it has a row to link to
}

// connections lists the connections and chooses those to be shown in detail.
func (p Page) connections(out *part, reports []diagnosis.Report, view *timeline.View, prefix string) map[int]*ends {
	if n, one := view.ConnNumber(); one {
		reports = slices.DeleteFunc(reports, func(r diagnosis.Report) bool { return r.Conn != n })
	}
	kept := map[int]*ends{}
	room := defaulted(p.Conns, defaultDetailed)
	for _, wanted := range []bool{true, false} { // those that went wrong first
		for _, r := range reports {
			if bad(r) == wanted && len(kept) < room {
				kept[r.Conn] = newEnds(defaulted(p.Rows, defaultRows))
			}
		}
	}
	for _, r := range reports {
		if len(out.Conns) >= listedConns && kept[r.Conn] == nil {
			out.NotListed++
			continue
		}
		head := strings.TrimPrefix(headline(r), fmt.Sprintf("connection %d: ", r.Conn))
		out.Conns = append(out.Conns, connection{N: r.Conn, Prefix: prefix, Report: r, Head: head, Bad: bad(r), Detailed: kept[r.Conn] != nil})
	}
	out.NotShown = len(reports) - len(kept)
	return kept
}

// bad reports whether a connection did not end as it should.
func bad(r diagnosis.Report) bool {
	return r.How != diagnosis.StillOpen && (!r.Reported || !r.CloseEvent.WasClean)
}

// fill draws a connection and lists its events.
func (c *connection) fill(k *ends, proxied bool, p Page) {
	c.Rows, c.Tail, c.LeftOut = k.kept()
	few := newEnds(drawnEvents)
	if c.Total() <= drawnEvents {
		few = newEnds(c.Total() * 5) // none is left out
	}
	for _, s := range slices.Concat(c.Rows, c.Tail) {
		few.see(s)
	}
	f := newFigure(few, proxied, p.Dialects)
	for at := range f.breaks {
		f.breaks[at] += c.LeftOut
	}
	f.draw("")
	var svg strings.Builder
	id := fmt.Sprintf("%sd%d", c.Prefix, c.N)
	_ = writeSVG(&svg, svgHead{id: id, title: fmt.Sprintf("Sequence diagram of connection %d", c.N), desc: c.Report.String(), height: f.height}, f.canvas)
	c.Diagram = template.HTML(svg.String()) // its text is escaped where it is written
}
