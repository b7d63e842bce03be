// Package slowconsumer is a slow consumer that still answers pings.
//
// Libraries answer pings while somebody reads, and only then. A client that handles each
// message before it reads the next one is mute for as long as it works: the server's ping
// waits behind the messages, the pong comes too late, and the server takes the client for
// dead. So reading and handling must be two goroutines, with a queue between them that
// has an end: here the oldest message gives way, for prices only the newest is worth
// anything.
package slowconsumer

import (
	"context"

	"github.com/gorilla/websocket"
)

// queued is how many messages may wait for the handler.
const queued = 4

// Listen hands messages to handle, which may take its time, until the connection ends or
// ctx is done.
func Listen(ctx context.Context, d *websocket.Dialer, url string, handle func([]byte)) error {
	ws, _, err := d.DialContext(ctx, url, nil)
	if err != nil {
		return err
	}
	defer ws.Close()
	defer context.AfterFunc(ctx, func() { ws.Close() })()

	queue := make(chan []byte, queued)
	defer close(queue)
	go func() {
		for message := range queue {
			handle(message)
		}
	}()
	for {
		_, message, err := ws.ReadMessage() // answers pings meanwhile
		if err != nil {
			return err
		}
		push(queue, message)
	}
}

// push makes room for a message if there is none. Nobody else sends to the queue.
func push(queue chan []byte, message []byte) {
	for {
		select {
		case queue <- message:
			return
		default:
		}
		select {
		case <-queue:
		default:
		}
	}
}
