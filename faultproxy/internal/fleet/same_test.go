package fleet_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/admin"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// outage leaves much to chance: the seed has to decide it in the same way everywhere.
const outage = `
name: a bad night
preset: nginx,idle=10s
phases:
  - {at: 0s, name: healthy}
  - at: 5s
    name: brown-out
    for: 10s
    rules:
      - {do: {latency: 800ms±400ms}}
      - {on: {frame: {op: text, dir: to-client}}, do: drop, one_in: 3}
  - {at: 20s, name: silent, for: 15s, rules: [{on: {at: 0s}, do: silence, conns: 50%}]}
  - {then: restart, for: 5s, rules: [{on: {at: {after: 0s, stagger: 300ms}}, do: {close: {code: 1012, reason: restart}}}, {do: {reject: 503}, times: 2}]}
  - {then: recovery}
`

// parsed is a YAML file.
func parsed(t *testing.T, path string) (tree any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = yaml.Unmarshal(text, &tree)
	}
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// night returns the canonical timeline of a proxy that start has play a scenario before
// clients that always come again, in virtual time.
func night(t *testing.T, start func(t *testing.T, srv *fakeserver.Server) *faultproxy.Proxy) (text string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.InMemory(t)
		srv.Network().Latency = time.Microsecond
		p := start(t, srv)
		over := time.Now().Add(time.Minute)
		done := make(chan struct{})
		const clients = 3
		for i := range clients {
			time.Sleep(time.Millisecond)
			go func() {
				defer func() { done <- struct{}{} }()
				for time.Now().Before(over) {
					talk(t, srv, p.URL, over)
					time.Sleep(time.Second + time.Duration(i)*time.Millisecond)
				}
			}()
		}
		for range clients {
			<-done
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		lines := strings.Split(p.Timeline.CanonicalText(), "\n")
		slices.Sort(lines) // two ends of one connection may come at one instant, in either order
		text = strings.Join(lines, "\n")
	})
	return text
}

// talk is one connection of a client, which says something every 1.7 s, never when a timeout ends.
func talk(t *testing.T, srv *fakeserver.Server, url string, over time.Time) {
	c, _, err := srv.Dialer().DialContext(t.Context(), url, nil)
	if err != nil {
		return
	}
	defer c.Close()
	read := make(chan struct{})
	go func() {
		defer close(read)
		for {
			if _, _, err := c.ReadMessage(); err != nil {
				return
			}
		}
	}()
	for tick := time.NewTicker(1700 * time.Millisecond); time.Now().Before(over); {
		select {
		case <-tick.C:
			_ = c.WriteMessage(1, []byte("hello"))
		case <-read:
			return
		}
	}
	_ = c.Close()
	<-read
}

// A scenario is the same outage, to the nanosecond, whether the library, a configuration
// file or a request plays it.
func TestTheSameScenarioIsTheSameTimeline(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "outage.yaml")
	if err := os.WriteFile(path, []byte(outage), 0o600); err != nil {
		t.Fatal(err)
	}
	library := func(seed uint64) string {
		s, err := scenario.Parse(parsed(t, path))
		if err != nil {
			t.Fatal(err)
		}
		return night(t, func(t *testing.T, srv *fakeserver.Server) *faultproxy.Proxy {
			p := (&faultproxy.Proxy{Upstream: srv.URL, Seed: seed, Compression: faultproxy.NoTakeover}).On(t, srv.Network())
			if err := p.Use(s); err != nil {
				t.Fatal(err)
			}
			return p.StartIn(t)
		})
	}
	var file config.File
	doc := map[string]any{"seed": 7, "proxies": []any{map[string]any{"name": "api", "scenario": "outage.yaml"}}}
	err := schema.Decode(doc, func(n schema.Node) {
		file = config.Decode(n, config.Files{Dir: dir, Scenario: func(path string) (scenario.Scenario, error) { return scenario.Parse(parsed(t, path)) }})
	})
	if err != nil {
		t.Fatal(err)
	}
	fromFile := night(t, func(t *testing.T, srv *fakeserver.Server) *faultproxy.Proxy {
		d := file.Proxies[0]
		d.Upstream, d.Seed = srv.URL, file.Seed
		engine, err := d.Build()
		if err != nil {
			t.Fatal(err)
		}
		engine.On(t, srv.Network())
		f := &fleet.Fleet{}
		t.Cleanup(func() { _ = f.Close() })
		if _, err := f.Adopt(d, engine, engine.Listener); err != nil {
			t.Fatal(err)
		}
		return engine
	})
	asked := night(t, func(t *testing.T, srv *fakeserver.Server) *faultproxy.Proxy {
		engine := (&faultproxy.Proxy{Upstream: srv.URL, Seed: 7, Compression: faultproxy.NoTakeover}).On(t, srv.Network())
		f := &fleet.Fleet{}
		t.Cleanup(func() { _ = f.Close() })
		if _, err := f.Adopt(config.Proxy{Name: "api"}, engine, engine.Listener); err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(parsed(t, path))
		if err != nil {
			t.Fatal(err)
		}
		put := httptest.NewRequest("PUT", "http://127.0.0.1/v1/proxies/api/scenario", bytes.NewReader(body))
		answer := httptest.NewRecorder()
		if (&admin.Server{Fleet: f}).Handler().ServeHTTP(answer, put); answer.Code != 200 {
			t.Fatalf("%d %s", answer.Code, answer.Body)
		}
		return engine
	})
	want := library(7)
	if got := strings.Count(want, "upgrade"); got < 6 {
		t.Fatalf("only %d attempts:\n%s", got, want)
	}
	if fromFile != want {
		t.Error(difference(fromFile, want))
	}
	if asked != want {
		t.Error(difference(asked, want))
	}
	if library(8) == want {
		t.Error("another seed is the same night")
	}
}

// difference shows where two texts begin to differ.
func difference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	part := func(lines []string) string { return strings.Join(lines[i:min(i+5, len(lines))], "\n\t") }
	return fmt.Sprintf("from line %d on, got\n\t%s\nwant\n\t%s", i+1, part(a), part(b))
}
