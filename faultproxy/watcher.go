package faultproxy

import (
	"context"
	"net"
	"os"
	"time"

	"errors"
)

// watcher reads a client while its handshake is under way, to notice that it
// leaves, and keeps what it sends.
type watcher struct {
	conn    net.Conn
	gone    chan struct{} // closed when the client left
	stopped chan struct{} // closed when the goroutine has ended
	got     []byte        // until stopped, the goroutine's
	err     error         // why the client counts as gone
}

// watch starts to watch a client. got is what it sent behind its request.
func watch(c net.Conn, got []byte) *watcher {
	w := &watcher{conn: c, gone: make(chan struct{}), stopped: make(chan struct{}), got: got}
	go w.run()
	return w
}

func (w *watcher) run() {
	defer close(w.stopped)
	lent := lend(false)
	defer giveBack(lent)
	for len(w.got) < maxHeld {
		n, err := w.conn.Read(*lent)
		w.got = append(w.got, (*lent)[:n]...)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		if err != nil {
			w.err = err
			close(w.gone)
			return
		}
	}
}

// stop ends the watching and returns what the client sent; false means that it left.
func (w *watcher) stop() ([]byte, bool) {
	_ = w.conn.SetReadDeadline(time.Unix(1, 0))
	<-w.stopped
	_ = w.conn.SetReadDeadline(time.Time{})
	return w.got, !w.left()
}

func (w *watcher) left() bool {
	select {
	case <-w.gone:
		return true
	default:
		return false
	}
}

// context is done when the client leaves or done is closed. cancel must be called;
// it leaves no goroutine.
func (w *watcher) context(done <-chan struct{}) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-w.gone:
		case <-done:
		case <-ctx.Done():
		}
		cancel()
	}()
	return ctx, func() {
		cancel()
		<-ended
	}
}
