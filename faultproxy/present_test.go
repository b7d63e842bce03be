package faultproxy_test

import (
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// A rule about those present spares who comes after it was added, though it acts later.
func TestAtPresentSparesWhoComesLater(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.Rule{Name: "start", On: faultproxy.At(0).Present(), Do: resetBoth}) // nobody is there yet
		old, _ := r.open()
		old.until(10 * time.Second)
		r.p.Add(faultproxy.Rule{Name: "reload", On: faultproxy.At(30 * time.Second).Every(30 * time.Second).Present(), Do: resetBoth})
		old.until(11 * time.Second)
		fresh, _ := r.open()
		old.until(5 * time.Minute)
		old.wants(line(40*time.Second+hop, "rst"))
		fresh.says()
	})
}
