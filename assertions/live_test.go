package assertions_test

import (
	"testing"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestLiveConnections(t *testing.T) {
	tell(t, []story{
		{"open", func(tl *tape) { tl.opens(1) }, nil, HaveLive(1), "yes", "The client has one connection live (#1)"},
		{"refused", func(tl *tape) { tl.refused(1, 503) }, nil, HaveLive(0), "yes", "The client has no connection live"},
		{"closing", func(tl *tape) { tl.opens(1).gets(1, frame.Close(1012, "")).sends(1, frame.Close(1012, "")) }, nil, HaveLive(1), "yes", ""},
		{"the server's FIN", func(tl *tape) { tl.opens(1).event(1, timeline.KindFIN, frame.ToClient) }, nil, HaveLive(1), "yes", ""},
		{"the client's FIN", func(tl *tape) { tl.opens(1).event(1, timeline.KindFIN, frame.ToServer) }, nil, HaveLive(0), "yes", ""},
		{"the server's RST", func(tl *tape) { tl.opens(1).event(1, timeline.KindRST, frame.ToClient) }, nil, HaveLive(0), "yes", ""},
		{"the client's RST", func(tl *tape) { tl.opens(1).event(1, timeline.KindRST, frame.ToServer) }, nil, HaveLive(0), "yes", ""},
		{"the server's socket closed", func(tl *tape) { tl.opens(1).event(1, timeline.KindClosed, frame.ToClient) }, nil, HaveLive(0), "yes", ""},
		{"a proxy's socket toward the server closed", func(tl *tape) { tl.opens(1).event(1, timeline.KindClosed, frame.ToServer) }, nil, HaveLive(1), "yes", ""},
		{"since an end it is about now", func(tl *tape) { tl.opens(1).opens(2).at(sec).dropped(1) }, since(timeline.Ended(1)), HaveLive(1), "yes", "(#2)"},
		{"of one connection", func(tl *tape) { tl.opens(1).opens(2).at(sec).dropped(1) }, conn(1), HaveLive(0), "yes", ""},
		{"frozen, and it does not matter", func(tl *tape) { tl.opens(1).freezes(1).opens(2).opens(3) }, nil, HaveLive(1), "no", "2 connections live"},
		{"frozen, and a matcher does not mind", func(tl *tape) { tl.opens(1).freezes(1).opens(2) }, nil, HaveLive(BeNumerically(">=", 1)), "yes", ""},
		{"frozen, and over", func(tl *tape) { tl.opens(1).freezes(1).at(sec).event(1, timeline.KindEnded, 0) }, nil, HaveLive(0), "yes", ""},
		{"frozen, and read again", func(tl *tape) { tl.opens(1).freezes(1).at(sec).sends(1, frame.Text("late")) }, nil, HaveLive(1), "yes", ""},
	})
}

func TestAtMostOneLiveConnection(t *testing.T) {
	one := HaveAtMostOneLiveConnection()
	twoClients := func(tl *tape) { tl.opens(1, "target", "/?user=1").opens(2, "target", "/?user=2").at(sec) }
	tell(t, []story{
		{"one after the other", func(tl *tape) { tl.opens(1).at(sec).dropped(1).opens(2) }, nil, one, "yes", "2 connections in all"},
		{"for a nanosecond", func(tl *tape) { tl.opens(1).at(sec).opens(2).at(sec + 1).dropped(1) }, nil, one, "no", "for 1ns (#1 and #2)"},
		{"not the first two", func(tl *tape) { tl.opens(1).at(sec).dropped(1).opens(2).at(2 * sec).opens(3).at(4 * sec).dropped(2) }, nil, one, "no", "for 2s (#2 and #3)"},
		{"now", func(tl *tape) { tl.opens(1).opens(2).at(3 * sec) }, nil, one, "no", "both still live"},
		{"within the overlap", func(tl *tape) { tl.opens(1).opens(2).at(2 * sec).dropped(1) }, nil, HaveAtMostOneLiveConnection(Overlap(2 * sec)), "yes", "for 2s"},
		{"beyond the overlap", func(tl *tape) { tl.opens(1).opens(2).at(2*sec + 1).dropped(1) }, nil, HaveAtMostOneLiveConnection(Overlap(2 * sec)), "no", "expected at most one for longer than 2s"},
		{"before what is looked at", func(tl *tape) { tl.opens(1).opens(2).at(sec).dropped(1).at(2 * sec).dropped(2).opens(3) }, since(timeline.Ended(1)), one, "yes", ""},
		{"reaching into what is looked at", func(tl *tape) { tl.opens(1).opens(2).opens(3).at(sec).dropped(1).at(3 * sec).dropped(2) }, since(timeline.Ended(1)), one, "no", "for 2s (#2 and #3)"},
		{"attempts do not count", func(tl *tape) { tl.opens(1).asks(2).refused(3, 503).at(sec) }, nil, one, "yes", "one connection in all"},
		{"two clients", twoClients, nil, HaveAtMostOneLiveConnection(ClientByQuery("user")), "yes", ""},
		{"two clients as one", twoClients, nil, one, "no", "(#1 and #2)"},
		{"one of two clients", func(tl *tape) {
			tl.opens(1, "target", "/?user=1").opens(2, "target", "/?user=2").opens(3, "target", "/?user=2").at(sec)
		}, nil,
			HaveAtMostOneLiveConnection(ClientByQuery("user")), "no", `Client "2" had two live connections for 1s (#2 and #3)`},
		{"one connection by itself", func(tl *tape) { tl.opens(1).at(sec) }, conn(1), one, "unclear", "connection 1 is one connection"},
		{"frozen after the overlap", func(tl *tape) { tl.opens(1).opens(2).at(sec).freezes(1) }, nil, one, "no", "for 1s"},
		{"frozen, and killed before the next", func(tl *tape) { tl.opens(1).freezes(1).at(sec).event(1, timeline.KindEnded, 0).opens(2) }, nil, one, "yes", ""},
	})
}

// When a program has exited, the ends of its connections are still on their way.
func TestProgramsThatHaveLeftAreWaitedFor(t *testing.T) {
	taped(t, func(t *testing.T, tl *tape) {
		tl.starts("chat").opens(1).at(sec).exits("chat", 0).at(5 * sec)
		if final(HaveLive(0), tl) {
			t.Error("final while its connection is open")
		}
		tl.dropped(1)
		if !final(HaveLive(0), tl) {
			t.Error("not final when all is over")
		}
	})
	taped(t, func(t *testing.T, tl *tape) {
		tl.starts("chat").opens(1).at(sec).dropped(1).exits("chat", 0).at(1050 * ms)
		if final(HaveConnected(2), tl) {
			t.Error("final right after the exit")
		}
		tl.at(1100 * ms)
		if !final(HaveConnected(2), tl) {
			t.Error("not final 100 ms after the exit")
		}
	})
}
