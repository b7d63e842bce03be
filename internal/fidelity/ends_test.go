//go:build linux

package fidelity

import (
	"errors"
	"time"
)

// How long sides are watched for what must happen at once, and for what must not.
const (
	promptly = 1500 * time.Millisecond
	nothing  = 1500 * time.Millisecond
)

// ends are the scenarios in which one side ends the connection.
var ends = []scenario{
	{name: "up-close-1001", play: upClose("\x03\xe9bye")},
	{name: "up-close-1012", play: upClose("\x03\xf4restart")},
	{name: "up-close-4000", play: upClose("\x0f\xa0app")},
	{name: "cli-close-1000", play: cliClose},
	{name: "cli-close-server-ignores", play: talk(func(p *pair) error { return p.toServer(clientFrame(opClose, "\x03\xe8")) })},
	{name: "up-close-1001-then-tcp-close-at-once", n: 4, play: closeAtOnce},
	{name: "up-fin-no-close-frame", play: leaves(func(p *pair) error { return p.server.Close() })},
	// The kernel closes the sockets of a process that ends, however it ends, as close(2) does.
	{name: "up-process-kill", play: leaves(func(p *pair) error { return p.server.Close() })},
	{name: "up-process-term", play: leaves(func(p *pair) error { return p.server.Close() })},
	{name: "up-process-kill-noread", play: leaves(func(p *pair) error {
		_, err := p.client.Write(clientFrame(opText, "unread"))
		time.Sleep(100 * time.Millisecond) // it has arrived
		return errors.Join(err, p.server.Close())
	})},
	{name: "up-partial-frame-fin", play: leaves(func(p *pair) error {
		_, err := p.server.Write(serverFrame(opBinary, string(make([]byte, 996)))[:500])
		return errors.Join(err, p.server.Close())
	})},
	{name: "up-rst", play: leaves(func(p *pair) error { return reset(p.server) })},
	{name: "up-rst-after-small", play: leaves(func(p *pair) error { return afterBytes(p, 10) })},
	{name: "up-rst-after-64k", play: leaves(func(p *pair) error { return afterBytes(p, 1<<16) })},
	{name: "cli-rst", play: talk(func(p *pair) error {
		c := p.client
		p.client = nil
		return reset(c)
	})},
	{name: "cli-half-close", play: cliHalfClose(false)},
	{name: "cli-half-close: behind its last bytes", play: cliHalfClose(true)},
	{name: "up-half-close", play: upHalfClose},
	{name: "cli-fin-while-server-sending-1M", play: finAgainstBytes},
}

// talk opens a connection, does something on it, and watches both ends.
func talk(do func(p *pair) error) func(scene) (seen, error) {
	return func(s scene) (out seen, err error) {
		p, err := s.open()
		if err != nil {
			return out, err
		}
		defer p.close()
		if err := do(p); err != nil {
			return out, err
		}
		client, server := p.finish(&out, promptly)
		out.is("client got", "%s", frames(client))
		out.is("server got", "%s", frames(server))
		return out, nil
	}
}

// leaves is talk for a server that ends its connection.
func leaves(do func(p *pair) error) func(scene) (seen, error) {
	return func(s scene) (out seen, err error) {
		p, err := s.open()
		if err != nil {
			return out, err
		}
		defer p.close()
		if err := do(p); err != nil {
			return out, err
		}
		at := time.Now()
		p.server = nil
		client, _ := p.finish(&out, promptly)
		out.is("client got", "%s", frames(client))
		if client.how != open {
			out.late("client's end", client.at.Sub(at))
		}
		return out, nil
	}
}

// afterBytes resets behind a message that has had the time to arrive.
func afterBytes(p *pair, n int) error {
	_, err := p.server.Write(serverFrame(opBinary, string(make([]byte, n))))
	time.Sleep(50 * time.Millisecond)
	return errors.Join(err, reset(p.server))
}

// upClose: the server says Close, has it echoed, and ends its stream.
func upClose(payload string) func(scene) (seen, error) {
	return closing(func(p *pair, out *seen) {
		out.is("close to the client", "%s", outcome(p.toClient(serverFrame(opClose, payload))))
		out.is("close to the server", "%s", outcome(p.toServer(clientFrame(opClose, payload[:2]))))
	})
}

// cliClose: the client says Close, the server echoes it and ends its stream.
var cliClose = closing(func(p *pair, out *seen) {
	out.is("close to the server", "%s", outcome(p.toServer(clientFrame(opClose, "\x03\xe8"))))
	out.is("close to the client", "%s", outcome(p.toClient(serverFrame(opClose, "\x03\xe8"))))
})

// closing holds a closing handshake, after which the server ends its stream.
func closing(shake func(*pair, *seen)) func(scene) (seen, error) {
	return func(s scene) (out seen, err error) {
		p, err := s.open()
		if err != nil {
			return out, err
		}
		defer p.close()
		shake(p, &out)
		p.serverEnded = true
		if err := p.server.CloseWrite(); err != nil {
			return out, err
		}
		p.finish(&out, promptly)
		return out, nil
	}
}

// closeAtOnce: the server says Close and closes, and the client echoes into that.
func closeAtOnce(s scene) (out seen, err error) {
	p, err := s.open()
	if err != nil {
		return out, err
	}
	defer p.close()
	if _, err := p.server.Write(serverFrame(opClose, "\x03\xe9")); err != nil {
		return out, err
	}
	if err := p.server.Close(); err != nil {
		return out, err
	}
	p.server = nil
	if err := p.client.SetReadDeadline(time.Now().Add(promptly)); err != nil {
		return out, err
	}
	got := make([]byte, 4)
	if _, err := p.client.Read(got); err != nil {
		return out, err
	}
	out.is("client got", "%s", frames(ending{data: got, n: 4}))
	_, _ = p.client.Write(clientFrame(opClose, "\x03\xe9")) // may come too late
	client := <-watch(p.client, promptly)
	out.is("client", "%s", whole(p.client, client, false))
	return out, nil
}

// cliHalfClose: the client ends its stream, in the segment of its last bytes or
// behind them, and the server goes on sending.
func cliHalfClose(alone bool) func(scene) (seen, error) {
	return func(s scene) (out seen, err error) {
		p, err := s.open()
		if err != nil {
			return out, err
		}
		defer p.close()
		last := clientFrame(opText, "last")
		if _, err := p.client.Write(last); err != nil {
			return out, err
		}
		if alone {
			time.Sleep(200 * time.Millisecond)
		}
		if err := p.client.CloseWrite(); err != nil {
			return out, err
		}
		server := watch(p.server, nothing)
		time.Sleep(200 * time.Millisecond)
		out.is("server's writes", "%s", twice(p.server, serverFrame(opText, "still here")))
		client := <-watch(p.client, nothing)
		end := <-server
		out.is("client", "%s", client.how)
		out.is("client got", "%d bytes", client.n)
		out.is("server", "%s", end.how)
		out.is("server got", "%d bytes", end.n)
		return out, nil
	}
}

// twice sends b two times, 200 ms apart, and says what became of it.
func twice(c interface{ Write([]byte) (int, error) }, b []byte) string {
	_, first := c.Write(b)
	time.Sleep(200 * time.Millisecond)
	_, second := c.Write(b)
	switch {
	case first != nil:
		return "fail"
	case second != nil:
		return "the first draws a reset"
	}
	return "pass"
}

// upHalfClose: the server ends its stream, and the client goes on sending.
func upHalfClose(s scene) (out seen, err error) {
	p, err := s.open()
	if err != nil {
		return out, err
	}
	defer p.close()
	if err := p.server.CloseWrite(); err != nil {
		return out, err
	}
	client, server := <-watch(p.client, promptly), watch(p.server, nothing+promptly)
	out.is("client", "%s", client.how)
	if client.how == ended {
		time.Sleep(200 * time.Millisecond)
		out.is("client's writes", "%s", twice(p.client, clientFrame(opText, "still here")))
	}
	end := <-server
	out.is("server", "%s", end.how)
	out.is("server got", "%d bytes", end.n)
	return out, nil
}

// finAgainstBytes: the client ends its stream as the server begins a message of
// 1 MiB.
func finAgainstBytes(s scene) (out seen, err error) {
	p, err := s.open()
	if err != nil {
		return out, err
	}
	defer p.close()
	if _, err := p.client.Write(clientFrame(opText, "last")); err != nil {
		return out, err
	}
	if err := p.client.CloseWrite(); err != nil {
		return out, err
	}
	if err := readAll(p.server, len(clientFrame(opText, "last"))); err != nil {
		return out, err
	}
	message := serverFrame(opBinary, string(make([]byte, 1<<20)))
	_, _ = p.server.Write(message) // fails where the middlebox has closed
	client, server := <-watch(p.client, promptly), <-watch(p.server, promptly)
	out.is("client", "%s", client.how)
	out.is("client got", "%s", share(client.n, len(message)))
	out.is("server", "%s", server.how)
	return out, nil
}

// share says how much of a whole arrived.
func share(n, whole int) string {
	switch n {
	case 0:
		return "nothing"
	case whole:
		return "everything"
	}
	return "a part"
}
