package specimen

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gorilla/websocket"
)

// connect makes one attempt. Without a connection the outcome says what is next.
func (l *life) connect() (*websocket.Conn, outcome) {
	ctx, cancel := context.WithCancel(l.killed)
	defer cancel()
	watched := make(chan struct{})
	go func() { // Stop ends an attempt, too
		defer close(watched)
		select {
		case <-l.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	defer func() { cancel(); <-watched }()

	keep := func() bool { return true }
	d := websocket.Dialer{
		NetDialContext: func(dialing context.Context, network, addr string) (net.Conn, error) {
			conn, err := l.cfg.Dial(dialing, network, addr)
			if err == nil {
				keep = closeWith(ctx, conn)
			}
			return conn, err
		},
		ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10, // messages are short, and clients many
	}
	if l.cfg.ConnectTimeout > 0 {
		d.HandshakeTimeout = l.cfg.ConnectTimeout
	}
	if p := l.cfg.Dialect.Subprotocol; p != "" {
		d.Subprotocols = []string{p}
	}
	ws, res, err := d.DialContext(ctx, l.cfg.URL, l.cfg.Header)
	switch kept := keep(); {
	case err == nil && kept:
		return ws, outcome{}
	case l.ended():
		return nil, outcome{}
	case errors.Is(err, websocket.ErrBadHandshake) && res != nil:
		return nil, l.refused(res)
	}
	l.report("failed", "error", err.Error())
	return nil, outcome{}
}

// closeWith closes a connection when the context ends, which gorilla does not look at
// during the handshake, until keep is called; keep says whether it came in time.
func closeWith(ctx context.Context, conn net.Conn) (keep func() bool) {
	closed := make(chan struct{})
	forget := context.AfterFunc(ctx, func() {
		defer close(closed)
		_ = conn.Close()
	})
	return func() bool {
		if forget() {
			return true
		}
		<-closed
		return false
	}
}

// refused is about an answer other than 101.
func (l *life) refused(res *http.Response) outcome {
	l.report("failed", "status", strconv.Itoa(res.StatusCode))
	if slices.Contains(l.cfg.GiveUpStatuses, res.StatusCode) {
		return outcome{final: "status " + strconv.Itoa(res.StatusCode)}
	}
	if l.cfg.bugs.ignoresRetryAfter {
		return outcome{}
	}
	return outcome{atLeast: retryAfter(res.Header.Get("Retry-After"), time.Now())}
}

// retryAfter reads the value of a Retry-After header: seconds or a date (RFC 9110
// section 10.2.3); 0 if it is neither.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}
