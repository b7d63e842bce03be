package assertions_test

import (
	"testing"
	"testing/synctest"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
)

// steady is a backoff without chance: 1 s, 2 s, 4 s.
var steady = specimen.Backoff{Jitter: specimen.Unjittered}

// stage is a client and its server, in virtual time.
type stage struct {
	t      *testing.T
	srv    *fake.Server
	proxy  *faultproxy.Proxy // nil: the client connects to the server
	client *specimen.Client
	mutate func(*specimen.Config)
}

// lenient takes note of what a server finds wrong, and does not fail.
type lenient struct{ *testing.T }

func (l lenient) Errorf(format string, args ...any) { l.Logf(format, args...) }

// staged runs f on a stage, in a bubble. mutate, if it is not nil, changes the config;
// rules, if there are any, are those of a proxy before the server.
func staged(t *testing.T, cfg specimen.Config, mutate func(*specimen.Config), rules []faultproxy.Rule, f func(*stage), handlers ...fake.Handler) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, srv: fake.InMemory(lenient{t}, handlers...), mutate: mutate}
		s.srv.Network().Latency = ms // nothing happens at the same time, so all has one order
		if len(rules) > 0 {
			s.proxy = (&faultproxy.Proxy{Upstream: s.srv.URL, Seed: 7}).On(t, s.srv.Network()).StartIn(lenient{t})
			for _, r := range rules {
				if err := s.proxy.Add(r); err != nil {
					t.Fatal(err)
				}
			}
		}
		s.client = s.start(cfg)
		f(s)
	})
}

// start starts a client, which ends with the bubble.
func (s *stage) start(cfg specimen.Config) *specimen.Client {
	cfg.URL, cfg.Dial = s.srv.URL, s.srv.Network().DialContext
	tl := s.srv.Timeline
	if s.proxy != nil {
		cfg.URL, tl = s.proxy.URL, s.proxy.Timeline
	}
	cfg.Report = func(name string, fields ...timeline.Field) { tl.Report(name, fields...) }
	if s.mutate != nil {
		s.mutate(&cfg)
	}
	c := specimen.Start(cfg)
	s.t.Cleanup(c.Kill)
	return c
}

// until waits until a time of the timeline, and for what happens then.
func (s *stage) until(at time.Duration) {
	time.Sleep(at - s.srv.Timeline.Now())
	synctest.Wait()
}
