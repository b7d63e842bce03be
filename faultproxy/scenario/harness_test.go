package scenario_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

const sec = time.Second

// play runs a scenario before clients of an echo server, and returns what they saw: each
// connects again a second after its end, and is told apart by its path.
func play(t *testing.T, clients int, until time.Duration, s scenario.Scenario) (p *faultproxy.Proxy, saw []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.InMemory(t)
		p = (&faultproxy.Proxy{Upstream: srv.URL, Seed: 1}).On(t, srv.Network())
		if err := p.Use(s); err != nil {
			t.Fatal(err)
		}
		p.StartIn(t)
		ctx, cancel := context.WithTimeout(t.Context(), until)
		defer cancel()
		done := make(chan []string)
		for i := range clients {
			go func() { done <- live(ctx, p, srv, fmt.Sprint("/", i+1)) }()
			time.Sleep(time.Millisecond)
		}
		for range clients {
			saw = append(saw, <-done...)
		}
	})
	slices.Sort(saw)
	return p, saw
}

// live is a client's life; what it saw has the proxy's time.
func live(ctx context.Context, p *faultproxy.Proxy, srv *fakeserver.Server, path string) (saw []string) {
	see := func(what string, args ...any) {
		saw = append(saw, fmt.Sprintf("%s %6.1fs ", path, p.Timeline.Now().Seconds())+fmt.Sprintf(what, args...))
	}
	refused := 0
	for ; ctx.Err() == nil; time.Sleep(sec) {
		dialing, cancel := context.WithTimeout(ctx, 3*sec)
		c, _, err := srv.Dialer().DialContext(dialing, p.URL+path, nil)
		cancel()
		if err != nil {
			refused++
			continue
		}
		see("open, refused %d times", refused)
		refused = 0
		stop := context.AfterFunc(ctx, func() { _ = c.Close() })
		for err == nil {
			if _, _, err = c.ReadMessage(); err != nil && ctx.Err() == nil {
				words := strings.Split(err.Error(), ": ") // without addresses
				see("%s", words[len(words)-1])
			}
		}
		stop()
		_ = c.Close()
	}
	return saw
}

func notes(p *faultproxy.Proxy) (list []string) {
	for e := range p.Timeline.All() {
		if e.Kind == timeline.KindNote {
			list = append(list, fmt.Sprint(e.At.Round(time.Millisecond), " ", e.Field("name")))
		}
	}
	return list
}

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
