package report

import (
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// The bounds of diagrams, which are this package's choice: what still can be read.
const (
	defaultEvents = 200
	defaultConns  = 20
)

//go:embed diagram.css
var diagramStyle string

// Diagram is a sequence diagram with options. The zero value is what [SVG] draws.
type Diagram struct {
	// Title stands above it; empty: what is known of the connection in a line.
	Title string
	// Dialects are the heartbeats whose beats and answers are linked, besides
	// [heartbeat.Protocol] and [heartbeat.Text]("ping", "pong").
	Dialects []heartbeat.Dialect
	// Client says whose rules the words about the end follow. The zero value is Chromium.
	Client diagnosis.ClientKind
	// Events is how many events of a connection are drawn: the first two fifths of that
	// and the last three, with a note of how many are left out between them. 0: 200.
	Events int
	// Conns is how many connections are drawn, the first ones. 0: 20.
	Conns int
}

// SVG draws the connections of a view, one below the other; give it the view of one
// connection to draw that one. The document stands alone: it needs no script and
// nothing from elsewhere, is light or dark as the reader's system is, and its text can
// be selected and searched.
//
// The lanes are the client, the proxy and the server; a recording of a server alone has
// no lane for the proxy. Time runs down. It is to scale where it can be: events that
// would touch are drawn apart, and pauses that would be much longer than usual are
// folded and say how long they were. Arrows are frames and what else travels; one that
// ends at the proxy with a cross was dropped there, and one that was held there goes on
// further down. Beats are linked with their answers at the lane of whoever beat. What
// rules did stands in red, with the rule's name. While a line is silent its side is
// shaded, until it heals.
//
// The error is that of w.
func SVG(w io.Writer, v timeline.Viewer) error { return Diagram{}.SVG(w, v) }

// SVG is the function [SVG] with the options of d.
func (d Diagram) SVG(w io.Writer, v timeline.Viewer) error {
	view, proxied := vantageOf(v)
	reports := diagnoses(diagnosis.Analyzer{Client: d.Client, Dialects: d.Dialects}, view)
	conns := numbers(reports)
	if n, one := view.ConnNumber(); one {
		conns = slices.DeleteFunc(conns, func(c int) bool { return c != n })
	}
	most := defaulted(d.Conns, defaultConns)
	left := len(conns) - min(len(conns), most)
	conns = conns[:len(conns)-left]

	kept := map[int]*ends{}
	for _, n := range conns {
		kept[n] = newEnds(defaulted(d.Events, defaultEvents))
	}
	for s := range events(view) {
		if k := kept[s.Conn]; k != nil && s.Conn > 0 {
			k.see(s)
		}
	}
	var body canvas
	y := 0.0
	for _, n := range conns {
		f := newFigure(kept[n], proxied, d.Dialects)
		title := d.Title
		if title == "" || len(conns) > 1 {
			title = strings.TrimSpace(title + " " + headline(reports[n]))
		}
		f.draw(title)
		body.printf(`<g transform="translate(0 %s)">`+"\n", px(y))
		body.b.Write(f.b.Bytes())
		body.printf("</g>\n")
		y += f.height + 24
	}
	if note := leftOut(len(conns), left); note != "" {
		body.text("caption", "start", margin, y+14, note)
		y += 30
	}
	title, desc := d.Title, make([]string, len(conns))
	for i, n := range conns {
		desc[i] = reports[n].String()
	}
	if title == "" {
		title = fmt.Sprintf("Sequence diagram of %s", count(len(conns), "connection"))
	}
	return writeSVG(w, svgHead{id: "hb", title: title, desc: strings.Join(desc, "\n"), height: y, style: diagramStyle}, body)
}

// leftOut says that connections are not drawn, or that there are none.
func leftOut(drawn, left int) string {
	switch {
	case drawn == 0:
		return "There is no connection in this recording."
	case left == 0:
		return ""
	}
	return count(left, "more connection") + " not drawn here."
}

// headline is what is known of a connection, in a line.
func headline(r diagnosis.Report) string {
	line, _, _ := strings.Cut(r.String(), "\n")
	return line
}

func defaulted(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

// svgHead is what a drawing begins with.
type svgHead struct {
	id          string // unique in the document
	title, desc string
	height      float64
	style       string // empty: the document has it
}

// writeSVG writes a drawing.
func writeSVG(w io.Writer, h svgHead, body canvas) error {
	var c canvas
	c.printf(`<svg xmlns="http://www.w3.org/2000/svg" class="hb-diagram" width="%[1]s" height="%[2]s" viewBox="0 0 %[1]s %[2]s" role="img" aria-labelledby="%[3]s-title %[3]s-desc">`+"\n",
		px(width), px(h.height), h.id)
	c.printf("<title id=\"%[1]s-title\">%[2]s</title>\n<desc id=\"%[1]s-desc\">%[3]s</desc>\n", h.id, escaped(h.title), escaped(h.desc))
	if h.style != "" {
		c.printf("<style>\n%s</style>\n", h.style)
	}
	c.rect("paper", 0, 0, width, h.height, 0)
	c.b.Write(body.b.Bytes())
	c.printf("</svg>\n")
	_, err := w.Write(c.b.Bytes())
	return err
}

// plainEvents are the events of rows.
func plainEvents(rows []shown) []timeline.Event {
	list := make([]timeline.Event, len(rows))
	for i, r := range rows {
		list[i] = r.Event
	}
	return list
}

// times are when rows happened.
func times(rows []shown) []time.Duration {
	list := make([]time.Duration, len(rows))
	for i, r := range rows {
		list[i] = r.At
	}
	return list
}
