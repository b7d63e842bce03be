package main_test

import (
	"fmt"
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

func count(texts []string) map[string]int {
	n := map[string]int{}
	for _, s := range texts {
		n[s]++
	}
	return n
}
