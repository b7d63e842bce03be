package faultproxy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// firings says when the rule acted, since the opening or, before it, since the dial:
// each time, but of many the first three and how many more.
func firings(tl *timeline.Timeline, start time.Duration) string {
	var times []string
	for _, e := range tl.Events() {
		if e.Kind == timeline.KindOpened && len(times) == 0 {
			start = e.At
		}
		if e.Kind == timeline.KindFault && e.Rule == "fault" {
			times = append(times, (e.At - start).Round(time.Microsecond).String())
		}
	}
	if len(times) > 4 {
		times = append(times[:3], fmt.Sprintf("and %d more", len(times)-3))
	}
	return strings.Join(times, " ")
}

// lastReport is what is known of the client's connection: the last one, or, if it made no
// request, the last without.
func lastReport(tl *timeline.Timeline) diagnosis.Report {
	reports := slices.Concat(diagnosis.All(tl), diagnosis.Mute(tl))
	if len(reports) == 0 {
		return diagnosis.Report{}
	}
	return reports[len(reports)-1]
}

// odd puts times where no timer has any, and soon after a ping: an end at an age of 10 s
// sharp, or after a long silence, is taken for that of a timer, and rightly so. lateness
// has the client speak at odd times too.
var odd = strings.NewReplacer("elapsed: 10s", "elapsed: 21345ms", "at: 30s", "at: 21765ms", "after: 30s", "after: 21765ms", "after: 10s", "after: 21765ms")

const lateness = 437 * time.Millisecond

// From Go and from its document, every entry acts at the same times, and the client
// reports the same.
func TestCatalogueActsWhenItSays(t *testing.T) {
	if len(explanations) != len(entries()) {
		t.Errorf("%d explanations of %d entries", len(explanations), len(entries()))
	}
	for _, e := range entries() {
		t.Run(e.section+"/"+e.what, func(t *testing.T) {
			want, known := explanations[e.section+"/"+e.what]
			if !known {
				t.Fatal("nobody said in explanations when the rule acts and why the connection ends")
			}
			document, code := e.play(t, e.parsed(t), 0), e.play(t, e.rule, 0)
			if document.fired != want.fired || code.fired != want.fired {
				t.Errorf("the rule acted at %s as a document and at %s in Go, want %s", document.fired, code.fired, want.fired)
			}
			if document.report != code.report {
				t.Errorf("the client reports %s as a document, %s in Go", document.report, code.report)
			}
		})
	}
}

// The diagnosis finds out what happened without looking at the rules, and names the rule
// besides.
func TestCatalogueIsExplained(t *testing.T) {
	for _, e := range entries() {
		t.Run(e.section+"/"+e.what, func(t *testing.T) {
			e.document = odd.Replace(e.document)
			want, got := explanations[e.section+"/"+e.what], e.play(t, e.parsed(t), lateness).end
			if got.Cause.ID != want.cause {
				t.Errorf("cause %s, want %s\n%s", got.Cause.ID, want.cause, got)
			}
			if named := strings.Contains(got.Deliberate, "rule fault"); named == slices.Contains(unseen, e.what) {
				t.Errorf("it says of the rule %q", got.Deliberate)
			}
		})
	}
}

// unseen are the entries whose rule acts on no connection that anybody would ask about:
// nobody gets in, or the connection has no number yet.
var unseen = []string{"the port is closed", "SYN black hole", "slow accept"}

// explanation is when the rule of an entry acts, and what then is the cause of the
// connection's end.
type explanation struct {
	fired string
	cause diagnosis.ID
}

var explanations = map[string]explanation{
	"Before the handshake/reset on accept":                                 {"0s", diagnosis.IDRefused},
	"Before the handshake/the port is closed":                              {"0s 0s", ""},
	"Before the handshake/SYN black hole":                                  {"0s 0s", ""},
	"Before the handshake/down for a while, then back on the same port":    {"30s 30s 35s", diagnosis.IDNoCloseFrame},
	"Before the handshake/accepted, then nothing":                          {"0s", diagnosis.IDNeverAnswered},
	"Before the handshake/slow accept":                                     {"0s", diagnosis.IDStillOpen},
	"Before the handshake/certificate expired":                             {"0s", diagnosis.IDTLS},
	"Before the handshake/certificate for another name":                    {"0s", diagnosis.IDTLS},
	"Before the handshake/certificate by nobody known":                     {"0s", diagnosis.IDTLS},
	"Before the handshake/TLS handshake cut with a FIN":                    {"0s", diagnosis.IDTLS},
	"Before the handshake/TLS handshake cut with a reset":                  {"0s", diagnosis.IDTLS},
	"Handshake/rejected: unauthorized":                                     {"0s", diagnosis.IDHandshakeRejected},
	"Handshake/rejected: forbidden, with a body":                           {"0s", diagnosis.IDHandshakeRejected},
	"Handshake/rejected: not found":                                        {"0s", diagnosis.IDHandshakeRejected},
	"Handshake/rejected: too many requests, with Retry-After":              {"0s", diagnosis.IDHandshakeRejected},
	"Handshake/rejected: internal error":                                   {"0s", diagnosis.IDHandshakeRejected},
	"Handshake/rejected: bad gateway, in the place of the server's answer": {"0s", diagnosis.IDHandshakeRejected},
	"Handshake/rejected: gateway timeout":                                  {"0s", diagnosis.IDHandshakeRejected},
	"Handshake/rejected: unavailable, with Retry-After":                    {"0s", diagnosis.IDHandshakeRejected},
	"Handshake/redirected":                                                 {"0s", diagnosis.IDHandshakeRejected},
	"Handshake/delayed":                                                    {"0s", diagnosis.IDStillOpen},
	"Handshake/never answered":                                             {"0s", diagnosis.IDNeverAnswered},
	"Handshake/FIN before the answer":                                      {"0s", diagnosis.IDHandshakeCut},
	"Handshake/reset before the answer":                                    {"0s", diagnosis.IDHandshakeCut},
	"Handshake/FIN within the answer":                                      {"0s", diagnosis.IDHandshakeCut},
	"Handshake/reset within the answer":                                    {"0s", diagnosis.IDHandshakeCut},
	"Handshake/wrong Sec-WebSocket-Accept":                                 {"0s", diagnosis.IDHandshakeBroken},
	"Handshake/no Sec-WebSocket-Accept":                                    {"0s", diagnosis.IDHandshakeBroken},
	"Handshake/a 101 without Upgrade":                                      {"0s", diagnosis.IDHandshakeBroken},
	"Handshake/a proxy not configured for WebSocket":                       {"0s", diagnosis.IDHandshakeRejected},
	"Handshake/a subprotocol nobody asked for":                             {"0s", diagnosis.IDStillOpen},
	"Handshake/an extension nobody asked for":                              {"0s", diagnosis.IDStillOpen},
	"Handshake/garbage behind the 101":                                     {"0s", diagnosis.IDProtocolError},
	"Handshake/compression stripped":                                       {"0s", diagnosis.IDStillOpen},
	"Frames/dropped":                                                       {"1s", diagnosis.IDStillOpen},
	"Frames/delayed, and all behind it":                                    {"1s", diagnosis.IDStillOpen},
	"Frames/late, alone":                                                   {"1s", diagnosis.IDStillOpen},
	"Frames/reordered":                                                     {"1s", diagnosis.IDStillOpen},
	"Frames/duplicated":                                                    {"1s", diagnosis.IDStillOpen},
	"Frames/replaced":                                                      {"1s", diagnosis.IDStillOpen},
	"Frames/injected":                                                      {"10s", diagnosis.IDStillOpen},
	"Frames/corrupted":                                                     {"1s", diagnosis.IDStillOpen},
	"Frames/truncated":                                                     {"1s", diagnosis.IDStillOpen},
	"Frames/torn: less than the header says":                               {"1s", diagnosis.IDProtocolError},
	"Frames/split into fragments":                                          {"1s 2s 3s", diagnosis.IDStillOpen},
	"Frames/coalesced":                                                     {"1s 2s 3s", diagnosis.IDStillOpen},
	"Frames/reserved bit":                                                  {"1s", diagnosis.IDProtocolError},
	"Frames/reserved opcode":                                               {"1s", diagnosis.IDProtocolError},
	"Frames/a continuation of nothing":                                     {"1s", diagnosis.IDProtocolError},
	"Frames/a message that never ends":                                     {"1s", diagnosis.IDProtocolError},
	"Frames/masked":                                                        {"1s", diagnosis.IDProtocolError},
	"Frames/a length not in its shortest form":                             {"1s 2s 3s", diagnosis.IDStillOpen},
	"Frames/an impossible length":                                          {"1s", diagnosis.IDProtocolError},
	"Frames/a ping of more than 125 bytes":                                 {"10s", diagnosis.IDProtocolError},
	"Frames/an error page in the stream":                                   {"10s", diagnosis.IDProtocolError},
	"Frames, toward the server/dropped":                                    {"1s", diagnosis.IDStillOpen},
	"Frames, toward the server/delayed, and all behind it":                 {"1s", diagnosis.IDStillOpen},
	"Frames, toward the server/late, alone":                                {"1s", diagnosis.IDStillOpen},
	"Frames, toward the server/reordered":                                  {"1s", diagnosis.IDStillOpen},
	"Frames, toward the server/duplicated":                                 {"1s", diagnosis.IDStillOpen},
	"Frames, toward the server/replaced":                                   {"1s", diagnosis.IDStillOpen},
	"Frames, toward the server/injected":                                   {"10s", diagnosis.IDStillOpen},
	"Frames, toward the server/corrupted":                                  {"1s", diagnosis.IDStillOpen},
	"Frames, toward the server/truncated":                                  {"1s", diagnosis.IDStillOpen},
	"Frames, toward the server/torn: less than the header says":            {"10s", diagnosis.IDCloseByClient},
	"Frames, toward the server/split into fragments":                       {"1s 2s 3s", diagnosis.IDStillOpen},
	"Frames, toward the server/coalesced":                                  {"1s 2s 3s", diagnosis.IDStillOpen},
	"Frames, toward the server/reserved bit":                               {"1s", diagnosis.IDProtocolError},
	"Frames, toward the server/reserved opcode":                            {"1s", diagnosis.IDProtocolError},
	"Frames, toward the server/a continuation of nothing":                  {"1s", diagnosis.IDProtocolError},
	"Frames, toward the server/a message that never ends":                  {"1s", diagnosis.IDProtocolError},
	"Frames, toward the server/not masked":                                 {"1s", diagnosis.IDProtocolError},
	"Frames, toward the server/a length not in its shortest form":          {"1s 2s 3s", diagnosis.IDStillOpen},
	"Frames, toward the server/an impossible length":                       {"1s", diagnosis.IDProtocolError},
	"Frames, toward the server/junk in the stream":                         {"10s", diagnosis.IDProtocolError},
	"Bytes/latency with jitter":                                            {"0s", diagnosis.IDStillOpen},
	"Bytes/throttled":                                                      {"1s", diagnosis.IDStillOpen},
	"Bytes/stalled, pushing back":                                          {"1s", diagnosis.IDHeartbeatTimeout},
	"Bytes/slices with pauses":                                             {"1s", diagnosis.IDStillOpen},
	"Bytes/limited":                                                        {"2s", diagnosis.IDNoCloseFrame},
	"Bytes/discarded":                                                      {"1s", diagnosis.IDHeartbeatTimeout},
	"Bytes/discarded, and closed when nothing more comes":                  {"1s", diagnosis.IDIdleTimeout},
	"Bytes/reset by what comes":                                            {"3s", diagnosis.IDResetByServer},
	"Bytes/slow close":                                                     {"10s", diagnosis.IDCloseByClient},
	"Heartbeat/no pong":                                                    {"20s 40s 1m0s", diagnosis.IDHeartbeatTimeout},
	"Heartbeat/late pongs":                                                 {"20s 40s 1m0s and 4 more", diagnosis.IDStillOpen},
	"Heartbeat/forged pongs":                                               {"20s 40s 1m0s and 4 more", diagnosis.IDStillOpen},
	"Heartbeat/every pong twice":                                           {"20s 40s 1m0s and 4 more", diagnosis.IDStillOpen},
	"Heartbeat/only every third pong":                                      {"20s 40s", diagnosis.IDHeartbeatTimeout},
	"Heartbeat/unsolicited pongs":                                          {"20s 40s 1m0s and 4 more", diagnosis.IDStillOpen},
	"Heartbeat/no ping from the server":                                    {"15s 30s 45s and 6 more", diagnosis.IDStillOpen},
	"Heartbeat/no text pong":                                               {"20s 40s 1m0s", diagnosis.IDHeartbeatTimeout},
	"Heartbeat/late text pongs":                                            {"20s 40s 1m0s and 4 more", diagnosis.IDStillOpen},
	"Heartbeat/forged text pongs":                                          {"20s 40s 1m0s", diagnosis.IDHeartbeatTimeout},
	"Heartbeat/every text pong twice":                                      {"20s 40s 1m0s and 4 more", diagnosis.IDStillOpen},
	"Heartbeat/only every second text pong":                                {"20s 1m0s 1m40s 2m20s", diagnosis.IDStillOpen},
	"Heartbeat/unsolicited text pongs":                                     {"20s 40s 1m0s and 4 more", diagnosis.IDStillOpen},
	"Close/1001 going away":                                                {"10s", diagnosis.IDRestart},
	"Close/1012 with a reason":                                             {"10s", diagnosis.IDRestart},
	"Close/an application's code":                                          {"10s", diagnosis.IDCloseByServer},
	"Close/without a code":                                                 {"10s", diagnosis.IDCloseByServer},
	"Close/a code that must not be sent":                                   {"10s", diagnosis.IDProtocolError},
	"Close/a code that is none":                                            {"10s", diagnosis.IDCloseByServer},
	"Close/half a code":                                                    {"10s", diagnosis.IDProtocolError},
	"Close/to the server alone":                                            {"10s", diagnosis.IDNoCloseFrame},
	"Close/and TCP stays open":                                             {"10s", diagnosis.IDRestart},
	"Close/and the socket is closed at once":                               {"10s", diagnosis.IDRestart},
	"Close/the client's is never answered":                                 {"10s", diagnosis.IDCloseByClient},
	"Close/the client's is answered late":                                  {"10s", diagnosis.IDCloseByClient},
	"Ends/half-close":                                                      {"10s", diagnosis.IDNoCloseFrame},
	"Ends/FIN on both sides, the server's first, a second apart":           {"10s", diagnosis.IDNoCloseFrame},
	"Ends/full close":                                                      {"10s", diagnosis.IDNoCloseFrame},
	"Ends/FIN, and a reset behind it":                                      {"10s", diagnosis.IDNoCloseFrame},
	"Ends/reset":                                                           {"10s", diagnosis.IDResetByServer},
	"Ends/reset, the client alone":                                         {"10s", diagnosis.IDResetByServer},
	"Ends/reset, the server alone":                                         {"10s", diagnosis.IDHalfOpen},
	"Ends/FIN to the server, nothing more to the client":                   {"10s", diagnosis.IDHalfOpen},
	"Ends/FIN behind a close_notify":                                       {"10s", diagnosis.IDNoCloseFrame},
	"Ends/FIN without a close_notify":                                      {"10s", diagnosis.IDNoCloseFrame},
	"Silence/held for a while, then all of it":                             {"2.2s", diagnosis.IDStillOpen},
	"Silence/held for good, one way":                                       {"10s", diagnosis.IDHeartbeatTimeout},
	"Silence/swallowed, both ways":                                         {"10s", diagnosis.IDHeartbeatTimeout},
	"Silence/frozen reader":                                                {"10s", diagnosis.IDStillOpen},
	"Silence/forgotten: what is sent draws a reset":                        {"10s", diagnosis.IDResetByServer},
	"Silence/forgotten when idle: what is sent draws a reset":              {"18s", diagnosis.IDResetByServer},
	"Silence/forgotten: what is sent is lost":                              {"10s", diagnosis.IDHeartbeatTimeout},
	"Silence/forgotten until the client sends again":                       {"10s", diagnosis.IDStillOpen},
	"Silence/idle timeout, off by chance":                                  {"18.290648s", diagnosis.IDIdleTimeout},
	"Silence/maximum lifetime, off by chance":                              {"1m5.032518s", diagnosis.IDMaxLifetime},
	"Silence/idle timeout":                                                 {"18s", diagnosis.IDIdleTimeout},
	"Silence/maximum lifetime":                                             {"1m5s", diagnosis.IDMaxLifetime},
	"Many connections/everyone dropped at once":                            {"30s", diagnosis.IDResetByServer},
	"Many connections/rolling restart":                                     {"30s", diagnosis.IDRestart},
	"Many connections/a reload, which ends those who are there":            {"30s", diagnosis.IDRestart},
	"Many connections/flapping on a schedule":                              {"10s 10s 15s", diagnosis.IDNoCloseFrame},
	"Many connections/partial outage: a share":                             {"0s", diagnosis.IDHandshakeRejected},
	"Many connections/partial outage: every so many":                       {"0s", diagnosis.IDHeartbeatTimeout},
}
