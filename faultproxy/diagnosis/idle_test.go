package diagnosis_test

import (
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// The borders of the window in which a silence is nginx's default: its lazy timer
// fires up to 300 ms early, and 60 ms are allowed to the recorder.
func TestIdleBoundaries(t *testing.T) {
	tests := []struct {
		idle  time.Duration
		known bool
	}{
		{58900 * ms, false}, {58940 * ms, true}, {59639 * ms, true}, {59640 * ms, true}, {60 * sec, true},
		{60063 * ms, true}, {61060 * ms, true}, {61061 * ms, false}, {75 * sec, false},
	}
	for _, tt := range tests {
		r := diagnosis.Diagnose(live(join(chatter(sec, 3*sec, sec), cutByBox(3*sec+tt.idle))...), 1)
		if r.Cause.ID != diagnosis.IDIdleTimeout {
			t.Errorf("idle %v: %s", tt.idle, r.Cause)
		}
		if got := !strings.Contains(r.Cause.Text, "no default of a known middlebox"); got != tt.known {
			t.Errorf("idle %v: matched a known default %t, want %t: %s", tt.idle, got, tt.known, r.Cause)
		}
		if r.Idle.Both != tt.idle || r.Idle.ToServer != tt.idle || r.Idle.ToClient != 3*sec+tt.idle {
			t.Errorf("idle %v: reported %+v", tt.idle, r.Idle)
		}
	}
	// A second beside the default only fits boxes whose error nobody has measured.
	for idle, want := range map[time.Duration]diagnosis.Confidence{60 * sec: diagnosis.High, 60900 * ms: diagnosis.Medium} {
		r := diagnosis.Diagnose(live(join(chatter(sec, 3*sec, sec), cutByBox(3*sec+idle))...), 1)
		if r.Cause.Confidence != want {
			t.Errorf("idle %v: confidence %s, want %s", idle, r.Cause.Confidence, want)
		}
	}
	// nginx's own window ends earlier than that of boxes nobody has measured.
	for idle, want := range map[time.Duration]bool{59639 * ms: false, 59640 * ms: true, 60063 * ms: true, 60064 * ms: false} {
		r := diagnosis.Diagnose(live(join(chatter(sec, 3*sec, sec), cutByBox(3*sec+idle))...), 1)
		if got := strings.Contains(r.Cause.Text, "nginx's proxy_read_timeout"); got != want {
			t.Errorf("idle %v: nginx named %t, want %t: %s", idle, got, want, r.Cause)
		}
	}
	// Under a second a silence counts if it is a round number that stands out.
	for idle, want := range map[time.Duration]diagnosis.ID{
		99 * ms: diagnosis.IDNoCloseFrame, 100 * ms: diagnosis.IDIdleTimeout, 130 * ms: diagnosis.IDNoCloseFrame,
		207 * ms: diagnosis.IDIdleTimeout, 340 * ms: diagnosis.IDNoCloseFrame, 500 * ms: diagnosis.IDIdleTimeout,
		730 * ms: diagnosis.IDNoCloseFrame, 1017 * ms: diagnosis.IDIdleTimeout,
	} {
		r := diagnosis.Diagnose(live(join(chatter(41*ms, 1722*ms, 41*ms), cutByBox(1722*ms+idle))...), 1)
		if r.Cause.ID != want {
			t.Errorf("idle %v: %s, want %s", idle, r.Cause, want)
		}
	}
}

// Nothing came either way: then a timer that only bytes of one direction restart may have
// ended it as well, if no other has that default.
func TestIdleOneWayTimersOnSilence(t *testing.T) {
	for _, c := range []struct {
		idle time.Duration
		said string
	}{
		{10 * time.Minute, "no bytes from the server for 10 min 0 s, then FIN without a close frame: an idle timeout; CloudFront's idle limit defaults to 10 min"},
		{6 * time.Minute, "lighttpd's server.max-write-idle defaults to 6 min"},
		{60 * sec, "nginx's proxy_read_timeout defaults to 60 s"},
		{8 * time.Minute, "no default of a known middlebox"},
	} {
		r := diagnosis.Diagnose(live(cutByBox(c.idle)...), 1)
		if r.Cause.ID != diagnosis.IDIdleTimeout || !strings.Contains(r.Cause.Text, c.said) {
			t.Errorf("silent for %v: %s, want %q", c.idle, r.Cause, c.said)
		}
	}
	// The server fell silent long before the client did: the silence of both is 9 minutes.
	r := diagnosis.Diagnose(live(join([]step{at(time.Minute, send(toS, passed, frame.Text("x")))}, cutByBox(10*time.Minute))...), 1)
	if strings.Contains(r.Cause.Text, "CloudFront") {
		t.Errorf("9 minutes without a byte: %s", r.Cause)
	}
}

// What counts as activity: bytes that arrived from a peer.
func TestIdleCountsWhatArrives(t *testing.T) {
	tests := []struct {
		name string
		ev   timeline.Event
		idle time.Duration
	}{
		{"a message", say("x"), 5 * sec},
		{"a ping", send(toC, passed, frame.Ping(nil)), 5 * sec},
		{"a message that was dropped", send(toS, arrived, frame.Text("x")), 5 * sec},
		{"an injected message", send(toC, left, frame.Text("x")), 10 * sec},
		{"the beginning of a message", start(toC, frame.Header{Fin: true, Opcode: frame.OpText, Length: 9, Size: 2}), 5 * sec},
		{"bytes that are no frames", timeline.Event{Kind: timeline.KindBytes, Dir: toC, Seen: passed, Count: 9}, 5 * sec},
		{"a fault", timeline.Event{Kind: timeline.KindFault}, 10 * sec},
	}
	for _, tt := range tests {
		r := diagnosis.Diagnose(live(join([]step{at(5*sec, tt.ev)}, cutByBox(10*sec))...), 1)
		if r.Idle.Both != tt.idle {
			t.Errorf("%s: idle %v, want %v", tt.name, r.Idle.Both, tt.idle)
		}
	}
}

// merge puts recordings of several connections in order of time.
func merge(recordings ...diagnosis.Events) diagnosis.Events {
	var all diagnosis.Events
	next := make([]int, len(recordings))
	for {
		best := -1
		for i, r := range recordings {
			if next[i] < len(r) && (best < 0 || r[next[i]].At < recordings[best][next[best]].At) {
				best = i
			}
		}
		if best < 0 {
			return all
		}
		ev := recordings[best][next[best]]
		ev.Seq = len(all) + 1
		all = append(all, ev)
		next[best]++
	}
}

func TestLifetimesThatRepeat(t *testing.T) {
	// Cut at 7.33 s whatever the traffic: no round number, no known default.
	die := func(n int, start, last time.Duration) diagnosis.Events {
		return conn(n, start, open(join(chatter(100*ms, last, 100*ms), serverGone(7330*ms))...)...)
	}
	reports := diagnosis.All(merge(die(1, 0, 7*sec), die(2, 8*sec, 5*sec), die(3, 20*sec, 6100*ms)))
	if len(reports) != 3 {
		t.Fatalf("%d reports, want 3", len(reports))
	}
	for i, r := range reports {
		if r.Conn != i+1 || r.Cause.ID != diagnosis.IDMaxLifetime || r.Cause.Confidence != diagnosis.High ||
			!strings.Contains(r.Cause.Text, "2 other connections ended at the same age") {
			t.Errorf("%s", r)
		}
	}
	if r := diagnosis.Diagnose(die(1, 0, 7*sec), 1); r.Cause.ID != diagnosis.IDNoCloseFrame {
		t.Errorf("alone it is no lifetime: %s", r)
	}
	// Equal in age and silence: nothing tells the two explanations apart.
	for _, r := range diagnosis.All(merge(die(1, 0, 7*sec), die(2, 8*sec, 7*sec))) {
		if r.Cause.ID != diagnosis.IDNoCloseFrame {
			t.Errorf("the same thing twice proves no lifetime: %s", r)
		}
	}
}

func TestSilencesThatRepeat(t *testing.T) {
	// Cut after 7.3 s of silence, at different ages.
	die := func(n int, start, last time.Duration) diagnosis.Events {
		return conn(n, start, open(join(chatter(100*ms, last, 100*ms), serverGone(last+7300*ms))...)...)
	}
	reports := diagnosis.All(merge(die(1, 0, 2*sec), die(2, 8*sec, 5*sec)))
	for _, r := range reports {
		if r.Cause.ID != diagnosis.IDIdleTimeout || r.Cause.Confidence != diagnosis.Medium ||
			!strings.Contains(r.Cause.Text, "1 other connection ended after the same silence") {
			t.Errorf("%s", r)
		}
		if !strings.Contains(r.Cause.Advice, "about 7.3 s") {
			t.Errorf("advice: %s", r.Cause.Advice)
		}
	}
	if r := diagnosis.Diagnose(die(1, 0, 2*sec), 1); r.Cause.ID != diagnosis.IDNoCloseFrame || r.Cause.Confidence != diagnosis.Medium {
		t.Errorf("alone it is no idle timeout: %s", r)
	}
}
