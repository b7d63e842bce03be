package diagnosis

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// What is usually final, where the policy names nothing: what the client did wrong it
// will do wrong again.
var (
	usuallyFinalCodes    = []Range{{1002, 1003}, {1007, 1008}, {1010, 1010}}
	usuallyFinalStatuses = []Range{{401, 401}, {403, 403}}
)

// finalCode: no attempt follows a Close of the server's with a final code.
func (e *exam) finalCode() {
	final := e.policy.GiveUpCodes
	if len(final) == 0 {
		final = usuallyFinalCodes
	}
	e.final("Close", func(c *client, i int) (int, *timeline.Event) {
		t := c.tracks[i]
		code := int(closeCode(t.heard))
		if !t.closedByServer() || !has(final, code) || t.maybeUnread(e.tolerance) {
			return 0, nil
		}
		return code, t.heard
	})
}

// closedByServer reports whether a Close that the client received surely began the end.
func (t *track) closedByServer() bool {
	_, ev, ok := t.over()
	return ok && ev == t.heard && t.sight() > ev.At
}

// maybeUnread reports whether an RST may have destroyed the Close before the client
// read it.
func (t *track) maybeUnread(tolerance time.Duration) bool {
	if t.said != nil || t.tcp == nil || t.heard == nil || t.tcp.At > sum(t.heard.At, tolerance) {
		return false
	}
	return t.tcp.Kind == timeline.KindRST || t.tcp.Kind == timeline.KindClosed
}

// finalStatus: no attempt follows a refusal with a final status.
func (e *exam) finalStatus() {
	if e.policy.Browser {
		e.nothing("a page in a browser does not learn the status of a refusal")
		return
	}
	final := e.policy.GiveUpStatuses
	if len(final) == 0 {
		final = usuallyFinalStatuses
	}
	e.final("status", func(c *client, i int) (int, *timeline.Event) {
		t, a := c.tracks[i], c.attempts[i]
		if t.told == nil || t.told != t.response || !has(final, a.Status) {
			return 0, nil
		}
		return a.Status, t.told
	})
}

// final judges whether an attempt follows what is final; of finds it.
func (e *exam) final(what string, of func(c *client, i int) (int, *timeline.Event)) {
	finality := "final"
	if !e.policy.promised(e.rule.info.ID) {
		finality = "usually final"
	}
	n := 0
	for _, c := range e.clients {
		if c.unsure != "" {
			e.blindTo(c, nil, c.unsure)
			continue
		}
		for i := range c.tracks {
			number, ev := of(c, i)
			if ev == nil {
				continue
			}
			if i+1 < len(c.tracks) {
				next := c.tracks[i+1]
				e.fault(c, next, Finding{Text: fmt.Sprintf("the client connected again after %s %d, which is %s", what, number, finality),
					Measured: "an attempt " + span(next.events[0].At-ev.At) + " later", Expected: "none"}, ev, &next.events[0])
			} else if e.r.now > sum(ev.At, sum(cmp.Or(e.policy.ReconnectWithin(1), time.Second), e.tolerance)) {
				n++
			} else {
				e.nothing("the recording ends before the client could have connected again")
			}
		}
	}
	e.kept(n, "final "+what, "%s, and no attempt after it")
	e.nothing("the client was told of nothing that is final")
}

// deliberate: no attempt follows when the user disconnected. Where the client does not
// say so, a Close 1000 of its own without a reason to be seen is taken for it.
func (e *exam) deliberate() {
	name := e.policy.Reports.Disconnect
	if name == "" {
		e.afterOwnClose()
		return
	}
	n := 0
	for i := range e.r.said {
		said := &e.r.said[i]
		if said.Field("name") != name {
			continue
		}
		who := said.Field("client")
		if len(e.clients) > 1 && (who == "" || !e.policy.ClientBy.Process) {
			e.blindTo(nil, nil, "which client disconnected is not known")
			continue
		}
		n++
		for _, c := range e.clients {
			if len(e.clients) > 1 && !isProgram(c.key, who) {
				continue
			}
			for _, t := range c.tracks {
				if at := t.events[0].At; at > sum(said.At, e.tolerance) {
					e.fault(c, t, Finding{Text: "the client connected again although it had been told to disconnect",
						Measured: "an attempt " + span(at-said.At) + " later", Expected: "none"}, said, &t.events[0])
					break
				}
			}
		}
	}
	e.kept(n, "disconnect", "%s, and no attempt after it")
	e.nothing("the client never reported %q", name)
}

// isProgram reports whether a client's key is that of a program: its name and a number.
func isProgram(key, name string) bool {
	return len(key) > len(name)+1 && key[:len(name)+1] == name+" "
}

// deliberateWithin is how soon after its own Close an attempt makes that close look
// like no deliberate one.
const deliberateWithin = 5 * time.Second

func (e *exam) afterOwnClose() {
	n := 0
	for _, c := range e.clients {
		if c.unsure != "" {
			e.blindTo(c, nil, c.unsure)
			continue
		}
		for i, t := range c.tracks {
			if !c.attempts[i].onPurpose || closeCode(t.acted) != frame.CodeNormalClosure {
				continue
			}
			if i+1 == len(c.tracks) {
				n++
				continue
			}
			next := c.tracks[i+1]
			if d := next.events[0].At - t.acted.At; d >= 0 && d < deliberateWithin {
				e.fault(c, next, Finding{Text: "the client connected again right after its own Close 1000, which says that it was done",
					Measured: "an attempt " + span(d) + " later", Expected: "none, or another close code"}, t.acted, &next.events[0])
			}
		}
	}
	e.kept(n, "Close 1000", "%s of the client's, and no attempt after it")
	e.nothing("the client did not close a connection on purpose, as far as can be seen")
}

// survives: the program does not end by itself, but by being told to or by giving up.
func (e *exam) survives() {
	n := 0
	for i := range e.r.runs {
		run := &e.r.runs[i]
		switch {
		case run.exit == nil, run.exit.Rule != "":
			n++
		case !badExit(run.exit) && e.quits(run.exit):
			e.nothing("the client program ended with code 0 instead of coming back, which R13-retry judges")
		case !badExit(run.exit):
			n++
		case e.gaveUp(run.exit.At):
			e.nothing("the client program ended when it had given up")
		default:
			how := "with code " + run.exit.Field("code")
			if s := run.exit.Field("signal"); s != "" {
				how = "by signal " + s
			}
			e.fault(nil, nil, Finding{Client: run.name, Text: "the client program ended by itself, " + how,
				Measured: "an exit after " + span(run.exit.At-run.from), Expected: "a program that lives until it is told to end"}, run.exit)
		}
	}
	e.kept(n, "client program", "%s that did not fail")
	e.nothing("no client program was started by the kit, so nobody saw it end")
}

// quits reports whether a program ended, with that exit, instead of coming back.
func (e *exam) quits(exit *timeline.Event) bool {
	return slices.ContainsFunc(e.clients, func(c *client) bool { return e.quit(c, len(c.attempts)-1) == exit })
}

// gaveUp reports whether some client had a reason to give up before a time.
func (e *exam) gaveUp(at time.Duration) bool {
	for _, c := range e.clients {
		for i := range c.attempts {
			if c.attempts[i].Ended && c.attempts[i].KnownAt <= at && e.mayStop(c, i) != "" {
				return true
			}
		}
	}
	return false
}
