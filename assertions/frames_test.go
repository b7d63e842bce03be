package assertions_test

import (
	"testing"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestFramesAreCountedOnTheClientsSide(t *testing.T) {
	hi, ho := frame.Text("hi"), frame.Text("ho")
	proxied := func(play func(*tape)) func(*tape) {
		return func(tl *tape) {
			tl.from = timeline.AtProxy
			play(tl.opens(1))
		}
	}
	plain := func(tl *tape) { tl.opens(1).sends(1, hi, ho, hi).gets(1, ho).at(sec).dropped(1).opens(2).sends(2, hi) }
	tell(t, []story{
		{"over all connections", plain, nil, HaveSent(hi).Times(3), "yes", `The client sent text "hi" 3 times`},
		{"on one", plain, conn(2), HaveSent(hi).Times(1), "yes", "once on connection 2"},
		{"since an end", plain, since(timeline.Ended(1)), HaveSent(hi).Times(1), "yes", "since the end of connection 1"},
		{"at least once", plain, nil, HaveSent(ho), "yes", "expected it not to"},
		{"not at all", plain, nil, HaveSent(frame.Text("hey")), "no", `sent text "hey" 0 times, expected it to, at least once.`},
		{"the other way", plain, nil, HaveReceived(hi), "no", `The client received text "hi" 0 times`},
		{"payloads", plain, nil, HaveSent(HavePrefix("h")).Times(4), "yes", `a payload with the prefix "h" 4 times`},
		{"a number of times", plain, nil, HaveSent(hi).Times(BeNumerically("<", 3)), "no", "3 times, expected less than 3 times"},
		{"dropped on its way to the server", proxied(func(tl *tape) { tl.frames(1, frame.ToServer, timeline.Arrived, hi) }), nil, HaveSent(hi).Times(1), "yes", ""},
		{"injected toward the server", proxied(func(tl *tape) { tl.frames(1, frame.ToServer, timeline.Left, hi) }), nil, HaveSent(hi), "no", ""},
		{"injected toward the server, by its payload", proxied(func(tl *tape) { tl.frames(1, frame.ToServer, timeline.Left, hi) }), nil, HaveSent(Equal("hi")), "no", ""},
		{"dropped on its way to the client", proxied(func(tl *tape) { tl.frames(1, frame.ToClient, timeline.Arrived, hi) }), nil, HaveReceived(hi), "no", ""},
		{"delayed on its way to the client", proxied(func(tl *tape) {
			tl.frames(1, frame.ToClient, timeline.Arrived, hi).at(sec).frames(1, frame.ToClient, timeline.Left, hi)
		}), nil, HaveReceived(hi).Times(1), "yes", ""},
		{"seen by a proxy and by the server", func(tl *tape) {
			tl.opens(1).sends(1, hi)
			tl.from = timeline.AtProxy
			tl.opens(1).frames(1, frame.ToServer, timeline.Passed, hi)
		}, nil, HaveSent(hi).Times(1), "yes", ""},
		{"a long payload, and the header is enough", func(tl *tape) { tl.opens(1).sends(1, frame.Binary(make([]byte, 9000))) }, nil, HaveSent(frame.Op(frame.OpBinary)), "yes", ""},
		{"a long payload that is none of those", func(tl *tape) { tl.opens(1).sends(1, frame.Binary(make([]byte, 9000))) }, nil, HaveSent(frame.AllOf(frame.Op(frame.OpText), frame.Contains("x"))), "no", ""},
		{"more than enough in spite of a gap", func(tl *tape) { tl.opens(1).sends(1, hi).lost(3).sends(1, hi) }, nil, HaveSent(hi).Times(1), "no", ""},
		{"there in spite of a gap", func(tl *tape) { tl.opens(1).lost(3).sends(1, hi) }, nil, HaveSent(hi), "yes", ""},
		{"what could not be parsed", func(tl *tape) { tl.opens(1).event(1, timeline.KindOpaque, frame.ToServer) }, nil, HaveSent(hi), "unclear", "bytes passed that were not read as frames"},
		{"what could not be parsed, the other way", func(tl *tape) { tl.opens(1).event(1, timeline.KindOpaque, frame.ToClient) }, nil, HaveSent(hi), "no", ""},
		{"bytes that are no frames", func(tl *tape) { tl.opens(1).event(1, timeline.KindBytes, frame.ToClient) }, nil, HaveReceived(hi), "unclear", "bytes passed that were not read as frames"},
	})
}

func TestSequences(t *testing.T) {
	hello, welcome := frame.Text("hello"), frame.Text("welcome")
	play := func(tl *tape) {
		tl.opens(1).sends(1, hello).gets(1, frame.Ping(nil), welcome).at(sec).dropped(1).opens(2).sends(2, hello)
	}
	tell(t, []story{
		{"in this order", play, nil, HaveExchanged(Sent(hello), Received(welcome), Sent(hello)), "yes", "exchanged all of 3 frames in this order"},
		{"in another order", play, nil, HaveExchanged(Received(welcome), Sent(hello), Received(welcome)), "no", `Step 3 of 3, Received(text "welcome"), did not come after Sent(text "hello"), expected it to.`},
		{"the other way", play, nil, HaveExchanged(Received(hello)), "no", ""},
		{"from the beginning", play, nil, HaveExchanged(Sent(frame.Text("hey"))), "no", "did not come from the beginning"},
		{"on one connection", play, conn(2), HaveExchanged(Sent(hello), Received(welcome)), "no", "on connection 2"},
		{"the same frame does not count twice", play, conn(1), HaveExchanged(Sent(hello), Sent(hello)), "no", ""},
	})
}
