package memnet_test

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// TestManyConnections opens 10,000 connections at once, uses each, and
// closes them: idle ones are small, and closed ones leave no goroutine, no
// timer and no memory. That no goroutine is left is checked by the bubble.
func TestManyConnections(t *testing.T) {
	const connections = 10_000
	const idleLimit = 3 << 10 // bytes, both sides together
	const leftLimit = 100     // bytes per connection that was
	// The runtime forgets stopped timers lazily, at the latest when they
	// would have fired; until then some hold on to their connections.
	const leftAtOnceLimit = 600
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		l := listen(t, n, ":80")
		sides := make([]*memnet.Conn, 0, 2*connections)
		before := heap()
		for range connections {
			c := dial(t, n, "a.test:80")
			sides = append(sides, c, accept(t, l))
		}
		message := make([]byte, 2000)
		for i := range connections {
			for _, way := range [][2]*memnet.Conn{{sides[2*i], sides[2*i+1]}, {sides[2*i+1], sides[2*i]}} {
				way[1].SetReadDeadline(time.Now().Add(time.Hour))
				time.AfterFunc(time.Second, func() { way[0].Write(message) })
				way[1].Read(make([]byte, len(message)))
			}
		}
		idle := heap()
		per := (idle - before) / connections
		t.Logf("an idle connection with deadlines takes %d bytes", per)
		if per > idleLimit {
			t.Errorf("an idle connection takes %d bytes, want at most %d", per, idleLimit)
		}
		for i, c := range sides {
			c.Close()
			sides[i] = nil
		}
		if left := (heap() - before) / connections; left > leftAtOnceLimit {
			t.Errorf("a connection just closed leaves %d bytes, want at most %d", left, leftAtOnceLimit)
		}
		time.Sleep(2 * time.Hour)
		if left := (heap() - before) / connections; left > leftLimit {
			t.Errorf("a closed connection leaves %d bytes, want at most %d", left, leftLimit)
		}
		l.Close()
		closed(t, n)
	})
}

// TestSmallWritesAreSmall shows that bytes on their way cost no more memory
// for having been sent in many pieces at once.
func TestSmallWritesAreSmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, &memnet.Network{Latency: hop})
		before := heap()
		for range capacity {
			a.Write([]byte{0})
		}
		if used := heap() - before; used > 2*capacity {
			t.Errorf("%d bytes on their way take %d", capacity, used)
		}
		time.Sleep(hop)
		for range capacity {
			b.Read(make([]byte, 1))
		}
		if used := heap() - before; used > capacity/2 {
			t.Errorf("%d acknowledgements on their way take %d bytes", capacity, used)
		}
	})
}

// heap is how many bytes of the heap are in use.
func heap() int {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
