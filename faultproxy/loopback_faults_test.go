package faultproxy_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// What the kernel has a part in, with the kernel.

func TestHandshakesThatEndOnLoopback(t *testing.T) {
	for name, c := range map[string]struct {
		rule faultproxy.Rule
		want string
		err  error
	}{
		"refuse":    {faultproxy.Rule{Do: faultproxy.Refuse{}}, "", syscall.ECONNRESET},
		"cut, FIN":  {faultproxy.Rule{Do: faultproxy.Cut{}}, "", nil},
		"cut, RST":  {faultproxy.Rule{Do: faultproxy.Cut{How: faultproxy.RST}}, "", syscall.ECONNRESET},
		"cut, full": {faultproxy.Rule{On: faultproxy.Responded, Do: faultproxy.Cut{After: 12, How: faultproxy.FullClose}}, "HTTP/1.1 101", nil},
		"within":    {faultproxy.Rule{On: faultproxy.Responded, Do: faultproxy.Cut{After: 12}}, "HTTP/1.1 101", nil},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				if s, err := l.Accept(); err == nil {
					defer s.Close()
					_, _, _ = readHTTPHead(s)
					io.WriteString(s, switching+"\r\n")
					io.Copy(io.Discard, s)
				}
			}()
			p := faultproxy.Start(t, "ws://"+l.Addr().String())
			c.rule.Expect = faultproxy.Fired
			p.Add(c.rule)
			client, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "ws://"))
			if name == "refuse" && errors.Is(err, c.err) {
				return // the reset may come before connect(2) is told of its success
			}
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			_ = client.SetDeadline(time.Now().Add(20 * time.Second))
			_, told := io.WriteString(client, upgradeRequest+"\r\n")
			got, err := io.ReadAll(client)
			if name == "refuse" && (errors.Is(told, c.err) || errors.Is(told, syscall.EPIPE)) {
				return // the write was told of the reset, and Linux tells once
			}
			if string(got) != c.want || !errors.Is(err, c.err) {
				t.Errorf("the client got %q, %v; want %q, %v", got, err, c.want, c.err)
			}
		})
	}
}

func TestLimitOnLoopback(t *testing.T) {
	p, client, server := real(t)
	if err := waitOpen(p); err != nil {
		t.Fatal(err)
	}
	p.Add(faultproxy.Rule{Do: faultproxy.Limit{Bytes: 1000, Dir: frame.ToClient}, Expect: faultproxy.Fired})
	go io.WriteString(server, wire(frame.Binary(make([]byte, 1<<20))))
	if got, err := io.ReadAll(client); err != nil || len(got) != 1000 {
		t.Errorf("%d bytes arrived, %v; want 1000 and a FIN", len(got), err)
	}
}

func TestRateOnLoopback(t *testing.T) {
	p, client, server := real(t)
	if err := waitOpen(p); err != nil {
		t.Fatal(err)
	}
	p.Add(faultproxy.Rule{Do: faultproxy.Rate{BytesPerSecond: 1 << 20}, Expect: faultproxy.Fired})
	big := wire(frame.Binary(make([]byte, 256<<10)))
	start := time.Now()
	go io.WriteString(server, big)
	if _, err := io.ReadFull(client, make([]byte, len(big))); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 240*time.Millisecond {
		t.Errorf("256 KiB took %v at 1 MiB/s", took)
	}
}

func TestFreezeOnLoopback(t *testing.T) {
	p, client, server := real(t)
	if err := waitOpen(p); err != nil {
		t.Fatal(err)
	}
	if err := p.Conn(1).Freeze(frame.ToServer); err != nil {
		t.Fatal(err)
	}
	chunk := []byte(masked(frame.Binary(make([]byte, 1<<20))))
	sent := 0
	for err := error(nil); err == nil; { // until the kernels' buffers are full
		_ = client.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
		var n int
		n, err = client.Write(chunk[sent%len(chunk):])
		if sent += n; sent > 200<<20 {
			t.Fatal("200 MiB went into a connection that nobody reads")
		}
	}
	got := make(chan int64)
	go func() {
		n, _ := io.CopyN(io.Discard, server, int64(sent))
		got <- n
	}()
	if err := p.Conn(1).Heal(); err != nil {
		t.Fatal(err)
	}
	if n := <-got; n != int64(sent) {
		t.Errorf("%d of %d bytes arrived after healing", n, sent)
	}
}

func TestEveryoneIsDroppedOnLoopback(t *testing.T) {
	p, client, server := real(t)
	if err := waitOpen(p); err != nil {
		t.Fatal(err)
	}
	if err := p.DropAll(faultproxy.End{Client: faultproxy.RST, Server: faultproxy.FIN}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(client); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client got %v, want a reset", err)
	}
	if _, err := io.ReadAll(server); err != nil {
		t.Errorf("the server got %v, want a FIN", err)
	}
	if err := p.DropAll(faultproxy.End{}); err == nil || !strings.Contains(err.Error(), "both sides are kept") {
		t.Errorf("an end that ends nothing: %v", err)
	}
}
