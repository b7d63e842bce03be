package main_test

import (
	"slices"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/internal/realparts"
)

// played is a case after it was played.
type played struct {
	clientCase
	proxy *proxy
	log   realparts.Log
}

// againstBinary plays every case, all at once, each through a binary of its own
// with the embedded server behind it.
func againstBinary(t *testing.T, bin string, browser bool, play func(testing.TB, []realparts.Scenario) []realparts.Log) {
	var cases []*played
	for _, c := range clientCases {
		if browser || !c.browserOnly {
			cases = append(cases, &played{clientCase: c})
		}
	}
	again := cases
	for range rounds {
		scenarios := make([]realparts.Scenario, len(again))
		for i, c := range again {
			c.proxy = start(t, bin, c.args...)
			scenarios[i] = c.scenario
			scenarios[i].URL = c.proxy.url()
		}
		for i, log := range play(t, scenarios) {
			again[i].log = log
		}
		again = slices.DeleteFunc(slices.Clone(again), func(c *played) bool { return len(c.off()) == 0 })
		if len(again) == 0 {
			break
		}
	}
	for _, c := range cases {
		t.Run(c.name, c.judge)
	}
}

// off returns the measures that are off.
func (c *played) off() []measure {
	if c.times == nil {
		return nil
	}
	return slices.DeleteFunc(c.times(c.log, c.proxy), func(m measure) bool { return !m.off() })
}

func (c *played) judge(t *testing.T) {
	defer func() {
		if t.Failed() {
			t.Logf("the client saw\n%s", c.log)
		}
	}()
	if len(c.log.Of(realparts.Open)) == 0 {
		t.Fatal("the socket never opened")
	}
	closed := map[int]closing{}
	for _, e := range c.log.Of(realparts.Close) {
		closed[e.Attempt] = closing{e.Code, e.Reason, e.WasClean}
	}
	var cause string
	for i, want := range c.closings {
		attempt := i + 1
		got, said := closed[attempt]
		// ws has no close event for an attempt whose refusal it lets us read.
		if said && got != want {
			t.Errorf("attempt %d: the client says %v, want %v", attempt, got, want)
		}
		if !said && attempt == len(c.closings) {
			t.Errorf("attempt %d: the client saw no close", attempt)
		}
		end, err := c.proxy.end(attempt)
		if err != nil {
			t.Fatal(err)
		}
		if line := (closing{end.Code, end.Reason, end.WasClean}); line != want {
			t.Errorf("connection %d: the ended line says %v, want %v", attempt, line, want)
		}
		cause = end.Cause
	}
	if c.cause != "" && cause != c.cause {
		t.Errorf("cause %q, want %q", cause, c.cause)
	}
	if c.check != nil {
		c.check(t, c.log, c.proxy)
	}
	if c.times == nil {
		return
	}
	for _, m := range c.times(c.log, c.proxy) {
		if m.off() {
			t.Errorf("in the last of %d rounds it took %v %s, want %v, no more than %v less or %v more", rounds, m.got, m.what, m.want, tolerance, tolerance+m.slack)
		} else {
			t.Logf("took %v %s", m.got.Round(100*time.Microsecond), m.what)
		}
	}
}

// between is the time, on the proxy's clock, from the last event of a kind of
// connection 1 to the first event after it that is one of the others. It is
// negative if there are none.
func (p *proxy) between(from string, to ...string) time.Duration {
	if _, err := p.end(1); err != nil {
		return -1
	}
	events := slices.DeleteFunc(p.all(), func(e event) bool { return e.Conn != 1 })
	begun := -1.0
	took := time.Duration(-1)
	for _, e := range events {
		switch {
		case e.Event == from:
			begun, took = e.T, -1
		case begun >= 0 && took < 0 && slices.Contains(to, e.Event):
			took = time.Duration((e.T - begun) * float64(time.Second))
		}
	}
	return took
}

// sinceFirst is the time, on the client's clock, from the first event of a type
// to the last event of all. It is negative if there is none.
func sinceFirst(log realparts.Log, typ string) time.Duration {
	of := log.Of(typ)
	if len(of) == 0 {
		return -1
	}
	return log[len(log)-1].At - of[0].At
}
