package specimen

import (
	"math"
	"math/rand/v2"
	"time"
)

// Backoff is how long a client waits before it reconnects, by how often in a row it
// failed. The zero value is exponential from 1 s to 30 s, half of it random.
type Backoff struct {
	Growth Growth
	First  time.Duration // after the first failure. 0: 1 s. Negative: no delay at all
	Factor float64       // of Exponential and Decorrelated; 0: 2, or 3 if decorrelated
	Max    time.Duration // no delay is longer, before Proportional; 0: 30 s
	Jitter Jitter        // not of Decorrelated, which is random by itself
	Share  float64       // of Proportional, from 0 to 1; 0: 0.2
	// ResetAfter is how long a connection must have been open for the next failure to
	// count as the first. 0: 10 s.
	ResetAfter time.Duration
	// Attempts is how many reconnects in a row may fail before it gives up. 0: all.
	Attempts int
}

// Growth is how delays grow with the number n of failures in a row.
type Growth uint8

// The ways to grow.
const (
	Exponential  Growth = iota // First * Factor^(n-1)
	Linear                     // First * n
	Fixed                      // First
	Decorrelated               // from First to Factor times the delay before, or First
)

// Jitter is what is random about a delay d.
type Jitter uint8

// The kinds.
const (
	Equal        Jitter = iota // from d/2 to d
	Full                       // from 0 to d
	Proportional               // d plus or minus Share of it
	Unjittered                 // d
)

func (b Backoff) withDefaults() Backoff {
	fill(&b.First, time.Second)
	if b.Growth == Decorrelated {
		fill(&b.Factor, 3)
	}
	fill(&b.Factor, 2)
	fill(&b.Max, 30*time.Second)
	fill(&b.Share, 0.2)
	fill(&b.ResetAfter, 10*time.Second)
	return b
}

// Delay returns the delay after the n-th failure in a row, given the one before.
func (b Backoff) Delay(n int, before time.Duration, chance *rand.Rand) time.Duration {
	b = b.withDefaults()
	if b.First < 0 {
		return 0
	}
	first, limit := float64(b.First), float64(b.Max)
	if b.Growth == Decorrelated {
		d := between(first, b.Factor*max(first, float64(before)), chance)
		return time.Duration(min(d, limit))
	}
	d := first
	switch b.Growth {
	case Exponential:
		d *= math.Pow(b.Factor, float64(n-1))
	case Linear:
		d *= float64(n)
	}
	d = min(d, limit)
	switch b.Jitter {
	case Equal:
		d = between(d/2, d, chance)
	case Full:
		d = between(0, d, chance)
	case Proportional:
		d = between(d*(1-b.Share), d*(1+b.Share), chance)
	}
	return time.Duration(d)
}

func between(low, high float64, chance *rand.Rand) float64 {
	return low + chance.Float64()*(high-low)
}
