package thirdparty

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/coder/websocket"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
)

type coderConn struct{ *websocket.Conn }

func dialCoder(ctx context.Context, srv *fake.Server) (plainConn, error) {
	ws, err := coder(ctx, srv)
	return coderConn{ws}, err
}

func coder(ctx context.Context, srv *fake.Server, subprotocols ...string) (*websocket.Conn, error) {
	ws, _, err := websocket.Dial(ctx, srv.URL, &websocket.DialOptions{
		HTTPClient:   &http.Client{Transport: &http.Transport{DialContext: dialing(srv)}},
		Subprotocols: subprotocols,
	})
	return ws, err
}

func (c coderConn) send(text string) error {
	return c.Write(context.Background(), websocket.MessageText, []byte(text))
}

func (c coderConn) receive(within time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	_, text, err := c.Read(ctx)
	return string(text), err
}

func (c coderConn) closed(err error) (int, string, bool) {
	var ce websocket.CloseError
	ok := errors.As(err, &ce)
	return int(ce.Code), ce.Reason, ok
}

func (c coderConn) timedOut(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

func (c coderConn) drop() { _ = c.CloseNow() }
