package assertions_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// beats has the client ping at these times.
func (p *tape) beats(conn int, at ...time.Duration) *tape {
	for _, d := range at {
		p.at(d).sends(conn, frame.Ping(nil))
	}
	return p
}

func TestHeartbeats(t *testing.T) {
	ten := HaveHeartbeat(protocol, Every(10*sec, PlusMinus(sec)))
	tell(t, []story{
		{"as promised", func(tl *tape) { tl.opens(1).beats(1, 10*sec, 20*sec, 30*sec).at(35 * sec) }, nil, ten, "yes", "The client beat 3 times (protocol), 10s apart, expected it not to beat every 10s ± 1s."},
		{"at the edges of the tolerance", func(tl *tape) { tl.opens(1).beats(1, 11*sec, 20*sec, 31*sec).at(42 * sec) }, nil, ten, "yes", "9s to 11s apart"},
		{"a first beat that comes early", func(tl *tape) { tl.opens(1).beats(1, 0, 10*sec).at(12 * sec) }, nil, ten, "yes", ""},
		{"a first beat that comes late", func(tl *tape) { tl.opens(1).beats(1, 11*sec+1, 21*sec) }, nil, ten, "no", "came 11.000000001s after it opened, expected one every 10s ± 1s."},
		{"no first beat", func(tl *tape) { tl.opens(1).at(12 * sec) }, nil, ten, "no", "has not beaten (protocol) on connection 1 in the 12s since it opened"},
		{"too late", func(tl *tape) { tl.opens(1).beats(1, 10*sec, 21*sec+1) }, nil, ten, "no", "came 11.000000001s after the one before"},
		{"too early", func(tl *tape) { tl.opens(1).beats(1, 10*sec, 19*sec-1) }, nil, ten, "no", "came only 8.999999999s after the one before"},
		{"two at once", func(tl *tape) { tl.opens(1).beats(1, 10*sec, 20*sec, 20*sec) }, nil, ten, "no", "came only 0s after"},
		{"none since", func(tl *tape) { tl.opens(1).beats(1, 10*sec, 20*sec).at(31*sec + 1) }, nil, ten, "no", "in the 11.000000001s since its last beat"},
		{"none until the end", func(tl *tape) { tl.opens(1).beats(1, 10*sec, 20*sec).at(32 * sec).dropped(1).at(90 * sec) }, nil, ten, "no", "in the 12s from its last beat until it ended"},
		{"none behind the end", func(tl *tape) {
			tl.opens(1).beats(1, 10*sec, 20*sec).at(25*sec).gets(1, frame.Close(1001, "")).at(90 * sec)
		}, nil, ten, "yes", ""},
		{"exactly, without a tolerance", func(tl *tape) { tl.opens(1).beats(1, 10*sec, 20*sec+1) }, nil, HaveHeartbeat(protocol, Every(10*sec)), "no", "came 10.000000001s after the one before, expected one exactly every 10s (no PlusMinus was given)."},
		{"on a connection that was too short", func(tl *tape) {
			tl.opens(1).at(sec).dropped(1).opens(2).beats(2, 11*sec, 21*sec)
		}, nil, ten, "yes", ""},
		{"on the second connection", func(tl *tape) { tl.opens(1).beats(1, 10*sec, 20*sec).dropped(1).opens(2).at(40 * sec) }, nil, ten, "no", "on connection 2 in the 20s since it opened"},
		{"from the middle on", func(tl *tape) { tl.opens(1).beats(1, 3*sec).at(5 * sec).Note("x"); tl.beats(1, 13*sec, 23*sec) }, since(timeline.Noted("x")), ten, "yes", "beat twice"},
		{"from the middle on, too late", func(tl *tape) { tl.opens(1).beats(1, 3*sec).at(5 * sec).Note("x"); tl.beats(1, 17*sec, 27*sec) }, since(timeline.Noted("x")), ten, "no", "came 12s after"},
		{"answers are no beats", func(tl *tape) {
			tl.opens(1).at(5*sec).gets(1, frame.Text("ping")).sends(1, frame.Text("pong")).at(10*sec).sends(1, frame.Text("ping")).gets(1, frame.Text("pong")).
				at(20*sec).sends(1, frame.Text("ping"))
		}, nil, HaveHeartbeat(words).Times(2), "yes", ""},
		{"what could not be parsed", func(tl *tape) {
			tl.opens(1).beats(1, 10*sec, 20*sec).event(1, timeline.KindOpaque, frame.ToServer).at(90 * sec)
		}, nil, ten, "unclear", ""},
		{"until the server reads no more", func(tl *tape) { tl.opens(1).beats(1, 10*sec, 20*sec).freezes(1).at(90 * sec) }, nil, ten, "yes", ""},
		{"both rhythm and number", func(tl *tape) { tl.opens(1).beats(1, 10*sec, 20*sec) }, nil, HaveHeartbeat(protocol, Every(10*sec)).Times(3), "no", "beat twice (protocol), expected 3 times."},

		{"little jitter", func(tl *tape) { tl.opens(1).beats(1, 10*sec, 20*sec, 30*sec+5*ms) }, nil, HaveHeartbeatJitter(protocol, BeNumerically("<", 10*ms)), "yes", "differ by 5ms (10s to 10.005s)"},
		{"much jitter", func(tl *tape) { tl.opens(1).beats(1, 10*sec, 20*sec, 33*sec) }, nil, HaveHeartbeatJitter(protocol, BeNumerically("<", 10*ms)), "no", "differ by 3s (10s to 13s), expected less than 10ms."},
		{"exactly so much", func(tl *tape) { tl.opens(1).beats(1, 10*sec, 20*sec, 33*sec) }, nil, HaveHeartbeatJitter(protocol, 3*sec), "yes", ""},
	})
}

func TestAnswers(t *testing.T) {
	in := HaveAnsweredEveryPing(Within(sec))
	one, two := []byte("1"), []byte("2")
	tell(t, []story{
		{"in time", func(tl *tape) { tl.opens(1).gets(1, frame.Ping(one)).at(sec).sends(1, frame.Pong(one)) }, nil, in, "yes", "answered every ping, the slowest after 1s"},
		{"too late", func(tl *tape) { tl.opens(1).gets(1, frame.Ping(one)).at(sec+ms).sends(1, frame.Pong(one)) }, nil, in, "no", "answered a ping on connection 1 only after 1.001s, expected an answer within 1s."},
		{"not at all", func(tl *tape) { tl.opens(1).gets(1, frame.Ping(one)).at(2 * sec) }, nil, in, "no", "did not answer a ping on connection 1 for 2s"},
		{"another payload", func(tl *tape) { tl.opens(1).gets(1, frame.Ping(one)).sends(1, frame.Pong(two)).at(2 * sec) }, nil, in, "no", "and sent 1 answer that belongs to none"},
		{"one of two", func(tl *tape) {
			tl.opens(1).gets(1, frame.Ping(one)).sends(1, frame.Pong(one)).at(sec).gets(1, frame.Ping(two)).at(5 * sec)
		}, nil, in, "no", "for 4s"},
		{"two with one pong", func(tl *tape) {
			tl.opens(1).gets(1, frame.Ping(one), frame.Ping(two)).at(500*ms).sends(1, frame.Pong(two))
		}, nil, in, "yes", ""},
		{"one answered, one not due", func(tl *tape) {
			tl.opens(1).gets(1, frame.Ping(one)).sends(1, frame.Pong(one)).at(sec).gets(1, frame.Ping(two))
		}, nil, in, "yes", ""},
		{"a ping behind the Close", func(tl *tape) {
			tl.opens(1).gets(1, frame.Ping(one)).sends(1, frame.Pong(one)).at(sec).gets(1, frame.Close(1001, ""), frame.Ping(two)).at(9 * sec)
		}, nil, in, "yes", ""},
		{"a ping that the end overtook", func(tl *tape) {
			tl.opens(1).gets(1, frame.Ping(one)).sends(1, frame.Pong(one)).at(sec).gets(1, frame.Ping(two)).at(1500 * ms).dropped(1).at(9 * sec)
		}, nil, in, "yes", ""},
		{"a ping that was dropped", func(tl *tape) {
			tl.from = timeline.AtProxy
			tl.opens(1).gets(1, frame.Ping(one)).sends(1, frame.Pong(one)).frames(1, frame.ToClient, timeline.Arrived, frame.Ping(two)).at(9 * sec)
		}, nil, in, "yes", ""},
		{"Engine.IO", func(tl *tape) { tl.opens(1).at(25*sec).gets(1, frame.Text("2")).at(26*sec).sends(1, frame.Text("3")) }, nil, HaveAnsweredEveryBeat(engineIO, Within(sec)), "yes", "every engine.io beat"},
		{"Engine.IO, mute", func(tl *tape) { tl.opens(1).at(25*sec).gets(1, frame.Text("2")).at(28 * sec) }, nil, HaveAnsweredEveryBeat(engineIO, Within(sec)), "no", "did not answer an engine.io beat"},

		{"a pong that also answers the ping before", func(tl *tape) {
			tl.opens(1).gets(1, frame.Ping(one)).at(500*ms).gets(1, frame.Ping(two)).at(530*ms).sends(1, frame.Pong(two))
		}, nil, HavePongLatency(30 * ms), "yes", ""},
		{"the slowest pong", func(tl *tape) {
			tl.opens(1).gets(1, frame.Ping(one)).at(30*ms).sends(1, frame.Pong(one)).gets(1, frame.Ping(two)).at(40*ms).sends(1, frame.Pong(two))
		}, nil, HavePongLatency(30 * ms), "yes", "took up to 30ms to answer a ping"},
		{"a pong too slow", func(tl *tape) { tl.opens(1).gets(1, frame.Ping(one)).at(30*ms).sends(1, frame.Pong(one)) }, nil, HavePongLatency(BeNumerically("<", 10*ms)), "no", "expected less than 10ms."},
	})
}

func TestSilence(t *testing.T) {
	in := HaveDetectedSilenceWithin(10 * sec)
	text := frame.Text("news")
	tell(t, []story{
		{"a Close in time", func(tl *tape) { tl.opens(1).at(sec).gets(1, text).at(11*sec).sends(1, frame.Close(4000, "")) }, nil, in, "yes", "noticed the silence on connection 1 after 10s"},
		{"a Close too late", func(tl *tape) { tl.opens(1).at(sec).gets(1, text).at(11*sec+1).sends(1, frame.Close(4000, "")) }, nil, in, "no", "expected it to within 10s."},
		{"a FIN, with a beat unanswered", func(tl *tape) { tl.opens(1).beats(1, 5*sec).at(8 * sec).leaves(1) }, nil, in, "yes", "after 8s"},
		{"a FIN, and a new attempt", func(tl *tape) { tl.opens(1).at(8 * sec).leaves(1).at(12 * sec).asks(2) }, nil, in, "yes", "after 8s"},
		{"a FIN, and nothing", func(tl *tape) { tl.opens(1).at(8 * sec).leaves(1) }, nil, in, "unclear", "the client left connection 1 after 8s of silence"},
		{"a goodbye", func(tl *tape) { tl.opens(1).at(10*ms).sends(1, frame.Close(1000, "done")).leaves(1) }, nil, in, "unclear", "so it may have been done"},
		{"a goodbye after a beat that was answered", func(tl *tape) {
			tl.opens(1).beats(1, 5*sec).gets(1, frame.Pong(nil)).at(6*sec).sends(1, frame.Close(1001, "")).leaves(1)
		}, nil, in, "unclear", "the peer did not fall silent"},
		{"a Close 1000 with a beat unanswered", func(tl *tape) { tl.opens(1).beats(1, 5*sec).at(8*sec).sends(1, frame.Close(1000, "")).leaves(1) }, nil, in, "yes", "after 8s"},
		{"the program was stopped", func(tl *tape) {
			tl.starts("chat").opens(1).beats(1, 4*sec).at(5*sec).sends(1, frame.Close(4000, "")).leaves(1).at(5*sec+50*ms).exits("chat", 0)
		}, nil, in, "unclear", "the client program exited when connection 1 ended"},
		{"the program exited later", func(tl *tape) {
			tl.starts("chat").opens(1).beats(1, 4*sec).at(5*sec).sends(1, frame.Close(4000, "")).leaves(1).at(8*sec).exits("chat", 0)
		}, nil, in, "yes", "after 5s"},
		{"before what is looked at", func(tl *tape) { tl.opens(1).at(15*sec).gets(1, text).at(16 * sec).Note("x"); tl.at(20 * sec) }, since(timeline.Noted("x")), in, "unclear", "no silence since a note"},
		{"from the middle on", func(tl *tape) { tl.opens(1).beats(1, 5*sec).at(8 * sec).Note("x"); tl.at(14 * sec).leaves(1) }, since(timeline.Noted("x")), in, "yes", "after 6s"},
		{"from the middle on, though it began before", func(tl *tape) {
			tl.opens(1).at(2*sec).gets(1, text).beats(1, 5*sec).at(8 * sec).Note("x")
			tl.at(14 * sec).leaves(1)
		}, since(timeline.Noted("x")), in, "yes", "after 6s"},
		{"noticed before what is looked at", func(tl *tape) { tl.opens(1).at(5 * sec).asks(2).at(8 * sec).Note("x"); tl.at(9 * sec) }, since(timeline.Noted("x")), in, "unclear", ""},
		{"from the middle on, too late", func(tl *tape) { tl.opens(1).beats(1, 5*sec).at(8 * sec).Note("x"); tl.at(19 * sec).leaves(1) }, since(timeline.Noted("x")), in, "no", "after 11s"},
		{"over before what is looked at", func(tl *tape) { tl.opens(1).beats(1, 5*sec).at(8 * sec).leaves(1).Note("x"); tl.at(20 * sec) }, since(timeline.Noted("x")), in, "unclear", ""},
		{"an RST", func(tl *tape) { tl.opens(1).at(8*sec).event(1, timeline.KindRST, frame.ToServer) }, nil, in, "yes", ""},
		{"a new attempt", func(tl *tape) { tl.opens(1).at(8 * sec).asks(2).at(30 * sec) }, conn(1), in, "yes", "after 8s"},
		{"a new attempt, while the server reads nothing", func(tl *tape) { tl.opens(1).freezes(1).at(8 * sec).asks(2).at(30 * sec) }, conn(1), in, "yes", ""},
		{"nothing", func(tl *tape) { tl.opens(1).at(10*sec + 1) }, nil, in, "no", "did not notice the silence on connection 1 for 10.000000001s"},
		{"nothing, until the server closed", func(tl *tape) { tl.opens(1).at(30 * sec).dropped(1) }, nil, in, "no", "for 30s"},
		{"nothing, until the server spoke again", func(tl *tape) { tl.opens(1).at(30*sec).gets(1, text).at(31*sec).sends(1, frame.Close(1000, "")) }, nil, in, "no", "for 30s"},
		{"what it sends itself does not matter", func(tl *tape) { tl.opens(1).beats(1, 5*sec, 10*sec).at(12 * sec) }, nil, in, "no", "for 12s"},
		{"what was dropped does not matter", func(tl *tape) {
			tl.from = timeline.AtProxy
			tl.opens(1).at(5*sec).frames(1, frame.ToClient, timeline.Arrived, text).at(12 * sec)
		}, nil, in, "no", "for 12s"},
		{"a Close that no silence caused", func(tl *tape) {
			tl.opens(1).at(5*sec).gets(1, text).at(6*sec).gets(1, text).at(6*sec+ms).sends(1, frame.Close(1000, ""))
		}, nil, in, "unclear", "the peer did not fall silent"},
		{"a stalled handshake is another matter", func(tl *tape) { tl.asks(1).at(30 * sec) }, nil, in, "unclear", ""},
	})
}
