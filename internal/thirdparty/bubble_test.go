package thirdparty

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// inVirtualTime runs a story in a bubble, where it has to last at least so long, and
// outside of which it has to be over in a moment.
func inVirtualTime(t *testing.T, atLeast time.Duration, story func(t *testing.T)) {
	t.Helper()
	var virtual time.Duration
	begun := time.Now()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		story(t)
		virtual = time.Since(start)
	})
	took := time.Since(begun)
	t.Logf("%v of virtual time took %v", virtual, took)
	if virtual < atLeast {
		t.Errorf("the story lasted %v of virtual time, want at least %v", virtual, atLeast)
	}
	if took > 5*time.Second {
		t.Errorf("%v of virtual time took %v: the clock was not virtual", virtual, took)
	}
}

// dialing is what the clients are given to dial with. Whatever the address, it
// leads to the server. It notes every dial on the server's timeline, which a dial
// that is refused would not reach.
func dialing(srv *fake.Server) func(ctx context.Context, network, address string) (net.Conn, error) {
	server := strings.TrimPrefix(srv.URL, "ws://")
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		srv.Timeline.Note("dial")
		return srv.Network().DialContext(ctx, network, server)
	}
}

// dials are the times of the dials in a view, since its beginning. Those of one
// instant are one: some clients ask over HTTP for an address first.
func dials(v *timeline.View) []time.Duration {
	var at []time.Duration
	var began time.Duration
	first := true
	for e := range v.All() {
		if first {
			began, first = e.At, false
		}
		if since := e.At - began; timeline.Noted("dial").Is(e) && (len(at) == 0 || at[len(at)-1] != since) {
			at = append(at, since)
		}
	}
	return at
}
