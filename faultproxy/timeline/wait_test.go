package timeline_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestWaitFindsWhatWasRecorded(t *testing.T) {
	tl := threeConns()
	for _, c := range []struct {
		name    string
		trigger frame.Trigger
		seq     int
	}{
		{"next connection", timeline.NextConn, 1},
		{"frame", frame.Text("a"), 4},
		{"match", frame.Contains("a"), 4},
		{"end of 7", timeline.Ended(7), 7},
		{"kinds", timeline.Kinds(timeline.KindEnded, timeline.KindFrame), 4},
	} {
		e, err := tl.Wait(t.Context(), c.trigger)
		if err != nil || e.Seq != c.seq {
			t.Errorf("%s: event %d, %v; want %d", c.name, e.Seq, err, c.seq)
		}
	}
	if e, err := tl.WaitFrom(t.Context(), 2, timeline.NextConn); err != nil || e.Seq != 2 {
		t.Errorf("WaitFrom 2: %+v, %v", e, err)
	}
	if e, err := tl.WaitN(t.Context(), 3, timeline.KindEnded); err != nil || e.Seq != 8 {
		t.Errorf("WaitN 3: %+v, %v", e, err)
	}
	if e, err := tl.WaitN(t.Context(), -1, timeline.KindEnded); err != nil || e.Seq != 5 {
		t.Errorf("WaitN -1: %+v, %v", e, err)
	}
	if e, err := tl.Conn(7).Wait(t.Context(), timeline.NextConn); err != nil || e.Seq != 2 {
		t.Errorf("view: %+v, %v", e, err)
	}
}

func TestWaitWakesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tl := timeline.New()
		go func() {
			for i := range 100 {
				time.Sleep(time.Second)
				tl.Append(record(tl.Now(), 1, frame.ToServer, timeline.Passed, frame.Ping([]byte{byte(i)})))
			}
			time.Sleep(30 * time.Second)
			tl.Append(record(tl.Now(), 2, frame.ToServer, timeline.Passed, frame.Text("late")))
		}()
		e, err := tl.WaitN(t.Context(), 60, frame.Op(frame.OpPing))
		if err != nil || e.At != 60*time.Second || tl.Now() != e.At {
			t.Errorf("60th ping: %+v, %v, now %v", e, err, tl.Now())
		}
		e, err = tl.Conn(2).Wait(t.Context(), frame.Any)
		if err != nil || e.At != 130*time.Second || tl.Now() != e.At {
			t.Errorf("late frame: %+v, %v, now %v", e, err, tl.Now())
		}
	})
}

func TestWaitersForDifferentThings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tl := timeline.New()
		var woken []string
		for _, trigger := range []frame.Trigger{timeline.Opened, frame.Any, timeline.Ended(1)} {
			go func() {
				if _, err := tl.Wait(t.Context(), trigger); err == nil {
					woken = append(woken, trigger.String())
				}
			}()
			synctest.Wait() // in this order
		}
		tl.Append(record(0, 1, frame.ToServer, timeline.Passed, frame.Text("x")))
		synctest.Wait()
		tl.Append(lifecycle(0, 1, timeline.KindOpened))
		synctest.Wait()
		tl.Append(lifecycle(0, 1, timeline.KindEnded))
		synctest.Wait()
		if got := strings.Join(woken, ", "); got != frame.Any.String()+", opened, the end of connection 1" {
			t.Errorf("woken: %s", got)
		}
	})
}

func TestWaitGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tl := timeline.New()
		tl.SetSeed(42)
		for range 30 {
			time.Sleep(time.Second)
			tl.Append(record(tl.Now(), 1, frame.ToServer, timeline.Passed, frame.Ping(nil)))
		}
		_, err := tl.Conn(1).WaitN(within(t, 5*time.Second), 2, frame.Op(frame.OpPong))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("error is %v", err)
		}
		var failure *timeline.WaitError
		if !errors.As(err, &failure) || failure.Waited != 5*time.Second || len(failure.Tail) != 20 || failure.Tail[0].Seq != 11 || failure.Tail[19].Seq != 30 {
			t.Fatalf("failure is %+v", failure)
		}
		lines := strings.Split(err.Error(), "\n")
		if want := "waited 5.000s for pong on connection 1, 2 times (0 so far): context deadline exceeded"; lines[0] != want {
			t.Errorf("first line\n got %q\nwant %q", lines[0], want)
		}
		if want := "  30.000s  #1  →  ping  (+1.0s)"; lines[len(lines)-2] != want {
			t.Errorf("tail ends\n got %q\nwant %q", lines[len(lines)-2], want)
		}
		if want := "seed 42"; lines[len(lines)-1] != want {
			t.Errorf("last line is %q, want %q", lines[len(lines)-1], want)
		}
	})
}

func TestWaitSaysWhyItMayHaveMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tl := timeline.NewWith(timeline.Limits{Payload: 2})
		_, err := tl.Wait(within(t, time.Second), timeline.Opened)
		if err == nil || !strings.Contains(err.Error(), "nothing was recorded") {
			t.Errorf("error is %v", err)
		}
		tl.Append(record(0, 1, frame.ToServer, timeline.Passed, frame.Text("long")))
		tl.Append(timeline.Record{Kind: timeline.KindLost, Bytes: 3})
		_, err = tl.Wait(within(t, time.Second), frame.Text("long"))
		for _, want := range []string{"3 events were lost", "1 frames were kept only in part"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error is %v, want it to say %q", err, want)
			}
		}
	})
}

type fullMoon struct{}

func (fullMoon) String() string { return "full moon" }
func (fullMoon) IsTrigger()     {}

type tenthEvent struct{ fullMoon }

func (tenthEvent) Is(e timeline.Event) bool { return e.Seq == 10 }

func TestWaitForTriggersOfOthers(t *testing.T) {
	tl := timeline.New()
	_, err := tl.Wait(t.Context(), fullMoon{})
	if err == nil || !strings.Contains(err.Error(), "cannot wait for full moon") {
		t.Errorf("error is %v", err)
	}
	for range 12 {
		tl.Note("n")
	}
	if e, err := tl.Wait(t.Context(), tenthEvent{}); err != nil || e.Seq != 10 {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tl := timeline.New()
		tl.Note("before")
		var followed, live []int
		var waited, never error
		go func() {
			for e := range tl.Follow(t.Context()) {
				followed = append(followed, e.Seq)
			}
		}()
		go func() {
			for e := range tl.Conn(1).Follow(t.Context()) {
				live = append(live, e.Seq)
			}
		}()
		go func() { _, waited = tl.Wait(t.Context(), timeline.Opened) }()
		go func() {
			<-tl.Done()
			_, never = tl.Wait(t.Context(), timeline.Ended(3))
		}()
		synctest.Wait()
		if len(followed) != 1 {
			t.Errorf("followed %v before anything more happened", followed)
		}
		tl.Append(lifecycle(0, 1, timeline.KindRequest))
		synctest.Wait()
		for range 2 {
			if err := tl.Close(); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		if fmt.Sprint(followed, live) != "[1 2] [2]" {
			t.Errorf("followed %v and %v, want [1 2] and [2]", followed, live)
		}
		for _, err := range []error{waited, never} {
			if !errors.Is(err, timeline.ErrClosed) || !strings.Contains(err.Error(), "nothing more will happen") {
				t.Errorf("waiting ended with %v", err)
			}
		}
		tl.Append(lifecycle(0, 1, timeline.KindOpened))
		if e, err := tl.Wait(t.Context(), timeline.Opened); err != nil || e.Seq != 3 {
			t.Errorf("what came late: %+v, %v", e, err)
		}
	})
}

func TestFollowEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tl := timeline.New()
		ctx, cancel := context.WithCancel(t.Context())
		n, ended := 0, false
		go func() {
			for range tl.Follow(ctx) {
				n++
			}
			ended = true
		}()
		tl.Note("one")
		synctest.Wait()
		cancel()
		synctest.Wait()
		tl.Note("two")
		synctest.Wait()
		if n != 1 || !ended {
			t.Errorf("followed %d events, ended %t", n, ended)
		}
		for range tl.Follow(ctx) {
			t.Error("a context that has ended still follows")
		}
		for range tl.Follow(t.Context()) {
			break
		}
	})
}

func TestFollowSeesWhatItMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tl := timeline.NewWith(timeline.Limits{Events: 80})
		var got []timeline.Event
		resume := make(chan struct{})
		go func() {
			for e := range tl.Follow(t.Context()) {
				got = append(got, e)
				<-resume
			}
		}()
		for range 500 {
			tl.Append(record(0, 1, frame.ToServer, timeline.Passed, frame.Text("x")))
			synctest.Wait()
		}
		close(resume)
		synctest.Wait()
		if err := tl.Close(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		next := 1
		lost := 0
		for _, e := range got {
			if e.Seq != next {
				t.Fatalf("%d after %d", e.Seq, next-1)
			}
			next++
			if e.Kind == timeline.KindLost {
				lost += e.Count
				next += e.Count - 1
			}
		}
		if next != 501 || lost == 0 {
			t.Errorf("followed up to %d, %d lost", next-1, lost)
		}
	})
}
