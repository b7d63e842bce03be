package idleproxy_test

import (
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/examples/idleproxy"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

// A day behind nginx, with a server that sends nothing. Without keepAlive it is over
// after a minute:
//
//	The client has no connection live, expected 1.
//	  cause    injected by rule nginx/idle
//	  advice   beat more often than every 30 s, or raise proxy_read_timeout
func TestADayBehindNginx(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		srv := fakeserver.InMemory(t)
		p := faultproxy.InMemory(t, srv.Network(), srv.URL)
		g.Expect(p.Use(middlebox.Nginx())).To(Succeed())
		go idleproxy.Listen(t.Context(), srv.Dialer(), p.URL, func([]byte) {})

		time.Sleep(24 * time.Hour)
		g.Expect(p).To(HaveLive(1))
		g.Expect(p).To(HaveHeartbeat(heartbeat.Protocol(), Every(25*time.Second)))
	})
}
