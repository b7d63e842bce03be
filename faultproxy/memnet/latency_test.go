package memnet_test

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

const hop = 7*time.Millisecond + 14*time.Nanosecond

// clock reads out virtual time since it was made.
func clock() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}

// expectTime fails the test unless it is exactly so late.
func expectTime(t testing.TB, what string, got, want time.Duration) {
	t.Helper()
	if got != want {
		t.Errorf("%s after %v, want %v", what, got, want)
	}
}

func TestLatencyOfSegments(t *testing.T) {
	tests := []struct {
		name string
		send func(c *memnet.Conn)
		want string
	}{
		{"data", func(c *memnet.Conn) { write(c, "x") }, "x"},
		{"FIN", func(c *memnet.Conn) { c.CloseWrite() }, "EOF"},
		{"close", func(c *memnet.Conn) { c.Close() }, "EOF"},
		{"RST", func(c *memnet.Conn) { c.SetLinger(0); c.Close() }, "reset"},
	}
	for _, test := range tests {
		for _, early := range []bool{true, false} {
			t.Run(test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a, b := connect(t, &memnet.Network{Latency: hop})
					elapsed := clock()
					if early {
						test.send(a)
					} else {
						time.AfterFunc(time.Second, func() { elapsed = clock(); test.send(a) })
					}
					expect(t, "read", read(b, 9), test.want)
					expectTime(t, "it arrived", elapsed(), hop)
				})
			})
		}
	}
}

func TestCloseDoesNotSendASecondFIN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, &memnet.Network{Latency: hop})
		elapsed := clock()
		a.CloseWrite()
		time.AfterFunc(hop/2, func() { a.CloseWrite(); a.Close() })
		expect(t, "read", read(b, 9), "EOF")
		expectTime(t, "FIN", elapsed(), hop)
	})
}

func TestNegativeLatencyIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		elapsed := clock()
		a, b := connect(t, &memnet.Network{Latency: -time.Hour})
		write(a, "x")
		expect(t, "read", read(b, 9), "x")
		expectTime(t, "it arrived", elapsed(), 0)
	})
}

func TestLatencyKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, &memnet.Network{Latency: hop})
		elapsed := clock()
		go func() {
			for _, s := range []string{"one", "two", "three"} {
				write(a, s)
				time.Sleep(time.Nanosecond)
			}
			write(a, "four")
			write(a, "five")
			a.CloseWrite()
		}()
		for i, want := range []string{"one", "two", "three", "fourfive", "EOF"} {
			expect(t, "read", read(b, 99), want)
			expectTime(t, want, elapsed(), hop+time.Duration(min(i, 3)))
		}
	})
}

func TestLatencyOfFreedSpace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, &memnet.Network{Latency: hop})
		elapsed := clock()
		time.AfterFunc(time.Second, func() { b.Read(make([]byte, 100)) })
		a.Write(make([]byte, capacity))
		a.Write(make([]byte, 100))
		expectTime(t, "the sender learned of the room", elapsed(), time.Second+hop)
	})
}

func TestLatencyOfAnsweringRST(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, &memnet.Network{Latency: hop})
		a.Close()
		time.Sleep(time.Second)
		elapsed := clock()
		expect(t, "write to a closed side", write(b, "x"), "1")
		time.Sleep(2*hop - 1)
		expect(t, "write before the RST", write(b, "x"), "1")
		time.Sleep(1 * time.Nanosecond)
		expect(t, "write after the RST", write(b, "x"), "pipe")
		expectTime(t, "the RST came", elapsed(), 2*hop)
	})
}

// TestCloseWhileDataIsOnItsWay has bytes arrive at a side that has closed
// since they were sent: its FIN is followed by an RST.
func TestCloseWhileDataIsOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, &memnet.Network{Latency: hop})
		elapsed := clock()
		write(b, "x")
		time.Sleep(hop / 2)
		a.Close()
		expect(t, "read", read(b, 9), "EOF")
		expectTime(t, "FIN", elapsed(), hop/2+hop)
		expect(t, "write between FIN and RST", write(b, strings.Repeat("x", capacity-1)), "262143")
		expect(t, "write that waits for room", write(b, "x"), "pipe")
		expectTime(t, "RST", elapsed(), 2*hop)
	})
}

func TestBothHalvesClosedWhileDataIsOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, &memnet.Network{Latency: hop})
		elapsed := clock()
		write(b, "one")
		time.Sleep(hop / 2)
		write(b, "two")
		time.Sleep(hop / 2)
		a.CloseWrite()
		a.CloseRead()
		expect(t, "read of what had arrived", read(a, 9), "one")
		expect(t, "read", read(a, 9), "EOF")
		time.Sleep(hop / 2)
		expect(t, "read after the rest arrived", read(a, 9), "reset")
		time.Sleep(hop)
		expect(t, "write after the RST", write(b, "x"), "pipe")
		expectTime(t, "RST", elapsed(), hop/2*2+hop/2+hop)
	})
}

func TestRSTFollowsDataOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, &memnet.Network{Latency: hop})
		elapsed := clock()
		write(a, "x")
		time.Sleep(1 * time.Nanosecond)
		a.SetLinger(0)
		a.Close()
		expect(t, "read", read(b, 9), "x")
		expectTime(t, "data", elapsed(), hop)
		expect(t, "read", read(b, 9), "reset")
		expectTime(t, "RST", elapsed(), hop+1)
	})
}

func TestRSTMeetsWriteThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, &memnet.Network{Latency: hop})
		elapsed := clock()
		time.AfterFunc(time.Second, func() { b.Close() })
		n, err := a.Write(make([]byte, capacity+1))
		if n != capacity || class(n, err) != "reset" {
			t.Errorf("got %d, %v; want %d and ECONNRESET", n, err, capacity)
		}
		expectTime(t, "RST", elapsed(), time.Second+hop)
	})
}

func TestLatencyAndDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, &memnet.Network{Latency: hop})
		elapsed := clock()
		write(a, "x")
		b.SetReadDeadline(time.Now().Add(hop - 1))
		expect(t, "read", read(b, 9), "timeout")
		expectTime(t, "timeout", elapsed(), hop-1)
		b.SetReadDeadline(time.Now().Add(hop))
		expect(t, "read", read(b, 9), "x")
		expectTime(t, "data", elapsed(), hop)
	})
}

// TestEchoAcrossTwoHops is what a proxied round trip looks like.
func TestEchoAcrossTwoHops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &memnet.Network{Latency: hop}
		client, front := connect(t, n)
		back, server := connect(t, n)
		for _, relay := range [][2]*memnet.Conn{{front, back}, {back, front}, {server, server}} {
			go io.Copy(relay[1], relay[0])
		}
		elapsed := clock()
		write(client, "ping")
		expect(t, "echo", read(client, 9), "ping")
		expectTime(t, "echo", elapsed(), 4*hop)
	})
}
