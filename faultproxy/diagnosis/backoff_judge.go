package diagnosis

import (
	"math"
	"slices"
	"time"
)

// Judge compares the attempts of one client, in order, with the model: each delay with
// its window, where the recording shows its number and both its ends; and, where there
// are enough, all of them with the chance that the model wants.
//
// A delay is too short if even the longest that it can have been is, and too long if
// the shortest is. After an answer with Retry-After and after Close 1013 it may be as
// long as was asked. What is open is decided for the client.
//
// Chance is judged by tests that a right client fails once in a million judgements, all
// together. With a leeway of at most an eighth of the windows, 10 delays show that
// there is no jitter, and 22 that it covers no more than half of its window: equal
// instead of full jitter, for example.
func (b Backoff) Judge(attempts []Attempt, leeway Leeway) BackoffVerdict {
	j := judging{model: b, leeway: leeway, attempts: attempts}
	j.run()
	return j.verdict()
}

// judging is the state of a judgement.
type judging struct {
	model    Backoff
	leeway   Leeway
	attempts []Attempt

	gaps   []Gap
	faults []fault
	places []place
	// What the gaps could show, if all is well.
	judged, grew, reset, atCap int
	most                       int // the largest number of a delay that is certain
}

// fault is a gap that missed its window.
type fault struct {
	gap    int
	aspect Aspect
	short  bool
}

func (j *judging) run() {
	if j.model.IsZero() {
		return
	}
	own := numbers{0}
	if len(j.attempts) > 0 && j.attempts[0].Before == DelayNotSeen {
		own = nil
	}
	previous := time.Duration(math.MaxInt64) // unknown
	for i := 1; i < len(j.attempts); i++ {
		from, to := j.attempts[i-1], j.attempts[i]
		g := Gap{From: i - 1, To: i, Least: to.DelayLeast, Most: to.Delay, Unjudged: unjudged(from, to)}
		next := j.model.after(own, from, j.leeway)
		switch {
		case to.Before != DelayMeasured || to.Hidden != "":
			own = nil
		case from.onPurpose: // the next attempt may be a new beginning
			if own = next; len(next) > 0 {
				own = append(numbers{0}, next...)
			}
		case len(next) == 0:
			g.Unjudged = "it is not known how many attempts came before it"
			own = nil
		default:
			own = j.gap(&g, next, previous)
		}
		previous = math.MaxInt64
		if g.Unjudged == "" {
			previous = g.Most
		}
		j.gaps = append(j.gaps, g)
	}
}

// unjudged returns why the gap between two attempts cannot be compared with a window.
func unjudged(from, to Attempt) string {
	switch {
	case to.Before != DelayMeasured:
		return "the attempt before it was not over, as far as the recording shows"
	case to.Hidden != "":
		return to.Hidden
	case from.onPurpose:
		return "the client had closed the connection itself, perhaps on purpose"
	}
	return ""
}

// gap compares a gap with the windows of the numbers it can have, and returns those
// that it fits, or all if it fits none.
func (j *judging) gap(g *Gap, can numbers, previous time.Duration) numbers {
	var fits numbers
	short, long := true, true
	for _, n := range can {
		s, l := j.misses(*g, n, previous)
		if !s && !l {
			fits = append(fits, n)
		}
		short, long = short && s, long && l
	}
	n := can[len(can)-1]
	if len(fits) > 0 {
		n = fits[0]
	}
	g.Low, g.High = j.window(n, previous)
	g.Allowed = allowance(j.attempts, g.From, g.High, j.leeway)
	if len(can) == 1 {
		g.N = n
		j.most = max(j.most, n)
	}
	j.judged++
	if len(fits) == 0 {
		j.faults = append(j.faults, fault{len(j.gaps), j.aspect(*g, can, previous, short, long), short})
		return can
	}
	j.count(*g, can)
	j.sample(*g, previous)
	return fits
}

// window is the model's, with an unknown delay before.
func (j *judging) window(n int, previous time.Duration) (low, high time.Duration) {
	return j.model.Window(n, previous)
}

// misses reports whether a gap is too short, or too long, to be the n-th delay.
func (j *judging) misses(g Gap, n int, previous time.Duration) (short, long bool) {
	low, high := j.window(n, previous)
	from := j.attempts[g.From]
	if from.asksToWait() && from.HasRetryAfter {
		low = min(low, from.RetryAfter) // it may stand for the delay
	}
	most := sum(sum(high, j.leeway.Late), allowance(j.attempts, g.From, high, j.leeway))
	return g.Most < low-j.leeway.Early, g.Least > most
}

// aspect says what a gap breaks that fits none of its numbers.
func (j *judging) aspect(g Gap, can numbers, previous time.Duration, short, long bool) Aspect {
	fits := func(n int) bool {
		s, l := j.misses(g, n, previous)
		return !s && !l
	}
	opened := j.attempts[g.From].Opened
	switch {
	case short && opened && j.model.ResetAfter > 0 && fits(1):
		return AspectReset
	case short && !opened && slices.ContainsFunc(upTo(can[0]-1), fits):
		return AspectGrowth
	case long && j.overCap(g):
		return AspectCap
	case long && opened && j.model.ResetAfter > 0 && slices.Equal(can, numbers{1}) && slices.ContainsFunc(upTo(j.most+1), fits):
		return AspectReset
	}
	return AspectDelay
}

// overCap reports whether a gap is longer than the longest delay there is.
func (j *judging) overCap(g Gap) bool {
	if j.model.Max == 0 {
		return false
	}
	most := j.model.Max
	if j.model.Jitter == ProportionalJitter {
		most = scaled(most, 1+j.model.Share)
	}
	return g.Least > sum(sum(max(most, j.model.Initial), j.leeway.Late), g.Allowed)
}

func upTo(n int) numbers {
	var list numbers
	for i := 1; i <= n; i++ {
		list = append(list, i)
	}
	return list
}

// count notes what a gap that is in its window would have shown if it were not.
func (j *judging) count(g Gap, can numbers) {
	if len(can) > 1 {
		return
	}
	n := can[0]
	room := j.leeway.Early + j.leeway.Late
	apart := func(less, more int) bool {
		_, high := j.model.Window(less, 0)
		low, _ := j.model.Window(more, 0)
		return low > sum(high, room)
	}
	opened := j.attempts[g.From].Opened
	switch {
	case opened && n == 1 && j.most > 1 && apart(1, j.most), opened && n > 1 && apart(1, n):
		j.reset++
	case !opened && n > 1 && apart(n-1, n):
		j.grew++
	}
	if j.model.Max > 0 && sum(g.Most, j.leeway.Early) >= scaled(j.model.Max, 0.5) && g.High >= j.model.Max {
		j.atCap++
	}
}

// sample notes where a gap lies in its window, if that is wide enough to tell.
func (j *judging) sample(g Gap, previous time.Duration) {
	if g.N == 0 || j.attempts[g.From].asksToWait() || g.Most == 0 && g.Least == 0 && g.High == 0 {
		return
	}
	low, high := g.Low, g.High
	blur := j.leeway.Early + j.leeway.Late + g.Most - g.Least + g.Allowed
	if j.model.Kind == BackoffDecorrelated && (j.model.Initial == 0 || g.N > 1) {
		if previous == math.MaxInt64 && g.N > 1 {
			return
		}
		blur = scaled(blur, j.model.factor())
		if high == j.model.Max && sum(g.Most, j.leeway.Late) >= high {
			return // cut off at the cap; those below it are spread evenly
		}
	}
	width := float64(high - low)
	if width <= 0 || float64(blur) > widestNoise*width {
		return
	}
	share := func(d time.Duration) float64 { return min(max(float64(d-low)/width, 0), 1) }
	_, first := j.model.Window(1, 0)
	if j.model.Initial > 0 {
		_, first = j.model.Window(2, 0)
	}
	grown := 1.0
	if first > 0 {
		grown = max(float64(high)/float64(first), 1)
	}
	j.places = append(j.places, place{
		gap: len(j.gaps), low: share(g.Least - j.leeway.Late - g.Allowed), high: share(g.Most + j.leeway.Early),
		noise: float64(blur) / width, grown: grown,
	})
}
