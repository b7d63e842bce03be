package faultproxy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// real is a proxy on loopback between a raw client and a raw server.
func real(t *testing.T) (p *faultproxy.Proxy, client, server *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p = faultproxy.Start(t, "ws://"+l.Addr().String())
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			_, _, _ = readHTTPHead(c)
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
		}
		accepted <- c
	}()
	c, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	io.WriteString(c, upgradeRequest+"\r\n")
	if head, _, err := readHTTPHead(c); err != nil || !strings.HasPrefix(head, "HTTP/1.1 101") {
		t.Fatalf("upgrade: %q, %v", head, err)
	}
	s := <-accepted
	t.Cleanup(func() { _ = s.Close() })
	for _, c := range []net.Conn{c, s} {
		_ = c.SetDeadline(time.Now().Add(20 * time.Second)) // so that a failure is no hang
	}
	return p, c.(*net.TCPConn), s.(*net.TCPConn)
}

func TestEndsOnLoopback(t *testing.T) {
	for how, want := range map[faultproxy.Ending]error{
		faultproxy.HalfClose: nil, faultproxy.FIN: nil, faultproxy.FullClose: nil, faultproxy.RST: syscall.ECONNRESET,
	} {
		t.Run(how.String(), func(t *testing.T) {
			p, client, server := real(t)
			io.WriteString(client, masked(frame.Text("to the server")))
			io.WriteString(server, wire(frame.Text("to the client")))
			got := make([]byte, 15)
			if _, err := io.ReadFull(client, got); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(server, append(got, 0, 0, 0, 0)); err != nil {
				t.Fatal(err)
			}
			if err := waitOpen(p); err != nil {
				t.Fatal(err)
			}
			if err := p.Conn(1).End(faultproxy.End{Client: how, Server: how}); err != nil {
				t.Fatal(err)
			}
			for name, c := range map[string]net.Conn{"client": client, "server": server} {
				if _, err := io.ReadAll(c); !errors.Is(err, want) {
					t.Errorf("%s: %v, want %v", name, err, want)
				}
			}
		})
	}
}

func waitOpen(p *faultproxy.Proxy) error {
	for range 2000 {
		if len(p.Conns()) == 1 {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return errors.New("the connection does not open")
}

// On Linux either a read or a write is told of a reset, not both; whichever it is,
// the reset must reach the other side.
func TestResetPassesOnUnderLoadOnLoopback(t *testing.T) {
	for i := range 20 {
		for _, ender := range []string{"client", "server"} {
			t.Run(fmt.Sprint(i, ender), func(t *testing.T) {
				_, from, to := real(t)
				if ender == "server" {
					from, to = to, from
				}
				go io.Copy(io.Discard, io.LimitReader(from, 1<<20))
				result := make(chan error, 1)
				go func() {
					big := []byte(masked(frame.Binary(make([]byte, 16<<10))))
					for {
						if _, err := to.Write(big); err != nil {
							result <- err
							return
						}
					}
				}()
				time.Sleep(time.Duration(i) * time.Millisecond)
				_ = from.SetLinger(0)
				_ = from.Close()
				if err := <-result; !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
					t.Errorf("the other side's write: %v, want a reset", err)
				}
			})
		}
	}
}

func TestForgetOnLoopback(t *testing.T) {
	p, client, server := real(t)
	if err := waitOpen(p); err != nil {
		t.Fatal(err)
	}
	if err := p.Conn(1).Forget(faultproxy.Forget{}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]net.Conn{"client": client, "server": server} {
		if _, err := c.Write([]byte("\x81")); err != nil {
			t.Fatalf("%s: its own write: %v", name, err)
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%s: %v, want a reset", name, err)
		}
	}
}

func TestForgetIsRevivedOnLoopback(t *testing.T) {
	p, client, server := real(t)
	if err := waitOpen(p); err != nil {
		t.Fatal(err)
	}
	if err := p.Conn(1).Forget(faultproxy.Forget{Server: faultproxy.Silent, Revive: true}); err != nil {
		t.Fatal(err)
	}
	io.WriteString(server, wire(frame.Text("late")))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for e := range p.Timeline.Follow(ctx) { // until the proxy holds it
		if e.Kind == frameKind {
			break
		}
	}
	io.WriteString(client, masked(frame.Text("back")))
	receives(t, "the client", client, wire(frame.Text("late")))
	receives(t, "the server", server, masked(frame.Text("back")))
}

func TestSendTimeoutOnLoopback(t *testing.T) {
	for _, stalls := range []string{"client", "server"} {
		t.Run(stalls, func(t *testing.T) {
			p, from, to := real(t)
			if stalls == "client" {
				from, to = to, from
			}
			const timeout = 300 * time.Millisecond
			p.Behave(faultproxy.Behavior{Name: "box", SendTimeout: timeout})
			chunk := []byte(masked(frame.Binary(make([]byte, 64<<10))))
			var err error
			last, sent := time.Now(), 0
			for err == nil && sent < 1<<30 {
				last = time.Now()
				var n int
				n, err = from.Write(chunk)
				sent += n
			}
			if stuck := time.Since(last); !isResetError(err) || stuck > 10*timeout {
				t.Errorf("the sender's last write: %v after %v; want a reset after about %v", err, stuck, timeout)
			}
			got, err := io.Copy(io.Discard, to)
			if err != nil || got == 0 || got >= int64(sent) {
				t.Errorf("the peer then reads %d of %d bytes, %v; want what its kernel held, and a FIN", got, sent, err)
			}
			if tells := tale(p, "fault"); len(tells) != 1 || !strings.HasPrefix(tells[0], "fault box to-"+stalls) {
				t.Errorf("the timeline tells %q", tells)
			}
		})
	}
}

func isResetError(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
