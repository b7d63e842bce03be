package diagnosis_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestConnectionsThatAreCutTogether(t *testing.T) {
	// All end at 20.123 s, each at an age and after a silence of its own.
	die := func(n int, start, last time.Duration) diagnosis.Events {
		return conn(n, start, open(join(chatter(100*ms, last, 300*ms), serverGone(20123*ms-start))...)...)
	}
	three := []diagnosis.Events{die(1, 0, 19*sec), die(2, 3*sec, 13*sec), die(3, 7*sec, 12*sec)}
	for n, want := range map[int]diagnosis.Confidence{1: 0, 2: diagnosis.Medium, 3: diagnosis.High} {
		for _, r := range diagnosis.All(merge(three[:n]...)) {
			if together := r.Cause.ID == diagnosis.IDRestart; together != (n > 1) || together && r.Cause.Confidence != want {
				t.Errorf("%d connections: %s", n, r)
			}
		}
	}
	// Half a second apart they have nothing in common.
	apart := conn(2, 3*sec, open(join(chatter(100*ms, 13*sec, 300*ms), serverGone(17623*ms))...)...)
	for _, r := range diagnosis.All(merge(three[0], apart)) {
		if r.Cause.ID == diagnosis.IDRestart {
			t.Errorf("half a second apart: %s", r)
		}
	}
	// Silent since the same moment, and cut at the same one: by a timer.
	silent := func(n int, start time.Duration) diagnosis.Events {
		return conn(n, start, open(join(chatter(100*ms, 12793*ms-start, 300*ms), []step{at(12793*ms-start, hear("to all"))}, serverGone(20123*ms-start))...)...)
	}
	for _, r := range diagnosis.All(merge(silent(1, 0), silent(2, 3*sec))) {
		if r.Cause.ID != diagnosis.IDIdleTimeout || !strings.Contains(r.Cause.Text, "silences are constant, lifetimes are not") {
			t.Errorf("silent since the same moment: %s", r)
		}
	}
	// A client that leaves at that moment was not cut.
	left := conn(2, 3*sec, open(join(chatter(100*ms, 13*sec, 300*ms), []step{at(17123*ms, fin(toS, passed))})...)...)
	if r := diagnosis.Diagnose(merge(three[0], left), 1); r.Cause.ID != diagnosis.IDNoCloseFrame {
		t.Errorf("beside a client that left: %s", r)
	}
}

func TestClosesAtTheSameAge(t *testing.T) {
	die := func(n int, start, last time.Duration, code int) diagnosis.Events {
		closing := serverCloses(1001, "")
		if code != 1001 {
			closing = serverCloses(1013, "")
		}
		return conn(n, start, open(join(chatter(100*ms, last, 100*ms), []step{at(9870*ms, closing)}, finAfter(9870*ms))...)...)
	}
	reports := diagnosis.All(merge(die(1, 0, 2*sec, 1001), die(2, 20*sec, 5*sec, 1001)))
	for _, r := range reports {
		if r.Cause.ID != diagnosis.IDMaxLifetime || r.Cause.Confidence != diagnosis.Medium || !strings.Contains(r.Cause.Text, "at an age of 9.9 s, as 1 other connection") {
			t.Errorf("%s", r)
		}
	}
	cut := conn(2, 20*sec, open(join(chatter(100*ms, 5*sec, 100*ms), serverGone(9870*ms))...)...)
	if r := diagnosis.Diagnose(merge(die(1, 0, 2*sec, 1001), cut), 1); r.Cause.ID != diagnosis.IDRestart {
		t.Errorf("beside one that was cut without a Close: %s", r)
	}
	for _, r := range diagnosis.All(merge(die(1, 0, 2*sec, 1013), die(2, 20*sec, 5*sec, 1013))) {
		if r.Cause.ID != diagnosis.IDCloseByServer {
			t.Errorf("a code that says why: %s", r)
		}
	}
	for _, r := range diagnosis.All(merge(die(1, 0, 2*sec, 1001), die(2, 20*sec, 2*sec, 1001))) {
		if r.Cause.ID != diagnosis.IDRestart {
			t.Errorf("equal in age and silence: %s", r)
		}
	}
}

// atServer is a recording as a server writes it: what arrives there, and what leaves.
func atServer(events diagnosis.Events) diagnosis.Events {
	var kept diagnosis.Events
	for _, ev := range slices.Clone(events) {
		ev.Vantage = timeline.AtServer
		switch {
		case ev.Kind == timeline.KindDialed:
			continue
		case ev.Kind == timeline.KindClosed && ev.Dir == toS:
			continue
		case ev.Kind.Travels() && ev.Dir == toS:
			ev.Seen = timeline.Arrived
		case ev.Kind.Travels():
			ev.Seen = timeline.Left
		}
		kept = append(kept, ev)
	}
	return kept
}

func TestWhatAServerRecordedIsDiagnosedAsWell(t *testing.T) {
	tests := []struct {
		name   string
		events diagnosis.Events
		id     diagnosis.ID
		by     diagnosis.Party
	}{
		{"its own timer", live(join(chatter(sec, 3*sec, sec), serverGone(63*sec))...), diagnosis.IDIdleTimeout, diagnosis.Network},
		{"its own FIN", live(join(chatter(100*ms, 3300*ms, 100*ms), serverGone(3370*ms))...), diagnosis.IDNoCloseFrame, diagnosis.Server},
		{"its own close(2)", live(join(chatter(100*ms, 3300*ms, 100*ms), []step{at(3370*ms, closed(toC)), at(3370*ms, ended())})...), diagnosis.IDNoCloseFrame, diagnosis.Server},
		{"its own reset", live(join(chatter(100*ms, 3300*ms, 100*ms), []step{at(3370*ms, rst(toC, passed)), at(3370*ms, ended())})...), diagnosis.IDResetByServer, diagnosis.Server},
		{"the client's heartbeat", live(ping(sec, "1"), pong(1010*ms, "1"), ping(2*sec, "2"), at(4*sec, clientCloses(4000, "")), at(4*sec, fin(toS, passed)), at(4*sec, ended())), diagnosis.IDHeartbeatTimeout, diagnosis.Client},
		{"its own Close", live(join([]step{at(sec, serverCloses(1012, "")), at(sec, clientCloses(1012, ""))}, finAfter(sec))...), diagnosis.IDRestart, diagnosis.Server},
		{"a client that broke the protocol", live(at(sec, raw(toS, passed, reservedOpcode)), at(sec, serverCloses(1002, "")), at(sec, fin(toC, passed)), at(sec, ended())), diagnosis.IDProtocolError, diagnosis.Server},
		{"its own 101", one(at(0, headed()), at(ms, switching("Upgrade")), at(ms, opened()), at(2*ms, fin(toS, passed)), at(2*ms, ended())), diagnosis.IDHandshakeBroken, diagnosis.Client},
		{"its own end before the 101", one(at(0, headed()), at(ms, fin(toC, passed)), at(2*ms, ended())), diagnosis.IDHandshakeCut, diagnosis.Server},
	}
	for _, tt := range tests {
		recording := atServer(tt.events)
		if r := diagnosis.Diagnose(recording, 1); r.Cause.ID != tt.id || r.EndedBy != tt.by {
			t.Errorf("%s: got %s by %s, want %s by %s\n%s", tt.name, r.Cause.ID, r.EndedBy, tt.id, tt.by, r)
		}
		// With a proxy's events beside them the proxy's count, whose numbers they have.
		both := append(slices.Clone(recording), live(at(sec, hear("a")), at(3*sec, say("b")))...)
		if r := diagnosis.Diagnose(both, 1); r.How != diagnosis.StillOpen {
			t.Errorf("%s: what a server saw counts beside what a proxy saw: %s", tt.name, r)
		}
	}
}
