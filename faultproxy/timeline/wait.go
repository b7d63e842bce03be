package timeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// ErrClosed is what waiting on a timeline returns after its owner closed it, if
// what is waited for is not on it.
var ErrClosed = errors.New("the timeline is closed: nothing more will happen")

// Close says that nothing more will happen. Who follows the timeline has its end,
// who waits gets [ErrClosed]; what was recorded can still be read, and what is
// appended late is still recorded. Close may be called more than once. From
// another bubble than the timeline's it does nothing and returns [ErrOtherBubble].
func (t *Timeline) Close() error {
	if t.bubble != 0 {
		if err := t.CheckBubble(); err != nil {
			return err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.closed = true
		close(t.done)
		if t.wake != nil {
			t.rouse()
		}
	}
	return nil
}

// Done returns a channel that is closed by [Timeline.Close]. It belongs to the
// timeline's bubble.
func (t *Timeline) Done() <-chan struct{} { return t.done }

// Wait returns the first event that the trigger selects (see [Selects]): one that
// was recorded already, or else the next. The context must be of the same bubble.
// The error is a [*WaitError] if the context or the timeline ends first; see also
// [ErrOtherBubble].
func (t *Timeline) Wait(ctx context.Context, trigger frame.Trigger) (Event, error) {
	return t.whole().WaitN(ctx, 1, trigger)
}

// WaitFrom is Wait for the events from that sequence number on.
func (t *Timeline) WaitFrom(ctx context.Context, seq int, trigger frame.Trigger) (Event, error) {
	return t.From(seq).WaitN(ctx, 1, trigger)
}

// WaitN is Wait for the n-th event that the trigger selects. n below 1 is 1.
func (t *Timeline) WaitN(ctx context.Context, n int, trigger frame.Trigger) (Event, error) {
	return t.whole().WaitN(ctx, n, trigger)
}

// Wait is [Timeline.Wait] for the events of the view.
func (v *View) Wait(ctx context.Context, trigger frame.Trigger) (Event, error) {
	return v.WaitN(ctx, 1, trigger)
}

// WaitN is [Timeline.WaitN] for the events of the view.
func (v *View) WaitN(ctx context.Context, n int, trigger frame.Trigger) (Event, error) {
	kinds, ok := candidates(trigger)
	if !ok {
		return Event{}, fmt.Errorf("a timeline cannot wait for %v: it is neither a frame.Match nor a timeline.Moment", trigger)
	}
	if err := v.t.CheckBubble(); err != nil {
		return Event{}, fmt.Errorf("cannot wait for %s: %w", trigger, err)
	}
	began := v.t.Now()
	seen, lost, unread := 0, 0, 0
	r := v.reader()
	for {
		for e, ok := r.next(); ok; e, ok = r.next() {
			switch {
			case e.Kind == KindLost:
				lost += e.Count
			case e.Kind == KindFrame && e.Truncated && kinds.has(KindFrame):
				unread++
			}
			if kinds.has(e.Kind) && Selects(trigger, e) {
				if seen++; seen >= max(n, 1) {
					return e, nil
				}
			}
		}
		if err := v.t.pause(ctx, r.at, r.wakes(kinds)); err != nil {
			return Event{}, v.failed(began, n, seen, lost, unread, trigger, err)
		}
	}
}

// pause returns when an event of one of the kinds may have come at seq or later,
// or why none will.
func (t *Timeline) pause(ctx context.Context, seq int, kinds kindSet) error {
	t.mu.Lock()
	if t.last >= seq {
		t.mu.Unlock()
		return nil
	}
	if t.closed {
		t.mu.Unlock()
		return ErrClosed
	}
	if t.wake == nil {
		t.wake = make(chan struct{})
	}
	t.wanted |= kinds
	wake := t.wake
	t.mu.Unlock()
	select {
	case <-wake:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// wakes returns the kinds of events that a wait for some is to be woken by.
func (r *reader) wakes(kinds kindSet) kindSet {
	if !r.begun {
		return allKinds
	}
	return kinds
}

// Follow yields every event recorded so far and then each one as it comes, until
// the context ends or the timeline is closed. The context must be of the same
// bubble. Where events are lost before they were read, a KindLost event stands in
// their place. From another bubble than the timeline's it yields one KindError
// event that says so.
func (t *Timeline) Follow(ctx context.Context) iter.Seq[Event] { return t.whole().Follow(ctx) }

// Follow is [Timeline.Follow] for the events of the view.
func (v *View) Follow(ctx context.Context) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		if err := v.t.CheckBubble(); err != nil {
			yield(Event{Kind: KindError, Fields: []Field{{Name: "what", Value: "follow"}, {Name: "error", Value: err.Error()}}})
			return
		}
		r := v.reader()
		for {
			for e, ok := r.next(); ok; e, ok = r.next() {
				if ctx.Err() != nil || !yield(e) {
					return
				}
			}
			if v.t.pause(ctx, r.at, allKinds) != nil {
				return
			}
		}
	}
}

// WaitError says what was waited for in vain, and shows how the timeline ends.
type WaitError struct {
	Trigger frame.Trigger
	Waited  time.Duration // how long
	Err     error         // why the wait ended: the context's cause, or ErrClosed
	Tail    []Event       // the newest events of what was waited on, oldest first
	text    string
}

// Unwrap returns Err.
func (e *WaitError) Unwrap() error { return e.Err }

// Error returns several lines: what was waited for, and the tail as text.
func (e *WaitError) Error() string { return e.text }

const tailEvents = 20

// tail returns the newest n events of the view.
func (v *View) tail(n int) []Event {
	var ring []Event
	i := 0
	for e := range v.All() {
		if len(ring) < n {
			ring = append(ring, e)
			continue
		}
		ring[i%n] = e
		i++
	}
	if i == 0 {
		return ring
	}
	return append(slices.Clone(ring[i%n:]), ring[:i%n]...)
}

func (v *View) failed(began time.Duration, n, seen, lost, unread int, trigger frame.Trigger, cause error) error {
	failure := &WaitError{Trigger: trigger, Waited: v.t.Now() - began, Err: cause}
	failure.Tail = v.tail(tailEvents)
	var b strings.Builder
	fmt.Fprintf(&b, "waited %s for %s", seconds(failure.Waited), trigger)
	if number, ok := v.ConnNumber(); ok {
		fmt.Fprintf(&b, " on connection %d", number)
	}
	if awaits := v.Awaits(); awaits != "" {
		fmt.Fprintf(&b, " since %s, which has not happened", awaits)
	}
	if n > 1 {
		fmt.Fprintf(&b, ", %d times (%d so far)", n, seen)
	}
	fmt.Fprintf(&b, ": %v", cause)
	if lost > 0 {
		fmt.Fprintf(&b, "\n%d events were lost before they could be looked at: raise Limits.Events or Limits.Bytes", lost)
	}
	if unread > 0 {
		fmt.Fprintf(&b, "\n%d frames were kept only in part, where payloads cannot be judged: raise Limits.Payload", unread)
	}
	v.t.mu.Lock()
	stranger := v.t.stranger
	v.t.mu.Unlock()
	if stranger {
		b.WriteString("\nevents came from another synctest bubble, which cannot wake who waits in this one")
	}
	if len(failure.Tail) == 0 {
		b.WriteString("\nnothing was recorded")
	} else {
		b.WriteString("\nthe timeline ends with:\n")
		b.WriteString(strings.TrimSuffix(text(failure.Tail), "\n"))
	}
	if seed := v.t.Seed(); seed != 0 {
		fmt.Fprintf(&b, "\nseed %d", seed)
	}
	failure.text = b.String()
	return failure
}
