package assertions_test

import (
	"bytes"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// freezes is what a server records that stops reading.
func (p *tape) freezes(conn int) *tape {
	p.Append(timeline.Record{At: p.Now(), Conn: conn, Kind: timeline.KindFault, Dir: frame.ToClient, Vantage: p.from, Rule: p.Intern(fake.Freeze().String()),
		Fields: []timeline.Field{{Name: "does", Value: fake.Freeze().String()}}})
	return p
}

// lost is a gap in a recording.
func (p *tape) lost(n int) *tape {
	p.Append(timeline.Record{Kind: timeline.KindLost, Bytes: n})
	return p
}

// reread is the tape as a recording that was read back.
func (p *tape) reread(t *testing.T) *timeline.Timeline {
	t.Helper()
	var file bytes.Buffer
	if err := p.WriteJSONL(&file); err != nil {
		t.Fatal(err)
	}
	loaded, err := timeline.ReadJSONL(&file)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func TestMatchersSayWhyTheyCannotJudge(t *testing.T) {
	long := frame.Text(strings.Repeat("x", 5000))
	for _, c := range []struct {
		name string
		m    matcher
		tape func(*tape)
		on   func(*tape) any // nil: all
	}{
		{"nobody came", HaveConnected(0), func(tl *tape) {}, nil},
		{"not attempted yet", HaveSent(frame.Text("hi")), func(tl *tape) { tl.opens(1).at(sec).dropped(1) }, func(tl *tape) any { return tl.Conn(2) }},
		{"not begun", HaveReconnected(), func(tl *tape) { tl.opens(1).at(sec) }, func(tl *tape) any { return tl.Since(timeline.Ended(1), 2*sec) }},
		{"not a timeline", HaveReconnected(), func(tl *tape) { tl.opens(1) }, func(*tape) any { return 42 }},
		{"never connected", HaveSent(frame.Text("hi")).Times(0), func(tl *tape) { tl.refused(1, 503).at(sec) }, nil},
		{"reconnect of one connection", HaveReconnected(), func(tl *tape) { tl.opens(1) }, func(tl *tape) any { return tl.Conn(1) }},
		{"frozen, live", HaveLive(1), func(tl *tape) { tl.opens(1).at(sec).freezes(1).at(5 * sec).opens(2).at(8 * sec) }, nil},
		{"frozen, overlap", HaveAtMostOneLiveConnection(), func(tl *tape) { tl.opens(1).at(sec).freezes(1).at(5 * sec).opens(2).at(8 * sec) }, nil},
		{"frozen, sent", HaveSent(frame.Text("bye")), func(tl *tape) { tl.opens(1).at(sec).freezes(1).at(5 * sec) }, nil},
		{"frozen, silence", HaveDetectedSilenceWithin(3 * sec), func(tl *tape) { tl.opens(1).at(sec).freezes(1).at(5 * sec) }, nil},
		{"frozen, closed", HaveClosed(), func(tl *tape) { tl.opens(1).at(sec).freezes(1).at(5 * sec) }, nil},
		{"frozen, pongs", HaveAnsweredEveryPing(Within(2 * sec)), func(tl *tape) { tl.opens(1).at(sec).gets(1, frame.Ping(nil)).freezes(1).at(5 * sec) }, nil},
		{"frozen, policy", HaveFollowed(diagnosis.Policy{Name: "chat", Dialect: protocol, Interval: sec}), func(tl *tape) { tl.opens(1).beats(1, sec).freezes(1).at(5 * sec) }, nil},
		{"cut payload", HaveSent(frame.Contains("y")), func(tl *tape) { tl.opens(1).at(sec).sends(1, long) }, nil},
		{"cut payload, protocol", HaveKeptProtocol(), func(tl *tape) { tl.from = timeline.AtProxy; tl.opens(1).at(sec).sends(1, long) }, nil},
		{"lost events, sent", HaveSent(frame.Text("hi")), func(tl *tape) {
			tl.opens(1).at(sec).sends(1, frame.Text("ho")).lost(3).at(2*sec).sends(1, frame.Text("ho"))
		}, nil},
		{"lost events, connected", HaveConnected(2), func(tl *tape) { tl.opens(1).at(sec).lost(3).at(2 * sec).opens(5) }, func(tl *tape) any { return tl.Timeline }},
		{"lost events, heartbeat", HaveHeartbeat(protocol, Every(sec)), func(tl *tape) {
			tl.opens(1).at(sec).sends(1, frame.Ping(nil)).lost(1).at(3*sec).sends(1, frame.Ping(nil))
		}, nil},
		{"one beat", HaveHeartbeat(protocol, Every(sec)), func(tl *tape) { tl.opens(1).at(sec).sends(1, frame.Ping(nil)).at(1500 * ms) }, nil},
		{"no ping", HaveAnsweredEveryPing(Within(sec)), func(tl *tape) { tl.opens(1).at(10 * sec) }, nil},
		{"ping not due", HaveAnsweredEveryPing(Within(sec)), func(tl *tape) { tl.opens(1).at(sec).gets(1, frame.Ping(nil)).at(1500 * ms) }, nil},
		{"no silence yet", HaveDetectedSilenceWithin(20 * sec), func(tl *tape) { tl.opens(1).at(10 * sec) }, nil},
		{"ended by its peer", HaveDetectedSilenceWithin(20 * sec), func(tl *tape) { tl.opens(1).at(10 * sec).dropped(1) }, nil},
		{"not quiet yet", HaveGivenUpAfter(1, Quiet(20*sec)), func(tl *tape) { tl.refused(1, 401).at(10 * sec) }, nil},
		{"one delay", HaveBackedOff(diagnosis.Fixed(sec)), func(tl *tape) { tl.refused(1, 503).at(sec).refused(2, 503) }, nil},
		{"nobody reports", HaveReported("close").Times(0), func(tl *tape) { tl.opens(1) }, nil},
		{"reports of a connection", HaveReported("close"), func(tl *tape) { tl.opens(1).Report("close") }, func(tl *tape) any { return tl.Conn(1) }},
		{"no program", HaveExited(), func(tl *tape) { tl.opens(1) }, nil},
		{"unknown rule", HaveFired("drop-pings"), func(tl *tape) { tl.opens(1).event(0, timeline.KindRule, 0).freezes(1) }, nil},
		{"several programs", HaveReconnected(ClientByProcess()), func(tl *tape) { tl.starts("a").starts("b").opens(1).at(sec).opens(2) }, nil},
		{"a matcher's error", HaveConnected(ContainElement(1)), func(tl *tape) { tl.opens(1) }, nil},
		{"nothing to follow", HaveFollowed(diagnosis.Policy{Name: "shy"}), func(tl *tape) { tl.opens(1).at(sec) }, func(tl *tape) any { return tl.Mark("now") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			taped(t, func(t *testing.T, tl *tape) {
				c.tape(tl)
				var actual any = tl.Timeline
				if c.on != nil {
					actual = c.on(tl)
				}
				if strings.HasPrefix(c.name, "lost events") {
					actual = tl.reread(t)
				}
				says(t, "unclear", c.m, actual)
				message(t, "unclear/"+strings.ReplaceAll(strings.ReplaceAll(c.name, " ", "-"), ",", ""), c.m.FailureMessage(actual))
			})
		})
	}
}
