package report

import (
	"embed"
	"html/template"
	"io"
	"strconv"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// The bounds of pages, which are this package's choice: what a browser still scrolls
// smoothly.
const (
	defaultDetailed = 60
	defaultRows     = 500
	drawnEvents     = 120  // of each diagram of a page
	listedConns     = 2000 // in the table of all connections
	openRows        = 40   // a timeline of no more rows than this is not folded
	plottedFrom     = 10   // so many attempts are plotted, too
	alsoListed      = 20   // so many connections are named of which the same was found
)

// Page is a page with options. The zero value is what [HTML] writes.
type Page struct {
	// Title is its heading; empty: "Heartbreak report".
	Title string
	// Policy is what the client promises; the page then says how it kept that. nil: it
	// says nothing of that.
	Policy *diagnosis.Policy
	// Client says whose rules the words about ends follow. The zero value is Chromium.
	Client diagnosis.ClientKind
	// Dialects are the heartbeats to look for besides [heartbeat.Protocol] and
	// [heartbeat.Text]("ping", "pong"). That of the policy is one of them.
	Dialects []heartbeat.Dialect
	// Conns is how many connections of a recording are shown in detail: those that did
	// not end as they should first. 0: 60.
	Conns int
	// Rows is how many events of each of them are listed: the first two fifths of that
	// and the last three. 0: 500.
	Rows int
}

// HTML writes a page about recordings: what ended each connection and why, in words
// with the events that show it and what to do about it; a sequence diagram and the
// timeline of each; from ten attempts on a plot of when they were made; what rules did, and which never did anything; and the seed. A
// recording that is [Named] has that name for a heading.
//
// The page is one file that needs nothing else: it works offline, without scripts, by
// keyboard, and on paper. Where a recording is too large for a page it says what it
// leaves out.
//
// The error is that of w.
func HTML(w io.Writer, recordings ...timeline.Viewer) error { return Page{}.HTML(w, recordings...) }

// HTML is the function [HTML] with the options of p.
func (p Page) HTML(w io.Writer, recordings ...timeline.Viewer) error {
	if p.Policy != nil && p.Policy.Dialect.Name != "" {
		p.Dialects = append(p.Dialects[:len(p.Dialects):len(p.Dialects)], p.Policy.Dialect)
	}
	doc := document{Title: p.Title, Style: template.CSS(diagramStyle + attemptsStyle + pageStyle)}
	if doc.Title == "" {
		doc.Title = "Heartbreak report"
	}
	for i, r := range recordings {
		prefix := ""
		if len(recordings) > 1 {
			prefix = "r" + strconv.Itoa(i+1) + "-"
		}
		doc.Parts = append(doc.Parts, p.part(r, prefix))
	}
	return pageTemplate.Execute(w, doc)
}

//go:embed page.html
var pageFiles embed.FS

//go:embed page.css
var pageStyle string

var pageTemplate = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"clock": moment, "span": span, "count": count, "number": number, "sentence": sentence, "arrow": arrow, "row": rowOf,
}).ParseFS(pageFiles, "page.html"))

// document is a page.
type document struct {
	Title string
	Style template.CSS
	Parts []part
}

// row is an event in a table.
type row struct {
	Prefix string
	shown
}

func rowOf(prefix string, s shown) row { return row{prefix, s} }
