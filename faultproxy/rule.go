package faultproxy

import (
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Rule says when, on which connections, and what: it hangs a [Fault] on a
// trigger. The zero value of every field but Do is useful. Rules are asked in the
// order they were added; they match frames as they arrived, and edit the delivery
// in turn.
type Rule struct {
	// Name identifies the rule on the timeline and for [Proxy.Remove]. Empty: made
	// from the fault, such as "drop" or "drop-2".
	Name string
	// On is the trigger: a frame.Match, Accepted, Requested, Responded,
	// timeline.Opened, Elapsed, Every, Idle or At. nil: the one handshake moment the
	// fault can act at, or always, for faults of the path such as Latency and Rate.
	On frame.Trigger
	// Conns limits the rule to some connections. Zero: all.
	Conns Conns
	// Skip lets the first n occurrences pass. Times ends the rule after n firings;
	// 0 is without end. OneIn fires by chance once in n occurrences; 0 and 1 always.
	Skip, Times, OneIn int
	// Spare lets every so many occurrences pass, counted behind those that Skip lets
	// pass: with 3 the first two fire, the third passes. 0: none.
	Spare int
	// Count says over what Skip, Times and Spare count. Zero: over the proxy for
	// handshake moments, over the connection for frames and times.
	Count Scope
	// After and For are the window in which the rule is armed, counted from when
	// it was added. Zero: at once, and without end.
	After, For time.Duration
	// Expect says what a test wants of the rule. A rule that Expect: Fired and
	// never fired fails the test when the proxy closes.
	Expect Expectation
	// Final keeps the rules after this one from the same frame or moment, once it fired.
	Final bool
	// Do is the fault.
	Do Fault
}

// Scope says over what a rule's counters count.
type Scope uint8

// The scopes of a rule's counters.
const (
	CountDefault       Scope = iota // see Rule.Count
	CountPerConnection              // each connection has its own count
	CountPerProxy                   // one count for all connections
)

// Expectation is what a test wants of a rule.
type Expectation uint8

// What can be expected of a rule.
const (
	ExpectNothing Expectation = iota // it may fire or not
	Fired                            // it must have fired when the proxy closes
)

// Conns selects connections. All conditions that are set must hold; the zero
// value selects all.
type Conns struct {
	// From and To are numbers of upgrade attempts, counted from 1, both included.
	// From 0 is 1; To 0 is without end.
	From, To int
	// Every selects every so many: 3 is the third, the sixth and so on. 0 and 1: all.
	Every int
	// Percent selects that share of them, 1 to 99, each by chance: the seed, the rule's
	// name and the connection's number decide. 0: all.
	Percent int
	// Path is a pattern of path.Match for the request's path. Empty: any.
	Path string
	// Header names request headers and the values they must have (an empty value:
	// the header must be there). nil: any.
	Header map[string]string
}

// Nth selects the n-th upgrade attempt.
func Nth(n int) Conns { return Conns{From: n, To: n} }

// String says what is selected, such as "connection 2" or "connections 2-4 on /ws".
func (c Conns) String() string {
	s := "all connections"
	switch {
	case c.From > 0 && c.From == c.To:
		s = fmt.Sprintf("connection %d", c.From)
	case c.To > 0:
		s = fmt.Sprintf("connections %d-%d", max(c.From, 1), c.To)
	case c.From > 1:
		s = fmt.Sprintf("connections from %d", c.From)
	}
	if c.Every > 1 {
		s += fmt.Sprintf(", every %d", c.Every) + ordinal(c.Every)
	}
	if c.Percent > 0 {
		s += fmt.Sprintf(", %d %% of them", c.Percent)
	}
	if c.Path != "" {
		s += " on " + c.Path
	}
	for _, k := range slices.Sorted(maps.Keys(c.Header)) {
		s += fmt.Sprintf(" with %s: %s", k, c.Header[k])
	}
	return s
}

func (c Conns) isZero() bool {
	return c.From == 0 && c.To == 0 && c.Every == 0 && c.Percent == 0 && c.Path == "" && len(c.Header) == 0
}

func (c Conns) validate() error {
	if c.From < 0 || c.To < 0 || c.To > 0 && c.From > c.To {
		return fmt.Errorf("connections %d-%d: count from 1, and upwards", c.From, c.To)
	}
	if c.Every < 0 {
		return fmt.Errorf("connections: every %d is negative", c.Every)
	}
	if c.Percent < 0 || c.Percent > 99 {
		return fmt.Errorf("connections: %d percent; want 1 to 99, or 0 for all", c.Percent)
	}
	if _, err := path.Match(c.Path, "/"); err != nil {
		return fmt.Errorf("connection path %q: %w", c.Path, err)
	}
	return nil
}

func (c Conns) selects(num int, reqPath string, header http.Header) bool {
	if num < c.From || c.To > 0 && num > c.To || c.Every > 1 && num%c.Every != 0 {
		return false
	}
	if c.Path != "" {
		if ok, _ := path.Match(c.Path, reqPath); !ok {
			return false
		}
	}
	for k, v := range c.Header {
		got := header.Values(k)
		if len(got) == 0 || v != "" && !slices.Contains(got, v) {
			return false
		}
	}
	return true
}

// ordinal is what follows a number that counts: 2nd, 3rd, 11th.
func ordinal(n int) string {
	if n%100/10 != 1 {
		switch n % 10 {
		case 1:
			return "st"
		case 2:
			return "nd"
		case 3:
			return "rd"
		}
	}
	return "th"
}

// String describes the whole rule in one line, such as
// "no-pongs: on pong, drop, twice per connection".
func (r Rule) String() string {
	var b strings.Builder
	if r.Name != "" {
		b.WriteString(r.Name + ": ")
	}
	if r.On != nil {
		b.WriteString("on " + r.On.String() + ", ")
	}
	b.WriteString(describe(r.Do))
	if !r.Conns.isZero() {
		b.WriteString(", " + r.Conns.String())
	}
	if r.Skip > 0 {
		fmt.Fprintf(&b, ", after %d let pass", r.Skip)
	}
	if r.OneIn > 1 {
		fmt.Fprintf(&b, ", one in %d", r.OneIn)
	}
	if r.Spare > 0 {
		fmt.Fprintf(&b, ", sparing every %d%s", r.Spare, ordinal(r.Spare))
	}
	if r.Times > 0 {
		fmt.Fprintf(&b, ", %s", times(r.Times))
	}
	switch r.Count {
	case CountPerConnection:
		b.WriteString(" per connection")
	case CountPerProxy:
		b.WriteString(" in all")
	}
	if r.After > 0 {
		fmt.Fprintf(&b, ", armed after %v", r.After)
	}
	if r.For > 0 {
		fmt.Fprintf(&b, ", for %v", r.For)
	}
	if r.Final {
		b.WriteString(", final")
	}
	if r.Expect == Fired {
		b.WriteString(", must fire")
	}
	return b.String()
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

func describe(f Fault) string {
	if f == nil {
		return "do nothing"
	}
	return f.String()
}
