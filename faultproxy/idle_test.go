package faultproxy_test

import (
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestIdleTimeoutClosesExactlyThen(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, echoServer(t, n))
		p.Add(faultproxy.IdleTimeout(60 * time.Second))
		c := gorillaDial(t, n, p)
		time.Sleep(30 * time.Second)
		if err := c.WriteMessage(1, []byte("hi")); err != nil {
			t.Fatal(err)
		}
		msgs, err := readUntilError(c)
		if len(msgs) != 1 || closeCode(err) != 1006 {
			t.Errorf("got %q, %v; want the echo and a 1006", msgs, err)
		}
		var last time.Duration
		for _, e := range p.Timeline.Events() {
			if e.Kind == timeline.KindFrame {
				last = e.At
			}
		}
		if closed := mustFind(t, p, 1, timeline.KindClosed); closed.At-last != 60*time.Second {
			t.Errorf("closed %v after the last byte, want 60s", closed.At-last)
		}
		if fired(p, "idle-timeout") != 1 {
			t.Error("the rule does not say that it fired")
		}
	})
}

// idling plays on a connection with an idle timeout and checks when it closes, as
// the client sees it.
func idling(t *testing.T, on faultproxy.Timing, at time.Duration, more []faultproxy.Rule, f func(r *rig, client, server *side)) {
	t.Helper()
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.Rule{Name: "idle", On: on, Do: faultproxy.IdleTimeout(time.Minute).Do})
		r.p.Add(more...)
		client, server := r.open()
		f(r, client, server)
		client.until(at + time.Minute)
		got := client.got()
		if len(got) == 0 || got[len(got)-1] != line(at, "fin") {
			t.Errorf("client received %q, want the end at %v", got, at)
		}
		r.firings("idle", 1)
		r.over(true)
	})
}

func TestIdleIsResetByBytesOfEitherSide(t *testing.T) {
	half := 30 * time.Second
	for name, test := range map[string]struct {
		at time.Duration
		f  func(r *rig, client, server *side)
	}{
		"nothing":          {time.Minute, func(*rig, *side, *side) {}},
		"client's data":    {half + time.Minute + 2*hop, func(_ *rig, c, _ *side) { c.until(half); c.send(frame.Text("x")) }},
		"client's ping":    {half + time.Minute + 2*hop, func(_ *rig, c, _ *side) { c.until(half); c.send(frame.Ping(nil)) }},
		"server's pong":    {half + time.Minute + 2*hop, func(_ *rig, _, s *side) { s.until(half); s.send(frame.Pong(nil)) }},
		"part of a header": {half + time.Minute + 2*hop, func(_ *rig, c, _ *side) { c.until(half); c.write("\x81") }},
		"garbage":          {half + time.Minute + 2*hop, func(_ *rig, c, _ *side) { c.until(half); c.write("garbage, not frames") }},
		"just in time":     {2*time.Minute - hop, func(_ *rig, c, _ *side) { c.until(time.Minute - 3*hop); c.send(frame.Text("x")) }},
		"own injection":    {time.Minute, func(r *rig, c, _ *side) { c.until(half); r.p.Conn(1).Inject(frame.Ping(nil), frame.Both) }},
		"a FIN":            {time.Minute, func(_ *rig, c, _ *side) { c.until(half); c.closeWrite() }},
		"a silenced peer": {time.Minute, func(r *rig, c, s *side) {
			r.p.Conn(1).Silence(frame.Both)
			c.until(half)
			c.send(frame.Text("x"))
			s.send(frame.Text("x"))
		}},
		"the other peer": {half + time.Minute + 2*hop, func(r *rig, c, s *side) {
			r.p.Conn(1).Silence(frame.ToServer)
			c.until(half)
			c.send(frame.Text("x"))
			s.send(frame.Text("x"))
		}},
		"what a silence released": {time.Minute, func(r *rig, c, s *side) {
			r.p.Conn(1).Silence(frame.ToServer)
			c.send(frame.Text("x"))
			c.until(half)
			r.p.Conn(1).Heal()
		}},
		"after a silence": {half + time.Minute + 2*hop, func(r *rig, c, s *side) {
			r.p.Conn(1).Silence(frame.ToServer)
			c.until(20 * time.Second)
			r.p.Conn(1).Heal()
			c.until(half)
			c.send(frame.Text("x"))
		}},
	} {
		t.Run(name, func(t *testing.T) { idling(t, faultproxy.Idle(time.Minute), test.at, nil, test.f) })
	}
}

func TestIdleIsResetOnArrivalNotOnLeaving(t *testing.T) {
	slow := faultproxy.Rule{Do: faultproxy.Latency{Delay: 20 * time.Second, Dir: frame.ToServer}}
	drop := faultproxy.Rule{On: frame.Toward(frame.ToServer), Do: faultproxy.Drop{}}
	for _, rule := range []faultproxy.Rule{slow, drop} {
		t.Run(rule.Do.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				client, _ := r.open()
				r.p.Add(rule, faultproxy.IdleTimeout(time.Minute))
				client.until(30 * time.Second)
				client.send(frame.Text("x"))
				client.until(5 * time.Minute)
				client.wants(line(90*time.Second+2*hop, "fin"))
			})
		})
	}
}

func TestIdleOfOneDirection(t *testing.T) {
	for _, dir := range []frame.Direction{frame.ToServer, frame.ToClient} {
		t.Run(dir.String(), func(t *testing.T) {
			idling(t, faultproxy.Idle(time.Minute).ResetBy(dir), 90*time.Second+2*hop, nil, func(r *rig, client, server *side) {
				from, to := client, server
				if dir == frame.ToClient {
					from, to = server, client
				}
				client.until(30 * time.Second)
				from.send(frame.Text("counts"))
				client.until(60 * time.Second)
				to.send(frame.Text("does not"))
			})
		})
	}
}

// nginx keeps the old deadline when the new one is less than 300 ms later.
func TestIdleLazyAsNginx(t *testing.T) {
	timing := faultproxy.Idle(2 * time.Second).Lazy(300 * time.Millisecond)
	for name, test := range map[string]struct {
		every, until, at time.Duration
	}{
		"silence":        {time.Hour, 0, 2 * time.Second},
		"within 300 ms":  {299 * time.Millisecond, 299 * time.Millisecond, 2 * time.Second},
		"after 300 ms":   {300 * time.Millisecond, 300 * time.Millisecond, 2300*time.Millisecond + 2*hop},
		"every 20 ms":    {20 * time.Millisecond, 1100 * time.Millisecond, 2900*time.Millisecond + 2*hop}, // moved at 300, 600 and 900 ms
		"every 250 ms":   {250 * time.Millisecond, 1250 * time.Millisecond, 3000*time.Millisecond + 2*hop},
		"then every 1 s": {time.Second, 10 * time.Second, 12*time.Second + 2*hop},
	} {
		t.Run(name, func(t *testing.T) {
			idling(t, timing, test.at, nil, func(r *rig, client, server *side) {
				for at := test.every; at <= test.until; at += test.every {
					client.until(at)
					client.send(frame.Ping(nil))
				}
			})
		})
	}
}

func TestIdleLazyOfOneDirection(t *testing.T) {
	timing := faultproxy.Idle(2 * time.Second).Lazy(300 * time.Millisecond).ResetBy(frame.ToServer)
	idling(t, timing, 3*time.Second+2*hop, nil, func(r *rig, client, server *side) {
		client.until(time.Second)
		client.send(frame.Ping(nil))
		client.until(2 * time.Second)
		server.send(frame.Ping(nil))
	})
}

func TestIdleComesAgainIfTheConnectionLives(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.Rule{Name: "nudge", On: faultproxy.Idle(10 * time.Second), Do: faultproxy.Inject{Frame: frame.Ping(nil)}})
		client, _ := r.open()
		client.until(25 * time.Second)
		client.send(frame.Pong(nil))
		client.until(46 * time.Second)
		client.wants(line(10*time.Second, "ping"), line(20*time.Second, "ping"), line(35*time.Second+2*hop, "ping"), line(45*time.Second+2*hop, "ping"))
	})
}

func TestIdleCountsFromTheRulesAddition(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		client, _ := r.open()
		client.until(time.Hour)
		r.p.Add(faultproxy.IdleTimeout(time.Minute))
		client.until(2 * time.Hour)
		client.wants(line(time.Hour+time.Minute+hop, "fin"))
	})
}

func TestIdleTimeoutsOfSeveralRules(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(
			faultproxy.Rule{Name: "long", On: faultproxy.Idle(time.Minute), Do: faultproxy.Inject{Frame: frame.Text("long")}},
			faultproxy.Rule{Name: "short", On: faultproxy.Idle(40 * time.Second), Do: faultproxy.Inject{Frame: frame.Text("short")}})
		client, _ := r.open()
		client.until(10 * time.Second)
		client.send(frame.Ping(nil))
		client.until(71 * time.Second)
		client.wants(line(50*time.Second+2*hop, `text "short"`), line(70*time.Second+2*hop, `text "long"`))
	})
}

func TestLifetimeEndsWhateverTheTraffic(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.Lifetime(time.Minute))
		client, server := r.open()
		var want []string
		for at := time.Second; at < time.Minute; at += time.Second {
			client.until(at)
			server.send(frame.Ping(nil))
			client.send(frame.Ping(nil))
			want = append(want, "ping")
		}
		client.until(2 * time.Minute)
		client.says(append(want, "fin")...)
		server.says(append(want, "fin")...)
		if got := client.got(); got[len(got)-1] != line(time.Minute, "fin") {
			t.Errorf("ended with %q", got[len(got)-1])
		}
		r.tells("closed", "closed lifetime to-server", "closed lifetime to-client")
		r.over(true)
	})
}
