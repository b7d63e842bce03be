package thirdparty

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/gorilla/websocket"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
)

type gorillaConn struct{ *websocket.Conn }

func dialGorilla(ctx context.Context, srv *fake.Server) (plainConn, error) {
	dialer := websocket.Dialer{NetDialContext: dialing(srv)}
	ws, _, err := dialer.DialContext(ctx, srv.URL, nil)
	return gorillaConn{ws}, err
}

func (c gorillaConn) send(text string) error {
	return c.WriteMessage(websocket.TextMessage, []byte(text))
}

func (c gorillaConn) receive(within time.Duration) (string, error) {
	if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
		return "", err
	}
	_, text, err := c.ReadMessage()
	return string(text), err
}

func (c gorillaConn) closed(err error) (int, string, bool) {
	var ce *websocket.CloseError
	if !errors.As(err, &ce) {
		return 0, "", false
	}
	return ce.Code, ce.Text, true
}

// timedOut asks as net.Error wants it: gorilla hides os.ErrDeadlineExceeded.
func (c gorillaConn) timedOut(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

func (c gorillaConn) drop() { _ = c.Close() }
