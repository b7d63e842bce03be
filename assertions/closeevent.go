package assertions

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// HaveReportedCloseEvent succeeds if what the client program reported of its
// connections' ends equals what it was told on the wire: the code, and the reason and
// whether it was clean, if it reports them.
//
//	Eventually(srv).Should(HaveReportedCloseEvent("close"))
//	Eventually(srv).Should(HaveReportedCloseEvent("close", diagnosis.NodeWS))
//
// name is that of the reports: {"event":"close","code":1006,"reason":"","wasClean":false},
// where "clean" will do for "wasClean". Which CloseEvent an end is depends on the
// client; the default is a browser's, see [diagnosis.ClientKind]. A client that reports
// attempts that failed, too, as browsers do, reports 1006 of them.
//
// Reports belong to connections in their order: one for each that opened and is over for
// the client, or for each attempt. So it is about a client by itself, and cannot judge
// several. On a connection it is about that one alone, and on what begins at a moment
// about the ends and reports that are in it. It needs one of them, and cannot judge
// without.
func HaveReportedCloseEvent(name string, kind ...diagnosis.ClientKind) Matcher {
	var as diagnosis.ClientKind
	args := []any{name}
	for _, k := range kind {
		as = k
		args = append(args, k)
	}
	return Matcher{call: call("HaveReportedCloseEvent", args...), outlives: true,
		judge: func(s *scene) verdict { return s.closeEvents(name, as) }}
}

func (s *scene) closeEvents(name string, kind diagnosis.ClientKind) verdict {
	if v := s.incomplete(); v.is == unclear {
		return v
	}
	var reports []timeline.Event
	programs := 0
	for e := range s.all.Lifecycle().All() {
		switch {
		case e.Kind == timeline.KindReport && e.Field("name") == name:
			reports = append(reports, e)
		case e.Kind == timeline.KindStarted:
			programs++
		}
	}
	if programs > 1 {
		return never(fmt.Sprintf("%d client programs were started, and reports do not say of which connection they are", programs), "Start one on each server or proxy.")
	}
	ends := s.ends(kind, len(reports))
	if extra := len(ends); extra < len(reports) && !s.happens(reports[extra]) {
		reports = reports[:extra]
	}
	switch {
	case len(ends) == 0 && len(reports) == 0:
		return cannot("no connection is over yet, and the client has reported none", "")
	case len(ends) < len(reports):
		extra := reports[len(ends)]
		return verdict{is: no, final: s.conn == 0 && s.over(true) != "",
			said:     fmt.Sprintf("The client reported %s, but only %s", plural(len(reports), "end"), overs(len(ends))),
			expected: "expected one report for each", unexpected: "expected another number",
			marks: []mark{at(extra, "of which connection?")}, conns: []int{}}
	}
	judged := 0
	for i, end := range ends {
		if s.conn > 0 && end.Conn != s.conn || end.ReportedAt < s.began && (i >= len(reports) || !s.happens(reports[i])) {
			continue
		}
		judged++
		if i >= len(reports) {
			return s.unreported(end, name)
		}
		if v := compare(end, reports[i]); v.is != yes || s.conn > 0 {
			return v
		}
	}
	switch {
	case s.conn > 0:
		return cannot(fmt.Sprintf("connection %d is not over for the client%s", s.conn, s.since()), "")
	case judged == 0:
		return cannot("no connection was over"+s.where()+", and the client has reported none", "")
	}
	return verdict{is: yes, said: fmt.Sprintf("The client reported the ends of %s as they were on the wire%s", plural(judged, "connection"), s.where()),
		expected: "expected it to", unexpected: "expected it not to"}
}

// ends returns the attempts that are over for the client, in the order in which it
// learnt of that: those that opened, unless there are reports for all.
func (s *scene) ends(kind diagnosis.ClientKind, reports int) []diagnosis.Attempt {
	var all, opened []diagnosis.Attempt
	for _, attempts := range (diagnosis.Policy{Client: kind}).Attempts(s.all) {
		for _, a := range attempts {
			if !a.Ended || a.ReportedAt < 0 || a.Conn == 0 {
				continue
			}
			all = append(all, a)
			if a.Opened {
				opened = append(opened, a)
			}
		}
	}
	ends := opened
	if reports == len(all) {
		ends = all
	}
	slices.SortStableFunc(ends, func(a, b diagnosis.Attempt) int { return int(a.ReportedAt - b.ReportedAt) })
	return ends
}

// overs says how many connections are over.
func overs(n int) string {
	if n < 2 {
		return connections(n) + " is over"
	}
	return connections(n) + " are over"
}

// unreported is the verdict on a connection of which no report came.
func (s *scene) unreported(end diagnosis.Attempt, name string) verdict {
	v := verdict{is: no, final: s.view.ClientsLeft(),
		said:     fmt.Sprintf("The client has not reported the end of connection %d", end.Conn),
		expected: fmt.Sprintf("expected a report %q: %s", name, told(end.CloseEvent)), unexpected: "expected none",
		marks: []mark{missing(s.now, "no report by now")}}
	return v.about(end.Conn)
}

// compare compares a report with what was told on the wire.
func compare(end diagnosis.Attempt, report timeline.Event) verdict {
	was := end.CloseEvent
	v := verdict{is: yes, said: fmt.Sprintf("The client reported the end of connection %d as it was on the wire (%s)", end.Conn, told(was)),
		expected: "expected it to", unexpected: "expected something else"}
	differs := func(what, reported, want string) {
		if v.is == yes && reported != want {
			v.is = no
			v.said = fmt.Sprintf("The client reported %s %s of connection %d", what, reported, end.Conn)
			v.expected = fmt.Sprintf("expected %s, since it was told %s", want, told(was))
			v.unexpected = ""
			v.final = true
		}
	}
	differs("code", report.Field("code"), strconv.Itoa(int(was.Code)))
	for _, f := range report.Fields {
		switch f.Name {
		case "reason":
			differs("reason", strconv.Quote(f.Value), strconv.Quote(was.Reason))
		case "wasClean", "clean":
			differs(f.Name, f.Value, strconv.FormatBool(was.WasClean))
		}
	}
	v.marks = []mark{at(report, "")}
	return v.about(end.Conn)
}
