package assertions

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// HaveExited succeeds if the client program has exited; with codes, if it did with one
// of them. A code is a number, or a matcher for an int, and a text is the name of the
// signal that ended it:
//
//	Expect(srv).NotTo(HaveExited())
//	Eventually(srv).Should(HaveExited(0))
//	Eventually(srv).Should(HaveExited("SIGKILL"))
//
// Of several programs one will do, or as many as Times says. An exit counts whoever
// caused it, so ask before the test stops the client. It needs a client that was
// started with package assertions/resilience, and cannot judge without.
func HaveExited(codes ...any) Counted {
	var wants []value
	var ways []string
	var err error
	for _, c := range codes {
		want, way := number(c), "with code "+number(c).words()
		if signal, ok := c.(string); ok {
			want, way = text(signal), "by "+signal
		}
		if want.err != nil {
			err = fmt.Errorf("%v (%T) is neither an exit code nor the name of a signal", c, c)
		}
		wants, ways = append(wants, want), append(ways, way)
	}
	return counted(call("HaveExited", wants), err, func(s *scene, n value) verdict {
		return s.exited(wants, strings.Join(ways, " or "), n)
	})
}

func (s *scene) exited(wants []value, how string, want value) verdict {
	if s.conn > 0 {
		return never("client programs belong to no connection", "Look at the server, the proxy, or a view of all connections.")
	}
	n, started := 0, false
	var marks []mark
	var ways []string
	for e := range s.view.Lifecycle().All() {
		if e.Kind != timeline.KindExit {
			continue
		}
		ok, err := exitIs(e, wants)
		if err != nil {
			return unfit(err)
		}
		if ok {
			n++
		}
		ways = append(ways, exitText(e))
		marks = append(marks, at(e, ""))
	}
	for e := range s.all.Lifecycle().All() {
		started = started || e.Kind == timeline.KindStarted || e.Kind == timeline.KindExit
	}
	if !started {
		return cannot("no client program was started", "Start the client with package assertions/resilience.")
	}
	said := "The client program has not exited" + s.where()
	if len(ways) > 0 {
		said = "The client program exited " + strings.Join(clip(ways, 6), ", and one ") + s.where()
	}
	v := want.verdict(n, said)
	if how != "" {
		v.expected += " " + how
		v.unexpected += " " + how
	}
	if want.once {
		v.expected, v.unexpected = strings.TrimSpace("expected it to exit "+how), strings.TrimSpace("expected it not to exit "+how)
	}
	v.final = v.final || s.view.ClientsLeft()
	v.marks = marks
	v.conns = []int{}
	return v
}

// exitText says how a program ended: "with code 1", "by SIGKILL".
func exitText(e timeline.Event) string {
	if signal := e.Field("signal"); signal != "" {
		return "by " + signal
	}
	return "with code " + e.Field("code")
}

// exitIs reports whether the exit is one of those wanted.
func exitIs(e timeline.Event, wants []value) (bool, error) {
	if len(wants) == 0 {
		return true, nil
	}
	for _, w := range wants {
		var how any = e.Field("signal")
		if _, isSignal := w.want.(string); !isSignal {
			code, ok := exitCode(e)
			if !ok {
				continue
			}
			how = code
		}
		if ok, err := w.match(how); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// exitCode returns the code of an exit; a program that was ended by a signal has none.
func exitCode(e timeline.Event) (int, bool) {
	code, err := strconv.Atoi(e.Field("code"))
	return code, err == nil
}
