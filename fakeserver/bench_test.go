package fakeserver_test

import (
	"runtime"
	"testing"

	"github.com/gorilla/websocket"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
)

// BenchmarkStartToFirstMessage is a whole test: start, dial, one echo, close.
func BenchmarkStartToFirstMessage(b *testing.B) {
	for _, place := range []string{"loopback", "memory"} {
		b.Run(place, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tb := &recorder{T: &testing.T{}}
				start := fake.Start
				if place == "memory" {
					start = fake.InMemory
				}
				srv := start(tb)
				benchEcho(b, benchDial(b, srv)).Close()
				tb.finish()
			}
		})
	}
}

// BenchmarkEcho is a round trip on one connection.
func BenchmarkEcho(b *testing.B) {
	srv := fake.Start(b)
	ws := benchDial(b, srv)
	defer ws.Close()
	b.ReportAllocs()
	for b.Loop() {
		benchEcho(b, ws)
	}
}

// BenchmarkConnection is what a connection costs, open to end.
func BenchmarkConnection(b *testing.B) {
	srv := fake.InMemory(b)
	b.ReportAllocs()
	for b.Loop() {
		ws := benchDial(b, srv)
		_ = ws.Close()
		<-srv.Conn(len(srv.Conns())).Done()
	}
}

// BenchmarkIdleConnections is what an idle connection keeps, its client's buffers
// (of the least size) included.
func BenchmarkIdleConnections(b *testing.B) {
	const n = 2000
	for b.Loop() {
		tb := &recorder{T: &testing.T{}}
		srv := fake.InMemory(tb, fake.Silent)
		before := inUse()
		conns := make([]*websocket.Conn, n)
		for i := range conns {
			conns[i] = benchDial(b, srv)
		}
		b.ReportMetric(float64(inUse()-before)/n, "B/conn")
		for _, c := range conns {
			_ = c.Close()
		}
		tb.finish()
	}
}

// BenchmarkEndedConnections is what a connection that is over leaves behind, its
// events included.
func BenchmarkEndedConnections(b *testing.B) {
	const n = 2000
	for b.Loop() {
		tb := &recorder{T: &testing.T{}}
		srv := fake.InMemory(tb, fake.Silent)
		before := inUse()
		for i := range n {
			_ = benchDial(b, srv).Close()
			<-srv.Conn(i + 1).Done()
		}
		b.ReportMetric(float64(inUse()-before)/n, "B/conn")
		tb.finish()
	}
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

func benchDial(b *testing.B, srv *fake.Server) *websocket.Conn {
	b.Helper()
	d := srv.Dialer()
	d.ReadBufferSize, d.WriteBufferSize = 256, 256
	ws, _, err := d.Dial(srv.URL, nil)
	if err != nil {
		b.Fatal(err)
	}
	return ws
}

func benchEcho(b *testing.B, ws *websocket.Conn) *websocket.Conn {
	b.Helper()
	if err := ws.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		b.Fatal(err)
	}
	if _, _, err := ws.ReadMessage(); err != nil {
		b.Fatal(err)
	}
	return ws
}
