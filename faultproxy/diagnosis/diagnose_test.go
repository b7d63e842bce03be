package diagnosis_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestKnownTimeoutsAreComplete(t *testing.T) {
	for _, k := range diagnosis.KnownTimeouts() {
		if k.Name == "" || k.Source == "" {
			t.Errorf("%+v lacks a name or a source", k)
		}
		if (k.Kind == diagnosis.IdleTimer) != (k.ResetBy != 0) {
			t.Errorf("%s %s: kind %s, but reset by %s", k.Name, k.Setting, k.Kind, k.ResetBy)
		}
	}
	list := diagnosis.KnownTimeouts()
	list[0].Default = 1
	if diagnosis.KnownTimeouts()[0].Default == 1 {
		t.Error("a caller can change the table")
	}
}

func TestOtherDialects(t *testing.T) {
	events := live(
		at(sec, say("hb")), at(1010*ms, hear("ack")), at(2*sec, say("hb")),
		at(4*sec, clientCloses(3000, "")), at(4*sec, ended()))
	if r := diagnosis.Diagnose(events, 1); r.Cause.ID == diagnosis.IDHeartbeatTimeout {
		t.Errorf("hb was taken for a beat unasked: %s", r)
	}
	a := diagnosis.Analyzer{Dialects: []heartbeat.Dialect{heartbeat.Text("hb", "ack")}}
	r := a.Diagnose(events, 1)
	if r.Cause.ID != diagnosis.IDHeartbeatTimeout || len(r.Unanswered) != 1 {
		t.Fatalf("%s", r)
	}
	if want := (diagnosis.Beat{Dialect: "text:hb/ack", By: heartbeat.Client, At: 2 * sec}); r.Unanswered[0] != want {
		t.Errorf("unanswered %+v, want %+v", r.Unanswered[0], want)
	}
}

func TestUnansweredBeatsOfBothSides(t *testing.T) {
	r := diagnosis.Diagnose(live(
		at(sec, send(toC, passed, frame.Ping([]byte("s")))),
		at(2*sec, say("ping")),
		at(3*sec, send(toS, passed, frame.Ping([]byte("c")))),
		at(3010*ms, send(toC, passed, frame.Pong([]byte("c")))),
		// This one never reached the server, so the server did not have to answer,
		// but the client waits for it.
		at(4*sec, send(toS, arrived, frame.Ping([]byte("d")))),
		// And this pong never reached the server, which waits for it.
		at(5*sec, send(toC, passed, frame.Ping([]byte("t")))),
		at(5010*ms, send(toS, arrived, frame.Pong([]byte("t")))),
	), 1)
	var got []string
	for _, b := range r.Unanswered {
		got = append(got, b.Dialect+" "+b.By.String()+" "+b.At.String())
	}
	if want := "protocol server 1s, text client 2s, protocol client 4s, protocol server 5s"; strings.Join(got, ", ") != want {
		t.Errorf("unanswered %v, want %s", got, want)
	}
}

// Two fragments are one message: neither is a beat, and together they may be one.
func TestBeatsInFragments(t *testing.T) {
	part := func(fin bool, op frame.Opcode, text string) timeline.Event {
		return send(toS, passed, frame.Frame{Fin: fin, Opcode: op, Payload: []byte(text)})
	}
	a := diagnosis.Analyzer{Dialects: []heartbeat.Dialect{{Name: "own", By: heartbeat.Client, Beat: heartbeat.Form{Match: frame.Equals("hb")}, Answer: heartbeat.Form{Match: frame.Text("ack")}}}}
	r := a.Diagnose(live(
		at(sec, part(false, frame.OpText, "hb")), at(sec, part(true, frame.OpContinuation, " is not what this says")),
		at(2*sec, part(false, frame.OpText, "h")), at(3*sec, part(true, frame.OpContinuation, "b"))), 1)
	if len(r.Unanswered) != 1 || r.Unanswered[0].At != 3*sec {
		t.Errorf("unanswered %+v, want the one at 3 s", r.Unanswered)
	}
}

func TestDeliberate(t *testing.T) {
	tests := []struct {
		name   string
		events diagnosis.Events
		want   string
	}{
		{"the end", live(at(sec, hear("x")), at(61*sec, by("nginx/idle", closed(toS))), at(61*sec, by("nginx/idle", closed(toC))), at(61*sec, ended())),
			"injected by rule nginx/idle"},
		{"the answer to the upgrade", one(at(0, request()), at(0, by("reject", response(left, "503"))), at(ms, ended())), "injected by rule reject"},
		{"a server's script", seenAtServer(live(at(sec, by("Fin()", fin(toC, left))), at(sec, fin(toS, passed)), at(sec, ended()))), "by the server's script: Fin()"},
		{"a server's refusal", seenAtServer(one(at(0, request()), at(0, by("Reject(503)", response(left, "503"))), at(ms, ended()))), "by the server's script: Reject(503)"},
		{"a server's script before", seenAtServer(live(at(sec, by("Freeze()", frozen())), at(2*sec, clientCloses(1000, "")), at(2*sec, ended()))), "the server's script did Freeze() on this connection"},
		{"a server's script did several things", seenAtServer(live(at(sec, by("a", hear("x"))), at(sec, by("b", hear("y"))))), "the server's script did a, b on this connection"},
		{"something before", live(at(sec, by("drop-pongs", send(toC, arrived, frame.Pong(nil)))), at(2*sec, clientCloses(1000, "")), at(2*sec, ended())),
			"rule drop-pongs acted on this connection"},
		{"several", live(at(sec, by("a", hear("x"))), at(sec, by("b", hear("y"))), at(sec, by("a", hear("z")))), "rules a, b acted on this connection"},
		{"a rule that could not act", live(at(sec, by("a", timeline.Event{Kind: timeline.KindNotApplied}))), ""},
		{"nobody", live(cutByBox(sec)...), ""},
	}
	for _, tt := range tests {
		if got := diagnosis.Diagnose(tt.events, 1).Deliberate; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// What a script did is told as the server's doing, though the same end without a script
// would be taken for a timer's.
func TestTheEndByAScriptIsTheServers(t *testing.T) {
	script := seenAtServer(live(at(3*sec, hear("x")), at(28*sec, by("Fin()", fin(toC, left))), at(28*sec, fin(toS, passed)), at(28*sec, ended())))
	r := diagnosis.Diagnose(script, 1)
	if !r.Injected || !strings.HasPrefix(r.String(), "connection 1: ended by the server after 28.0 s with a FIN\n") || !strings.HasSuffix(r.String(), "note     by the server's script: Fin()") {
		t.Errorf("%s", r)
	}
	for i := range script {
		script[i].Rule = ""
	}
	if r := diagnosis.Diagnose(script, 1); r.Injected || !strings.HasPrefix(r.String(), "connection 1: ended by the network") {
		t.Errorf("%s", r)
	}
}

func TestLostEventsLowerTheConfidence(t *testing.T) {
	gap := func(conn int) timeline.Event {
		return timeline.Event{Conn: conn, At: sec, Kind: timeline.KindLost, Count: 3}
	}
	events := live(join(chatter(sec, 3*sec, sec), cutByBox(63*sec))...)
	for _, n := range []int{0, 1} {
		cut := append(append(diagnosis.Events{}, events[:5]...), append(diagnosis.Events{gap(n)}, events[5:]...)...)
		for _, r := range append(diagnosis.All(cut), diagnosis.Diagnose(cut, 1)) {
			if r.Cause.ID != diagnosis.IDIdleTimeout || r.Cause.Confidence != diagnosis.Medium || !strings.Contains(r.Cause.Text, "events are missing") {
				t.Errorf("gap of connection %d: %s", n, r)
			}
		}
	}
	if r := diagnosis.Diagnose(append(events, gap(0)), 1); r.Cause.Confidence != diagnosis.High {
		t.Errorf("a gap after its end lowered the confidence: %s", r)
	}
}

func TestAllSkipsWhatHasNoNumber(t *testing.T) {
	mute := timeline.Event{Kind: timeline.KindMute}
	if got := diagnosis.All(diagnosis.Events{mute}); len(got) != 0 {
		t.Errorf("%d reports for a connection without a request, want none", len(got))
	}
	if got := diagnosis.All(diagnosis.Events(nil)); len(got) != 0 {
		t.Errorf("%d reports for nothing, want none", len(got))
	}
}

// A timeline, a view of one and a slice of its events give the same report.
func TestSources(t *testing.T) {
	tl := timeline.New()
	for _, ev := range live(join(chatter(sec, 3*sec, sec), cutByBox(63*sec))...) {
		tl.Append(timeline.Record{At: ev.At, Conn: ev.Conn, Kind: ev.Kind, Dir: ev.Dir, Seen: ev.Seen,
			Header: ev.Header, Payload: ev.Payload, Plain: true, Fields: ev.Fields})
	}
	want := diagnosis.Diagnose(diagnosis.Events(tl.Events()), 1).String()
	if !strings.Contains(want, "nginx") {
		t.Fatalf("the recording lost something: %s", want)
	}
	for name, src := range map[string]diagnosis.Source{"timeline": tl, "view": tl.Conn(1)} {
		if got := diagnosis.Diagnose(src, 1).String(); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("stdout is closed") }

func TestWriteTextReportsErrors(t *testing.T) {
	if err := diagnosis.WriteText(brokenWriter{}, make([]diagnosis.Report, 2)); err == nil {
		t.Error("no error from a closed writer")
	}
}

func TestNames(t *testing.T) {
	for _, k := range []diagnosis.ClientKind{diagnosis.Chromium, diagnosis.NodeWS} {
		if got, err := diagnosis.ParseClientKind(k.String()); err != nil || got != k {
			t.Errorf("ParseClientKind(%q) = %v, %v", k, got, err)
		}
	}
	if _, err := diagnosis.ParseClientKind("netscape"); err == nil || !strings.Contains(err.Error(), "chromium or node-ws") {
		t.Errorf("unknown client: %v", err)
	}
}
