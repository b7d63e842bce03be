package assertions_test

import (
	"testing"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

var chat = diagnosis.Policy{Name: "chat", Dialect: heartbeat.Protocol(), Interval: 10 * sec, AnswerTimeout: 5 * sec, ConnectTimeout: 10 * sec,
	Backoff: diagnosis.Fixed(sec), MaxLive: 1}

// busy is a client that does what all matchers speak about: it beats, answers, loses a
// connection, reports that, and comes back.
func busy(tl *tape) {
	tl.starts("chat").opens(1)
	tl.at(10*sec).sends(1, frame.Ping([]byte("1"))).gets(1, frame.Pong([]byte("1"))).gets(1, frame.Ping([]byte("a"))).sends(1, frame.Pong([]byte("a")))
	tl.at(20*sec).sends(1, frame.Ping([]byte("2"))).gets(1, frame.Pong([]byte("2")))
	tl.at(25*sec).dropped(1).reports("close", "code", "1006", "reason", "", "wasClean", "false")
	tl.at(26*sec).refused(2, 503).at(27 * sec).opens(3)
	tl.at(37*sec).sends(3, frame.Ping([]byte("3"))).gets(3, frame.Pong([]byte("3")))
	tl.at(47*sec).sends(3, frame.Ping([]byte("4"))).gets(3, frame.Pong([]byte("4")))
}

// What happened before a view is no reason to say yes to it, or no.
func TestAnEmptyViewIsNotJudgedByWhatWasBefore(t *testing.T) {
	for _, m := range []matcher{
		HaveFollowed(chat), HaveFollowed(diagnosis.Policy{}), HaveKeptProtocol(), HaveBackedOff(chat), HaveDetectedSilenceWithin(sec), HaveDetectedSilenceWithin(sec * 100),
		HaveReportedCloseEvent("close"), HaveAnsweredEveryPing(Within(sec)), HavePongLatency(BeNumerically("<", sec)),
		HaveHeartbeat(protocol, Every(10*sec)), HaveHeartbeatJitter(protocol, 0*sec), HaveSpread(0 * sec),
	} {
		taped(t, func(t *testing.T, tl *tape) {
			busy(tl)
			says(t, "unclear", m, tl.Mark("now"))
			says(t, "unclear", m, tl.Conn(3).Mark("now"))
		})
	}
}

func TestAPolicyIsJudgedWhereOneLooks(t *testing.T) {
	mute := func(tl *tape) { busy(tl); tl.at(90 * sec) }
	news := diagnosis.Policy{Name: "news", Resubscribe: []frame.Match{frame.Text("news")}}
	better := func(tl *tape) {
		tl.opens(1).at(30*sec).dropped(1).opens(2).sends(2, frame.Text("news")).at(60 * sec)
	}
	tell(t, []story{
		{"everything", busy, nil, HaveFollowed(chat), "yes", "The client kept"},
		{"the first connection", busy, conn(1), HaveFollowed(chat), "yes", "on connection 1"},
		{"the third connection", busy, conn(3), HaveFollowed(chat), "yes", "on connection 3"},
		{"since an end", busy, since(timeline.Ended(1)), HaveFollowed(chat), "yes", "since the end of connection 1"},
		{"the first connection of one that is mute on the third", mute, conn(1), HaveFollowed(chat), "yes", ""},
		{"the third, which is mute", mute, conn(3), HaveFollowed(chat), "no", "R1-interval"},
		{"since the first ended, of one that is mute on the third", mute, since(timeline.Ended(1)), HaveFollowed(chat), "no", "R1-interval"},
		{"one that forgot to subscribe, once", better, nil, HaveFollowed(news), "no", "R14-resubscribed"},
		{"since then", better, since(timeline.Ended(1)), HaveFollowed(news), "yes", ""},
		{"the refused one", busy, conn(2), HaveFollowed(chat), "unclear", "nothing that the client did on connection 2"},
	})
}

func TestCloseEventsOfAView(t *testing.T) {
	told := HaveReportedCloseEvent("close")
	lost := func(tl *tape, n int, code string) {
		tl.opens(n).at(tl.Now()+sec).dropped(n).at(tl.Now()+ms).reports("close", "code", code).at(tl.Now() + sec)
	}
	tell(t, []story{
		{"what was wrong before", func(tl *tape) { lost(tl, 1, "1000"); tl.Note("x"); lost(tl, 2, "1006") }, since(timeline.Noted("x")), told, "yes", "the ends of 1 connection as they were on the wire since a note"},
		{"what is wrong since", func(tl *tape) { lost(tl, 1, "1006"); tl.Note("x"); lost(tl, 2, "1000") }, since(timeline.Noted("x")), told, "no", "reported code 1000 of connection 2"},
		{"a report behind the beginning", func(tl *tape) { lost(tl, 1, "1000") }, since(timeline.Ended(1)), told, "no", "reported code 1000 of connection 1"},
		{"one too many before", func(tl *tape) { tl.reports("close", "code", "1006").opens(1).at(sec).Note("x") }, since(timeline.Noted("x")), told, "unclear", ""},
	})
}

// In the order in which the client learnt of them, which need not be that of their numbers.
func TestCloseEventsAreReportedInTheOrderOfTheEnds(t *testing.T) {
	taped(t, func(t *testing.T, tl *tape) {
		tl.opens(1).opens(2).at(sec).gets(2, frame.Close(1012, "")).sends(2, frame.Close(1012, "")).leaves(2).reports("close", "code", "1012")
		tl.at(2*sec).dropped(1).reports("close", "code", "1006")
		says(t, "yes", HaveReportedCloseEvent("close"), tl)
	})
}

func TestAViewOfBeatsNamesItsBeginning(t *testing.T) {
	taped(t, func(t *testing.T, tl *tape) {
		tl.opens(1).beats(1, 10*sec, 20*sec, 30*sec).at(35 * sec)
		view := tl.Mark("m")
		tl.at(95 * sec)
		m := HaveHeartbeat(protocol, Every(10*sec))
		says(t, "no", m, view)
		message(t, "branches/no-beat-since-a-note", m.FailureMessage(view))
	})
}
