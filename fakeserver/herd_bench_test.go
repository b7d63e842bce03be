package fakeserver_test

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// BenchmarkScriptedConnection is what a connection of a script costs, open to end,
// beside one of Echo in BenchmarkConnection.
func BenchmarkScriptedConnection(b *testing.B) {
	srv := fake.InMemory(b, fake.Script(fake.AnswerBeats(heartbeat.Protocol()), fake.Send(frame.Text("welcome")), fake.Repeat(fake.Expect(frame.Any))))
	b.ReportAllocs()
	for b.Loop() {
		ws := benchDial(b, srv)
		_ = ws.Close()
		<-srv.Conn(len(srv.Conns())).Done()
	}
}

// BenchmarkHerd is 10,000 clients in virtual time, for ten minutes: each is cut when
// it has been idle for a minute, and comes back 1 to 2 s later.
func BenchmarkHerd(b *testing.B) {
	const clients, minutes = 10_000, 10
	for b.Loop() {
		var conns int
		var memory uint64
		start := time.Now()
		synctest.Test(new(testing.T), func(t *testing.T) {
			srv := (&fake.Server{
				Timeline: timeline.NewWith(timeline.Limits{Bytes: 128 << 20}),
				Handlers: []fake.Handler{fake.Script(fake.WhenIdle(time.Minute, frame.Both, fake.Fin()))},
			}).On(b, memnet.New())
			if err := srv.Start(); err != nil {
				b.Fatal(err)
			}
			d := srv.Dialer()
			d.ReadBufferSize, d.WriteBufferSize = 128, 128
			end := time.Now().Add(minutes * time.Minute)
			var all sync.WaitGroup
			for n := range clients {
				all.Go(func() {
					time.Sleep(time.Duration(n) * time.Minute / clients)
					for time.Now().Before(end) {
						if ws, _, err := d.Dial(srv.URL, nil); err == nil {
							_, _, _ = ws.ReadMessage()
							_ = ws.Close()
						}
						time.Sleep(time.Second + time.Duration(n%1000)*time.Millisecond)
					}
				})
			}
			time.Sleep(minutes*time.Minute - time.Second)
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			memory = stats.Sys
			all.Wait()
			conns = len(srv.Conns())
			if err := srv.Close(); err != nil {
				b.Error(err)
			}
		})
		b.ReportMetric(time.Since(start).Seconds(), "real-s")
		b.ReportMetric(float64(conns), "conns")
		b.ReportMetric(float64(memory>>20), "MiB")
	}
}
