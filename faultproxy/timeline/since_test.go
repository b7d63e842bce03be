package timeline_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// notes are the names of the notes that a view shows.
func notes(v *timeline.View) string {
	var names []string
	for e := range v.All() {
		if e.Kind == timeline.KindNote {
			names = append(names, e.Field("name"))
		}
	}
	return strings.Join(names, " ")
}

func TestSinceShowsWhatComesAfterTheEvent(t *testing.T) {
	tl := timeline.New()
	tl.Note("before")
	v := tl.Since(timeline.Ended(1))
	if v.Begun() || v.Len() != 0 || v.Awaits() != "the end of connection 1" {
		t.Errorf("before the event: begun %v, %d events, awaits %q", v.Begun(), v.Len(), v.Awaits())
	}
	tl.Note("still before")
	tl.Append(timeline.Record{Conn: 2, Kind: timeline.KindEnded})
	tl.Append(timeline.Record{Conn: 1, Kind: timeline.KindEnded})
	if !v.Begun() || v.Len() != 0 || v.Awaits() != "" {
		t.Errorf("at the event: begun %v, %d events, awaits %q", v.Begun(), v.Len(), v.Awaits())
	}
	tl.Note("after")
	tl.Append(timeline.Record{Conn: 3, Kind: timeline.KindOpened})
	if got := notes(v); got != "after" {
		t.Errorf("the view shows %q", got)
	}
	if late := notes(tl.Since(timeline.Ended(1))); late != "after" {
		t.Errorf("a view made after the event shows %q", late)
	}
	if n := v.Conn(3).Len(); n != 1 {
		t.Errorf("%d events of connection 3", n)
	}
	if got := v.Conns(); len(got) != 1 || got[0] != 3 {
		t.Errorf("connections %v", got)
	}
}

func TestSinceOnAConnectionLooksForTheEventEverywhere(t *testing.T) {
	tl := timeline.New()
	v := tl.Conn(2).Since(timeline.Ended(1))
	tl.Append(timeline.Record{Conn: 2, Kind: timeline.KindOpened})
	tl.Append(timeline.Record{Conn: 1, Kind: timeline.KindEnded})
	tl.Append(timeline.Record{Conn: 3, Kind: timeline.KindOpened})
	tl.Append(timeline.Record{Conn: 2, Kind: timeline.KindEnded})
	if events := v.Events(); len(events) != 1 || events[0].Kind != timeline.KindEnded {
		t.Errorf("the view shows %v", events)
	}
}

func TestSinceWithAGracePeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tl := timeline.New()
		v := tl.Since(timeline.Noted("go"), 2*time.Second)
		tl.Note("go")
		time.Sleep(time.Second)
		tl.Note("within")
		if v.Begun() || v.Awaits() != `2s after a note "go"` {
			t.Errorf("begun %v, awaits %q", v.Begun(), v.Awaits())
		}
		time.Sleep(time.Second)
		if !v.Begun() {
			t.Error("not begun when the grace period was over")
		}
		tl.Note("at the end")
		if got := notes(v); got != "at the end" {
			t.Errorf("the view shows %q", got)
		}
	})
}

func TestWaitingOnAViewThatHasNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tl := timeline.New()
		v := tl.Since(timeline.Ended(1))
		tl.Note("x")
		go func() {
			time.Sleep(time.Second)
			tl.Append(timeline.Record{At: tl.Now(), Conn: 1, Kind: timeline.KindEnded})
			time.Sleep(time.Second)
			tl.Note("x")
		}()
		e, err := v.Wait(t.Context(), timeline.Noted("x"))
		if err != nil || e.At != 2*time.Second {
			t.Errorf("got %v at %v: %v", e, e.At, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = tl.Since(timeline.Ended(7)).Wait(ctx, timeline.Noted("x"))
		if err == nil || !strings.Contains(err.Error(), "since the end of connection 7, which has not happened") {
			t.Errorf("error: %v", err)
		}
	})
}

func TestMark(t *testing.T) {
	tl := timeline.New()
	tl.Note("before")
	v := tl.Mark("here")
	tl.Note("after")
	if got := notes(v); got != "after" || notes(tl.View()) != "before here after" {
		t.Errorf("the view shows %q, the timeline %q", got, notes(tl.View()))
	}
}
