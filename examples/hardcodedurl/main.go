// Hardcodedurl is a client whose address cannot be changed: the URL is a constant, and
// nothing about the connection can be set from outside.
//
// It need not be changed. It can be led elsewhere, by what it asks on its way:
//   - HTTPS_PROXY (HTTP_PROXY for ws), which most clients follow or have an option for: the
//     proxy answers CONNECT for whatever host;
//   - the dialer it uses, if that is a variable, as websocket.DefaultDialer is: a test sets
//     its NetDialContext, and the virtual network has the host by its own name;
//   - an entry in the hosts file, with the proxy on the URL's own port: it has a
//     certificate for each name it is asked for.
//
// For wss the client has to trust the proxy's authority, which is a file for programs
// (SSL_CERT_FILE in Go) and Proxy.CertPool in a Go test.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/gorilla/websocket"
)

const url = "wss://stream.example.com/v1/prices"

func main() {
	price, err := first(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(price)
}

// first returns the first message of the stream.
func first(ctx context.Context) (string, error) {
	ws, _, err := websocket.DefaultDialer.DialContext(ctx, url, nil)
	if err != nil {
		return "", err
	}
	defer ws.Close()
	defer context.AfterFunc(ctx, func() { ws.Close() })()
	_, message, err := ws.ReadMessage()
	return string(message), err
}
