package alb_test

import (
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/examples/alb"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

// Two hours behind the balancer as it is by default, and then as somebody has set it,
// with either way to end a connection that its manual leaves open. A client that beats
// every 61 s:
//
//	The client connected 119 times, expected once.
func TestBehindALB(t *testing.T) {
	for preset, connections := range map[string]any{
		"aws-alb":                         1,
		"aws-alb,idle=15s":                BeNumerically(">", 400),
		"aws-alb,idle=15s,client-end=rst": BeNumerically(">", 400),
	} {
		t.Run(preset, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := NewWithT(t)
				box, err := middlebox.Parse(preset)
				g.Expect(err).NotTo(HaveOccurred())
				srv := fakeserver.InMemory(t)
				p := faultproxy.InMemory(t, srv.Network(), srv.URL)
				g.Expect(p.Use(box)).To(Succeed())
				go alb.Run(t.Context(), srv.Dialer(), p.URL)

				time.Sleep(2*time.Hour + 500*time.Millisecond)
				g.Expect(p).To(HaveConnected(connections))
				g.Expect(p).To(HaveAtMostOneLiveConnection())
				if connections != 1 {
					g.Expect(p).To(HaveReconnectedWithin(time.Second))
				}
			})
		})
	}
}
