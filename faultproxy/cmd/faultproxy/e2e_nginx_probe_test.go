package main_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"
)

// The probe of a middlebox: a client and an upstream made of bare TCP
// connections, in one process and so with one clock, and the middlebox between
// them. It knows nothing of the kit and does not use its codec.

// watchLimit is how long a side is watched for its end. It is three times the
// idle timeout under test.
const watchLimit = 6 * time.Second

// pair is one WebSocket through the middlebox, after the 101.
type pair struct {
	client   *net.TCPConn // the client's connection to the middlebox
	upstream *net.TCPConn // the middlebox's connection to the upstream
	// lastByte is when the last byte was seen at its receiver.
	lastByte time.Time
	// noClientWrites and noUpstreamWrites say that the side has ended its own
	// stream, so that the middlebox can no longer be asked with a write.
	noClientWrites, noUpstreamWrites bool
}

// outcome is what both sides saw of a connection's end. Outcomes of two
// middleboxes can be compared with ==.
type outcome struct {
	Client, Upstream           string // how the side's stream ended: FIN, RST, open (not at all)
	ToClient, ToUpstream       string // the bytes that arrived before that
	ClientReset, UpstreamReset bool   // a write after the end is answered by a reset: the middlebox has closed fully
}

func (o outcome) String() string {
	return fmt.Sprintf("client: %q then %s, later writes reset: %t; upstream: %q then %s, later writes reset: %t",
		o.ToClient, o.Client, o.ClientReset, o.ToUpstream, o.Upstream, o.UpstreamReset)
}

// upstream accepts the middlebox's connections and hands each to whoever waits
// for the path of its request.
type upstream struct {
	ln    net.Listener
	conns map[string]chan *net.TCPConn // by path; fixed before serve
	serve func(path string, c *net.TCPConn, r *bufio.Reader) error
}

func (u *upstream) addr() string { return u.ln.Addr().String() }

func listenUpstream(paths []string, serve func(string, *net.TCPConn, *bufio.Reader) error) (*upstream, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	u := &upstream{ln: ln, conns: map[string]chan *net.TCPConn{}, serve: serve}
	for _, p := range paths {
		u.conns[p] = make(chan *net.TCPConn, 1)
	}
	go u.accept()
	return u, nil
}

func (u *upstream) accept() {
	for {
		c, err := u.ln.Accept()
		if err != nil {
			return
		}
		go u.handshake(c.(*net.TCPConn))
	}
}

// handshake reads the head byte by byte, so that what follows it stays in the
// socket, and leaves the answer to serve.
func (u *upstream) handshake(c *net.TCPConn) {
	r := bufio.NewReaderSize(oneByte{c}, 16)
	req, err := http.ReadRequest(r)
	if err != nil {
		c.Close()
		return
	}
	if err := u.serve(req.URL.Path, c, r); err != nil {
		c.Close()
		return
	}
	if ch, ok := u.conns[req.URL.Path]; ok {
		ch <- c
	}
}

// oneByte reads a byte at a time, so that a bufio.Reader on top of it never
// holds more than was asked for.
type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:1]) }

// The key and its answer are the example of RFC 6455, 1.3.
const (
	upgradeRequest = "GET %s HTTP/1.1\r\nHost: example.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	upgradeResponse = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)

// connect opens a WebSocket through the middlebox at addr. The client sends
// withRequest in the same segment as its request.
func connect(addr, path, withRequest string, u *upstream) (*pair, error) {
	c, err := net.DialTimeout("tcp", addr, watchLimit)
	if err != nil {
		return nil, err
	}
	p := &pair{client: c.(*net.TCPConn)}
	if err := p.open(path, withRequest, u); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *pair) open(path, withRequest string, u *upstream) error {
	if _, err := fmt.Fprintf(p.client, upgradeRequest+"%s", path, withRequest); err != nil {
		return err
	}
	r := bufio.NewReaderSize(oneByte{p.client}, 16)
	if err := p.client.SetReadDeadline(time.Now().Add(watchLimit)); err != nil {
		return err
	}
	resp, err := http.ReadResponse(r, &http.Request{Method: http.MethodGet})
	if err != nil {
		return fmt.Errorf("answer to the upgrade: %w", err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("answer to the upgrade: %s", resp.Status)
	}
	select {
	case p.upstream = <-u.conns[path]:
	case <-time.After(watchLimit):
		return errors.New("the upgrade did not reach the upstream")
	}
	p.lastByte = time.Now()
	return nil
}

func (p *pair) close() {
	for _, c := range []*net.TCPConn{p.client, p.upstream} {
		if c != nil {
			c.Close()
		}
	}
}

// toUpstream sends from the client and waits until the upstream has it.
func (p *pair) toUpstream(b []byte) error { return p.pass(p.client, p.upstream, b) }

// toClient sends from the upstream and waits until the client has it.
func (p *pair) toClient(b []byte) error { return p.pass(p.upstream, p.client, b) }

func (p *pair) pass(from, to *net.TCPConn, b []byte) error {
	if _, err := from.Write(b); err != nil {
		return err
	}
	got := make([]byte, len(b))
	if err := to.SetReadDeadline(time.Now().Add(watchLimit)); err != nil {
		return err
	}
	if _, err := io.ReadFull(to, got); err != nil {
		return fmt.Errorf("pass %d bytes on: %w", len(b), err)
	}
	if !bytes.Equal(got, b) {
		return fmt.Errorf("sent %x, arrived %x", b, got)
	}
	p.lastByte = time.Now()
	return nil
}

// ending is how one side's stream ended.
type ending struct {
	how  string
	at   time.Time
	data []byte
}

// gone is how the stream of a side ended that has reset its connection.
const gone = "gone"

func watch(c *net.TCPConn) <-chan ending {
	ch := make(chan ending, 1)
	if c == nil {
		ch <- ending{how: gone}
		return ch
	}
	go func() {
		if err := c.SetReadDeadline(time.Now().Add(watchLimit)); err != nil {
			ch <- ending{how: err.Error(), at: time.Now()}
			return
		}
		data, err := io.ReadAll(c)
		e := ending{at: time.Now(), data: data}
		var timeout net.Error
		switch {
		case err == nil:
			e.how = "FIN"
		case errors.Is(err, syscall.ECONNRESET):
			e.how = "RST"
		case errors.As(err, &timeout) && timeout.Timeout():
			e.how = "open"
		default:
			e.how = err.Error()
		}
		ch <- e
	}()
	return ch
}

// ends watches both sides to their end. took is the time from the last byte to
// the end of the client's stream, or of the upstream's if the client left.
func (p *pair) ends() (o outcome, took time.Duration) {
	inClient, inUpstream := watch(p.client), watch(p.upstream)
	client, up := <-inClient, <-inUpstream
	ended := client.at
	if client.how == gone {
		ended = up.at
	}
	o = outcome{
		Client: client.how, Upstream: up.how,
		ToClient: string(client.data), ToUpstream: string(up.data),
		ClientReset:   client.how == "FIN" && !p.noClientWrites && drawsReset(p.client),
		UpstreamReset: up.how == "FIN" && !p.noUpstreamWrites && drawsReset(p.upstream),
	}
	return o, ended.Sub(p.lastByte)
}

// drawsReset says whether the peer answers data with a reset, which a socket does
// that was closed, and one that was only shut down for writing does not.
func drawsReset(c *net.TCPConn) bool {
	for range 25 {
		if _, err := c.Write([]byte{0x8a, 0x80, 0, 0, 0, 0}); err != nil { // an empty pong
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

// clientFrame is a masked frame with an all-zero key, as a client may send it.
func clientFrame(first byte, payload string) []byte {
	return append([]byte{first, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)
}

// serverFrame is an unmasked frame.
func serverFrame(first byte, payload string) []byte {
	return append([]byte{first, byte(len(payload))}, payload...)
}

// The first bytes of the frames the probe sends: FIN and the opcode.
const (
	opText  = 0x81
	opClose = 0x88
	opPing  = 0x89
)
