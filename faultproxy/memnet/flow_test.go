package memnet_test

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func TestWriteWaitsBeyondCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, memnet.New())
		expect(t, "write of all there is room for", write(a, strings.Repeat("x", capacity)), "262144")
		done := make(chan string, 1)
		go func() { done <- write(a, "yz") }()
		synctest.Wait()
		if len(done) > 0 {
			t.Fatalf("a Write beyond the capacity returned %s", <-done)
		}
		if _, err := io.ReadFull(b, make([]byte, 2)); err != nil {
			t.Fatal(err)
		}
		expect(t, "write after two bytes were read", <-done, "2")
	})
}

func TestWritesDoNotMix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, memnet.New())
		const size = capacity + capacity/2
		for _, letter := range []string{"a", "b", "c"} {
			go a.Write(bytes.Repeat([]byte(letter), size))
		}
		got := make([]byte, 0, 3*size)
		for len(got) < 3*size {
			synctest.Wait()
			n, err := b.Read(got[len(got):min(len(got)+5000, 3*size)])
			if err != nil {
				t.Fatal(err)
			}
			got = got[:len(got)+n]
		}
		for part := range 3 {
			if run := got[part*size : (part+1)*size]; bytes.Count(run, run[:1]) != size {
				t.Errorf("part %d of 3 mixes Writes", part+1)
			}
		}
	})
}

// TestTurnIsPassedOn has a Write that waits for its turn woken before the one
// under way: it has to be woken again when that one ends.
func TestTurnIsPassedOn(t *testing.T) {
	for wakes := range 4 {
		synctest.Test(t, func(t *testing.T) {
			a, b := connect(t, memnet.New())
			a.Write(make([]byte, capacity))
			results := make(chan string, 2)
			for range 2 {
				go func() { results <- write(a, "hello") }()
				synctest.Wait()
			}
			for range wakes {
				b.Read(make([]byte, 1))
				synctest.Wait()
			}
			b.Read(make([]byte, 10-wakes))
			synctest.Wait()
			if len(results) != 2 {
				t.Errorf("%d of 2 Writes returned, and there is room for both", len(results))
			}
		})
	}
}

func TestWriteThatWaitsForItsTurn(t *testing.T) {
	tests := []struct {
		name string
		end  func(a, b *memnet.Conn)
		want []string // first Write, second Write, third Write
	}{
		{"deadline", func(a, b *memnet.Conn) { a.SetWriteDeadline(time.Unix(1, 0)) }, []string{"timeout", "timeout"}},
		{"Close", func(a, b *memnet.Conn) { a.Close() }, []string{"closed", "closed"}},
		{"CloseWrite", func(a, b *memnet.Conn) { a.CloseWrite() }, []string{"pipe", "pipe"}},
		{"RST", func(a, b *memnet.Conn) { b.Close() }, []string{"reset", "pipe"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := connect(t, memnet.New())
				results := make(chan string, 2)
				for range 2 {
					go func() { results <- write(a, strings.Repeat("x", 2*capacity)) }()
				}
				synctest.Wait()
				if len(results) > 0 {
					t.Fatal("a Write did not wait")
				}
				test.end(a, b)
				got := []string{<-results, <-results}
				if got[0] == "pipe" && got[1] == "reset" {
					got[0], got[1] = got[1], got[0]
				}
				expect(t, "first", got[0], test.want[0])
				expect(t, "second", got[1], test.want[1])
			})
		})
	}
}

func TestPartialWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := connect(t, memnet.New())
		start := time.Now()
		a.SetWriteDeadline(start.Add(time.Second))
		n, err := a.Write(make([]byte, capacity+1))
		if n != capacity || class(n, err) != "timeout" || time.Since(start) != time.Second {
			t.Errorf("got %d, %v after %v; want %d and a timeout after 1s", n, err, time.Since(start), capacity)
		}
	})
}

// TestUnsentIsLost shows what an RST takes with it: a receiver gets the 64
// KiB on the wire and no more.
func TestUnsentIsLost(t *testing.T) {
	for _, latency := range []time.Duration{0, time.Millisecond} {
		t.Run(latency.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := connect(t, &memnet.Network{Latency: latency})
				sent := make([]byte, capacity)
				for i := range sent {
					sent[i] = byte(i >> 8)
				}
				a.Write(sent)
				if _, err := io.ReadFull(b, make([]byte, 1000)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(latency)
				a.CloseWrite()
				a.SetLinger(0)
				a.Close()
				got, err := io.ReadAll(b)
				expect(t, "after the bytes on the wire", class(0, err), "reset")
				if !bytes.Equal(got, sent[1000:1000+64<<10]) {
					t.Errorf("read %d bytes after an RST, want the %d on the wire", len(got), 64<<10)
				}
			})
		})
	}
}

// TestUnsentIsLostByWrite is the same where bytes of several Writes are on
// their way, or were to be.
func TestUnsentIsLostByWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, &memnet.Network{Latency: time.Millisecond})
		for _, letter := range []string{"a", "b", "c", "d"} {
			write(a, strings.Repeat(letter, 48<<10))
			time.Sleep(time.Nanosecond)
		}
		a.SetLinger(0)
		a.Close()
		elapsed := clock()
		got, err := io.ReadAll(b)
		expect(t, "after the bytes on the wire", class(0, err), "reset")
		if want := strings.Repeat("a", 48<<10) + strings.Repeat("b", 16<<10); string(got) != want {
			t.Errorf("read %d bytes after an RST, want 48 KiB of the first Write and 16 of the second", len(got))
		}
		expectTime(t, "RST", elapsed(), time.Millisecond)
	})
}

func TestCloseSendsWhatWasWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, memnet.New())
		a.Write(make([]byte, capacity))
		a.Close()
		if got, err := io.ReadAll(b); len(got) != capacity || err != nil {
			t.Errorf("read %d bytes, %v; want %d and EOF", len(got), err, capacity)
		}
	})
}

func TestCloseLetsGoOfUnreadBytes(t *testing.T) {
	before := heap()
	var sides []*memnet.Conn
	for range 50 {
		a, b := connect(t, memnet.New())
		a.Write(make([]byte, capacity))
		a.Close()
		b.Close()
		sides = append(sides, a, b)
	}
	if used := heap() - before; used > 10*capacity {
		t.Errorf("50 closed connections with %d unread bytes each take %d", capacity, used)
	}
	runtime.KeepAlive(sides)
}

func TestWaitReadable(t *testing.T) {
	tests := []struct {
		name  string
		cause func(a, b *memnet.Conn)
		want  string // of WaitReadable
		read  string // of the Read after it
	}{
		{"data", func(a, b *memnet.Conn) { write(b, "x") }, "0", "x"},
		{"FIN", func(a, b *memnet.Conn) { b.CloseWrite() }, "0", "EOF"},
		{"RST", func(a, b *memnet.Conn) { b.SetLinger(0); b.Close() }, "0", "reset"},
		{"CloseRead", func(a, b *memnet.Conn) { a.CloseRead() }, "0", "EOF"},
		{"deadline", func(a, b *memnet.Conn) { a.SetReadDeadline(time.Now()) }, "timeout", "timeout"},
		{"Close", func(a, b *memnet.Conn) { a.Close() }, "closed", "closed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := connect(t, memnet.New())
				done := make(chan string, 1)
				go func() { done <- class(0, a.WaitReadable()) }()
				synctest.Wait()
				if len(done) > 0 {
					t.Fatalf("WaitReadable returned %s before there was a reason", <-done)
				}
				test.cause(a, b)
				expect(t, "WaitReadable", <-done, test.want)
				expect(t, "WaitReadable again", class(0, a.WaitReadable()), test.want)
				expect(t, "Read", read(a, 9), test.read)
			})
		})
	}
}

func TestWaitReadableAllocatesNothing(t *testing.T) {
	a, b := connect(t, memnet.New())
	buf := make([]byte, 100)
	got := testing.AllocsPerRun(1000, func() {
		b.Write(buf)
		a.WaitReadable()
		a.Read(buf)
	})
	if got >= 1 {
		t.Errorf("a message costs %v allocations, want none", got)
	}
}
