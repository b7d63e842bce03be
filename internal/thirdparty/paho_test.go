package thirdparty

import (
	"context"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/coder/websocket"
	mqtt "github.com/eclipse/paho.mqtt.golang"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// paho is the MQTT client of Eclipse Paho. Its own WebSocket transport takes no
// dialer; it takes a connection that somebody else has opened.
var paho = reconnectingClient{
	name:  "paho.mqtt",
	serve: fake.Func("MQTT broker", mqttBroker),
	start: startPaho,
	wait: func(n int) time.Duration {
		if n == 1 {
			return 0
		}
		return doubling(n, time.Second, 10*time.Minute)
	},
	// A PINGREQ every 30 s, the last answered one at 60 s; 10 s to answer the next.
	notices: 100*time.Second - untilFault,
}

func startPaho(t *testing.T, srv *fake.Server) func() bool {
	options := mqtt.NewClientOptions().AddBroker(srv.URL).
		SetCustomOpenConnectionFn(func(*url.URL, mqtt.ClientOptions) (net.Conn, error) {
			ws, err := coder(context.Background(), srv, "mqtt")
			if err != nil {
				return nil, err
			}
			return websocket.NetConn(context.Background(), ws, websocket.MessageBinary), nil
		})
	client := mqtt.NewClient(options)
	connecting := client.Connect()
	if connecting.Wait(); connecting.Error() != nil {
		t.Fatal(connecting.Error())
	}
	t.Cleanup(func() { client.Disconnect(250) })
	return client.IsConnectionOpen
}

func mqttBroker(c *fake.Conn) {
	const connect, pingreq = 0x10, 0xc0
	answers := map[byte]string{connect: "\x20\x02\x00\x00", pingreq: "\xd0\x00"}
	for {
		f, err := c.Next(context.Background())
		if err != nil {
			return
		}
		if f.Opcode == frame.OpBinary && len(f.Payload) > 0 && answers[f.Payload[0]] != "" {
			_ = c.Send(frame.Binary([]byte(answers[f.Payload[0]])))
		}
	}
}
