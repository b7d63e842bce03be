package faultproxy

import (
	"crypto/tls"
	"net"
	"sync/atomic"
	"time"
)

// peer is one end of a proxied connection as the proxy holds it.
type peer struct {
	conn     net.Conn    // what to read and write: TLS, or the socket itself
	pre      []byte      // read ahead during the handshake, not yet processed
	gone     atomic.Bool // the socket was closed from here
	fin      atomic.Bool // its FIN was read: nobody reads it any more
	notified atomic.Bool // a close_notify was sent on TLS
	abrupt   atomic.Bool // no close_notify is sent
	rst      atomic.Bool // a write met its reset, which a read then may not see (Linux tells once)
}

// socket is the connection below TLS.
func (p *peer) socket() net.Conn { return below(p.conn) }

func below(c net.Conn) net.Conn {
	for {
		switch t := c.(type) {
		case *tls.Conn:
			c = t.NetConn()
		case *prefixConn:
			c = t.Conn
		default:
			return c
		}
	}
}

// closeWrite sends a FIN, behind a close_notify on TLS.
func (p *peer) closeWrite() error {
	if t, ok := p.conn.(*tls.Conn); ok && !p.abrupt.Load() {
		// The FIN below matters more, also to a peer that does not read.
		p.notified.Store(true)
		cut := time.AfterFunc(notifyFor, func() { _ = p.socket().SetWriteDeadline(time.Unix(1, 0)) })
		_ = t.CloseWrite()
		cut.Stop()
	}
	return shutdownWrite(p.socket())
}

func shutdownWrite(c net.Conn) error {
	if w, ok := c.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return c.Close()
}

// shut closes the socket at once.
func (p *peer) shut() {
	if !p.gone.Swap(true) {
		_ = p.socket().Close()
	}
}

// notifyFor is how long a peer on TLS that does not read may hold up its
// close_notify.
const notifyFor = time.Second

// close closes the socket, behind a close_notify on TLS, which waits for a peer
// that does not read: spawn runs it elsewhere.
func (p *peer) close(spawn func(func())) {
	switch t, ok := p.conn.(*tls.Conn); {
	case p.gone.Swap(true):
	case ok && (p.notified.Load() || p.abrupt.Load()): // or it is stuck, and TLS locked
		_ = t.NetConn().Close()
	case ok:
		p.interrupt() // a close_notify that is stuck holds a mutex, which must not be waited for
		spawn(func() {
			cut := time.AfterFunc(notifyFor, func() { _ = t.NetConn().Close() })
			_ = t.CloseWrite() // Close leaves its close_notify out while a Write is about to return
			_ = t.Close()
			cut.Stop()
		})
	default:
		_ = p.conn.Close()
	}
}

// reset closes the socket with an RST.
func (p *peer) reset() {
	if !p.gone.Swap(true) {
		resetConn(p.socket())
	}
}

func resetConn(c net.Conn) {
	if l, ok := c.(interface{ SetLinger(sec int) error }); ok {
		_ = l.SetLinger(0)
	}
	_ = c.Close()
}

// interrupt makes a write in progress return, so that its owner can look at what
// is wanted of it.
func (p *peer) interrupt() { _ = p.socket().SetWriteDeadline(time.Unix(1, 0)) }
