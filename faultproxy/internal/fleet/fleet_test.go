package fleet_test

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// open makes a fleet of one proxy, named api, before an echo server.
func open(t *testing.T, change func(*config.Proxy)) (*fleet.Fleet, *fleet.Proxy) {
	t.Helper()
	srv := fakeserver.Start(t)
	f := &fleet.Fleet{Seed: 7}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	d := config.Proxy{Name: "api", Listen: config.DefaultListen, Upstream: srv.URL}
	if change != nil {
		change(&d)
	}
	p, err := f.Create(d)
	if err != nil {
		t.Fatal(err)
	}
	return f, p
}

func dial(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	c, _, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// echo fails unless the connection carries a message there and back.
func echo(t *testing.T, c *websocket.Conn, text string) {
	t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, got, err := c.ReadMessage(); err != nil || string(got) != text {
		t.Fatalf("got %q, %v; want %q", got, err, text)
	}
}

func ends(t *testing.T, c *websocket.Conn) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, _, err := c.ReadMessage()
	var timeout net.Error
	if err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		t.Fatalf("the connection did not end: %v", err)
	}
}

func TestCreateGetRemove(t *testing.T) {
	f, p := open(t, nil)
	echo(t, dial(t, p.URL()), "x")
	if _, err := f.Create(p.Doc()); !errors.Is(err, fleet.ErrExists) {
		t.Errorf("a second one of the name: %v", err)
	}
	if got, err := f.Get("api"); got != p || err != nil {
		t.Errorf("Get: %v, %v", got, err)
	}
	changed := f.Changed()
	if err := f.Remove("api"); err != nil {
		t.Fatal(err)
	}
	<-changed
	if _, err := f.Get("api"); !errors.Is(err, fleet.ErrNotFound) {
		t.Errorf("Get of what was removed: %v", err)
	}
	if err := f.Remove("api"); !errors.Is(err, fleet.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	if !p.Timeline().Closed() {
		t.Error("its timeline is open")
	}
	if _, err := f.Create(p.Doc()); err != nil {
		t.Errorf("the name and the port are not free again: %v", err)
	}
}

func TestAPortThatIsTaken(t *testing.T) {
	f, p := open(t, nil)
	d := p.Doc()
	d.Name, d.Listen = "other", p.Listen()
	_, err := f.Create(d)
	var refused *fleet.ListenError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "another program has this port") {
		t.Errorf("got %v", err)
	}
	if n := len(f.All()); n != 1 {
		t.Errorf("%d proxies after a failed creation", n)
	}
}

func TestDisableAndEnable(t *testing.T) {
	_, p := open(t, nil)
	if err := p.Engine().Add(faultproxy.Rule{Name: "late", On: frame.Op(frame.OpPong), Do: faultproxy.Drop{}}); err != nil {
		t.Fatal(err)
	}
	c := dial(t, p.URL())
	url := p.URL()
	if err := p.SetEnabled(false); err != nil || p.Enabled() {
		t.Fatalf("disabled: %v, enabled %v", err, p.Enabled())
	}
	ends(t, c)
	if _, _, err := websocket.DefaultDialer.Dial(url, nil); err == nil {
		t.Error("a disabled proxy accepted a connection")
	}
	if err := p.SetEnabled(true); err != nil || p.URL() != url {
		t.Fatalf("enabled: %v, at %s, was %s", err, p.URL(), url)
	}
	echo(t, dial(t, url), "x")
	if own := p.Own(); len(own) != 1 || own[0].Rule.Name != "late" {
		t.Errorf("rules %v", own)
	}
}

func TestMadeDisabled(t *testing.T) {
	_, p := open(t, func(d *config.Proxy) { d.Disabled = true })
	if p.Enabled() || p.URL() != "" || p.Listen() != config.DefaultListen {
		t.Errorf("enabled %v, URL %q, listens on %q", p.Enabled(), p.URL(), p.Listen())
	}
	if err := p.SetEnabled(true); err != nil {
		t.Fatal(err)
	}
	echo(t, dial(t, p.URL()), "x")
}

func TestMoveToAnotherUpstream(t *testing.T) {
	_, p := open(t, nil)
	if err := p.Engine().Add(faultproxy.Rule{Name: "late", On: frame.Op(frame.OpPong), Do: faultproxy.Drop{}}); err != nil {
		t.Fatal(err)
	}
	c := dial(t, p.URL())
	other := fakeserver.Start(t)
	url := p.URL()
	if err := p.Move("", other.URL); err != nil {
		t.Fatal(err)
	}
	ends(t, c)
	if p.URL() != url {
		t.Errorf("moved to %s", p.URL())
	}
	echo(t, dial(t, url), "x")
	if n := len(other.Timeline.Conns()); n != 1 {
		t.Errorf("%d connections at the new upstream", n)
	}
	if own := p.Own(); len(own) != 1 || own[0].Rule.Name != "late" {
		t.Errorf("rules %v", own)
	}
}

func TestMoveToAnAddressThatIsTaken(t *testing.T) {
	_, p := open(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c := dial(t, p.URL())
	if err := p.Move(l.Addr().String(), ""); err == nil {
		t.Fatal("moved to an address that is taken")
	}
	echo(t, c, "x") // nothing has changed
}

func TestTheTrackerKnowsWhyTheyEnded(t *testing.T) {
	_, p := open(t, nil)
	c := dial(t, p.URL()+"/room?token=secret")
	echo(t, c, "ping")
	if err := p.Engine().Conn(1).SendClose(1012, "restart"); err != nil {
		t.Fatal(err)
	}
	ends(t, c)
	_ = c.Close()
	if _, err := p.Timeline().Wait(t.Context(), timeline.Ended(1)); err != nil {
		t.Fatal(err)
	}
	got := tracked(t, p, 1)
	if got.State != fleet.Ended || got.Report.CloseEvent.Code != 1012 || got.ToServer.Frames == 0 || got.Beat == 0 || got.Faults != 1 {
		t.Errorf("got %+v", got)
	}
	if strings.Contains(got.Target, "secret") || !strings.HasPrefix(got.Target, "/room") {
		t.Errorf("target %q", got.Target)
	}
	_, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(p.URL(), "ws")+"/x", http.Header{"Sec-WebSocket-Version": {"1"}})
	if err == nil {
		t.Error("version 1 was accepted")
	} else if resp != nil {
		_ = resp.Body.Close()
	}
}

// tracked returns what is known of a connection whose end is on the timeline.
func tracked(t *testing.T, p *fleet.Proxy, n int) fleet.Conn {
	t.Helper()
	if err := p.Tracker().Await(t.Context(), p.Timeline().Last()); err != nil {
		t.Fatal(err)
	}
	c, ok := p.Tracker().Conn(n)
	if !ok || c.Report == nil {
		t.Fatalf("connection %d: %+v, %v", n, c, ok)
	}
	return c
}

func TestAScenarioInThePlaceOfAnother(t *testing.T) {
	_, p := open(t, func(d *config.Proxy) {
		d.Scenario = &scenario.Scenario{Phases: []scenario.Phase{{Name: "first", Rules: []faultproxy.Rule{{Do: faultproxy.Latency{Delay: time.Millisecond}}}}}}
	})
	if _, err := p.Timeline().Wait(t.Context(), timeline.Noted("phase first")); err != nil {
		t.Fatal(err)
	}
	if err := p.Play(scenario.Scenario{}); err == nil {
		t.Error("an empty scenario was played")
	}
	if err := p.Play(scenario.Scenario{Phases: []scenario.Phase{{Name: "second"}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Timeline().Wait(t.Context(), timeline.Noted("phase second")); err != nil {
		t.Fatal(err)
	}
	if own := p.Own(); len(own) != 0 {
		t.Errorf("the first one's rules are still there: %v", own)
	}
	if !p.StopScenario() || p.Scenario() != nil || p.StopScenario() {
		t.Error("it was not stopped once")
	}
}
