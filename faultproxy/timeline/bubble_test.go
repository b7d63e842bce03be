package timeline_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// refused checks that everything that waits is refused here, with an error that
// says why, instead of the runtime killing the process.
func refused(t *testing.T, tl *timeline.Timeline, want ...string) {
	t.Helper()
	_, err := tl.Wait(t.Context(), timeline.Opened)
	errs := []error{err, tl.CheckBubble()}
	for e := range tl.Follow(t.Context()) {
		if e.Kind != timeline.KindError {
			t.Errorf("following yields %v", e)
			break
		}
		errs = append(errs, errors.New(e.Field("error")))
	}
	if len(errs) != 3 {
		t.Errorf("following said nothing")
	}
	for i, err := range errs {
		if err == nil {
			t.Errorf("%d: no error", i)
			continue
		}
		if i < 2 && !errors.Is(err, timeline.ErrOtherBubble) {
			t.Errorf("%d: %v is not ErrOtherBubble", i, err)
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%d: %v does not say %q", i, err, w)
			}
		}
	}
}

func TestOutsideTimelineAwaitedInside(t *testing.T) {
	tl := timeline.New()
	synctest.Test(t, func(t *testing.T) {
		refused(t, tl, "made outside of any bubble", "waited for inside bubble")
		tl.Note("appending is fine")
		if tl.Len() != 1 {
			t.Error("nothing was recorded")
		}
	})
	if e, err := tl.Wait(t.Context(), timeline.KindNote); err != nil || e.Seq != 1 {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestInsideTimelineAwaitedOutside(t *testing.T) {
	made := make(chan *timeline.Timeline)
	use := make(chan struct{})
	go synctest.Test(t, func(t *testing.T) {
		tl := timeline.New()
		tl.Note("inside")
		made <- tl
		<-use
	})
	tl := <-made // while the bubble is alive
	refused(t, tl, "made inside bubble", "waited for outside of any bubble")
	if err := tl.Close(); !errors.Is(err, timeline.ErrOtherBubble) {
		t.Errorf("Close: %v", err)
	}
	if tl.Len() != 1 || tl.Events()[0].Field("name") != "inside" {
		t.Error("reading does not work outside")
	}
	close(use)
}

func TestATimelineKnowsWhetherItsTimeIsVirtual(t *testing.T) {
	if timeline.New().InBubble() {
		t.Error("a timeline made outside says that it is in a bubble")
	}
	synctest.Test(t, func(t *testing.T) {
		if !timeline.New().InBubble() {
			t.Error("a timeline made in a bubble says that it is not")
		}
	})
}

func TestTwoBubbles(t *testing.T) {
	var tl *timeline.Timeline
	synctest.Test(t, func(*testing.T) {
		tl = timeline.New()
		tl.Note("in the first")
	})
	synctest.Test(t, func(t *testing.T) {
		refused(t, tl, "made inside bubble", "waited for inside bubble")
		if tl.Len() != 1 {
			t.Error("reading does not work")
		}
	})
	refused(t, tl, "outside of any bubble") // after the end of both
}

// Waiting for nothing inside a bubble that goes on must not be ended by what
// others append from outside; it wakes nobody, and the failure says so.
func TestAppendFromOutsideWakesNobody(t *testing.T) {
	made := make(chan *timeline.Timeline)
	appended := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		synctest.Test(t, func(t *testing.T) {
			tl := timeline.New()
			time.Sleep(3 * time.Second)
			tl.Note("inside")
			var err error
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				_, err = tl.Wait(ctx, timeline.Noted("never"))
			}()
			synctest.Wait() // it waits now
			made <- tl
			<-appended
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			if err == nil || !strings.Contains(err.Error(), "came from another synctest bubble") {
				t.Errorf("waiting ended with %v", err)
			}
			if _, err := tl.Wait(t.Context(), timeline.Noted("outside")); err != nil {
				t.Error(err)
			}
		})
	}()
	tl := <-made
	tl.Note("outside")
	if at := tl.Events()[1].At; at != 3*time.Second {
		t.Errorf("a note from outside has the time %v, want that of the newest event", at)
	}
	close(appended)
	<-done
}

func TestAppendFromInsideWakesOutside(t *testing.T) {
	tl := timeline.New()
	got := make(chan error)
	go func() {
		_, err := tl.Wait(context.Background(), timeline.Noted("inside"))
		got <- err
	}()
	synctest.Test(t, func(*testing.T) { tl.Note("inside") })
	if err := <-got; err != nil {
		t.Error(err)
	}
}
