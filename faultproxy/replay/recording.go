package replay

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Recording is what there is to play.
type Recording struct {
	// Conns are the recorded connections, in the order of their numbers. At least one.
	Conns []*Conn
	// Notes say what is not played as it was, and why.
	Notes []Note
	// Speed is how many times as fast as recorded it is played. 0: 1.
	Speed float64
	// Once answers attempts with 503 when all connections have been played. Without it
	// the recording begins again with the first.
	Once bool
}

// String names the connections.
func (r *Recording) String() string {
	list := make([]int, len(r.Conns))
	for i, c := range r.Conns {
		list[i] = c.Number
	}
	return numbers(list)
}

// Options say what of a recording is played. The zero value: all of it.
type Options struct {
	// Conn, if not 0, is the number of the one connection to play.
	Conn int
	// Pad fills up payloads that were recorded in part only: texts with spaces, others
	// with zeros. Without it such a recording is refused.
	Pad bool
}

// Note is something that whoever plays a recording should know.
type Note struct {
	Line int // of the recording, counted from 1; 0: of no line
	Text string
}

// Problems are why a recording cannot be played: all that were found.
type Problems []Note

// Error returns a line for each of the first ten problems, and how many more there are.
func (p Problems) Error() string {
	const most = 10
	var b bytes.Buffer
	for i, n := range p {
		switch {
		case i == most:
			fmt.Fprintf(&b, "\nand %d more", len(p)-most)
			return b.String()
		case i > 0:
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "line %d: %s", n.Line, n.Text)
	}
	return b.String()
}

// Read makes of a recording, as [timeline.ReadJSONL] reads it, what there is to play. An
// error that is [Problems] lists all that cannot be played, with lines.
//
// A recording that was torn off in its last line, as by the end of its recorder, is
// played as far as it goes. Whatever else cannot be read is an error.
func Read(doc []byte, o Options) (*Recording, error) {
	p := planner{doc: doc, pad: o.Pad}
	tl, err := timeline.ReadJSONL(bytes.NewReader(doc))
	var broken *timeline.ReadError
	switch {
	case errors.As(err, &broken) && tl.Len() > 0 && p.isTorn(broken.Line):
		p.notes = append(p.notes, Note{broken.Line, "the recording ends in the middle of this line, as of a recorder that was killed; what comes before it is played"})
	case err != nil:
		return nil, err
	case len(bytes.TrimSpace(doc)) == 0:
		return nil, errors.New("the recording is empty, without even its first line: record with faultproxy run --record FILE or fake --record FILE")
	case tl.Len() == 0 && !bytes.Contains(doc, []byte(`"ready"`)):
		return nil, errors.New("this is no recording: no line of it is an event; record with faultproxy run --record FILE or fake --record FILE")
	}
	view := vantage(tl)
	list := view.Conns()
	switch {
	case len(list) == 0:
		return nil, errors.New("there is nothing to play: no connection in this recording")
	case o.Conn != 0 && !slices.Contains(list, o.Conn):
		return nil, fmt.Errorf("there is no connection %d in this recording; it has %s", o.Conn, numbers(list))
	case o.Conn != 0:
		list = []int{o.Conn}
	}
	events := map[int][]timeline.Event{} // in one go: a view of each would read all of it again
	for e := range view.All() {
		switch {
		case e.Kind == timeline.KindLost:
			p.note(e, "%s missing here, and not played", plural(e.Count))
		case slices.Contains(list, e.Conn):
			events[e.Conn] = append(events[e.Conn], e)
		}
	}
	r := &Recording{}
	for _, n := range list {
		r.Conns = append(r.Conns, p.conn(n, events[n]))
	}
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	r.Notes = p.notes
	return r, nil
}

// vantage returns the side of a recording that is nearest to the client: that of the
// proxy, or that of the server where there was none.
func vantage(tl *timeline.Timeline) *timeline.View {
	if proxy := tl.At(timeline.AtProxy); len(proxy.Conns()) > 0 {
		return proxy
	}
	return tl.At(timeline.AtServer)
}

func plural(events int) string {
	if events == 1 {
		return "1 event is"
	}
	return fmt.Sprintf("%d events are", events)
}

// numbers lists the numbers of connections in words.
func numbers(list []int) string {
	const most = 20
	text := "connection"
	if len(list) > 1 {
		text += "s"
	}
	for i, n := range list {
		switch {
		case i == most:
			return fmt.Sprintf("%s and %d more", text, len(list)-most)
		case i > 0:
			text += ","
		}
		text += fmt.Sprintf(" %d", n)
	}
	return text
}

// planner makes plans of recorded connections.
type planner struct {
	doc      []byte
	pad      bool
	lines    []mark // of the events, in order; see line
	notes    []Note
	problems Problems
}

func (p *planner) note(e timeline.Event, format string, args ...any) {
	p.notes = append(p.notes, Note{p.line(e.Seq), fmt.Sprintf(format, args...)})
}

func (p *planner) refuse(e timeline.Event, format string, args ...any) {
	p.problems = append(p.problems, Note{p.line(e.Seq), fmt.Sprintf(format, args...)})
}
