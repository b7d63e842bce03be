package report

import (
	"fmt"
	"slices"
	"time"
)

// What the time axis of a diagram is made of, in px.
const (
	pitch    = 27.0  // between two events, at least
	usual    = 54.0  // a usual pause
	foldFrom = 150.0 // a pause that would be higher than this is folded
	folded   = 66.0  // how high a folded pause is
	labelled = 40.0  // a pause as high as this says how long it is
)

// axis gives each row of a diagram its place. Pauses are to scale, except that events
// are drawn apart where they came too close, and long pauses are folded.
type axis struct {
	scale float64 // px a second; 0 if there are no pauses
	at    []time.Duration
	y     []float64
	fold  []bool // whether the pause before a row is folded
}

// newAxis lays out events that happened at these times. The first is at top. breaks are
// the rows before which events are left out.
func newAxis(at []time.Duration, breaks map[int]bool, top float64) axis {
	a := axis{at: at, y: make([]float64, len(at)), fold: make([]bool, len(at))}
	if unit := usualPause(at); unit > 0 {
		a.scale = usual / unit.Seconds()
	}
	y := top
	for i := range at {
		if i > 0 {
			height := a.scale * (at[i] - at[i-1]).Seconds()
			switch {
			case breaks[i]:
				height = folded
			case height > foldFrom:
				height, a.fold[i] = folded, true
			}
			y += max(height, pitch)
		}
		a.y[i] = y
	}
	return a
}

// usualPause is the median of the pauses that are not just the distance between a
// question and its answer.
func usualPause(at []time.Duration) time.Duration {
	var pauses []time.Duration
	var longest time.Duration
	for i := 1; i < len(at); i++ {
		pauses = append(pauses, at[i]-at[i-1])
		longest = max(longest, at[i]-at[i-1])
	}
	pauses = slices.DeleteFunc(pauses, func(d time.Duration) bool { return d < max(longest/100, 1) })
	if len(pauses) == 0 {
		return 0
	}
	slices.Sort(pauses)
	return pauses[(len(pauses)-1)/2]
}

// caption says how time is drawn.
func (a axis) caption() string {
	if a.scale == 0 {
		return "Everything happened at the same instant."
	}
	text := fmt.Sprintf("Time runs down, to scale: %.0f px are %s. Events closer than that of %.0f px are drawn apart", usual,
		span(time.Duration(usual/a.scale*float64(time.Second))), pitch)
	folds := 0
	for _, f := range a.fold {
		if f {
			folds++
		}
	}
	if folds > 0 {
		text += fmt.Sprintf("; %s folded", count(folds, "long pause"))
	}
	return text + "."
}
