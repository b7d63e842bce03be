package middlebox_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// A reload is about the connections that it finds: one that comes later lives on.
func TestReloadSparesNewConnections(t *testing.T) {
	play(t, middlebox.IngressNginx().WithIdle(time.Hour), func(s *scene) {
		old, oldServer := s.open()
		time.Sleep(time.Minute)
		if err := s.proxy.Add(s.box.Reload()...); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		time.Sleep(time.Second)
		fresh, freshServer := s.open()
		s.pass(old, oldServer, ping)
		s.expectFINWithin("client", old, 5*time.Minute)
		if took := time.Since(begun); took != 240*time.Second {
			t.Errorf("the old connection ended %v after the reload, want 240s", took)
		}
		time.Sleep(10 * time.Minute)
		s.pass(fresh, freshServer, ping)
	})
}

// The same reload again needs the first one taken away.
func TestReloadTwice(t *testing.T) {
	play(t, middlebox.Caddy(), func(s *scene) {
		for i := range 2 {
			client, server := s.open()
			s.proxy.Remove("caddy/reload")
			if err := s.proxy.Add(s.box.Reload()...); err != nil {
				t.Fatal(err)
			}
			if c, v := s.watchBoth(client, server, time.Minute); c.words != away || v.words != away {
				t.Errorf("reload %d: the client saw %q, the server %q", i+1, c.words, v.words)
			}
		}
	})
}

// The rules of a second reload, under a name of their own, leave those of the first be.
func TestTwoReloadsAtOnce(t *testing.T) {
	play(t, middlebox.IngressNginx().WithIdle(time.Hour), func(s *scene) {
		begun := time.Now()
		reload := func(name string) (client net.Conn) {
			client, _ = s.open()
			rules := s.box.Reload()
			rules[0].Name += name
			if err := s.proxy.Add(rules...); err != nil {
				t.Fatal(err)
			}
			return client
		}
		first := reload("")
		time.Sleep(time.Minute)
		second := reload("-2")
		for i, client := range []net.Conn{first, second} {
			s.expectFINWithin("client", client, time.Hour)
			if took, want := time.Since(begun), 240*time.Second+time.Duration(i)*time.Minute; took != want {
				t.Errorf("client %d ended %v after the first reload, want %v", i+1, took, want)
			}
		}
	})
}

// A client that does not answer the Close of a reload is cut off all the same.
func TestCaddyDoesNotWaitForTheAnswer(t *testing.T) {
	play(t, middlebox.Caddy(), func(s *scene) {
		client, _ := s.open()
		if err := s.proxy.Add(s.box.Reload()...); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		s.expect(client, "\x88\x02\x03\xe9")
		if took := time.Since(begun); took != 0 {
			t.Errorf("the Close came after %v", took)
		}
		s.expectFIN("client", client)
		if took := time.Since(begun); took != 0 {
			t.Errorf("the FIN came after %v, want it at once", took)
		}
	})
}

// lighttpd answers nobody until the live connections are gone.
func TestReloadHoldsNewConnections(t *testing.T) {
	play(t, parse(t, "lighttpd,reload=2s"), func(s *scene) {
		client, _ := s.open()
		if err := s.proxy.Add(s.box.Reload()...); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
		if got := s.fresh(); got != "wait" {
			t.Errorf("during the reload new connections %q, want them to wait", got)
		}
		s.expectFIN("client", client)
		time.Sleep(time.Second)
		if got := s.fresh(); got != "" {
			t.Errorf("after the reload new connections %q", got)
		}
	})
}

// What nobody notices adds no rule, and says so by that.
func TestRulesOfStops(t *testing.T) {
	words := func(rules []faultproxy.Rule) string {
		var all []string
		for _, r := range rules {
			all = append(all, r.String())
		}
		return strings.Join(all, "; ")
	}
	nginx := middlebox.Nginx()
	for _, c := range []struct{ what, got, want string }{
		{"reload of nginx", words(nginx.Reload()), ""},
		{"shutdown of nginx", words(nginx.Shutdown()),
			"nginx/shutdown-port: on at 0s, down; nginx/shutdown: on at 0s, connections that were there, end both sides with full-close"},
		{"drain of nginx", words(nginx.Drain(time.Minute)),
			"nginx/drain-port: on at 0s, down; nginx/drain: on at 1m0s, connections that were there, end both sides with full-close"},
		{"shutdown of Apache", words(middlebox.Apache().Shutdown()),
			"apache/shutdown-port: on accepted, hang; apache/shutdown: on at 0s, connections that were there, end client full-close"},
		{"reload of a relay", words(middlebox.NLB().Reload()), ""},
		{"shutdown of a relay", words(middlebox.NLB().Shutdown()), ""},
		{"drain of a relay", words(middlebox.NLB().Drain(time.Minute)), ""},
		{"release of Cloudflare", words(middlebox.Cloudflare().Reload()),
			"cloudflare/reload: on at 0s, connections that were there, close 1001, TCP closed at once"},
	} {
		if c.got != c.want {
			t.Errorf("%s:\n  is   %s\n  want %s", c.what, c.got, c.want)
		}
	}
}

// The rules say on the timeline who ended the connection.
func TestAStopIsOnTheTimeline(t *testing.T) {
	play(t, middlebox.Nginx(), func(s *scene) {
		client, _ := s.open()
		if err := s.proxy.Add(s.box.Shutdown()...); err != nil {
			t.Fatal(err)
		}
		s.expectFIN("client", client)
		for e := range s.proxy.Timeline.Conn(1).All() {
			if e.Kind == timeline.KindClosed && e.Rule != "nginx/shutdown" {
				t.Errorf("%v by %q", e, e.Rule)
			}
		}
	})
}
