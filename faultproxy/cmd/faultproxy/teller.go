package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/endings"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// teller is the part of a broadcast that is one timeline's.
type teller struct {
	name  string // of the proxy; empty: it is the one that the broadcast's clock is of, and lines do not say so
	tl    *timeline.Timeline
	hello []byte // the line for programs that introduces it; nil: the ready line does
	ready []byte // the first line of its recording

	b       *broadcast
	endings *endings.Watch
	format  timeline.Formatter
	greeted int           // the last event that people know of
	ahead   time.Duration // of its clock behind the broadcast's
	told    chan struct{} // closed when all events have been told

	mu        sync.Mutex // guards what follows
	recording *recording // nil: none
	recorded  int        // the last event that it has seen
	line      []byte     // scratch
}

func (t *teller) init(b *broadcast) {
	t.b, t.endings, t.told = b, endings.New(t.tl), make(chan struct{})
	t.ahead = t.tl.Start().Sub(b.clock.Start())
}

// greet introduces the timeline.
func (t *teller) greet(lines []string) {
	t.greeted = t.tl.Last()
	t.mu.Lock()
	t.write(t.ready)
	t.mu.Unlock()
	switch {
	case !t.b.json:
		t.b.say(lines...)
	case t.hello != nil:
		t.b.out.put(t.hello, never)
	}
}

// tell is the goroutine that follows the timeline until it is closed.
func (t *teller) tell() {
	defer close(t.told)
	var line []byte
	for e := range t.tl.Follow(context.Background()) {
		if e.Kind == timeline.KindEnded {
			t.tellEnd(e)
			continue
		}
		t.endings.See(e)
		t.b.progress.see(t.name, e)
		p := others
		switch e.Kind {
		case timeline.KindFrame, timeline.KindFrameStart, timeline.KindBytes:
			p = frames
		}
		written := t.record(e)
		if written != nil && t.b.json && t.name == "" {
			t.b.out.put(written, p) // the same line
		} else if t.b.json || e.Kind != timeline.KindRule || e.Seq > t.greeted {
			line = t.appendShown(line[:0], e)
			t.b.out.put(line, p)
		}
	}
	t.recordTo(nil)
	t.b.leave(t)
}

// appendShown appends the line of an event as stdout gets it, with more keys for
// programs.
func (t *teller) appendShown(dst []byte, e timeline.Event, more ...timeline.Extra) []byte {
	e.At += t.ahead
	if t.b.json {
		if t.name != "" {
			more = append(more, timeline.Extra{Key: "proxy", Value: t.name})
		}
		return append(e.AppendJSON(dst, more...), '\n')
	}
	return append(t.format.Append(t.appendName(dst), e), '\n')
}

// appendName appends the column that says whose line it is.
func (t *teller) appendName(dst []byte) []byte {
	if t.name == "" {
		return dst
	}
	return fmt.Appendf(dst, "%-*s ", t.b.width.Load(), t.name)
}

// tellEnd tells the last event of a connection, and why it ended.
func (t *teller) tellEnd(e timeline.Event) {
	report := t.endings.Diagnose(e)
	t.b.progress.end(t.name, e.Conn, report)
	t.record(e, endings.Fields(report)...)
	line := t.appendShown(nil, e, endings.Fields(report)...)
	if !t.b.json {
		for why := range strings.Lines(report.String() + "\n") {
			line = append(append(t.appendName(line), "  "...), why...)
		}
		line = append(line, '\n')
	}
	t.b.out.put(line, never)
}

// record writes an event to the recording, with more keys, and returns its line, for the
// goroutine that calls it, until the next; nil if there is no recording.
func (t *teller) record(e timeline.Event, more ...timeline.Extra) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recorded = e.Seq
	if t.recording == nil {
		return nil
	}
	t.line = append(e.AppendJSON(t.line[:0], more...), '\n')
	t.write(t.line)
	return t.line
}

// write writes a line. The mutex is held.
func (t *teller) write(line []byte) {
	if err := t.recording.write(line); err != nil {
		t.b.s.complain("%v", err)
	}
}

// recordTo ends the recording, and begins another with all that has happened so far;
// nil is none.
func (t *teller) recordTo(r *recording) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.recording.close(); err != nil {
		t.b.fail(fmt.Errorf("the recording is incomplete: %w", err))
	}
	if t.recording = r; r == nil {
		return
	}
	t.write(t.ready)
	watch := endings.New(t.tl)
	var line []byte
	for e := range t.tl.All() {
		if e.Seq > t.recorded {
			break
		}
		var more []timeline.Extra
		if e.Kind == timeline.KindEnded {
			more = endings.Fields(watch.Diagnose(e))
		} else {
			watch.See(e)
		}
		line = append(e.AppendJSON(line[:0], more...), '\n')
		t.write(line)
	}
}

// records is the name of the file that it records to; empty if there is none.
func (t *teller) records() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.recording == nil {
		return ""
	}
	return t.recording.file.Name()
}

// end tells the rest.
func (t *teller) end() error {
	err := t.tl.Close()
	<-t.told
	return err
}
