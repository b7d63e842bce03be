package diagnosis

import (
	"math"
	"math/rand/v2"
	"testing"
)

// drawn is n places as a right client's, spread over a part of their windows.
func drawn(rng *rand.Rand, n int, from, to float64) []place {
	places := make([]place, n)
	for i := range places {
		u := from + (to-from)*rng.Float64()
		places[i] = place{low: u, high: u, grown: 1}
	}
	return places
}

// The tests have the size they say: at 5 % they reject a right client in 5 % of the
// runs, as closely as 20,000 runs can show.
func TestChanceHasItsSize(t *testing.T) {
	const runs, size = 20000, 0.05
	for _, n := range []int{2, 5, 11, 30} {
		rng := rand.New(rand.NewPCG(uint64(n), 3))
		var same, half, short int
		for range runs {
			places := drawn(rng, n, 0, 1)
			if _, rejected := constant(places, size); rejected {
				same++
			}
			if _, _, rejected := oneSided(places, size/2); rejected {
				half++
			}
			if tooShort(places, size) {
				short++
			}
		}
		for name, rejected := range map[string]int{"constant": same, "oneSided": half, "tooShort": short} {
			got := float64(rejected) / runs
			if sigma := math.Sqrt(size * (1 - size) / runs); math.Abs(got-size) > 4*sigma {
				t.Errorf("%s rejects %.4f of right clients with %d delays, want %.2f", name, got, n, size)
			}
		}
	}
}

// The numbers in the documentation: delays to see that there is no jitter, with a
// leeway of an eighth of the windows, and to see that it covers half of them.
func TestChanceKnowsHowManyDelaysItTakes(t *testing.T) {
	if got := enoughForJitter(widestNoise); got != 10 {
		t.Errorf("%d delays show that there is no jitter, want 10", got)
	}
	if enoughForHalf != 22 {
		t.Errorf("%d delays show half of the jitter, want 22", enoughForHalf)
	}
	rng := rand.New(rand.NewPCG(1, 4))
	if _, _, rejected := oneSided(drawn(rng, 22, 0, 0.5), chanceSize); !rejected {
		t.Error("22 delays in the lower half are not rejected")
	}
	if _, _, rejected := oneSided(drawn(rng, 22, 0.5, 1), chanceSize); !rejected {
		t.Error("22 delays in the upper half are not rejected")
	}
	if _, rejected := constant(drawn(rng, 10, 0.4, 0.4+widestNoise), chanceSize); !rejected {
		t.Error("10 delays that differ by the leeway are not rejected")
	}
}

// Who would be said to grow would be blamed 99 times in 100 if it did not.
func TestGrowthIsOnlyAcknowledgedWhereItsLackWouldShow(t *testing.T) {
	const runs = 4000
	for _, leeway := range []float64{0, 0.1} { // as a share of the first window
		for n := 2; n < 30; n++ {
			rng := rand.New(rand.NewPCG(uint64(n), 5))
			var places []place
			blamed := 0
			for range runs {
				places = places[:0]
				for i := range n {
					grown := math.Pow(2, float64(min(i, 5)))
					u := (rng.Float64() + leeway) / grown
					places = append(places, place{low: u, high: min(u, 1), grown: grown, noise: leeway / grown})
				}
				if tooShort(places, chanceSize) {
					blamed++
				}
			}
			if power := float64(blamed) / runs; showGrowth(places) && power < 0.98 {
				t.Errorf("%d delays with a leeway of %.1f: growth is acknowledged, but only %.3f of those that do not grow are blamed", n, leeway, power)
			}
		}
	}
}
