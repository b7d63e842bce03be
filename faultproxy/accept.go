package faultproxy

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// accept is the goroutine that serves the listener.
func (p *Proxy) accept() {
	defer p.leave()
	pause := time.Duration(0)
	for {
		c, err := p.port.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // such as too many open files: it may pass, as net/http hopes too
			if pause == 0 {
				p.fail(0, "accept", err)
			}
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			if !p.pause(pause) {
				return
			}
			continue
		}
		pause = 0
		if !p.track(c) {
			_ = c.Close()
			continue
		}
		go p.serve(c)
	}
}

// pause waits; false means that the proxy closes.
func (p *Proxy) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-p.done:
		return false
	}
}

// track takes a connection and a goroutine for it into the proxy's care.
func (p *Proxy) track(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return false
	}
	p.running++
	p.pending[c] = struct{}{}
	return true
}

func (p *Proxy) untrack(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.pending, c)
}

// fail records that something failed.
func (p *Proxy) fail(conn int, what string, err error) {
	p.Timeline.Append(timeline.Record{At: p.Timeline.Now(), Conn: conn, Kind: timeline.KindError,
		Fields: []timeline.Field{{Name: "what", Value: what}, {Name: "error", Value: err.Error()}}})
}

// serve is the goroutine of one accepted connection, until it is a link, or over.
func (p *Proxy) serve(c net.Conn) {
	defer p.leave()
	kept := false
	defer func() {
		p.untrack(c)
		if !kept {
			_ = c.Close()
		}
	}()
	now := p.Timeline.Now()
	p.Timeline.Append(timeline.Record{At: now, Kind: timeline.KindAccepted, Fields: []timeline.Field{
		{Name: "remote", Value: c.RemoteAddr().String()}}})
	plan := p.askAccept(now)
	switch {
	case plan.refuse:
		p.mute(c, errors.New("reset as it was accepted"), plan.by)
		resetConn(c)
		return
	case plan.delay > 0 && !p.pause(plan.delay):
		return
	case plan.hang:
		w := watch(c, nil)
		select {
		case <-w.gone:
			p.mute(c, fmt.Errorf("left unanswered, after %d bytes", len(w.got)), plan.by)
		case <-p.done:
		}
		w.stop()
		return
	}
	o := &opener{p: p, conn: c, plan: plan}
	if p.target.relays {
		if o.greet() {
			kept = p.relay(c, o.conn)
		}
		return
	}
	for next := o.open(); next != nil; {
		kept, next = p.request(c, o.conn, next)
	}
}

// request serves what a client asks for. It reports whether somebody else owns the
// connection from then on; else next is the client's next request, if it may have one.
func (p *Proxy) request(socket, client net.Conn, r *request) (kept bool, next *request) {
	h := parseHead(r.raw)
	err := r.err
	if err == nil {
		err = h.checkRequestLine()
	}
	switch {
	case err != nil:
		p.badRequest(client, r.raw, err)
		return false, nil
	case h.isUpgrade():
		return p.upgrade(socket, client, h, r.rest)
	}
	return p.httpIn.hand(&prefixConn{Conn: client, pre: append(r.raw, r.rest...)}), nil
}

// askAccept asks the rules about a connection that was just accepted.
func (p *Proxy) askAccept(now time.Duration) *Plan {
	plan := &Plan{stage: StageAccept, at: now, proxy: p}
	for _, a := range p.rules.Load().accept {
		if p.askOne(a, plan, frame.ToClient) && a.Final {
			break
		}
	}
	return plan
}

// mute records a connection that ended without a request, of a rule's doing if rule
// is not 0.
func (p *Proxy) mute(c net.Conn, err error, rule ruleRef) {
	p.Timeline.Append(timeline.Record{At: p.Timeline.Now(), Kind: timeline.KindMute, Rule: rule, Fields: []timeline.Field{
		{Name: "remote", Value: c.RemoteAddr().String()}, {Name: "error", Value: err.Error()}}})
}

// badHello ends a connection that brought no TLS handshake, or not a good one.
func (p *Proxy) badHello(c net.Conn, err error, rule ruleRef) {
	var plain tls.RecordHeaderError
	if errors.As(err, &plain) && plain.Conn != nil && checkRequest(plain.RecordHeader[:]) == nil {
		p.badRequest(c, nil, errPlain)
		return
	}
	p.mute(c, fmt.Errorf("TLS handshake: %w", err), rule)
}

var errPlain = &badHead{http.StatusBadRequest, "plain HTTP on a port with TLS: use wss:// or https://"}

// badRequest ends a connection that brought no request.
func (p *Proxy) badRequest(c net.Conn, raw []byte, err error) {
	var bad *badHead
	switch {
	case errors.As(err, &bad):
	case errors.Is(err, io.EOF) && len(raw) == 0:
		err = errors.New("closed without a request")
	case errors.Is(err, io.EOF):
		err = fmt.Errorf("closed in the middle of its request, after %d bytes", len(raw))
	default:
		var ne net.Error
		if errors.As(err, &ne) && ne.Timeout() {
			bad = &badHead{http.StatusRequestTimeout, fmt.Sprintf("no whole request within %v", headTimeout)}
			err = bad
		}
	}
	p.mute(c, err, 0)
	if bad == nil || bad.status == 0 {
		return
	}
	_ = c.SetWriteDeadline(time.Now().Add(closeFor))
	_, _ = c.Write((&Page{Body: "faultproxy: " + bad.text + "\n"}).bytes(bad.status, true))
	drain(c)
}

// drain ends a connection in order: FIN, then read and discard until the peer's, 2 s at most.
func drain(c net.Conn) {
	_ = c.SetReadDeadline(time.Now().Add(lingerFor))
	halfClose(c)
}

// halfClose sends a FIN and reads on until the peer's.
func halfClose(c net.Conn) {
	if (&peer{conn: c}).closeWrite() == nil {
		_, _ = io.Copy(io.Discard, c)
	}
}
