package thirdparty

import (
	"context"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// natsClient is the NATS client over WebSocket, of which it has an implementation of
// its own.
var natsClient = reconnectingClient{
	name:  "nats.go",
	serve: fake.Func("NATS server", natsServer),
	start: startNATS,
	wait:  func(int) time.Duration { return nats.DefaultReconnectWait },
	// A PING every 2 min. With the third that would go unanswered it gives up.
	notices: 3*nats.DefaultPingInterval - untilFault,
}

type natsDialer func(ctx context.Context, network, address string) (net.Conn, error)

func (d natsDialer) Dial(network, address string) (net.Conn, error) {
	return d(context.Background(), network, address)
}

func startNATS(t *testing.T, srv *fake.Server) func() bool {
	forgetTimers()
	return connectNATS(t, srv).IsConnected
}

func connectNATS(t *testing.T, srv *fake.Server) *nats.Conn {
	nc, err := nats.Connect(srv.URL, nats.SetCustomDialer(natsDialer(dialing(srv))),
		nats.ReconnectJitter(0, 0), // up to 100 ms by default
		nats.MaxReconnects(-1))     // 60 by default, which is 2 min
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// forgetTimers empties the pool of timers that all connections of nats.go share, and
// with it those of bubbles that are over; a second collection drops what a sync.Pool
// kept through the first. Without it the process dies: see TestLimits.
func forgetTimers() {
	runtime.GC()
	runtime.GC()
}

func natsServer(c *fake.Conn) {
	_ = c.Send(frame.Binary([]byte(`INFO {"server_id":"S","version":"2.11.0","proto":1,"max_payload":1048576}` + "\r\n")))
	for {
		f, err := c.Next(context.Background())
		if err != nil {
			return
		}
		if strings.HasSuffix(string(f.Payload), "PING\r\n") {
			_ = c.Send(frame.Binary([]byte("PONG\r\n")))
		}
	}
}
