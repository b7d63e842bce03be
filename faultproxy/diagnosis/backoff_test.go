package diagnosis_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

func TestWindow(t *testing.T) {
	doubling := diagnosis.Exponential(sec, 2)
	tests := []struct {
		b         diagnosis.Backoff
		n         int
		previous  time.Duration
		low, high time.Duration
	}{
		{diagnosis.Backoff{}, 1, 0, 0, math.MaxInt64},
		{diagnosis.Fixed(2 * sec), 9, 0, 2 * sec, 2 * sec},
		{diagnosis.Linear(sec, 500*ms), 1, 0, sec, sec}, {diagnosis.Linear(sec, 500*ms), 4, 0, 2500 * ms, 2500 * ms},
		{doubling, 1, 0, sec, sec}, {doubling, 5, 0, 16 * sec, 16 * sec}, {doubling, 0, 0, sec, sec}, {doubling, 1000, 0, math.MaxInt64, math.MaxInt64},
		{doubling.UpTo(10 * sec), 5, 0, 10 * sec, 10 * sec},
		{diagnosis.Backoff{Kind: diagnosis.BackoffExponential, First: sec}, 3, 0, 4 * sec, 4 * sec},
		{doubling.WithJitter(diagnosis.FullJitter), 3, 0, 0, 4 * sec},
		{doubling.WithJitter(diagnosis.EqualJitter), 3, 0, 2 * sec, 4 * sec},
		{doubling.UpTo(10 * sec).PlusMinus(0.2), 6, 0, 8 * sec, 12 * sec},
		{diagnosis.Steps(0, 2*sec, 10*sec), 1, 0, 0, 0}, {diagnosis.Steps(0, 2*sec, 10*sec), 3, 0, 10 * sec, 10 * sec}, {diagnosis.Steps(0, 2*sec, 10*sec), 8, 0, 10 * sec, 10 * sec},
		{diagnosis.Decorrelated(sec, 20*sec), 1, 0, sec, 3 * sec}, {diagnosis.Decorrelated(sec, 20*sec), 2, 2 * sec, sec, 6 * sec},
		{diagnosis.Decorrelated(sec, 20*sec), 2, 10 * sec, sec, 20 * sec}, {diagnosis.Decorrelated(sec, 20*sec), 2, math.MaxInt64, sec, 20 * sec},
		{doubling.StartsWithin(5 * sec), 1, 0, 0, 5 * sec}, {doubling.StartsWithin(5 * sec), 2, 0, sec, sec}, {doubling.StartsWithin(5 * sec), 4, 0, 4 * sec, 4 * sec},
		{diagnosis.Decorrelated(sec, 20*sec).StartsWithin(5 * sec), 2, 4 * sec, sec, 3 * sec}, // the random delay is no part of the model
	}
	for _, tt := range tests {
		if low, high := tt.b.Window(tt.n, tt.previous); low != tt.low || high != tt.high {
			t.Errorf("%v: the %d. delay after %v is %v to %v, want %v to %v", tt.b, tt.n, tt.previous, low, high, tt.low, tt.high)
		}
	}
}

// A delay that is drawn lies in its window.
func TestDelayIsInItsWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBackoff(t)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		previous := time.Duration(0)
		for n := 1; n < 12; n++ {
			d := b.Delay(n, previous, rng)
			if low, high := b.Window(n, previous); d < low-1 || d > high+1 {
				if !b.IsZero() || d != 0 {
					t.Fatalf("%v: the %d. delay after %v is %v, not %v to %v", b, n, previous, d, low, high)
				}
			}
			previous = d
		}
	})
}

func TestBackoffText(t *testing.T) {
	for want, b := range map[string]diagnosis.Backoff{
		"no backoff":                  {},
		"Fixed(2s)":                   diagnosis.Fixed(2 * sec),
		"Linear(1s, 500ms).UpTo(10s)": diagnosis.Linear(sec, 500*ms).UpTo(10 * sec),
		"Decorrelated(1s, 1m0s)":      diagnosis.Decorrelated(sec, time.Minute),
		"Decorrelated(1s, 1m0s) by 2": {Kind: diagnosis.BackoffDecorrelated, First: sec, Max: time.Minute, Factor: 2},
		"Steps(0s, 2s)":               diagnosis.Steps(0, 2*sec),
		"Exponential(1s, 1.5).PlusMinus(0.2).StartsWithin(5s).ResetsAfter(10s).GivesUpAfter(8)": diagnosis.Exponential(sec, 1.5).PlusMinus(0.2).StartsWithin(5 * sec).ResetsAfter(10 * sec).GivesUpAfter(8),
		"Exponential(1s, 2).UpTo(30s).WithJitter(full)":                                         diagnosis.Exponential(sec, 2).UpTo(30 * sec).WithJitter(diagnosis.FullJitter),
		"backoff(9)": {Kind: 9},
	} {
		if b.String() != want {
			t.Errorf("%q, want %q", b, want)
		}
	}
	if s := fmt.Sprint(diagnosis.BackoffDecorrelated, diagnosis.ProportionalJitter, diagnosis.AspectReset, diagnosis.Jitter(9)); s != "decorrelated proportional reset jitter(9)" {
		t.Error(s)
	}
}

func TestBackoffValidate(t *testing.T) {
	for want, b := range map[string]diagnosis.Backoff{
		"it has no kind":                      {First: sec},
		"kind is backoff(9)":                  {Kind: 9},
		"first is -1ns: it cannot":            {Kind: diagnosis.BackoffFixed, First: -1},
		"first is 0s: exponential delays":     diagnosis.Exponential(0, 2),
		"factor is 0.5":                       diagnosis.Exponential(sec, 0.5),
		"factor is NaN":                       diagnosis.Exponential(sec, math.NaN()),
		"factor is for exponential":           {Kind: diagnosis.BackoffFixed, Factor: 2},
		"step is for linear":                  {Kind: diagnosis.BackoffFixed, Step: 2},
		"steps are for the kind":              {Kind: diagnosis.BackoffFixed, Steps: []time.Duration{1}},
		"needs at least one":                  diagnosis.Steps(),
		"steps[1] is -1ns":                    diagnosis.Steps(1, -1),
		"leave first and max out":             diagnosis.Steps(1).UpTo(sec),
		"decorrelated delays need a max":      {Kind: diagnosis.BackoffDecorrelated, First: sec},
		"has its jitter built in":             diagnosis.Decorrelated(sec, time.Minute).WithJitter(diagnosis.FullJitter),
		"max is 1s, below first, which is 2s": diagnosis.Exponential(2*sec, 2).UpTo(sec),
		"share is 0: proportional":            diagnosis.Fixed(sec).WithJitter(diagnosis.ProportionalJitter),
		"share is 2: ":                        diagnosis.Fixed(sec).PlusMinus(2),
		"jitter is jitter(9)":                 diagnosis.Fixed(sec).WithJitter(9),
		"attempts is -1":                      diagnosis.Fixed(sec).GivesUpAfter(-1),
	} {
		if err := b.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", b, err, want)
		}
	}
	for name, b := range models() {
		if err := b.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// attemptsWith are attempts that fail, with these delays between them.
func attemptsWith(delays ...time.Duration) []diagnosis.Attempt {
	attempts := []diagnosis.Attempt{{Conn: 1, Ended: true}}
	now := time.Duration(0)
	for i, d := range delays {
		now += d
		attempts = append(attempts, diagnosis.Attempt{Conn: i + 2, Ended: true, RequestedAt: now, KnownAt: now, ReportedAt: now, Before: diagnosis.DelayMeasured, Delay: d, DelayLeast: d})
	}
	return attempts
}

func TestJudgeShowsItsWork(t *testing.T) {
	v := diagnosis.Exponential(sec, 2).UpTo(3*sec).Judge(attemptsWith(sec, 2*sec, 3*sec, 500*ms), diagnosis.PlusMinus(100*ms))
	if v.Verdict != broken || len(v.Gaps) != 4 || len(v.Aspects) != 3 {
		t.Fatalf("%+v", v)
	}
	if g := v.Gaps[2]; g.From != 2 || g.To != 3 || g.N != 3 || g.Least != 3*sec || g.Most != 3*sec || g.Low != 3*sec || g.High != 3*sec || g.Unjudged != "" {
		t.Errorf("%+v", g)
	}
	if a := v.Aspects[0]; a.Aspect != diagnosis.AspectDelay || a.Verdict != broken || a.Measured != "500 ms" || a.Expected != "3.0 s, ± 100 ms" || len(a.Gaps) != 1 || a.Gaps[0] != 3 {
		t.Errorf("%+v", a)
	}
	if v := (diagnosis.Backoff{}).Judge(attemptsWith(sec), diagnosis.Leeway{}); v.Verdict != notJudged || len(v.Aspects) != 0 {
		t.Errorf("no model: %+v", v)
	}
	if v := diagnosis.Fixed(sec).Judge(attemptsWith(sec, sec), diagnosis.Leeway{Early: 1, Late: 2 * ms}); v.Aspects[0].Verdict != kept {
		t.Errorf("%+v", v)
	}
}

// Few delays show neither that there is jitter nor that there is none.
func TestJudgeWantsEnoughDelaysForJitter(t *testing.T) {
	b := diagnosis.Fixed(4 * sec).WithJitter(diagnosis.FullJitter)
	for n, want := range map[int]string{5: "5 delays cannot show whether there is jitter: it takes 7", 12: "12 delays differ by jitter; it takes 22", 24: "24 delays are spread over their windows"} {
		attempts := simulate(b, rand.New(rand.NewPCG(3, 0)), failing(n), nil)
		v := b.Judge(attempts, diagnosis.PlusMinus(100*ms))
		a := v.Aspects[len(v.Aspects)-1]
		if a.Aspect != diagnosis.AspectJitter || !strings.Contains(a.Text, want) || (a.Verdict == kept) != (n > 5) {
			t.Errorf("%d delays: %+v", n, a)
		}
	}
}

// What is between the earliest and the latest time at which the client can have known
// of an end is decided for it.
func TestJudgeInDoubt(t *testing.T) {
	attempts := attemptsWith(sec, sec)
	attempts[2].Delay, attempts[2].DelayLeast = 5*sec, sec
	for d, want := range map[time.Duration]diagnosis.Verdict{500 * ms: broken, sec: kept, 3 * sec: kept, 5 * sec: kept, 6 * sec: broken} {
		b := diagnosis.Steps(sec, d)
		if v := b.Judge(attempts, diagnosis.PlusMinus(100*ms)); v.Verdict != want && v.Aspects[0].Verdict != want {
			t.Errorf("a delay of 1 to 5 s for one of %v: %+v", d, v.Aspects)
		}
	}
	// Whether 10 s are 10 s is open within the leeway, so both numbers are right.
	b := diagnosis.Exponential(sec, 2).ResetsAfter(10 * sec)
	for _, d := range []time.Duration{sec, 4 * sec} {
		attempts = attemptsWith(sec, 2*sec, d)
		attempts[2].Opened, attempts[2].OpenedAt, attempts[2].KnownAt, attempts[2].ReportedAt = true, 3*sec, 13*sec, 13*sec
		if v := b.Judge(attempts, diagnosis.PlusMinus(100*ms)); v.Verdict == broken {
			t.Errorf("%v: %+v", d, v.Aspects)
		}
	}
	// So are they where only a closing handshake made it 10 s.
	for _, d := range []time.Duration{sec, 4 * sec} {
		attempts = attemptsWith(sec, 2*sec, d)
		attempts[2].Opened, attempts[2].OpenedAt, attempts[2].KnownAt, attempts[2].ReportedAt = true, 3*sec, 8*sec, 14*sec
		if v := b.Judge(attempts, diagnosis.PlusMinus(100*ms)); v.Verdict == broken {
			t.Errorf("%v: %+v", d, v.Aspects)
		}
	}
	// Until the delays surely start anew, their numbers are not known.
	attempts = attemptsWith(sec, 9*sec, 7*sec, 3*sec)
	attempts[2].Hidden = "for a reason"
	v := diagnosis.Exponential(sec, 2).Judge(attempts, diagnosis.PlusMinus(100*ms))
	if v.Verdict == broken || v.Gaps[1].Unjudged != "for a reason" || !strings.Contains(v.Gaps[2].Unjudged, "how many attempts came before") {
		t.Errorf("%+v", v)
	}
}

// Delays that a browser adds are not the page's, as facts measured with Chromium say:
// no more than 0.11 s up to the 11th attempt in a row, 5 s from the 16th on.
func TestJudgeAllowsForBrowsers(t *testing.T) {
	delays := make([]time.Duration, 20)
	for i := range delays {
		delays[i] = 2 * sec
	}
	for _, tt := range []struct {
		n     int
		late  time.Duration
		keeps bool
	}{{1, 100 * ms, true}, {1, 500 * ms, false}, {9, 180 * ms, true}, {12, 650 * ms, true}, {12, 2 * sec, false}, {17, 4900 * ms, true}, {17, 5500 * ms, false}} {
		for _, browser := range []bool{true, false} {
			late := append([]time.Duration{}, delays...)
			late[tt.n-1] += tt.late
			v := diagnosis.Fixed(2*sec).Judge(attemptsWith(late...), diagnosis.Leeway{Late: 10 * ms, Browser: browser})
			if want := tt.keeps && browser; (v.Aspects[0].Verdict == kept) != want {
				t.Errorf("the %d. delay is %v late, browser %t: %+v", tt.n, tt.late, browser, v.Aspects[0])
			}
		}
	}
	v := diagnosis.Fixed(2*sec).Judge(attemptsWith(delays...), diagnosis.Leeway{Browser: true})
	if v.Gaps[19].Allowed <= 5*sec || v.Gaps[0].Allowed > 120*ms {
		t.Errorf("allowed %v at first and %v at last", v.Gaps[0].Allowed, v.Gaps[19].Allowed)
	}
	early := append([]time.Duration{}, delays...)
	early[15] -= 100 * ms
	if v := diagnosis.Fixed(2*sec).Judge(attemptsWith(early...), diagnosis.Leeway{Browser: true}); v.Aspects[0].Verdict != broken || !strings.Contains(v.Aspects[0].Expected, "that are not the client's") {
		t.Errorf("no browser makes a delay shorter: %+v", v.Aspects[0])
	}
}

func TestJudgeAllowsForWhatServersAsk(t *testing.T) {
	b := diagnosis.Fixed(2 * sec)
	for _, tt := range []struct {
		name  string
		d     time.Duration
		a     diagnosis.Attempt
		keeps bool
	}{
		{"waits as asked", 9 * sec, diagnosis.Attempt{Status: 503, HasRetryAfter: true, RetryAfter: 9 * sec}, true},
		{"and its own delay beside", 11 * sec, diagnosis.Attempt{Status: 503, HasRetryAfter: true, RetryAfter: 9 * sec}, true},
		{"longer than both", 14 * sec, diagnosis.Attempt{Status: 503, HasRetryAfter: true, RetryAfter: 9 * sec}, false},
		{"as asked, which is shorter", sec, diagnosis.Attempt{Status: 503, HasRetryAfter: true, RetryAfter: sec}, true},
		{"after 1013", time.Hour, diagnosis.Attempt{Opened: true, CloseEvent: frame.CloseEvent{Code: 1013}}, true},
		{"after 1012", time.Hour, diagnosis.Attempt{Opened: true, CloseEvent: frame.CloseEvent{Code: 1012}}, false},
	} {
		attempts := attemptsWith(tt.d)
		tt.a.Ended = true
		attempts[0] = tt.a
		if v := b.Judge(attempts, diagnosis.PlusMinus(100*ms)); (v.Aspects[0].Verdict == kept) != tt.keeps {
			t.Errorf("%s: %+v", tt.name, v.Aspects[0])
		}
	}
}
