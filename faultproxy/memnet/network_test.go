package memnet_test

import (
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func TestPortsAreStableAndOrdered(t *testing.T) {
	var n memnet.Network
	taken := listen(t, &n, "127.0.0.1:20001")
	for _, want := range []string{"127.0.0.1:20000", "127.0.0.1:20002", "[::]:20003"} {
		host, _, _ := net.SplitHostPort(want)
		l := listen(t, &n, net.JoinHostPort(host, "0"))
		expect(t, "listener", l.Addr().String(), want)
	}
	for want := 49152; want < 49155; want++ {
		c := dial(t, &n, taken.Addr().String())
		s := accept(t, taken)
		local := fmt.Sprintf("127.0.0.1:%d", want)
		expect(t, "dialer's LocalAddr", c.LocalAddr().String(), local)
		expect(t, "dialer's RemoteAddr", c.RemoteAddr().String(), "127.0.0.1:20001")
		expect(t, "acceptor's LocalAddr", s.LocalAddr().String(), "127.0.0.1:20001")
		expect(t, "acceptor's RemoteAddr", s.RemoteAddr().String(), local)
		c.Close()
		s.Close()
	}
	taken.Close()
	l := listen(t, &n, "127.0.0.1:0")
	expect(t, "listener after one was closed", l.Addr().String(), "127.0.0.1:20004")
}

func TestPortsRunOut(t *testing.T) {
	n := memnet.New()
	var last *memnet.Listener
	for range 49152 - 20000 {
		last = listen(t, n, ":0")
	}
	expect(t, "last port", last.Addr().String(), "[::]:49151")
	_, err := n.Listen("tcp", ":0")
	expect(t, "one more", class(0, err), "in use")
	last.Close()
	expect(t, "after one was closed", listen(t, n, ":0").Addr().String(), "[::]:49151")
}

func TestDialersNeverShareAnAddress(t *testing.T) {
	n := memnet.New()
	l := listen(t, n, ":80")
	seen := make(map[string]bool)
	for range 40_000 {
		c := dial(t, n, "a.test:80")
		s := accept(t, l)
		seen[c.LocalAddr().String()] = true
		c.Close()
		s.Close()
	}
	if len(seen) != 40_000 {
		t.Errorf("40000 dials had %d addresses", len(seen))
	}
}

func TestNames(t *testing.T) {
	tests := []struct {
		name      string
		listeners []string
		dials     map[string]string // address to the listener reached, or the class of the error
	}{
		{"a lone listener", []string{"127.0.0.1:80"}, map[string]string{
			"127.0.0.1:80": "127.0.0.1:80", "localhost:80": "127.0.0.1:80", "[::1]:80": "127.0.0.1:80",
			"example.test:80": "127.0.0.1:80", "192.0.2.1:80": "127.0.0.1:80", ":80": "127.0.0.1:80",
			"127.0.0.1:81": "refused", "127.0.0.1:": "refused",
		}},
		{"no host", []string{":80"}, map[string]string{
			"[::]:80": "[::]:80", "0.0.0.0:80": "[::]:80", "localhost:80": "[::]:80", "192.0.2.1:80": "[::]:80", "example.test:80": "[::]:80",
		}},
		{"different hosts", []string{"localhost:80", "a.test:80", "192.0.2.1:80"}, map[string]string{
			"127.0.0.1:80": "127.0.0.1:80", "LOCALHOST:80": "127.0.0.1:80",
			"a.test:80": "10.0.0.1:80", "A.Test.:80": "10.0.0.1:80", "10.0.0.1:80": "10.0.0.1:80",
			"192.0.2.1:80": "192.0.2.1:80", "[::ffff:192.0.2.1]:80": "192.0.2.1:80",
			"b.test:80": "refused", ":80": "refused",
		}},
		{"different ports", []string{"a.test:80", "a.test:81", "b.test:82"}, map[string]string{
			"a.test:80": "10.0.0.1:80", "a.test:81": "10.0.0.1:81", "b.test:80": "10.0.0.1:80", "b.test:82": "10.0.0.2:82",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := memnet.New()
				byAddr := make(map[string]*memnet.Listener)
				for _, address := range test.listeners {
					l := listen(t, n, address)
					byAddr[l.Addr().String()] = l
				}
				for address, want := range test.dials {
					c, err := n.Dial("tcp", address)
					if err != nil {
						expect(t, "dial of "+address, class(0, err), want)
						continue
					}
					l := byAddr[want]
					if l == nil {
						t.Fatalf("dial of %s reached %v, want %s", address, c.RemoteAddr(), want)
					}
					time.AfterFunc(time.Second, func() { l.Close() })
					s, err := l.Accept()
					if err != nil {
						t.Fatalf("dial of %s reached %v, want %s", address, c.RemoteAddr(), want)
					}
					if want != "[::]:80" {
						expect(t, "RemoteAddr of a dial of "+address, c.RemoteAddr().String(), want)
					}
					expect(t, "acceptor's LocalAddr", s.LocalAddr().String(), c.RemoteAddr().String())
					s.Close()
					c.Close()
				}
			})
		})
	}
}

func TestAddressDialledIsTheAddressSeen(t *testing.T) {
	n := memnet.New()
	l := listen(t, n, ":80")
	for address, want := range map[string]string{"192.0.2.1:80": "192.0.2.1:80", "a.test:80": "127.0.0.1:80", "[::]:80": "127.0.0.1:80"} {
		c := dial(t, n, address)
		s := accept(t, l)
		expect(t, "RemoteAddr of "+address, c.RemoteAddr().String(), want)
		s.Close()
		c.Close()
	}
}

func TestAddressInUse(t *testing.T) {
	tests := []struct {
		first, second string
		want          string
	}{
		{"127.0.0.1:80", "127.0.0.1:80", "in use"},
		{"127.0.0.1:80", "localhost:80", "in use"},
		{"127.0.0.1:80", "[::1]:80", "in use"},
		{"127.0.0.1:80", ":80", "in use"},
		{":80", "a.test:80", "in use"},
		{"[::]:80", "0.0.0.0:80", "in use"},
		{"a.test:80", "A.TEST:80", "in use"},
		{"a.test:80", "10.0.0.1:80", "in use"},
		{"127.0.0.1:80", "127.0.0.1:81", "0"},
		{"127.0.0.1:80", "127.0.0.2:80", "0"},
		{"a.test:80", "b.test:80", "0"},
	}
	for _, test := range tests {
		n := memnet.New()
		listen(t, n, test.first)
		_, err := n.Listen("tcp", test.second)
		expect(t, test.second+" beside "+test.first, class(0, err), test.want)
	}
}

func TestNetworkClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		l := listen(t, n, "127.0.0.1:80")
		listen(t, n, "a.test:443").Close()
		listen(t, n, "b.test:80")
		var sides [4][2]*memnet.Conn
		for i := range sides {
			c := dial(t, n, "127.0.0.1:80")
			sides[i] = [2]*memnet.Conn{c, accept(t, l)}
		}
		sides[1][0].Close()
		sides[2][1].Close()
		sides[3][0].Close()
		sides[3][1].Close()
		write(sides[0][0], "x")
		unaccepted := dial(t, n, "127.0.0.1:80")

		hanging := listen(t, n, "127.0.0.1:81")
		hanging.Hang()
		results := make(chan string, 5)
		waits := map[string]func() error{
			"Dial":   func() error { _, err := n.Dial("tcp", "127.0.0.1:81"); return err },
			"Accept": func() error { _, err := hanging.Accept(); return err },
			"Read":   func() error { _, err := sides[0][0].Read(make([]byte, 1)); return err },
			"Write":  func() error { _, err := sides[0][1].Write(make([]byte, 2*capacity)); return err },
			"Read of a connection nobody accepted": func() error {
				_, err := unaccepted.Read(make([]byte, 1))
				return err
			},
		}
		unaccepted.SetDeadline(time.Now().Add(time.Hour))
		for name, wait := range waits {
			go func() { results <- name + " " + class(0, wait()) }()
		}
		synctest.Wait()

		err := n.Close()
		want := `memnet: network closed with listeners still open: 3, connections: 4
  listener 10.0.0.2:80
  listener 127.0.0.1:80
  listener 127.0.0.1:81
  connection 127.0.0.1:49152 -> 127.0.0.1:80: neither side closed
  connection 127.0.0.1:49153 -> 127.0.0.1:80: accepted side not closed
  connection 127.0.0.1:49154 -> 127.0.0.1:80: dialled side not closed
  connection 127.0.0.1:49156 -> 127.0.0.1:80: never accepted`
		if err == nil || err.Error() != want {
			t.Errorf("Close: %v\nwant: %s", err, want)
		}
		got := make(map[string]bool)
		for range waits {
			got[<-results] = true
		}
		for _, want := range []string{"Dial closed", "Accept closed", "Read 0", "Write reset", "Read of a connection nobody accepted reset"} {
			if !got[want] {
				t.Errorf("no wait ended as %q: %v", want, got)
			}
		}
		expect(t, "read of what had arrived", read(sides[0][1], 9), "x")
		expect(t, "read", read(sides[0][1], 9), "reset")
		expect(t, "Close of a connection", class(0, sides[0][0].Close()), "0")
		if again := n.Close(); again != err {
			t.Errorf("second Close: %v", again)
		}
		_, err = n.Dial("tcp", "127.0.0.1:80")
		expect(t, "Dial", class(0, err), "closed")
		_, err = n.Listen("tcp", "127.0.0.1:0")
		expect(t, "Listen", class(0, err), "closed")
	})
}

func TestNetworkCloseNamesTheFirst20(t *testing.T) {
	n := memnet.New()
	l := listen(t, n, "127.0.0.1:80")
	want := "memnet: network closed with listeners still open: 1, connections: 50\n  listener 127.0.0.1:80"
	for i := range 50 {
		dial(t, n, "127.0.0.1:80")
		accept(t, l)
		if i < 19 {
			want += fmt.Sprintf("\n  connection 127.0.0.1:%d -> 127.0.0.1:80: neither side closed", 49152+i)
		}
	}
	want += "\n  and 31 more"
	expect(t, "Close", n.Close().Error(), want)
}

func TestNetworkCloseLosesDataOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &memnet.Network{Latency: hop}
		a, b := connect(t, n)
		write(a, "early")
		time.Sleep(hop - 1)
		write(a, "late")
		time.Sleep(1 * time.Nanosecond)
		a.Close()
		n.Close()
		time.Sleep(hop)
		expect(t, "read of what had arrived", read(b, 9), "early")
		expect(t, "read", read(b, 9), "reset")
	})
}

func TestEmptyNetworkCloses(t *testing.T) {
	n := memnet.New()
	a, b := connect(t, n)
	a.Close()
	b.Close()
	for range 2 {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}
