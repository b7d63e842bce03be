package diagnosis_test

import (
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func protocol() heartbeat.Dialect { return heartbeat.Protocol() }

func TestFrameRules(t *testing.T) {
	masked := func(f frame.Frame) timeline.Event { return raw(toS, passed, f.WithMask([4]byte{1, 2, 3, 4})) }
	judged(t, diagnosis.RuleMasking, 0, []ruling{
		{"masked", nothing, live(at(sec, say("x")), at(2*sec, say("y"))), kept, 0, "2 frames of the client, all masked"},
		{"not masked", nothing, live(at(sec, raw(toS, passed, frame.Ping(nil)))), broken, 1, "a client's ping frame is not masked"},
		{"injected on the way to the server", nothing, live(at(sec, raw(toS, left, frame.Text("x")))), notJudged, 0, "the client sent no frame"},
		{"dropped on the way to the server", nothing, live(at(sec, raw(toS, arrived, frame.Text("x")))), broken, 1, ""},
		{"the server's", nothing, live(at(sec, raw(toC, passed, frame.Text("x").WithMask([4]byte{1})))), notJudged, 0, ""},
		{"seen from the middle on", nothing, one(at(sec, raw(toS, passed, frame.Text("x")))), broken, 1, ""},
		{"blind after a gap", nothing, live(at(sec, lost(1)), at(2*sec, raw(toS, passed, frame.Text("x")))), notJudged, 1, "events of it are missing"},
	})
	judged(t, diagnosis.RuleFraming, 0, []ruling{
		{"legal", nothing, live(at(sec, masked(frame.Frame{Opcode: frame.OpText, Payload: []byte("a")})), at(sec, masked(frame.Ping(nil))), at(sec, masked(frame.Continuation(true, nil)))), kept, 0, "3 frames"},
		{"a continuation of nothing", nothing, live(at(sec, masked(frame.Continuation(true, nil)))), broken, 1, "RFC 6455 section 5.4"},
		{"a big ping", nothing, live(at(sec, masked(frame.Ping(make([]byte, 126))))), broken, 1, "RFC 6455 section 5.5"},
		{"no frames", nothing, live(at(sec, opaque(toS, "RFC 6455 section 5.2", "opcode 0x3 is reserved"))), broken, 1, "opcode 0x3 is reserved"},
		{"the server's are no frames", nothing, live(at(sec, say("x")), at(sec, opaque(toC, "RFC 6455 section 5.2", "opcode 0x3 is reserved"))), kept, 0, ""},
		{"blind from the middle on", nothing, one(at(sec, masked(frame.Continuation(true, nil)))), notJudged, 1, "it began before what is looked at"},
	})
	judged(t, diagnosis.RuleUTF8, 0, []ruling{
		{"text", nothing, live(at(sec, say("ä"))), kept, 0, "1 text of the client"},
		{"no text", nothing, live(at(sec, say("\xff"))), broken, 1, "not UTF-8"},
		{"a binary message is none", nothing, live(at(sec, masked(frame.Binary([]byte{0xff})))), notJudged, 0, "the client sent no text"},
		{"a reason that is none", nothing, live(at(sec, clientCloses(1000, "\xff"))), broken, 1, "the reason of the Close"},
	})
	judged(t, diagnosis.RuleAfterClose, 0, []ruling{
		{"nothing after the Close", nothing, live(at(sec, clientCloses(1000, "")), at(sec, fin(toS, passed))), kept, 0, "1 Close of the client"},
		{"data after the Close", nothing, live(at(sec, clientCloses(1000, "")), at(2*sec, say("x"))), broken, 1, "a text frame after the Close"},
		{"data after the server's Close", nothing, live(at(sec, serverCloses(1000, "")), at(sec, say("x")), at(sec, clientCloses(1000, ""))), kept, 0, ""},
		{"a ping after the Close", nothing, live(at(sec, clientCloses(1000, "")), at(2*sec, masked(frame.Ping(nil)))), kept, 0, ""},
		{"a Close after a Close made on the way", nothing, live(at(sec, raw(toS, left, frame.Close(1001, ""))), at(2*sec, say("x"))), notJudged, 0, ""},
	})
	judged(t, diagnosis.RuleCloseCodes, 0, []ruling{
		{"1000", nothing, live(at(sec, clientCloses(1000, ""))), kept, 0, ""},
		{"4999", nothing, live(at(sec, clientCloses(4999, ""))), kept, 0, ""},
		{"1006", nothing, live(at(sec, clientCloses(1006, ""))), broken, 1, "close code 1006"},
		{"1005", nothing, live(at(sec, clientCloses(1005, ""))), broken, 1, "close code 1005"},
		{"one byte", nothing, live(at(sec, masked(frame.Frame{Fin: true, Opcode: frame.OpClose, Payload: []byte{3}}))), broken, 1, "holds no code"},
		{"an undefined code is not forbidden", nothing, live(at(sec, clientCloses(999, ""))), kept, 0, ""},
		{"1006 sent back", nothing, live(at(sec, serverCloses(1006, "")), at(sec, clientCloses(1006, ""))), kept, 0, ""},
	})
}

func TestPongRules(t *testing.T) {
	pinged := func(payload string) timeline.Event { return raw(toC, passed, frame.Ping([]byte(payload))) }
	ponged := func(payload string) timeline.Event { return send(toS, passed, frame.Pong([]byte(payload))) }
	soon := diagnosis.Policy{PongWithin: sec}
	judged(t, diagnosis.RulePong, 0, []ruling{
		{"answered", nothing, live(at(sec, pinged("a")), at(sec+ms, ponged("a"))), kept, 0, "1 ping, each answered with its payload"},
		{"never", nothing, live(at(sec, pinged("a")), at(12*sec, say("x"))), broken, 1, `measured no pong for 11.0 s, expected a pong with payload "a"`},
		{"with another payload", nothing, live(at(sec, pinged("a")), at(sec, ponged("b")), at(12*sec, say("x"))), broken, 1, "1 pong with another payload came"},
		{"only the latest of several", nothing, live(at(sec, pinged("a")), at(sec, pinged("b")), at(sec, ponged("b")), at(12*sec, say("x"))), kept, 0, "2 pings"},
		{"the recording ends too soon", nothing, live(at(sec, pinged("a")), at(9*sec, say("x"))), notJudged, 0, "no ping reached the client early enough"},
		{"the connection ends too soon", nothing, live(at(sec, pinged("a")), at(9*sec, fin(toC, passed)), at(30*sec, ended())), notJudged, 0, ""},
		{"after a Close", nothing, live(at(sec, serverCloses(1000, "")), at(sec, pinged("a")), at(30*sec, ended())), notJudged, 0, ""},
		{"while the client closes", nothing, live(at(sec, clientCloses(1000, "")), at(sec, pinged("a")), at(30*sec, ended())), notJudged, 0, ""},
		{"a ping that was dropped on its way", nothing, live(at(sec, raw(toC, arrived, frame.Ping(nil))), at(30*sec, say("x"))), notJudged, 0, ""},
		{"a pong that was dropped on its way", nothing, live(at(sec, pinged("a")), at(sec, send(toS, arrived, frame.Pong([]byte("a")))), at(30*sec, say("x"))), kept, 0, ""},
		{"a pong that was made on the way", nothing, live(at(sec, pinged("a")), at(sec, send(toS, left, frame.Pong([]byte("a")))), at(30*sec, say("x"))), broken, 1, ""},
		{"a ping that nobody need answer", nothing, live(at(sec, raw(toC, passed, frame.Ping(make([]byte, 126)))), at(30*sec, say("x"))), notJudged, 0, ""},
		{"an injected ping that was delivered late", nothing, live(at(sec, raw(toC, arrived, frame.Ping(nil))), at(25*sec, raw(toC, left, frame.Ping(nil))), at(30*sec, say("x"))), notJudged, 0, ""},
		{"blind to a client that nobody reads", nothing, seenAtServer(live(at(sec, frozen()), at(2*sec, pinged("a")), at(30*sec, ended()))), notJudged, 1, "nobody read"},
		{"blind after a gap", nothing, live(at(sec, pinged("a")), at(2*sec, lost(1)), at(30*sec, say("x"))), notJudged, 1, "missing"},
		{"blind where frames are no frames", nothing, live(at(sec, opaque(toS, "", "")), at(2*sec, pinged("a")), at(30*sec, hear("x"))), notJudged, 1, "could not be parsed"},
	})
	judged(t, diagnosis.RulePongLatency, 0, []ruling{
		{"in time", soon, live(at(sec, pinged("a")), at(2*sec, ponged("a"))), kept, 0, "the slowest answered after 1.0 s"},
		{"late", soon, live(at(sec, pinged("a")), at(2300*ms, ponged("a"))), broken, 1, "measured 1.3 s, expected a pong within 1.0 s"},
		{"not yet", soon, live(at(sec, pinged("a")), at(2300*ms, say("x"))), broken, 1, "no pong for 1.3 s"},
		{"late, but not promised", nothing, live(at(sec, pinged("a")), at(8*sec, ponged("a"))), kept, 0, ""},
		{"very late, and not promised", nothing, live(at(sec, pinged("a")), at(12*sec, ponged("a"))), warned, 1, "measured 11.0 s"},
		{"late for a gap of the recorder's", soon, live(at(sec, pinged("a")), at(1500*ms, fin(toC, passed)), at(9*sec, ended())), notJudged, 0, ""},
	})
}

func TestCloseIsAnswered(t *testing.T) {
	judged(t, diagnosis.RuleCloseAnswered, 0, []ruling{
		{"answered", nothing, live(at(sec, serverCloses(1012, "")), at(sec, clientCloses(1012, ""))), kept, 0, "1 Close"},
		{"crossed", nothing, live(at(sec, clientCloses(1000, "")), at(sec, serverCloses(1012, "")), at(sec, fin(toS, passed))), kept, 0, ""},
		{"a FIN instead", nothing, live(at(sec, serverCloses(1012, "")), at(2*sec, fin(toS, passed)), at(2*sec, ended())), broken, 1, "measured a FIN after 1.0 s"},
		{"an RST instead", nothing, live(at(sec, serverCloses(1012, "")), at(2*sec, rst(toS, passed)), at(2*sec, ended())), broken, 1, "measured an RST after 1.0 s"},
		{"a FIN that crossed it", nothing, live(at(sec, serverCloses(1012, "")), at(sec+ms, fin(toS, passed)), at(2*sec, ended())), notJudged, 0, ""},
		{"nothing", nothing, live(at(sec, serverCloses(1012, "")), at(12*sec, hear("x"))), broken, 1, "no Close for 11.0 s"},
		{"nothing yet", nothing, live(at(sec, serverCloses(1012, "")), at(9*sec, hear("x"))), notJudged, 0, ""},
		{"the socket was closed under it", nothing, live(at(sec, serverCloses(1012, "")), at(sec, closed(toC)), at(12*sec, ended())), notJudged, 0, ""},
		{"over, as far as the recorder saw", nothing, merge(live(at(sec, serverCloses(1012, "")), at(2*sec, ended())), later(20*sec)), notJudged, 0, ""},
		{"reset under it", nothing, live(at(sec, serverCloses(1012, "")), at(sec, rst(toC, passed)), at(2*sec, rst(toS, passed)), at(12*sec, ended())), notJudged, 0, ""},
		{"a half-close does not hinder", nothing, live(at(sec, serverCloses(1012, "")), at(sec, fin(toC, passed)), at(2*sec, fin(toS, passed)), at(2*sec, ended())), broken, 1, ""},
		{"an illegal Close may be answered with the end", nothing, live(at(sec, serverCloses(1006, "")), at(2*sec, fin(toS, passed)), at(2*sec, ended())), notJudged, 0, ""},
		{"so may a Close after something illegal", nothing, live(at(sec, raw(toC, passed, frame.Text("x").WithMask([4]byte{1}))), at(sec, serverCloses(1000, "")), at(2*sec, fin(toS, passed)), at(2*sec, ended())), notJudged, 0, ""},
		{"a Close that did not get through", nothing, live(at(sec, raw(toC, arrived, frame.Close(1012, ""))), at(2*sec, fin(toS, passed)), at(2*sec, ended())), notJudged, 0, ""},
		{"the client's program ended", nothing, append(live(at(sec, serverCloses(1012, "")), at(2*sec, fin(toS, passed))),
			timeline.Event{Seq: 90, At: 2500 * ms, Kind: timeline.KindStarted, Fields: fields("client", "a")}, timeline.Event{Seq: 91, At: 2600 * ms, Kind: timeline.KindExit, Fields: fields("client", "a", "code", "0")}), notJudged, 0, ""},
		{"blind to a client that nobody reads", nothing, seenAtServer(live(at(sec, frozen()), at(2*sec, serverCloses(1012, "")), at(30*sec, ended()))), notJudged, 1, "nobody read"},
	})
}
