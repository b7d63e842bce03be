package diagnosis_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// story writes attempts one a line, in short.
func story(attempts []diagnosis.Attempt) string {
	var lines []string
	for _, a := range attempts {
		line := fmt.Sprintf("#%d %v", a.Conn, a.RequestedAt)
		switch a.Before {
		case diagnosis.DelayMeasured:
			line += fmt.Sprintf(" after %v", a.DelayLeast)
			if a.Delay != a.DelayLeast {
				line += fmt.Sprintf(" to %v", a.Delay)
			}
		case diagnosis.DelayOverlaps:
			line += " overlaps"
		case diagnosis.DelayNotSeen:
			line += " not the first"
		}
		if a.Status != 0 {
			line += fmt.Sprintf(", %d", a.Status)
		}
		if a.HasRetryAfter {
			line += fmt.Sprintf(", retry after %v", a.RetryAfter)
		}
		if a.Opened {
			line += fmt.Sprintf(", opened %v", a.OpenedAt)
		}
		if a.Ended {
			line += fmt.Sprintf(", %v by %v at %v, reported at %v, %v", a.How, a.By, a.KnownAt, a.ReportedAt, a.CloseEvent)
		}
		if a.Hidden != "" {
			line += "; " + a.Hidden
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func acceptedTCP(d time.Duration, remote string) diagnosis.Events {
	return diagnosis.Events{{Seq: 1, At: d, Kind: timeline.KindAccepted, Fields: fields("remote", remote)}}
}

func refusedTCP(d time.Duration, does string) diagnosis.Events {
	return diagnosis.Events{{Seq: 1, At: d, Kind: timeline.KindFault, Rule: "r", Dir: toC, Fields: fields("does", does)}}
}

func muted(d time.Duration, remote, why string) diagnosis.Events {
	return diagnosis.Events{{Seq: 1, At: d, Kind: timeline.KindMute, Fields: fields("remote", remote, "error", why)}}
}

func TestAttempts(t *testing.T) {
	port := func(d time.Duration, state string) diagnosis.Events {
		return diagnosis.Events{{Seq: 1, At: d, Kind: timeline.KindFault, Vantage: timeline.AtServer, Rule: "port", Fields: fields("does", state)}}
	}
	tests := []struct {
		name   string
		events diagnosis.Events
		want   string
	}{
		{"nothing", nil, ""},
		{"lost, refused, lost", merge(lasting(1, 0, sec), refusedBy(2, 3*sec, "503", "retry-after", "7"), lasting(3, 10*sec, sec)),
			`#1 0s, 101, opened 0s, FIN by server at 1s, reported at 1s, 1006 "" wasClean=false
#2 3s after 2s, 503, retry after 7s, never opened by server at 3s, reported at 3s, error, then 1006 "" wasClean=false
#3 10s after 7s, 101, opened 10s, FIN by server at 11s, reported at 11s, 1006 "" wasClean=false`},
		{"still open", live(at(sec, say("x"))), "#1 0s, 101, opened 0s"},
		{"still connecting", one(at(0, request())), "#1 0s"},
		{"the closing handshake takes a second", merge(conn(1, 0, open(at(sec, serverCloses(1012, "")), at(sec, clientCloses(1012, "")), at(2*sec, fin(toC, passed)), at(2*sec, ended()))...), lasting(2, 4*sec, sec)),
			`#1 0s, 101, opened 0s, close frame by server at 1s, reported at 2s, 1012 "" wasClean=true
#2 4s after 2s to 3s, 101, opened 4s, FIN by server at 5s, reported at 5s, 1006 "" wasClean=false`},
		{"the client does not wait for it", merge(conn(1, 0, open(at(sec, clientCloses(4000, "")), at(9*sec, fin(toS, passed)), at(9*sec, ended()))...), lasting(2, 4*sec, sec)),
			`#1 0s, 101, opened 0s, close frame by client at 1s, reported at 9s, 1006 "" wasClean=false
#2 4s after 0s to 3s, 101, opened 4s, FIN by server at 5s, reported at 5s, 1006 "" wasClean=false`},
		{"overlapping", merge(lasting(1, 0, 9*sec), lasting(2, 4*sec, 9*sec)),
			`#1 0s, 101, opened 0s, FIN by server at 9s, reported at 9s, 1006 "" wasClean=false
#2 4s overlaps, 101, opened 4s, FIN by server at 13s, reported at 13s, 1006 "" wasClean=false`},
		{"given up while connecting", hung(1, 0, 5*sec), `#1 0s, never opened by client at 5s, reported at 5s, error, then 1006 "" wasClean=false`},
		{"cut by the network", live(cutByBox(5 * sec)...), `#1 0s, 101, opened 0s, FIN by network at 5s, reported at 5s, 1006 "" wasClean=false`},
		{"refused on TCP", merge(acceptedTCP(0, "a:1"), refusedTCP(0, "refuse"), acceptedTCP(2*sec, "a:2"), lasting(1, 2*sec, sec)),
			`#0 0s, never opened by network at 0s, reported at 0s, error, then 1006 "" wasClean=false
#1 2s after 2s, 101, opened 2s, FIN by server at 3s, reported at 3s, 1006 "" wasClean=false`},
		{"kept waiting on TCP", merge(acceptedTCP(0, "a:1"), refusedTCP(0, "hang"), muted(5*sec, "a:1", "left")), `#0 0s, never opened by client at 5s, reported at 5s, error, then 1006 "" wasClean=false`},
		{"kept waiting still", merge(acceptedTCP(0, "a:1"), refusedTCP(0, "hang"), later(5*sec)), `#0 0s`},
		{"no TLS", merge(acceptedTCP(0, "a:1"), muted(sec, "a:1", "TLS handshake: remote error: bad certificate")), `#0 0s, never opened by client at 1s, reported at 1s, error, then 1006 "" wasClean=false`},
		{"a probe", merge(lasting(1, 0, sec), acceptedTCP(2*sec, "a:1"), muted(2*sec, "a:1", "closed without a request"), lasting(2, 3*sec, sec)),
			`#1 0s, 101, opened 0s, FIN by server at 1s, reported at 1s, 1006 "" wasClean=false
#2 3s after 2s, 101, opened 3s, FIN by server at 4s, reported at 4s, 1006 "" wasClean=false; a TCP connection came and went without a request in between`},
		{"a closed port", merge(seenAtServer(lasting(1, 0, sec)), port(2*sec, "stopped"), port(5*sec, "listening"), seenAtServer(lasting(2, 6*sec, sec))),
			`#1 0s, 101, opened 0s, FIN by server at 1s, reported at 1s, 1006 "" wasClean=false
#2 6s after 5s, 101, opened 6s, FIN by server at 7s, reported at 7s, 1006 "" wasClean=false; the port was closed in between, where attempts are not seen`},
		{"plain HTTP", merge(lasting(1, 0, sec), diagnosis.Events{{Seq: 1, At: 2 * sec, Kind: timeline.KindHTTP}}, lasting(2, 6*sec, sec)),
			`#1 0s, 101, opened 0s, FIN by server at 1s, reported at 1s, 1006 "" wasClean=false
#2 6s after 5s, 101, opened 6s, FIN by server at 7s, reported at 7s, 1006 "" wasClean=false; it spoke plain HTTP in between, which may have been an attempt of its own`},
		{"a Close that may be missing", merge(conn(1, 0, open(at(sec, lost(1)), at(5*sec, fin(toC, passed)), at(5*sec, ended()))...), lasting(2, 6*sec, sec)),
			`#1 0s, 101, opened 0s, FIN by server at 5s, reported at 5s, 1006 "" wasClean=false
#2 6s after 1s, 101, opened 6s, FIN by server at 7s, reported at 7s, 1006 "" wasClean=false; the client may have ended connection 1 earlier: events of it are missing`},
		{"an interim answer", one(at(0, request()), at(0, response(passed, "103")), at(sec, response(passed, "101")), at(sec, opened())), "#1 0s, 101, opened 1s"},
	}
	for _, tt := range tests {
		if got := story(diagnosis.Attempts(tt.events)); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

// A view knows whether attempts were made before it.
func TestAttemptsOfViews(t *testing.T) {
	tl := timeline.New()
	for _, ev := range merge(lasting(1, 0, sec), lasting(2, 3*sec, sec), lasting(3, 6*sec, sec)) {
		tl.Append(timeline.Record{At: ev.At, Conn: ev.Conn, Kind: ev.Kind, Dir: ev.Dir, Seen: ev.Seen, Header: ev.Header, Payload: ev.Payload, Plain: true, Fields: ev.Fields})
	}
	for name, tt := range map[string]struct {
		src  diagnosis.Source
		want diagnosis.Delayed
		n    int
	}{
		"all":                {tl, diagnosis.DelayFirst, 3},
		"all, as of later":   {diagnosis.AsOf(tl, time.Hour), diagnosis.DelayFirst, 3},
		"the second one":     {tl.Conn(2), diagnosis.DelayNotSeen, 1},
		"since the first":    {tl.Since(timeline.Ended(1)), diagnosis.DelayNotSeen, 2},
		"since, as of later": {diagnosis.AsOf(tl.Since(timeline.Ended(1)), time.Hour), diagnosis.DelayNotSeen, 2},
		"a slice's end":      {diagnosis.Events(tl.Events()[7:]), diagnosis.DelayNotSeen, 2},
	} {
		got := diagnosis.Attempts(tt.src)
		if len(got) != tt.n || got[0].Before != tt.want {
			t.Errorf("%s: %s", name, story(got))
		}
	}
}

func TestAttemptsByClient(t *testing.T) {
	withHeader := func(events diagnosis.Events, value string) diagnosis.Events {
		for i := range events {
			if events[i].Kind == timeline.KindRequest {
				events[i].Fields = append(fields("target", "/"), fields("user-agent", value)...)
			}
		}
		return events
	}
	tests := []struct {
		name   string
		by     diagnosis.ClientBy
		events diagnosis.Events
		want   []string // of each client: its key and its connections
	}{
		{"one", diagnosis.ClientBy{}, merge(lasting(1, 0, sec), lasting(2, 2*sec, sec)), []string{`"" 1 2`}},
		{"by query", diagnosis.ClientBy{Query: "id"}, merge(named(lasting(1, 0, sec), "/?id=a"), named(lasting(2, 2*sec, sec), "/?id=b"), named(lasting(3, 4*sec, sec), "/?id=a")), []string{`"a" 1 3`, `"b" 2`}},
		{"by header", diagnosis.ClientBy{Header: "User-Agent"}, merge(withHeader(lasting(1, 0, sec), "x"), withHeader(lasting(2, 2*sec, sec), "y")), []string{`"x" 1`, `"y" 2`}},
		{"by program", diagnosis.ClientBy{Process: true}, merge(started(0, "a"), lasting(1, 0, sec), exited(2*sec, "a", "code", "0"), started(3*sec, "a"), lasting(2, 4*sec, sec)), []string{`"a 1" 1`, `"a 2" 2`}},
		{"by programs at the same time", diagnosis.ClientBy{Process: true}, merge(started(0, "a"), started(0, "b"), lasting(1, sec, sec), lasting(2, 2*sec, sec)), []string{`"" 1 2`}},
		{"refused on TCP", diagnosis.ClientBy{Query: "id"}, merge(named(lasting(1, 0, sec), "/?id=a"), acceptedTCP(2*sec, "a:1"), refusedTCP(2*sec, "refuse"), named(lasting(2, 4*sec, sec), "/?id=a")), []string{`"a" 1 2`}},
	}
	for _, tt := range tests {
		p := diagnosis.Policy{ClientBy: tt.by}
		var got []string
		for _, attempts := range p.Attempts(tt.events) {
			line := fmt.Sprintf("%q", attempts[0].Client)
			for _, a := range attempts {
				line += fmt.Sprintf(" %d", a.Conn)
			}
			got = append(got, line)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	attempts := diagnosis.Policy{ClientBy: tests[5].by}.Attempts(tests[5].events)[0]
	if !strings.Contains(attempts[1].Hidden, "brought no request") {
		t.Errorf("an attempt that may be anybody's is not minded: %s", story(attempts))
	}
}
