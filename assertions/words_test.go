package assertions_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestMatchersPrintAsTheCallThatMadeThem(t *testing.T) {
	for _, c := range []struct {
		m    matcher
		want string
	}{
		{HaveConnected(6), "HaveConnected(6)"},
		{HaveConnected(BeNumerically(">", 3)), `HaveConnected(BeNumerically(">", 3))`},
		{HaveConnected(Or(Equal(1), Equal(2))), "HaveConnected(Or(Equal(1), Equal(2)))"},
		{HaveReconnectedWithin(1500*ms, ClientByQuery("user")), `HaveReconnectedWithin(1.5s, ClientByQuery("user"))`},
		{HaveAtMostOneLiveConnection(Overlap(sec), ClientByHeader("x")), `HaveAtMostOneLiveConnection(Overlap(1s), ClientByHeader("x"))`},
		{HaveSent(frame.Text("hi")).Times(2), `HaveSent(text "hi").Times(2)`},
		{HaveSent(HavePrefix("hi")), `HaveSent(HavePrefix("hi"))`},
		{HaveExchanged(Sent(frame.Text("a")), Received(frame.Any)), `HaveExchanged(Sent(text "a"), Received(any frame))`},
		{HaveHeartbeat(phoenix, Every(1500*ms, PlusMinus(300*ms))).Times(3), "HaveHeartbeat(phoenix, Every(1.5s, PlusMinus(300ms))).Times(3)"},
		{HaveHeartbeat(phoenix), "HaveHeartbeat(phoenix)"},
		{HaveHeartbeatJitter(phoenix, BeNumerically("<", 50*ms)), `HaveHeartbeatJitter(phoenix, BeNumerically("<", 50ms))`},
		{HaveAnsweredEveryPing(Within(sec)), "HaveAnsweredEveryPing(Within(1s))"},
		{HaveAnsweredEveryBeat(engineIO, Within(sec)), "HaveAnsweredEveryBeat(engine.io, Within(1s))"},
		{HavePongLatency(30 * ms), "HavePongLatency(30ms)"},
		{HaveClosed(ByPeer, WithCode(1012), WithReason("restart"), Cleanly, ToldAs(diagnosis.NodeWS)).Times(2), `HaveClosed(ByPeer, WithCode(1012), WithReason("restart"), Cleanly, ToldAs(node-ws)).Times(2)`},
		{HavePeak(3, Per(sec)), "HavePeak(3, Per(1s))"},
		{HaveSpread(4 * sec), "HaveSpread(4s)"},
		{HaveGivenUpAfter(5, Quiet(time.Minute), ClientByProcess()), "HaveGivenUpAfter(5, Quiet(1m0s), ClientByProcess())"},
		{HaveBackedOff(diagnosis.Fixed(sec), PlusMinus(ms)), "HaveBackedOff(Fixed(1s), PlusMinus(1ms))"},
		{HaveBackedOff(diagnosis.Policy{Name: "chat", Backoff: diagnosis.Fixed(sec)}), `HaveBackedOff(policy "chat")`},
		{HaveFollowed(diagnosis.Policy{}), "HaveFollowed(policy)"},
		{HaveReported("close", WithField("code", 1006)), `HaveReported("close", WithField("code", 1006))`},
		{HaveReportedCloseEvent("close", diagnosis.NodeWS), `HaveReportedCloseEvent("close", node-ws)`},
		{HaveExited(0, "SIGKILL", Not(Equal(1))), `HaveExited(0, "SIGKILL", Not(Equal(1)))`},
		{HaveFired("drop-pongs"), `HaveFired("drop-pongs")`},
		{HaveKeptProtocol(), "HaveKeptProtocol()"},
		{MatchGolden("testdata/x.golden"), `MatchGolden("testdata/x.golden")`},
	} {
		if got := c.m.String(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

func TestWhatWasExpectedIsSaidInWords(t *testing.T) {
	taped(t, func(t *testing.T, tl *tape) {
		tl.opens(1).opens(2)
		for _, c := range []struct {
			n    any
			want string
		}{
			{1, "expected once."},
			{3, "expected 3 times."},
			{BeNumerically(">", 2), "expected more than twice."},
			{BeNumerically(">=", 3), "expected at least 3 times."},
			{BeNumerically("<", 2), "expected less than twice."},
			{BeNumerically("<=", 1), "expected at most once."},
			{BeNumerically("==", 1), "expected exactly once."},
			{BeNumerically("~", 5, 1), "expected it to be within 1 of ~ 5."},
			{Equal(3), "expected it to equal 3."},
			{BeElementOf(3, 4), "expected it to be an element of [3, 4]."},
			{Not(Equal(2)), "expected it not to equal 2."},
			{And(Equal(2), Equal(3)), "expected it to equal 3."},
		} {
			first, _, _ := strings.Cut(HaveConnected(c.n).FailureMessage(tl), "\n")
			if first != "The client connected twice, "+c.want {
				t.Errorf("%v: %s, want … %s", HaveConnected(c.n), first, c.want)
			}
		}
		for n, want := range map[any]string{
			2:                      "expected anything but that.",
			BeNumerically(">", 1):  "expected at most once.",
			BeNumerically(">=", 2): "expected less than twice.",
			BeNumerically("<", 3):  "expected at least 3 times.",
			BeNumerically("<=", 2): "expected more than twice.",
			Equal(2):               "expected it not to equal 2.",
		} {
			first, _, _ := strings.Cut(HaveConnected(n).NegatedFailureMessage(tl), "\n")
			if first != "The client connected twice, "+want {
				t.Errorf("not %v: %s, want … %s", HaveConnected(n), first, want)
			}
		}
	})
}

// Between the question and the message the answer may have changed.
func TestAMessageThatComesTooLateSaysSo(t *testing.T) {
	taped(t, func(t *testing.T, tl *tape) {
		tl.opens(1)
		if ok, _ := HaveConnected(2).Match(tl); ok {
			t.Fatal("connected twice already")
		}
		tl.opens(2)
		if got := HaveConnected(2).FailureMessage(tl); !strings.HasPrefix(got, "By now it is so, but it was not yet when it was asked for: The client connected twice.") {
			t.Error(got)
		}
	})
}

func TestExcerpts(t *testing.T) {
	talk := func(tl *tape, from, to int) {
		for i := from; i < to; i++ {
			tl.at(time.Duration(i)*sec).sends(1, frame.Text("chat"))
		}
	}
	marked := func(text string) (lines []string) {
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "  > ") || strings.Contains(line, "…") {
				lines = append(lines, strings.Join(strings.Fields(line), " "))
			}
		}
		return lines
	}
	secret := frame.Text("secret")
	for _, c := range []struct {
		name string
		play func(*tape)
		m    matcher
		want []string
	}{
		{"one place in the middle", func(tl *tape) { tl.opens(1); talk(tl, 1, 50); tl.sends(1, secret); talk(tl, 50, 100) }, HaveSent(secret).Times(0),
			[]string{"… 47 events …", `> 49.000s #1 → text 6 B "secret"`, "… 44 events …"}},
		{"two places that are near", func(tl *tape) {
			tl.opens(1)
			talk(tl, 1, 9)
			tl.sends(1, secret)
			talk(tl, 9, 12)
			tl.sends(1, secret)
			talk(tl, 12, 40)
		}, HaveSent(secret).Times(0),
			[]string{"… 6 events …", `> 8.000s #1 → text 6 B "secret"`, `> 11.000s #1 → text 6 B "secret"`, "… 22 events …"}},
		{"many places", func(tl *tape) {
			tl.opens(1)
			for i := range 20 {
				talk(tl, 20*i+1, 20*i+20)
				tl.sends(1, secret)
			}
		}, HaveSent(secret).Times(0), []string{"… 17 events …", "> 19.000s", "… 11 events …", "> 39.000s", "… 11 events …", "> 59.000s", "… 291 events …", "> 359.000s", "… 11 events …", "> 379.000s", "… 11 events …", "> 399.000s"}},
		{"no place", func(tl *tape) { tl.opens(1); talk(tl, 1, 100) }, HaveSent(secret), []string{"… 88 events …"}},
		{"a place where something is missing", func(tl *tape) { tl.opens(1); talk(tl, 1, 30) }, HaveHeartbeat(protocol, Every(10*sec)),
			[]string{"> 0.000s #1 open -- it opened", "> 10.000s -- no beat, which was due by now", "… 13 events …"}},
		{"a short timeline, to the microsecond", func(tl *tape) { tl.opens(1).at(time.Microsecond).sends(1, secret).at(ms) }, HaveSent(secret).Times(0), []string{`> 0.000001s #1 → text 6 B "secret"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			taped(t, func(t *testing.T, tl *tape) {
				c.play(tl)
				message := c.m.FailureMessage(tl)
				got := marked(message)
				if len(got) != len(c.want) {
					t.Fatalf("%d lines, want %d:\n%s", len(got), len(c.want), message)
				}
				for i := range got {
					if !strings.HasPrefix(got[i], c.want[i]) {
						t.Errorf("%q, want %q", got[i], c.want[i])
					}
				}
			})
		})
	}
}

// Where a proxy and a server share the timeline, each counts connections of its own.
func TestASharedTimelineIsJudgedAsTheProxySawIt(t *testing.T) {
	taped(t, func(t *testing.T, tl *tape) {
		tl.from = timeline.AtProxy
		tl.refused(1, 503).at(sec).opens(2)
		tl.from = timeline.AtServer
		tl.opens(1)
		says(t, "yes", HaveAttempted(2), tl.Timeline)
		says(t, "yes", HaveConnected(1), tl.Timeline)
		says(t, "yes", HaveLive(1), tl.Timeline)
		says(t, "no", HaveConnected(1), tl.Conn(1))
		says(t, "yes", HaveConnected(1), tl.At(timeline.AtServer).Conn(1))
		says(t, "yes", HaveAttempted(1), tl.At(timeline.AtServer))
		if got := HaveConnected(7).FailureMessage(tl.Timeline); strings.Contains(got, "s1 ") {
			t.Errorf("the server's events are shown, too:\n%s", got)
		}
	})
}

// A recording says the same as the timeline did.
func TestARecordingIsJudgedAsTheTimelineWas(t *testing.T) {
	defer setUpdate(t, setUpdate(t, "false"))
	for _, tr := range trials() {
		tr.run(t, &tr.mutants()[0], func(actual any) {
			s, ok := actual.(interface{ View() *timeline.View })
			if _, isConn := s.View().ConnNumber(); !ok || isConn || tr.actual != nil || strings.HasPrefix(tr.claim, "MatchGolden") {
				return
			}
			s.View().Timeline().Note("until here") // of the time after its last event a recording knows nothing
			live := verdictOf(tr.m, actual)
			if live == "unclear" {
				return // it may be over now
			}
			if got := verdictOf(tr.m, (&tape{Timeline: s.View().Timeline()}).reread(t)); got != live {
				t.Errorf("%v says %s of a recording, and %s of the timeline", tr.m, got, live)
			}
		})
	}
}

// A timeline can be judged outside of the bubble that it was made in.
func TestOutsideOfItsBubbleATimelineEndsWithItsLastEvent(t *testing.T) {
	var kept *timeline.Timeline
	taped(t, func(t *testing.T, tl *tape) {
		kept = tl.opens(1).beats(1, 10*sec, 20*sec).Timeline
		tl.at(25 * sec)
	})
	says(t, "yes", HaveHeartbeat(protocol, Every(10*sec)), kept)
	says(t, "yes", HaveLive(1), kept)
}

// A fault that never came about may be why the claim fails, or why it holds.
func TestAMessageNamesTheRulesThatNeverFired(t *testing.T) {
	taped(t, func(t *testing.T, p *tape) {
		rule := func(k timeline.Kind, name string, fields ...timeline.Field) {
			p.Append(timeline.Record{At: p.Now(), Kind: k, Rule: p.Intern(name), Fields: fields})
		}
		added, traffic := timeline.Field{Name: "change", Value: "added"}, timeline.Field{Name: "awaits", Value: "traffic"}
		rule(timeline.KindRule, "never", added, traffic)
		rule(timeline.KindRule, "idle", added)
		rule(timeline.KindRule, "acted", added, traffic)
		rule(timeline.KindRule, "could not", added, traffic)
		p.opens(1)
		rule(timeline.KindFault, "acted")
		rule(timeline.KindNotApplied, "could not")
		message := HaveConnected(2).FailureMessage(p)
		if n := strings.Count(message, "never fired"); n != 1 || !strings.Contains(message, `The rule "never" never fired: nothing it is about came by.`) {
			t.Errorf("the message is\n%s", message)
		}
		if message := HaveFired("never").FailureMessage(p); strings.Contains(message, "never fired") {
			t.Errorf("of what was asked for it says it twice:\n%s", message)
		}
	})
}

func TestWhichRulesAwaitTraffic(t *testing.T) {
	p := &faultproxy.Proxy{Upstream: "ws://127.0.0.1:1", Timeline: timeline.New()}
	if err := p.Add(faultproxy.DropPongs(), faultproxy.IdleTimeout(sec), faultproxy.Rule{Name: "slow", Do: faultproxy.Latency{Delay: sec}},
		faultproxy.Rule{Name: "no", Do: faultproxy.RejectWith(503)}); err != nil {
		t.Fatal(err)
	}
	var await []string
	for e := range p.Timeline.All() {
		if e.Field("awaits") != "" {
			await = append(await, e.Rule)
		}
	}
	if want := []string{"drop-pongs", "no"}; !slices.Equal(await, want) {
		t.Errorf("%v await traffic, want %v", await, want)
	}
}
