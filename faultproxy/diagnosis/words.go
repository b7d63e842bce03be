package diagnosis

import (
	"fmt"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// span writes a measured duration: "350 ms", "60.0 s", "2 h 5 min".
func span(d time.Duration) string {
	switch {
	case d < 999500*time.Microsecond:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	case d < 10*time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

// limitWords writes a setting: "30 s", "1.5 s", "10 min", "2 h".
func limitWords(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%d h", int(d.Hours()))
	case d >= 2*time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d >= time.Second:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + " s"
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// The width in which a measured time is a round number, which is narrower for times
// under a second, and by how much nginx's timer may be early.
const (
	exactly = 40 * time.Millisecond
	lazy    = 300 * time.Millisecond
)

// roundUp returns the round number that a timer of d can have been set to. exact
// says that d is that number but for the error of a timer and a recorder.
func roundUp(d time.Duration, by Party) (limit time.Duration, exact bool) {
	if limit = d.Round(grid(d, by)); limit > 0 && near(limit, d, min(exactly, d/25)) {
		return limit, true
	}
	limit = d.Truncate(time.Second)
	if limit < d {
		limit += time.Second
	}
	return limit, false
}

// grid is the step between the round numbers around d. Where an end may have been
// the server's own doing, at a moment that means nothing, it takes a rounder one to
// be no accident.
func grid(d time.Duration, by Party) time.Duration {
	switch {
	case d < time.Second:
		return time.Second / 10
	case by == Network && d < 10*time.Second:
		return time.Second / 2
	case by == Network || d < 10*time.Second:
		return time.Second
	case d < 2*time.Minute:
		return 5 * time.Second
	case d < 10*time.Minute:
		return 10 * time.Second
	}
	return time.Minute
}

// words says what was silent, for how long.
func (s silence) words() string {
	switch s.dir {
	case frame.ToServer:
		return "no bytes from the client for " + span(s.idle)
	case frame.ToClient:
		return "no bytes from the server for " + span(s.idle)
	}
	return "no bytes for " + span(s.idle) + " in either direction"
}

// beatWords says who has to send something against the silence.
func (s silence) beatWords() string {
	switch s.dir {
	case frame.ToServer:
		return "let the client send something"
	case frame.ToClient:
		return "let the server send something (or answer beats)"
	}
	return "beat"
}

// endWords says "FIN without a Close frame".
func endWords(how How) string { return how.String() + " without a close frame" }

// defaults says whose default a number is.
func defaults(boxes []Timeout) string {
	const most = 3
	first := boxes[0]
	s := fmt.Sprintf("%s defaults to %s", possessive(first), limitWords(first.Default))
	var others []string
	for _, t := range boxes[1:] {
		if t.Default == first.Default && len(others) < most {
			others = append(others, t.Name)
		}
	}
	if len(others) > 0 {
		s += " (as do " + strings.Join(others, ", ") + ")"
	}
	return s
}

// possessive says "nginx's proxy_read_timeout".
func possessive(t Timeout) string {
	if t.Setting == "" {
		return t.Name + "'s " + t.Kind.String() + " limit"
	}
	return t.Name + "'s " + t.Setting
}

// orRaise says ", or raise proxy_read_timeout", if the timer can be set.
func (t Timeout) orRaise() string {
	if t.Setting == "" {
		return "; " + t.Name + " lets nobody raise it"
	}
	return ", or raise " + t.Setting
}

// connections says "1 other connection".
func connections(n int) string {
	if n == 1 {
		return "1 other connection"
	}
	return fmt.Sprintf("%d other connections", n)
}
