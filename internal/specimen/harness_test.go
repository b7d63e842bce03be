package specimen_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
)

const (
	ms  = time.Millisecond
	sec = time.Second
)

var (
	text  = heartbeat.Text("ping", "pong")
	proto = heartbeat.Protocol()
)

// steady is a backoff without chance, whose times can be said.
var steady = specimen.Backoff{Jitter: specimen.Unjittered}

// scene is a client and its server in a bubble.
type scene struct {
	t      *testing.T
	srv    *fake.Server
	client *specimen.Client
}

// play starts a server and a client in virtual time, and both end with f.
func play(t *testing.T, cfg specimen.Config, f func(*scene), handlers ...fake.Handler) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(open(t, t, cfg, handlers...)) })
}

// playLoosely is play for a client that need not do what the server waits for.
func playLoosely(t *testing.T, cfg specimen.Config, f func(*scene), handlers ...fake.Handler) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(open(t, lenient{t}, cfg, handlers...)) })
}

// lenient takes note of errors and does not fail.
type lenient struct{ *testing.T }

func (l lenient) Errorf(format string, args ...any) { l.Logf(format, args...) }

// open starts a server and a client. What the server finds wrong goes to tb.
func open(t *testing.T, tb fake.TB, cfg specimen.Config, handlers ...fake.Handler) *scene {
	s := &scene{t: t, srv: fake.InMemory(tb, handlers...)}
	cfg.URL, cfg.Dial = s.srv.URL, s.srv.Network().DialContext
	cfg.Report = func(name string, fields ...timeline.Field) { s.srv.Timeline.Report(name, fields...) }
	s.client = specimen.Start(cfg)
	t.Cleanup(s.client.Kill)
	return s
}

// until sleeps until a time of the timeline, and lets what happens then happen.
func (s *scene) until(at time.Duration) {
	time.Sleep(at - s.srv.Timeline.Now())
	synctest.Wait()
}

// attempts are the times of all upgrade attempts.
func (s *scene) attempts() string {
	return times(s.srv.Timeline, func(e timeline.Event) bool { return e.Kind == timeline.KindRequest })
}

// beats are the times of the client's beats on a connection.
func (s *scene) beats(d heartbeat.Dialect, conn int) string {
	beat := frame.AllOf(d.Beats(), frame.Toward(frame.ToServer))
	return times(s.srv.Conn(conn).View(), func(e timeline.Event) bool { return timeline.Selects(beat, e) })
}

func times(src timeline.Source, is func(timeline.Event) bool) string {
	var at []string
	for e := range src.All() {
		if is(e) {
			at = append(at, short(e.At))
		}
	}
	return strings.Join(at, " ")
}

// sent is what the client sent on a connection, the end of TCP included, each with
// its time; what came at one time stands behind it.
func (s *scene) sent(conn int) string {
	var words []string
	last := time.Duration(-1)
	for e := range s.srv.Conn(conn).View().All() {
		word := ""
		switch {
		case e.Dir != frame.ToServer || e.Seen&timeline.Arrived == 0:
		case e.Kind == timeline.KindFrame:
			word = e.Header.Frame(e.Payload).String()
			if !e.Header.Masked {
				word += " unmasked"
			}
		case e.Kind == timeline.KindFIN, e.Kind == timeline.KindRST:
			word = e.Kind.String()
		}
		if word == "" {
			continue
		}
		if e.At != last {
			word = short(e.At) + ": " + word
			last = e.At
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// reports is what the client said about itself, each with its time.
func (s *scene) reports(names ...string) string {
	var words []string
	for e := range s.srv.Timeline.All() {
		if e.Kind != timeline.KindReport || !slices.Contains(names, e.Field("name")) {
			continue
		}
		word := short(e.At) + ":"
		for _, f := range e.Fields {
			if f.Value != "" {
				word += " " + f.Value
			}
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// live says when how many connections were live: from the 101 to the client's FIN, or
// an RST.
func (s *scene) live() string {
	var words []string
	up := map[int]bool{}
	for e := range s.srv.Timeline.All() {
		before := len(up)
		switch {
		case e.Kind == timeline.KindOpened:
			up[e.Conn] = true
		case e.Kind == timeline.KindRST, e.Kind == timeline.KindFIN && e.Dir == frame.ToServer, e.Kind == timeline.KindEnded:
			delete(up, e.Conn)
		}
		if len(up) != before {
			words = append(words, fmt.Sprintf("%s: %d", short(e.At), len(up)))
		}
	}
	return strings.Join(words, ", ")
}

// short is a duration with the zeros left out: 1m, not 1m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	return s
}

func (s *scene) is(what, got, want string) {
	s.t.Helper()
	if got != want {
		s.t.Errorf("%s:\n\t%s\nwant:\n\t%s\n%s", what, got, want, s.log())
	}
}

func (s *scene) log() string {
	var b strings.Builder
	_ = s.srv.Timeline.WriteText(&b)
	return b.String()
}
