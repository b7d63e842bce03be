package diagnosis_test

import (
	"bytes"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Every report as text, in one golden file.
func TestReportText(t *testing.T) {
	var b bytes.Buffer
	for i, tt := range histories() {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString("# " + tt.name + "\n")
		if err := diagnosis.WriteText(&b, []diagnosis.Report{diagnosis.Diagnose(tt.events, 1)}); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "reports.txt", b.Bytes())
}

func TestKnownTimeoutsText(t *testing.T) {
	var b bytes.Buffer
	for _, k := range diagnosis.KnownTimeouts() {
		b.WriteString(strings.Join([]string{
			k.Name, k.Setting, k.Default.String(), k.Kind.String(), "reset by bytes " + k.ResetBy.String(),
			"-" + k.Early.String() + " +" + k.Late.String(), map[bool]string{true: "measured", false: "documented"}[k.Verified],
		}, " | ") + "\n")
	}
	golden(t, "timeouts.txt", b.Bytes())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Fatalf("%s differs in line %d (go test -update writes it anew):\n got %s\nwant %s", path, i+1, gotLines[i], wantLines[i])
		}
	}
	t.Fatalf("%s has %d lines, want %d (go test -update writes it anew)", path, len(gotLines), len(wantLines))
}

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
	// Half a second is the shortest silence that counts.
	for idle, want := range map[time.Duration]diagnosis.ID{499 * ms: diagnosis.IDNoCloseFrame, 500 * ms: diagnosis.IDIdleTimeout} {
		r := diagnosis.Diagnose(live(join(chatter(101*ms, 1717*ms, 101*ms), cutByBox(1717*ms+idle))...), 1)
		if r.Cause.ID != want {
			t.Errorf("idle %v: %s, want %s", idle, r.Cause, want)
		}
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
	// Cut at 7.3 s whatever the traffic: no round number, no known default.
	die := func(n int, start, last time.Duration) diagnosis.Events {
		return conn(n, start, open(join(chatter(100*ms, last, 100*ms), serverGone(7300*ms))...)...)
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

func TestDeliberate(t *testing.T) {
	tests := []struct {
		name   string
		events diagnosis.Events
		want   string
	}{
		{"the end", live(at(sec, hear("x")), at(61*sec, by("nginx/idle", closed(toS))), at(61*sec, by("nginx/idle", closed(toC))), at(61*sec, ended())),
			"injected by rule nginx/idle"},
		{"the answer to the upgrade", one(at(0, request()), at(0, by("reject", response(left, "503"))), at(ms, ended())), "injected by rule reject"},
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

// Whatever is missing or out of order: no panic, and the report makes sense.
func TestPrefixesAndShuffles(t *testing.T) {
	for _, tt := range histories() {
		for n := range len(tt.events) + 1 {
			sane(t, tt.name, tt.events[:n])
			sane(t, tt.name, tt.events[n:])
		}
		for seed := range uint64(4) {
			mixed := append(diagnosis.Events{}, tt.events...)
			rand.New(rand.NewPCG(seed, 0)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
			sane(t, tt.name, mixed)
		}
	}
}

// sane checks what must hold of every report.
func sane(t *testing.T, name string, events diagnosis.Events) {
	t.Helper()
	for _, client := range []diagnosis.ClientKind{diagnosis.Chromium, diagnosis.NodeWS} {
		a := diagnosis.Analyzer{Client: client}
		r := a.Diagnose(events, 1)
		if r.Cause.ID == "" || r.Cause.Text == "" || r.Cause.Confidence == 0 || r.String() == "" {
			t.Fatalf("%s, %d events: no cause: %+v", name, len(events), r)
		}
		if r.Idle.Both != min(r.Idle.ToServer, r.Idle.ToClient) || r.Idle.Both < 0 || r.Age() < 0 {
			t.Fatalf("%s, %d events: idle %+v, age %v", name, len(events), r.Idle, r.Age())
		}
		if r.CloseEvent.WasClean && r.CloseEvent.Error || !r.Reported && r.CloseEvent != (frame.CloseEvent{}) {
			t.Fatalf("%s, %d events: impossible %s (reported %t)", name, len(events), r.CloseEvent, r.Reported)
		}
		if !r.Opened && r.Reported && !r.CloseEvent.Error {
			t.Fatalf("%s, %d events: a failed handshake without an error event: %s", name, len(events), r.CloseEvent)
		}
		for _, one := range a.All(events) {
			if one.Conn == 1 && one.String() != r.String() {
				t.Fatalf("%s, %d events: All says\n%s\nDiagnose says\n%s", name, len(events), one, r)
			}
		}
	}
}

// FuzzDiagnose makes events of any bytes, eight an event.
func FuzzDiagnose(f *testing.F) {
	f.Add([]byte("\x04\x01\x01\x00\x00\x00\x00\x00"))
	for _, tt := range histories() {
		var data []byte
		for _, ev := range tt.events {
			data = append(data, byte(ev.Kind), byte(ev.Dir), byte(ev.Seen), byte(ev.Header.Opcode),
				byte(ev.At/sec), byte(ev.Header.RSV), byte(len(ev.Payload)), byte(ev.Conn))
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var events diagnosis.Events
		now := time.Duration(0)
		for ; len(data) >= 8; data = data[8:] {
			now += time.Duration(data[4]) * 100 * ms
			payload := bytes.Repeat([]byte{data[6]}, int(data[6])%130)
			events = append(events, timeline.Event{
				Seq: len(events) + 1, At: now, Conn: 1 + int(data[7])%2, Kind: timeline.Kind(data[0]),
				Dir: frame.Direction(data[1] & 3), Seen: timeline.Seen(data[2] & 3),
				Header:  frame.Header{Fin: data[3]&0x80 != 0, RSV: data[5] & 7, Opcode: frame.Opcode(data[3] & 15), Masked: data[3]&0x40 != 0, Length: uint64(len(payload)), Size: 2},
				Payload: payload,
				Fields:  fields("status", []string{"101", "503", ""}[int(data[6])%3], "how", []string{"close", "rst"}[data[6]&1], "error", []string{"", "refused"}[data[5]&1]),
			})
		}
		sane(t, "fuzz", events)
	})
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
