package diagnosis_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Every measured case that a recorder can see is derived as measured.
func TestCloseEventIsWhatClientsReport(t *testing.T) {
	text, err := os.ReadFile("testdata/close_events.json")
	if err != nil {
		t.Fatal(err)
	}
	var samples []sample
	if err := json.Unmarshal(text, &samples); err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, s := range samples {
		if _, ok := notPlayable[s.Case]; ok {
			continue
		}
		played++
		t.Run(s.Client+"/"+s.Case, func(t *testing.T) {
			events := s.play()
			if events == nil {
				t.Fatalf("nobody has written the history of this case")
			}
			client, err := diagnosis.ParseClientKind(s.Client)
			if err != nil {
				t.Fatal(err)
			}
			r := diagnosis.Analyzer{Client: client}.Diagnose(events, 1)
			if s.Code == nil {
				// No close event was seen: the connection lives, or ws waits for the
				// server's FIN with its error event already fired.
				if r.CloseEvent.Error != s.Error {
					t.Errorf("derived %s, measured error=%t and no close event yet", r.CloseEvent, s.Error)
				}
				if !s.Error && s.Sent == nil && r.Reported {
					t.Errorf("derived %s, measured no event at all", r.CloseEvent)
				}
				return
			}
			want := frame.CloseEvent{Code: *s.Code, Reason: s.Reason, WasClean: s.Clean, Error: s.Error}
			if r.CloseEvent != want || !r.Reported {
				t.Errorf("derived %s (reported %t), measured %s", r.CloseEvent, r.Reported, want)
			}
		})
	}
	t.Logf("%d of %d measured cases played; the rest cannot be derived from a recording:", played, len(samples))
	for _, name := range slices.Sorted(maps.Keys(notPlayable)) {
		t.Logf("  %s: %s", name, notPlayable[name])
	}
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
