//go:build unix

package faultproxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// The link's benchmarks race the proxy (recording, with an idle rule on) against
// a 32 KiB io.Copy relay, and that against itself (A/A), in alternating rounds of
// one run. They report ratios: proxy/relay, and AA for the noise of the machine.

const rounds = 7

// race measures every contestant once a round, and reports the medians as ratios
// to the first relay's.
func race(b *testing.B, unit string, cs []*contestant, measure func(*contestant) float64) {
	got := make(map[string][]float64)
	for range rounds {
		for _, c := range cs {
			got[c.name] = append(got[c.name], measure(c))
		}
	}
	report(b, unit, cs, got)
}

func report(b *testing.B, unit string, cs []*contestant, got map[string][]float64) {
	base := median(got[cs[0].name])
	b.ReportMetric(base, "relay-"+unit)
	for _, c := range cs[1:] {
		b.ReportMetric(median(got[c.name])/base, c.name+"/relay-"+unit)
	}
	b.ReportMetric(0, "ns/op")
}

func median(xs []float64) float64 {
	xs = slices.Clone(xs)
	slices.Sort(xs)
	return xs[len(xs)/2]
}

func contestants(b *testing.B, upstream string) []*contestant {
	cs := []*contestant{
		enter(b, "relay", "relay", upstream),
		enter(b, "AA", "relay", upstream),
		enter(b, "proxy", "proxy", upstream),
	}
	if tp := enterToxiproxy(b, upstream); tp != nil {
		cs = append(cs, tp)
	}
	return cs
}

func BenchmarkLinkBulk(b *testing.B) {
	const size, count = 256 << 10, 2048
	chunk := frame.Binary(make([]byte, size)).Append(nil)
	up := benchServer(b, func(c net.Conn, _ *bufio.Reader) {
		for range count {
			if _, err := c.Write(chunk); err != nil {
				return
			}
		}
	})
	cs := contestants(b, up)
	cpu := make(map[string][]float64)
	race(b, "MB/s", cs, func(ct *contestant) float64 {
		c, br := benchDial(b, ct.addr)
		defer c.Close()
		cpu0, start := ct.cpu(b), time.Now()
		n, err := io.Copy(io.Discard, br)
		if err != nil || n != int64(len(chunk))*count {
			b.Fatalf("%s: %d bytes, %v", ct.name, n, err)
		}
		d := time.Since(start)
		cpu[ct.name] = append(cpu[ct.name], (ct.cpu(b)-cpu0).Seconds()/float64(n)*1e9)
		return float64(n) / d.Seconds() / 1e6
	})
	report(b, "cpu-s/GB", cs, cpu)
}

func BenchmarkLinkRoundTrip(b *testing.B) {
	up := benchServer(b, func(c net.Conn, br *bufio.Reader) { _, _ = io.Copy(c, br) })
	cs := contestants(b, up)
	ping := []byte(masked(frame.Text(strings.Repeat("x", 64))))
	buf := make([]byte, len(ping))
	p50, p99 := make(map[string][]float64), make(map[string][]float64)
	for range rounds {
		for _, ct := range cs {
			c, br := benchDial(b, ct.addr)
			var ds []time.Duration
			for range 5000 {
				start := time.Now()
				_, _ = c.Write(ping)
				if _, err := io.ReadFull(br, buf); err != nil {
					b.Fatal(err)
				}
				ds = append(ds, time.Since(start))
			}
			c.Close()
			slices.Sort(ds)
			p50[ct.name] = append(p50[ct.name], float64(ds[len(ds)/2])/1e3)
			p99[ct.name] = append(p99[ct.name], float64(ds[len(ds)*99/100])/1e3)
		}
	}
	report(b, "p50-µs", cs, p50)
	report(b, "p99-µs", cs, p99)
}

// flood sends count small masked frames one way as fast as they go, some in each write.
func flood(b *testing.B, cs []*contestant, count, each int) {
	one := masked(frame.Text(strings.Repeat("x", 32)))
	batch := []byte(strings.Repeat(one, each))
	race(b, "msg/s", cs, func(ct *contestant) float64 {
		c, br := benchDial(b, ct.addr)
		defer c.Close()
		start := time.Now()
		for range count / each {
			if _, err := c.Write(batch); err != nil {
				b.Fatal(err)
			}
		}
		_ = c.(*net.TCPConn).CloseWrite()
		if _, err := br.ReadByte(); err != io.EOF {
			b.Fatal("want the server's FIN when it has read all: ", err)
		}
		return float64(count) / time.Since(start).Seconds()
	})
}

func sink(c net.Conn, br *bufio.Reader) { _, _ = io.Copy(io.Discard, br) }

// BenchmarkLinkMessages sends each message by a write of its own, as clients do.
func BenchmarkLinkMessages(b *testing.B) { flood(b, contestants(b, benchServer(b, sink)), 200_000, 1) }

// BenchmarkLinkBursts sends a hundred messages with each write: the cost of a frame
// shows, which a relay does not have.
func BenchmarkLinkBursts(b *testing.B) { flood(b, contestants(b, benchServer(b, sink)), 400_000, 100) }

// BenchmarkLinkIdleRules compares a hundred rules that do not match with none; the
// base is the proxy without them, not a relay.
func BenchmarkLinkIdleRules(b *testing.B) {
	up := benchServer(b, sink)
	flood(b, []*contestant{enter(b, "none", "proxy", up), enter(b, "AA", "proxy", up), enter(b, "100rules", "rules", up)}, 400_000, 100)
}

func BenchmarkLinkConnections(b *testing.B) {
	up := benchServer(b, sink)
	race(b, "conn/s", contestants(b, up), func(ct *contestant) float64 {
		const workers, each = 4, 300
		start := time.Now()
		var wg sync.WaitGroup
		for range workers {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for range each {
					c, br := benchDial(b, ct.addr)
					_ = c.(*net.TCPConn).CloseWrite()
					_, _ = br.ReadByte()
					_ = c.Close()
				}
			}()
		}
		wg.Wait()
		return workers * each / time.Since(start).Seconds()
	})
}

// BenchmarkLinkIdleMemory is the resident memory of idle connections: right after
// they opened, and settled, once their handshakes' garbage is collected.
func BenchmarkLinkIdleMemory(b *testing.B) {
	const count = 5000
	up := benchServer(b, sink)
	for _, ct := range contestants(b, up) {
		before := ct.resident(b)
		var conns []net.Conn
		for range count {
			c, _ := benchDial(b, ct.addr)
			conns = append(conns, c)
		}
		time.Sleep(time.Second) // the handshakes' goroutines end, the heap settles
		b.ReportMetric(float64(ct.resident(b)-before)/count/1024, ct.name+"-KiB/conn")
		ct.settle(b)
		b.ReportMetric(float64(ct.resident(b)-before)/count/1024, ct.name+"-settled-KiB/conn")
		for _, c := range conns {
			_ = c.Close()
		}
	}
	b.ReportMetric(0, "ns/op")
}

// benchServer answers upgrades by hand and then serves with f.
func benchServer(b *testing.B, f func(net.Conn, *bufio.Reader)) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				br := bufio.NewReaderSize(c, 512)
				if skipHead(br) != nil {
					return
				}
				io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
				f(c, br)
				_ = c.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, br)
			}()
		}
	}()
	return l.Addr().String()
}

func benchDial(b *testing.B, addr string) (net.Conn, *bufio.Reader) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	fmt.Fprintf(c, "%s\r\n", upgradeRequest)
	br := bufio.NewReaderSize(c, 256<<10)
	if err := skipHead(br); err != nil {
		b.Fatal(err)
	}
	return c, br
}

func skipHead(br *bufio.Reader) error {
	for {
		line, err := br.ReadString('\n')
		if err != nil || line == "\r\n" {
			return err
		}
	}
}
