package diagnosis

import (
	"math"
	"math/rand/v2"
	"time"
)

// Window returns the shortest and the longest n-th delay, counted from 1 after the
// last stable connection. previous is the delay before it, which only
// BackoffDecorrelated looks at. Of BackoffNone anything goes, and n below 1 is 1.
func (b Backoff) Window(n int, previous time.Duration) (low, high time.Duration) {
	n = max(n, 1)
	if b.IsZero() {
		return 0, math.MaxInt64
	}
	if b.Initial > 0 {
		if n == 1 {
			return 0, b.Initial
		}
		n--
	}
	if b.Kind == BackoffDecorrelated {
		if n == 1 {
			previous = b.First // a random delay before it is no part of the model
		}
		high = b.cap(scaled(max(previous, b.First), b.factor()))
		return min(b.First, high), high
	}
	v := b.nominal(n)
	switch b.Jitter {
	case FullJitter:
		return 0, v
	case EqualJitter:
		return v / 2, v
	case ProportionalJitter:
		return scaled(v, 1-b.Share), scaled(v, 1+b.Share)
	}
	return v, v
}

// Delay draws the n-th delay, every one in its window being as likely, for simulating
// a client. previous is what Delay returned before; it is not looked at for n = 1.
func (b Backoff) Delay(n int, previous time.Duration, rng *rand.Rand) time.Duration {
	if b.IsZero() {
		return 0
	}
	if b.Kind == BackoffDecorrelated && (b.Initial == 0 || n > 1) {
		if n <= 1 || b.Initial > 0 && n == 2 {
			previous = b.First
		}
		most := scaled(max(previous, b.First), b.factor())
		return b.cap(uniform(min(b.First, most), most, rng))
	}
	low, high := b.Window(n, previous)
	return uniform(low, high, rng)
}

func uniform(low, high time.Duration, rng *rand.Rand) time.Duration {
	if high <= low {
		return low
	}
	return low + time.Duration(rng.Float64()*float64(high-low))
}

// nominal is the n-th delay of the model before jitter.
func (b Backoff) nominal(n int) time.Duration {
	v := b.First
	switch b.Kind {
	case BackoffLinear:
		v = sum(b.First, scaled(b.Step, float64(n-1)))
	case BackoffExponential:
		v = scaled(b.First, math.Pow(b.factor(), float64(n-1)))
	case BackoffSteps:
		v = 0
		if len(b.Steps) > 0 {
			v = b.Steps[min(n, len(b.Steps))-1]
		}
	}
	return b.cap(v)
}

// settled is the number of the delay from which on they no longer grow; 0 if they do
// for ever.
func (b Backoff) settled() int {
	const far = 200 // further than any client tries
	for n := 1; n < far; n++ {
		if b.nominal(n) == b.nominal(n+1) && b.nominal(n) == b.nominal(far) {
			return n
		}
	}
	return 0
}

// grows reports whether the delays do.
func (b Backoff) grows() bool {
	return b.Kind == BackoffDecorrelated || !b.IsZero() && b.settled() != 1
}

// hasJitter reports whether chance has a part in the delays.
func (b Backoff) hasJitter() bool {
	return b.Jitter != NoJitter || b.Kind == BackoffDecorrelated || b.Initial > 0
}

func (b Backoff) cap(v time.Duration) time.Duration {
	if b.Max > 0 {
		return min(v, b.Max)
	}
	return v
}

func (b Backoff) factor() float64 {
	switch {
	case b.Factor > 0:
		return b.Factor
	case b.Kind == BackoffDecorrelated:
		return 3
	}
	return 2
}

// scaled multiplies without overflow.
func scaled(d time.Duration, by float64) time.Duration {
	v := float64(d) * by
	if v >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(math.Round(v))
}

// sum adds without overflow.
func sum(a, b time.Duration) time.Duration {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
