package memnet_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// TestDeliversExactlyWhatWasSent sends random bytes both ways at once in
// random pieces, with random pauses, deadlines and latency; each direction
// ends with a half-close. What arrives is what was sent.
func TestDeliversExactlyWhatWasSent(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				chance := rand.New(rand.NewPCG(seed, 1))
				n := &memnet.Network{Latency: time.Duration(chance.IntN(3)) * time.Microsecond}
				a, b := connect(t, n)
				results := make(chan error, 4)
				for i, way := range [][2]*memnet.Conn{{a, b}, {b, a}} {
					sent := make([]byte, chance.IntN(3*capacity))
					rand.NewChaCha8([32]byte{byte(seed), byte(i)}).Read(sent)
					go func() { results <- sendRandomly(way[0], sent, rand.New(rand.NewPCG(seed, uint64(2+i)))) }()
					go func() { results <- receiveRandomly(way[1], sent, rand.New(rand.NewPCG(seed, uint64(4+i)))) }()
				}
				for range 4 {
					if err := <-results; err != nil {
						t.Error(err)
					}
				}
				a.Close()
				b.Close()
				closed(t, n)
			})
		})
	}
}

// piece is a length: mostly small, now and then large.
func piece(chance *rand.Rand) int {
	return chance.IntN(1 << (1 + chance.IntN(19)))
}

// maybePause lets others go on.
func maybePause(chance *rand.Rand) {
	if chance.IntN(4) == 0 {
		time.Sleep(time.Duration(chance.IntN(5)) * time.Microsecond)
	}
}

// sendRandomly sends all bytes in pieces, going on after timeouts, and
// half-closes.
func sendRandomly(c *memnet.Conn, rest []byte, chance *rand.Rand) error {
	for len(rest) > 0 {
		if chance.IntN(3) == 0 {
			c.SetWriteDeadline(time.Now().Add(time.Duration(1 + chance.IntN(3))))
		} else {
			c.SetWriteDeadline(time.Time{})
		}
		n, err := c.Write(rest[:min(len(rest), piece(chance))])
		if got := class(0, err); got != "0" && got != "timeout" {
			return fmt.Errorf("write with %d bytes to go: %w", len(rest), err)
		}
		rest = rest[n:]
		maybePause(chance)
	}
	return c.CloseWrite()
}

// receiveRandomly reads in pieces until the end and compares.
func receiveRandomly(c *memnet.Conn, want []byte, chance *rand.Rand) error {
	got := make([]byte, 0, len(want)+1)
	for {
		if chance.IntN(3) == 0 {
			c.SetReadDeadline(time.Now().Add(time.Duration(1 + chance.IntN(3))))
		} else {
			c.SetReadDeadline(time.Time{})
		}
		if chance.IntN(2) == 0 {
			c.WaitReadable()
		}
		start := len(got)
		n, err := c.Read(got[start:min(start+1+piece(chance), cap(got))])
		got = got[:start+n]
		switch {
		case err == io.EOF && len(got) == len(want):
			return nil
		case err == io.EOF || len(got) > len(want) || !bytes.Equal(got[start:], want[start:len(got)]):
			return fmt.Errorf("after %d of %d bytes: %v, other bytes than sent, or fewer", len(got), len(want), err)
		case err != nil && class(0, err) != "timeout":
			return fmt.Errorf("read after %d of %d bytes: %w", len(got), len(want), err)
		}
		maybePause(chance)
	}
}
