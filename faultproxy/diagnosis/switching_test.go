package diagnosis_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// headed is a request with a key, and more headers.
func headed(more ...string) timeline.Event {
	ev := request()
	ev.Fields = append(ev.Fields, fields(append([]string{"upgrade", "websocket", "connection", "Upgrade", "sec-websocket-key", key}, more...)...)...)
	return ev
}

// switching is a 101 with the headers that have to be there, without some of them,
// and more.
func switching(without string, more ...string) timeline.Event {
	headers := []string{"Upgrade", "WebSocket", "Connection", "keep-alive, upgrade", "Sec-WebSocket-Accept", accept}
	if i := slices.Index(headers, without); i >= 0 {
		headers = slices.Delete(slices.Clone(headers), i, i+2)
	}
	return response(passed, "101", append(headers, more...)...)
}

func TestA101IsJudgedAsTheClientDoes(t *testing.T) {
	const deflate = "permessage-deflate; client_max_window_bits"
	offers := func(name, value string) timeline.Event { return headed(name, value) }
	tests := []struct {
		name     string
		request  timeline.Event
		response timeline.Event
		want     string // in the text; empty: it opens
		node     string // the same for Node's ws, where it differs; "opens" if it opens there
	}{
		{"as it should be", headed(), switching(""), "", ""},
		{"without Upgrade", headed(), switching("Upgrade"), "has no Upgrade header (RFC 6455 section 4.1)", ""},
		{"another Upgrade", headed(), switching("Upgrade", "upgrade", "h2c"), `upgrades to "h2c"`, ""},
		{"two Upgrades", headed(), switching("", "upgrade", "websocket"), `upgrades to "WebSocket, websocket"`, ""},
		{"without Connection", headed(), switching("Connection"), "has no Connection header", ""},
		{"another Connection", headed(), switching("Connection", "connection", "close"), `"close", without Upgrade`, ""},
		{"without Accept", headed(), switching("Sec-WebSocket-Accept"), "has no Sec-WebSocket-Accept", ""},
		{"another Accept", headed(), switching("Sec-WebSocket-Accept", "sec-websocket-accept", "x"), "does not answer the key", ""},
		{"two Accepts", headed(), switching("", "sec-websocket-accept", accept), "more than one Sec-WebSocket-Accept", ""},
		{"a subprotocol nobody asked for", headed(), switching("", "sec-websocket-protocol", "chat"), `"chat", and none was asked for`, ""},
		{"the one asked for", offers("sec-websocket-protocol", "v1, v2"), switching("", "sec-websocket-protocol", "v2"), "", ""},
		{"another one", offers("sec-websocket-protocol", "v1, v2"), switching("", "sec-websocket-protocol", "v3"), `"v3", which was not offered`, ""},
		{"none of those offered", offers("sec-websocket-protocol", "v1, v2"), switching(""), "selects none of the subprotocols", ""},
		{"two at once", offers("sec-websocket-protocol", "v1, v2"), switching("", "sec-websocket-protocol", "v1", "sec-websocket-protocol", "v2"), "more than one subprotocol", ""},
		{"a token that was removed", offers("sec-websocket-protocol", "bearer, [redacted]"), switching("", "sec-websocket-protocol", "abc"), "", ""},
		{"an extension nobody asked for", headed(), switching("", "sec-websocket-extensions", "x-foo; a=1"), `the extension "x-foo", which was not offered`, ""},
		{"no extension at all", offers("sec-websocket-extensions", deflate), switching("", "sec-websocket-extensions", " "), "is empty", ""},
		{"deflate", offers("sec-websocket-extensions", deflate), switching("", "sec-websocket-extensions", `permessage-deflate; server_no_context_takeover; client_max_window_bits="15"`), "", ""},
		{"deflate twice", offers("sec-websocket-extensions", deflate), switching("", "sec-websocket-extensions", "permessage-deflate, permessage-deflate"), "twice", "opens"},
		{"deflate with a window of 16", offers("sec-websocket-extensions", deflate), switching("", "sec-websocket-extensions", "permessage-deflate; server_max_window_bits=16"), "must be 8 to 15 (RFC 7692 section 7.1)", ""},
		{"deflate with a value too many", offers("sec-websocket-extensions", deflate), switching("", "sec-websocket-extensions", "permessage-deflate; client_no_context_takeover=1"), "takes no value", ""},
		{"deflate with a parameter of its own", offers("sec-websocket-extensions", deflate), switching("", "sec-websocket-extensions", "permessage-deflate; x=1"), `"x", which is not defined`, ""},
		{"a request whose headers were not kept", request(), response(passed, "101"), "", ""},
	}
	for _, tt := range tests {
		for _, client := range []diagnosis.ClientKind{diagnosis.Chromium, diagnosis.NodeWS} {
			want := tt.want
			if client == diagnosis.NodeWS && tt.node != "" {
				want = strings.TrimPrefix(tt.node, "opens")
			}
			steps := []step{at(0, tt.request), at(0, dialed("")), at(ms, tt.response), at(ms, opened())}
			left := append(slices.Clone(steps), at(2*ms, fin(toS, passed)), at(2*ms, ended()))
			r := diagnosis.Analyzer{Client: client}.Diagnose(one(left...), 1)
			if opens := r.Cause.ID != diagnosis.IDHandshakeBroken; opens != (want == "") || opens != r.Opened || !strings.Contains(r.Cause.Text, want) {
				t.Errorf("%s, %s: got\n%s\nwant %q", tt.name, client, r, want)
			}
			if want != "" && (r.How != diagnosis.NeverOpened || r.EndedBy != diagnosis.Client || r.Cause.Confidence != diagnosis.Certain || !r.CloseEvent.Error) {
				t.Errorf("%s, %s: %s", tt.name, client, r)
			}
			// A client that says something has taken it.
			spoke := append(slices.Clone(steps), at(2*ms, say("hello")))
			if r := (diagnosis.Analyzer{Client: client}).Diagnose(one(spoke...), 1); !r.Opened || r.How != diagnosis.StillOpen {
				t.Errorf("%s, %s, a client that goes on: %s", tt.name, client, r)
			}
		}
	}
}

// Nobody knows yet whether the client minds.
func TestABad101ThatNobodyHasAnsweredYet(t *testing.T) {
	r := diagnosis.Diagnose(one(at(0, headed()), at(ms, switching("Upgrade")), at(ms, opened()), at(2*ms, hear("hello"))), 1)
	if r.Cause.ID != diagnosis.IDHandshakeBroken || r.Cause.Confidence != diagnosis.High || r.EndedBy != diagnosis.Unknown || r.Opened {
		t.Errorf("%s", r)
	}
}

// Browsers take no answer before the 101 for one, ws does.
func TestInterimAnswers(t *testing.T) {
	steps := []step{at(0, headed()), at(ms, response(passed, "103", "link", "</a>")), at(2*ms, switching("")), at(2*ms, opened()),
		at(3*ms, fin(toS, passed)), at(3*ms, ended())}
	r := diagnosis.Diagnose(one(steps...), 1)
	if r.Cause.ID != diagnosis.IDHandshakeBroken || !strings.Contains(r.Cause.Text, "an answer 103 came before the 101") {
		t.Errorf("chromium: %s", r)
	}
	if r := (diagnosis.Analyzer{Client: diagnosis.NodeWS}).Diagnose(one(steps...), 1); r.Cause.ID != diagnosis.IDClientGone {
		t.Errorf("ws: %s", r)
	}
	rejected := diagnosis.Diagnose(one(at(0, headed()), at(ms, response(passed, "100")), at(2*ms, response(passed, "503")), at(3*ms, ended())), 1)
	if rejected.Cause.ID != diagnosis.IDHandshakeRejected || !strings.Contains(rejected.Cause.Text, "status 503") {
		t.Errorf("a 503 behind a 100: %s", rejected)
	}
}
