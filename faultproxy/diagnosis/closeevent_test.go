package diagnosis_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Every measured case that the kit can play is derived as measured.
func TestCloseEventIsWhatClientsReport(t *testing.T) {
	var table strings.Builder
	sums := map[string]map[string]int{} // by client, then by outcome
	for _, s := range samples(t) {
		outcome, detail := s.compare(t)
		if sums[s.Client] == nil {
			sums[s.Client] = map[string]int{}
		}
		sums[s.Client][outcome] += s.count()
		times := ""
		if s.count() > 1 {
			times = fmt.Sprintf(" ×%d", s.count())
		}
		fmt.Fprintf(&table, "%-8s %-12s %-50s %s\n", s.Client, outcome, s.Case+times, detail)
	}
	var head strings.Builder
	for _, client := range slices.Sorted(maps.Keys(sums)) {
		n := sums[client]
		fmt.Fprintf(&head, "%-8s %d cases: %d equal, %d missed, %d not playable, %d without an event\n", client,
			n["equal"]+n["missed"]+n["not playable"]+n["no event"], n["equal"], n["missed"], n["not playable"], n["no event"])
	}
	t.Logf("\n%s\n%s", &head, &table)
	golden(t, "close_events.txt", []byte(head.String()+"\n"+table.String()))
}

// compare plays a case and says how what is derived compares with what was measured.
func (s sample) compare(t *testing.T) (outcome, detail string) {
	if s.None != "" {
		return "no event", s.None
	}
	if why := notPlayable[s.Case]; why != "" {
		return "not playable", why
	}
	why := missed[s.Client+"/"+s.Case]
	var r diagnosis.Report
	t.Run(s.Client+"/"+s.Case, func(t *testing.T) {
		r = s.play(t)
		if equal := s.equals(r); equal != (why == "") {
			t.Errorf("derived %s (reported %t), measured %s; expected to be missed: %t", r.CloseEvent, r.Reported, s.measured(), why != "")
		}
	})
	if why != "" {
		return "missed", fmt.Sprintf("derived %s, measured %s: %s", r.CloseEvent, s.measured(), why)
	}
	return "equal", s.measured()
}

// measured says what was reported.
func (s sample) measured() string {
	switch {
	case s.Code != nil:
		return s.want().String()
	case s.Error:
		return "error, and no close event yet"
	}
	return "nothing"
}

// equals reports whether a report says what was measured. Where no close event was
// seen the connection lives, or ws waits for the server's FIN with its error event
// already fired.
func (s sample) equals(r diagnosis.Report) bool {
	switch {
	case s.Code != nil:
		return r.Reported && r.CloseEvent == s.want()
	case s.Error:
		return r.CloseEvent.Error
	case s.Sent != nil && s.Sent.Code == frame.CodeGoingAway:
		return true // the page was closed when it had been watched long enough
	}
	return !r.Reported
}

func TestCloseEventOfInjectedEnds(t *testing.T) {
	tests := []struct {
		name     string
		events   diagnosis.Events
		want     string
		reported bool
	}{
		{"a box closes both sides", live(cutByBox(sec)...), `1006 "" wasClean=false`, true},
		{"a box closes with a reset", live(at(sec, rst(toC, left)), at(sec, ended())), `1006 "" wasClean=false`, true},
		{"closed with data unread", live(
			at(sec, serverCloses(1001, "")), at(sec, clientCloses(1001, "")),
			at(sec, timeline.Event{Kind: timeline.KindClosed, Dir: toC, Fields: fields("how", "rst")})), `1001 "" wasClean=false`, true},
		{"an injected Close", live(at(sec, send(toC, left, frame.Close(1012, "restart"))), at(sec, fin(toC, left))), `1012 "restart" wasClean=true`, true},
		{"a Close that was dropped", live(at(sec, send(toC, arrived, frame.Close(1012, "restart"))), at(sec, fin(toC, passed))), `1006 "" wasClean=false`, true},
		{"a FIN that is held back", live(at(sec, fin(toC, arrived))), `0 "" wasClean=false`, false},
		{"a Close that is held back", live(at(sec, send(toC, arrived, frame.Close(1012, "")))), `0 "" wasClean=false`, false},
		{"a rejected handshake", one(at(0, request()), at(0, response(left, "503"))), `error, then 1006 "" wasClean=false`, true},
		{"a reason that is not UTF-8, behind a code that Chromium lets pass", live(at(sec, serverCloses(999, "\xff"))), `error, then 1006 "" wasClean=false`, true},
		{"compressed text is not judged", live(at(sec, timeline.Event{
			Kind: timeline.KindFrame, Dir: toC, Seen: passed, Inflated: true,
			Header: frame.Header{Fin: true, RSV: frame.RSV1, Opcode: frame.OpText, Length: 3, Size: 2}, Payload: []byte("inflated \xff"),
		})), `error, then 1006 "" wasClean=false`, true}, // RSV1 without negotiation
		{"text of which the beginning was kept", live(
			at(sec, timeline.Event{
				Kind: timeline.KindFrame, Dir: toC, Seen: passed, Truncated: true,
				Header: frame.Header{Fin: true, Opcode: frame.OpText, Length: 8000, Size: 4}, Payload: []byte("half a \xe2"),
			}), at(2*sec, serverCloses(1000, "")), at(2*sec, fin(toC, passed))), `1000 "" wasClean=true`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := diagnosis.Diagnose(tt.events, 1)
			if got := r.CloseEvent.String(); got != tt.want || r.Reported != tt.reported {
				t.Errorf("got %s (reported %t), want %s (%t)", got, r.Reported, tt.want, tt.reported)
			}
		})
	}
}

// Compression that was negotiated makes RSV1 legal.
func TestCloseEventKnowsCompression(t *testing.T) {
	compressed := timeline.Event{
		Kind: timeline.KindFrame, Dir: toC, Seen: passed, Opaque: true, Payload: []byte{0xff, 0xfe},
		Header: frame.Header{Fin: true, RSV: frame.RSV1, Opcode: frame.OpText, Length: 2, Size: 2},
	}
	for _, name := range []string{"extensions", "sec-websocket-extensions", "Sec-WebSocket-Extensions"} {
		events := one(at(0, request()), at(0, response(passed, "101", name, "permessage-deflate")), at(0, opened()),
			at(sec, compressed), at(2*sec, serverCloses(1000, "")), at(2*sec, fin(toC, passed)))
		if got, want := diagnosis.Diagnose(events, 1).CloseEvent.String(), `1000 "" wasClean=true`; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
