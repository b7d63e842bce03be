package scenario_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
)

var (
	restart = faultproxy.Rule{On: faultproxy.At(0).Staggered(2 * sec), Do: faultproxy.CloseWith(1012, "restart")}
	resets  = faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST}
)

func TestAnOutageInPhases(t *testing.T) {
	p, saw := play(t, 2, 4*time.Minute, scenario.Scenario{Name: "a bad night", Phases: []scenario.Phase{
		{Name: "healthy"},
		{Name: "rolling restart", At: 30 * sec, For: 30 * sec, Rules: []faultproxy.Rule{restart}},
		{Name: "flapping", For: 50 * sec, Rules: []faultproxy.Rule{
			{On: faultproxy.At(0).Every(20 * sec), Do: faultproxy.Down{For: 4500 * time.Millisecond, Drop: resets}}}},
		{Name: "down", At: 2 * time.Minute, Rules: []faultproxy.Rule{{On: faultproxy.At(0), Do: faultproxy.Down{Drop: resets}}}},
		{Name: "recovery", At: 130*sec + 500*time.Millisecond},
	}})
	wantLines(t, notes(p), "0s phase healthy", "30s phase rolling restart", "1m0s phase flapping", "1m50s phase over", "2m0s phase down", "2m10.5s phase recovery")
	wantLines(t, saw,
		"/1    0.0s open, refused 0 times",
		"/1   30.0s restart",
		"/1   31.0s open, refused 0 times",
		"/1   60.0s connection reset by peer",
		"/1   65.0s open, refused 4 times",
		"/1   80.0s connection reset by peer",
		"/1   85.0s open, refused 4 times",
		"/1  100.0s connection reset by peer",
		"/1  105.0s open, refused 4 times",
		"/1  120.0s connection reset by peer",
		"/1  131.0s open, refused 10 times",
		"/2    0.0s open, refused 0 times",
		"/2   32.0s restart",
		"/2   33.0s open, refused 0 times",
		"/2   60.0s connection reset by peer",
		"/2   65.0s open, refused 4 times",
		"/2   80.0s connection reset by peer",
		"/2   85.0s open, refused 4 times",
		"/2  100.0s connection reset by peer",
		"/2  105.0s open, refused 4 times",
		"/2  120.0s connection reset by peer",
		"/2  131.0s open, refused 10 times")
}

func TestPresetsOfPhases(t *testing.T) {
	nginx, quick := middlebox.Nginx().WithIdle(20*sec), middlebox.Nginx().WithIdle(5*sec)
	p, saw := play(t, 1, 100*sec, scenario.Scenario{Preset: &nginx, Phases: []scenario.Phase{
		{Name: "usual"},
		{Name: "impatient", At: 50 * sec, For: 12 * sec, Preset: &quick},
		{Name: "usual again"},
	}})
	wantLines(t, notes(p), "0s phase usual", "50s phase impatient", "1m2s phase usual again")
	wantLines(t, saw,
		"/1    0.0s open, refused 0 times",
		"/1   20.0s unexpected EOF",
		"/1   21.0s open, refused 0 times",
		"/1   41.0s unexpected EOF",
		"/1   42.0s open, refused 0 times",
		"/1   55.0s unexpected EOF",
		"/1   56.0s open, refused 0 times",
		"/1   61.0s unexpected EOF",
		"/1   62.0s open, refused 0 times",
		"/1   82.0s unexpected EOF",
		"/1   83.0s open, refused 0 times")
}

func TestAShutdownOfThePreset(t *testing.T) {
	caddy := middlebox.Caddy()
	p, saw := play(t, 1, 30*sec, scenario.Scenario{Preset: &caddy, Phases: []scenario.Phase{
		{Name: "usual"},
		{Name: "deploy", At: 10 * sec, For: 4500 * time.Millisecond, Shutdown: true},
		{Name: "usual again"},
		{Name: "reload", At: 20 * sec, Reload: true},
	}})
	wantLines(t, notes(p), "0s phase usual", "10s phase deploy", "14.5s phase usual again", "20s phase reload")
	wantLines(t, saw,
		"/1    0.0s open, refused 0 times",
		"/1   10.0s close 1001 (going away)",
		"/1   15.0s open, refused 4 times",
		"/1   20.0s close 1001 (going away)",
		"/1   21.0s open, refused 0 times")
}

func TestAScenarioBeginsWithItsProxyOrLater(t *testing.T) {
	for _, before := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			srv := fakeserver.InMemory(t)
			p := (&faultproxy.Proxy{Upstream: srv.URL}).On(t, srv.Network())
			use := func() {
				if err := p.Use(scenario.Scenario{Phases: []scenario.Phase{{Name: "a", At: 10 * sec, For: sec}, {Name: "b"}, {Name: "never", At: time.Hour}}}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(5 * sec)
			}
			if before {
				use()
			}
			p.StartIn(t)
			if !before {
				time.Sleep(5 * sec)
				use()
			}
			time.Sleep(30 * sec)
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			time.Sleep(2 * time.Hour)
			want := []string{"10s phase a", "11s phase b"}
			if !before {
				want = []string{"15s phase a", "16s phase b"}
			}
			wantLines(t, notes(p), want...)
		})
	}
}

func TestWhatOnlyAPhaseNeedsIsCheckedAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.InMemory(t)
		p := (&faultproxy.Proxy{Upstream: srv.URL}).On(t, srv.Network())
		if err := p.Use(scenario.Scenario{Phases: []scenario.Phase{{Name: "a"}, {Name: "b", At: sec, Rules: []faultproxy.Rule{{Do: faultproxy.BadCertificate{}}}}}}); err != nil {
			t.Fatal(err)
		}
		if err := p.Start(); err == nil || !strings.Contains(err.Error(), `rule "b/bad-certificate"`) || !strings.Contains(err.Error(), "set TLS") {
			t.Errorf("Start returned %v", err)
		}
	})
}

// Who was there when it began is ended, though the phase is over by then; and somebody
// else's preset is back in force, and only that.
func TestWhatOutlivesItsPhase(t *testing.T) {
	squid, ingress, caddy := middlebox.Squid(), middlebox.IngressNginx().WithIdle(0), middlebox.Caddy()
	for name, c := range map[string]struct {
		s    scenario.Scenario
		want []string
	}{
		"a shutdown": {scenario.Scenario{Preset: &squid, Phases: []scenario.Phase{
			{Name: "a"}, {Name: "down", At: 5 * sec, For: 10 * sec, Shutdown: true}, {Name: "back"}}},
			[]string{"/1    0.0s open, refused 0 times", "/1   36.0s unexpected EOF", "/1   37.0s open, refused 0 times"}},
		"a reload": {scenario.Scenario{Preset: &ingress, Phases: []scenario.Phase{
			{Name: "a"}, {Name: "deploy", At: 5 * sec, Reload: true}, {Name: "recovery", At: 60 * sec}}},
			[]string{"/1    0.0s open, refused 0 times", "/1  245.0s unexpected EOF", "/1  246.0s open, refused 0 times"}},
		"a drain": {scenario.Scenario{Phases: []scenario.Phase{
			{Name: "a"}, {Name: "b", At: 5 * sec, For: sec, Drain: 10 * sec, Preset: &caddy}, {Name: "c"}}},
			[]string{"/1    0.0s open, refused 0 times", "/1   15.0s close 1001 (going away)", "/1   16.0s open, refused 0 times"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, saw := play(t, 1, 300*sec, c.s)
			wantLines(t, saw, c.want...)
		})
	}
}

func TestAPresetFromElsewhereIsBackBehindAPhase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.InMemory(t)
		p := (&faultproxy.Proxy{Upstream: srv.URL}).On(t, srv.Network()).StartIn(t)
		caddy := middlebox.Caddy()
		mine := faultproxy.DropPongs()
		mine.Name = "nginx/mine"
		for _, err := range []error{
			p.Use(middlebox.Nginx()), p.Add(mine),
			p.Use(scenario.Scenario{Phases: []scenario.Phase{{Name: "a"}, {Name: "b", At: sec, For: sec, Preset: &caddy}, {Name: "c"}}}),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for at, want := range []string{"nginx", "caddy", "nginx"} {
			time.Sleep(sec/2 + time.Duration(min(at, 1))*sec/2)
			var names []string
			for _, s := range p.Rules() {
				names = append(names, s.Rule.Name)
			}
			got := strings.Join(names, " ")
			if p.Box().Behavior.Name != want || strings.Contains(got, "nginx/idle") != (want == "nginx") || !strings.Contains(got, "nginx/mine") {
				t.Errorf("in phase %d the proxy is %s, with the rules %s; want %s", at+1, p.Box().Behavior.Name, got, want)
			}
		}
	})
}

func TestAScenarioThatIsStopped(t *testing.T) {
	nginx, haproxy := middlebox.Nginx(), middlebox.HAProxy()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.InMemory(t)
		p := (&faultproxy.Proxy{Upstream: srv.URL, Seed: 1}).On(t, srv.Network())
		if err := p.Use(nginx); err != nil {
			t.Fatal(err)
		}
		p.StartIn(t)
		before := names(p)
		stop, err := scenario.Scenario{Preset: &haproxy, Phases: []scenario.Phase{
			{Name: "silent", Rules: []faultproxy.Rule{{On: faultproxy.Elapsed(0), Do: faultproxy.Silence{}}}},
			{Name: "later", At: time.Minute, Rules: []faultproxy.Rule{restart}},
		}}.Play(p)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(sec)
		if during := names(p); during == before || !strings.Contains(during, "silent") {
			t.Errorf("rules %s in the first phase", during)
		}
		stop()
		stop()
		if after := names(p); after != before {
			t.Errorf("rules %s when it is stopped, %s before it began", after, before)
		}
		time.Sleep(time.Hour)
		wantLines(t, notes(p), "0s phase silent", "1s scenario stopped")
	})
}

// names of the rules in force.
func names(p *faultproxy.Proxy) string {
	var list []string
	for _, s := range p.Rules() {
		list = append(list, s.Rule.Name)
	}
	return strings.Join(list, " ")
}
