package heartbeat

import (
	"fmt"
	"time"
)

// What the reference server announces by default: pingInterval and pingTimeout of
// https://socket.io/docs/v4/server-options/.
const (
	engineIOInterval = 25 * time.Second
	engineIOTimeout  = 20 * time.Second
)

// EngineIO is Engine.IO 4, on which Socket.IO 3 and later is built: the server sends
// the text "2" every interval and the client answers "3". The server announces
// interval and timeout, in whole milliseconds, in the packet it opens with, and a
// client that has received no "2" for both together gives up. Implementations
// default to 25 s and 20 s.
//
// It is about connections that begin as WebSocket (transports: ["websocket"]);
// those that begin with long polling have a handshake over HTTP instead of the
// opening packet. The session identifier is "heartbreak-" and the number of the
// connection.
//
// Source: https://socket.io/docs/v4/engine-io-protocol/, sections Handshake and
// Heartbeat.
func EngineIO(interval, timeout time.Duration) Dialect {
	d := Dialect{
		Name:     nameEngineIO,
		Source:   "https://socket.io/docs/v4/engine-io-protocol/",
		By:       Server,
		Interval: interval,
		Beat:     textForm("2"),
		Answer:   textForm("3"),
		Greeting: []Template{text(fmt.Sprintf(
			`0{"sid":"heartbreak-{n}","upgrades":[],"pingInterval":%d,"pingTimeout":%d,"maxPayload":1000000}`,
			interval.Milliseconds(), timeout.Milliseconds()))},
	}
	if interval != engineIOInterval || timeout != engineIOTimeout {
		d.Name = fmt.Sprintf("%s:%v/%v", nameEngineIO, interval, timeout)
	}
	return d
}
