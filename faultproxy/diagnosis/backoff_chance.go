package diagnosis

import (
	"math"
	"slices"
)

// Tests of chance. Where a delay lies in its window, as a share of it, is uniform
// from 0 to 1 and independent of the others if the client draws its delays as the
// model says. Each test rejects that by chance in one of four million judgements.
const (
	chanceSize = 2.5e-7
	// widestNoise is how much of its window a delay's leeway may be for the delay to
	// count.
	widestNoise = 1.0 / 8
)

// place is where a delay lies in its window: anywhere from low to high, as its
// leeway permits.
type place struct {
	gap       int
	low, high float64
	noise     float64 // the leeway, as a share of the window
	grown     float64 // how many times as wide the window is as that of the first delay
}

// narrowest is how wide a range n independent places stay in with a probability of p.
func narrowest(n int, p float64) float64 {
	if n < 2 {
		return 0
	}
	inside := func(r float64) float64 {
		return float64(n)*math.Pow(r, float64(n-1)) - float64(n-1)*math.Pow(r, float64(n))
	}
	return bisect(func(r float64) bool { return inside(r) < p }, 0, 1)
}

// bisect returns where below turns false.
func bisect(below func(float64) bool, low, high float64) float64 {
	for range 60 {
		if mid := (low + high) / 2; below(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// gammaTail is the probability that the sum of n exponential times of mean 1 is over
// x (Erlang's formula).
func gammaTail(n int, x float64) float64 {
	if x <= 0 {
		return 1
	}
	term, sum := 1.0, 1.0
	for k := 1; k < n; k++ {
		term *= x / float64(k)
		sum += term
	}
	return min(1, math.Exp(-x)*sum)
}

// gammaQuantile is the x at which gammaTail is p.
func gammaQuantile(n int, p float64) float64 {
	return bisect(func(x float64) bool { return gammaTail(n, x) > p }, 0, float64(20*n+200))
}

// constant reports whether the places lie too close together for chance.
func constant(places []place, size float64) (spread float64, rejected bool) {
	least, most := 1.0, 0.0
	for _, p := range places {
		least, most = min(least, p.low), max(most, p.high)
	}
	spread = max(most-least, 0)
	return spread, len(places) > 1 && spread <= narrowest(len(places), size)
}

// oneSided reports whether the places keep out of too large a part of their windows:
// all lie above low, and below high.
func oneSided(places []place, size float64) (low, high float64, rejected bool) {
	if len(places) == 0 {
		return 0, 1, false
	}
	low, high = 1, 0
	for _, p := range places {
		// The favourable end of each.
		low, high = min(low, p.low), max(high, p.high)
	}
	edge := math.Pow(size, 1/float64(len(places)))
	return low, high, 1-low <= edge || high <= edge
}

// tooShort reports whether the places lie too low on the whole (Fisher's method): the
// product of n uniform numbers is as small as theirs with a probability under size.
func tooShort(places []place, size float64) bool {
	x := 0.0
	for _, p := range places {
		x -= math.Log(max(p.high, 1e-9))
	}
	return len(places) > 0 && gammaTail(len(places), x) < size
}

// noise is the widest of the places'.
func noise(places []place) float64 {
	widest := 0.0
	for _, p := range places {
		widest = max(widest, p.noise)
	}
	return widest
}

// enoughForJitter is how many places of this noise it takes to see that there is no
// jitter at all: that many fill more of their windows than the noise does.
func enoughForJitter(noise float64) int {
	n := 4
	for narrowest(n, chanceSize) < max(noise, 1e-3) {
		n++
	}
	return n
}

// enoughForHalf is how many it takes to see that they keep to one half of their
// windows.
var enoughForHalf = int(math.Ceil(math.Log(chanceSize) / math.Log(0.5)))

// showGrowth reports whether delays that did not grow would be rejected by tooShort
// 99 times in 100: those drawn from the first window, put into the others. The leeway
// hides the smallest of them, by (1+c)·ln(1+c) - c·ln c on average, c being the leeway
// as a share of the first window.
func showGrowth(places []place) bool {
	shift := 0.0
	for _, p := range places {
		shift += math.Log(p.grown)
		if c := p.noise * p.grown; c > 0 {
			shift -= (1+c)*math.Log(1+c) - c*math.Log(c)
		}
	}
	n := len(places)
	return n > 0 && gammaQuantile(n, 0.99)+shift >= gammaQuantile(n, chanceSize)
}

// gapsOf lists the gaps of places.
func gapsOf(places []place) []int {
	gaps := make([]int, len(places))
	for i, p := range places {
		gaps[i] = p.gap
	}
	slices.Sort(gaps)
	return gaps
}
