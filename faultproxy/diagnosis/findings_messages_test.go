package diagnosis_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestResubscribed(t *testing.T) {
	p := diagnosis.Policy{Resubscribe: []frame.Match{frame.JSON("op", "sub")}}
	two := diagnosis.Policy{Resubscribe: []frame.Match{frame.Contains("alpha"), frame.Contains("beta")}}
	session := diagnosis.Policy{Dialect: heartbeat.GraphQLTransportWS(), Resubscribe: []frame.Match{frame.JSON("type", "subscribe")}}
	sub := say(`{"op":"sub"}`)
	begin, ack, subscribe := say(`{"type":"connection_init"}`), hear(`{"type":"connection_ack"}`), say(`{"type":"subscribe","id":"1"}`)
	judged(t, diagnosis.RuleResubscribed, 0, []ruling{
		{"on both connections", p, merge(conn(1, 0, open(at(0, sub), at(9*sec, say("x")))...), conn(2, 20*sec, open(at(0, sub), at(9*sec, say("x")))...)), kept, 0, "2 subscriptions"},
		{"on the first only", p, merge(conn(1, 0, open(at(0, sub), at(9*sec, say("x")))...), conn(2, 20*sec, open(at(9*sec, say("x")))...)), broken, 2, "measured not sent within 9.0 s, expected within 5 s"},
		{"late", p, live(at(7*sec, sub)), broken, 1, "sent after 7.0 s"},
		{"one of two", two, live(at(0, say("alpha")), at(9*sec, say("x"))), broken, 1, "beta"},
		{"too short a life", p, live(at(sec, say("x")), at(3*sec, fin(toC, passed)), at(60*sec, ended())), notJudged, 0, "long enough"},
		{"dropped by the proxy", p, live(at(0, send(toS, arrived, frame.Text(`{"op":"sub"}`))), at(9*sec, say("x"))), kept, 0, ""},
		{"nothing promised", nothing, live(at(60*sec, say("x"))), notJudged, 0, "names nothing"},
		{"after the session began", session, live(at(0, begin), at(8*sec, ack), at(8*sec, subscribe), at(20*sec, say("x"))), kept, 0, ""},
		{"not even then", session, live(at(0, begin), at(8*sec, ack), at(20*sec, say("x"))), broken, 1, "not sent within 12.0 s"},
		{"the session did not begin", session, live(at(0, begin), at(20*sec, say("x"))), notJudged, 0, "did not begin"},
		{"its answer was dropped", session, live(at(0, begin), at(0, send(toC, arrived, frame.Text("ack"))), at(sec, hear("x")), at(20*sec, say("x"))), notJudged, 0, "did not begin"},
		{"its answer was held", session, live(at(0, begin), at(0, send(toC, arrived, frame.Text("ack"))), at(9*sec, send(toC, left, frame.Text("ack"))), at(10*sec, subscribe), at(20*sec, say("x"))), kept, 0, ""},
		{"blind where messages cannot be read", p, live(at(sec, compressed(say("x"))), at(9*sec, say("x"))), notJudged, 1, "compressed"},
		{"blind to a client that nobody reads", p, seenAtServer(live(at(0, frozen()), at(60*sec, ended()))), notJudged, 1, "nobody read"},

		{"in fragments", p, live(at(0, fragment(toS, false, frame.OpText, `{"op":`)), at(sec, fragment(toS, true, frame.OpContinuation, `"sub"}`)), at(9*sec, say("x"))), kept, 0, "1 subscription"},
		{"in fragments, the last one late", p, live(at(0, fragment(toS, false, frame.OpText, `{"op":`)), at(7*sec, fragment(toS, true, frame.OpContinuation, `"sub"}`))), broken, 1, "sent after 7.0 s"},
		{"in fragments, another message", p, live(at(0, fragment(toS, false, frame.OpText, `{"op":`)), at(sec, fragment(toS, true, frame.OpContinuation, `"x"}`)), at(9*sec, say("x"))), broken, 1, "not sent within 9.0 s"},
		{"a frame, not a message, is asked for", diagnosis.Policy{Resubscribe: []frame.Match{frame.Fin(false)}}, live(at(0, fragment(toS, false, frame.OpText, `{"op":`)), at(9*sec, say("x"))), kept, 0, ""},
		{"blind to fragments that were not kept", p, live(at(0, fragment(toS, false, frame.OpText, `{"op":`)), at(sec, cropped(fragment(toS, true, frame.OpContinuation, `"su`))), at(9*sec, say("x"))), notJudged, 1, "a message of 2 fragments was not kept whole"},
		{"blind to a long message", p, live(at(0, cropped(say(`{"op":`))), at(9*sec, say("x"))), notJudged, 1, "a message was not kept whole"},
		{"a long message after the deadline", p, live(at(8*sec, cropped(say(`{"op":`))), at(9*sec, say("x"))), broken, 1, "not sent within 9.0 s"},
		{"after a session that began in fragments", session, live(at(0, fragment(toS, false, frame.OpText, `{"type":"conne`)), at(0, fragment(toS, true, frame.OpContinuation, `ction_init"}`)), at(8*sec, ack), at(8*sec, subscribe), at(20*sec, say("x"))), kept, 0, ""},
	})
}

// fragment is a part of a message.
func fragment(dir frame.Direction, fin bool, op frame.Opcode, payload string) timeline.Event {
	return send(dir, passed, frame.Frame{Fin: fin, Opcode: op, Payload: []byte(payload)})
}

// cropped is a frame of which only the beginning was kept.
func cropped(ev timeline.Event) timeline.Event {
	ev.Header.Length += 5000
	ev.Truncated = true
	return ev
}

// inFragments is a numbered message in two fragments.
func inFragments(dir frame.Direction, d time.Duration, n int) []step {
	return []step{at(d, fragment(dir, false, frame.OpText, `{"se`)), at(d+ms, fragment(dir, true, frame.OpContinuation, fmt.Sprintf(`q":%d}`, n)))}
}

// numbered is a message with a number.
func numbered(dir frame.Direction, seen timeline.Seen, n int) timeline.Event {
	return send(dir, seen, frame.Text(fmt.Sprintf(`{"seq":%d}`, n)))
}

// counting sends numbers a second apart.
func counting(dir frame.Direction, first time.Duration, numbers ...int) []step {
	var steps []step
	for i, n := range numbers {
		steps = append(steps, at(first+time.Duration(i)*sec, numbered(dir, passed, n)))
	}
	return steps
}

func TestMessageRules(t *testing.T) {
	messages := func(repeats bool) diagnosis.Policy {
		return diagnosis.Policy{Continuity: diagnosis.Continuity{Messages: frame.Contains(`"seq"`), Number: "{$.seq}", Repeats: repeats}}
	}
	p := messages(false)
	judged(t, diagnosis.RuleLost, 30*sec, []ruling{
		{"all of them", p, playing(counting(toS, sec, 1, 2, 3, 4)), kept, 0, "4 messages without a gap"},
		{"one was never sent", p, playing(counting(toS, sec, 1, 2, 4)), broken, 1, "message 3 was never sent, though 4 was"},
		{"one never came", p, playing(counting(toC, sec, 1, 2, 4)), broken, 1, "message 3"},
		{"one was lost with its connection", p, merge(conn(1, 0, open(join(counting(toS, sec, 1, 2), []step{at(3*sec, numbered(toS, arrived, 3)), at(9*sec, fin(toS, passed))})...)...),
			conn(2, 10*sec, open(counting(toS, sec, 4, 5)...)...)), broken, 2, "message 3 was lost with connection 1 and not sent again"},
		{"and sent again", p, merge(conn(1, 0, open(join(counting(toS, sec, 1, 2), []step{at(3*sec, numbered(toS, arrived, 3)), at(9*sec, fin(toS, passed))})...)...),
			conn(2, 10*sec, open(counting(toS, sec, 3, 4, 5)...)...)), kept, 0, ""},
		{"one that was swallowed among others", p, playing(counting(toS, sec, 1, 2), []step{at(3*sec, numbered(toS, arrived, 3)), at(4*sec, numbered(toS, passed, 4))}), kept, 0, ""},
		{"other messages do not count", p, playing(counting(toS, sec, 1, 2), chatter(2*sec, 9*sec, sec)), kept, 0, ""},
		{"nothing numbered", p, playing(chatter(2*sec, 9*sec, sec)), notJudged, 0, "no numbered message"},
		{"nothing promised", nothing, playing(counting(toS, sec, 1, 3)), notJudged, 0, "does not say"},
		{"one of them in fragments", p, playing(counting(toS, sec, 1, 2), inFragments(toS, 3*sec, 3), counting(toS, 4*sec, 4)), kept, 0, "4 messages without a gap"},
		{"the server's in fragments", p, playing(counting(toC, sec, 1, 2), inFragments(toC, 3*sec, 4)), broken, 1, "message 3"},
		{"blind to one that was not kept", p, playing(counting(toS, sec, 1, 2), []step{at(3*sec, cropped(say("{")))}), notJudged, 0, "not kept whole"},
		{"blind where messages cannot be read", p, playing(counting(toS, sec, 1, 3), []step{at(9*sec, compressed(say("x")))}), notJudged, 0, "compressed"},
		{"blind where there is no number", p, playing([]step{at(sec, say(`{"seq":"x"}`))}), notJudged, 0, "has no number"},
		{"blind after a gap", p, playing(counting(toS, sec, 1, 3), []step{at(9*sec, lost(1))}), notJudged, 0, "missing"},
	})
	if f := of(diagnosis.RuleLost, diagnosis.Findings(playing(counting(toS, sec, 1, 2, 4)), p))[0]; f.Verdict != notJudged {
		t.Errorf("it may still come: %s", f)
	}
	judged(t, diagnosis.RuleRepeated, 0, []ruling{
		{"each once", p, playing(counting(toS, sec, 1, 2, 3)), kept, 0, "3 messages, none of them twice"},
		{"again in fragments", p, playing(counting(toS, sec, 1, 2), inFragments(toS, 3*sec, 2)), broken, 1, "message 2 was sent twice"},
		{"twice on one connection", p, playing(counting(toS, sec, 1, 2, 2)), broken, 1, "message 2 was sent twice"},
		{"again, though it had arrived", p, merge(conn(1, 0, open(join(counting(toS, sec, 1, 2), []step{at(5*sec, hear("ok")), at(9*sec, fin(toC, passed))})...)...),
			conn(2, 10*sec, open(counting(toS, sec, 2, 3)...)...)), broken, 2, "message 2 was sent again, though connection 1 had delivered it"},
		{"again, for it may have been lost", p, merge(conn(1, 0, open(join(counting(toS, sec, 1, 2), []step{at(2*sec, rst(toC, passed))})...)...),
			conn(2, 10*sec, open(counting(toS, sec, 2, 3)...)...)), kept, 0, ""},
		{"a copy made on the way", p, playing(counting(toS, sec, 1, 2), []step{at(2*sec, numbered(toS, left, 2))}), kept, 0, ""},
		{"repeats may be", messages(true), playing(counting(toS, sec, 1, 2, 2)), notJudged, 0, "as the policy says"},
	})
	judged(t, diagnosis.RuleOrder, 0, []ruling{
		{"ascending", p, playing(counting(toS, sec, 1, 2, 5)), kept, 0, "3 messages of the client's, in order"},
		{"not", p, playing(counting(toS, sec, 1, 3, 2)), broken, 1, "message 2 was sent after 3"},
		{"the server's order is not the client's", p, playing(counting(toC, sec, 1, 3, 2)), notJudged, 0, ""},
		{"sent again on another connection", messages(true), merge(conn(1, 0, open(counting(toS, sec, 1, 2, 3)...)...), conn(2, 10*sec, open(counting(toS, sec, 2, 3, 4)...)...)), kept, 0, ""},
	})
}
