package admin

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/endings"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

const (
	stillHere = 15 * time.Second       // between comments on a stream without events
	together  = 50 * time.Millisecond  // events within that are sent at once
	abreast   = 1024                   // events that may wait to be sent
	eventMime = "text/event-stream"    // of server-sent events
	jsonlMime = "application/x-ndjson" // of JSON lines
)

// wish says which events are asked for.
type wish struct {
	since  int // behind this number
	conn   int // 0: all
	kinds  []timeline.Kind
	follow bool
	stream bool // as server-sent events
}

func readWish(r *http.Request) (wish, error) {
	q := r.URL.Query()
	v := wish{stream: strings.Contains(r.Header.Get("Accept"), eventMime)}
	since := q.Get("since")
	if last := r.Header.Get("Last-Event-ID"); last != "" && v.stream {
		since = last // a browser that connects again
	}
	for _, each := range []struct {
		name, text string
		to         *int
	}{{"since", since, &v.since}, {"conn", q.Get("conn"), &v.conn}} {
		n, err := strconv.Atoi(each.text)
		if each.text != "" && (err != nil || n < 0) {
			return v, bad(http.StatusBadRequest, "%s=%s: want a number from 0", each.name, each.text)
		}
		*each.to = n
	}
	switch text := q.Get("follow"); text {
	case "", "false", "0":
	case "true", "1":
		v.follow = true
	default:
		return v, bad(http.StatusBadRequest, "follow=%s: want true or false", text)
	}
	for _, name := range strings.FieldsFunc(strings.Join(q["kind"], ","), func(r rune) bool { return r == ',' }) {
		kind, err := timeline.ParseKind(name)
		if err != nil {
			return v, bad(http.StatusBadRequest, "kind=%s: %v", name, err)
		}
		v.kinds = append(v.kinds, kind)
	}
	return v, nil
}

// wants reports whether an event is one of those. That some are missing is always told.
func (v wish) wants(e timeline.Event) bool {
	return e.Kind == timeline.KindLost ||
		(v.conn == 0 || e.Conn == v.conn) && (len(v.kinds) == 0 || slices.Contains(v.kinds, e.Kind))
}

func (s *Server) events(w http.ResponseWriter, r *http.Request, p *fleet.Proxy) {
	v, err := readWish(r)
	if err != nil {
		failed(w, err)
		return
	}
	t := &teller{w: bufio.NewWriterSize(w, 32<<10), out: http.NewResponseController(w), p: p, wish: v}
	mime := jsonlMime
	if v.stream {
		mime = eventMime
	}
	w.Header().Set("Content-Type", mime)
	_ = t.out.SetWriteDeadline(time.Time{})
	_ = t.out.SetReadDeadline(time.Time{})
	if v.stream || v.follow {
		t.follow(r.Context())
		return
	}
	for e := range p.Timeline().From(v.since + 1).All() {
		if t.tell(r.Context(), e) != nil {
			return
		}
	}
	_ = t.w.Flush()
}

// teller writes events to one reader.
type teller struct {
	w    *bufio.Writer
	out  *http.ResponseController
	p    *fleet.Proxy
	wish wish
	line []byte
}

// follow writes what there is and then what happens, until the reader leaves or the
// proxy ends. A reader who is slow is told later, not left out; what the timeline does
// not keep for so long is a line that says how much was lost.
func (t *teller) follow(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	next := make(chan timeline.Event, abreast)
	go func() {
		defer close(next)
		for e := range t.p.Timeline().From(t.wish.since + 1).Follow(ctx) {
			select {
			case next <- e:
			case <-ctx.Done():
				return
			}
		}
	}()
	flush, quiet := time.NewTicker(together), time.NewTicker(stillHere)
	defer flush.Stop()
	defer quiet.Stop()
	err := t.flush()
	for err == nil {
		select {
		case e, more := <-next:
			if !more {
				_ = t.flush()
				return
			}
			err = t.tell(ctx, e)
		case <-flush.C:
			if t.w.Buffered() > 0 {
				err = t.flush()
			}
		case <-quiet.C:
			if t.wish.stream {
				_, _ = t.w.WriteString(": still here\n\n")
				err = t.flush()
			}
		}
	}
}

func (t *teller) flush() error {
	if err := t.w.Flush(); err != nil {
		return err
	}
	return t.out.Flush()
}

// tell writes an event, if it is wanted.
func (t *teller) tell(ctx context.Context, e timeline.Event) error {
	if !t.wish.wants(e) {
		return nil
	}
	extra := []timeline.Extra{{Key: "seq", Value: e.Seq}}
	if e.Kind == timeline.KindEnded {
		extra = append(extra, t.ending(ctx, e)...)
	}
	t.line = e.AppendJSON(t.line[:0], extra...)
	var err error
	if t.wish.stream {
		_, err = fmt.Fprintf(t.w, "id: %d\ndata: %s\n\n", e.Seq, t.line)
	} else {
		_, err = t.w.Write(append(t.line, '\n'))
	}
	return err
}

// ending says why a connection ended, as recordings do.
func (t *teller) ending(ctx context.Context, e timeline.Event) []timeline.Extra {
	if t.p.Tracker().Await(ctx, e.Seq) == nil {
		if c, ok := t.p.Tracker().Conn(e.Conn); ok && c.Report != nil {
			return endings.Fields(*c.Report)
		}
	}
	return endings.Fields(diagnosis.Diagnose(t.p.Timeline().Conn(e.Conn), e.Conn))
}

// changes tells of every change of the set of proxies.
func (s *Server) changes(w http.ResponseWriter, r *http.Request) {
	out := http.NewResponseController(w)
	_ = out.SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", eventMime)
	quiet := time.NewTicker(stillHere)
	defer quiet.Stop()
	changed := s.Fleet.Changed()
	text := "data: {}\n\n" // there may have been some before
	for {
		if _, err := w.Write([]byte(text)); err != nil || out.Flush() != nil {
			return
		}
		select {
		case <-changed:
			changed = s.Fleet.Changed()
			text = "data: {}\n\n"
		case <-quiet.C:
			text = ": still here\n\n"
		case <-r.Context().Done():
			return
		}
	}
}
