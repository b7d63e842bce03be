package diagnosis

import (
	"time"
)

// BackoffKind says how the delays between attempts grow.
type BackoffKind uint8

// The kinds. The n-th delay is that before the n-th attempt after a stable
// connection was lost, counted from 1.
const (
	// BackoffNone promises nothing.
	BackoffNone BackoffKind = iota
	// BackoffFixed: every delay is First.
	BackoffFixed
	// BackoffLinear: First, then Step more each time.
	BackoffLinear
	// BackoffExponential: First, then Factor times as much each time.
	BackoffExponential
	// BackoffDecorrelated: anything from First to Factor times the delay before, the
	// first one from First to Factor times First. It has its jitter built in.
	BackoffDecorrelated
	// BackoffSteps: the delays of Steps in their order, the last one for ever.
	BackoffSteps
)

// Jitter says how chance changes a delay v of the model, after Max was applied.
type Jitter uint8

// The kinds of jitter.
const (
	NoJitter           Jitter = iota // v
	FullJitter                       // anything from 0 to v
	EqualJitter                      // anything from v/2 to v
	ProportionalJitter               // anything from v-Share·v to v+Share·v
)

// Backoff is how long a client waits before it connects again. Make one with
// [Fixed], [Linear], [Exponential], [Decorrelated] or [Steps] and the methods that
// change a copy:
//
//	diagnosis.Exponential(time.Second, 2).UpTo(30*time.Second).WithJitter(diagnosis.FullJitter)
//
// The zero value promises nothing.
type Backoff struct {
	Kind  BackoffKind
	First time.Duration   // the first delay; for BackoffDecorrelated, the shortest one
	Step  time.Duration   // what BackoffLinear adds each time
	Steps []time.Duration // the delays of BackoffSteps
	// Factor is by how much BackoffExponential multiplies (0: 2), and how many times the
	// delay before BackoffDecorrelated may reach (0: 3).
	Factor float64
	// Max is the longest delay before jitter; 0 is no bound. Of BackoffDecorrelated it is
	// the longest delay.
	Max    time.Duration
	Jitter Jitter
	// Share is, for ProportionalJitter, the part of a delay that it may be off by in
	// either direction, over 0 and at most 1.
	Share float64
	// ResetAfter is for how long a connection must have been open for the delays to
	// start anew after it. 0: any connection that opened does.
	ResetAfter time.Duration
	// Attempts is after how many attempts in a row that did not bring a stable
	// connection the client gives up. 0: never.
	Attempts int
	// Initial, if it is not 0, makes the first delay anything from 0 to it, as RFC 6455
	// section 7.2.3 wants. The model's own delays begin with the second one then.
	Initial time.Duration
}

// Fixed waits d before every attempt.
func Fixed(d time.Duration) Backoff { return Backoff{Kind: BackoffFixed, First: d} }

// Linear waits first, and step longer each time.
func Linear(first, step time.Duration) Backoff {
	return Backoff{Kind: BackoffLinear, First: first, Step: step}
}

// Exponential waits first, and factor times as long each time.
func Exponential(first time.Duration, factor float64) Backoff {
	return Backoff{Kind: BackoffExponential, First: first, Factor: factor}
}

// Decorrelated waits anything from least to three times the delay before, and never
// longer than most.
func Decorrelated(least, most time.Duration) Backoff {
	return Backoff{Kind: BackoffDecorrelated, First: least, Max: most}
}

// Steps waits these delays in their order, and the last one from there on.
func Steps(delays ...time.Duration) Backoff { return Backoff{Kind: BackoffSteps, Steps: delays} }

// UpTo bounds the delays, before jitter.
func (b Backoff) UpTo(most time.Duration) Backoff { b.Max = most; return b }

// WithJitter adds jitter; see [Backoff.PlusMinus] for ProportionalJitter.
func (b Backoff) WithJitter(j Jitter) Backoff { b.Jitter = j; return b }

// PlusMinus adds ProportionalJitter: 0.2 is a fifth of the delay in either direction.
func (b Backoff) PlusMinus(share float64) Backoff {
	b.Jitter, b.Share = ProportionalJitter, share
	return b
}

// ResetsAfter makes the delays start anew only after a connection that was open for d.
func (b Backoff) ResetsAfter(d time.Duration) Backoff { b.ResetAfter = d; return b }

// GivesUpAfter bounds the attempts in a row.
func (b Backoff) GivesUpAfter(attempts int) Backoff { b.Attempts = attempts; return b }

// StartsWithin makes the first delay anything from 0 to d.
func (b Backoff) StartsWithin(d time.Duration) Backoff { b.Initial = d; return b }

// IsZero reports whether nothing is promised.
func (b Backoff) IsZero() bool { return b.Kind == BackoffNone }

// Leeway is by how much a measured delay may miss what a model says before it counts.
type Leeway struct {
	// Early is by how much it may be shorter, Late longer.
	Early, Late time.Duration
	// Browser allows for what a browser adds to the delays of a page by itself, as
	// measured with Chromium 156: 110 ms, and a throttle that grows with the handshakes
	// of the page that failed, from the twelfth or so on, up to 5 s. Not allowed for are
	// other pages' handshakes with the same address, which go first, and hidden tabs,
	// whose timers wait for the next second or longer.
	Browser bool
}

// PlusMinus is the same leeway in both directions.
func PlusMinus(d time.Duration) Leeway { return Leeway{Early: d, Late: d} }

// Aspect is one thing that a [Backoff] promises.
type Aspect uint8

// The aspects.
const (
	AspectDelay    Aspect = iota // no attempt came sooner or later than its delay permits
	AspectGrowth                 // the delays grow while attempts fail
	AspectCap                    // no delay is longer than the longest one
	AspectReset                  // the delays start anew after stable connections only
	AspectJitter                 // chance makes the delays differ
	AspectAttempts               // the client gives up when it said it would

	aspects
)

// AspectVerdict is the verdict on one aspect.
type AspectVerdict struct {
	Aspect             Aspect
	Verdict            Verdict // Kept, Broken or NotJudged
	Text               string  // in words: what was seen, or why nothing can be said
	Measured, Expected string
	// Gaps holds the indices into [BackoffVerdict].Gaps that broke it.
	Gaps []int
	// More is how many of them are wrong besides the one that Text is about; 0 if it is
	// about all.
	More int
}

// Gap is the time between the end of an attempt and the next attempt.
type Gap struct {
	// From and To are the attempts, as indices into what was judged.
	From, To int
	// Least and Most are the delay: how long before To the client at the latest knew,
	// and at the earliest could know, that From was over.
	Least, Most time.Duration
	// N is which delay it is, counted from 1 after the last stable connection; 0 if
	// that cannot be told.
	N int
	// Low and High are the model's window for it, without leeway, and Allowed is what
	// is added to High on top of the leeway.
	Low, High, Allowed time.Duration
	// Unjudged says why the gap was not compared with its window; empty if it was.
	Unjudged string
}

// BackoffVerdict is what attempts say about a [Backoff].
type BackoffVerdict struct {
	// Verdict is the worst of the aspects'; NotJudged if none could be judged.
	Verdict Verdict
	Aspects []AspectVerdict // one for each aspect that the model promises, in their order
	Gaps    []Gap
}
