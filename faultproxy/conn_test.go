package faultproxy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// verbs is every verb of a Conn.
var verbs = map[string]func(faultproxy.Conn) error{
	"close":      func(c faultproxy.Conn) error { return c.Close(faultproxy.CloseWith(1001, "")) },
	"send close": func(c faultproxy.Conn) error { return c.SendClose(1001, "") },
	"end":        func(c faultproxy.Conn) error { return c.End(faultproxy.End{Client: faultproxy.FIN}) },
	"reset":      func(c faultproxy.Conn) error { return c.Reset() },
	"inject":     func(c faultproxy.Conn) error { return c.Inject(frame.Ping(nil), frame.ToClient) },
	"silence":    func(c faultproxy.Conn) error { return c.Silence(frame.ToClient) },
	"discard":    func(c faultproxy.Conn) error { return c.Discard(frame.ToClient) },
	"freeze":     func(c faultproxy.Conn) error { return c.Freeze(frame.ToClient) },
	"heal":       func(c faultproxy.Conn) error { return c.Heal() },
}

func TestConnVerbsNeedAConnection(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		client, server := r.open()
		client.closeWrite()
		server.closeWrite()
		r.over(true)
		r.p.Add(faultproxy.Rule{On: faultproxy.Requested, Do: faultproxy.Hang{}})
		if _, err := rawConnect(t, n, r.p).Write([]byte(upgradeRequest + "\r\n")); err != nil {
			t.Fatal(err)
		}
		settle()
		for name, verb := range verbs {
			for k, want := range map[int]string{1: "connection 1 is over", 2: "connection 2 is not open yet", 3: "no connection 3 yet, only 2 so far"} {
				if err := verb(r.p.Conn(k)); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s on connection %d: %v, want %q", name, k, err, want)
				}
			}
		}
		if got := r.p.Conns(); len(got) != 0 {
			t.Errorf("open connections: %v", got)
		}
	})
}

func TestConnVerbsAreRecorded(t *testing.T) {
	for name, verb := range verbs {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				r.open()
				if err := verb(r.p.Conn(1)); err != nil {
					t.Fatal(err)
				}
				r.tells("fault", "fault caller")
			})
		})
	}
}

func TestConnVerbsRefuseWhatRulesRefuse(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.open()
		c := r.p.Conn(1)
		for want, err := range map[string]error{
			"at most 123":         c.SendClose(1000, strings.Repeat("x", 124)),
			"a reason needs":      c.SendClose(0, "x"),
			"both sides are kept": c.End(faultproxy.End{}),
		} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		}
		r.tells("fault")
	})
}

func TestConnDefaultDirections(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		client, server := r.open()
		r.p.Conn(1).Inject(frame.Ping(nil), 0) // to the client
		client.says("ping")
		server.says()
		r.p.Conn(1).Discard(0) // both
		client.send(frame.Text("x"))
		server.send(frame.Text("x"))
		client.says("ping")
		server.says()
	})
}

func TestConnResetResetsBothSides(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		client, server := r.open()
		client.until(time.Second)
		r.p.Conn(1).Reset()
		client.wants(line(time.Second+hop, "rst"))
		server.wants(line(time.Second+hop, "rst"))
		r.over(true)
	})
}

func TestConnActsOnItsOwnConnection(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		var clients []*side
		for range 3 {
			c, _ := r.open()
			clients = append(clients, c)
		}
		if got := fmt.Sprint(numbers(r.p)); got != "[1 2 3]" {
			t.Errorf("open connections: %v", got)
		}
		c := r.p.Conn(2)
		c.Reset()
		clients[0].says()
		clients[1].says("rst")
		clients[2].says()
		if got := fmt.Sprint(numbers(r.p)); got != "[1 3]" {
			t.Errorf("open connections: %v", got)
		}
		if c.Number() != 2 || len(c.View().Conns()) != 1 || c.View().Conns()[0] != 2 {
			t.Errorf("connection %d has the timeline of %v", c.Number(), c.View().Conns())
		}
	})
}

func numbers(p *faultproxy.Proxy) (list []int) {
	for _, c := range p.Conns() {
		list = append(list, c.Number())
	}
	return list
}
