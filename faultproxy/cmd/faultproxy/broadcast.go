package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// stdoutBuffer is how much may wait for a reader of stdout.
const stdoutBuffer = 4 << 20

// broadcast carries what timelines record to stdout, as text or JSON, and each to a
// recording of its own. Neither a slow stdout nor a full disk holds a proxy up.
type broadcast struct {
	s        *session
	clock    *timeline.Timeline // times are since its start
	json     bool
	out      *outbox      // nil: begin was not called yet
	progress progress     // for a terminal
	width    atomic.Int32 // of the column of names

	mu      sync.Mutex
	tellers []*teller // whose timelines are not over
	failed  []error   // what the end has to say
	closed  bool
}

func newBroadcast(s *session, clock *timeline.Timeline) *broadcast {
	return &broadcast{s: s, clock: clock}
}

// begin says hello, ready to programs and the lines to people, and then all that happens.
func (b *broadcast) begin(ready []byte, lines []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.out = newOutbox(b.s.stdout, stdoutBuffer, b.lostLine, func(err error) {
		b.s.complain("stdout takes no more (%v); going on without it", err)
	})
	if b.json {
		b.out.put(ready, never)
	} else {
		b.say(lines...)
		b.s.screen.show(func() string { return b.progress.status(b.clock.Now()) })
	}
	for _, t := range b.tellers {
		t.greet(nil)
		go t.tell()
	}
}

// tell has a timeline told from now on, at the soonest when begin is called. The lines
// introduce it to people; before begin, the greeting does.
func (b *broadcast) tell(t *teller, lines []string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errors.New("faultproxy is ending")
	}
	t.init(b)
	b.tellers = append(b.tellers, t)
	b.width.Store(max(b.width.Load(), int32(len(t.name))))
	if b.out != nil {
		t.greet(lines)
		go t.tell()
	}
	return nil
}

// tellerOf is the newest of a name; nil if there is none.
func (b *broadcast) tellerOf(name string) *teller {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := len(b.tellers) - 1; i >= 0; i-- {
		if b.tellers[i].name == name {
			return b.tellers[i]
		}
	}
	return nil
}

// leave forgets a teller that has told everything.
func (b *broadcast) leave(t *teller) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tellers = slices.DeleteFunc(b.tellers, func(other *teller) bool { return other == t })
}

// fail has the end say what went wrong.
func (b *broadcast) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = append(b.failed, err)
}

// all are the tellers whose timelines are not over.
func (b *broadcast) all() []*teller {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.tellers)
}

// lostLine stands for n lines that the reader of stdout was too slow for.
func (b *broadcast) lostLine(n int) []byte {
	e := timeline.Event{At: b.clock.Now(), Kind: timeline.KindLost, Count: n}
	if b.json {
		return append(e.AppendJSON(nil), '\n')
	}
	return append((&timeline.Formatter{}).Append(nil, e), '\n')
}

// now is the time since the start, in seconds, as lines for programs have it.
func (b *broadcast) now() json.Number {
	now := b.clock.Now()
	return json.Number(fmt.Sprintf("%d.%09d", now/time.Second, now%time.Second))
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
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	for _, t := range b.all() {
		if err := t.end(); err != nil {
			b.fail(err)
		}
	}
	b.say(lines...)
	if !b.out.close() {
		b.s.complain("stdout was not read to its end")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return errors.Join(b.failed...)
}
