package diagnosis_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// strict promises as much as a policy can.
func strict() diagnosis.Policy {
	return diagnosis.Policy{
		Dialect: heartbeat.Text("ping", "pong"), Interval: sec, AnswerTimeout: sec, Rearm: diagnosis.RearmReceived, IdleTimeout: 5 * sec, PongWithin: sec,
		ConnectTimeout: sec, CloseTimeout: sec, Backoff: diagnosis.Exponential(sec, 2).UpTo(8 * sec).WithJitter(diagnosis.EqualJitter).ResetsAfter(sec).GivesUpAfter(2),
		RetryAfter: true, TryAgainAfter: sec, GiveUpCodes: diagnosis.Codes(1000), GiveUpStatuses: diagnosis.Codes(503), MaxLive: 1,
		Resubscribe: []frame.Match{frame.Contains("a")}, Continuity: diagnosis.Continuity{Messages: frame.Any, Number: "{@0:1}"},
		Reports: diagnosis.ReportNames{Disconnect: "bye"}, ClientBy: diagnosis.ClientBy{Query: "id"},
	}
}

// lawful checks what must hold of all findings.
func lawful(t *testing.T, name string, events diagnosis.Events) {
	t.Helper()
	for _, p := range []diagnosis.Policy{nothing, strict(), {ClientBy: diagnosis.ClientBy{Process: true}, Browser: true, Backoff: diagnosis.Decorrelated(sec, time.Minute)}} {
		next := 0
		rules := diagnosis.Rules()
		for _, f := range diagnosis.Findings(events, p) {
			for next < len(rules) && rules[next].ID != f.Rule {
				next++
			}
			if next == len(rules) || f.Text == "" || f.Verdict > diagnosis.Broken || f.Blind && f.Verdict != notJudged || f.String() == "" {
				t.Fatalf("%s, %d events: %+v", name, len(events), f)
			}
		}
		for _, attempts := range p.Attempts(events) {
			for _, a := range attempts {
				if a.Ended && (a.KnownAt < a.RequestedAt && a.Conn > 0 && a.Request.Kind != 0 && ordered(events) || a.ReportedAt >= 0 && a.ReportedAt < a.KnownAt) || a.DelayLeast > a.Delay || a.Delay < 0 {
					t.Fatalf("%s, %d events: %+v", name, len(events), a)
				}
			}
		}
	}
}

// ordered reports whether a recording is one that there can be.
func ordered(events diagnosis.Events) bool {
	for i := 1; i < len(events); i++ {
		if events[i].At < events[i-1].At || events[i].Seq <= events[i-1].Seq {
			return false
		}
	}
	return true
}

// Whatever is missing or out of order: no panic, and every rule has its findings.
func TestFindingsOfPrefixesAndShuffles(t *testing.T) {
	for _, tt := range histories() {
		for n := 0; n <= len(tt.events); n += 1 + len(tt.events)/12 {
			lawful(t, tt.name, tt.events[:n])
			lawful(t, tt.name, tt.events[n:])
		}
		for seed := range uint64(4) {
			mixed := append(diagnosis.Events{}, tt.events...)
			rand.New(rand.NewPCG(seed, 0)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
			lawful(t, tt.name, mixed)
		}
	}
}

// FuzzFindings makes events of any bytes, eight an event.
func FuzzFindings(f *testing.F) {
	f.Add([]byte("\x04\x01\x01\x00\x00\x00\x00\x00"))
	for _, tt := range histories() {
		var data []byte
		for _, ev := range tt.events {
			data = append(data, byte(ev.Kind), byte(ev.Dir), byte(ev.Seen), byte(ev.Header.Opcode), byte(ev.At/sec), byte(ev.Header.RSV), byte(len(ev.Payload)), byte(ev.Conn))
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1600 {
			data = data[:1600]
		}
		var events diagnosis.Events
		now := time.Duration(0)
		for ; len(data) >= 8; data = data[8:] {
			now += time.Duration(data[4]) * 100 * ms
			payload := bytes.Repeat([]byte{data[6]}, int(data[6])%130)
			events = append(events, timeline.Event{
				Seq: len(events) + 1, At: now, Conn: int(data[7]) % 4, Kind: timeline.Kind(data[0]), Vantage: timeline.Vantage(data[7] >> 7),
				Dir: frame.Direction(data[1] & 3), Seen: timeline.Seen(data[2] & 3), Opaque: data[2]&4 != 0, Truncated: data[2]&8 != 0, Rule: []string{"", "port"}[data[1]>>7],
				Header:  frame.Header{Fin: data[3]&0x80 != 0, RSV: data[5] & 7, Opcode: frame.Opcode(data[3] & 15), Masked: data[3]&0x40 != 0, Length: uint64(len(payload)), Size: 2},
				Payload: payload,
				Fields: fields("status", []string{"101", "503", ""}[int(data[6])%3], "how", []string{"close", "rst"}[data[6]&1], "error", []string{"", "refused"}[data[5]&1],
					"retry-after", []string{"", "7", "soon"}[int(data[5])%3], "remote", []string{"a:1", "a:2"}[data[6]&1], "does", []string{"refuse", "hang", "Freeze()", "stopped", "listening"}[int(data[6])%5],
					"client", []string{"a", "b"}[data[5]&1], "name", "bye", "target", []string{"/", "/?id=1", "%zz"}[int(data[6])%3]),
			})
		}
		lawful(t, "fuzz", events)
	})
}
