package assertions_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
)

// fires is a rule of a proxy that acts.
func (p *tape) fires(rule string, conn int) *tape {
	p.Append(timeline.Record{At: p.Now(), Conn: conn, Kind: timeline.KindFault, Rule: p.Intern(rule), Vantage: timeline.AtProxy, Fields: []timeline.Field{{Name: "does", Value: "drop"}}})
	return p
}

// branch is a way in which a matcher fails that the trials do not show. The name is that
// of the golden file of its message.
type branch struct {
	name string
	m    matcher
	play func(*tape)
	on   func(*tape) any // nil: everything
	not  bool            // it is the negation that fails
}

func connectionBranches() []branch {
	open := func(n int) func(*tape) {
		return func(tl *tape) {
			for i := range n {
				tl.opens(i + 1)
			}
			tl.at(sec)
		}
	}
	twoUsers := func(tl *tape) {
		tl.opens(1, "target", "/?user=a").opens(2, "target", "/?user=b").at(sec).dropped(1).at(2 * sec).dropped(2).at(3 * sec)
		tl.opens(3, "target", "/?user=b").at(4*sec).refused(4, 401, "target", "/?user=a").at(5 * sec)
	}
	cutOff := func(tl *tape) {
		tl.from = timeline.AtProxy
		for n := 1; n <= 4; n++ {
			tl.opens(n).at(tl.Now() + 60*sec)
			for _, dir := range []frame.Direction{frame.ToClient, frame.ToServer} {
				tl.Append(timeline.Record{At: tl.Now(), Conn: n, Kind: timeline.KindFIN, Dir: dir, Seen: timeline.Left, Rule: tl.Intern("idle"), Vantage: timeline.AtProxy})
			}
			tl.event(n, timeline.KindEnded, 0).at(tl.Now() + sec)
		}
		tl.opens(5).at(tl.Now() + sec)
	}
	return []branch{
		{"has-not-given-up", HaveGivenUpAfter(3, Quiet(10*sec)), func(tl *tape) { tl.tries(0, sec).opens(3).at(30 * sec) }, nil, false},
		{"has-not-given-up-since-a-note", HaveGivenUpAfter(1, Quiet(10*sec)), func(tl *tape) { tl.opens(1).at(sec).Note("x"); tl.at(30 * sec) }, since(timeline.Noted("x")), false},
		{"made-more-attempts", HaveGivenUpAfter(1, Quiet(10*sec)), func(tl *tape) { tl.tries(0, sec) }, nil, false},
		{"gave-up", HaveGivenUpAfter(2, Quiet(10*sec)), func(tl *tape) { tl.tries(0, sec).at(20 * sec) }, nil, true},
		{"asked-and-got-none", HaveReconnected(), func(tl *tape) { tl.opens(1).at(sec).dropped(1).at(2*sec).refused(2, 503).at(3 * sec) }, nil, false},
		{"made-no-attempt", HaveReconnectedWithin(5 * sec), func(tl *tape) { tl.opens(1).at(sec).dropped(1).at(20 * sec) }, nil, false},
		{"has-not-ended", HaveReconnected(), open(1), nil, false},
		{"earlier-connection-does-not-show", HaveReconnected(), func(tl *tape) { tl.opens(1).at(sec).dropped(1).at(3 * sec).opens(2) }, since(timeline.Ended(1)), false},
		{"took-a-hair-too-long", HaveReconnectedWithin(2 * sec), func(tl *tape) { tl.opens(1).at(sec).dropped(1).at(3*sec + 40*time.Microsecond).opens(2) }, nil, false},
		{"none-is-closed", HaveClosed(), open(3), nil, false},
		{"closing", HaveClosed(), func(tl *tape) {
			tl.opens(1).at(sec).gets(1, frame.Close(1012, "")).sends(1, frame.Close(1012, "")).at(9 * sec)
		}, nil, false},
		{"half-closed", HaveClosed(), func(tl *tape) { tl.opens(1).at(sec).event(1, timeline.KindFIN, frame.ToClient).at(9 * sec) }, nil, false},
		{"over-for-the-client-only", HaveClosed(), func(tl *tape) { tl.opens(1).at(sec).event(1, timeline.KindFIN, frame.ToServer).at(9 * sec) }, nil, false},
		{"closed-otherwise", HaveClosed(WithReason(ContainSubstring("deploy")), WithCode(BeElementOf(1001, 1012))), func(tl *tape) {
			tl.opens(1).at(sec).gets(1, frame.Close(1012, "restart")).sends(1, frame.Close(1012, "")).leaves(1)
		}, nil, false},
		{"closed-by-a-fin", HaveClosed(ByClient), func(tl *tape) { tl.opens(1).at(sec).dropped(1) }, nil, false},
		{"closed-by-a-fin-of-the-client", HaveClosed(ByPeer), func(tl *tape) { tl.opens(1).at(sec).leaves(1) }, nil, false},
		{"closed-by-an-rst", HaveClosed(Cleanly), func(tl *tape) {
			tl.opens(1).at(sec).event(1, timeline.KindRST, frame.ToClient).event(1, timeline.KindEnded, 0)
		}, nil, false},
		{"sent-a-close-and-did-not-wait", HaveClosed(ByClient, WithCode(4000)), func(tl *tape) {
			tl.opens(1).at(sec).sends(1, frame.Close(4000, "timeout")).leaves(1)
		}, nil, false},
		{"sent-a-close-and-none-came-back", HaveClosed(ByClient, WithCode(4000)), func(tl *tape) {
			tl.opens(1).at(sec).sends(1, frame.Close(4000, "timeout")).at(2 * sec).dropped(1)
		}, nil, false},
		{"few-closed-like-that", HaveClosed(Cleanly).Times(2), func(tl *tape) {
			tl.opens(1).at(sec).dropped(1).opens(2).at(2*sec).gets(2, frame.Close(1001, "")).sends(2, frame.Close(1001, "")).dropped(2)
		}, nil, false},
		{"few-closed", HaveClosed().Times(2), func(tl *tape) {
			tl.opens(1).opens(2).at(sec).dropped(1).opens(3).at(2 * sec).dropped(3).opens(4).at(3 * sec).dropped(2)
		}, nil, false},
		{"none-live", HaveLive(1), func(tl *tape) { tl.opens(1).at(sec).dropped(1) }, nil, false},
		{"two-live-since", HaveAtMostOneLiveConnection(Overlap(sec)), func(tl *tape) { tl.opens(1).at(sec).opens(2).at(4 * sec).dropped(1).at(9 * sec) }, nil, false},
		{"never-two-live", HaveAtMostOneLiveConnection(), open(1), nil, true},
		{"two-live-of-two-programs", HaveAtMostOneLiveConnection(), func(tl *tape) { tl.starts("a").starts("b"); open(2)(tl) }, nil, false},
		{"a-client-has-not-given-up", HaveGivenUpAfter(2, Quiet(sec), ClientByQuery("user")), twoUsers, nil, false},
		{"a-client-did-not-reconnect", HaveReconnected(ClientByQuery("user")), twoUsers, nil, false},
		{"nothing-tells-clients-apart", HaveReconnected(ClientByQuery("id")), twoUsers, nil, false},
		{"more-connections-than-wanted", HaveConnected(1), cutOff, nil, false},
		{"more-attempts-than-wanted", HaveAttempted(BeNumerically("<", 3)), cutOff, nil, false},
		{"did-not-notice-until-the-end", HaveDetectedSilenceWithin(10 * sec), func(tl *tape) { tl.opens(1).at(30 * sec).dropped(1) }, nil, false},
		{"noticed-a-hair-too-late", HaveDetectedSilenceWithin(10 * sec), func(tl *tape) { tl.opens(1).beats(1, 5*sec).at(10*sec + 20*time.Microsecond).leaves(1) }, nil, false},
		{"left-perhaps-on-purpose", HaveDetectedSilenceWithin(10 * sec), func(tl *tape) { tl.opens(1).at(10*ms).sends(1, frame.Close(1000, "done")).leaves(1) }, nil, false},
		{"left-when-the-program-was-stopped", HaveDetectedSilenceWithin(10 * sec), func(tl *tape) { tl.starts("chat").opens(1).at(5*sec).leaves(1).exits("chat", 0) }, nil, false},
		{"silent-since-a-note", HaveDetectedSilenceWithin(10 * sec), func(tl *tape) { tl.opens(1).at(5 * sec).Note("x"); tl.at(20 * sec) }, since(timeline.Noted("x")), false},
		{"peer-was-not-silent", HaveDetectedSilenceWithin(10 * sec), func(tl *tape) { tl.opens(1).at(sec).dropped(1) }, conn(1), false},
		{"by-now-it-is-so", HaveConnected(1), open(1), nil, false},
	}
}

func trafficBranches() []branch {
	micro := time.Microsecond
	exactly := HaveHeartbeat(protocol, Every(100*ms))
	fast := func(tl *tape) { tl.opens(1).beats(1, 100*ms, 200*ms+310*micro) }
	ten := HaveHeartbeat(protocol, Every(10*sec, PlusMinus(sec)))
	return []branch{
		{"a-beat-too-late-by-a-hair", exactly, fast, nil, false},
		{"a-beat-too-early", ten, func(tl *tape) { tl.opens(1).beats(1, 10*sec, 15*sec) }, nil, false},
		{"no-beat-since-it-opened", ten, func(tl *tape) { tl.opens(1).at(20 * sec) }, nil, false},
		{"no-beat-from-the-opening-to-the-end", ten, func(tl *tape) { tl.opens(1).at(20 * sec).dropped(1) }, nil, false},
		{"no-beat-until-it-ended", ten, func(tl *tape) { tl.opens(1).beats(1, 10*sec).at(30 * sec).dropped(1) }, nil, false},
		{"no-beat-from-a-note-until-it-ended", ten, func(tl *tape) { tl.opens(1).beats(1, 3*sec).at(5 * sec).Note("x"); tl.at(30 * sec).dropped(1) }, since(timeline.Noted("x")), false},
		{"beats-that-print-the-same", HaveHeartbeat(protocol, Every(401*ms, PlusMinus(ms))), func(tl *tape) {
			tl.opens(1).beats(1, 401*ms, 802*ms, 1203*ms+200*micro)
		}, nil, true},
		{"sent-another-payload", HaveSent(And(ContainSubstring("subscribe"), HaveLen(3))), func(tl *tape) { tl.opens(1).sends(1, frame.Text("sub")) }, nil, false},
		{"sent-no-such-json", HaveSent(MatchJSON(`{"a": 1}`)), func(tl *tape) { tl.opens(1).sends(1, frame.Text(`{"a":2}`)) }, nil, false},
		{"sent-in-fragments", HaveSent(HavePrefix("hel")), func(tl *tape) { tl.opens(1).at(sec).sends(1, fragments("hello", 2)...) }, nil, true},
		{"fragments-not-kept-whole", HaveSent(HavePrefix("hel")), func(tl *tape) { tl.opens(1).at(sec).sends(1, fragments(strings.Repeat("long", 2500), 6000)...) }, nil, false},
		{"a-matcher-that-takes-no-payload", HaveSent(MatchRegexp("token=(")), func(tl *tape) { tl.opens(1) }, nil, false},
		{"a-long-payload-asked-for", HaveSent(Equal(strings.Repeat("long ", 3000))), func(tl *tape) { tl.opens(1) }, nil, false},
		{"pong-a-hair-too-late", HaveAnsweredEveryPing(Within(sec)), func(tl *tape) {
			tl.opens(1).gets(1, frame.Ping([]byte("a"))).at(sec+50*micro).sends(1, frame.Pong([]byte("a")))
		}, nil, false},
		{"broke-the-protocol-twice", HaveKeptProtocol(), func(tl *tape) {
			tl.opens(1).sends(1, frame.Ping(make([]byte, 126))).at(sec).sends(1, frame.Close(1005, ""))
		}, nil, false},
		{"an-exit-by-a-signal", HaveExited(0), func(tl *tape) {
			tl.starts("chat").event(0, timeline.KindExit, 0, "client", "chat", "signal", "SIGSEGV")
		}, nil, false},
		{"fields-that-differ", HaveReported("close", WithField("code", BeNumerically(">", 3999)), WithField("reason", ContainSubstring("time"))), func(tl *tape) {
			tl.starts("chat").reports("close", "code", "1006", "reason", "")
		}, nil, false},
		{"another-name", HaveReported("opne"), func(tl *tape) { tl.starts("chat").reports("open") }, nil, false},
		{"more-ends-reported-than-were", HaveReportedCloseEvent("close"), func(tl *tape) {
			tl.opens(1).at(sec).dropped(1).reports("close", "code", "1006").reports("close", "code", "1006")
		}, nil, false},
		{"a-code-that-was-not-told", HaveReportedCloseEvent("close"), func(tl *tape) { tl.opens(1).at(sec).dropped(1).reports("close", "code", "1000") }, nil, false},
		{"a-rule-that-is-spelt-otherwise", HaveFired("drop-pong"), func(tl *tape) { tl.from = timeline.AtProxy; tl.opens(1).fires("drop-pongs", 1) }, nil, false},
		{"a-rule-that-fired-more-often", HaveFired("drop-pongs").Times(1), func(tl *tape) {
			tl.from = timeline.AtProxy
			tl.opens(1).fires("drop-pongs", 1).at(sec).fires("drop-pongs", 1)
		}, nil, false},
	}
}

func attemptBranches() []branch {
	tries := func(delays ...time.Duration) func(*tape) {
		return func(tl *tape) {
			tl.tries(0)
			for _, d := range delays {
				tl.tries(tl.Now() + d)
			}
		}
	}
	even := make([]time.Duration, 30)
	for i := range even {
		even[i] = sec
	}
	even[14] = 3 * sec
	return []branch{
		{"the-fifteenth-delay", HaveBackedOff(diagnosis.Fixed(sec)), tries(even...), nil, false},
		{"a-delay-too-long-by-a-hair", HaveBackedOff(diagnosis.Fixed(100 * ms)), tries(100*ms, 100*ms+300*time.Microsecond), nil, false},
		{"too-many-attempts", HaveBackedOff(diagnosis.Fixed(sec).GivesUpAfter(2)), tries(sec, sec, sec, sec), nil, false},
		{"one-attempt-in-a-window", HavePeak(0, Per(sec)), tries(), nil, false},
		{"one-attempt-is-no-spread", HaveSpread(sec), tries(), nil, false},
	}
}

func TestEveryWayToFail(t *testing.T) {
	for _, all := range [][]branch{connectionBranches(), trafficBranches(), attemptBranches()} {
		for _, b := range all {
			t.Run(b.name, func(t *testing.T) {
				taped(t, func(t *testing.T, tl *tape) {
					var actual any = tl.Timeline
					if b.on != nil {
						actual = b.on(tl)
					}
					b.play(tl)
					text := b.m.FailureMessage(actual)
					if b.not {
						text = b.m.NegatedFailureMessage(actual)
					}
					if strings.HasPrefix(text, "By now it is so") != (b.name == "by-now-it-is-so") {
						t.Errorf("it does not fail:\n%s", text)
					}
					message(t, "branches/"+b.name, text)
				})
			})
		}
	}
}

// A client that never starts anew is wrong after every connection, and that is said first.
func TestABackoffThatIsNotResetIsToldAsThat(t *testing.T) {
	cfg := specimen.Config{Interval: -1, Backoff: steady}
	model := diagnosis.Exponential(sec, 2).UpTo(30 * sec).ResetsAfter(10 * sec)
	minute := fake.Script(fake.Pause(time.Minute), fake.Fin())
	staged(t, cfg, specimen.Named("backoff never reset").Apply, nil, func(s *stage) {
		s.until(6 * time.Minute)
		m := HaveBackedOff(model, PlusMinus(50*ms))
		says(t, "no", m, s.srv)
		message(t, "branches/backoff-never-reset", m.FailureMessage(s.srv))
	}, fake.RejectWith(503).Times(3), minute)
}
