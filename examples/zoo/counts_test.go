package zoo_test

import (
	"fmt"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// count is a matcher of how often something happened, on a server, a connection or a
// view.
type count struct {
	what     string
	of       func(*timeline.View) int
	min, max int
	was      int
}

// between says how often it may have happened.
func (c *count) between(least, most int) *count {
	c.min, c.max = least, most
	return c
}

// Match counts.
func (c *count) Match(actual any) (bool, error) {
	seen, ok := actual.(timeline.Viewer)
	if !ok {
		return false, fmt.Errorf("%T has no timeline", actual)
	}
	v := seen.View()
	c.was = c.of(v)
	return v.Begun() && c.min <= c.was && c.was <= c.max, nil
}

// FailureMessage says how often it happened, and how often it should have.
func (c *count) FailureMessage(any) string {
	return fmt.Sprintf("%s: %d, expected %s", c.what, c.was, c.wish())
}

// NegatedFailureMessage says how often it happened.
func (c *count) NegatedFailureMessage(any) string {
	return fmt.Sprintf("%s: %d, expected anything but %s", c.what, c.was, c.wish())
}

func (c *count) wish() string {
	switch {
	case c.min == c.max:
		return fmt.Sprint(c.min)
	case c.max == many:
		return fmt.Sprintf("at least %d", c.min)
	}
	return fmt.Sprintf("%d to %d", c.min, c.max)
}

const many = 1 << 30

// haveConnected is about the connections that got a 101: n, no more and no less.
func haveConnected(n int) *count { return happened("connections", timeline.Opened).between(n, n) }

// haveSent is about frames from the client, haveReceived about frames to it: at
// least one.
func haveSent(m frame.Match) *count {
	return happened("sent "+m.String(), frame.AllOf(frame.Toward(frame.ToServer), m))
}

func haveReceived(m frame.Match) *count {
	return happened("received "+m.String(), frame.AllOf(frame.Toward(frame.ToClient), m))
}

// haveHeartbeats is about the client's beats: at least one.
func haveHeartbeats(d heartbeat.Dialect) *count {
	return happened("heartbeats", frame.AllOf(frame.Toward(frame.ToServer), d.Beats()))
}

// haveReported is about what the client program said of itself: at least once.
func haveReported(name string) *count {
	return happened("reports of "+name, timeline.Reported(name))
}

func happened(what string, on frame.Trigger) *count {
	return &count{what: what, min: 1, max: many, of: func(v *timeline.View) (n int) {
		for e := range v.All() {
			if timeline.Selects(on, e) {
				n++
			}
		}
		return n
	}}
}

// haveLive is about the connections that are open, with no FIN from the client and
// no RST either way: n, no more and no less.
func haveLive(n int) *count {
	return &count{what: "live connections", min: n, max: n, of: func(v *timeline.View) int {
		live := map[int]bool{}
		for e := range v.All() {
			switch {
			case e.Kind == timeline.KindOpened:
				live[e.Conn] = true
			case e.Kind == timeline.KindFIN && e.Dir == frame.ToServer, e.Kind == timeline.KindRST, e.Kind == timeline.KindEnded:
				delete(live, e.Conn)
			}
		}
		return len(live)
	}}
}
