package assertions_test

import (
	"testing"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestClosing(t *testing.T) {
	restart := func(tl *tape) {
		tl.opens(1).at(sec).gets(1, frame.Close(1012, "restart")).sends(1, frame.Close(1012, "")).event(1, timeline.KindFIN, frame.ToClient).leaves(1)
	}
	cut := func(tl *tape) { tl.opens(1).at(sec).dropped(1) }
	both := func(tl *tape) { restart(tl); tl.opens(2).at(2 * sec).dropped(2) }
	illegal := func(tl *tape) {
		tl.opens(1).at(sec).gets(1, frame.Close(999, "")).sends(1, frame.Close(1002, "")).leaves(1)
	}
	tell(t, []story{
		{"at all", cut, nil, HaveClosed(), "yes", `The client's connection 1 was closed by its peer with a FIN and no Close; the client was told 1006 "" wasClean=false, expected no connection closed.`},
		{"by its peer", restart, nil, HaveClosed(ByPeer, WithCode(1012), WithReason("restart"), Cleanly), "yes", ""},
		{"by the client", func(tl *tape) {
			tl.opens(1).at(sec).sends(1, frame.Close(1000, "")).gets(1, frame.Close(1000, "")).leaves(1)
		}, nil, HaveClosed(ByClient, Cleanly), "yes", ""},
		{"not by the client", restart, nil, HaveClosed(ByClient), "no", "expected a connection closed by the client."},
		{"a code by matcher", restart, nil, HaveClosed(WithCode(BeElementOf(1001, 1012))), "yes", ""},
		{"a code as its own type", restart, nil, HaveClosed(WithCode(frame.CloseCode(1012))), "yes", ""},
		{"another code", restart, nil, HaveClosed(WithCode(1001)), "no", "expected a connection closed with code 1001."},
		{"a reason by matcher", restart, nil, HaveClosed(WithReason(HavePrefix("re"))), "yes", ""},
		{"abnormally", cut, nil, HaveClosed(Abnormally, WithCode(1006)), "yes", ""},
		{"some of several", both, nil, HaveClosed(Abnormally).Times(1), "yes", "1 of the client's 2 closed connections was closed like that"},
		{"all of several", both, nil, HaveClosed().Times(2), "yes", "2 of the client's 2 connections are closed"},
		{"one of them", both, conn(2), HaveClosed(Cleanly), "no", ""},
		{"since an end", both, since(timeline.Ended(1)), HaveClosed().Times(1), "yes", "connection 2 was closed by its peer"},
		{"still open", func(tl *tape) { tl.opens(1) }, nil, HaveClosed(), "no", "connection 1 is still open"},
		{"closing", func(tl *tape) { tl.opens(1).gets(1, frame.Close(1012, "")).sends(1, frame.Close(1012, "")) }, nil, HaveClosed(), "no", "is closing, but the client has not ended TCP"},
		{"half-closed", func(tl *tape) { tl.opens(1).event(1, timeline.KindFIN, frame.ToClient) }, nil, HaveClosed(), "no", "is half-closed, but the client has not ended TCP"},
		{"half-closed by the client", func(tl *tape) { tl.opens(1).event(1, timeline.KindFIN, frame.ToServer) }, nil, HaveClosed(), "no", "is over for the client, but not for the server"},
		{"refused is not closed", func(tl *tape) { tl.refused(1, 503) }, conn(1), HaveClosed(), "unclear", "connection 1 has not opened, so it cannot be closed"},
		{"as a browser is told", illegal, nil, HaveClosed(WithCode(999)), "yes", ""},
		{"as ws is told", illegal, nil, HaveClosed(ToldAs(diagnosis.NodeWS), WithCode(1006)), "yes", ""},
	})
}
