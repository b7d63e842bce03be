package resilience

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// TB is what running a client needs of a test: *testing.T, *testing.B and GinkgoT()
// have it.
type TB = faultproxy.TB

// Target is what a client is run against: a *fakeserver.Server or a
// *faultproxy.Proxy that has been started. What the client says and how it ends is
// recorded on the timeline of its view.
type Target interface {
	View() *timeline.View
	// Address is the URL that clients connect to, such as ws://127.0.0.1:41234.
	Address() string
}

// place is a target's address in the forms that clients ask for.
type place struct{ ws, http, host string }

func placeOf(target Target) (place, error) {
	address := target.Address()
	if address == "" {
		return place{}, fmt.Errorf("its target has no URL yet; start the server or the proxy first")
	}
	u, err := url.Parse(address)
	if err != nil {
		return place{}, fmt.Errorf("the address of its target: %w", err)
	}
	if u.Scheme != "ws" && u.Scheme != "wss" || u.Host == "" {
		return place{}, fmt.Errorf("the address of its target is %q, and not a ws or wss URL", timeline.RedactURL(address))
	}
	return place{ws: address, http: "http" + strings.TrimPrefix(address, "ws"), host: u.Host}, nil
}

// fill puts the address where the placeholders are.
func (p place) fill(s string) string {
	return strings.NewReplacer("{url}", p.ws, "{http}", p.http, "{host}", p.host).Replace(s)
}

// isVirtual reports whether a target is on a virtual network, where only what runs in
// the test's own process can reach it.
func isVirtual(target Target) bool {
	switch t := target.(type) {
	case interface{ Network() *memnet.Network }:
		return t.Network() != nil
	case *faultproxy.Proxy:
		_, virtual := t.Listener.(*memnet.Listener)
		return virtual
	}
	return false
}
