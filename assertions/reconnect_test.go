package assertions_test

import (
	"testing"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestReconnecting(t *testing.T) {
	lostAndBack := func(tl *tape) { tl.opens(1).at(sec).dropped(1).at(3 * sec).opens(2).at(10 * sec) }
	two := func(tl *tape) {
		tl.opens(1, "x-client", "ann").opens(2, "x-client", "bob").at(sec).dropped(1).dropped(2).at(2*sec).opens(3, "x-client", "bob").at(9 * sec)
	}
	tell(t, []story{
		{"a 101 after a connection", lostAndBack, nil, HaveReconnected(), "yes", "The client reconnected once, expected it not to."},
		{"the first 101", func(tl *tape) { tl.opens(1) }, nil, HaveReconnected(), "no", "its connection 1 has not ended"},
		{"a refused attempt is none", func(tl *tape) { tl.opens(1).at(sec).dropped(1).at(2*sec).refused(2, 503).at(3 * sec) }, nil, HaveReconnected(), "no",
			"it asked for an upgrade once in the 2s since connection 1 was over, and got none"},
		{"an attempt under way is none", func(tl *tape) { tl.opens(1).at(sec).dropped(1).at(2 * sec).asks(2).at(3 * sec) }, nil, HaveReconnected(), "no", "and got none"},
		{"a first success after refusals is none", func(tl *tape) { tl.refused(1, 503).at(sec).opens(2) }, nil, HaveReconnected(), "no", "its connection 2 has not ended"},
		{"the earlier connection has to show", lostAndBack, since(timeline.Ended(1)), HaveReconnected(), "no", "since the end of connection 1: no connection before its connection 2 shows there"},
		{"if only by its end", lostAndBack, since(timeline.Kinds(timeline.KindFIN)), HaveReconnected(), "yes", "since fin"},
		{"a new connection before the old one ends", func(tl *tape) { tl.opens(1).at(sec).opens(2) }, nil, HaveReconnected(), "yes", ""},

		{"in time", lostAndBack, nil, HaveReconnectedWithin(2 * sec), "yes", "The client took 2s to connect again after connection 1, expected more than 2s."},
		{"too late", lostAndBack, nil, HaveReconnectedWithin(2*sec - 1), "no", "expected no more than 2s."},
		{"one of them too late", func(tl *tape) {
			tl.opens(1).at(sec).dropped(1).at(2 * sec).opens(2).at(3 * sec).dropped(2).at(8 * sec).opens(3).at(9 * sec).dropped(3).at(10 * sec).opens(4)
		}, nil, HaveReconnectedWithin(2 * sec), "no", "The client took 5s to connect again after connection 2"},
		{"not yet", func(tl *tape) { tl.opens(1).at(sec).dropped(1).at(2 * sec) }, nil, HaveReconnectedWithin(2 * sec), "no", "no attempt in the 1s since connection 1 was over, expected it to within 2s."},
		{"replaced before it ended", func(tl *tape) { tl.opens(1).at(sec).opens(2).at(5 * sec).dropped(1) }, nil, HaveReconnectedWithin(0), "yes", "took 0s"},
		{"from the Close on", func(tl *tape) {
			tl.opens(1).at(sec).gets(1, frame.Close(1012, "")).at(2*sec).sends(1, frame.Close(1012, "")).leaves(1).at(3 * sec).opens(2)
		}, nil, HaveReconnectedWithin(2*sec - 1), "no", "took 2s"},

		{"every client", two, nil, HaveReconnected(ClientByHeader("X-Client")), "no", `Client "ann" did not reconnect: it made no attempt in the 8s since connection 1 was over`},
		{"every client, by what tells nothing", two, nil, HaveReconnected(ClientByQuery("user")), "unclear", "nothing in what was recorded tells whose connection 1 is"},
		{"all as one", two, nil, HaveReconnected(), "yes", "reconnected twice"},
	})
}

func TestReconnectingIsFinal(t *testing.T) {
	taped(t, func(t *testing.T, tl *tape) {
		tl.opens(1).at(sec).dropped(1).at(3 * sec).opens(2)
		if final(HaveReconnectedWithin(2*sec), tl) || !final(HaveReconnectedWithin(sec), tl) {
			t.Error("one in time is final, or one too late is not")
		}
	})
	taped(t, func(t *testing.T, tl *tape) {
		within := HaveReconnectedWithin(2 * sec)
		tl.opens(1).at(sec).dropped(1).at(3 * sec)
		if final(within, tl) {
			t.Error("final while there is time")
		}
		tl.at(3*sec + ms)
		if !final(within, tl) || final(HaveReconnected(), tl) {
			t.Error("not final when the time is over, or final without a limit")
		}
		tl.opens(2)
		says(t, "no", within, tl)
		if !final(HaveReconnected(), tl) {
			t.Error("not final once it is so")
		}
	})
}
