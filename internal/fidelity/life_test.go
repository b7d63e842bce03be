//go:build linux

package fidelity

import (
	"errors"
	"net"
	"strings"
	"syscall"
	"time"
)

// lifeWatch is how long live connections are watched after a reload or a signal.
// The settings under test are 2 s and 3 s.
const lifeWatch = 4500 * time.Millisecond

// newcomerAfter is how long after it a new client comes. In the record it was 300 ms;
// with a dozen programs on the machine they are not always gone by then.
const newcomerAfter = 800 * time.Millisecond

// life is the conversation around a reload or a signal: an echo, the event, and
// both sides' ends; or, if they have none, another echo.
func life(s scene) (out seen, err error) {
	const n = 4
	var pairs []*pair
	for range n {
		p, err := s.open()
		if err != nil {
			return out, err
		}
		defer p.close()
		if err := errors.Join(p.toServer(clientFrame(opText, "before")), p.toClient(serverFrame(opText, "before"))); err != nil {
			return out, err
		}
		pairs = append(pairs, p)
	}
	at := time.Now()
	if err := s.happen(); err != nil {
		return out, err
	}
	saw := make(chan seen, n)
	for _, p := range pairs {
		go func() { saw <- p.outlive(at) }()
	}
	time.Sleep(time.Until(at.Add(newcomerAfter)))
	out.is("new connection", "%s", newcomer(s))
	for range n {
		out.add(<-saw)
	}
	return out, nil
}

// outlive watches a connection through what happened at a moment.
func (p *pair) outlive(at time.Time) (out seen) {
	client, server := p.finish(&out, lifeWatch)
	out.is("client got", "%s", frames(client))
	out.is("server got", "%s", frames(server))
	if client.how != open {
		out.late("client's end", client.at.Sub(at))
	}
	if server.how != open {
		out.late("server's end", server.at.Sub(at))
	}
	if client.how == open && server.how == open {
		err := errors.Join(p.toServer(clientFrame(opText, "after")), p.toClient(serverFrame(opText, "after")))
		out.is("echo afterwards", "%s", outcome(err))
	}
	return out
}

// newcomer is what a new client gets.
func newcomer(s scene) string {
	path, conn := s.up.expect(says(upgradeResponse))
	c, err := net.DialTimeout("tcp", s.addr, patience)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "refused"
	}
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	_, _ = c.Write([]byte(strings.Replace(upgradeRequest, "%s", path, 1)))
	head, err := readHead(c, 3*time.Second)
	select {
	case up := <-conn:
		up.Close()
	default:
	}
	if err != nil {
		return "no answer"
	}
	status, _, _ := strings.Cut(head, "\r\n")
	return status
}
