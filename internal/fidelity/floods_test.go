//go:build linux

package fidelity

import (
	"errors"
	"net"
	"os"
	"time"
)

// floodScenarios are those of a side that reads nothing while the other sends.
var floodScenarios = []scenario{
	{name: "stalled-client-flood", setup: floods, kind: flood, slack: time.Second, play: stalled(true)},
	{name: "stalled-server-flood", setup: floods, kind: flood, slack: time.Second, play: stalled(false)},
}

// The buffers of two kernels and a middlebox hold less than endless; a sender whose
// bytes are still accepted beyond that is not held up, and goes on slowly.
const (
	endless  = 48 << 20
	floodFor = 6 * time.Second // at least twice the timeouts under test
)

// stalled floods one side, which reads only in the end.
func stalled(client bool) func(scene) (seen, error) {
	return func(s scene) (out seen, err error) {
		p, err := s.open()
		if err != nil {
			return out, err
		}
		defer p.close()
		from, to, chunk := p.client, p.server, clientFrame(opBinary, string(make([]byte, 64<<10)))
		if client {
			from, to, chunk = p.server, p.client, serverFrame(opBinary, string(make([]byte, 64<<10)))
		}
		begun, sent := time.Now(), 0
		for err == nil && time.Since(begun) < floodFor {
			if sent > endless {
				time.Sleep(50 * time.Millisecond)
			}
			var n int
			_ = from.SetWriteDeadline(begun.Add(floodFor))
			n, err = from.Write(chunk)
			sent += n
		}
		switch {
		case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			out.is("sender", "fails")
			out.late("sender's error", time.Since(begun))
		case sent > endless:
			out.is("sender", "is never held up")
		default:
			out.is("sender", "is held up for ever")
		}
		end := <-drain(to)
		out.is("reader, afterwards", "%s", end.how)
		return out, nil
	}
}

// drain reads what a side has left, for a second.
func drain(c *net.TCPConn) <-chan ending { return watch(c, time.Second) }
