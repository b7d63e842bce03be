package main_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/internal/realparts"
)

// closing is what a client says of the end of a connection, and what the ended
// line says of it.
type closing struct {
	Code     int
	Reason   string
	WasClean bool
}

func (c closing) String() string {
	return fmt.Sprintf("%d %q wasClean=%t", c.Code, c.Reason, c.WasClean)
}

var abnormal = closing{Code: 1006}

// clientCase is one fault of the binary, met by a client.
type clientCase struct {
	name     string
	args     []string
	scenario realparts.Scenario
	closings []closing // of the attempts, in order
	cause    string    // of the last ended line
	check    func(t *testing.T, log realparts.Log, p *proxy)
	times    func(log realparts.Log, p *proxy) []measure
	// browserOnly marks what only a browser accepts: Node's ws and gorilla refuse
	// such a close code, and the ended line speaks of browsers.
	browserOnly bool
}

// measure is a time that was measured and what it should be.
type measure struct {
	what      string
	got, want time.Duration
	slack     time.Duration // how much more than tolerance it may be late
}

// The proxy's own times must be within tolerance of what was asked for. A
// client's clock also sees how late a busy machine lets it run: up to slack more.
const (
	tolerance = 50 * time.Millisecond
	slack     = 150 * time.Millisecond
)

func (m measure) off() bool {
	return m.got < m.want-tolerance || m.got > m.want+tolerance+m.slack
}

// rounds is how often a case is played whose times are off, at most. A busy
// machine can spoil one measurement; a wrong time stays wrong.
const rounds = 3

var clientCases = []clientCase{
	{
		name:     "idle timeout",
		args:     []string{"--idle-timeout", "1s"},
		scenario: realparts.Scenario{Send: []string{"hello"}},
		closings: []closing{abnormal},
		cause:    "idle-timeout",
		check: func(t *testing.T, log realparts.Log, _ *proxy) {
			if got := strings.Join(log.Texts(realparts.Message), " "); got != "hello" {
				t.Errorf("messages %q, want the echo", got)
			}
		},
		times: func(log realparts.Log, p *proxy) []measure {
			return []measure{
				{"from the last frame to the end, on the proxy's clock", p.between("frame", "fin", "rst", "closed", "ended"), time.Second, 0},
				{"from the echo to the close event, on the client's clock", sinceFirst(log, realparts.Message), time.Second, slack},
			}
		},
	},
	{
		name:     "close 1012",
		args:     []string{"--close", "1012:restart@1s"},
		closings: []closing{{1012, "restart", true}},
		times: func(log realparts.Log, p *proxy) []measure {
			return []measure{
				{"from the opening to the Close, on the proxy's clock", p.between("opened", "frame"), time.Second, 0},
				{"from the open to the close event, on the client's clock", sinceFirst(log, realparts.Open), time.Second, slack},
			}
		},
	},
	{
		name:     "close 4001",
		args:     []string{"--close", "4001:zwölf@300ms"},
		closings: []closing{{4001, "zwölf", true}},
	},
	{
		name:     "close 1000 without a reason",
		args:     []string{"--close", "1000@300ms"},
		closings: []closing{{1000, "", true}},
	},
	{
		name:        "close 999",
		args:        []string{"--close", "999:odd@300ms"},
		closings:    []closing{{999, "odd", true}},
		browserOnly: true,
	},
	{
		name:     "reset",
		args:     []string{"--reset", "@300ms"},
		closings: []closing{abnormal},
	},
	{
		name:     "lifetime",
		args:     []string{"--lifetime", "500ms"},
		scenario: realparts.Scenario{Repeat: []realparts.Repeat{{Text: "busy", Every: 50 * time.Millisecond}}},
		closings: []closing{abnormal},
		times: func(log realparts.Log, p *proxy) []measure {
			return []measure{
				{"from the opening to the end, on the proxy's clock", p.between("opened", "fin", "rst", "closed", "ended"), 500 * time.Millisecond, 0},
				{"from the open to the close event, on the client's clock", sinceFirst(log, realparts.Open), 500 * time.Millisecond, slack},
			}
		},
	},
	{
		name:     "no fault, the client closes",
		scenario: realparts.Scenario{Send: []string{"one", "two"}, CloseAfter: 300 * time.Millisecond, CloseCode: 4001, CloseReason: "bye"},
		closings: []closing{{4001, "bye", true}},
		check: func(t *testing.T, log realparts.Log, _ *proxy) {
			if got := strings.Join(log.Texts(realparts.Message), " "); got != "one two" {
				t.Errorf("messages %q, want the echoes", got)
			}
		},
	},
	{
		name: "drop pongs",
		args: []string{"--drop-pongs"},
		scenario: realparts.Scenario{
			Repeat:    []realparts.Repeat{{Text: "ping", Every: 200 * time.Millisecond}, {Text: "data", Every: 150 * time.Millisecond}},
			PingEvery: 200 * time.Millisecond, CloseAfter: 1500 * time.Millisecond, CloseCode: 1000,
		},
		closings: []closing{{1000, "", true}},
		check:    beatsUnanswered,
	},
	{
		name:     "reject twice",
		args:     []string{"--reject", "503x2"},
		scenario: realparts.Scenario{Attempts: 5, CloseAfter: 100 * time.Millisecond, CloseCode: 1000},
		closings: []closing{abnormal, abnormal, {1000, "", true}},
		check:    thirdIn,
	},
	{
		name:     "reject twice, the client keeps its TCP connection",
		args:     []string{"--reject", "503x2"},
		scenario: realparts.Scenario{Attempts: 5, KeepAlive: true, CloseAfter: 100 * time.Millisecond, CloseCode: 1000},
		closings: []closing{abnormal, abnormal, {1000, "", true}},
		check:    thirdIn,
	},
}

// beatsUnanswered checks --drop-pongs: compression was agreed on, beats went out,
// the server answered them, no answer arrived, and data did.
func beatsUnanswered(t *testing.T, log realparts.Log, p *proxy) {
	if open := log.Of(realparts.Open)[0]; !strings.Contains(open.Extensions, "permessage-deflate") {
		t.Errorf("extensions %q, want permessage-deflate: it was offered", open.Extensions)
	}
	sent, arrived := count(log.Texts(realparts.Sent)), count(log.Texts(realparts.Message))
	if sent["ping"] < 5 || arrived["pong"] != 0 || len(log.Of(realparts.Pong)) != 0 {
		t.Errorf("%d text beats sent, %d answered; %d pings sent, %d answered; want none answered of at least 5",
			sent["ping"], arrived["pong"], len(log.Of(realparts.Ping)), len(log.Of(realparts.Pong)))
	}
	if sent["data"] < 5 || arrived["data"] < sent["data"]-1 {
		t.Errorf("%d data messages sent, %d came back", sent["data"], arrived["data"])
	}
	var answered, protocol int
	for _, e := range p.all() {
		switch {
		case e.Event != "frame" || e.Dir != "to-client" || e.Seen != "arrived":
		case e.Op == "pong":
			protocol++
		case e.Text == "pong":
			answered++
		}
	}
	if answered < sent["ping"]-1 || protocol < len(log.Of(realparts.Ping))-1 {
		t.Errorf("the proxy recorded %d text and %d protocol answers that arrived and went no further; %d and %d were asked for",
			answered, protocol, sent["ping"], len(log.Of(realparts.Ping)))
	}
}

// thirdIn checks --reject 503x2.
func thirdIn(t *testing.T, log realparts.Log, _ *proxy) {
	opens := log.Of(realparts.Open)
	if got := len(log.Of(realparts.Connecting)); got != 3 || len(opens) != 1 || opens[0].Attempt != 3 {
		t.Errorf("%d attempts, opened %v; want the third to open", got, opens)
	}
	for _, e := range log.Of(realparts.Refused) {
		if e.Status != 503 {
			t.Errorf("attempt %d was refused with %d, want 503", e.Attempt, e.Status)
		}
	}
}

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

func count(texts []string) map[string]int {
	n := map[string]int{}
	for _, s := range texts {
		n[s]++
	}
	return n
}
