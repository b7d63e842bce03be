package thirdparty

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

type gobwasConn struct {
	net.Conn
	early *bufio.Reader // what came with the 101; nil if nothing did
}

func dialGobwas(ctx context.Context, srv *fake.Server) (plainConn, error) {
	dialer := ws.Dialer{NetDial: dialing(srv)}
	conn, early, _, err := dialer.Dial(ctx, srv.URL)
	return gobwasConn{conn, early}, err
}

func (c gobwasConn) Read(p []byte) (int, error) {
	if c.early != nil && c.early.Buffered() > 0 {
		return c.early.Read(p)
	}
	return c.Conn.Read(p)
}

func (c gobwasConn) send(text string) error {
	return wsutil.WriteClientText(c.Conn, []byte(text))
}

func (c gobwasConn) receive(within time.Duration) (string, error) {
	if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
		return "", err
	}
	text, err := wsutil.ReadServerText(struct {
		io.Reader
		io.Writer
	}{c, c.Conn})
	return string(text), err
}

func (c gobwasConn) closed(err error) (int, string, bool) {
	var ce wsutil.ClosedError
	ok := errors.As(err, &ce)
	return int(ce.Code), ce.Reason, ok
}

func (c gobwasConn) timedOut(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

func (c gobwasConn) drop() { _ = c.Close() }

// gobwas/ws reports a Close 1012 to who reads frames. The handlers of its wsutil
// know no code beyond 1011: they take a restart for a mistake of the server, and
// answer it with a Close whose header does not say that it is masked (seen in 1.4.0).
func TestGobwasAndRestart(t *testing.T) {
	restarted := func(t *testing.T) (*fake.Server, gobwasConn) {
		srv := fake.InMemory(t, fake.Silent)
		conn, err := dialGobwas(t.Context(), srv)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.drop)
		_ = srv.Conn(1).SendClose(1012, "restart")
		return srv, conn.(gobwasConn)
	}
	t.Run("frames", func(t *testing.T) {
		inVirtualTime(t, 0, func(t *testing.T) {
			_, conn := restarted(t)
			f, err := ws.ReadFrame(conn)
			if code, reason := ws.ParseCloseFrameData(f.Payload); err != nil || code != 1012 || reason != "restart" {
				t.Errorf("the client reports %d %q (%v), want 1012 \"restart\"", code, reason, err)
			}
		})
	})
	t.Run("wsutil", func(t *testing.T) {
		inVirtualTime(t, 0, func(t *testing.T) {
			srv, conn := restarted(t)
			if _, err := conn.receive(time.Second); !errors.Is(err, ws.ErrProtocolStatusCodeUnknown) {
				t.Errorf("the client reports %v, want %v", err, ws.ErrProtocolStatusCodeUnknown)
			}
			e, err := srv.Timeline.Wait(t.Context(), timeline.KindError)
			if err != nil || !strings.Contains(e.Field("error"), "is not masked") {
				t.Errorf("the server reports %v (%v), want that the client's Close is not masked", e, err)
			}
		})
	})
}
