package memnet_test

import (
	"io"
	"net"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// transports are what memnet is measured against.
var transports = []struct {
	name    string
	connect func(b *testing.B) (x, y net.Conn)
}{
	{"memnet", func(b *testing.B) (x, y net.Conn) { return connect(b, memnet.New()) }},
	{"pipe", func(b *testing.B) (x, y net.Conn) {
		x, y = net.Pipe()
		b.Cleanup(func() { x.Close(); y.Close() })
		return x, y
	}},
	{"loopback", func(b *testing.B) (x, y net.Conn) { return loopback(b) }},
}

func BenchmarkEcho(b *testing.B) {
	for _, transport := range transports {
		b.Run(transport.name, func(b *testing.B) {
			x, y := transport.connect(b)
			go func() {
				buf := make([]byte, 128)
				for {
					n, err := y.Read(buf)
					if err != nil {
						return
					}
					y.Write(buf[:n])
				}
			}()
			buf := make([]byte, 128)
			b.ReportAllocs()
			for b.Loop() {
				x.Write(buf)
				if _, err := io.ReadFull(x, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBulk(b *testing.B) {
	const size = 32 << 10
	for _, transport := range transports {
		b.Run(transport.name, func(b *testing.B) {
			x, y := transport.connect(b)
			done := make(chan struct{})
			go func() {
				defer close(done)
				buf := make([]byte, size)
				for {
					if _, err := y.Read(buf); err != nil {
						return
					}
				}
			}()
			buf := make([]byte, size)
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := x.Write(buf); err != nil {
					b.Fatal(err)
				}
			}
			x.Close()
			<-done
		})
	}
}

func BenchmarkConnect(b *testing.B) {
	n := memnet.New()
	l := listen(b, n, ":80")
	b.ReportAllocs()
	for b.Loop() {
		c := dial(b, n, "a.test:80")
		s := accept(b, l)
		c.Close()
		s.Close()
	}
}
