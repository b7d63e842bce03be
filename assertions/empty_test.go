package assertions_test

import (
	"strings"
	"testing"
	"testing/synctest"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

var (
	actionCable = heartbeat.ActionCable()
	phoenix     = heartbeat.Phoenix()
	engineIO    = heartbeat.EngineIO(25*sec, 20*sec)
)

// claims are matchers of every kind: those of the trials, and those that are satisfied
// by little.
func claims() []matcher {
	all := []matcher{HaveAttempted(0), HaveConnected(0), HaveConnected(BeNumerically("<", 9)), HaveLive(0), HaveSent(frame.Any).Times(0),
		HaveReceived(frame.Any).Times(0), HavePeak(0, Per(sec)), HaveHeartbeat(protocol).Times(0), HaveReported("x").Times(0), HaveExited().Times(0),
		HaveFired("x").Times(0), HaveClosed().Times(0), HaveGivenUpAfter(0, Quiet(sec)), HaveAtMostOneLiveConnection(Overlap(sec), ClientByQuery("id"))}
	for _, tr := range trials() {
		all = append(all, tr.m)
	}
	return all
}

func TestNoMatcherIsSatisfiedByNothing(t *testing.T) {
	defer setUpdate(t, setUpdate(t, "false"))
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t)
		noted := timeline.New()
		noted.Note("nobody came")
		loaded, err := timeline.ReadJSONL(strings.NewReader(`{"event":"ready","v":1,"start":"2026-01-01T00:00:00Z"}`))
		if err != nil {
			t.Fatal(err)
		}
		busy := &tape{timeline.New(), timeline.AtServer}
		busy.opens(1).at(sec).dropped(1)
		for name, actual := range map[string]any{
			"a timeline":                     timeline.New(),
			"a timeline with a note":         noted,
			"a recording":                    loaded,
			"a server":                       srv,
			"a connection that is not there": srv.Conn(1),
			"a server that was not started":  new(fake.Server),
			"a view that has not begun":      busy.Since(timeline.Ended(2)),
			"a connection of others":         busy.Conn(2),
			"no timeline":                    "timeline",
			"nil":                            nil,
			"a nil server":                   (*fake.Server)(nil),
		} {
			for _, m := range claims() {
				says(t, "unclear", m, actual)
				if text := m.FailureMessage(actual); !strings.Contains(text, "cannot judge") || strings.Contains(text, "%!") {
					t.Errorf("%v of %s does not say why it cannot judge: %s", m, name, text)
				}
			}
		}
	})
}

// What a view shows may be nothing, as long as there is a client.
func TestAQuietViewOfALivelyClientIsJudged(t *testing.T) {
	taped(t, func(t *testing.T, tl *tape) {
		tl.opens(1).at(sec).dropped(1)
		since := tl.Since(timeline.Ended(1))
		tl.at(10 * sec)
		says(t, "yes", HaveAttempted(0), since)
		says(t, "yes", HaveConnected(0), since)
		says(t, "no", HaveAttempted(1), since)
		says(t, "yes", HaveSent(frame.Any).Times(0), since)
		says(t, "no", HaveReconnected(), tl)
	})
}

// A matcher made wrongly says what is wrong with it, of whatever it is asked.
func TestWrongArgumentsAreRefused(t *testing.T) {
	taped(t, func(t *testing.T, tl *tape) {
		tl.opens(1)
		for _, c := range []struct {
			m    matcher
			want string
		}{
			{HaveConnected("six"), `six (string) is not a number`},
			{HaveAttempted(-1), "less than 0"},
			{HaveSent("hello"), `hello (string) selects no frames`},
			{HaveSent(frame.Any).Times(nil), "is not a number"},
			{HaveExchanged(), "needs at least one step"},
			{HaveHeartbeat(actionCable), "the beats of actioncable are the server's"},
			{HaveHeartbeat(words, Every(0)), "an interval of 0s cannot be kept"},
			{HaveAnsweredEveryBeat(phoenix, Within(sec)), "the beats of phoenix are the client's"},
			{HaveAnsweredEveryBeat(actionCable, Within(sec)), "are not answered"},
			{HavePongLatency(5), "5 (int) is not a duration"},
			{HavePeak(1, Per(0)), "a window of 0s holds no attempt"},
			{HaveBackedOff("slowly"), "slowly (string) says nothing about delays"},
			{HaveFired(""), "the rule has no name"},
			{HaveExited(1.5), "neither an exit code nor the name of a signal"},
			{HaveReported(nil), "nil is not a text"},
			{HaveClosed(WithCode("restart")), "is not a number"},
			{HaveClosed(WithCode(99999)), "99999 is no close code"},
			{HaveClosed(ByClient, ByPeer), "no connection is closed both by the client and by its peer"},
			{HaveClosed(Abnormally, WithCode(1006), Cleanly), "both abnormally and cleanly"},
			{HaveAtMostOneLiveConnection(Overlap(-sec)), "nothing overlaps for -1s"},
			{HaveReconnectedWithin(-sec), "nobody connects again within -1s"},
			{HaveDetectedSilenceWithin(0), "no silence can be noticed within 0s"},
			{HaveHeartbeat(words, Every(sec, PlusMinus(sec))), "an interval of every 1s ± 1s is no rhythm"},
			{HaveSent(MatchRegexp("(")), "the matcher takes no payload"},
			{HaveGivenUpAfter(3, Quiet(0)), "after 0s nothing is proved"},
		} {
			_, err := c.m.Match(tl)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "cannot judge") {
				t.Errorf("%v: %v, want %q in it", c.m, err, c.want)
			}
			if !final(c.m, tl) {
				t.Errorf("%v is not final", c.m)
			}
			if strings.Contains(c.m.String(), "<nil>") {
				t.Errorf("%v does not print what it was given", c.m)
			}
		}
	})
}
