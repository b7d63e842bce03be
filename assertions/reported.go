package assertions

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// HaveReported succeeds if the client program has reported something of that name, a
// text or a matcher for one, with all of the fields: at least once, or as often as
// Times says.
//
//	Eventually(srv).Should(HaveReported("close", WithField("code", 1006)))
//	Consistently(srv, time.Second).ShouldNot(HaveReported("error"))
//
// Reports are JSON lines of a program's output, or calls of Report; see package
// assertions/resilience. They belong to no connection: look at the server, the proxy or
// a view of all. It needs somebody who could report (a client program, or any report),
// and cannot judge without. When all programs have exited there will be no more.
func HaveReported(name any, fields ...ReportField) Counted {
	want := text(name)
	err := want.err
	for _, f := range fields {
		if f.want.err != nil && err == nil {
			err = f.want.err
		}
	}
	return counted(call("HaveReported", want, fields), err, func(s *scene, n value) verdict {
		return s.reported(want, fields, n)
	})
}

// ReportField is a condition of [HaveReported]; see [WithField].
type ReportField struct {
	key  string
	want value
}

// WithField asks for a field of a report: equal to v as it prints, or satisfying a
// matcher. A matcher is given the text, and if it cannot take one, the number that the
// text is.
//
//	WithField("code", 1006)
//	WithField("reason", ContainSubstring("restart"))
//	WithField("attempts", BeNumerically("<", 5))
func WithField(key string, v any) ReportField { return ReportField{key, text(v)} }

// String returns the call that made it.
func (f ReportField) String() string { return call("WithField", f.key, f.want) }

// in reports whether an event has the field.
func (f ReportField) in(e timeline.Event) (bool, error) {
	for _, field := range e.Fields {
		if field.Name != f.key {
			continue
		}
		ok, err := f.want.match(field.Value)
		if err == nil {
			return ok, nil
		}
		if n, notInt := strconv.Atoi(field.Value); notInt == nil {
			return f.want.match(n)
		}
		if x, notFloat := strconv.ParseFloat(field.Value, 64); notFloat == nil {
			return f.want.match(x)
		}
		return false, err
	}
	return false, nil
}

func (s *scene) reported(name value, fields []ReportField, want value) verdict {
	if s.conn > 0 {
		return never("reports belong to no connection", "Look at the server, the proxy, or a view of all connections.")
	}
	n := 0
	var marks, near []mark
	others := map[string]bool{}
	for e := range s.view.Lifecycle().All() {
		if e.Kind != timeline.KindReport {
			continue
		}
		ok, err := name.match(e.Field("name"))
		if err != nil {
			return unfit(err)
		}
		if !ok {
			others[e.Field("name")] = true
			continue
		}
		wrong := ""
		for _, f := range fields {
			has, err := f.in(e)
			if err != nil {
				return unfit(err)
			}
			if !has {
				wrong = fmt.Sprintf("%s is %q", f.key, e.Field(f.key))
				break
			}
		}
		if wrong != "" {
			near = append(near, at(e, wrong))
			continue
		}
		n++
		marks = append(marks, at(e, ""))
	}
	if !want.settled(float64(n)) {
		if gaps := s.tl.Recorded() && holes(s.view) != ""; gaps {
			return never(holes(s.view), raise)
		}
		if !s.speaks() {
			return cannot("no client program was started, and nobody reported anything", "Start the client with package assertions/resilience, or report with timeline.Timeline.Report.")
		}
	}
	v := want.verdict(n, fmt.Sprintf("The client reported %s %s%s", reportText(name, fields), times(n), s.where()))
	v.final = v.final || s.view.ClientsLeft()
	v.marks = append(marks, near...)
	if n == 0 && len(near) == 0 && len(others) > 0 {
		v.said += fmt.Sprintf(" (but %s)", list(others))
	}
	v.conns = []int{}
	return v
}

// speaks reports whether there is anybody who could report.
func (s *scene) speaks() bool {
	for e := range s.all.Lifecycle().All() {
		switch e.Kind {
		case timeline.KindStarted, timeline.KindReport, timeline.KindExit:
			return true
		}
	}
	return false
}

// reportText says which reports are meant.
func reportText(name value, fields []ReportField) string {
	t := name.String()
	for i, f := range fields {
		joint := " with "
		if i > 0 {
			joint = " and "
		}
		t += joint + f.key + " " + f.want.words()
	}
	return t
}

// list names a few things, sorted.
func list(names map[string]bool) string {
	const most = 6
	all := slices.Sorted(maps.Keys(names))
	more := ""
	if len(all) > most {
		more = fmt.Sprintf(" and %d more", len(all)-most)
		all = all[:most]
	}
	for i, n := range all {
		all[i] = strconv.Quote(n)
	}
	return strings.Join(all, ", ") + more
}
