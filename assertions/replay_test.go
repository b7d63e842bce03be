package assertions_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// replay records events once more, each at its time, and calls after between them.
func replay(t *testing.T, events []timeline.Event, after func(tl *timeline.Timeline)) {
	synctest.Test(t, func(t *testing.T) {
		tl := timeline.New()
		for _, e := range events {
			if wait := e.At - tl.Now(); wait > 0 {
				time.Sleep(wait - time.Nanosecond)
				after(tl)
				time.Sleep(time.Nanosecond)
			}
			tl.Append(timeline.Record{At: e.At, Conn: e.Conn, Kind: e.Kind, Dir: e.Dir, Seen: e.Seen, Rule: tl.Intern(e.Rule), Header: e.Header,
				Payload: e.Payload, Plain: true, Inflated: e.Inflated, Opaque: e.Opaque, Queued: e.Queued, Vantage: e.Vantage, Bytes: e.Count, Fields: e.Fields})
			after(tl)
		}
	})
}

// verdictOf is yes, no or unclear.
func verdictOf(m matcher, actual any) string {
	ok, err := m.Match(actual)
	switch {
	case err != nil:
		return "unclear"
	case ok:
		return "yes"
	}
	return "no"
}

// A verdict that is said to be final never changes, whatever any client of the trials
// goes on to do: Eventually and Consistently rely on it.
func TestAFinalVerdictStaysWhatItIs(t *testing.T) {
	defer setUpdate(t, setUpdate(t, "false"))
	const most = 60 // events of each
	all := claims()
	for i, tr := range trials() {
		ms := []matcher{tr.m}
		for k := i % 5; k < len(all); k += 5 { // a fifth of them, in turn
			ms = append(ms, all[k])
		}
		for _, mutant := range tr.mutants()[:1] {
			var events []timeline.Event
			tr.run(t, &mutant, func(actual any) {
				events = actual.(timeline.Viewer).View().Timeline().Events()
				events = events[:min(len(events), most)]
			})
			final := make([]map[int]string, 3)
			for i := range final {
				final[i] = map[int]string{}
			}
			replay(t, events, func(tl *timeline.Timeline) {
				for i, actual := range []any{tl, tl.Conn(1), tl.Since(timeline.Ended(1))} {
					for k, m := range ms {
						before, isFinal := final[i][k]
						now := ""
						if isFinal || !m.MatchMayChangeInTheFuture(actual) {
							now = verdictOf(m, actual)
							final[i][k] = now
						}
						if isFinal && now != before {
							t.Errorf("%s, %s: %v said %s of view %d for good, and says %s at %v", tr.claim, mutant.Name, m, before, i, now, tl.Now())
							delete(final[i], k)
						}
					}
				}
			})
			if t.Failed() {
				return
			}
		}
	}
}
