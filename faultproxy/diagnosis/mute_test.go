package diagnosis_test

import (
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// muteAfter is a connection that was accepted at 1 s and ended later without a request.
func muteAfter(d time.Duration, why string, between ...timeline.Event) diagnosis.Events {
	events := diagnosis.Events{{At: sec, Kind: timeline.KindAccepted, Fields: fields("remote", "192.0.2.7:1234")}}
	events = append(events, between...)
	return append(events, timeline.Event{At: sec + d, Kind: timeline.KindMute, Fields: fields("remote", "192.0.2.7:1234", "error", why)})
}

func TestMute(t *testing.T) {
	logged := timeline.Event{At: sec, Kind: timeline.KindError, Fields: fields("what", "http",
		"error", "http: TLS handshake error from 192.0.2.7:1234: remote error: tls: unknown certificate authority")}
	ofAnother := timeline.Event{At: sec, Kind: timeline.KindError, Fields: fields("what", "http",
		"error", "http: TLS handshake error from 192.0.2.8:1: EOF")}
	tests := []struct {
		name   string
		events diagnosis.Events
		id     diagnosis.ID
		by     diagnosis.Party
		sure   diagnosis.Confidence
		text   string
	}{
		{"a certificate that the client does not trust", muteAfter(ms, "TLS handshake: remote error: tls: bad certificate"), diagnosis.IDTLS, diagnosis.Client, diagnosis.Certain, "bad certificate"},
		{"the same, as net/http logs it", muteAfter(ms, "no HTTP request: 517 bytes of something else", logged), diagnosis.IDTLS, diagnosis.Client, diagnosis.Certain, "unknown certificate authority"},
		{"a handshake that the client left", muteAfter(ms, "TLS handshake: EOF"), diagnosis.IDTLS, diagnosis.Client, diagnosis.Medium, "do not trust"},
		{"a handshake that fails otherwise", muteAfter(ms, "TLS handshake: tls: client offered only unsupported versions"), diagnosis.IDTLS, diagnosis.Unknown, diagnosis.Certain, "unsupported versions"},
		{"ws:// to wss://", muteAfter(ms, "plain HTTP on a port with TLS: use wss:// or https://"), diagnosis.IDTLS, diagnosis.Unknown, diagnosis.Certain, "wss://"},
		{"wss:// to ws://", muteAfter(ms, "a TLS handshake on a port without TLS: use ws://, or serve wss"), diagnosis.IDTLS, diagnosis.Unknown, diagnosis.Certain, "ws://"},
		{"reset at accept", muteAfter(0, "reset as it was accepted"), diagnosis.IDRefused, diagnosis.Network, diagnosis.Certain, "reset"},
		{"never answered", muteAfter(10*sec, "left unanswered, after 180 bytes"), diagnosis.IDNeverAnswered, diagnosis.Client, diagnosis.High, "10.0 s"},
		{"left at once", muteAfter(10*ms, "left unanswered, after 0 bytes"), diagnosis.IDClientGone, diagnosis.Client, diagnosis.Medium, ""},
		{"a probe", muteAfter(10*ms, "closed without a request"), diagnosis.IDClientGone, diagnosis.Client, diagnosis.Medium, "closed without a request"},
		{"a probe, and trouble with another", muteAfter(10*ms, "closed without a request", ofAnother), diagnosis.IDClientGone, diagnosis.Client, diagnosis.Medium, ""},
		{"silence", muteAfter(10*sec, "no whole request within 10s"), diagnosis.IDClientGone, diagnosis.Client, diagnosis.Medium, ""},
		{"a reset", muteAfter(10*ms, "read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer"), diagnosis.IDResetByClient, diagnosis.Client, diagnosis.High, ""},
		{"something else", muteAfter(10*ms, `not an HTTP request: it begins with "SSH-2.0-"`), diagnosis.IDHandshakeBroken, diagnosis.Unknown, diagnosis.Medium, "SSH"},
	}
	for _, tt := range tests {
		reports := diagnosis.Mute(tt.events)
		if len(reports) != 1 {
			t.Fatalf("%s: %d reports, want one", tt.name, len(reports))
		}
		r := reports[0]
		if r.Cause.ID != tt.id || r.EndedBy != tt.by || r.Cause.Confidence != tt.sure || !strings.Contains(r.Cause.Text, tt.text) || r.Cause.Advice == "" {
			t.Errorf("%s: got %s by %s; want %s (%s) by %s", tt.name, r.Cause, r.EndedBy, tt.id, tt.sure, tt.by)
		}
		if r.Conn != 0 || !r.Ended || r.Opened || !r.Reported || r.CloseEvent.String() != `error, then 1006 "" wasClean=false` {
			t.Errorf("%s: %+v", tt.name, r)
		}
		if len(r.Cause.Evidence) < 2 || r.Cause.Evidence[0].Kind != timeline.KindAccepted {
			t.Errorf("%s: evidence %v", tt.name, r.Cause.Evidence)
		}
		if !strings.HasPrefix(r.String(), "connection without a request: never opened") {
			t.Errorf("%s: %s", tt.name, r)
		}
	}
}

func TestMuteSeesOnlyWhatHasNoRequest(t *testing.T) {
	events := append(live(join(chatter(sec, 3*sec, sec), cutByBox(63*sec))...), muteAfter(ms, "closed without a request")...)
	if got := diagnosis.Mute(events); len(got) != 1 {
		t.Errorf("%d reports, want one", len(got))
	}
	if got := diagnosis.All(events); len(got) != 1 || got[0].Conn != 1 {
		t.Errorf("All reports %d connections, want the one with a number", len(got))
	}
	refused := muteAfter(0, "reset as it was accepted")
	refused[1].Rule = "refuse"
	if got := diagnosis.Mute(refused)[0].Deliberate; got != "injected by rule refuse" {
		t.Errorf("deliberate: %q", got)
	}
}
