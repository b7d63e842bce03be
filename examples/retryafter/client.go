// Package retryafter is a client that honours 503 and Retry-After.
//
// A server that is full refuses the upgrade and says when it will have room. A browser
// hides that answer from its page; a Go client is given it, and must wait for as long as
// it is asked to (RFC 9110 section 10.2.3: seconds, or a date), neither less nor more.
package retryafter

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/websocket"
)

// tryAgain is the wait where the server asks for none.
const tryAgain = time.Second

// Dial connects, however often it is refused, until ctx is done.
func Dial(ctx context.Context, d *websocket.Dialer, url string) (*websocket.Conn, error) {
	for {
		ws, answer, err := d.DialContext(ctx, url, nil)
		if err == nil {
			return ws, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait(answer)):
		}
	}
}

// wait is how long a refusal asks to wait. answer is nil if there was none.
func wait(answer *http.Response) time.Duration {
	if answer == nil {
		return tryAgain
	}
	after := answer.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(after); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(after); err == nil && time.Until(date) > 0 {
		return time.Until(date)
	}
	return tryAgain
}
