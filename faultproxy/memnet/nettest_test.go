package memnet_test

import (
	"net"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func TestNettest(t *testing.T) {
	for _, latency := range []time.Duration{0, 50 * time.Microsecond} {
		t.Run(latency.String(), func(t *testing.T) {
			nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
				n := &memnet.Network{Latency: latency}
				l, err := n.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					return nil, nil, nil, err
				}
				dialled, err := n.Dial("tcp", l.Addr().String())
				if err != nil {
					return nil, nil, nil, err
				}
				accepted, err := l.Accept()
				return dialled, accepted, func() {
					dialled.Close()
					accepted.Close()
					l.Close()
					if err := n.Close(); err != nil {
						t.Error(err)
					}
				}, err
			})
		})
	}
}
