package memnet_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// waiters are the calls that end at a deadline, on a side with nothing to
// read and no room to write.
var waiters = map[string]struct {
	call func(c *memnet.Conn) error
	set  func(c *memnet.Conn, t time.Time) error
}{
	"Read":              {func(c *memnet.Conn) error { _, err := c.Read(make([]byte, 1)); return err }, (*memnet.Conn).SetReadDeadline},
	"WaitReadable":      {(*memnet.Conn).WaitReadable, (*memnet.Conn).SetReadDeadline},
	"Write":             {func(c *memnet.Conn) error { _, err := c.Write(make([]byte, 1)); return err }, (*memnet.Conn).SetWriteDeadline},
	"Read SetDeadline":  {func(c *memnet.Conn) error { _, err := c.Read(make([]byte, 1)); return err }, (*memnet.Conn).SetDeadline},
	"Write SetDeadline": {func(c *memnet.Conn) error { _, err := c.Write(make([]byte, 1)); return err }, (*memnet.Conn).SetDeadline},
}

func TestDeadlines(t *testing.T) {
	const ns = time.Nanosecond
	at := func(d time.Duration) time.Time { return time.Now().Add(d) }
	tests := []struct {
		name   string
		before time.Duration   // deadline when the wait begins; 0 for none
		during []time.Duration // deadlines set, counted from then, one every 10 ns; 0 for none
		want   time.Duration   // how long the wait lasts
	}{
		{"as set", 100 * ns, nil, 100 * ns},
		{"past", -time.Hour, nil, 0},
		{"set while waiting", 0, []time.Duration{100 * ns}, 110 * ns},
		{"past, set while waiting", 0, []time.Duration{-time.Hour}, 10 * ns},
		{"now, set while waiting", time.Hour, []time.Duration{0 * ns, -1}, 20 * ns},
		{"later", 100 * ns, []time.Duration{200 * ns}, 210 * ns},
		{"earlier", 100 * ns, []time.Duration{20 * ns}, 30 * ns},
		{"earlier, then later", 100 * ns, []time.Duration{20 * ns, 300 * ns}, 320 * ns},
		{"cleared, then set", 100 * ns, []time.Duration{0, 200 * ns}, 220 * ns},
	}
	for name, waiter := range waiters {
		for _, test := range tests {
			t.Run(name+"/"+test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c, _ := connect(t, memnet.New())
					c.Write(make([]byte, capacity))
					if test.before != 0 {
						waiter.set(c, at(test.before))
					}
					start := time.Now()
					go func() {
						for _, d := range test.during {
							time.Sleep(10 * ns)
							deadline := time.Time{}
							if d != 0 {
								deadline = at(d)
							}
							waiter.set(c, deadline)
						}
					}()
					expect(t, "error", class(0, waiter.call(c)), "timeout")
					if got := time.Since(start); got != test.want {
						t.Errorf("waited %v, want %v", got, test.want)
					}
				})
			})
		}
	}
}

func TestDeadlineClearedWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, memnet.New())
		a.SetReadDeadline(time.Now().Add(time.Second))
		time.AfterFunc(time.Second-1, func() { a.SetReadDeadline(time.Time{}) })
		time.AfterFunc(time.Hour, func() { write(b, "late") })
		expect(t, "read", read(a, 9), "late")
	})
}

func TestDeadlineCanBeMovedAfterTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, memnet.New())
		a.SetReadDeadline(time.Now().Add(time.Second))
		expect(t, "first read", read(a, 9), "timeout")
		write(b, "x")
		expect(t, "second read", read(a, 9), "timeout")
		a.SetReadDeadline(time.Now().Add(time.Second))
		expect(t, "third read", read(a, 9), "x")
	})
}

// TestMovingDeadlinesIsFree shows that setting and clearing deadlines makes
// no timer, and that a wait makes one for the life of the connection.
func TestMovingDeadlinesIsFree(t *testing.T) {
	a, b := connect(t, memnet.New())
	if got := testing.AllocsPerRun(1000, func() {
		a.SetDeadline(time.Now().Add(time.Hour))
		a.SetDeadline(time.Time{})
	}); got != 0 {
		t.Errorf("setting and clearing a deadline costs %v allocations, want none", got)
	}
	wake := make(chan struct{})
	defer close(wake)
	go func() {
		for range wake {
			b.Write([]byte("x"))
		}
	}()
	buf := make([]byte, 1)
	if got := testing.AllocsPerRun(1000, func() {
		a.SetReadDeadline(time.Now().Add(time.Hour))
		wake <- struct{}{}
		a.Read(buf)
	}); got >= 1 {
		t.Errorf("a read with a deadline costs %v allocations, want none", got)
	}
}

func TestCloseEndsWaits(t *testing.T) {
	for name, waiter := range waiters {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := connect(t, memnet.New())
				c.Write(make([]byte, capacity))
				waiter.set(c, time.Now().Add(time.Hour))
				done := make(chan string, 1)
				go func() { done <- class(0, waiter.call(c)) }()
				synctest.Wait()
				c.Close()
				expect(t, "error", <-done, "closed")
			})
		})
	}
}
