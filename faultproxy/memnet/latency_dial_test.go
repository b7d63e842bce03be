package memnet_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func TestLatencyOfDials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &memnet.Network{Latency: hop}
		l := listen(t, n, ":80")
		elapsed := clock()
		accepted := make(chan time.Duration)
		go func() {
			c, _ := l.Accept()
			accepted <- elapsed()
			c.Close()
		}()
		c := dial(t, n, "a.test:80")
		expectTime(t, "Dial returned", elapsed(), 2*hop)
		expectTime(t, "Accept returned", <-accepted, 3*hop)
		c.Close()

		elapsed = clock()
		_, err := n.Dial("tcp", "a.test:81")
		expect(t, "Dial", class(0, err), "refused")
		expectTime(t, "Dial was refused", elapsed(), 2*hop)
	})
}

// TestListenWhileADialIsOnItsWay shows that a dial finds what listens when it
// arrives.
func TestListenWhileADialIsOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &memnet.Network{Latency: hop}
		time.AfterFunc(hop-1, func() { listen(t, n, "a.test:80") })
		c := dial(t, n, "a.test:80")
		defer c.Close()
		expect(t, "RemoteAddr", c.RemoteAddr().String(), "10.0.0.1:80")
	})
}

// TestDialGivenUpMakesRoom has a dial leave a full backlog while its SYN-ACK
// is on its way.
func TestDialGivenUpMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &memnet.Network{Latency: hop}
		listen(t, n, ":80")
		elapsed := clock()
		ctx, cancel := context.WithTimeout(t.Context(), 2*hop-1)
		defer cancel()
		for range backlog - 1 {
			startDial(t, n, t.Context())
		}
		gone := startDial(t, n, ctx)
		time.Sleep(time.Nanosecond)
		next := startDial(t, n, t.Context())
		<-next.done
		expectTime(t, "the next dial succeeded", elapsed(), 3*hop-1)
		expect(t, "the dial with a deadline", gone.state(), "dial tcp 127.0.0.1:80: i/o timeout")
	})
}

func TestDialGivenUpOnItsWay(t *testing.T) {
	for name, limit := range map[string]time.Duration{"SYN": hop - 1, "SYN-ACK": 2*hop - 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &memnet.Network{Latency: hop}
				l := listen(t, n, ":80")
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				elapsed := clock()
				_, err := n.DialContext(ctx, "tcp", "a.test:80")
				if err == nil {
					t.Fatal("the dial succeeded")
				}
				expectTime(t, "the dial failed", elapsed(), limit)
				c := dial(t, n, "b.test:80")
				s := accept(t, l)
				expect(t, "first accepted", s.RemoteAddr().String(), c.LocalAddr().String())
				s.Close()
				c.Close()
				l.Close()
				if err := n.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestRefusedDialGivenUpOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &memnet.Network{Latency: hop}
		ctx, cancel := context.WithTimeout(t.Context(), 2*hop-1)
		defer cancel()
		_, err := n.DialContext(ctx, "tcp", "a.test:80")
		expect(t, "dial", err.Error(), "dial tcp 127.0.0.1:80: i/o timeout")
	})
}
