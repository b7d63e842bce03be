//go:build linux

package fidelity

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"
)

// byteScenarios show what becomes of bytes between the handshake and the end.
var byteScenarios = []scenario{
	{name: "first-frame-with-request", n: 3, play: earlyFrame},
	{name: "server-frame-with-101", n: 3, play: frameWith101},
	{name: "garbage-bytes", play: garbage},
	{name: "dribble", play: dribble},
	{name: "echo-125", play: echo(125)},
	{name: "echo-126", play: echo(126)},
	{name: "echo-65535", play: echo(65535)},
	{name: "echo-65536", play: echo(65536)},
	{name: "echo-1048576", play: echo(1 << 20)},
	{name: "echo-16777216", kind: flood, play: echo(16 << 20)},
}

func readAll(c *net.TCPConn, n int) error {
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := io.ReadFull(c, make([]byte, n))
	return err
}

// arrives says how many bytes arrive within a while that is long enough.
func arrives(c *net.TCPConn) int {
	return readToEnd(c, time.Now().Add(700*time.Millisecond)).n
}

// earlyFrame: a frame in the segment of the request, before the 101.
func earlyFrame(s scene) (out seen, err error) {
	p, err := dial(s.addr, s.up, clientFrame(opText, "early"), says(upgradeResponse))
	if err != nil {
		return out, err
	}
	defer p.close()
	out.is("server got", "%d bytes", arrives(p.server))
	return out, p.toClient(serverFrame(opText, "later"))
}

// frameWith101: a frame in the segment of the 101.
func frameWith101(s scene) (out seen, err error) {
	p, err := dial(s.addr, s.up, nil, says(upgradeResponse+string(serverFrame(opText, "early"))))
	if err != nil {
		return out, err
	}
	defer p.close()
	out.is("client got", "%d bytes", arrives(p.client))
	return out, p.toServer(clientFrame(opText, "later"))
}

// garbage: bytes that are no frames pass both ways.
func garbage(s scene) (out seen, err error) {
	p, err := s.open()
	if err != nil {
		return out, err
	}
	defer p.close()
	bytes := make([]byte, 44)
	for i := range bytes {
		bytes[i] = byte(0xff - i)
	}
	out.is("to the server", "%s", outcome(p.toServer(bytes)))
	out.is("to the client", "%s", outcome(p.toClient(bytes)))
	return out, nil
}

func outcome(err error) string {
	if err != nil {
		return err.Error()
	}
	return "unchanged"
}

// dribble: a frame in six segments, 60 ms apart, arrives in as many.
func dribble(s scene) (out seen, err error) {
	p, err := s.open()
	if err != nil {
		return out, err
	}
	defer p.close()
	frame := serverFrame(opText, "seventeen bytes")
	sent := make(chan error, 1)
	go func() {
		var errs error
		for i := 0; i < len(frame); i += 3 {
			_, err := p.server.Write(frame[i:min(i+3, len(frame))])
			errs = errors.Join(errs, err)
			time.Sleep(60 * time.Millisecond)
		}
		sent <- errs
	}()
	reads, buf := 0, make([]byte, 64)
	if err := p.client.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return out, err
	}
	for n := 0; n < len(frame); reads++ {
		got, err := p.client.Read(buf)
		if err != nil {
			return out, err
		}
		n += got
	}
	out.is("arrives", "%s", map[bool]string{true: "as it was sent", false: "in fewer pieces"}[reads >= 4])
	return out, <-sent
}

// echo sends a message of n bytes to the server and back.
func echo(n int) func(scene) (seen, error) {
	return func(s scene) (out seen, err error) {
		p, err := s.open()
		if err != nil {
			return out, err
		}
		defer p.close()
		payload := make([]byte, n)
		for i := range payload {
			payload[i] = byte(rand.IntN(256))
		}
		out.is("to the server", "%s", ships(p.client, p.server, clientFrame(opBinary, string(payload))))
		out.is("to the client", "%s", ships(p.server, p.client, serverFrame(opBinary, string(payload))))
		return out, nil
	}
}

// ships sends bytes that no buffer holds.
func ships(from, to *net.TCPConn, b []byte) string {
	sent := make(chan error, 1)
	go func() {
		_, err := from.Write(b)
		sent <- err
	}()
	if err := to.SetReadDeadline(time.Now().Add(3 * patience)); err != nil {
		return err.Error()
	}
	sum := sha256.New()
	if n, err := io.CopyN(sum, to, int64(len(b))); err != nil {
		return fmt.Sprintf("%d of %d bytes, then %v", n, len(b), err)
	}
	if [32]byte(sum.Sum(nil)) != sha256.Sum256(b) {
		return "changed"
	}
	return outcome(<-sent)
}
