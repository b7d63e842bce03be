package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/endings"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// stdoutBuffer is how much may wait for a reader of stdout.
const stdoutBuffer = 4 << 20

// broadcast carries what a timeline records to stdout, as text or JSON, and to a
// recording. Neither a slow stdout nor a full disk holds the proxy up.
type broadcast struct {
	s         *session
	tl        *timeline.Timeline
	json      bool
	recording *recording // nil: none
	out       *outbox
	endings   *endings.Watch
	progress  progress // for a terminal
	format    timeline.Formatter
	greeted   int           // the last event that the greeting speaks of
	told      chan struct{} // closed when all events have been told
}

func newBroadcast(s *session, tl *timeline.Timeline) *broadcast {
	return &broadcast{s: s, tl: tl, endings: endings.New(tl), told: make(chan struct{})}
}

// begin says hello, and then all that happens: ready to programs and to the
// recording, the lines to people.
func (b *broadcast) begin(ready []byte, lines []string) {
	b.out = newOutbox(b.s.stdout, stdoutBuffer, b.lostLine, func(err error) {
		b.s.complain("stdout takes no more (%v); going on without it", err)
	})
	b.greeted = b.tl.Last()
	b.record(ready)
	if b.json {
		b.out.put(ready, never)
	} else {
		b.say(lines...)
		b.s.screen.show(func() string { return b.progress.status(b.tl.Now()) })
	}
	go b.tell()
}

// tell is the goroutine that follows the timeline until it is closed.
func (b *broadcast) tell() {
	defer close(b.told)
	var line []byte
	for e := range b.tl.Follow(context.Background()) {
		if e.Kind == timeline.KindEnded {
			b.tellEnd(e)
			continue
		}
		b.endings.See(e)
		b.progress.see(e)
		p := others
		switch e.Kind {
		case timeline.KindFrame, timeline.KindFrameStart, timeline.KindBytes:
			p = frames
		}
		if b.json || b.recording != nil {
			line = append(e.AppendJSON(line[:0]), '\n')
			b.record(line)
		}
		if !b.json {
			if e.Kind == timeline.KindRule && e.Seq <= b.greeted {
				continue
			}
			line = append(b.format.Append(line[:0], e), '\n')
		}
		b.out.put(line, p)
	}
}

// tellEnd tells the last event of a connection, and why it ended.
func (b *broadcast) tellEnd(e timeline.Event) {
	report := b.endings.Diagnose(e)
	b.progress.end(e.Conn, report)
	line := append(e.AppendJSON(nil, endings.Fields(report)...), '\n')
	b.record(line)
	if !b.json {
		line = append(b.format.Append(line[:0], e), '\n')
		line = append(line, "\n  "+strings.ReplaceAll(report.String(), "\n", "\n  ")+"\n\n"...)
	}
	b.out.put(line, never)
}

func (b *broadcast) record(line []byte) {
	if err := b.recording.write(line); err != nil {
		b.s.complain("%v", err)
	}
}

// lostLine stands for n lines that the reader of stdout was too slow for.
func (b *broadcast) lostLine(n int) []byte {
	e := timeline.Event{At: b.tl.Now(), Kind: timeline.KindLost, Count: n}
	if b.json {
		return append(e.AppendJSON(nil), '\n')
	}
	return append((&timeline.Formatter{}).Append(nil, e), '\n')
}

// say puts lines for a person on stdout, or on stderr if stdout is for programs.
func (b *broadcast) say(lines ...string) {
	for _, line := range lines {
		if b.json {
			b.s.complain("%s", line)
		} else {
			b.out.put([]byte(line+"\n"), never)
		}
	}
}

// end tells the rest and the lines. Nothing may happen any more.
func (b *broadcast) end(lines []string) error {
	err := b.tl.Close()
	<-b.told
	b.say(lines...)
	if !b.out.close() {
		b.s.complain("stdout was not read to its end")
	}
	if incomplete := b.recording.close(); incomplete != nil {
		err = errors.Join(err, fmt.Errorf("the recording is incomplete: %w", incomplete))
	}
	return err
}
