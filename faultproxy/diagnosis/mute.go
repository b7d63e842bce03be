package diagnosis

import (
	"fmt"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Mute reports on the TCP connections of src that ended without a request, in the
// order in which they ended: failed TLS handshakes, connections that were reset as
// they were accepted, or that nobody answered. They have no number, so Conn is 0.
func Mute(src Source) []Report { return Analyzer{}.Mute(src) }

// Mute is the function [Mute] with the options of a.
func (a Analyzer) Mute(src Source) []Report {
	var reports []Report
	accepted := map[string]timeline.Event{} // by remote address
	troubles := map[string]timeline.Event{}
	for ev := range seen(src) {
		remote := field(ev, "remote")
		switch ev.Kind {
		case timeline.KindAccepted:
			accepted[remote] = ev
		case timeline.KindError:
			if who, why, ok := failedTLS(field(ev, "error")); ok {
				ev.Fields = []timeline.Field{{Name: "error", Value: why}}
				troubles[who] = ev
			}
		case timeline.KindMute:
			m := mute{end: ev}
			if first, ok := accepted[remote]; ok {
				m.begin = &first
			}
			if t, ok := troubles[remote]; ok {
				m.trouble = &t
			}
			reports = append(reports, a.mute(m))
			delete(accepted, remote)
			delete(troubles, remote)
		}
	}
	return reports
}

// failedTLS takes apart what net/http logs of a TLS handshake.
func failedTLS(text string) (remote, why string, ok bool) {
	_, rest, ok := strings.Cut(text, tlsHandshake+" error from ")
	if !ok {
		return "", "", false
	}
	remote, why, ok = strings.Cut(rest, ": ")
	return remote, tlsHandshake + ": " + why, ok
}

const tlsHandshake = "TLS handshake"

// mute is a connection without a request: its end, and what is known besides.
type mute struct {
	begin, trouble *timeline.Event // nil if not recorded
	end            timeline.Event
}

func (a Analyzer) mute(m mute) Report {
	r := Report{Client: a.Client, Ended: true, EndingAt: m.end.At, EndedAt: m.end.At, How: NeverOpened,
		CloseEvent: failed, Reported: true}
	r.EndedBy, r.Cause = m.explain()
	r.Cause.Evidence = evidence(m.begin, m.trouble, &m.end)
	if m.end.Rule != "" {
		r.Deliberate = "injected by rule " + m.end.Rule
	}
	return r
}

// explain finds the cause in the words of the recorder.
func (m mute) explain() (Party, Cause) {
	why := field(m.end, "error")
	if m.trouble != nil {
		why = field(*m.trouble, "error")
	}
	cause := func(id ID, confidence Confidence, format string, args ...any) Cause {
		return Cause{ID: id, Confidence: confidence, Text: fmt.Sprintf(format, args...), Advice: info(id).Advice}
	}
	lasted := time.Duration(-1)
	if m.begin != nil {
		lasted = m.end.At - m.begin.At
	}
	switch {
	case strings.Contains(why, "remote error: tls:"):
		return Client, cause(IDTLS, Certain, "the client broke the TLS handshake off: %s", why)
	case strings.HasPrefix(why, tlsHandshake) && strings.HasSuffix(why, "EOF"):
		return Client, cause(IDTLS, Medium, "the client left in the middle of the TLS handshake, as clients do that do not trust the certificate: %s", why)
	case strings.HasPrefix(why, tlsHandshake), strings.Contains(why, "port with TLS"), strings.Contains(why, "port without TLS"):
		return Unknown, cause(IDTLS, Certain, "no TLS connection came about: %s", why)
	case strings.Contains(why, "reset as it was accepted"):
		return Network, cause(IDRefused, Certain, "the connection was reset as it was accepted")
	case strings.Contains(why, "left unanswered") && lasted >= patience:
		return Client, cause(IDNeverAnswered, High, "the connection was accepted and nothing came back for %s; then the client left", span(lasted))
	case strings.Contains(why, "connection reset"):
		return Client, cause(IDResetByClient, High, "the client reset the connection before its request was whole: %s", why)
	case strings.Contains(why, "left unanswered"), strings.Contains(why, "closed "), strings.HasPrefix(why, "no request within"), strings.HasPrefix(why, "no whole request"):
		c := cause(IDClientGone, Medium, "the client connected and sent no whole request: %s", why)
		c.Advice = "a port scan, a health check, or a client that was ended as it connected"
		return Client, c
	}
	return Unknown, cause(IDHandshakeBroken, Medium, "the client connected, and no HTTP request came: %s", why)
}
