package fakeserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// attempt is an upgrade attempt on its way to a connection.
type attempt struct {
	s      *Server
	c      *Conn
	req    *http.Request
	accept answer        // of the 101
	buffer *bufio.Reader // for what the client sends
	left   error         // why the client counts as gone
}

// upgrade handles an upgrade request, until the connection is open or over. A match
// of a user that panics while a handler is chosen is a failure.
func (s *Server) upgrade(w http.ResponseWriter, req *http.Request) {
	var conn net.Conn
	defer func() {
		if why := recover(); why != nil {
			s.failed(Failure{Text: fmt.Sprintf("choosing a handler panicked: %v\n%s", why, stack())})
			if conn != nil {
				hardClose(conn)
			}
		}
	}()
	conn, brw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		s.fail(0, "taking over the connection", err)
		return
	}
	_ = conn.SetDeadline(time.Time{})
	pre, _ := brw.Reader.Peek(brw.Reader.Buffered())
	a := s.begin(req, conn, append([]byte(nil), pre...))
	brw.Reader.Reset(nil)
	if a == nil {
		hardClose(conn)
		return
	}
	a.buffer = brw.Reader
	a.c.record(timeline.Record{Kind: timeline.KindRequest, Dir: frame.ToServer, Seen: timeline.Arrived, Fields: requestFields(req)})
	a.run()
}

// begin numbers an attempt and finds its handler; nil if the server is closing.
func (s *Server) begin(req *http.Request, conn net.Conn, pre []byte) *attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil
	}
	s.attempts++
	s.running++ // until Conn.ended
	c := s.conn(s.attempts)
	h, ok := s.choose(req)
	a := &attempt{s: s, c: c, req: req, accept: answer{status: http.StatusSwitchingProtocols}}
	c.mu.Lock()
	c.req = req.WithContext(context.Background()) // without what the HTTP server ties to it
	c.conn, c.pre, c.handler, c.state = conn, pre, h, attempted
	if !ok {
		c.handler = Handler{text: s.AfterLast.String(), before: []HandshakeStep{nobodyStep{}}}
	}
	c.mu.Unlock()
	s.live[c] = struct{}{}
	return a
}

// run plays the handshake steps and answers.
func (a *attempt) run() {
	if !a.pick() {
		a.over()
		return
	}
	for _, step := range a.c.handler.before {
		if !a.play(step) {
			a.over()
			return
		}
	}
	if !a.open() {
		a.over()
	}
}

// play runs a step; one that panics is a failure and closes the connection.
func (a *attempt) play(step HandshakeStep) (goOn bool) {
	defer func() {
		if why := recover(); why != nil {
			a.c.crashed(fmt.Sprintf("%v of %v panicked before the 101: %v\n%s", step, a.c.handler, why, stack()))
			goOn = false
		}
	}()
	return step.shake(a)
}

// over ends an attempt that did not become a connection.
func (a *attempt) over() {
	c := a.c
	c.mu.Lock()
	c.state = isOver
	if c.refused == "" {
		c.refused = "ended before it opened"
	}
	why := c.refused
	c.mu.Unlock()
	c.shut(timeline.Record{}, hardClose)
	c.ended("it " + why)
}

// wait passes the time d (negative: without end); false means that the client left
// or the server closes, and that the attempt is over.
func (a *attempt) wait(d time.Duration) bool {
	if d == 0 {
		return true
	}
	gone, watched := make(chan struct{}), make(chan struct{})
	go a.watch(gone, watched)
	defer func() {
		_ = a.c.conn.SetReadDeadline(time.Unix(1, 0))
		<-watched
		_ = a.c.conn.SetReadDeadline(time.Time{})
	}()
	var after <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		after = t.C
	}
	select {
	case <-after:
		return true
	case <-gone:
		a.clientLeft()
	case <-a.c.cutC:
	}
	return false
}

// watch is the goroutine that notices that a client leaves while it has to wait,
// and keeps what it sends.
func (a *attempt) watch(gone, done chan<- struct{}) {
	defer close(done)
	b := make([]byte, 4096)
	for len(a.c.pre) < maxPending {
		n, err := a.c.conn.Read(b)
		a.c.pre = append(a.c.pre, b[:n]...)
		if err == nil {
			continue
		}
		var ne net.Error
		if !errors.As(err, &ne) || !ne.Timeout() {
			a.left = err
			close(gone)
		}
		return
	}
}

// clientLeft records how the client ended a handshake.
func (a *attempt) clientLeft() {
	kind := timeline.KindFIN
	if isReset(a.left) {
		kind = timeline.KindRST
	}
	a.refuse("ended before it opened: the client left")
	a.c.record(timeline.Record{Kind: kind, Dir: frame.ToServer, Seen: timeline.Arrived})
}

// refuse notes why the connection will not open.
func (a *attempt) refuse(why string) {
	a.c.mu.Lock()
	a.c.refused = why
	a.c.mu.Unlock()
}

// reply sends an answer other than the 101 and ends the attempt in order: a FIN,
// then what the client still sends is read until its own, 2 s at most.
func (a *attempt) reply(ans answer) {
	raw, fields := ans.bytes(a.req)
	a.send(ans.status, raw, fields)
}

func (a *attempt) send(status int, raw []byte, fields []field) {
	a.refuse(fmt.Sprintf("did not open: the server answered %d", status))
	a.respond(status, fields)
	conn := a.c.conn
	_ = conn.SetWriteDeadline(time.Now().Add(closeFor))
	if _, err := conn.Write(raw); err != nil {
		return
	}
	a.linger()
}

// linger sends a FIN and reads on until the client's.
func (a *attempt) linger() {
	conn := a.c.conn
	closeWrite(socket(conn))
	_ = conn.SetReadDeadline(time.Now().Add(lingerFor))
	_, _ = io.Copy(io.Discard, conn)
}

// respond records an answer.
func (a *attempt) respond(status int, fields []field) {
	list := []timeline.Field{{Name: "status", Value: strconv.Itoa(status)}}
	for _, f := range fields {
		list = append(list, timeline.Field{Name: strings.ToLower(f.name), Value: f.value})
	}
	a.c.record(timeline.Record{Kind: timeline.KindResponse, Dir: frame.ToClient, Seen: timeline.Left, Fields: list})
}

// open sends the 101; from there on the connection is open. false means that it
// is not.
func (a *attempt) open() bool {
	status, fields, body := a.negotiate()
	if status != http.StatusSwitchingProtocols {
		a.reply(answer{status: status, header: fields, body: body})
		return false
	}
	fields = a.edit(fields)
	var b strings.Builder
	b.WriteString("HTTP/1.1 101 Switching Protocols\r\n")
	for _, f := range fields {
		b.WriteString(f.name + ": " + f.value + "\r\n")
	}
	b.WriteString("\r\n" + expand(a.req, a.accept.body))
	c, h := a.c, a.c.handler
	c.mu.Lock()
	c.deflate = strings.HasPrefix(value(fields, "Sec-WebSocket-Extensions"), "permessage-deflate")
	c.sub = value(fields, "Sec-WebSocket-Protocol")
	if c.gone {
		c.mu.Unlock()
		return false
	}
	c.state = isOpen
	c.refs, c.out.busy = 2, true // the reader, and the writer of the 101
	c.serving = h.serve != nil
	c.mu.Unlock()
	a.respond(status, fields)
	var opened []timeline.Field
	if c.deflate {
		opened = append(opened, timeline.Field{Name: "deflate", Value: "no context takeover"})
	}
	c.record(timeline.Record{Kind: timeline.KindOpened, Fields: opened})
	c.script = c.newScript()
	if h.open != nil { // what it sends goes out behind the 101
		c.guard(h.String(), func() { h.open(c) })
	}
	if h.serve != nil {
		a.s.mu.Lock()
		a.s.running++
		a.s.mu.Unlock()
	}
	if _, err := c.conn.Write([]byte(b.String())); err != nil {
		c.writeFailed(err)
	}
	go c.read(a.buffer)
	if h.serve != nil {
		go c.serveIt()
	}
	a.s.hasOpened(c)
	c.write()
	return true
}

func requestFields(req *http.Request) []timeline.Field {
	list := []timeline.Field{{Name: "method", Value: req.Method}, {Name: "target", Value: req.RequestURI}, {Name: "host", Value: req.Host}}
	return append(list, headerFields(req.Header)...)
}

// stack is the present goroutine's stack, for a failure.
func stack() string { return strings.TrimSpace(string(debug.Stack())) }
