package assertions_test

import (
	"testing"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// reports is what the client program says.
func (p *tape) reports(name string, fields ...string) *tape {
	return p.event(0, timeline.KindReport, 0, append([]string{"name", name}, fields...)...)
}

func TestReports(t *testing.T) {
	play := func(tl *tape) {
		tl.starts("chat").reports("close", "code", "1006", "reason", "", "wasClean", "false").at(sec).
			reports("retry", "in", "0.5").reports("close", "code", "1012", "reason", "restart", "wasClean", "true")
	}
	tell(t, []story{
		{"a name", play, nil, HaveReported("close").Times(2), "yes", `The client reported "close" twice`},
		{"a name by matcher", play, nil, HaveReported(HavePrefix("re")), "yes", ""},
		{"a number", play, nil, HaveReported("close", WithField("code", 1012)).Times(1), "yes", ""},
		{"a number as a text", play, nil, HaveReported("close", WithField("code", "1012")), "yes", ""},
		{"a bool", play, nil, HaveReported("close", WithField("wasClean", true)), "yes", `with wasClean true once`},
		{"a text by matcher", play, nil, HaveReported("close", WithField("reason", ContainSubstring("start"))), "yes", ""},
		{"a number by matcher", play, nil, HaveReported("close", WithField("code", BeNumerically(">", 1010))), "yes", ""},
		{"a number by a function", play, nil, HaveReported("close", WithField("code", Satisfy(func(code int) bool { return code > 1010 }))).Times(1), "yes", ""},
		{"a fraction by matcher", play, nil, HaveReported("retry", WithField("in", BeNumerically("<", 1))), "yes", ""},
		{"a text for a number", play, nil, HaveReported("close", WithField("reason", BeNumerically(">", 1))), "unclear", "the matcher does not take what was measured"},
		{"all fields", play, nil, HaveReported("close", WithField("code", 1012), WithField("wasClean", false)), "no", `with code 1012 and wasClean false 0 times`},
		{"a field that is not there", play, nil, HaveReported("close", WithField("codes", 1012)), "no", `codes is ""`},
		{"another name", play, nil, HaveReported("closed"), "no", `"closed" 0 times (but "close", "retry")`},
		{"since a note", func(tl *tape) { play(tl); tl.Note("x"); tl.reports("open") }, since(timeline.Noted("x")), HaveReported("close"), "no", ""},
		{"not at all", func(tl *tape) { tl.starts("chat").opens(1) }, nil, HaveReported("error").Times(0), "yes", ""},
	})
}

func TestExits(t *testing.T) {
	killed := func(tl *tape) {
		tl.starts("chat").event(0, timeline.KindExit, 0, "client", "chat", "signal", "SIGKILL")
	}
	tell(t, []story{
		{"at all", killed, nil, HaveExited(), "yes", "The client program exited by SIGKILL, expected it not to exit."},
		{"by a signal", killed, nil, HaveExited("SIGKILL"), "yes", ""},
		{"by another signal", killed, nil, HaveExited("SIGTERM"), "no", "expected it to exit by SIGTERM."},
		{"with a code, not by a signal", killed, nil, HaveExited(0), "no", ""},
		{"with a code", func(tl *tape) { tl.starts("chat").exits("chat", 3) }, nil, HaveExited(3), "yes", "with code 3"},
		{"with one of them", func(tl *tape) { tl.starts("chat").exits("chat", 3) }, nil, HaveExited(0, 3), "yes", ""},
		{"with a code by matcher", func(tl *tape) { tl.starts("chat").exits("chat", 3) }, nil, HaveExited(Not(Equal(0))), "yes", ""},
		{"not yet", func(tl *tape) { tl.starts("chat").opens(1) }, nil, HaveExited(), "no", "has not exited"},
		{"one of two", func(tl *tape) { tl.starts("a").starts("b").exits("a", 1).exits("b", 0) }, nil, HaveExited(0).Times(1), "yes", ""},
	})
	taped(t, func(t *testing.T, tl *tape) {
		tl.starts("a").starts("b").exits("a", 1)
		if m := HaveReported("x"); final(m, tl) || final(HaveExited(0), tl) {
			t.Error("final while a program runs")
		}
		tl.exits("b", 1)
		if !final(HaveReported("x"), tl) || !final(HaveExited(0), tl) {
			t.Error("not final when all have exited")
		}
	})
}

func TestRules(t *testing.T) {
	rule := func(tl *tape, conn int, kind timeline.Kind, name string, fields ...string) {
		r := timeline.Record{At: tl.Now(), Conn: conn, Kind: kind, Rule: tl.Intern(name)}
		for i := 0; i+1 < len(fields); i += 2 {
			r.Fields = append(r.Fields, timeline.Field{Name: fields[i], Value: fields[i+1]})
		}
		tl.Append(r)
	}
	play := func(tl *tape) {
		tl.from = timeline.AtProxy
		rule(tl, 0, timeline.KindRule, "drop-pongs", "change", "added", "does", "on pong, drop")
		rule(tl, 0, timeline.KindRule, "never", "change", "added", "does", "on ping, drop")
		tl.opens(1).opens(2)
		rule(tl, 1, timeline.KindFault, "drop-pongs", "does", "drop")
		rule(tl, 2, timeline.KindFault, "drop-pongs", "does", "drop")
		rule(tl, 2, timeline.KindNotApplied, "never", "why", "the frame was dropped already")
	}
	tell(t, []story{
		{"fired", play, nil, HaveFired("drop-pongs").Times(2), "yes", `The rule "drop-pongs" fired twice`},
		{"on a connection", play, conn(1), HaveFired("drop-pongs").Times(1), "yes", "once on connection 1"},
		{"as the rule itself", play, nil, HaveFired(faultproxy.Rule{Name: "drop-pongs"}), "yes", ""},
		{"by matcher", play, nil, HaveFired(HavePrefix("drop")), "yes", ""},
		{"could not act", play, nil, HaveFired("never"), "no", "fired 0 times, and once could not act (the frame was dropped already)"},
		{"no such rule", play, nil, HaveFired("drop-pings"), "unclear", `there are "drop-pongs", "never"`},
	})
}

func TestProtocolBreaches(t *testing.T) {
	kept := HaveKeptProtocol()
	text := func(payload string, fin bool) frame.Frame { f := frame.Text(payload); f.Fin = fin; return f }
	ping := frame.Ping(make([]byte, 126))
	tell(t, []story{
		{"as it should be", func(tl *tape) {
			tl.opens(1).sends(1, text("a", false), frame.Ping(nil), frame.Continuation(true, []byte("b")), frame.Close(1000, ""))
		}, nil, kept, "yes", "kept to RFC 6455 in 4 frames"},
		{"a long ping", func(tl *tape) { tl.opens(1).sends(1, ping) }, nil, kept, "no", "a ping frame of 126 bytes"},
		{"half a letter", func(tl *tape) { tl.opens(1).sends(1, text("\xe2\x82", false), frame.Continuation(true, []byte("x"))) }, nil, kept, "no", "not UTF-8"},
		{"a letter in two halves", func(tl *tape) {
			tl.opens(1).sends(1, text("\xe2\x82", false), frame.Continuation(true, []byte("\xac")))
		}, nil, kept, "yes", ""},
		{"two messages at once", func(tl *tape) { tl.opens(1).sends(1, text("a", false), text("b", true)) }, nil, kept, "no", "RFC 6455 section 5.4"},
		{"on each connection by itself", func(tl *tape) { tl.opens(1).opens(2).sends(1, text("a", false)).sends(2, text("b", true)) }, nil, kept, "yes", ""},
		{"what the server does is another matter", func(tl *tape) { tl.opens(1).gets(1, ping).sends(1, frame.Pong(nil)) }, nil, kept, "yes", ""},
		{"what could not be parsed", func(tl *tape) {
			tl.opens(1).sends(1, frame.Ping(nil)).event(1, timeline.KindOpaque, frame.ToServer, "why", "a reserved opcode", "section", "RFC 6455 section 5.2")
		}, nil, kept, "no",
			"broke the protocol on connection 1: a reserved opcode (RFC 6455 section 5.2)"},
		{"long, and the server has seen it whole", func(tl *tape) { tl.opens(1).sends(1, frame.Text(string(make([]byte, 5000)))) }, nil, kept, "yes", ""},
		{"long, and what follows is half a letter", func(tl *tape) {
			tl.opens(1).sends(1, text(string(make([]byte, 5000)), false), frame.Continuation(true, []byte("\xac")))
		}, nil, kept, "yes", ""},
		{"before what is looked at", func(tl *tape) { tl.opens(1).sends(1, ping).Note("x"); tl.sends(1, frame.Ping(nil)) }, since(timeline.Noted("x")), kept, "yes", ""},
	})
}

func TestCloseEventsThatClientsReport(t *testing.T) {
	told := HaveReportedCloseEvent("close")
	lost := []string{"code", "1006", "reason", "", "wasClean", "false"}
	restart := func(tl *tape, n int) {
		tl.opens(n).gets(n, frame.Close(1012, "restart")).sends(n, frame.Close(1012, "")).leaves(n)
	}
	tell(t, []story{
		{"as it was", func(tl *tape) {
			restart(tl, 1)
			tl.reports("close", "code", "1012", "reason", "restart", "clean", "true")
		}, nil, told, "yes", "reported the ends of 1 connection as they were on the wire"},
		{"only the code", func(tl *tape) { restart(tl, 1); tl.reports("close", "code", "1012") }, nil, told, "yes", ""},
		{"another reason", func(tl *tape) { restart(tl, 1); tl.reports("close", "code", "1012", "reason", "") }, nil, told, "no", `reported reason "" of connection 1, expected "restart"`},
		{"without a code", func(tl *tape) { restart(tl, 1); tl.reports("close") }, nil, told, "no", "reported code"},
		{"the second wrongly", func(tl *tape) {
			restart(tl, 1)
			tl.reports("close", "code", "1012").at(sec).opens(2).dropped(2).reports("close", "code", "1000")
		}, nil, told, "no", "reported code 1000 of connection 2, expected 1006"},
		{"of the first connection", func(tl *tape) {
			restart(tl, 1)
			tl.reports("close", "code", "1012").at(sec).opens(2).dropped(2).reports("close", "code", "1000")
		}, conn(1), told, "yes", ""},
		{"not yet", func(tl *tape) { restart(tl, 1); tl.at(sec) }, nil, told, "no", "has not reported the end of connection 1"},
		{"with failed attempts", func(tl *tape) {
			tl.refused(1, 503).reports("close", lost...).opens(2).dropped(2).reports("close", lost...)
		}, nil, told, "yes", "of 2 connections"},
		{"without failed attempts", func(tl *tape) { tl.refused(1, 503).opens(2).dropped(2).reports("close", lost...) }, nil, told, "yes", "of 1 connection"},
		{"by the rules of ws", func(tl *tape) {
			tl.opens(1).gets(1, frame.Close(999, "")).sends(1, frame.Close(1002, "")).leaves(1).reports("close", "code", "1006")
		}, nil, HaveReportedCloseEvent("close", diagnosis.NodeWS), "yes", ""},
		{"nothing to report", func(tl *tape) { tl.opens(1) }, nil, told, "unclear", ""},
		{"of one that is not over", func(tl *tape) { restart(tl, 1); tl.reports("close", "code", "1012").opens(2) }, conn(2), told, "unclear", "connection 2 is not over for the client"},
		{"two programs", func(tl *tape) { tl.starts("a").starts("b"); restart(tl, 1) }, nil, told, "unclear", "2 client programs"},
	})
	taped(t, func(t *testing.T, tl *tape) {
		restart(tl, 1)
		if final(told, tl.Conn(1)) {
			t.Error("final when the connection has ended, and the report may still come")
		}
	})
}
