package timeline

import (
	"io"
	"strconv"
	"strings"
	"time"
)

// Formatter writes events as lines of aligned text: the time since the start, the
// connection ("s3" is the server's third where a proxy and a server share the
// timeline), → for what goes to the server and ← for what goes to the client,
// and what happened. Where nothing happened on the connection for a second or
// more, the line ends with how long. Give it the events one by one, in order; it
// must not be used by several goroutines at once. The zero value is ready.
//
// A frame that only arrived was "stopped": whether it was dropped or is held, its
// leaving or not will show. [Timeline.WriteText] knows, and says "dropped" or "held".
type Formatter struct {
	// Micros writes times to the microsecond instead of the millisecond.
	Micros bool
	// ConnWidth is how wide the column of the connection is; 0 is wide enough for #99.
	ConnWidth int

	before   map[place]time.Duration // the time of each connection's last event
	passages passages
	fates    map[int]bool // of a whole timeline: which arrivals left later
	merged   bool         // the events were seen from several vantage points
}

// place is a connection as one vantage point counts it.
type place struct {
	at   Vantage
	conn int
}

// longGap is how long a connection must have been quiet for a line to say so.
const longGap = time.Second

// Append appends the line of the event, without a line end.
func (f *Formatter) Append(dst []byte, e Event) []byte {
	digits, width := 3, 9
	if f.Micros {
		digits, width = 6, 12
	}
	at := strconv.FormatFloat(e.At.Seconds(), 'f', digits, 64) + "s"
	dst = pad(dst, "", width-len(at))
	dst = append(dst, at...)
	dst = append(dst, "  "...)
	connWidth := f.ConnWidth
	if connWidth == 0 {
		connWidth = 3
	}
	name := e.connName(f.merged)
	dst = pad(dst, name, connWidth-len(name))
	dst = append(dst, ' ')
	dst = append(dst, arrow(e.Dir)...)
	dst = append(dst, "  "...)
	dst = append(dst, e.describe()...)
	dst = append(dst, f.passage(e)...)
	if e.Conn == 0 {
		return dst
	}
	here := place{e.Vantage, e.Conn}
	if before, ok := f.before[here]; ok && e.At-before >= longGap {
		dst = append(dst, "  (+"...)
		dst = strconv.AppendFloat(dst, (e.At - before).Seconds(), 'f', 1, 64)
		dst = append(dst, "s)"...)
	}
	if e.Kind == KindEnded {
		delete(f.before, here)
		return dst
	}
	if f.before == nil {
		f.before = map[place]time.Duration{}
	}
	f.before[here] = e.At
	return dst
}

// String returns the line a [Formatter] writes of the event alone.
func (e Event) String() string { return string(new(Formatter).Append(nil, e)) }

// WriteText writes all events as text, one a line. A timeline of less than 100 ms
// is written to the microsecond.
func (t *Timeline) WriteText(w io.Writer) error { return t.whole().WriteText(w) }

// WriteText writes the events of the view as text; see [Timeline.WriteText].
func (v *View) WriteText(w io.Writer) error {
	f := v.Formatter()
	var line []byte
	for e := range v.All() {
		line = append(f.Append(line[:0], e), '\n')
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// Formatter returns a formatter for the events of the view, as [View.WriteText] uses
// it: its columns fit them, and it knows what became of frames that only arrived.
func (v *View) Formatter() *Formatter {
	most, low, high := 0, time.Duration(1<<63-1), time.Duration(0)
	var from vantages
	for e := range v.All() {
		if !kindSet(nowhere).has(e.Kind) {
			from |= e.Vantage.mask()
		}
		most = max(most, len(e.connName(false)))
		low, high = min(low, e.At), max(high, e.At)
	}
	merged := from == AtProxy.mask()|AtServer.mask()
	return &Formatter{merged: merged, Micros: high > 0 && high-low < 100*time.Millisecond, ConnWidth: max(most, 3), fates: fates(v.All())}
}

// text returns the events as lines.
func text(events []Event) string {
	var f Formatter
	var b []byte
	for _, e := range events {
		b = append(f.Append(b, e), '\n')
	}
	return string(b)
}

// connName is the connection's name: "#3", or "s3" for the server's own third
// where both vantage points are shown.
func (e Event) connName(merged bool) string {
	switch {
	case e.Conn == 0:
		return "-"
	case merged && e.Vantage == AtServer:
		return "s" + strconv.Itoa(e.Conn)
	}
	return "#" + strconv.Itoa(e.Conn)
}

func pad(dst []byte, s string, spaces int) []byte {
	dst = append(dst, s...)
	for range spaces {
		dst = append(dst, ' ')
	}
	return dst
}

// seconds writes a duration as "5.000s".
func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) + "s" }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// quote quotes what was on the wire: control characters are escaped, JSON stays
// readable between backquotes, and what is longer than 60 letters is cut.
func quote(s string) string {
	short := cut(s, 60)
	text := strconv.Quote(short)
	if strings.ContainsRune(short, '"') && strconv.CanBackquote(short) && !strings.ContainsRune(short, '\t') {
		text = "`" + short + "`"
	}
	if len(short) < len(s) {
		text += "…"
	}
	return text
}

// oneLine makes text safe to print on one line, and cuts it after 240 letters.
func oneLine(s string) string {
	short := cut(s, 240)
	var b strings.Builder
	for _, r := range short {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	if len(short) < len(s) {
		b.WriteString("…")
	}
	return b.String()
}

// cut returns the first n letters of s.
func cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
