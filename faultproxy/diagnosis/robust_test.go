package diagnosis_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

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
				Seq: len(events) + 1, At: now, Conn: int(data[7]) % 3, Vantage: timeline.Vantage(data[7] >> 7), Kind: timeline.Kind(data[0]),
				Dir: frame.Direction(data[1] & 3), Seen: timeline.Seen(data[2] & 3),
				Header:  frame.Header{Fin: data[3]&0x80 != 0, RSV: data[5] & 7, Opcode: frame.Opcode(data[3] & 15), Masked: data[3]&0x40 != 0, Length: uint64(len(payload)), Size: 2},
				Payload: payload,
				Fields: fields("status", []string{"101", "503", "", "103"}[int(data[6])%4], "sec-websocket-key", []string{"", key}[data[5]&1],
					"upgrade", []string{"websocket", "h2c"}[int(data[3])%2], "connection", "upgrade", "sec-websocket-accept", []string{accept, "x"}[data[2]&1], "how", []string{"close", "rst"}[data[6]&1], "error", []string{"", "refused"}[data[5]&1]),
			})
		}
		sane(t, "fuzz", events)
		for _, r := range diagnosis.Mute(events) {
			if r.Cause.ID == "" || r.Cause.Text == "" || len(r.Cause.Evidence) == 0 || r.String() == "" {
				t.Fatalf("a connection without a request, and without a cause: %+v", r)
			}
		}
	})
}
