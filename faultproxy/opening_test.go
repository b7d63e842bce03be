package faultproxy_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// watchedWrites is a listener whose connections call before and after around the write
// of a 101, if they are not nil.
type watchedWrites struct {
	*memnet.Listener
	before, after func()
}

func (l *watchedWrites) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &watchedWrite{c.(*memnet.Conn), l}, nil
}

type watchedWrite struct {
	*memnet.Conn
	l *watchedWrites
}

func (c *watchedWrite) Write(b []byte) (int, error) {
	switch {
	case !bytes.HasPrefix(b, []byte("HTTP/1.1 101 ")):
		return c.Conn.Write(b)
	case c.l.before != nil:
		c.l.before()
	}
	n, err := c.Conn.Write(b)
	if c.l.after != nil {
		c.l.after()
	}
	return n, err
}

// openingRig is a rig in which f is called as the 101 is written: just before that, or
// just after. Time passes before it goes on.
func openingRig(t *testing.T, n *memnet.Network, after bool, f func(p *faultproxy.Proxy)) *rig {
	t.Helper()
	inner, err := n.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &watchedWrites{Listener: inner.(*memnet.Listener)}
	return newRig(t, n, func(p *faultproxy.Proxy) {
		p.Listener = l
		if call := func() { f(p); time.Sleep(hop) }; after {
			l.after = call
		} else {
			l.before = call
		}
	})
}

// A client that has its 101 has a connection, and whoever is told of it may do
// something to it at once.
func TestWhatIsDoneToAConnectionThatHasJustOpened(t *testing.T) {
	ping, other := frame.Ping(nil), frame.Text("other")
	for name, test := range map[string]struct {
		do   func(t *testing.T, p *faultproxy.Proxy) error
		want []string
	}{
		"at": {func(t *testing.T, p *faultproxy.Proxy) error {
			return p.Add(faultproxy.Rule{On: faultproxy.At(0), Do: resetBoth})
		}, []string{"rst"}},
		"at, of those present": {func(t *testing.T, p *faultproxy.Proxy) error {
			return p.Add(faultproxy.Rule{On: faultproxy.At(0).Present(), Do: resetBoth})
		}, []string{"rst"}},
		"at, one after the other": {func(t *testing.T, p *faultproxy.Proxy) error {
			return p.Add(faultproxy.Rule{On: faultproxy.At(0).Present().Staggered(time.Second), Do: resetBoth})
		}, []string{"rst"}},
		"a rule that comes and goes": {func(t *testing.T, p *faultproxy.Proxy) error {
			err := p.Add(faultproxy.Rule{Name: "at", On: faultproxy.At(0), Do: resetBoth})
			p.Remove("at")
			return err
		}, nil},
		"drop all": {func(t *testing.T, p *faultproxy.Proxy) error { return p.DropAll(resetBoth) }, []string{"rst"}},
		"the port goes down and drops all": {func(t *testing.T, p *faultproxy.Proxy) error {
			return p.Add(faultproxy.Rule{On: faultproxy.At(0), Do: faultproxy.Down{For: time.Second, Drop: resetBoth}})
		}, []string{"rst"}},
		"one connection after the other": {func(t *testing.T, p *faultproxy.Proxy) error {
			if len(p.Conns()) != 1 {
				t.Errorf("open: %v", p.Conns())
			}
			return p.Conn(1).Reset()
		}, []string{"rst"}},
		"close": {func(t *testing.T, p *faultproxy.Proxy) error { return p.Conn(1).SendClose(1001, "") },
			[]string{"close 1001", "fin"}},
		"things in order": {func(t *testing.T, p *faultproxy.Proxy) error {
			c := p.Conn(1)
			for _, err := range []error{c.Inject(ping, frame.ToClient), c.Silence(frame.ToClient),
				c.Inject(other, frame.ToClient), c.Heal(), c.Inject(ping, frame.ToClient)} {
				if err != nil {
					return err
				}
			}
			return nil
		}, []string{"ping", `text "other"`, "ping"}},
	} {
		for when, after := range map[string]bool{"before the 101 is written": false, "after": true} {
			t.Run(name+"/"+when, func(t *testing.T) {
				bubble(t, func(t *testing.T, n *memnet.Network) {
					r := openingRig(t, n, after, func(p *faultproxy.Proxy) {
						if err := test.do(t, p); err != nil {
							t.Error(err)
						}
					})
					client, _ := r.open()
					client.until(10 * time.Second)
					client.says(test.want...)
					for _, e := range r.p.Conn(1).View().Events() {
						if e.Kind == timeline.KindOpened {
							break
						}
						if e.Kind == timeline.KindFault {
							t.Errorf("before the connection was open: %v", e)
						}
					}
				})
			})
		}
	}
}

// A client that leaves as its 101 is written has left nothing behind.
func TestTheClientIsGoneAsIts101IsWritten(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		var c net.Conn
		r := openingRig(t, n, false, func(p *faultproxy.Proxy) {
			_ = c.(*memnet.Conn).SetLinger(0)
			_ = c.Close()
			time.Sleep(2 * hop)
			if err := p.Conn(1).Silence(frame.Both); err != nil {
				t.Error(err)
			}
		})
		c = rawConnect(t, n, r.p)
		_, _ = io.WriteString(c, upgradeRequest+"\r\n")
		s := <-r.accepted
		defer s.Close()
		if _, _, err := readHTTPHead(s); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(s, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
		settle()
		mustFind(t, r.p, 1, timeline.KindError)
		mustFind(t, r.p, 1, timeline.KindEnded)
		if open := r.p.Conns(); len(open) != 0 {
			t.Errorf("still open: %v", open)
		}
		if b, err := io.ReadAll(s); len(b) > 0 || err != nil {
			t.Errorf("the server received %q, %v; want a FIN", b, err)
		}
	})
}
