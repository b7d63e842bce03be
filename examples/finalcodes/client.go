// Package finalcodes is a client that stops when it is told to.
//
// Not every end is an accident. 1000 says that all is done, and 4401 (the application's
// own, after HTTP's 401) that the login is not valid: the same token will not do better
// in a second. A client that reconnects all the same is a small attack on its own server.
// It must tell final codes from the others, and tell its caller.
package finalcodes

import (
	"context"
	"errors"
	"time"

	"github.com/gorilla/websocket"
)

// tryAgain is the wait before the next attempt, after an end that is not final.
const tryAgain = time.Second

// Run keeps a connection until ctx is done, or the server says that it is over. It
// returns nil after 1000, and the *websocket.CloseError after 4401.
func Run(ctx context.Context, d *websocket.Dialer, url string) error {
	for ctx.Err() == nil {
		err := read(ctx, d, url)
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			switch closed.Code {
			case websocket.CloseNormalClosure:
				return nil
			case 4401:
				return closed
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(tryAgain):
		}
	}
	return ctx.Err()
}

// read connects and reads until the connection ends, and returns how.
func read(ctx context.Context, d *websocket.Dialer, url string) error {
	ws, _, err := d.DialContext(ctx, url, nil)
	if err != nil {
		return err
	}
	defer ws.Close()
	defer context.AfterFunc(ctx, func() { ws.Close() })()
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			return err
		}
	}
}
